//! Rows that were made and answers that were compared, through the crate's own doors.
#![allow(missing_docs)]

use std::slice::from_ref;
use std::sync::Arc;

use bytes::Bytes;
use pelton_core::{Accepts, DType, Inputs, Signature, Tensor, TensorSpec};
use pelton_verify::{Categories, Comparison, Generator, Hints, Tolerance, csv_header, csv_row};
use proptest::prelude::*;

fn spec(name: &str, dtype: DType, shape: &[Option<usize>], accepts: Accepts) -> TensorSpec {
    TensorSpec { name: Arc::from(name), dtype, shape: shape.to_vec(), accepts }
}

fn signature(inputs: Inputs) -> Signature {
    Signature { inputs, outputs: Vec::new(), default_outputs: Arc::from([]) }
}

fn mixed() -> Signature {
    signature(Inputs::Columns(vec![
        spec("age", DType::Fp64, &[None], Accepts::Numeric),
        spec("city", DType::Bytes, &[None], Accepts::Text),
        spec("code", DType::Int64, &[None], Accepts::Numeric),
    ]))
}

fn hints() -> Hints {
    Hints {
        numbers: vec![vec![1.5, 2.5], vec![], vec![3.0, 4.0]],
        texts: vec![vec![], vec!["Bern".to_owned(), "Zug".to_owned()], vec![]],
        words: Vec::new(),
        only: Vec::new(),
    }
}

fn floats(name: &str, values: &[f64], width: usize) -> Tensor {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Tensor::new(name, DType::Fp64, vec![values.len() / width, width], Bytes::from(data))
        .expect("valid")
}

#[test]
fn the_same_seed_makes_the_same_rows_and_they_bind() {
    let rows =
        |seed| Generator::new(&mixed(), hints(), seed).expect("valid").rows(500).expect("valid");
    let first = rows(7);
    assert_eq!(first, rows(7));
    assert_ne!(first, rows(8));
    mixed().bind(first.clone()).expect("the model takes them");
    let ages = first[0].data().as_chunks::<8>().0;
    let ages: Vec<f64> = ages.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect();
    let has = |wanted: f64| ages.iter().any(|age| age.to_bits() == wanted.to_bits());
    assert!(
        has(1.5) && has(1.5_f64.next_up()) && has(2.5_f64.next_down()),
        "borders and beside them"
    );
    assert!(ages.iter().any(|age| age.is_nan()) && has(-0.0) && has(f64::INFINITY));
    let cities: Vec<&[u8]> = first[1].strings().collect();
    assert!(cities.contains(&&b"Bern"[..]) && cities.contains(&&b"unknown"[..]));
    let ordinary = ages.iter().filter(|age| age.is_finite()).count();
    assert!(ordinary > 400, "most rows are plausible, {ordinary} are");
}

#[test]
fn columns_that_refuse_unknown_categories_have_few() {
    let texts = vec!["Bern".to_owned(), "Zug".to_owned()];
    let cities = Categories { texts, ..Categories::default() };
    let codes = Categories { numbers: vec![3.0, 4.0], ..Categories::default() };
    let only = vec![Categories::default(), cities, codes];
    let hints = Hints { only, ..hints() };
    let mut generator = Generator::new(&mixed(), hints, 3).expect("valid");
    assert_eq!(generator.closed(), ["city", "code"]);
    let rows = generator.rows(1000).expect("valid");
    assert!(rows.iter().all(|tensor| &**tensor.name() != "city:valid"), "a missing one is unknown");
    let cities = rows[1].strings().filter(|city| [&b"Bern"[..], b"Zug"].contains(city)).count();
    let codes = rows[2].data().as_chunks::<8>().0.iter().map(|code| i64::from_le_bytes(*code));
    let codes = codes.filter(|code| [3, 4].contains(code)).count();
    for known in [cities, codes] {
        assert!((950..1000).contains(&known), "{known} of 1000 are known, and some must not be");
    }
}

#[test]
fn categories_that_nothing_is_known_of_are_texts() {
    let city = spec("city", DType::Bytes, &[None], Accepts::Any);
    let signature = signature(Inputs::Columns(vec![city]));
    let mut generator = Generator::new(&signature, Hints::default(), 1).expect("valid");
    assert_eq!(generator.rows(10).expect("valid")[0].dtype(), DType::Bytes);
}

#[test]
fn a_model_that_says_nothing_needs_rows() {
    assert!(Generator::new(&signature(Inputs::Any), Hints::default(), 1).is_err());
    let open = spec("x", DType::Fp64, &[None, None], Accepts::Numeric);
    assert!(Generator::new(&signature(Inputs::Matrix(open)), Hints::default(), 1).is_err());
}

