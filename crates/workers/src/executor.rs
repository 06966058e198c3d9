//! [`WorkerExecutor`]: a batch in, an idle worker's answer out.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use pelton_core::{
    Batch, Code, Error, ExecuteFuture, Executor, Result, Signature, State, Tensor, system_words,
};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use crate::connection::{Broken, Connection, Exchange};
use crate::fingerprint::Fingerprint;
use crate::frames;
use crate::hello::Hello;
use crate::package::Package;
use crate::pool::Pool;
use crate::process::Spawner;
use crate::reply::conclude;
use crate::stats::{WorkerPhase, WorkerStats, WorkerStatus};
use crate::supervisor::{Loss, RESTARTING, supervise};
use crate::{Program, WorkerConfig};

/// Runs a model in processes of its own.
///
/// Dropping it kills the workers; [`WorkerExecutor::stop`] lets them finish first.
#[derive(Debug)]
pub struct WorkerExecutor {
    shared: Arc<Shared>,
    hello: Hello,
    runtime: Handle,
    stopping: watch::Sender<Option<Instant>>,
    supervisors: Mutex<Vec<JoinHandle<()>>>,
}

/// What the executor and the supervisors of its workers share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) config: WorkerConfig,
    /// Python's side, where it is Python.
    pub(crate) package: Option<Package>,
    files: Fingerprint,
    pub(crate) spawner: Spawner,
    pub(crate) pool: Pool,
    accepted: OnceLock<Hello>,
    restarts: AtomicU64,
    workers: Mutex<Vec<WorkerStatus>>,
}

impl Shared {
    /// Refuses to load anything but the files the model was first loaded from.
    pub(crate) fn check_files(&self) -> Result<(), Loss> {
        let Some(path) = self.files.changed() else {
            return Ok(());
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Err(Loss {
            told: format!("'{name}' was changed since the model was loaded: load the model anew"),
            detail: path.display().to_string(),
        })
    }

    /// Holds every worker to what the first one said: the model must not change under its version.
    pub(crate) fn accept(&self, hello: Hello) -> Result<Hello, Loss> {
        let accepted = self.accepted.get_or_init(|| hello.clone());
        if accepted.signature == hello.signature {
            return Ok(hello);
        }
        Err(Loss {
            told: "the model's inputs or outputs are not those it was first loaded with: its file \
                   was changed"
                .to_owned(),
            detail: format!("first {accepted:?}, now {hello:?}"),
        })
    }

    /// Has a worker killed and replaced.
    pub(crate) fn condemn(&self, connection: &Connection, broken: Broken) {
        self.pool.remove(connection.worker.pid, RESTARTING);
        connection.worker.condemn(broken);
    }

    pub(crate) fn set_phase(&self, slot: usize, pid: Option<u32>, phase: WorkerPhase) {
        let mut workers = self.workers.lock().unwrap_or_else(PoisonError::into_inner);
        workers[slot] = WorkerStatus { pid, phase };
    }

    pub(crate) fn count_restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
    }
}

impl WorkerExecutor {
    /// Starts the workers and returns once one of them has loaded the model; the others follow.
    ///
    /// # Errors
    /// [`Code::NotReady`] when none of them can load it: the message has the reason, with the Python
    /// exception's type and message; the detail has the traceback.
    pub async fn start(config: WorkerConfig) -> Result<Arc<Self>> {
        let runtime = Handle::current();
        let count = config.workers.max(1);
        let shared = Arc::new(Shared {
            package: match config.program {
                Program::Python(_) => Some(Package::write().map_err(|error| no_files(&error))?),
                Program::Other { .. } => None,
            },
            files: {
                let pieces = config.pieces.iter().map(|piece| &*piece.path);
                Fingerprint::take(pieces.chain(config.beside.iter().map(|path| &**path)))
            },
            spawner: Spawner::new(runtime.clone()).map_err(|error| {
                let why = system_words(&error);
                Error::new(Code::Internal, format!("no thread can be started: {why}"))
            })?,
            pool: Pool::new(),
            accepted: OnceLock::new(),
            restarts: AtomicU64::new(0),
            workers: Mutex::new(vec![
                WorkerStatus { pid: None, phase: WorkerPhase::Starting };
                count
            ]),
            config,
        });
        let (stopping, stop) = watch::channel(None);
        let (first, mut firsts) = mpsc::channel(count);
        let supervisors = (0..count)
            .map(|slot| tokio::spawn(supervise(shared.clone(), slot, first.clone(), stop.clone())))
            .collect();
        drop(first);
        let mut loss = None;
        while let Some(started) = firsts.recv().await {
            match started {
                Ok(hello) => {
                    return Ok(Arc::new(Self {
                        shared,
                        hello,
                        runtime,
                        stopping,
                        supervisors: Mutex::new(supervisors),
                    }));
                }
                Err(reason) => loss = loss.or(Some(reason)),
            }
        }
        // Nothing can be in flight, so nothing is worth waiting for.
        stopping.send_replace(Some(Instant::now()));
        for supervisor in supervisors {
            let _ = supervisor.await;
        }
        Err(start_error(loss))
    }

