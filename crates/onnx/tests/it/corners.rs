//! Models that are served in a special way, and runs that fail.

use std::time::Duration;

use pelton_core::{Code, DType, Executor, Inputs, MATRIX, State, Tensor};
use pelton_onnx::OnnxExecutor;

use crate::support::{ask, config, doubles, floats, goldens, library, read_floats, served, texts};

const ROW: [f64; 4] = [5.1, 3.5, 1.4, 0.2];

#[test]
fn any_number_and_either_name_will_do_for_a_matrix() {
    let model = served("iris_zipmap.onnx");
    let row = ROW.map(|value| value as f32);
    let wanted = ask(&model, vec![floats("X", &[1, 4], &row)], &[]).unwrap();
    assert_eq!(ask(&model, vec![doubles("X", &[1, 4], &ROW)], &[]).unwrap(), wanted);
    assert_eq!(ask(&model, vec![doubles(MATRIX, &[1, 4], &ROW)], &[]).unwrap(), wanted);
    let bytes = Tensor::new("X", DType::Uint8, vec![1, 4], vec![5, 3, 1, 0].into()).unwrap();
    ask(&model, vec![bytes], &[]).unwrap();
    let wide = ask(&model, vec![doubles("X", &[1, 5], &[0.0; 5])], &[]).unwrap_err();
    assert_eq!(wide.message(), "input 'X' has 5 features a row, the model takes 4");
}

#[test]
fn unaligned_bytes_are_numbers_too() {
    let model = served("iris_plain.onnx");
    let wanted = ask(&model, vec![floats("X", &[1, 4], &[1.0, 2.0, 3.0, 4.0])], &[]).unwrap();
    let mut bytes = vec![0];
    bytes.extend([1_f32, 2.0, 3.0, 4.0].iter().flat_map(|value| value.to_le_bytes()));
    for skipped in [0, 1] {
        let data = bytes::Bytes::from([&[0; 1][..skipped], &bytes].concat()).slice(skipped + 1..);
        let tensor = Tensor::new("X", DType::Fp32, vec![1, 4], data).unwrap();
        assert_eq!(ask(&model, vec![tensor], &[]).unwrap(), wanted);
    }
}

#[test]
fn scikit_learns_names_stand_for_onnxs() {
    let rows = || vec![doubles(MATRIX, &[2, 4], &[ROW, [6.3, 3.3, 6.0, 2.5]].concat())];
    let model = served("iris_zipmap.onnx");
    let onnx = ask(&model, rows(), &["output_label", "output_probability"]).unwrap();
    let sklearn = ask(&model, rows(), &["predict", "predict_proba"]).unwrap();
    assert_eq!(sklearn[0].shape(), [2]);
    assert_eq!(sklearn[1].shape(), [2, 3]);
    for (onnx, sklearn) in onnx.iter().zip(&sklearn) {
        assert_eq!(onnx.data(), sklearn.data());
    }
    assert_eq!(ask(&model, rows(), &["predict_proba"]).unwrap(), sklearn[1..]);
    let model = served("regressor.onnx");
    assert_eq!(ask(&model, rows(), &["variable"]).unwrap()[0].shape(), [2, 1]);
    assert_eq!(ask(&model, rows(), &["predict"]).unwrap()[0].shape(), [2]);
}

#[test]
fn columns_come_in_any_order_and_shape_and_may_miss_numbers() {
    let model = served("columns.onnx");
    assert!(matches!(model.signature().inputs, Inputs::Columns(_)));
    let visits = || doubles("visits", &[2], &[3.0, 1.0]);
    let city = || texts("city", &[2, 1], &["Bern", "Oslo"]);
    let age = |second: f64| doubles("age", &[2], &[31.0, second]);
    let wanted = ask(&model, vec![age(52.0), visits(), city()], &[]).unwrap();
    assert_eq!(ask(&model, vec![city(), age(52.0), visits()], &[]).unwrap(), wanted);
    let valid = |name: &str| {
        Tensor::new(format!("{name}:valid"), DType::Bool, vec![2], vec![1, 0].into()).unwrap()
    };
    let with_nan = ask(&model, vec![age(f64::NAN), visits(), city()], &[]).unwrap();
    let missing = ask(&model, vec![age(7.0), valid("age"), visits(), city()], &[]).unwrap();
    assert_eq!(missing, with_nan);
    for (name, dtype) in [("visits", "INT64"), ("city", "BYTES")] {
        let inputs = vec![age(52.0), visits(), city(), valid(name)];
        let error = ask(&model, inputs, &[]).unwrap_err();
        assert_eq!(error.code(), Code::InvalidInput);
        let text = format!("column '{name}', row 1: the value is missing, and {dtype} of");
        assert!(error.message().starts_with(&text), "{error}");
    }
    let part = doubles("visits", &[2], &[3.0, 1.5]);
    let error = ask(&model, vec![age(52.0), part, city()], &[]).unwrap_err();
    assert_eq!(error.message(), "input 'visits', row 1: 1.5 is no INT64, which the model takes");
    let error = ask(&model, vec![age(1.0), visits(), texts("city", &[2], &["a", "b\0"])], &[]);
    assert!(error.unwrap_err().message().contains("'city', row 1: the text has a character 0"));
}

#[test]
fn a_fixed_batch_is_served_in_pieces() {
    for name in ["fixed_batch.onnx", "single_row.onnx"] {
        let model = served(name);
        for rows in [1, 2, 3, 4, 6, 7] {
            let values: Vec<f32> = (0..2 * rows).map(|value| value as f32).collect();
            let answer = ask(&model, vec![floats("x", &[rows, 2], &values)], &[]).unwrap();
            assert_eq!(answer[0].shape(), [rows, 2]);
            let doubled: Vec<f32> = values.iter().map(|value| 2.0 * value).collect();
            assert_eq!(read_floats(&answer[0]), doubled);
        }
    }
}

