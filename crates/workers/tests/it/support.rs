//! What the tests share: the interpreter, batches, waiting for a condition.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pelton_core::{Batch, DType, Executor, Form, State, Tensor};
use pelton_workers::{WorkerConfig, WorkerExecutor};

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_mins(1);

pub(crate) fn python() -> PathBuf {
    let python = std::env::var_os("PELTON_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"),
        PathBuf::from,
    );
    assert!(
        python.exists(),
        "no interpreter for the tests: run `make setup`, or set PELTON_TEST_PYTHON"
    );
    python
}

pub(crate) fn model(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models").join(name)
}

/// One worker for `faulty.py`, quick to restart.
pub(crate) fn faulty() -> WorkerConfig {
    let mut config = WorkerConfig::new("faulty", model("faulty.py"), python());
    config.restart.initial_backoff = Duration::from_millis(1);
    config.restart.max_backoff = Duration::from_millis(200);
    config
}

pub(crate) async fn start(config: WorkerConfig) -> Arc<WorkerExecutor> {
    match WorkerExecutor::start(config).await {
        Ok(executor) => executor,
        Err(error) => panic!("{error}: {}", error.detail().unwrap_or_default()),
    }
}

pub(crate) fn numbers(name: &str, values: &[f64]) -> Tensor {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Tensor::new(name, DType::Fp64, vec![values.len()], data.into()).unwrap()
}

pub(crate) fn texts(name: &str, values: &[&str]) -> Tensor {
    let mut data = Vec::new();
    for value in values {
        data.extend_from_slice(&(value.len() as u32).to_le_bytes());
        data.extend_from_slice(value.as_bytes());
    }
    Tensor::new(name, DType::Bytes, vec![values.len()], data.into()).unwrap()
}

pub(crate) fn matrix(rows: &[&[f64]]) -> Tensor {
    let data: Vec<u8> =
        rows.iter().flat_map(|row| row.iter()).flat_map(|value| value.to_le_bytes()).collect();
    Tensor::new("input", DType::Fp64, vec![rows.len(), rows[0].len()], data.into()).unwrap()
}

pub(crate) fn batch(form: Form, inputs: Vec<Tensor>, outputs: &[&str]) -> Batch {
    Batch {
        form,
        rows: inputs[0].rows(),
        inputs,
        outputs: outputs.iter().map(|&name| Arc::from(name)).collect(),
        deadline: None,
    }
}

pub(crate) fn strings(tensor: &Tensor) -> Vec<String> {
    tensor.strings().map(|bytes| String::from_utf8(bytes.to_vec()).unwrap()).collect()
}

/// A batch for `faulty.py`: what it is to do, and numbers it answers doubled as `y`.
pub(crate) fn tell(what: &str, values: &[f64]) -> Batch {
    let what = texts("do", &vec![what; values.len()]);
    batch(Form::Tensors, vec![numbers("x", values), what], &["y"])
}

pub(crate) fn f64s(tensor: &Tensor) -> Vec<f64> {
    assert_eq!(tensor.dtype(), DType::Fp64);
    let (chunks, _) = tensor.data().as_chunks::<8>();
    chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
}

pub(crate) fn i64s(tensor: &Tensor) -> Vec<i64> {
    assert_eq!(tensor.dtype(), DType::Int64);
    let (chunks, _) = tensor.data().as_chunks::<8>();
    chunks.iter().map(|chunk| i64::from_le_bytes(*chunk)).collect()
}

/// Waits until the condition holds; what is waited for is said when it never does.
pub(crate) async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let waiting = async {
        while !holds() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, waiting).await.is_ok(), "waited in vain: {what}");
}

pub(crate) async fn ready(executor: &WorkerExecutor) {
    until("the model is ready", || executor.state() == State::Ready).await;
}

/// Waits until a row is answered. Under limits of a fraction of a second a busy machine may cost the
/// model another worker before that.
pub(crate) async fn answers(executor: &WorkerExecutor) {
    let waiting = async {
        loop {
            ready(executor).await;
            match executor.execute(tell("nothing", &[1.0])).await {
                Ok(answer) => return assert_eq!(f64s(&answer[0]), [2.0]),
                Err(error) => assert!(error.code().is_retryable(), "{error}"),
            }
        }
    };
    tokio::time::timeout(PATIENCE, waiting).await.expect("an answer");
}

/// The process of the one worker.
pub(crate) fn pid(executor: &WorkerExecutor) -> u32 {
    executor.stats().workers[0].pid.expect("the worker runs")
}

pub(crate) fn alive(pid: u32) -> bool {
    // A zombie is dead, but not reaped: that would be a fault, so it counts as alive.
    Path::new(&format!("/proc/{pid}")).exists()
}

/// Whether a process runs: a zombie does not.
pub(crate) fn running(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat"))
        .is_ok_and(|stat| !stat.rsplit(')').next().unwrap_or_default().starts_with(" Z"))
}

pub(crate) fn kill(pid: u32) {
    signal(pid, rustix::process::Signal::KILL);
}

/// What a terminal sends on Ctrl-C.
pub(crate) fn interrupt(pid: u32) {
    signal(pid, rustix::process::Signal::INT);
}

/// What a service manager sends to every process of a service.
pub(crate) fn terminate(pid: u32) {
    signal(pid, rustix::process::Signal::TERM);
}

/// Stops a process without ending it, as a debugger would.
pub(crate) fn stop_process(pid: u32) {
    signal(pid, rustix::process::Signal::STOP);
}

fn signal(pid: u32, signal: rustix::process::Signal) {
    let pid = rustix::process::Pid::from_raw(i32::try_from(pid).unwrap()).unwrap();
    // It may have ended meanwhile.
    let _ = rustix::process::kill_process(pid, signal);
}

/// Waits until nothing is left of a process, not even a zombie.
pub(crate) async fn gone(pid: u32) {
    until("a process is gone", || !alive(pid)).await;
}
