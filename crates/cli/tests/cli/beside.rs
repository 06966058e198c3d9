//! Models of joblib before 0.10, whose arrays lie in files beside them.

use std::path::{Path, PathBuf};

use crate::harness::{Outcome, Place};

/// What scikit-learn 0.20.4 answers these rows.
const ROWS: &str = "a,b,c,d\n0.5,-1,2,0\n-2,1,0,1\n";
const PYTHON: [f64; 6] = [
    0.152_940_229_132_559_2,
    0.455_561_475_657_963_34,
    0.391_498_295_209_477_4,
    0.105_507_696_964_513_37,
    0.840_741_371_254_375_6,
    0.053_750_931_781_110_96,
];

/// The readers' golden files of joblib 0.9.
fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../pickle/tests/goldens/jl09")
}

/// A place with the model in one of joblib's forms, in a folder of its own with all that is its.
fn place(form: &str) -> Place {
    let place = Place::new();
    for entry in std::fs::read_dir(goldens()).expect("the golden files") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().expect("a name").to_str().expect("UTF-8");
        if name.starts_with(&format!("lr.{form}.joblib")) {
            place.write(&format!("old/{name}"), std::fs::read(&path).expect("a golden file"));
        }
    }
    place.write("rows.csv", ROWS);
    place
}

#[track_caller]
fn predict(place: &Place, model: &str) -> Outcome {
    place.run(&["predict", model, "--input", "rows.csv", "--outputs", "predict_proba", "--quiet"])
}

#[test]
fn every_form_answers_as_python_does() {
    for form in ["raw", "zf", "zn"] {
        let place = place(form);
        // The folder holds one model: arrays are none.
        for model in ["old".to_owned(), format!("old/lr.{form}.joblib")] {
            let outcome = predict(&place, &model);
            assert_eq!(outcome.code, Some(0), "{form}: {}", outcome.stderr);
            let answers = outcome.stdout.lines().skip(1).flat_map(|line| line.split(','));
            let answers: Vec<f64> =
                answers.map(|answer| answer.parse().expect("a number")).collect();
            assert_eq!(answers.len(), PYTHON.len(), "{}", outcome.stdout);
            for (answer, python) in answers.iter().zip(PYTHON) {
                assert!((answer - python).abs() < 1e-12, "{form}: {answer}, in Python {python}");
            }
        }
    }
}

#[test]
fn files_beside_a_model_are_told() {
    let outcome = place("raw").run(&["inspect", "old/lr.raw.joblib"]);
    let text = outcome.stdout.replace("\n             ", " ");
    assert!(
        text.contains("with arrays in 7 files beside it), 1,232 bytes and 1,176 beside it"),
        "{text}"
    );
    let outcome = place("zn").run(&["inspect", "old/lr.zn.joblib", "--json"]);
    for words in ["\"companions\": [", "\"lr.zn.joblib_07.npy.z\"", "\"companion_bytes\": "] {
        assert!(outcome.stdout.contains(words), "{words} is missing:\n{}", outcome.stdout);
    }
}

#[test]
fn a_file_that_is_not_beside_its_model_is_named() {
    let place = place("raw");
    std::fs::remove_file(place.path("old/lr.raw.joblib_03.npy")).expect("it was there");
    let outcome = place.run(&["serve", "old/lr.raw.joblib"]);
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
    let words = "error: model 'lr.raw' (old/lr.raw.joblib): the array 'lr.raw.joblib_03.npy' is in a \
                 file of its own, as joblib before 0.10 saved models, and there is no such file";
    assert!(outcome.stderr.starts_with(words), "{}", outcome.stderr);
    // Python could not load it either.
    assert!(!outcome.stderr.contains("--python"), "{}", outcome.stderr);
    let outcome = place.run(&["inspect", "old/lr.raw.joblib"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("lr.raw.joblib_03.npy"), "{}", outcome.stdout);
}

#[test]
fn an_array_is_told_from_its_model() {
    let words = "error: model old/lr.zn.joblib_01.npy.z is what joblib before 0.10 compressed, but \
                 no model: an array that a model keeps beside it, perhaps; name the model's own file";
    place("zn").refuses(&["old/lr.zn.joblib_01.npy.z"], words);
}
