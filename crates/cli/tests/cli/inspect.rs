//! `pelton inspect`: what it tells of the models of the tests, and of what is no model.

use crate::harness::{Place, sample};

#[test]
fn a_pickle_is_told_with_what_would_run_it() {
    let outcome = Place::with_model().run(&["inspect", "iris.pkl"]);
    assert_eq!((outcome.code, &*outcome.stderr), (Some(0), ""));
    // Where a line breaks depends on how many threads there are.
    let text = outcome.stdout.replace(&threads(), "N threads").replace("\n             ", " ");
    assert_eq!(
        text,
        "iris
  file       iris.pkl: a pickle of protocol 5, 684 bytes
  written by scikit-learn 1.9.1
  columns    2, without names
  classes    0, 1

  LogisticRegression
     max_iter=100, C=1.0, l1_ratio=0.0
     coefficients 1 x 2, intercepts 1, classes 2

  runs       native, N threads, within 1e-12 of Python, labels equal, trained with scikit-learn 1.9.1
  inputs     input FP64 [-1, 2]
  outputs    predict INT64 [-1], predict_proba FP64 [-1, 2], decision_function FP64 [-1]

  imports    loading it in Python would import 3 names: 3 usual for models
"
    );
}

/// As the report says it on this machine.
fn threads() -> String {
    match std::thread::available_parallelism().map_or(1, usize::from) {
        1 => "1 thread".to_owned(),
        count => format!("{count} threads"),
    }
}

#[test]
fn boosters_files_tell_their_surface() {
    let place = Place::new();
    for (file, told) in [
        (
            "xgboost.json",
            ["written by xgboost 3.2.0", "objective=binary:logistic, booster=gbtree", "trees 1"],
        ),
        ("xgboost.ubj", ["written by xgboost 3.2.0", "objective=binary:logistic", "trees 1"]),
        (
            "lightgbm.bin",
            ["written by lightgbm format v4", "columns    2: Column_0, Column_1", "trees 1"],
        ),
    ] {
        place.write(file, sample(file));
        let outcome = place.run(&["inspect", file]);
        for words in told {
            assert!(outcome.stdout.contains(words), "{words} is missing:\n{}", outcome.stdout);
        }
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
    }
}

#[test]
fn json_is_one_document_without_colours() {
    let outcome = Place::with_model().run(&["inspect", "iris.pkl", "--json"]);
    for words in [
        "\"pelton_inspect\": 1",
        "\"executor\": \"native\"",
        "\"promise\": \"close\"",
        "\"accepts\": \"numeric\"",
    ] {
        assert!(outcome.stdout.contains(words), "{words} is missing:\n{}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains('\u{1b}'));
    assert_eq!(outcome.code, Some(0));
}

#[test]
fn a_model_that_needs_python_says_why_and_what_to_do() {
    let place = Place::new();
    place.write("own.pkl", b"cnot_a_module\nModel\n(tR.");
    let outcome = place.run(&["inspect", "own.pkl"]);
    for words in [
        "  runs       python\n             cannot run natively: not_a_module.Model",
        "add --python",
        "  unusual    not_a_module.Model: code that must be there where the model is loaded",
    ] {
        assert!(outcome.stdout.contains(words), "{words} is missing:\n{}", outcome.stdout);
    }
    assert_eq!(outcome.code, Some(0));
}

#[test]
fn what_would_run_it_is_decided_as_for_serve() {
    let place = Place::with_model();
    let outcome = place.run(&["inspect", "iris.pkl", "--executor", "python"]);
    assert!(outcome.stdout.contains("--python"), "{}", outcome.stdout);
    let outcome = place.run(&["inspect", "iris.pkl", "--native-threads", "1"]);
    assert!(outcome.stdout.contains("native, 1 thread,"), "{}", outcome.stdout);
    let outcome = place.run(&["inspect", "iris.pkl", "--executor", "rust"]);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stderr.contains("--executor"), "{}", outcome.stderr);
}

#[test]
fn damage_is_a_failure_and_no_model_a_mistake() {
    let place = Place::new();
    place.write("cut.pkl", &sample("pickle5.bin")[..300]).write("lfs.pkl", sample("lfs.bin"));
    let outcome = place.run(&["inspect", "cut.pkl"]);
    assert!(outcome.stdout.contains("  problem    the file ends"), "{}", outcome.stdout);
    assert_eq!(outcome.code, Some(1));
    let outcome = place.run(&["inspect", "lfs.pkl"]);
    assert!(outcome.stderr.contains("lfs.pkl is a Git LFS pointer"), "{}", outcome.stderr);
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
    let outcome = place.run(&["inspect", "none.pkl"]);
    assert_eq!(outcome.stderr, "error: model none.pkl does not exist\n");
    assert_eq!(outcome.code, Some(2));
}

#[test]
fn an_array_is_told_though_it_is_no_model() {
    let place = Place::new();
    place.write("rows.npy", sample("array.npy"));
    let outcome = place.run(&["inspect", "rows.npy"]);
    assert!(outcome.stdout.contains("a NumPy array [4, 2] of float64"), "{}", outcome.stdout);
    assert_eq!(outcome.code, Some(0));
}

#[test]
fn a_name_that_is_no_text_is_no_hindrance() {
    use std::os::unix::ffi::OsStrExt;
    let place = Place::with_model();
    let name = std::ffi::OsStr::from_bytes(b"iris\xff.pkl");
    std::fs::rename(place.path("iris.pkl"), place.path("").join(name)).expect("renamed");
    let output = place.command(&["inspect"]).arg(name).output().expect("pelton starts");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("iris-\n"), "{text}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn json_that_tells_late_what_it_is_is_known() {
    let place = Place::new();
    let tables = "\"0\":[],".repeat(200);
    let text = format!(
        "{{\"ctr_data\":{{{tables}\"1\":[]}},\"features_info\":{{\"float_features\":[]}},\"oblivious_trees\":[]}}"
    );
    place.write("cat.json", text);
    let outcome = place.run(&["inspect", "cat.json"]);
    assert!(outcome.stdout.contains("\n  CatBoost\n"), "{}{}", outcome.stdout, outcome.stderr);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
}

#[test]
fn a_report_that_cannot_be_written_is_no_success() {
    let place = Place::with_model();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let output = place.command(&["inspect", "iris.pkl"]).stdout(full).output();
    let output = output.expect("pelton starts");
    let words = "error: cannot write the report: no space left on device\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), words);
    assert_eq!(output.status.code(), Some(1));
}
