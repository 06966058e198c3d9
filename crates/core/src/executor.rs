//! What runs a batch. Must not know who asked, how the request arrived or how it was batched.

use std::future::Future;
use std::pin::Pin;

use crate::{Batch, Inputs, Result, Signature, Tensor};

/// The answer to a batch, when it comes: one tensor per output of [`Batch::outputs`], in that
/// order, each with as many rows as the batch.
pub type ExecuteFuture<'a> = Pin<Box<dyn Future<Output = Result<Vec<Tensor>>> + Send + 'a>>;

/// What a refused batch's refusal is about, once that has been looked for.
pub type LocateFuture<'a> = Pin<Box<dyn Future<Output = Option<Culprit>> + Send + 'a>>;

/// The row, and the column of it, that a refusal is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Culprit {
    /// The row of the batch, from 0.
    pub row: usize,
    /// The column by its place among the model's; `None` where no one column is to blame.
    pub column: Option<usize>,
    /// Why the row was refused, without the place.
    pub message: String,
}

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

    /// Looks for what [`Code::ModelRejected`](crate::Code::ModelRejected) is about in a batch that
    /// got it; `None` where that cannot be found out. May take as long as `execute`.
    fn locate(&self, batch: Batch) -> LocateFuture<'_> {
        drop(batch);
        Box::pin(std::future::ready(None))
    }
}

impl Culprit {
    /// The message with its place in the client's words: the row by its number from 1, where there
    /// are several, and the column by its name, or as a feature by its number from 0.
    pub fn told(&self, signature: &Signature, row: Option<usize>) -> String {
        let column = self.column.map(|column| match &signature.inputs {
            Inputs::Columns(specs) if column < specs.len() => {
                format!("column '{}'", specs[column].name.escape_debug())
            }
            _ => format!("feature {column} (from 0)"),
        });
        let row = row.map(|row| format!("row {row}"));
        let place: Vec<String> = row.into_iter().chain(column).collect();
        if place.is_empty() {
            return self.message.clone();
        }
        format!("{}: {}", place.join(", "), self.message)
    }
}
