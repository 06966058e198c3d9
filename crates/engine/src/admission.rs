//! The first room: is there such a model, can it answer now, does the request fit its signature and
//! limits, is there time left. What passes is cut into entries no larger than a batch.
//!
//! Must not queue or run anything.

use pelton_core::{Batch, Code, Error, Result, State, Tensor};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::hall::Request;
use crate::model::Model;
use crate::queue::Entry;

/// A receiver per entry, in row order.
pub(crate) type Replies = Vec<oneshot::Receiver<Result<Vec<Tensor>>>>;

/// A request that may be queued.
pub(crate) struct Admitted {
    pub(crate) entries: Vec<Entry>,
    pub(crate) replies: Replies,
    pub(crate) rows: usize,
}

/// Checks a request against the model.
///
/// # Errors
/// [`Code::InvalidInput`], [`Code::NotReady`], [`Code::DeadlineExceeded`].
pub(crate) fn admit(model: &Model, request: Request) -> Result<Admitted> {
    let now = Instant::now();
    if request.deadline.is_some_and(|deadline| deadline <= now.into_std()) {
        return Err(Error::new(
            Code::DeadlineExceeded,
            "the deadline had already passed when the request arrived",
        ));
    }
    let signature = model.executor.signature();
    let outputs = signature.select_outputs(&request.outputs)?;
    let bound = signature.bind(request.inputs)?;
    if bound.rows > model.limits.max_queue_rows {
        return Err(Error::invalid(format!(
            "the request has {} rows, send at most {} a request",
            bound.rows, model.limits.max_queue_rows
        )));
    }
    // After the checks of the request itself: a faulty request is told so whatever the state.
    if let State::NotReady(reason) = model.executor.state() {
        return Err(Error::new(
            Code::NotReady,
            format!("model '{}' is not ready: {reason}", model.name),
        ));
    }
    let batch = Batch {
        form: bound.form,
        inputs: bound.inputs,
        rows: bound.rows,
        outputs,
        deadline: request.deadline,
    };
    let rows = batch.rows;
    let (entries, replies) = cut(batch, model.limits.max_batch_rows, now);
    Ok(Admitted { entries, replies, rows })
}

fn cut(batch: Batch, max_rows: usize, now: Instant) -> (Vec<Entry>, Replies) {
    let several = batch.rows > 1;
    let entry = |batch: Batch, first_row: usize| {
        let (reply, receiver) = oneshot::channel();
        (Entry::new(batch, several.then_some(first_row), now, reply), receiver)
    };
    if batch.rows <= max_rows {
        let (entry, receiver) = entry(batch, 0);
        return (vec![entry], vec![receiver]);
    }
    (0..batch.rows)
        .step_by(max_rows)
        .map(|start| entry(batch.slice_rows(start, (start + max_rows).min(batch.rows)), start))
        .unzip()
}
