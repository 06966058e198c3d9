//! Runs batches on a lane until nothing waits, and decides what a failed batch's requests get.
//!
//! - The model raised: the batch is halved until the culprits are alone, so the others get their
//!   answers. That takes at most 2n - 2 more runs for n requests, however many are at fault; each
//!   request's deadline bounds its own wait.
//! - The worker was lost: every request of the batch is run once more, in [`RETRY_PARTS`] parts, so
//!   that a request which kills workers takes few others along; with no worker left, they are
//!   answered at once.
//!
//! Must not look at inputs or outputs.

use std::sync::Arc;

use pelton_core::{Batch, Code, Error, Result, Tensor};
use tokio::time::Instant;

use crate::batcher;
use crate::model::Model;
use crate::queue::Entry;
use crate::reply;

/// Parts in which the requests of a lost batch are run again.
const RETRY_PARTS: usize = 8;

/// Runs a lane that was taken: batch after batch until nothing waits, then frees it.
pub(crate) async fn run_lane(model: Arc<Model>) {
    let mut lane = Lane { model: Some(model.clone()) };
    loop {
        let entries = {
            let mut waiting = model.queue.lock();
            let entries = batcher::next_batch(&mut waiting, &model.limits);
            if entries.is_empty() && waiting.entries.is_empty() {
                waiting.free_lanes += 1;
                lane.model = None;
                return;
            }
            entries
        };
        if !entries.is_empty() {
            run_batch(&model, entries).await;
        }
        // The request that took the lane may be polling it: let it have its own answer first.
        if model.queue.rows() > 0 {
            tokio::task::yield_now().await;
        }
    }
}

/// A held lane. If its task panics or is dropped, the lane is freed, and what waits is given a new
/// one: a model must not lose a lane, nor a request its answer, to a fault in an executor.
struct Lane {
    model: Option<Arc<Model>>,
}

impl Drop for Lane {
    fn drop(&mut self) {
        let Some(model) = self.model.take() else {
            return;
        };
        let rows_wait = {
            let mut waiting = model.queue.lock();
            waiting.free_lanes += 1;
            let rows_wait = !waiting.entries.is_empty();
            if rows_wait {
                waiting.free_lanes -= 1;
            }
            rows_wait
        };
        match tokio::runtime::Handle::try_current() {
            Ok(runtime) if rows_wait => drop(runtime.spawn(run_lane(model))),
            _ => {}
        }
    }
}

async fn run_batch(model: &Model, entries: Vec<Entry>) {
    let started = Instant::now();
    for entry in &entries {
        model.metrics.queue_wait.observe((started - entry.enqueued).as_secs_f64());
    }
    match execute(model, &entries).await {
        Ok(outputs) => reply::distribute(entries, outputs),
        Err(error) => settle(model, entries, error).await,
    }
}

async fn settle(model: &Model, entries: Vec<Entry>, error: Error) {
    if error.code().is_model_fault() && entries.len() > 1 {
        isolate(model, entries, error).await;
    } else if error.code() == Code::WorkerLost {
        retry(model, entries, error).await;
    } else {
        refuse(model, entries, error).await;
    }
}

/// Refuses requests that failed as a whole; one that failed alone is told where, if the executor
/// can find out.
async fn refuse(model: &Model, entries: Vec<Entry>, error: Error) {
    let error = match entries.as_slice() {
        [entry] if error.code() == Code::ModelRejected && !entry.is_abandoned(Instant::now()) => {
            let culprit = model.executor.locate(entry.batch.clone()).await;
            culprit.map_or(error.clone(), |culprit| {
                let row = entry.first_row.map(|first| first + culprit.row + 1);
                error.with_message(culprit.told(model.executor.signature(), row))
            })
        }
        _ => error,
    };
    reply::refuse(entries, &error);
}

/// Halves the batch until each culprit is alone. Whoever is refused here has failed alone.
async fn isolate(model: &Model, entries: Vec<Entry>, error: Error) {
    // Each is known to fail as a whole.
    let mut failing = vec![(entries, error)];
    while let Some((mut entries, error)) = failing.pop() {
        if entries.len() == 1 {
            refuse(model, entries, error).await;
            continue;
        }
        let right = still_wanted(entries.split_off(entries.len() / 2));
        let left = still_wanted(entries);
        let left_succeeds = match try_part(model, left).await {
            Tried::Settled { all_answered } => all_answered,
            Tried::Failing(left, error) => {
                failing.push((left, error));
                false
            }
        };
        if left_succeeds && right.len() > 1 {
            // The culprit is in here: running it as a whole would tell nothing new.
            failing.push((right, error));
        } else if let Tried::Failing(right, error) = try_part(model, right).await {
            failing.push((right, error));
        }
    }
}

/// What became of a part of a failed batch.
enum Tried {
    /// Every request in it has its answer, or its refusal.
    Settled { all_answered: bool },
    /// The model raised again.
    Failing(Vec<Entry>, Error),
}

async fn try_part(model: &Model, part: Vec<Entry>) -> Tried {
    if part.is_empty() {
        return Tried::Settled { all_answered: false };
    }
    match execute(model, &part).await {
        Ok(outputs) => {
            reply::distribute(part, outputs);
            return Tried::Settled { all_answered: true };
        }
        Err(error) if error.code().is_model_fault() => return Tried::Failing(part, error),
        Err(error) if error.code() == Code::WorkerLost => retry(model, part, error).await,
        Err(error) => reply::refuse(part, &error),
    }
    Tried::Settled { all_answered: false }
}

/// Runs the requests of a lost batch once more.
async fn retry(model: &Model, entries: Vec<Entry>, error: Error) {
    let (spent, mut fresh): (Vec<_>, Vec<_>) = entries.into_iter().partition(|e| e.retried);
    reply::refuse(spent, &error);
    let part = fresh.len().div_ceil(RETRY_PARTS).max(1);
    while !fresh.is_empty() {
        let rest = fresh.split_off(part.min(fresh.len()));
        let mut suspects = still_wanted(std::mem::replace(&mut fresh, rest));
        for suspect in &mut suspects {
            suspect.retried = true;
        }
        if suspects.is_empty() {
            continue;
        }
        match execute(model, &suspects).await {
            Ok(outputs) => reply::distribute(suspects, outputs),
            Err(again) if again.code().is_model_fault() && suspects.len() > 1 => {
                Box::pin(isolate(model, suspects, again)).await;
            }
            // No worker is left to try: what happened first is the better answer.
            Err(again) if again.code() == Code::NotReady => reply::refuse(suspects, &error),
            Err(again) => refuse(model, suspects, again).await,
        }
    }
}

fn still_wanted(entries: Vec<Entry>) -> Vec<Entry> {
    let now = Instant::now();
    let (gone, wanted): (Vec<_>, Vec<_>) = entries.into_iter().partition(|e| e.is_abandoned(now));
    gone.into_iter().for_each(Entry::abandon);
    wanted
}

async fn execute(model: &Model, entries: &[Entry]) -> Result<Vec<Tensor>> {
    let batch = if let [entry] = entries {
        entry.batch.clone()
    } else {
        Batch::concat(&entries.iter().map(|entry| &entry.batch).collect::<Vec<_>>())?
    };
    let rows = batch.rows;
    let expected = Batch { inputs: Vec::new(), ..batch.clone() };
    let started = Instant::now();
    let outputs = model.executor.execute(batch).await;
    model.metrics.batch_rows.observe(rows as f64);
    model.metrics.executor_seconds.observe(started.elapsed().as_secs_f64());
    let outputs = outputs?;
    reply::check(&expected, &outputs)?;
    Ok(outputs)
}
