//! What the executor adds to bare ONNX Runtime: the same model and rows by `ort` alone, with its
//! tensors ready, and through the executor, from a request's bytes to an answer's.
//!
//! `cargo bench -p pelton-onnx --bench overhead`. Medians of many runs over rotating rows, one
//! thread; `PELTON_TEST_PYTHON` names the Python whose onnxruntime is used.
#![allow(missing_docs, clippy::unwrap_used)]

use std::future::Future;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use bytes::Bytes;
use ort::logging::LogLevel;
use ort::session::Session;
use ort::session::builder::GraphOptimizationLevel;
use ort::value::TensorRef;
use pelton_core::{Batch, DType, Executor, Tensor};
use pelton_onnx::{Library, LibrarySearch, OnnxConfig, OnnxExecutor};

const MODELS: [&str; 5] = ["iris_plain", "iris_zipmap", "xgboost", "regressor", "net"];
const ROWS: [usize; 3] = [1, 32, 1024];
const FEATURES: usize = 4;

/// Batches that take turns, so that no run meets the values of the one before.
const TURNS: usize = 64;

const TIME: Duration = Duration::from_millis(600);

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, word, library, model] = &arguments[..]
        && word == BARE
    {
        return bare(Path::new(library), Path::new(model));
    }
    let library = library();
    println!("onnxruntime {}, one thread, us a run (median)\n", library.version());
    println!("model         rows      bare    pelton     added   ratio");
    for name in MODELS {
        let path = goldens().join(format!("{name}.onnx"));
        let alone = in_another_process(&library, &path);
        let pelton = OnnxExecutor::open(&config(path), &library).unwrap();
        for (rows, alone) in ROWS.into_iter().zip(alone) {
            let batches: Vec<Batch> =
                (0..TURNS).map(|turn| batch(&pelton, &values(turn, rows), rows)).collect();
            let through = median(|turn| {
                black_box(wait(pelton.execute(batches[turn % TURNS].clone())).unwrap());
            });
            println!(
                "{name:<12} {rows:>5} {alone:>9.2} {through:>9.2} {:>9.2} {:>7.2}",
                through - alone,
                through / alone
            );
        }
    }
}

/// The word by which this program asks itself for bare runs: a process has one environment of ONNX
/// Runtime, and the executor's is its own.
const BARE: &str = "bare";

fn in_another_process(library: &Library, model: &Path) -> Vec<f64> {
    let program = std::env::current_exe().unwrap();
    let child = Command::new(program).arg(BARE).arg(library.path()).arg(model).output().unwrap();
    assert!(child.status.success(), "{}", String::from_utf8_lossy(&child.stderr));
    let text = String::from_utf8(child.stdout).unwrap();
    text.split_whitespace().map(|number| number.parse().unwrap()).collect()
}

fn bare(library: &Path, model: &Path) {
    let environment = ort::init_from(library).unwrap().build().unwrap();
    environment.set_log_level(LogLevel::Fatal);
    let mut session = Session::builder(&environment)
        .unwrap()
        .with_optimization_level(GraphOptimizationLevel::All)
        .unwrap()
        .with_intra_threads(1)
        .unwrap()
        .with_inter_threads(1)
        .unwrap()
        .with_log_level(LogLevel::Fatal)
        .unwrap()
        .commit_from_file(model)
        .unwrap();
    for rows in ROWS {
        let turns: Vec<Vec<f32>> = (0..TURNS).map(|turn| values(turn, rows)).collect();
        let time = median(|turn| {
            let values = &turns[turn % TURNS][..];
            let tensor = TensorRef::from_array_view(([rows, FEATURES], values)).unwrap();
            let outputs = session.run(ort::inputs![tensor]).unwrap();
            outputs.values().for_each(|output| {
                black_box(output.dtype());
            });
        });
        println!("{time}");
    }
}

/// Microseconds of a run.
fn median(mut run: impl FnMut(usize)) -> f64 {
    (0..200).for_each(&mut run);
    let end = Instant::now() + TIME;
    let mut times = Vec::new();
    while times.len() < 50 || Instant::now() < end {
        let start = Instant::now();
        run(times.len());
        times.push(start.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Rows like those of iris, other ones for each turn.
fn values(turn: usize, rows: usize) -> Vec<f32> {
    let value = |place: usize| ((place * 37 + turn * 11) % 79) as f32 / 10.0;
    (0..rows * FEATURES).map(value).collect()
}

fn batch(model: &OnnxExecutor, values: &[f32], rows: usize) -> Batch {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let name = model.signature().input_specs()[0].name.clone();
    let tensor = Tensor::new(name, DType::Fp32, vec![rows, FEATURES], Bytes::from(data)).unwrap();
    let bound = model.signature().bind(vec![tensor]).unwrap();
    let outputs = model.signature().select_outputs(&[]).unwrap();
    Batch { form: bound.form, inputs: bound.inputs, rows, outputs, deadline: None }
}

fn library() -> Library {
    let python = std::env::var_os("PELTON_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"),
        PathBuf::from,
    );
    let search = LibrarySearch { interpreters: vec![python], ..LibrarySearch::default() };
    Library::load(&search).unwrap()
}

fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/onnx")
}

fn config(path: PathBuf) -> OnnxConfig {
    let (name, run_timeout) = ("bench".to_owned(), Duration::from_mins(1));
    OnnxConfig { name, path, sessions: 1, threads: 1, run_timeout }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        std::thread::park();
    }
}
