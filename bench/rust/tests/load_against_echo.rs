//! The generator against the echo: right answers are counted, wrong ones are found.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

struct Echo {
    process: Child,
    address: String,
}

impl Echo {
    fn start() -> Self {
        let mut process = Command::new(env!("CARGO_BIN_EXE_pelton-bench"))
            .arg("echo")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the benchmark's own binary starts");
        let stdout = process.stdout.take().expect("its output is piped");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line).expect("it prints its address");
        let address = line.trim().rsplit(' ').next().unwrap_or("").to_owned();
        Self { process, address }
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn load(echo: &Echo, cases: &Path, more: &[&str]) -> (Output, serde_json::Value) {
    let output = Command::new(env!("CARGO_BIN_EXE_pelton-bench"))
        .args(["load", "--target", &echo.address, "--cases"])
        .arg(cases)
        .args(["--warm-up", "0.05", "--duration", "0.2"])
        .args(more)
        .output()
        .expect("the generator runs");
    let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output, report)
}

fn write_cases(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("cases.json");
    let cases =
        r#"{"features": [[1.5, 2.5], [0.0, -1.0], [3.0, 1e300]], "predictions": [0, 1, 2]}"#;
    std::fs::write(&path, cases).expect("the folder is writable");
    path
}

#[test]
fn right_answers_are_counted_and_wrong_ones_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases = write_cases(folder.path());
    let echo = Echo::start();
    for shape in [["--in-flight", "1", "--rows", "1"], ["--in-flight", "33", "--rows", "3"]] {
        let mut arguments =
            vec!["--expect", "identity", "--connections", "1", "--check-every", "1"];
        arguments.extend(shape);
        let (output, report) = load(&echo, &cases, &arguments);
        assert!(output.status.success(), "{output:?}");
        assert!(report["answered"].as_u64() > Some(0), "{report}");
        assert!(report["checked"].as_u64() >= report["answered"].as_u64());
        assert_eq!(report["wrong"], 0);
    }
    let (output, report) = load(&echo, &cases, &["--connections", "3", "--in-flight", "8"]);
    assert!(!output.status.success(), "an echo is no prediction: {output:?}");
    assert!(report["wrong"].as_u64() > Some(0), "{report}");
}

#[test]
fn a_status_is_an_error_and_not_an_answer() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases = write_cases(folder.path());
    let echo = Echo::start();
    let (output, report) = load(&echo, &cases, &["--protocol", "predict"]);
    assert!(!output.status.success());
    assert_eq!(report["answered"], 0);
    assert!(report["errors"]["12"].as_u64() > Some(0), "{report}");
}
