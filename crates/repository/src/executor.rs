//! From a checked manifest to a model that answers: starts what [`crate::choose`] chose.
//!
//! Must not decide what runs a model, and must not print or log: the caller does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pelton_core::{Code, Error, Executor, Result};
use pelton_native::{NativeExecutor, Promise};
use pelton_onnx::OnnxExecutor;
use pelton_workers::{
    ModelPiece, Program, WorkerConfig, WorkerExecutor, WorkerStats, check_interpreter,
};

use crate::contents::arrays_beside;
use crate::format::Format;
use crate::golden::{Closeness, Golden, Verified, verify};
use crate::manifest::{Manifest, Problem};
use crate::onnx;
use crate::open::{Plan, Runner};

/// Libraries that others bring along.
const USUAL_LIBRARIES: [&str; 4] = ["joblib", "numpy", "pandas", "scipy"];

/// What the workers of one model may use.
#[derive(Clone, Debug)]
pub struct WorkerSettings {
    /// Worker processes.
    pub workers: usize,
    /// Threads of BLAS and OpenMP in each.
    pub threads: usize,
    /// Memory of each, in bytes; `None` is no limit.
    pub memory_limit_bytes: Option<u64>,
    /// How long one may take to load the model.
    pub startup_timeout: Duration,
    /// How long a batch may run.
    pub run_timeout: Duration,
    /// How long one is idle before it is asked whether it is alive.
    pub heartbeat_interval: Duration,
    /// How long the answer to that may take.
    pub heartbeat_timeout: Duration,
}

/// A model version that is loaded and answers. Immutable: another version is another one of these.
#[derive(Clone)]
pub struct LoadedModel {
    /// What clients call it.
    pub name: String,
    /// Which version it is.
    pub version: String,
    /// What runs it.
    pub executor: Arc<dyn Executor>,
    handle: Handle,
    not_native: Option<String>,
    verified: Option<Verified>,
}

/// What a loaded model is and how it runs, for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// `python 3.11.7, 2 workers, scikit-learn 1.9.1`, or `native, 2 threads, ...`.
    pub how: String,
    /// Why it does not run natively, where that was tried.
    pub not_native: Option<String>,
    /// How near the answers are to Python's, where no Python runs and that is known.
    pub promise: Option<Promise>,
    /// Golden rows it was held to.
    pub verified: Option<Verified>,
    /// The model's class, with its module; empty if it has none.
    pub class: String,
    /// Class labels as text, for classifiers.
    pub classes: Vec<String>,
}

/// The executor by its own type, for what the trait does not know.
#[derive(Clone)]
enum Handle {
    Native(Arc<NativeExecutor>),
    Onnx(Arc<OnnxExecutor>),
    Workers(Arc<WorkerExecutor>),
}

impl LoadedModel {
    /// Loads the model and waits until it answers. Dropping the future stops what it started.
    ///
    /// # Errors
    /// When the model cannot be loaded: the message is fit for anyone, the detail for the log.
    pub async fn open(manifest: &Manifest, plan: &Plan, settings: &WorkerSettings) -> Result<Self> {
        let (executor, handle): (Arc<dyn Executor>, Handle) = match &plan.runner {
            Runner::Native(native) => (native.clone(), Handle::Native(native.clone())),
            Runner::Onnx(runner) if runner.is_isolated() => {
                let config = runner.worker_config(worker_config(manifest, settings));
                let workers = WorkerExecutor::start(config).await?;
                (workers.clone(), Handle::Workers(workers))
            }
            Runner::Onnx(runner) => {
                let onnx = runner.open(manifest).await?;
                (onnx.clone(), Handle::Onnx(onnx))
            }
            Runner::Python { interpreter } => {
                let program = Program::Python(interpreter.clone());
                let config = WorkerConfig { program, ..worker_config(manifest, settings) };
                let workers = WorkerExecutor::start(config).await?;
                (workers.clone(), Handle::Workers(workers))
            }
        };
        let mut model = Self {
            name: manifest.name.clone(),
            version: Manifest::VERSION.to_owned(),
            executor,
            handle,
            not_native: plan.not_native.clone(),
            verified: None,
        };
        if let Some(golden) = &plan.golden {
            match model.verify(golden).await {
                Ok(verified) => model.verified = Some(verified),
                Err(error) => {
                    model.stop(Duration::ZERO).await;
                    return Err(error);
                }
            }
        }
        Ok(model)
    }

