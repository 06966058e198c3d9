//! What a model's workers are started with. Must not read files or the environment.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How the workers of one model are run.
#[derive(Clone, Debug)]
pub struct WorkerConfig {
    /// The model's name, for logs and messages.
    pub model: String,
    /// The files or directories the model is made of, in the order they are applied; at least one.
    pub pieces: Vec<ModelPiece>,
    /// Files that belong to the pieces and that nobody named: like them, they must not change.
    pub beside: Vec<PathBuf>,
    /// What a worker is.
    pub program: Program,
    /// Processes, and so batches that run at the same time; at least 1.
    pub workers: usize,
    /// How long a worker may take from its start until the model is loaded.
    pub startup_timeout: Duration,
    /// How long one batch may run; then its worker is killed.
    pub run_timeout: Duration,
    /// How long a worker is idle before it is asked whether it is alive.
    pub heartbeat_interval: Duration,
    /// How long the answer to that may take.
    pub heartbeat_timeout: Duration,
    /// Address space a worker may use (`RLIMIT_AS`); `None` is no limit.
    pub memory_limit_bytes: Option<u64>,
    /// Threads of BLAS and OpenMP in each worker, and what `n_jobs=-1` means there.
    pub threads: usize,
    /// Further environment variables; they win over all others.
    pub env: Vec<(String, String)>,
    /// When a lost worker is replaced.
    pub restart: RestartPolicy,
}

/// The program that a worker is.
#[derive(Clone, Debug)]
pub enum Program {
    /// The Python worker that this crate carries, run by this interpreter: a path, or a name looked
    /// up in `PATH`.
    Python(PathBuf),
    /// Any other that speaks the worker protocol ([`crate::Server`] does).
    Other {
        /// Where it is.
        path: PathBuf,
        /// What it is told before what every worker is told.
        arguments: Vec<OsString>,
        /// How its models run, in a word: [`pelton_core::Executor::kind`].
        kind: &'static str,
    },
}

/// A file or directory of a model, and what of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelPiece {
    /// The file or directory.
    pub path: PathBuf,
    /// The key of what is meant, where the file holds several things.
    pub key: Option<String>,
}

/// When a lost worker is replaced.
///
/// Only workers that are lost before they have answered a batch add to the pause and to the crash
/// loop: one that works and is killed by a batch costs that batch, and is replaced soon.
#[derive(Clone, Debug)]
pub struct RestartPolicy {
    /// The pause before the first restart; it doubles with each further one, with jitter.
    pub initial_backoff: Duration,
    /// The longest pause.
    pub max_backoff: Duration,
    /// So many losses of one worker within the window are a crash loop: the pause is the longest from
    /// then on.
    pub crash_threshold: usize,
    /// The window.
    pub crash_window: Duration,
    /// A worker that lived this long is no part of a crash loop: the pause starts anew.
    pub stable_after: Duration,
}

impl Default for RestartPolicy {
    fn default() -> Self {
        Self {
            initial_backoff: Duration::from_millis(50),
            max_backoff: Duration::from_secs(10),
            crash_threshold: 5,
            crash_window: Duration::from_mins(1),
            stable_after: Duration::from_secs(30),
        }
    }
}

impl Program {
    /// What is started.
    pub fn path(&self) -> &Path {
        match self {
            Self::Python(path) | Self::Other { path, .. } => path,
        }
    }
}

impl WorkerConfig {
    /// A model of one file or directory: one worker, one thread, and limits that suit most models.
    pub fn new(
        model: impl Into<String>,
        path: impl Into<PathBuf>,
        python: impl Into<PathBuf>,
    ) -> Self {
        Self {
            model: model.into(),
            pieces: vec![ModelPiece { path: path.into(), key: None }],
            beside: Vec::new(),
            program: Program::Python(python.into()),
            workers: 1,
            startup_timeout: Duration::from_mins(2),
            run_timeout: Duration::from_mins(1),
            heartbeat_interval: Duration::from_secs(5),
            heartbeat_timeout: Duration::from_secs(5),
            memory_limit_bytes: None,
            threads: 1,
            env: Vec::new(),
            restart: RestartPolicy::default(),
        }
    }
}
