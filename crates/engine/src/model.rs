//! One version of a model as the engine serves it: an executor, its limits, its queue, its meters.
//!
//! Must not decide anything about a request; the rooms do.

use std::sync::Arc;

use pelton_core::{Executor, State};

use crate::metrics::ModelMetrics;
use crate::queue::Queue;

/// The bounds of a model's rooms.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Most rows run at once; a larger request is cut, smaller ones are joined.
    pub max_batch_rows: usize,
    /// Most bytes run at once; a request that is larger by itself runs alone.
    pub max_batch_bytes: usize,
    /// Most rows waiting; beyond that requests are refused at once.
    pub max_queue_rows: usize,
    /// Most bytes waiting, so that few rows of great size fill no memory either.
    pub max_queue_bytes: usize,
    /// Whether rows of several requests may run together.
    pub batching: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_batch_rows: 1024,
            max_batch_bytes: 64 << 20,
            max_queue_rows: 65_536,
            max_queue_bytes: 1 << 30,
            batching: true,
        }
    }
}

/// A model version to serve.
pub struct Model {
    pub(crate) name: Arc<str>,
    pub(crate) version: Arc<str>,
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) limits: Limits,
    pub(crate) queue: Queue,
    pub(crate) metrics: ModelMetrics,
}

impl Model {
    /// A model version run by that executor.
    pub fn new(
        name: impl Into<Arc<str>>,
        version: impl Into<Arc<str>>,
        executor: Arc<dyn Executor>,
        limits: Limits,
    ) -> Self {
        let lanes = executor.parallelism().max(1);
        Self {
            name: name.into(),
            version: version.into(),
            executor,
            limits,
            queue: Queue::new(lanes),
            metrics: ModelMetrics::detached(),
        }
    }

    /// The name clients use.
    pub const fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The version; answers carry it.
    pub const fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// What runs it.
    pub fn executor(&self) -> &dyn Executor {
        &*self.executor
    }

    /// Whether a request sent now would be answered.
    pub fn state(&self) -> State {
        self.executor.state()
    }
}
