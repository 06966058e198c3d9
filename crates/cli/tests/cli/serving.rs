//! From ready to stopped, with a client.

use std::path::Path;
use std::time::Duration;

use pelton_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use pelton_proto::inference::model_infer_request::InferInputTensor;
use pelton_proto::inference::{InferTensorContents, ModelInferRequest};
use pelton_proto::prediction::PredictionRequest;
use pelton_proto::prediction::prediction_service_client::PredictionServiceClient;
use tonic::transport::Channel;

use crate::harness::{Place, Server, python, sample};

/// Answers when a file is there; says that it was asked by another.
const WAITING: &str = "\
import os, pathlib, time
import pelton

class Model(pelton.Model):
    def load(self, path):
        self.place = pathlib.Path(path)

    def predict(self, inputs):
        (self.place / 'asked').write_text(f'{os.getpid()}\\n')
        while not (self.place / 'go').exists():
            time.sleep(0.01)
        return {'y': inputs['x']}
";

async fn channel(server: &Server) -> Channel {
    Channel::from_shared(format!("http://{}", server.address("grpc  ")))
        .expect("a URL")
        .connect()
        .await
        .expect("it listens")
}

fn question(model: &str) -> ModelInferRequest {
    ModelInferRequest {
        model_name: model.to_owned(),
        inputs: vec![InferInputTensor {
            name: "x".to_owned(),
            datatype: "FP64".to_owned(),
            shape: vec![1],
            contents: Some(InferTensorContents {
                fp64_contents: vec![7.0],
                ..InferTensorContents::default()
            }),
            ..InferInputTensor::default()
        }],
        ..ModelInferRequest::default()
    }
}

/// Prints more than a pipe holds, and more lines than may wait for the log, and answers.
const TALKATIVE: &str = "\
import sys
import pelton

class Model(pelton.Model):
    def predict(self, inputs):
        for stream in (sys.stdout, sys.stderr):
            stream.write('word after word\\n' * 10_000)
            stream.flush()
        return {'y': inputs['x']}
";

