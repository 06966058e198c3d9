//! What the tests share: the runtime, the models of `tests/conformance/onnx`, tensors, waiting.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use bytes::Bytes;
use pelton_core::{Batch, DType, Executor, Result, Tensor};
use pelton_onnx::{Library, LibrarySearch, OnnxConfig, OnnxExecutor};

pub(crate) fn library() -> Library {
    let python = std::env::var_os("PELTON_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"),
        PathBuf::from,
    );
    let search = LibrarySearch { interpreters: vec![python], ..LibrarySearch::default() };
    Library::load(&search).unwrap_or_else(|why| {
        panic!(
            "no ONNX Runtime for the tests: run `make setup`, or set PELTON_TEST_PYTHON to a \
             Python that has the onnxruntime package ({why})"
        )
    })
}

pub(crate) fn goldens() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/onnx")
}

pub(crate) fn config(path: PathBuf) -> OnnxConfig {
    OnnxConfig {
        name: "test".to_owned(),
        path,
        sessions: 1,
        threads: 1,
        run_timeout: Duration::from_mins(1),
    }
}

pub(crate) fn open(name: &str) -> std::result::Result<OnnxExecutor, String> {
    OnnxExecutor::open(&config(goldens().join(name)), &library())
}

pub(crate) fn served(name: &str) -> OnnxExecutor {
    open(name).unwrap_or_else(|why| panic!("{name} {why}"))
}

/// Sends a request as the engine would: bound, and run as one batch.
pub(crate) fn ask(
    model: &OnnxExecutor,
    inputs: Vec<Tensor>,
    asked: &[&str],
) -> Result<Vec<Tensor>> {
    let asked: Vec<String> = asked.iter().map(ToString::to_string).collect();
    let outputs = model.signature().select_outputs(&asked)?;
    let bound = model.signature().bind(inputs)?;
    let (form, inputs, rows) = (bound.form, bound.inputs, bound.rows);
    wait(model.execute(Batch { form, inputs, rows, outputs, deadline: None }))
}

pub(crate) fn floats(name: &str, shape: &[usize], values: &[f32]) -> Tensor {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Tensor::new(name, DType::Fp32, shape.to_vec(), Bytes::from(data)).unwrap()
}

pub(crate) fn doubles(name: &str, shape: &[usize], values: &[f64]) -> Tensor {
    let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    Tensor::new(name, DType::Fp64, shape.to_vec(), Bytes::from(data)).unwrap()
}

pub(crate) fn texts(name: &str, shape: &[usize], values: &[&str]) -> Tensor {
    let mut data = Vec::new();
    for value in values {
        data.extend_from_slice(&(value.len() as u32).to_le_bytes());
        data.extend_from_slice(value.as_bytes());
    }
    Tensor::new(name, DType::Bytes, shape.to_vec(), Bytes::from(data)).unwrap()
}

pub(crate) fn read_floats(tensor: &Tensor) -> Vec<f32> {
    assert_eq!(tensor.dtype(), DType::Fp32);
    tensor.data().as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

pub(crate) fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
            return value;
        }
        std::thread::park();
    }
}
