//! An ONNX model as an [`Executor`].

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use pelton_core::{Batch, ExecuteFuture, Executor, Signature, State};

use crate::external;
use crate::library::Library;
use crate::model_file::{self, ModelFile};
use crate::oneshot::Oneshot;
use crate::pool::{Pool, STACK_BYTES};
use crate::rewrite;
use crate::session::{self, SessionLane, Source};
use crate::signature::{self, Plan};

/// Bytes that a model's file may have: Protocol Buffers' own limit. Larger models keep their
/// weights in files of their own.
const FILE_BYTES_MAX: u64 = 1 << 31;

/// An ONNX model and how it is to run.
#[derive(Clone, Debug)]
pub struct OnnxConfig {
    /// What it is called, for the names of threads.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Batches that are run at the same time; each has a copy of the model.
    pub sessions: usize,
    /// Threads that one run uses.
    pub threads: usize,
    /// How long a run may take before it is stopped.
    pub run_timeout: Duration,
}

/// Runs an ONNX model in this process.
///
/// A run is stopped between two operators once it exceeds its limit; if it cannot be, its session
/// is lost until it ends by itself, and the model is not ready when all are.
pub struct OnnxExecutor {
    plan: Arc<Plan>,
    pool: Pool<SessionLane>,
    producer: String,
    library: Library,
    sessions: usize,
    threads: usize,
}

impl OnnxExecutor {
    /// Loads the model; blocks while that takes.
    ///
    /// # Errors
    /// Why it cannot be served, in words that follow "the model". What ONNX Runtime says may carry
    /// names of the file and of its parts: it is for the operator.
    pub fn open(config: &OnnxConfig, library: &Library) -> Result<Self, String> {
        let bytes = read(&config.path)?;
        let file = model_file::read(&bytes).map_err(|why| format!("cannot be read: it {why}"))?;
        check_external(&config.path, &file)?;
        let mut rewritten = rewrite::plain_outputs(&bytes, &file)?;
        if let Some(changed) = rewritten.as_mut().filter(|_| !file.external.is_empty()) {
            *changed = with_weights(changed, &config.path)?;
        }
        let source = match &rewritten {
            Some(rewritten) => Source::Bytes(rewritten),
            None if file.external.is_empty() => Source::Bytes(&bytes),
            None => Source::File(&config.path),
        };
        let refused = |why| format!("is refused by ONNX Runtime: {why}");
        let load = || session::load(library, &source, config.threads).map_err(refused);
        let first = load()?;
        let (inputs, outputs) = session::declared(&first);
        let plan = Arc::new(signature::plan(&file, &inputs, &outputs)?);
        if !plan.left_out.is_empty() {
            tracing::warn!(
                model = config.name,
                outputs = plan.left_out.join(", "),
                "outputs without a row for each row of input are left out"
            );
        }
        let mut lanes = vec![SessionLane::new(first, plan.clone()).map_err(refused)?];
        for _ in 1..config.sessions {
            lanes.push(SessionLane::new(load()?, plan.clone()).map_err(refused)?);
        }
        let pool = Pool::start(&config.name, lanes, config.run_timeout)
            .map_err(|error| format!("cannot be run: no thread can be started: {error}"))?;
        Ok(Self {
            plan,
            pool,
            producer: file.producer,
            library: library.clone(),
            sessions: config.sessions.max(1),
            threads: config.threads,
        })
    }

    /// The files that the model keeps weights in, beside its own; none where it cannot be read or names
    /// others, which [`OnnxExecutor::open`] tells.
    pub fn weight_files(model: &Path) -> Vec<PathBuf> {
        let file = read(model).and_then(|bytes| model_file::read(&bytes));
        let file = file.and_then(|file| check_external(model, &file).map(|()| file));
        let external = file.map(|file| file.external).unwrap_or_default();
        external.iter().map(|location| directory_of(model).join(location)).collect()
    }

