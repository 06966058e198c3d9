//! Models of scikit-learn 0.17 and 0.20 against what those releases answered (`goldens/old/make.py`):
//! what changed since goes by the release that a model tells, or by its telling none.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};

use pelton_native::{Block, Method, Methods, Model, Predicted, Rows, Workspace};
use pelton_pickle::Document;
use serde_json::Value as Json;

fn folder(stack: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/old").join(stack)
}

/// JSON's numbers, null for NaN.
fn numbers(json: &Json) -> Vec<f64> {
    json.as_array().unwrap().iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect()
}

fn floats(block: &Block) -> Vec<f64> {
    match block {
        Block::F64(values) => values.clone(),
        Block::F32(values) => values.iter().map(|value| f64::from(*value)).collect(),
        _ => panic!("numbers were expected"),
    }
}

fn method_of(name: &str) -> Method {
    match name {
        "predict" => Method::Predict,
        "predict_proba" => Method::PredictProba,
        "decision_function" => Method::DecisionFunction,
        _ => Method::Transform,
    }
}

#[track_caller]
fn compare(model: &Path) {
    let shown = model.display();
    let golden = std::fs::read(model.with_extension("json")).unwrap();
    let golden: Json = serde_json::from_slice(&golden).unwrap();
    let document = Document::read(std::fs::read(model).unwrap()).unwrap();
    let model = Model::read(&document).unwrap_or_else(|why| panic!("{shown}: {why}"));
    let values: Vec<f64> = golden["rows"].as_array().unwrap().iter().flat_map(numbers).collect();
    let rows = Rows::F64 { values: &values, rows: golden["rows"].as_array().unwrap().len() };
    let mut workspace = Workspace::default();
    for (name, wanted) in golden["answers"].as_object().unwrap() {
        let method = method_of(name);
        let answers = model.answer(rows, Methods::only(method), &mut workspace).unwrap();
        let told = match (&answers.predict, method) {
            (Some(Predicted::Numbers(block)), Method::Predict) => floats(block),
            _ => floats(answers.block(method).unwrap_or_else(|| panic!("{shown} has no {name}"))),
        };
        let wanted = numbers(wanted);
        assert_eq!(told.len(), wanted.len(), "{shown}: {name}");
        for (at, (told, wanted)) in told.iter().zip(&wanted).enumerate() {
            let apart = (told - wanted).abs();
            assert!(
                apart <= 1e-12 * wanted.abs().max(1.0),
                "{shown}: {name}[{at}] {told}, {wanted}"
            );
        }
    }
    if let Some(wanted) = golden.get("labels") {
        let answers = model.answer(rows, Methods::only(Method::Predict), &mut workspace).unwrap();
        let Some(Predicted::Labels(labels)) = &answers.predict else {
            panic!("{shown} gives no labels");
        };
        let labels: Vec<f64> = labels.iter().map(|label| f64::from(*label)).collect();
        assert_eq!(labels, numbers(wanted), "{shown}");
    }
}

#[test]
fn old_models_answer_as_their_releases_did() {
    let mut models = 0;
    for stack in ["sk017", "sk020"] {
        for entry in std::fs::read_dir(folder(stack)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "pkl") {
                compare(&path);
                models += 1;
            }
        }
    }
    assert_eq!(models, 32);
}
