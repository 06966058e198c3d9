//! What can be told about a model's workers at a moment.

use std::collections::BTreeMap;

/// See [`crate::WorkerExecutor::stats`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerStats {
    /// Workers replaced since the start.
    pub restarts: u64,
    /// Workers with the model loaded.
    pub live: usize,
    /// Workers there should be.
    pub configured: usize,
    /// Each worker.
    pub workers: Vec<WorkerStatus>,
    /// The interpreter's version.
    pub python: String,
    /// The model's class, with its module.
    pub class: String,
    /// Versions of the libraries the model uses.
    pub libraries: BTreeMap<String, String>,
    /// Class labels as text, for classifiers.
    pub classes: Option<Vec<String>>,
}

/// One worker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerStatus {
    /// Its process, if there is one.
    pub pid: Option<u32>,
    /// What it is doing.
    pub phase: WorkerPhase,
}

/// What a worker is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WorkerPhase {
    /// Its process loads the model.
    Starting,
    /// It answers batches.
    Live,
    /// It was lost; a new process follows after a pause.
    BackingOff,
    /// It was lost so often that the pause is the longest.
    CrashLoop,
    /// The executor was stopped.
    Stopped,
}
