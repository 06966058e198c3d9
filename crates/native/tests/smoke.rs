//! The framework on a scaler and a logistic regression of three scikit-learn releases: the answers
//! themselves are held against Python in `conformance.rs`.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pelton_native::{Method, Methods, Model, Rows, Workspace};
use pelton_pickle::Document;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pickle/tests/goldens").join(name)
}

fn read(name: &str) -> Model {
    let document = Document::read(std::fs::read(golden(name)).unwrap()).unwrap();
    Model::read(&document).unwrap_or_else(|why| panic!("{name}: {why}"))
}

#[test]
fn a_batch_of_rows_equals_its_rows_in_every_bit() {
    for name in ["sk12/lr.p4.pkl", "sk15/lr.p5.pkl", "sk19/lr.raw.joblib", "sk19/lr.deflated.skops"]
    {
        let model = read(name);
        let features = model.features().unwrap();
        let values: Vec<f64> = (0..features * 7).map(|i| (i as f64 * 0.37).sin() * 3.0).collect();
        let asked = Methods::only(Method::Predict)
            .with(Method::PredictProba)
            .with(Method::DecisionFunction);
        let (mut workspace, mut alone) = (Workspace::default(), Workspace::default());
        let whole = model.answer(Rows::F64 { values: &values, rows: 7 }, asked, &mut workspace);
        let whole = whole.unwrap();
        for (row, values) in values.chunks_exact(features).enumerate() {
            let one = model.answer(Rows::F64 { values, rows: 1 }, asked, &mut alone).unwrap();
            for method in [Method::PredictProba, Method::DecisionFunction] {
                let (Some(pelton_native::Block::F64(whole)), Some(pelton_native::Block::F64(one))) =
                    (whole.block(method), one.block(method))
                else {
                    panic!("{name}: {method:?} is of another type");
                };
                let width = one.len();
                assert_eq!(one[..], whole[row * width..][..width], "{name}, row {row}, {method:?}");
            }
        }
    }
}

#[test]
fn rows_python_refuses_are_refused() {
    let model = read("sk19/lr.p4.pkl");
    let mut values = vec![0.5; model.features().unwrap()];
    values[0] = f64::NAN;
    let rows = Rows::F64 { values: &values, rows: 1 };
    let asked = Methods::only(Method::Predict);
    let refused = model.answer(rows, asked, &mut Workspace::default()).unwrap_err();
    assert_eq!(refused.message(), "input contains NaN");
}

#[test]
fn a_release_nobody_compared_is_refused_by_name() {
    let bytes = std::fs::read(golden("sk19/lr.p4.pkl")).unwrap();
    let later: Vec<u8> = replaced(&bytes, b"1.9.1", b"2.0.1");
    let document = Document::read(later).unwrap();
    let refusal = Model::read(&document).map(|_| ()).unwrap_err().to_string();
    assert!(refusal.contains("saved by scikit-learn 2.0.1"), "{refusal}");
    assert!(refusal.contains("up to 1.9"), "{refusal}");
}

fn replaced(bytes: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let mut bytes = bytes.to_vec();
    let mut at = 0;
    while let Some(found) = bytes[at..].windows(from.len()).position(|window| window == from) {
        bytes[at + found..][..to.len()].copy_from_slice(to);
        at += found + to.len();
    }
    assert!(at > 0, "something to replace");
    bytes
}

/// `svc_0.20.pkl`: `SVC(gamma=0.5, C=2.0)` of scikit-learn 0.20.4, fitted on the points of a grid of 4 by 3
/// and half of the sum of their places. Its scores are scaled by the greatest of the batch.
#[test]
fn scores_that_depend_on_the_batch_are_not_offered() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/svc_0.20.pkl");
    let model = Model::read(&Document::read(std::fs::read(path).unwrap()).unwrap()).unwrap();
    let outputs: Vec<_> = model.signature().outputs.iter().map(|spec| spec.name.clone()).collect();
    assert_eq!(outputs.iter().map(|name| &**name).collect::<Vec<_>>(), ["predict"]);
    let values = [0.0, 0.0, 1.5, 0.25, 3.0, 2.0, 2.5, -1.0];
    let rows = Rows::F64 { values: &values, rows: 4 };
    let mut workspace = Workspace::default();
    let answers = model.answer(rows, Methods::only(Method::Predict), &mut workspace).unwrap();
    let Some(pelton_native::Predicted::Labels(labels)) = &answers.predict else {
        panic!("labels were expected");
    };
    assert_eq!(labels, &[0, 1, 2, 1]);
}

/// A scaler of so many columns, as it claims.
fn claiming(columns: i32) -> Vec<u8> {
    let mut file =
        b"\x80\x02csklearn.preprocessing._data\nNormalizer\n)\x81}(U\x04normU\x02l2U\x0en_features_in_J".to_vec();
    file.extend(columns.to_le_bytes());
    file.extend(b"ub.");
    file
}

#[test]
fn what_a_file_claims_again_and_again_is_bounded() {
    let document = Document::read(claiming(1 << 20)).unwrap();
    let refusals: Vec<String> =
        (0..20).filter_map(|_| Some(Model::read(&document).err()?.to_string())).collect();
    assert!((1..20).contains(&refusals.len()), "{refusals:?}");
    assert!(refusals.iter().all(|why| why.contains("max_copies")), "{refusals:?}");
}
