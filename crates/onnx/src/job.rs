//! A batch that waits for a thread.
//!
//! Must not know threads: whoever runs the job settles it, the first one to do so.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use pelton_core::{Batch, Result, Tensor};

use crate::oneshot::{Oneshot, Waiting};

/// A batch and what becomes of it.
#[derive(Debug)]
pub(crate) struct Job {
    /// When it was handed over.
    pub(crate) since: Instant,
    batch: Mutex<Option<Batch>>,
    answer: Arc<Oneshot<Result<Vec<Tensor>>>>,
}

impl Job {
    pub(crate) fn new(batch: Batch) -> Arc<Self> {
        Arc::new(Self {
            since: Instant::now(),
            batch: Mutex::new(Some(batch)),
            answer: Oneshot::new(),
        })
    }

    /// The answer, when it comes. Dropping it abandons the job: it is not started any more.
    pub(crate) fn wait(&self) -> Waiting<Result<Vec<Tensor>>> {
        self.answer.wait()
    }

    /// The batch, for the one who runs it; `None` if the answer is not awaited any more.
    pub(crate) fn take(&self) -> Option<Batch> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner).take();
        batch.filter(|_| self.answer.is_awaited())
    }

    /// Gives the answer, unless one was given before.
    pub(crate) fn settle(&self, result: Result<Vec<Tensor>>) {
        self.answer.give(result);
    }
}
