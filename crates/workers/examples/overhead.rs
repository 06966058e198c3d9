//! What a worker costs beyond the model: one row of a pickled LogisticRegression, asked again and again.
//!
//! `cargo run --release -p pelton-workers --example overhead -- .venv/bin/python` prints the time of a
//! call through a worker and of `predict` within one Python process, both in microseconds.

use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use pelton_core::{Batch, DType, Executor, Form, Tensor};
use pelton_workers::{WorkerConfig, WorkerExecutor};

const CALLS: usize = 5_000;

/// Saves the model, and times `predict` as a program that holds the model would call it.
const IN_PROCESS: &str = "
import os, pickle, sys, time
os.environ['OMP_NUM_THREADS'] = '1'
import numpy as np
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
X, y = load_iris(return_X_y=True)
model = LogisticRegression(max_iter=1000).fit(X, y)
pickle.dump(model, open(sys.argv[1], 'wb'))
row = X[:1]
times = []
for _ in range(int(sys.argv[2])):
    start = time.perf_counter()
    model.predict(row)
    times.append(time.perf_counter() - start)
times.sort()
print(' '.join(f'{1e6 * times[int(q * len(times))]:.0f}' for q in (0.1, 0.5, 0.99)))
";

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let python = std::env::args().nth(1).unwrap_or_else(|| ".venv/bin/python".to_owned());
    let directory = tempfile::tempdir()?;
    let path = directory.path().join("model.pkl");
    let executor_of = |path| WorkerConfig::new("overhead", path, &python);
    let in_process = || {
        Command::new(&python).args(["-c", IN_PROCESS]).arg(&path).arg(CALLS.to_string()).output()
    };
    let before = in_process()?;
    if !before.status.success() {
        return Err(String::from_utf8_lossy(&before.stderr).into());
    }
    let executor = WorkerExecutor::start(executor_of(path.clone())).await?;
    let values: Vec<u8> = [5.1_f64, 3.5, 1.4, 0.2].iter().flat_map(|v| v.to_le_bytes()).collect();
    let batch = Batch {
        form: Form::Matrix,
        inputs: vec![Tensor::new("input", DType::Fp64, vec![1, 4], values.into())?],
        rows: 1,
        outputs: Arc::from([Arc::from("predict")]),
        deadline: None,
    };
    let mut times = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let started = Instant::now();
        executor.execute(batch.clone()).await?;
        times.push(started.elapsed().as_micros());
    }
    times.sort_unstable();
    let at = |quantile: usize| times[CALLS * quantile / 100];
    println!("            p10 p50 p99 (us)");
    println!("in process  {}", String::from_utf8_lossy(&before.stdout).trim());
    println!("by a worker {} {} {}", at(10), at(50), at(99));
    println!("in process  {}", String::from_utf8_lossy(&in_process()?.stdout).trim());
    executor.stop(std::time::Duration::from_secs(1)).await;
    Ok(())
}
