//! How fast each of the two is: the median of runs, one after another, rows rotating.
//!
//! Python's time is that of the worker, the way to it and back included: what a server would see.

use std::sync::Arc;
use std::time::{Duration, Instant};

use pelton_core::{Batch, Executor, Tensor};

use super::report::Speed;

/// Runs that a median is taken of, and for how long more are made.
const RUNS_MIN: usize = 9;
const RUNS_MAX: usize = 2000;
const RUNS_TIME: Duration = Duration::from_millis(300);

/// Rows of the larger batch at most.
const BATCH_ROWS: usize = 1024;

/// Measures both with one row, and with as many as there are.
pub(crate) async fn measure(
    ours: &Arc<dyn Executor>,
    theirs: &Arc<dyn Executor>,
    rows: &[Tensor],
) -> Result<Vec<Speed>, String> {
    let there = rows[0].rows().min(BATCH_ROWS);
    let mut speeds = Vec::new();
    for count in if there > 1 { vec![1, there] } else { vec![1] } {
        let ours_us = median(ours, rows, count).await?;
        let theirs_us = median(theirs, rows, count).await?;
        speeds.push(Speed { rows: count, ours_us, theirs_us, ratio: theirs_us / ours_us });
    }
    Ok(speeds)
}

async fn median(
    executor: &Arc<dyn Executor>,
    rows: &[Tensor],
    count: usize,
) -> Result<f64, String> {
    let failed = |error: pelton_core::Error| error.to_string();
    let signature = executor.signature();
    let bound = signature.bind(rows.to_vec()).map_err(failed)?;
    let outputs = signature.default_outputs.clone();
    let whole =
        Batch { form: bound.form, inputs: bound.inputs, rows: bound.rows, outputs, deadline: None };
    let started = Instant::now();
    let mut times = Vec::new();
    while times.len() < RUNS_MIN || (times.len() < RUNS_MAX && started.elapsed() < RUNS_TIME) {
        let start = (times.len() * count) % (whole.rows - count + 1);
        let batch = whole.slice_rows(start, start + count);
        let run = Instant::now();
        executor.execute(batch).await.map_err(failed)?;
        times.push(run.elapsed().as_secs_f64() * 1e6);
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}
