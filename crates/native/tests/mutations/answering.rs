//! A model that may be damaged: read if it can be, and asked for answers. For the test of damaged
//! models and the fuzzer (`fuzz/fuzz_targets/estimators.rs`).
//!
//! Must not know how a model was damaged.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::{BufMut, Bytes, BytesMut};
use pelton_core::{Accepts, Batch, Code, DType, Executor, Form, Inputs, Tensor, TensorSpec};
use pelton_native::{Model, NativeExecutor, Threads};
use pelton_pickle::Document;

const ROWS: usize = 3;

/// How many batches were answered, or which one made the engine panic.
pub(crate) fn read_and_answer(bytes: Vec<u8>, threads: &Threads) -> Result<usize, String> {
    let Some(model) = read(bytes) else { return Ok(0) };
    let width = model.features().unwrap_or(1);
    if width > 5000 {
        return Ok(0);
    }
    let executor = NativeExecutor::new(model, threads.clone());
    let mut answered = 0;
    for round in 0..2 {
        let outputs: Vec<Arc<str>> =
            executor.signature().outputs.iter().map(|spec| spec.name.clone()).collect();
        let batch = batch(&executor.signature().inputs, outputs.into(), round);
        match poll_now(executor.execute(batch)) {
            Ok(_) => answered = 1,
            Err(error) if error.code() == Code::Internal => return Err(error.to_string()),
            Err(_) => {}
        }
    }
    Ok(answered)
}

fn read(bytes: Vec<u8>) -> Option<Model> {
    match Model::read_own_file(&bytes) {
        Ok(Some(model)) => return Some(model),
        Ok(None) => {}
        Err(refusal) => {
            assert!(!refusal.to_string().is_empty());
            return None;
        }
    }
    let document = Document::read(bytes).ok()?;
    Model::read(&document).ok()
}

fn batch(inputs: &Inputs, outputs: Arc<[Arc<str>]>, round: usize) -> Batch {
    let (form, inputs) = match inputs {
        Inputs::Matrix(spec) => (Form::Matrix, vec![tensor(spec, round)]),
        Inputs::Columns(specs) => {
            (Form::Columns, specs.iter().enumerate().map(|(i, s)| tensor(s, round + i)).collect())
        }
        // A dummy of an old release, which looks at no value.
        Inputs::Any => {
            let shape = vec![None, Some(2)];
            let (name, accepts) = (Arc::from("input"), Accepts::Any);
            let spec = TensorSpec { name, dtype: DType::Fp64, shape, accepts };
            (Form::Tensors, vec![tensor(&spec, round)])
        }
        Inputs::Tensors(_) => panic!("a native model takes several tensors"),
    };
    Batch { form, inputs, rows: ROWS, outputs, deadline: None }
}

fn tensor(spec: &TensorSpec, round: usize) -> Tensor {
    let shape: Vec<usize> = spec.shape.iter().map(|dim| dim.unwrap_or(ROWS)).collect();
    let elements: usize = shape.iter().product();
    let text = spec.dtype == DType::Bytes || (spec.accepts == Accepts::Any && round % 3 == 1);
    let mut data = BytesMut::new();
    for index in 0..elements {
        if text {
            let word = ["a", "", "b c d", "ü", "nan", "1"][(index + round) % 6].as_bytes();
            data.put_u32_le(word.len() as u32);
            data.put_slice(word);
        } else {
            let values = [0.5, -1.0, 2.0, f64::NAN, 0.0, 1e30, -0.0, 3.0];
            data.put_f64_le(values[if round == 0 { index % 3 } else { (index + round) % 8 }]);
        }
    }
    let dtype = if text { DType::Bytes } else { DType::Fp64 };
    Tensor::new(spec.name.clone(), dtype, shape, Bytes::from(data)).expect("a tensor of that shape")
}

fn poll_now<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
        std::thread::yield_now();
    }
}