    /// Takes no batch any more, lets the workers finish what they have within the limit, and ends
    /// them. Returns when no process is left.
    pub async fn stop(&self, limit: Duration) {
        self.shared.pool.stop();
        self.stopping.send_replace(Some(Instant::now() + limit));
        let supervisors =
            std::mem::take(&mut *self.supervisors.lock().unwrap_or_else(PoisonError::into_inner));
        for supervisor in supervisors {
            let _ = supervisor.await; // it panicked or was cancelled: nothing is left to wait for
        }
    }

    /// What can be told about the workers now.
    pub fn stats(&self) -> WorkerStats {
        let workers = self.shared.workers.lock().unwrap_or_else(PoisonError::into_inner).clone();
        WorkerStats {
            restarts: self.shared.restarts.load(Ordering::Relaxed),
            live: self.shared.pool.live(),
            configured: workers.len(),
            workers,
            python: self.hello.python.clone(),
            class: self.hello.class.clone(),
            libraries: self.hello.libraries.clone(),
            classes: self.hello.classes.clone(),
        }
    }

    async fn run(&self, batch: Batch) -> Result<Vec<Tensor>> {
        let limit = self.shared.config.run_timeout;
        let mut connection = self.shared.pool.take(batch.deadline, limit).await?;
        let id = connection.next_id();
        let pieces = match frames::encode_execute(id, &batch) {
            Ok(pieces) => pieces,
            Err(error) => {
                self.shared.pool.put(connection);
                return Err(Error::invalid(error.0));
            }
        };
        let mut held = Held {
            exchange: Some((connection.begin(id, pieces), connection)),
            until: Instant::now() + limit,
            executor: self,
        };
        let (exchange, connection) = held.exchange.as_mut().expect("it was just put there");
        let driven = exchange.drive(&connection.worker.stream);
        let outcome = tokio::time::timeout_at(held.until.into(), driven).await;
        let (_, connection) = held.exchange.take().expect("only dropping takes it");
        conclude(&self.shared, connection, outcome, Some(&batch))
    }
}

/// An exchange under way. If the one who waits for it goes away, it is brought to its end without
/// them, so that the worker can be used again.
struct Held<'a> {
    exchange: Option<(Exchange, Connection)>,
    until: Instant,
    executor: &'a WorkerExecutor,
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let Some((mut exchange, connection)) = self.exchange.take() else {
            return;
        };
        let (shared, until) = (self.executor.shared.clone(), self.until);
        self.executor.runtime.spawn(async move {
            let driven = exchange.drive(&connection.worker.stream);
            let outcome = tokio::time::timeout_at(until.into(), driven).await;
            // The answer is nobody's; what it says about the worker is not.
            let _ = conclude(&shared, connection, outcome, None);
        });
    }
}

impl Executor for WorkerExecutor {
    fn signature(&self) -> &Signature {
        &self.hello.signature
    }

    fn kind(&self) -> &'static str {
        match self.shared.config.program {
            Program::Python(_) => "python",
            Program::Other { kind, .. } => kind,
        }
    }

    fn platform(&self) -> &str {
        &self.hello.platform
    }

    fn parallelism(&self) -> usize {
        self.shared.config.workers.max(1)
    }

    fn state(&self) -> State {
        self.shared.pool.not_ready().map_or(State::Ready, State::NotReady)
    }

    fn restarts(&self) -> u64 {
        self.shared.restarts.load(Ordering::Relaxed)
    }

    fn properties(&self) -> Vec<(String, String)> {
        let Hello { python, class, libraries, classes, .. } = &self.hello;
        let mut properties =
            vec![("python".to_owned(), python.clone()), ("class".to_owned(), class.clone())];
        properties.retain(|(_, value)| !value.is_empty());
        let versions = libraries.iter().map(|(name, version)| (name.clone(), version.clone()));
        properties.extend(versions);
        if let Some(classes) = classes
            && !libraries.contains_key("classes")
        {
            // As JSON: labels may hold any text.
            let labels = serde_json::Value::from(classes.clone());
            properties.push(("classes".to_owned(), labels.to_string()));
        }
        properties
    }

    fn execute(&self, batch: Batch) -> ExecuteFuture<'_> {
        Box::pin(self.run(batch))
    }
}

impl Drop for WorkerExecutor {
    fn drop(&mut self) {
        self.shared.pool.stop();
        // The supervisors kill the workers; if the runtime goes first, dropping them does.
        self.stopping.send_if_modified(|stop| {
            let running = stop.is_none();
            stop.get_or_insert_with(Instant::now);
            running
        });
    }
}

fn start_error(loss: Option<Loss>) -> Error {
    let loss = loss.unwrap_or_else(|| Loss {
        told: "no worker was started".to_owned(),
        detail: String::new(),
    });
    let error = Error::new(Code::NotReady, format!("the model could not be loaded: {}", loss.told));
    // A worker whose reason tells all there is sends no trace.
    if loss.detail.is_empty() { error } else { error.with_detail(loss.detail) }
}

fn no_files(error: &std::io::Error) -> Error {
    let (kept, why) = (std::env::temp_dir(), system_words(error));
    let message = format!(
        "the worker's files cannot be written below {}: {why}; set TMPDIR to a directory with room",
        kept.display()
    );
    Error::new(Code::Internal, message)
}
