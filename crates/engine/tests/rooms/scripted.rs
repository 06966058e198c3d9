//! An executor that does what a test tells it: answers each row's value doubled, waits at a gate,
//! raises or dies on chosen values, and remembers every batch it was given.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use pelton_core::{
    Accepts, Batch, Code, DType, Error, ExecuteFuture, Executor, Inputs, Signature, State, Tensor,
    TensorSpec,
};
use pelton_engine::{Engine, Limits, Model, Request};
use tokio::sync::Semaphore;

/// A row with this value makes the model raise.
pub const RAISES: i64 = -1;
/// A row with this value loses the worker, every time.
pub const KILLS: i64 = -2;
/// A row with this value makes the executor panic.
pub const PANICS: i64 = -3;
/// A row with this value makes the answer a row short.
pub const SHORT: i64 = -4;

pub struct Scripted {
    signature: Signature,
    lanes: usize,
    pub batches: Mutex<Vec<Vec<i64>>>,
    pub gate: Option<Semaphore>,
    pub ready: AtomicBool,
    /// Batches still to be lost with their worker, whatever they hold.
    pub losses: AtomicUsize,
}

impl Scripted {
    pub fn new(lanes: usize) -> Self {
        let spec = |name: &str, accepts| TensorSpec {
            name: name.into(),
            dtype: DType::Int64,
            shape: vec![None],
            accepts,
        };
        let signature = Signature {
            inputs: Inputs::Columns(vec![spec("x", Accepts::Numeric)]),
            outputs: vec![spec("double", Accepts::Exactly), spec("same", Accepts::Exactly)],
            default_outputs: Arc::from([Arc::from("double")]),
        };
        Self {
            signature,
            lanes,
            batches: Mutex::default(),
            gate: None,
            ready: AtomicBool::new(true),
            losses: AtomicUsize::new(0),
        }
    }

    pub fn gated(lanes: usize) -> Self {
        Self { gate: Some(Semaphore::new(0)), ..Self::new(lanes) }
    }

    pub fn open(&self, batches: usize) {
        self.gate.as_ref().expect("a gated executor").add_permits(batches);
    }

    pub fn seen(&self) -> Vec<Vec<i64>> {
        self.batches.lock().unwrap().clone()
    }

    async fn run(&self, batch: Batch) -> pelton_core::Result<Vec<Tensor>> {
        let values = numbers(&batch.inputs[0]);
        self.batches.lock().unwrap().push(values.clone());
        if let Some(gate) = &self.gate {
            gate.acquire().await.expect("the gate is never closed").forget();
        }
        let lost = || Err(Error::new(Code::WorkerLost, "the worker was lost"));
        if self
            .losses
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
            .is_ok()
        {
            return lost();
        }
        assert!(!values.contains(&PANICS), "asked to panic");
        if values.contains(&KILLS) {
            return lost();
        }
        if values.contains(&RAISES) {
            return Err(Error::new(Code::ModelRejected, "ValueError: a bad row"));
        }
        let short = usize::from(values.contains(&SHORT));
        Ok(batch
            .outputs
            .iter()
            .map(|name| {
                let factor = if &**name == "double" { 2 } else { 1 };
                let answer: Vec<i64> = values.iter().skip(short).map(|v| v * factor).collect();
                tensor(name, &answer)
            })
            .collect())
    }
}

impl Executor for Scripted {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn kind(&self) -> &'static str {
        "scripted"
    }

    fn platform(&self) -> &'static str {
        "test"
    }

    fn parallelism(&self) -> usize {
        self.lanes
    }

    fn state(&self) -> State {
        if self.ready.load(Ordering::SeqCst) {
            State::Ready
        } else {
            State::NotReady("it is restarting".to_owned())
        }
    }

    fn execute(&self, batch: Batch) -> ExecuteFuture<'_> {
        Box::pin(self.run(batch))
    }
}

pub fn tensor(name: &str, values: &[i64]) -> Tensor {
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    Tensor::new(name, DType::Int64, vec![values.len()], Bytes::from(data)).unwrap()
}

pub fn numbers(tensor: &Tensor) -> Vec<i64> {
    tensor.data().chunks_exact(8).map(|b| i64::from_le_bytes(b.try_into().unwrap())).collect()
}

pub fn request(values: &[i64]) -> Request {
    Request {
        model: "m".to_owned(),
        version: String::new(),
        inputs: vec![tensor("x", values)],
        outputs: Vec::new(),
        deadline: None,
    }
}

pub fn engine(executor: Scripted, limits: Limits) -> (Arc<Engine>, Arc<Scripted>) {
    let executor = Arc::new(executor);
    let model = Model::new("m", "1", executor.clone(), limits);
    (Arc::new(Engine::new(vec![model])), executor)
}

/// Sends each request as a task of its own and lets it walk as far as it can.
pub async fn send(
    engine: &Arc<Engine>,
    requests: Vec<Request>,
) -> Vec<tokio::task::JoinHandle<pelton_core::Result<Vec<i64>>>> {
    let mut tasks = Vec::new();
    for request in requests {
        let engine = engine.clone();
        tasks.push(tokio::spawn(async move {
            engine.infer(request).await.map(|response| numbers(&response.outputs[0]))
        }));
        settle().await;
    }
    tasks
}

/// Lets every runnable task run, on a current-thread runtime.
pub async fn settle() {
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
}
