//! What is refused at load, and the library that is not there.

use std::path::PathBuf;

use pelton_core::Code;
use pelton_onnx::{Library, LibrarySearch};

use crate::support::{ask, floats, library, open, served};

#[test]
fn what_cannot_be_served_is_refused_with_the_reason() {
    let refused = |name: &str| open(name).err().unwrap_or_else(|| panic!("{name} is served"));
    assert_eq!(
        refused("no_shape.onnx"),
        "does not tell the shape of its input 'x'; declare it when exporting, with a first \
         dimension of any size"
    );
    assert_eq!(
        refused("scalar_output.onnx"),
        "has no output that is a tensor with a row for each row of input"
    );
    assert!(refused("escaping.onnx").contains("'../../../secret.weights', which is not beside it"));
    assert!(refused("missing.onnx").starts_with("cannot be read: "));
    assert!(refused("generate.py").starts_with("cannot be read: it "));
}

#[test]
fn answers_that_mix_rows_are_pythons_all_the_same() {
    // Nothing tells that rows are summed up; what comes back has the right number of rows.
    let model = served("across_rows.onnx");
    let answer = ask(&model, vec![floats("x", &[2, 2], &[1.0, 2.0, 3.0, 4.0])], &[]).unwrap();
    assert_eq!(crate::support::read_floats(&answer[0]), [1.0, 2.0, 4.0, 6.0]);
    let error = ask(&model, vec![floats("x", &[2, 3], &[0.0; 6])], &[]).unwrap_err();
    assert_eq!(error.code(), Code::InvalidInput);
}

#[test]
fn another_library_than_the_loaded_one_is_refused() {
    let loaded = library();
    let named = |path: PathBuf| LibrarySearch { named: Some(path), ..LibrarySearch::default() };
    Library::load(&named(loaded.path().to_owned())).unwrap();
    Library::load(&named(loaded.path().parent().unwrap().to_owned())).unwrap();
    let why = Library::load(&named("elsewhere/libonnxruntime.so".into())).unwrap_err();
    assert!(why.contains("was loaded from") && why.contains("elsewhere"), "{why}");
}
