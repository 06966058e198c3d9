//! ONNX models, served by the built program.

use std::path::Path;

use pelton_proto::prediction::PredictionRequest;
use pelton_proto::prediction::prediction_service_client::PredictionServiceClient;

use crate::harness::{Place, python};

const PORTS: [&str; 4] = ["--grpc-port", "0", "--http-port", "0"];

fn golden(name: &str) -> Vec<u8> {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/onnx");
    std::fs::read(files.join(name)).expect("a committed file")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_onnx_model_is_served_with_the_runtime_of_a_python() {
    let place = Place::new();
    place.write("iris.onnx", golden("iris_zipmap.onnx"));
    let arguments = ["iris.onnx", "--python", &python(), "--onnx-threads=2", "--onnx-sessions=2"];
    let mut server = place.serve(&arguments);
    let address = format!("http://{}", server.address("grpc  "));
    let mut client = PredictionServiceClient::connect(address).await.expect("it listens");
    // Thread and asker alike: the first run is always a thread's.
    for _ in 0..3 {
        for (features, class) in [([5.1, 3.5, 1.4, 0.2], 0.0), ([6.3, 3.3, 6.0, 2.5], 2.0)] {
            let request = PredictionRequest { features: features.to_vec() };
            let answer = client.predict(request).await.expect("an answer");
            assert!((answer.into_inner().prediction - class).abs() < f64::EPSILON);
        }
    }
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    assert!(block.contains("  runs     onnxruntime 1."), "{block}");
    assert!(block.contains(", 2 sessions, 2 threads, made by skl2onnx 1."), "{block}");
    assert!(block.contains("  inputs   X FP32 [-1, 4]\n"), "{block}");
    let outputs = "  outputs  output_label INT64 [-1], output_probability FP32 [-1, 3], predict \
                   INT64 [-1], predict_proba FP32 [-1, 3]\n";
    assert!(block.contains(outputs), "{block}");
    assert!(block.ends_with("  classes  0, 1, 2\n"), "{block}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_ends_onnx_runtime_costs_itself_where_models_are_isolated() {
    let place = Place::new();
    place.write("division.onnx", golden("division.onnx"));
    let mut server = place.serve(&["division.onnx", "--python", &python(), "--onnx-isolated"]);
    let address = format!("http://{}", server.address("grpc  "));
    let mut client = PredictionServiceClient::connect(address).await.expect("it listens");
    let mut divide = async |a: f64, b: f64| {
        let answer = client.predict(PredictionRequest { features: vec![a, b] }).await;
        answer.map(|answer| answer.into_inner().prediction)
    };
    assert_eq!(divide(6.0, 3.0).await.expect("an answer").to_bits(), 2_f64.to_bits());
    let error = divide(6.5, 3.0).await.expect_err("the model takes whole numbers");
    assert_eq!(error.code(), tonic::Code::InvalidArgument);
    assert!(error.message().contains("6.5 is no INT64"), "{error}");
    // Not every processor stops at this one.
    if let Err(lost) = divide(-(2_f64.powi(63)), -1.0).await {
        assert_eq!(lost.code(), tonic::Code::Unavailable, "{lost}");
    }
    let until = std::time::Instant::now() + std::time::Duration::from_mins(1);
    let after = loop {
        match divide(8.0, 2.0).await {
            Err(lost) if lost.code() == tonic::Code::Unavailable => {
                assert!(std::time::Instant::now() < until, "{lost}");
            }
            answer => break answer.expect("an answer"),
        }
    };
    assert_eq!(after.to_bits(), 4_f64.to_bits());
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    assert!(block.contains(", 1 process of its own, made by pelton tests"), "{block}");
}

#[test]
fn an_isolated_model_is_told_of_its_memory() {
    let place = Place::new();
    place.write("division.onnx", golden("division.onnx"));
    let isolated = ["division.onnx", "--python", &python(), "--onnx-isolated", "--memory-limit"];
    // No more than ONNX Runtime and a small model need.
    place.serve(&[&isolated[..], &["600MiB"]].concat()).wait_for_log("worker ready");
    let outcome = place.run(&[&["serve"], &isolated[..], &["64MiB"], &PORTS].concat());
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let words = "or raise --memory-limit: 64 MiB may be too little for it";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
}

#[test]
fn weights_beside_an_isolated_model_are_those_it_was_loaded_with() {
    let place = Place::new();
    place.write("external.onnx", golden("external.onnx"));
    place.write("external.weights", golden("external.weights"));
    let server = place.serve(&["external.onnx", "--python", &python(), "--onnx-isolated"]);
    server.wait_for_log("worker ready");
    let log = server.log();
    let (_, pid) = log.split_once(" pid=").expect("the worker's process");
    let pid: String = pid.chars().take_while(char::is_ascii_digit).collect();
    place.write("external.weights", [0; 16]);
    let killed = std::process::Command::new("kill").args(["-s", "KILL", &pid]).status();
    assert!(killed.expect("kill is there").success());
    server.wait_for_log("'external.weights' was changed since the model was loaded");
}

#[test]
fn a_missing_runtime_is_told_with_the_places_and_the_way_out() {
    let place = Place::new();
    place.write("iris.onnx", golden("iris_zipmap.onnx")).write("lib/libonnxruntime.so", "text");
    let outcome = place.run(&["serve", "iris.onnx"]);
    let words = "error: model 'iris' (iris.onnx) is an ONNX model: ONNX Runtime is needed and was \
                 not found (beside the program (";
    assert!(outcome.stderr.starts_with(words), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("(1.17 or later) with --onnx-library"), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(2));
    let outcome = place.run(&["serve", "iris.onnx", "--onnx-library", "lib"]);
    assert!(outcome.stderr.contains("lib: cannot be loaded: "), "{}", outcome.stderr);
    place.refuses(
        &["iris.onnx", "--onnx-library", "nowhere"],
        "error: --onnx-library: 'nowhere' does not exist",
    );
}

#[test]
fn an_onnx_model_that_cannot_be_served_says_why() {
    let place = Place::new();
    place.write("sum.onnx", golden("scalar_output.onnx"));
    let python = python();
    let outcome = place.run(&[&["serve", "sum.onnx", "--python", &python][..], &PORTS].concat());
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let words = "it has no output that is a tensor with a row for each row of input";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
}

#[test]
fn rows_of_a_file_are_scored_with_an_onnx_model() {
    let place = Place::new();
    place.write("iris.onnx", golden("iris_zipmap.onnx"));
    place.write("rows.csv", "a,b,c,d\n5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n");
    let python = python();
    let arguments = ["predict", "iris.onnx", "--input", "rows.csv", "--outputs", "predict"];
    let runtime = ["--python", &python, "--onnx-sessions", "2"];
    let outcome = place.run(&[&arguments[..], &runtime].concat());
    assert_eq!(outcome.stdout, "predict\n0\n2\n", "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(0));
}
