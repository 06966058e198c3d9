//! The idle workers of a model, and who waits for one. Must not start or kill processes.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pelton_core::{Code, Error, Result};
use tokio::sync::Notify;

use crate::connection::Connection;

/// The idle workers.
#[derive(Debug)]
pub(crate) struct Pool {
    inner: Mutex<Inner>,
    changed: Notify,
}

#[derive(Debug)]
struct Inner {
    /// The one used last is used first: its caches are warm.
    idle: Vec<Connection>,
    /// Processes that have the model loaded, idle or busy.
    live: Vec<u32>,
    stopping: bool,
    /// Why there is no live worker; for clients.
    reason: String,
}

impl Pool {
    pub(crate) fn new() -> Self {
        Self {
            inner: Mutex::new(Inner {
                idle: Vec::new(),
                live: Vec::new(),
                stopping: false,
                reason: "the model is being loaded".to_owned(),
            }),
            changed: Notify::new(),
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a worker that has just loaded the model.
    pub(crate) fn add(&self, connection: Connection) {
        self.inner().live.push(connection.worker.pid);
        self.put(connection);
    }

    /// Takes a worker that is lost out of the count, and out of the idle ones if it is there. Whoever
    /// learns of the loss first says so, that no batch and no readiness check is misled meanwhile.
    pub(crate) fn remove(&self, pid: u32, reason: impl Into<String>) {
        let mut inner = self.inner();
        let before = inner.live.len();
        inner.live.retain(|&live| live != pid);
        if inner.live.len() < before {
            inner.reason = reason.into();
            inner.idle.retain(|connection| connection.worker.pid != pid);
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    /// Notes why there is no worker.
    pub(crate) fn explain(&self, reason: String) {
        self.inner().reason = reason;
    }

    /// An idle worker. Waits for one only while one is live, and not beyond the limits.
    pub(crate) async fn take(
        &self,
        deadline: Option<Instant>,
        patience: Duration,
    ) -> Result<Connection> {
        if let Some(connection) = self.try_take()? {
            return Ok(connection);
        }
        let give_up = Instant::now() + patience;
        let until = deadline.map_or(give_up, |deadline| deadline.min(give_up));
        let waiting = async {
            loop {
                // Registered before looking, so that no change is missed between the two.
                let mut changed = std::pin::pin!(self.changed.notified());
                changed.as_mut().enable();
                if let Some(connection) = self.try_take()? {
                    return Ok(connection);
                }
                changed.await;
            }
        };
        match tokio::time::timeout_at(until.into(), waiting).await {
            Ok(taken) => taken,
            Err(_) if deadline.is_some_and(|deadline| deadline <= give_up) => Err(Error::new(
                Code::DeadlineExceeded,
                "the deadline passed before a worker was free",
            )),
            Err(_) => {
                Err(Error::new(Code::NotReady, "no worker became free within the run-time limit"))
            }
        }
    }

    fn try_take(&self) -> Result<Option<Connection>> {
        let mut inner = self.inner();
        if inner.stopping {
            return Err(Error::new(Code::ShuttingDown, "the model is being stopped"));
        }
        if inner.live.is_empty() {
            return Err(Error::new(Code::NotReady, inner.reason.clone()));
        }
        while let Some(connection) = inner.idle.pop() {
            if connection.worker.condemned().is_none() {
                return Ok(Some(connection));
            }
        }
        Ok(None)
    }

    /// The worker of that slot, if it has been idle for so long.
    pub(crate) fn take_idle(&self, slot: usize, idle_for: Duration) -> Option<Connection> {
        let mut inner = self.inner();
        let place = inner.idle.iter().position(|connection| {
            connection.worker.slot == slot && connection.idle_since.elapsed() >= idle_for
        })?;
        Some(inner.idle.remove(place))
    }

    /// Gives a worker back. One that is condemned, or not needed any more, is let go.
    pub(crate) fn put(&self, mut connection: Connection) {
        if connection.worker.condemned().is_some() {
            return;
        }
        connection.idle_since = Instant::now();
        let mut inner = self.inner();
        if inner.stopping {
            connection.worker.close();
            return;
        }
        inner.idle.push(connection);
        drop(inner);
        self.changed.notify_one();
    }

    /// Takes nothing on any more; idle workers are let go, busy ones when they come back.
    pub(crate) fn stop(&self) {
        let mut inner = self.inner();
        inner.stopping = true;
        for connection in inner.idle.drain(..) {
            connection.worker.close();
        }
        drop(inner);
        self.changed.notify_waiters();
    }

    pub(crate) fn live(&self) -> usize {
        self.inner().live.len()
    }

    /// Why a batch would not be answered now, if it would not.
    pub(crate) fn not_ready(&self) -> Option<String> {
        let inner = self.inner();
        if inner.stopping {
            Some("the model is being stopped".to_owned())
        } else if inner.live.is_empty() {
            Some(inner.reason.clone())
        } else {
            None
        }
    }
}
