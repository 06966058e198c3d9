//! A batch that waits for a thread, and the future that waits for its answer.
//!
//! Must not know threads: whoever runs the job settles it, the first one to do so.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use pelton_core::{Batch, Result, Tensor};

/// A batch and what becomes of it.
#[derive(Debug)]
pub(crate) struct Job {
    /// When it was handed over.
    pub(crate) since: Instant,
    cell: Mutex<Cell>,
}

#[derive(Debug)]
struct Cell {
    batch: Option<Batch>,
    answer: Answer,
}

#[derive(Debug)]
enum Answer {
    Awaited(Option<Waker>),
    There(Result<Vec<Tensor>>),
    /// It was fetched, or nobody wants it any more.
    Gone,
}

/// The answer of a job. Dropping it abandons the job: it is not started any more.
#[derive(Debug)]
pub(crate) struct Waiting(Arc<Job>);

impl Job {
    pub(crate) fn new(batch: Batch) -> Arc<Self> {
        let cell = Cell { batch: Some(batch), answer: Answer::Awaited(None) };
        Arc::new(Self { since: Instant::now(), cell: Mutex::new(cell) })
    }

    pub(crate) fn wait(self: &Arc<Self>) -> Waiting {
        Waiting(self.clone())
    }

    /// The batch, for the one who runs it; `None` if the answer is not awaited any more.
    pub(crate) fn take(&self) -> Option<Batch> {
        let mut cell = self.lock();
        if matches!(cell.answer, Answer::Awaited(_)) { cell.batch.take() } else { None }
    }

    /// Gives the answer, unless one was given before.
    pub(crate) fn settle(&self, result: Result<Vec<Tensor>>) {
        let mut cell = self.lock();
        if let Answer::Awaited(waker) = &mut cell.answer {
            let waker = waker.take();
            cell.answer = Answer::There(result);
            cell.batch = None;
            drop(cell);
            if let Some(waker) = waker {
                waker.wake();
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Cell> {
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Future for Waiting {
    type Output = Result<Vec<Tensor>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut cell = self.0.lock();
        match &mut cell.answer {
            Answer::Awaited(waker) => {
                match waker {
                    Some(waker) => waker.clone_from(context.waker()),
                    None => *waker = Some(context.waker().clone()),
                }
                Poll::Pending
            }
            answer => match std::mem::replace(answer, Answer::Gone) {
                Answer::There(result) => Poll::Ready(result),
                // A future is not polled after its end.
                Answer::Awaited(_) | Answer::Gone => Poll::Pending,
            },
        }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut cell = self.0.lock();
        cell.batch = None;
        cell.answer = Answer::Gone;
    }
}
