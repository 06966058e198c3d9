//! The cases of `cases.json`: what Python's ONNX Runtime answered, bit for bit.

use pelton_core::{DType, Executor, Tensor};
use serde_json::Value;

use crate::support::{ask, goldens, read_floats, served, texts};

#[test]
fn answers_are_pythons_bit_for_bit() {
    let mut compared = 0;
    for model in page()["models"].as_array().unwrap() {
        let name = model["model"].as_str().unwrap();
        let served = served(name);
        for case in model["cases"].as_array().unwrap() {
            let inputs = tensors(&case["inputs"]);
            // Again and again: the first run is a thread's, later ones may be the asker's.
            for _ in 0..4 {
                let answers = ask(&served, inputs.clone(), &[]).unwrap();
                let expected = tensors(&case["outputs"]);
                assert_eq!(answers.len(), expected.len(), "{name}");
                for (answer, expected) in answers.iter().zip(&expected) {
                    assert_eq!(answer, expected, "{name}, output {}", expected.name());
                    compared += expected.shape().iter().product::<usize>();
                }
            }
        }
    }
    assert!(compared > 1000, "{compared} values were compared");
}

/// Whose answers do not depend, in their last bits, on the rows beside them. ONNX Runtime computes
/// the exponentials of linear models, and matrix products, by other code for one row than for many.
const EXACT: [&str; 6] =
    ["forest_strings", "regressor", "lightgbm", "xgboost", "catboost", "types"];

#[test]
fn a_row_has_the_same_answer_alone_and_among_others() {
    for model in page()["models"].as_array().unwrap() {
        let name = model["model"].as_str().unwrap();
        let is_exact = EXACT.iter().any(|exact| name.strip_suffix(".onnx") == Some(exact));
        let served = served(name);
        for case in model["cases"].as_array().unwrap() {
            let inputs = tensors(&case["inputs"]);
            let together = ask(&served, inputs.clone(), &[]).unwrap();
            for row in 0..inputs[0].rows() {
                let alone = inputs.iter().map(|tensor| tensor.slice_rows(row..row + 1)).collect();
                for (alone, together) in ask(&served, alone, &[]).unwrap().iter().zip(&together) {
                    let together = together.slice_rows(row..row + 1);
                    let place = format!("{name}, row {row}, output {}", alone.name());
                    if is_exact || alone.dtype() != DType::Fp32 {
                        assert_eq!(*alone, together, "{place}");
                    } else {
                        let pairs = read_floats(alone).into_iter().zip(read_floats(&together));
                        for (alone, together) in pairs {
                            assert!((alone - together).abs() <= 1e-6, "{place}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn class_labels_and_origin_are_told() {
    let property = |model: &str, key: &str| {
        let properties = served(model).properties();
        properties.into_iter().find(|(name, _)| name == key).map(|(_, value)| value)
    };
    assert_eq!(property("iris_zipmap.onnx", "classes").unwrap(), "[0,1,2]");
    assert_eq!(
        property("forest_strings.onnx", "classes").unwrap(),
        r#"["setosa","versicolor","virginica"]"#
    );
    assert_eq!(property("columns.onnx", "classes").unwrap(), r#"["goes","stays"]"#);
    assert_eq!(property("regressor.onnx", "classes"), None);
    assert!(property("lightgbm.onnx", "producer").unwrap().starts_with("OnnxMLTools"));
    let library = crate::support::library();
    assert_eq!(property("net.onnx", "onnxruntime").as_deref(), Some(library.version()));
}

fn page() -> Value {
    let path = goldens().join("cases.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn tensors(list: &Value) -> Vec<Tensor> {
    list.as_array().unwrap().iter().map(tensor).collect()
}

fn tensor(described: &Value) -> Tensor {
    let name = described["name"].as_str().unwrap();
    let dtype = DType::from_name(described["datatype"].as_str().unwrap()).unwrap();
    let sizes = described["shape"].as_array().unwrap();
    let shape: Vec<usize> = sizes.iter().map(|size| size.as_u64().unwrap() as usize).collect();
    match &described["data"] {
        Value::Array(list) => {
            let list: Vec<&str> = list.iter().map(|text| text.as_str().unwrap()).collect();
            texts(name, &shape, &list)
        }
        Value::String(hex) => {
            let digits = hex.as_bytes().as_chunks::<2>().0;
            let byte = |pair: &[u8; 2]| {
                u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()
            };
            let data: Vec<u8> = digits.iter().map(byte).collect();
            Tensor::new(name, dtype, shape, data.into()).unwrap()
        }
        other => panic!("no tensor: {other}"),
    }
}