#[tokio::test(flavor = "multi_thread")]
async fn requests_do_not_wait_for_whoever_should_read_the_log() {
    let place = Place::new();
    place.write("talkative.py", TALKATIVE);
    let ports = ["--grpc-port", "0", "--http-port", "0"];
    // On a busy machine the lines may take longer than a model has by default.
    let model = ["talkative.py", "--python", &python(), "--run-timeout", "5m"];
    let mut server = place.start_unread(&[&ports[..], &model].concat());
    server.read_block();
    let mut client = GrpcInferenceServiceClient::new(channel(&server).await);
    let patience = Duration::from_mins(1);
    for _ in 0..3 {
        let answer = tokio::time::timeout(patience, client.model_infer(question("talkative")));
        answer.await.expect("an answer").expect("a good one");
    }
    assert_eq!(server.get("/v2/health/ready"), "HTTP/1.1 200 OK");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn it_says_what_it_serves_and_serves_it() {
    let place = Place::of_workers();
    let mut server = place.serve(&["iris.pkl", "--python", &python()]);
    // Ready from the first moment: the block comes after.
    assert_eq!(server.get("/v2/health/ready"), "HTTP/1.1 200 OK");
    assert_eq!(server.get("/v2/health/live"), "HTTP/1.1 200 OK");
    assert!(server.get("/metrics").ends_with("200 OK"));
    let mut client = PredictionServiceClient::new(channel(&server).await);
    let features = vec![3.0, 1.0];
    let answer = client.predict(PredictionRequest { features }).await.expect("an answer");
    assert!((answer.into_inner().prediction - 1.0).abs() < f64::EPSILON);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    let lines: Vec<&str> = block.lines().collect();
    assert_eq!(lines[0], concat!("pelton ", env!("CARGO_PKG_VERSION"), " is ready"));
    assert!(lines[1].starts_with("grpc  127.0.0.1:") && !lines[1].ends_with(":0"));
    assert!(lines[2].starts_with("http  127.0.0.1:") && !lines[2].ends_with(":0"));
    assert_eq!(lines[3..5], ["", "model iris, version 1"]);
    assert!(lines[5].starts_with("  runs     python 3."), "{block}");
    assert!(lines[5].contains(", 1 worker, ") && lines[5].contains("scikit-learn 1."), "{block}");
    assert!(block.contains("  inputs   input FP64 [-1, 2]\n"), "{block}");
    assert!(block.contains("  outputs  predict INT64 [-1], predict_proba FP64 [-1, 2]"), "{block}");
    assert!(block.ends_with("  classes  0, 1\n"), "{block}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_in_flight_is_answered_before_it_stops() {
    let place = Place::new();
    place.write("waiting.py", WAITING);
    let mut server = place.serve(&["waiting.py", "--python", &python()]);
    let mut client = GrpcInferenceServiceClient::new(channel(&server).await);
    let answer = tokio::spawn(async move { client.model_infer(question("waiting")).await });
    until(|| was_asked(&place)).await;
    server.signal("TERM");
    until(|| server.log().contains("asked to stop")).await;
    place.write("go", "");
    let answer = answer.await.expect("no panic").expect("an answer").into_inner();
    assert_eq!(answer.outputs[0].name, "y");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn the_grace_has_an_end_and_a_second_signal_ends_it_sooner() {
    for (grace, second) in [("300ms", None), ("1h", Some("INT"))] {
        let place = Place::new();
        place.write("waiting.py", WAITING);
        let arguments = ["waiting.py", "--python", &python(), "--shutdown-grace", grace];
        let mut server = place.serve(&arguments);
        let mut client = GrpcInferenceServiceClient::new(channel(&server).await);
        let answer = tokio::spawn(async move { client.model_infer(question("waiting")).await });
        until(|| was_asked(&place)).await;
        server.signal("TERM");
        until(|| server.log().contains("asked to stop")).await;
        if let Some(second) = second {
            server.signal(second);
        }
        answer.await.expect("no panic").expect_err("nobody said go");
        let code = i32::from(second.is_some());
        assert_eq!(server.wait().code(), Some(code), "{}", server.log());
        let pid = std::fs::read_to_string(place.path("asked")).expect("it was asked");
        until(|| !Path::new("/proc").join(pid.trim()).exists()).await;
    }
}

#[test]
fn the_file_says_how_each_model_runs() {
    let place = Place::of_workers();
    // Relative paths are relative to the file, not to where the server is started.
    place.write("deep/waiting.py", WAITING).write("deep/iris.pkl", sample("joblib-zlib.bin"));
    let python = python();
    place.write(
        "deep/pelton.toml",
        format!(
            "grpc_port = 0\nhttp_port = 0\npython = {python:?}\nworkers = 2\n\
             predict_model = \"zlib\"\n[models.zlib]\npath = \"iris.pkl\"\nworkers = 1\n\
             [models.waiting]\npath = \"waiting.py\"\n[models.iris]\nmax_batch_rows = 7\n"
        ),
    );
    let mut server = place.start(&["iris.pkl", "--config", "deep/pelton.toml"]);
    server.read_block();
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    let runs: Vec<&str> = block
        .lines()
        .filter_map(|line| line.strip_prefix("model ").or(line.strip_prefix("  runs     ")))
        .map(|line| line.split(", ").nth(1).expect("two parts"))
        .collect();
    assert_eq!(
        runs,
        ["version 1", "2 workers", "version 1", "1 worker", "version 1", "2 workers"],
        "{block}"
    );
    let names: Vec<&str> = block.lines().filter_map(|line| line.strip_prefix("model ")).collect();
    assert_eq!(names, ["iris, version 1", "zlib, version 1", "waiting, version 1"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn logs_are_json_when_asked_and_filtered_by_part() {
    let mut place = Place::with_model();
    place.env("PELTON_LOG_FORMAT", "json").env("PELTON_LOG", "pelton=debug");
    let mut server = place.serve(&["iris.pkl", "--python", &python()]);
    server.signal("INT");
    assert_eq!(server.wait().code(), Some(0));
    let log = server.log();
    assert!(log.contains("\"message\":\"loaded\"") && log.contains("\"level\":\"DEBUG\""), "{log}");
    for line in log.lines() {
        assert!(line.starts_with('{') && line.ends_with('}'), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_others_can_reach_is_warned_about() {
    let place = Place::with_model();
    let mut server = place.serve(&["iris.pkl", "--python", &python(), "--host", "0.0.0.0"]);
    server.wait_for_log("other machines can reach this server");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
}

/// The worker has written the whole line.
fn was_asked(place: &Place) -> bool {
    std::fs::read_to_string(place.path("asked")).is_ok_and(|text| text.ends_with('\n'))
}

/// Asks until it is so.
async fn until(mut ask: impl FnMut() -> bool) {
    let so = async {
        while !ask() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), so).await.expect("in vain");
}
