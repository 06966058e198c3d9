//! Where rows wait while every lane of a model is busy. Bounded in rows and in bytes.
//!
//! A *lane* is one batch in execution; a model has as many as its executor runs at a time. The
//! queue also keeps the count of free lanes, because taking a lane and finding the queue empty must
//! be one step: otherwise a row could be left waiting beside an idle executor. Must not look into
//! the rows.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};

use pelton_core::{Batch, Code, Error, Result, Tensor};
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::model::Limits;

/// Rows of one request, waiting.
pub(crate) struct Entry {
    pub(crate) batch: Batch,
    pub(crate) bytes: usize,
    /// Where its rows begin in their request, if that has several.
    pub(crate) first_row: Option<usize>,
    pub(crate) enqueued: Instant,
    /// Set once its batch was lost with a worker: it is run again only once.
    pub(crate) retried: bool,
    pub(crate) reply: Reply,
}

type Reply = oneshot::Sender<Result<Vec<Tensor>>>;

impl Entry {
    pub(crate) fn new(
        batch: Batch,
        first_row: Option<usize>,
        enqueued: Instant,
        reply: Reply,
    ) -> Self {
        Self { bytes: batch.bytes(), batch, first_row, enqueued, retried: false, reply }
    }

    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_abandoned(&self, now: Instant) -> bool {
        self.reply.is_closed() || self.batch.deadline.is_some_and(|d| d <= now.into_std())
    }

    /// Answers an entry whose time is up; does nothing useful for a departed client.
    pub(crate) fn abandon(self) {
        let _ = self.reply.send(Err(Error::new(
            Code::DeadlineExceeded,
            "the deadline passed while the request was waiting for the model",
        )));
    }
}

/// What waits for a model, and how many lanes are free.
pub(crate) struct Waiting {
    pub(crate) entries: VecDeque<Entry>,
    pub(crate) rows: usize,
    pub(crate) bytes: usize,
    pub(crate) free_lanes: usize,
}

/// See the module.
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
}

impl Queue {
    pub(crate) fn new(lanes: usize) -> Self {
        let waiting = Waiting { entries: VecDeque::new(), rows: 0, bytes: 0, free_lanes: lanes };
        Self { waiting: Mutex::new(waiting) }
    }

    /// The state, locked. Nothing may panic or wait under the lock; a poisoned lock is therefore
    /// as good as any.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Rows waiting now.
    pub(crate) fn rows(&self) -> usize {
        self.lock().rows
    }
}

impl Waiting {
    /// Adds all entries or none; says whether the caller has taken a free lane and must run it.
    ///
    /// # Errors
    /// [`Code::QueueFull`] when the rows or their bytes do not fit.
    pub(crate) fn push(&mut self, entries: Vec<Entry>, limits: &Limits) -> Result<bool> {
        let rows: usize = entries.iter().map(|entry| entry.batch.rows).sum();
        let bytes: usize = entries.iter().map(|entry| entry.bytes).sum();
        if self.excess(rows, bytes, limits).is_some() {
            self.drop_abandoned();
        }
        if let Some(message) = self.excess(rows, bytes, limits) {
            return Err(Error::new(Code::QueueFull, message));
        }
        self.rows += rows;
        self.bytes += bytes;
        self.entries.extend(entries);
        let takes_lane = self.free_lanes > 0;
        if takes_lane {
            self.free_lanes -= 1;
        }
        Ok(takes_lane)
    }

    /// Why so much more does not fit. One request of any size fits where nothing waits.
    fn excess(&self, rows: usize, bytes: usize, limits: &Limits) -> Option<String> {
        let (waiting, may, unit) = if self.rows + rows > limits.max_queue_rows {
            (self.rows, limits.max_queue_rows, "rows")
        } else if self.rows > 0 && self.bytes + bytes > limits.max_queue_bytes {
            (self.bytes, limits.max_queue_bytes, "bytes")
        } else {
            return None;
        };
        Some(format!("{waiting} {unit} are waiting for the model and {may} may, send again later"))
    }

    /// Removes entries nobody waits for, so that they do not keep others out.
    fn drop_abandoned(&mut self) {
        let now = Instant::now();
        for entry in std::mem::take(&mut self.entries) {
            if entry.is_abandoned(now) {
                self.rows -= entry.batch.rows;
                self.bytes -= entry.bytes;
                entry.abandon();
            } else {
                self.entries.push_back(entry);
            }
        }
    }
}
