//! The boosting libraries' own files as models: told by their content, answering what the class does
//! that loads them.

#![allow(missing_docs)]

mod boosters_support;

use boosters_support::{Golden, goldens};
use pelton_native::{Block, Method, Methods, Model, Predicted, Rows, Workspace};

fn open(golden: &Golden) -> Model {
    let read = Model::read_own_file(&golden.model);
    let model = read.unwrap_or_else(|refusal| panic!("{}: {refusal}", golden.name));
    model.unwrap_or_else(|| panic!("{} is of no library", golden.name))
}

fn answers(model: &Model, golden: &Golden, method: Method) -> pelton_native::Answers {
    let rows = Rows::F64 { values: golden.values(), rows: golden.len() };
    let mut workspace = Workspace::default();
    let answered = model.answer(rows, Methods::only(method), &mut workspace);
    answered.unwrap_or_else(|why| panic!("{}: {why}", golden.name)).clone()
}

#[test]
fn boosters_answer_what_their_library_does() {
    let mut n = 0;
    for golden in goldens() {
        let whole = golden.meta("iterations").is_empty() && golden.meta("call") != "inplace";
        if golden.name.contains("/cat_") || !whole {
            continue;
        }
        n += 1;
        let predicted = answers(&open(&golden), &golden, Method::Predict).predict;
        let numbers: Vec<f64> = match predicted {
            Some(Predicted::Numbers(Block::F32(values))) => {
                assert!(golden.name.contains("/xgb_"), "{}: f32", golden.name);
                values.into_iter().map(f64::from).collect()
            }
            Some(Predicted::Numbers(Block::F64(values))) => values,
            other => panic!("{}: {other:?}", golden.name),
        };
        let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&numbers), bits(&golden.answers), "{}", golden.name);
    }
    assert!(n >= 180, "only {n} files");
}

#[test]
fn a_catboost_file_with_labels_is_a_classifier() {
    for golden in goldens().into_iter().filter(|golden| golden.name.contains("/cat_")) {
        let model = open(&golden);
        let classifies = model.outputs().iter().any(|one| one.method == Method::PredictProba);
        assert_eq!(classifies, !model.about().classes.is_empty(), "{}", golden.name);
        if golden.meta("prediction") == "Class" {
            let Some(Predicted::Labels(labels)) = answers(&model, &golden, Method::Predict).predict
            else {
                panic!("{}: no labels", golden.name);
            };
            let labels: Vec<f64> = labels.into_iter().map(f64::from).collect();
            assert_eq!(labels, golden.answers, "{}", golden.name);
        }
    }
}

#[test]
fn what_is_of_no_library_is_left_to_others() {
    for bytes in [&b"\x80\x04N."[..], b"", b"{}", b"{\"a\": 1}", b"tree", b"PK\x03\x04"] {
        assert!(matches!(Model::read_own_file(bytes), Ok(None)), "{bytes:?}");
    }
    for bytes in [&b"CBM1"[..], b"tree\nversion=v9\n", b"{\"learner\": {}}", b"binf"] {
        assert!(Model::read_own_file(bytes).is_err(), "{bytes:?}");
    }
}
