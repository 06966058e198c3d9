//! What runs a batch. Must not know who asked, how the request arrived or how it was batched.

use std::future::Future;
use std::pin::Pin;

use crate::{Batch, Result, Signature, Tensor};

/// The answer to a batch, when it comes: one tensor per output of [`Batch::outputs`], in that
/// order, each with as many rows as the batch.
pub type ExecuteFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<Tensor>>> + Send + 'a>>;

/// Whether an executor would answer a batch given to it now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It would.
    Ready,
    /// It would not, for this reason (no path in it: clients may see it).
    NotReady(String),
}

/// Runs batches of one model.
///
/// `execute` may be called by up to [`Executor::parallelism`] callers at a time; the engine keeps
/// to that. It must answer exactly once, in bounded time, and must not panic on any input that
/// [`Signature::bind`] let through. Dropping the future abandons the batch.
pub trait Executor: Send + Sync + 'static {
    /// What the model takes and answers. Fixed for the executor's life.
    fn signature(&self) -> &Signature;

    /// How the model runs, in a word: `python`, `native`, `onnx`.
    fn kind(&self) -> &'static str;

    /// What the model is, for people and for the protocol's `platform` field: `sklearn`, ...
    fn platform(&self) -> &str;

    /// Batches it can run at the same time; at least 1.
    fn parallelism(&self) -> usize;

    /// Whether a batch given to it now would be answered.
    fn state(&self) -> State;

    /// Times something it depends on was started again after it was lost.
    fn restarts(&self) -> u64 {
        0
    }

    /// What people like to know of the model, as the protocol's metadata properties: class,
    /// library versions, class labels.
    fn properties(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Runs one batch.
    fn execute(&self, batch: Batch) -> ExecuteFuture<'_>;
}