#[test]
fn bfloat16_is_answered_as_fp32() {
    let model = served("bfloat16.onnx");
    let answer = ask(&model, vec![floats("x", &[1, 2], &[1.5, 0.1])], &[]).unwrap();
    assert_eq!(read_floats(&answer[0]), [1.5, 0.100_097_656]);
}

#[test]
fn outputs_without_rows_are_left_out_and_told() {
    let model = served("optional_output.onnx");
    let answer = ask(&model, vec![floats("x", &[1, 2], &[1.0, 2.0])], &[]).unwrap();
    assert_eq!(read_floats(&answer[0]), [1.0, 2.0]);
    assert!(model.properties().contains(&("left_out".to_owned(), "z".to_owned())));
}

#[test]
fn what_is_declared_otherwise_than_it_is_is_found_out() {
    let model = served("declared_otherwise.onnx");
    let answer = ask(&model, vec![doubles("x", &[3, 2], &[0.1, 0.9, 0.2, 0.8, 1.0, 0.0])], &[]);
    let answer = answer.unwrap();
    // The map is of float64; the same number of rows for any question is left out.
    assert_eq!(answer[0], doubles("z", &[3, 2], &[0.1, 0.9, 0.2, 0.8, 1.0, 0.0]));
    assert_eq!(answer[1], doubles("untyped", &[3, 2], &[-0.1, -0.9, -0.2, -0.8, -1.0, -0.0]));
    assert_eq!(answer.len(), 2);
    assert!(model.properties().contains(&("left_out".to_owned(), "targets".to_owned())));
}

#[test]
fn weights_beside_the_model_are_read() {
    let model = served("external.onnx");
    let answer = ask(&model, vec![floats("x", &[1, 2], &[1.0, 1.0])], &[]).unwrap();
    assert_eq!(read_floats(&answer[0]), [2.0, 3.0]);
}

#[test]
fn weights_beside_a_model_that_answers_maps_are_read() {
    let model = served("external_map.onnx");
    let answer = ask(&model, vec![floats("x", &[1, 2], &[1.0, 1.0])], &["z"]).unwrap();
    assert_eq!(read_floats(&answer[0]), [2.0, 3.0]);
}

#[test]
fn weights_that_are_cut_short_are_told() {
    let directory = tempfile::tempdir().unwrap();
    for name in ["external_map.onnx", "external.weights"] {
        std::fs::copy(goldens().join(name), directory.path().join(name)).unwrap();
    }
    let model = directory.path().join("external_map.onnx");
    assert_eq!(OnnxExecutor::weight_files(&model), [directory.path().join("external.weights")]);
    std::fs::write(directory.path().join("external.weights"), [0; 7]).unwrap();
    let refused = OnnxExecutor::open(&config(model), &library()).err().unwrap();
    assert_eq!(
        refused,
        "keeps 8 bytes of weights in 'external.weights' from byte 0 on, where there are 7: was the \
         copy or the download cut short?"
    );
}

#[test]
fn a_failed_run_is_the_batchs_fault_and_tells_no_names() {
    let model = served("lookup.onnx");
    let ask = |value| ask(&model, vec![floats("x", &[1, 1], &[value])], &[]);
    assert_eq!(read_floats(&ask(2.0).unwrap()[0]), [30.0]);
    let error = ask(9.0).unwrap_err();
    assert_eq!(error.code(), Code::ModelRejected);
    assert_eq!(
        error.message(),
        "the model refused its input: indices element out of data bounds, idx=9 must be within \
         the inclusive range [-4,3]"
    );
    assert!(error.detail().is_some_and(|detail| detail.contains("Gather")));
    assert_eq!(read_floats(&ask(0.0).unwrap()[0]), [10.0]);
}

#[test]
fn a_run_without_end_is_stopped() {
    let mut config = config(goldens().join("rounds.onnx"));
    config.run_timeout = Duration::from_millis(600);
    let model = OnnxExecutor::open(&config, &library()).unwrap();
    let ask = |rounds| ask(&model, vec![floats("x", &[1, 1], &[rounds])], &[]);
    assert_eq!(read_floats(&ask(3.0).unwrap()[0]), [6.0]);
    let error = ask(1e18).unwrap_err();
    assert_eq!(error.code(), Code::WorkerLost);
    assert!(error.message().contains("did not answer within 600ms"), "{error}");
    // The lane comes back once the run has noticed.
    while model.state() != State::Ready {
        std::thread::yield_now();
    }
    assert_eq!(read_floats(&ask(4.0).unwrap()[0]), [8.0]);
}

#[test]
fn several_sessions_run_at_the_same_time() {
    let mut config = config(goldens().join("forest_strings.onnx"));
    (config.sessions, config.threads) = (3, 2);
    let model = OnnxExecutor::open(&config, &library()).unwrap();
    assert_eq!(model.parallelism(), 3);
    assert!(model.how().ends_with(", 3 sessions, 2 threads"), "{}", model.how());
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let model = &model;
            scope.spawn(move || {
                for rows in 1..40 {
                    let values = vec![thread as f32; rows * 4];
                    let answer = ask(model, vec![floats("X", &[rows, 4], &values)], &[]).unwrap();
                    assert_eq!(answer[0].rows(), rows);
                }
            });
        }
    });
}