#[test]
fn rows_are_written_so_that_they_can_be_given_again() {
    let matrix = floats("input", &[1.0, f64::NAN, -0.0, 1e-300], 2);
    assert_eq!(csv_header(from_ref(&matrix)), "f0,f1");
    assert_eq!(csv_row(&[matrix], 1), "-0.0,1e-300");
    let text =
        Tensor::new("a,b", DType::Bytes, vec![2], Bytes::from_static(b"\x03\0\0\0x;y\0\0\0\0"));
    let valid = Tensor::new("a,b:valid", DType::Bool, vec![2], Bytes::from_static(&[1, 0]));
    let inputs = [text.expect("valid"), valid.expect("valid")];
    assert_eq!(csv_header(&inputs), "\"a,b\"");
    assert_eq!((csv_row(&inputs, 0), csv_row(&inputs, 1)), ("\"x;y\"".to_owned(), String::new()));
}

#[test]
fn differences_are_measured_and_placed() {
    let ours = floats("p", &[0.5, 1.0, f64::NAN, 2.0 + 1e-11], 1);
    let theirs = floats("p", &[0.5, 1.0 + 1e-13, f64::NAN, 2.0], 1);
    let pairs: Vec<(usize, usize, u64)> = (0..4).map(|row| (row, row, row as u64 + 100)).collect();
    let mut close = Comparison::new(&["p".to_owned()], Tolerance::Close);
    assert_eq!(close.add(from_ref(&ours), from_ref(&theirs), &pairs), [103]);
    let output = &close.outputs[0];
    assert_eq!((output.rows, output.equal_bits, output.rows_beyond), (4, 2, 1));
    let largest = output.largest_absolute.as_ref().expect("valid");
    assert_eq!((largest.row, &*largest.theirs), (103, "2.0"));
    assert!(!close.is_within() && close.first == Some(103));
    let mut bits = Comparison::new(&["p".to_owned()], Tolerance::Bits);
    assert_eq!(bits.add(&[ours], &[theirs], &pairs), [101, 103]);
}

#[test]
fn labels_are_equal_or_not_and_types_are_told() {
    let ours =
        Tensor::new("y", DType::Int32, vec![2], Bytes::from_static(&[1, 0, 0, 0, 2, 0, 0, 0]));
    let theirs = Tensor::new("y", DType::Uint8, vec![2], Bytes::from_static(&[1, 3]));
    let mut found = Comparison::new(&["y".to_owned()], Tolerance::Close);
    let beyond =
        found.add(&[ours.expect("valid")], &[theirs.expect("valid")], &[(0, 0, 0), (1, 1, 1)]);
    assert_eq!((beyond, found.outputs[0].labels_differ), (vec![1], 1));
    assert_eq!(found.outputs[0].form_differs.as_deref(), Some("INT32 [] against UINT8 []"));
}

proptest! {
    #[test]
    fn a_number_differs_from_every_other_but_itself(a in any::<f64>(), b in any::<f64>()) {
        let mut found = Comparison::new(&["p".to_owned()], Tolerance::Bits);
        let beyond = found.add(&[floats("p", &[a], 1)], &[floats("p", &[b], 1)], &[(0, 0, 0)]);
        let same = a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan();
        prop_assert_eq!(beyond.is_empty(), same);
        prop_assert_eq!(found.outputs[0].largest_absolute.is_none(), same);
    }
}

/// What the golden model of a library tells of columns with these names.
fn told(case: &str, names: &[&str]) -> Hints {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance/native/cases/sk19");
    let file = std::fs::read(format!("{cases}/{case}.model")).expect("a golden model");
    let document = pelton_pickle::Document::read(file).expect("a pickle");
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    Hints::read(&[document.root()], &names, names.len())
}

#[test]
fn encoders_that_refuse_tell_what_they_know() {
    let labels = told("label_encoder_text", &["y"]);
    assert!(!labels.only[0].texts.is_empty(), "{labels:?}");
    let columns = told("label_binarizer_text", &["y"]);
    assert!(columns.only[0].texts.is_empty(), "it answers labels that it does not know");
    for case in ["ce_ordinal_error", "ce_one_hot_error", "ce_count_error"] {
        let hints = told(case, &["city", "size", "code"]);
        let known = hints.only.iter().filter(|only| only.texts.len() + only.numbers.len() > 1);
        assert!(known.count() > 0, "{case}: {hints:?}");
    }
    let filled = told("one_hot_imputed", &["city", "plan"]);
    assert!(filled.only[0].missing && !filled.only[0].texts.is_empty(), "{filled:?}");
    let open = told("ce_ordinal", &["city", "size", "code"]);
    assert!(open.only.iter().all(|only| only.texts.is_empty() && only.numbers.is_empty()));
    assert!(open.texts.iter().any(|texts| texts.len() > 1), "{open:?}");
}