    /// Holds the model to Python's answers.
    async fn verify(&self, golden: &Golden) -> Result<Verified> {
        let promised = match &self.handle {
            Handle::Native(executor) => match executor.model().promise() {
                Promise::Bits => Closeness::Bits,
                Promise::Close => Closeness::PYTHON,
            },
            Handle::Onnx(_) => Closeness::ONNX,
            Handle::Workers(_) if self.executor.kind() == onnx::KIND => Closeness::ONNX,
            Handle::Workers(_) => Closeness::PYTHON,
        };
        verify(&*self.executor, golden, promised).await.map_err(|why| {
            let name = golden.path.file_name().unwrap_or_default().display();
            Error::new(
                Code::NotReady,
                format!(
                    "its answers are not those that {name} has from {}: {why}; save it again where \
                     its answers are right, or serve it without looking by --no-verify",
                    golden.answered_by()
                ),
            )
        })
    }

    /// What it is and how it runs.
    pub fn description(&self) -> Description {
        let mut description = match &self.handle {
            Handle::Native(executor) => describe_native(executor),
            Handle::Onnx(executor) => onnx::describe(executor),
            Handle::Workers(executor) if executor.kind() == onnx::KIND => {
                onnx::describe_workers(executor.stats())
            }
            Handle::Workers(executor) => describe(executor.stats()),
        };
        description.not_native.clone_from(&self.not_native);
        description.verified.clone_from(&self.verified);
        description
    }

    /// Stops what runs it, within the limit; what is in flight is lost then.
    pub async fn stop(&self, limit: Duration) {
        match &self.handle {
            Handle::Native(_) => {} // nothing of it outlives the process
            Handle::Onnx(executor) => executor.stop(),
            Handle::Workers(executor) => executor.stop(limit).await,
        }
    }
}

/// Whether workers can be started with this interpreter; starts it to find out.
///
/// # Errors
/// Why not, in words that follow the setting's name.
pub fn check_python(interpreter: &Path) -> Result<(), Problem> {
    check_interpreter(interpreter).map(|_| ()).map_err(|error| Problem::new(error.to_string()))
}

/// The workers of a model, whatever program they are.
fn worker_config(manifest: &Manifest, settings: &WorkerSettings) -> WorkerConfig {
    let pieces = manifest.pieces.iter().map(|piece| ModelPiece {
        // Workers are restarted long after this; the path must mean the same then.
        path: std::path::absolute(&piece.path).unwrap_or_else(|_| piece.path.clone()),
        key: piece.key.clone(),
    });
    let beside = manifest.pieces.iter().flat_map(|piece| match piece.format {
        Format::Joblib { .. } => arrays_beside(&piece.path),
        Format::Onnx => OnnxExecutor::weight_files(&piece.path),
        _ => Vec::new(),
    });
    WorkerConfig {
        pieces: pieces.collect(),
        beside: beside.map(|path| std::path::absolute(&path).unwrap_or(path)).collect(),
        workers: settings.workers,
        threads: settings.threads,
        memory_limit_bytes: settings.memory_limit_bytes,
        startup_timeout: settings.startup_timeout,
        run_timeout: settings.run_timeout,
        heartbeat_interval: settings.heartbeat_interval,
        heartbeat_timeout: settings.heartbeat_timeout,
        ..WorkerConfig::new(&manifest.name, "", "")
    }
}

fn describe_native(executor: &NativeExecutor) -> Description {
    let (model, threads) = (executor.model(), executor.parallelism());
    let plural = if threads == 1 { "" } else { "s" };
    let promise = match model.promise() {
        Promise::Bits => "equal to Python in every bit",
        Promise::Close => "within 1e-12 of Python, labels equal",
    };
    let about = model.about();
    let mut how = format!("native, {threads} thread{plural}, {promise}");
    for (library, version) in &about.libraries {
        how = format!("{how}, trained with {library} {version}");
    }
    let (class, classes) = (about.class.clone(), about.classes.clone());
    Description {
        how,
        not_native: None,
        promise: Some(model.promise()),
        verified: None,
        class,
        classes,
    }
}

fn describe(stats: WorkerStats) -> Description {
    let plural = if stats.configured == 1 { "" } else { "s" };
    let mut how = format!("python {}, {} worker{plural}", stats.python, stats.configured);
    // Nearly every model has these; they are news only where there is nothing else.
    let is_usual = |library: &str| USUAL_LIBRARIES.contains(&library);
    let only_usual = stats.libraries.keys().all(|library| is_usual(library));
    for (library, version) in &stats.libraries {
        if only_usual || !is_usual(library) {
            how = format!("{how}, {library} {version}");
        }
    }
    Description {
        how,
        not_native: None,
        promise: None,
        verified: None,
        class: stats.class,
        classes: stats.classes.unwrap_or_default(),
    }
}
