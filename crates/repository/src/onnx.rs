//! ONNX models: whether ONNX Runtime is there, and a model loaded into it, in this process or in one
//! of its own.
//!
//! Must not decide what runs a model: [`crate::choose`] does.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pelton_core::{Code, Error, Result};
use pelton_onnx::{Library, LibrarySearch, OnnxConfig, OnnxExecutor};
use pelton_workers::{Program, Server, WorkerArguments, WorkerConfig, WorkerStats};

use crate::executor::Description;
use crate::manifest::{Manifest, Problem};

/// How executors call ONNX models.
pub(crate) const KIND: &str = "onnx";

/// The first argument of the program that [`run_onnx_worker`] is called by.
pub const ONNX_WORKER: &str = "onnx-worker";

/// How ONNX models are to run.
#[derive(Clone, Debug)]
pub struct OnnxSettings {
    /// Where ONNX Runtime may be; a model's interpreter is looked at as well.
    pub search: LibrarySearch,
    /// Batches that are run at the same time; each has a copy of the model.
    pub sessions: usize,
    /// Threads that one run uses.
    pub threads: usize,
    /// How long a run may take before it is stopped.
    pub run_timeout: Duration,
    /// The program that runs each session of a model in a process of its own; it is to call
    /// [`run_onnx_worker`]. `None` runs them in this process.
    pub isolated_by: Option<PathBuf>,
}

/// ONNX Runtime, loaded, and how a model is to run in it.
#[derive(Clone, Debug)]
pub struct OnnxRunner {
    library: Library,
    settings: OnnxSettings,
}

impl OnnxRunner {
    /// Finds and loads ONNX Runtime for a model with this interpreter.
    ///
    /// # Errors
    /// Where it was looked for, and what to do.
    pub(crate) fn find(
        settings: &OnnxSettings,
        interpreter: Option<&Path>,
        suggestion: Option<&Path>,
    ) -> std::result::Result<Self, Problem> {
        let mut search = settings.search.clone();
        search.interpreters.extend(interpreter.map(Path::to_owned));
        let library = Library::load(&search).map_err(|why| {
            let suggested = suggestion.filter(|python| LibrarySearch::has_library(python));
            Problem::new(match suggested {
                Some(python) if search.named.is_none() => {
                    format!("{why}; the Python at {} has it", python.display())
                }
                _ => why,
            })
        })?;
        Ok(Self { library, settings: settings.clone() })
    }

    /// Loads the model.
    ///
    /// # Errors
    /// Why it cannot be served.
    pub(crate) async fn open(&self, manifest: &Manifest) -> Result<Arc<OnnxExecutor>> {
        let path = &manifest.pieces[0].path;
        let config = OnnxConfig {
            name: manifest.name.clone(),
            path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
            sessions: self.settings.sessions,
            threads: self.settings.threads,
            run_timeout: self.settings.run_timeout,
        };
        OnnxExecutor::start(config, self.library.clone())
            .await
            .map_err(|why| Error::new(Code::Unsupported, format!("it {why}")))
    }

    /// Whether its models run in processes of their own.
    pub(crate) const fn is_isolated(&self) -> bool {
        self.settings.isolated_by.is_some()
    }

    /// The workers that run the model, one for each session.
    pub(crate) fn worker_config(&self, config: WorkerConfig) -> WorkerConfig {
        let (library, threads) = (self.library.path(), self.settings.threads);
        let program = Program::Other {
            path: self.settings.isolated_by.clone().unwrap_or_default(),
            arguments: vec![ONNX_WORKER.into(), library.into(), threads.to_string().into()],
            kind: KIND,
        };
        WorkerConfig { program, workers: self.settings.sessions, threads, ..config }
    }

    pub(crate) fn version(&self) -> &str {
        self.library.version()
    }
}

/// Runs a model for the server that started this process, until it is gone; with the arguments behind
/// [`ONNX_WORKER`].
///
/// # Errors
/// What is wrong with the arguments, or with the connection.
pub fn run_onnx_worker(
    mut arguments: impl Iterator<Item = OsString>,
) -> std::result::Result<(), String> {
    let missing = || format!("{ONNX_WORKER} is started by pelton serve alone");
    let library = arguments.next().ok_or_else(missing)?;
    let threads = arguments.next().and_then(|text| text.to_str()?.parse().ok());
    let threads = threads.ok_or_else(missing)?;
    let arguments = WorkerArguments::parse(arguments)?;
    let failed = |error: std::io::Error| error.to_string();
    let server = Server::connect(&arguments).map_err(failed)?;
    let search = LibrarySearch { named: Some(library.into()), ..LibrarySearch::default() };
    let config = OnnxConfig {
        name: KIND.to_owned(),
        path: arguments.model,
        sessions: 1,
        threads,
        // The server ends a process that takes too long.
        run_timeout: Duration::MAX,
    };
    // The server has loaded it without the limit.
    let too_little = |why: String| match arguments.memory_limit_bytes {
        Some(limit) => {
            format!("{why}, or raise --memory-limit: {} MiB may be too little for it", limit >> 20)
        }
        None => why,
    };
    let library = Library::load(&search).map_err(too_little);
    match library.and_then(|library| {
        OnnxExecutor::open(&config, &library).map_err(|why| format!("it {why}"))
    }) {
        Ok(model) => {
            let classes = Some(model.classes()).filter(|classes| !classes.is_empty());
            server.serve(&model, classes)
        }
        Err(why) => server.refuse(&why),
    }
    .map_err(failed)
}

/// A model that runs in processes of its own.
pub(crate) fn describe_workers(stats: WorkerStats) -> Description {
    let of = |name: &str| stats.libraries.get(name).cloned().unwrap_or_default();
    let plural = if stats.configured == 1 { " of its own" } else { "es of their own" };
    let how = format!("onnxruntime {}, {} process{plural}", of("onnxruntime"), stats.configured);
    described(how, &of("producer"), stats.classes.unwrap_or_default())
}

/// A model that runs in this process.
pub(crate) fn describe(executor: &OnnxExecutor) -> Description {
    described(executor.how(), executor.producer(), executor.classes())
}

/// `producer` is what wrote the model's file, where that is known.
fn described(how: String, producer: &str, classes: Vec<String>) -> Description {
    let how = if producer.is_empty() { how } else { format!("{how}, made by {producer}") };
    let class = String::new();
    Description { how, not_native: None, promise: None, verified: None, class, classes }
}