    /// Loads the model on a thread of its own; dropping the future gives up waiting for it.
    ///
    /// # Errors
    /// As of [`OnnxExecutor::open`].
    pub async fn start(config: OnnxConfig, library: Library) -> Result<Arc<Self>, String> {
        let opened = Oneshot::new();
        let waiting = opened.wait();
        let load = move || {
            let result = catch_unwind(AssertUnwindSafe(|| Self::open(&config, &library)));
            let result =
                result.unwrap_or_else(|_| Err("cannot be read by ONNX Runtime".to_owned()));
            opened.give(result.map(Arc::new));
        };
        let builder = thread::Builder::new().name("onnx load".to_owned()).stack_size(STACK_BYTES);
        builder.spawn(load).map_err(|error| format!("cannot be loaded: no thread: {error}"))?;
        waiting.await
    }

    /// How it runs, for people: `onnxruntime 1.32.0, 1 session, 1 thread`.
    pub fn how(&self) -> String {
        let count = |count: usize, what: &str| {
            format!("{count} {what}{}", if count == 1 { "" } else { "s" })
        };
        format!(
            "onnxruntime {}, {}, {}",
            self.library.version(),
            count(self.sessions, "session"),
            count(self.threads, "thread")
        )
    }

    /// What wrote the model's file: `skl2onnx 1.20.0`; empty if it does not tell.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// Class labels as text, if they are known.
    pub fn classes(&self) -> Vec<String> {
        self.plan.labels.as_ref().map(model_file::Labels::shown).unwrap_or_default()
    }

    /// Refuses what comes, and stops what runs where it can be stopped.
    pub fn stop(&self) {
        self.pool.stop();
    }
}

impl Executor for OnnxExecutor {
    fn signature(&self) -> &Signature {
        &self.plan.signature
    }

    fn kind(&self) -> &'static str {
        "onnx"
    }

    fn platform(&self) -> &'static str {
        "onnxruntime_onnx"
    }

    fn parallelism(&self) -> usize {
        self.sessions
    }

    fn state(&self) -> State {
        self.pool.state()
    }

    fn properties(&self) -> Vec<(String, String)> {
        let mut properties = vec![("onnxruntime".to_owned(), self.library.version().to_owned())];
        if !self.producer.is_empty() {
            properties.push(("producer".to_owned(), self.producer.clone()));
        }
        if let Some(labels) = &self.plan.labels {
            properties.push(("classes".to_owned(), labels.json()));
        }
        if !self.plan.left_out.is_empty() {
            properties.push(("left_out".to_owned(), self.plan.left_out.join(", ")));
        }
        properties
    }

    fn execute(&self, batch: Batch) -> ExecuteFuture<'_> {
        Box::pin(self.pool.run(batch))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let failed = |error: std::io::Error| format!("cannot be read: {error}");
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > FILE_BYTES_MAX {
        return Err(format!(
            "has {length} bytes, an ONNX file has {FILE_BYTES_MAX} at most; export it with its \
             weights in a file of their own"
        ));
    }
    fs::read(path).map_err(failed)
}

/// Weights in other files are read by ONNX Runtime, which must not be led out of the directory.
fn check_external(path: &Path, file: &ModelFile) -> Result<(), String> {
    let directory = directory_of(path);
    for location in &file.external {
        let inside = || {
            let home = directory.canonicalize().ok()?;
            let target = directory.join(location).canonicalize().ok()?;
            Some(target.starts_with(&home) && target.is_file())
        };
        match inside() {
            Some(true) if Path::new(location).is_relative() => {}
            None => {
                return Err(format!("keeps weights in '{location}', which is not beside it"));
            }
            Some(_) => {
                return Err(format!(
                    "keeps weights in '{location}', which is no file in its own directory"
                ));
            }
        }
    }
    Ok(())
}

fn directory_of(path: &Path) -> &Path {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    directory.unwrap_or(Path::new("."))
}

/// A changed model with its weights inside: their files are found by the path of an unchanged one.
fn with_weights(bytes: &[u8], path: &Path) -> Result<Vec<u8>, String> {
    let inlined = external::weights_inside(bytes, directory_of(path), FILE_BYTES_MAX)?;
    let left = model_file::read(&inlined).map_err(|why| format!("cannot be read: it {why}"))?;
    match left.external.first() {
        None => Ok(inlined),
        Some(location) => Err(format!(
            "keeps weights of a loop or a branch in another file ('{location}') and answers maps or \
             optional values, which together is not served; export it with its weights inside, or \
             without the map (zipmap=False)"
        )),
    }
}
