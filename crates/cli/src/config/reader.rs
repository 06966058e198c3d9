//! Settings read from the layers, each with its parser: those of the server, or of one model.
//!
//! Must not know which models there are.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pelton_repository::{Choice, LibrarySearch, Threads};

use crate::layers::{FileModel, Layers, Raw};
use crate::problems::Problems;
use crate::settings::{self, Setting};
use crate::{parse, python};

/// The settings that each model may have for itself.
#[derive(Clone, Debug)]
pub(crate) struct ModelSettings {
    pub(crate) workers: usize,
    pub(crate) threads_per_worker: usize,
    pub(crate) memory_limit_bytes: Option<u64>,
    pub(crate) startup_timeout: Duration,
    pub(crate) run_timeout: Duration,
    pub(crate) heartbeat_interval: Duration,
    pub(crate) heartbeat_timeout: Duration,
    pub(crate) onnx_sessions: usize,
    pub(crate) onnx_threads: usize,
    pub(crate) onnx_isolated: bool,
    pub(crate) batching: bool,
    pub(crate) max_batch_rows: usize,
    pub(crate) max_batch_bytes: usize,
    pub(crate) max_queue_rows: usize,
    pub(crate) max_queue_bytes: usize,
}

/// Finds out whether an interpreter works; says why not in words that follow the setting's name.
pub(crate) type CheckPython<'a> = &'a mut dyn FnMut(&Path) -> Result<(), String>;

/// Reads settings for the server or for one model.
pub(crate) struct Reader<'a, 'b> {
    pub(crate) layers: &'a Layers,
    /// The model whose settings are read; `None` reads the server's.
    pub(super) model: Option<&'a FileModel>,
    check_python: CheckPython<'b>,
    /// Those of native models, once the first of them was asked for.
    threads: Option<Threads>,
    pub(crate) problems: &'a mut Problems,
}

impl<'a, 'b> Reader<'a, 'b> {
    pub(super) fn new(
        layers: &'a Layers,
        check_python: CheckPython<'b>,
        problems: &'a mut Problems,
    ) -> Self {
        Self { layers, model: None, check_python, threads: None, problems }
    }

    /// A setting; `None` when it is absent without a default, or wrong, which is noted then.
    pub(crate) fn value<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl Fn(&OsStr) -> Result<T, String>,
    ) -> Option<T> {
        self.parsed(setting, |raw| parse(&raw.value))
    }

    /// The same, for what has to know where it was written.
    pub(crate) fn parsed<T>(
        &mut self,
        setting: &'static Setting,
        parse: impl FnOnce(&Raw) -> Result<T, String>,
    ) -> Option<T> {
        let raw = self.layers.find(setting, self.model)?;
        let result = parse(&raw).map_err(|why| format!("{}: {why}", raw.origin));
        self.problems.take(result)
    }

    /// The settings of the model whose table is `self.model`.
    pub(super) fn model_settings(&mut self) -> Option<ModelSettings> {
        let workers = self.value(&settings::WORKERS, parse::processes);
        let threads_per_worker = self.value(&settings::THREADS_PER_WORKER, parse::processes);
        let memory_limit_bytes = self.value(&settings::MEMORY_LIMIT, parse::memory);
        let startup_timeout = self.value(&settings::STARTUP_TIMEOUT, parse::duration);
        let run_timeout = self.value(&settings::RUN_TIMEOUT, parse::duration);
        let heartbeat_interval = self.value(&settings::HEARTBEAT_INTERVAL, parse::duration);
        let heartbeat_timeout = self.value(&settings::HEARTBEAT_TIMEOUT, parse::duration);
        let onnx_sessions = self.value(&settings::ONNX_SESSIONS, parse::processes);
        let onnx_threads = self.value(&settings::ONNX_THREADS, parse::processes);
        let onnx_isolated = self.value(&settings::ONNX_ISOLATED, parse::switch);
        let batching = self.value(&settings::BATCHING, parse::switch);
        let max_batch_rows = self.value(&settings::MAX_BATCH_ROWS, parse::count);
        let max_batch_bytes = self.value(&settings::MAX_BATCH_BYTES, parse::bytes);
        let max_queue_rows = self.value(&settings::MAX_QUEUE_ROWS, parse::count);
        let max_queue_bytes = self.value(&settings::MAX_QUEUE_BYTES, parse::bytes);
        Some(ModelSettings {
            workers: workers?,
            threads_per_worker: threads_per_worker?,
            memory_limit_bytes,
            startup_timeout: startup_timeout?,
            run_timeout: run_timeout?,
            heartbeat_interval: heartbeat_interval?,
            heartbeat_timeout: heartbeat_timeout?,
            onnx_sessions: onnx_sessions?,
            onnx_threads: onnx_threads?,
            onnx_isolated: onnx_isolated?,
            batching: batching?,
            max_batch_rows: max_batch_rows?,
            max_batch_bytes: max_batch_bytes?,
            max_queue_rows: max_queue_rows?,
            max_queue_bytes: max_queue_bytes?,
        })
    }

    /// What is to run the model.
    pub(super) fn executor(&mut self) -> Option<Choice> {
        self.value(&settings::EXECUTOR, |value| parse::word(value, &Choice::WORDS))
    }

    /// The threads of native models; made once.
    pub(super) fn threads(&mut self) -> Option<Threads> {
        if self.threads.is_none() {
            let cores = std::thread::available_parallelism().map_or(1, usize::from);
            let count = match self.layers.find(&settings::NATIVE_THREADS, None) {
                Some(_) => self.value(&settings::NATIVE_THREADS, parse::processes)?,
                None => cores,
            };
            let threads = Threads::new(count).map_err(|why| format!("cannot start threads: {why}"));
            self.threads = self.problems.take(threads);
        }
        self.threads.clone()
    }

    /// Where ONNX Runtime may be.
    pub(super) fn onnx_library(&mut self) -> Option<LibrarySearch> {
        let named = match self.layers.find(&settings::ONNX_LIBRARY, None) {
            Some(_) => Some(self.parsed(&settings::ONNX_LIBRARY, existing)?),
            None => None,
        };
        let program = std::env::current_exe().ok();
        let beside = program.and_then(|program| program.parent().map(Path::to_owned));
        Some(LibrarySearch { named, beside, interpreters: Vec::new() })
    }

    /// The interpreter, found and tried.
    pub(super) fn python(&mut self) -> Option<PathBuf> {
        let raw = self.layers.find(&settings::PYTHON, self.model)?;
        let result = python::resolve(&raw, &self.layers.environment.path)
            .and_then(|program| (self.check_python)(&program).map(|()| program))
            .map_err(|why| format!("{}: {why}", raw.origin));
        self.problems.take(result)
    }
}

/// A file or directory that is there; a relative path is relative to the file that names it.
pub(crate) fn existing(raw: &Raw) -> Result<PathBuf, String> {
    let path = raw.base().unwrap_or(Path::new("")).join(&raw.value);
    if raw.value.is_empty() || !path.exists() {
        return Err(format!("'{}' does not exist", raw.value.display()));
    }
    std::path::absolute(&path).map_err(|error| format!("cannot be found: {error}"))
}
