//! Keeps one worker alive: starts it, watches it, ends it, and starts the next one after a pause.
//!
//! One task per worker. Must not touch batches: whoever holds a worker's connection condemns it when
//! it fails, and the rest is done here.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::{mpsc, watch};

use crate::connection::{Broken, Connection, Exchange, Worker, violation};
use crate::errors;
use crate::executor::Shared;
use crate::frames::{self, Kind};
use crate::hello::{self, Hello};
use crate::package::Package;
use crate::process::Process;
use crate::restart::{History, Pause};
use crate::stats::WorkerPhase;

/// What clients are told until more is known.
pub(crate) const RESTARTING: &str = "the model's worker is being restarted";

/// Why a worker was lost: what clients may know, and what only the log may.
#[derive(Clone, Debug)]
pub(crate) struct Loss {
    pub(crate) told: String,
    pub(crate) detail: String,
}

/// How the first start of a worker went.
pub(crate) type FirstStart = Result<Hello, Loss>;

/// When the executor is to stop, and until when workers may finish.
pub(crate) type Stop = watch::Receiver<Option<Instant>>;

/// Runs until the executor stops.
pub(crate) async fn supervise(
    shared: Arc<Shared>,
    slot: usize,
    first: mpsc::Sender<FirstStart>,
    mut stop: Stop,
) {
    let mut first = Some(first);
    let mut history = History::new(shared.config.restart.clone());
    while stop.borrow().is_none() {
        let started = Instant::now();
        shared.set_phase(slot, None, WorkerPhase::Starting);
        let loss = match Running::start(&shared, slot, &mut stop).await {
            Ok(Some(running)) => {
                if let Some(first) = first.take() {
                    // Nobody listens once another worker was first.
                    let _ = first.send(Ok(running.hello.clone())).await;
                }
                let worker = running.worker.clone();
                let loss = running.watch(&shared, &mut stop).await;
                if worker.answered() {
                    history.worked();
                }
                loss
            }
            Ok(None) => break, // stopped meanwhile
            Err(loss) => {
                if let Some(first) = first.take() {
                    let _ = first.send(Err(loss.clone())).await;
                }
                Some(loss)
            }
        };
        let Some(loss) = loss else { break };
        let pause = history.lost(started.elapsed());
        report(&shared, slot, &loss, &pause);
        if wait_or_stop(pause.length, &mut stop).await {
            break;
        }
        shared.count_restart();
    }
    shared.set_phase(slot, None, WorkerPhase::Stopped);
}

fn report(shared: &Shared, slot: usize, loss: &Loss, pause: &Pause) {
    let model = &shared.config.model;
    let pause_ms = pause.length.as_millis() as u64;
    let Loss { told, detail } = loss;
    if pause.crash_loop {
        let policy = &shared.config.restart;
        shared.set_phase(slot, None, WorkerPhase::CrashLoop);
        shared.pool.explain(format!(
            "the model's worker is in a crash loop ({} losses within {} s): {told}",
            policy.crash_threshold,
            policy.crash_window.as_secs_f64()
        ));
        tracing::error!(target: "pelton::worker", %model, slot, pause_ms, detail, "worker in a crash loop: {told}");
    } else {
        shared.set_phase(slot, None, WorkerPhase::BackingOff);
        shared.pool.explain(format!("{RESTARTING}: {told}"));
        tracing::warn!(target: "pelton::worker", %model, slot, pause_ms, detail, "worker lost: {told}");
    }
}

/// Whether the executor was stopped before the time was over.
async fn wait_or_stop(length: Duration, stop: &mut Stop) -> bool {
    tokio::select! {
        () = tokio::time::sleep(length) => false,
        () = stopped(stop) => true,
    }
}

/// Waits until the executor stops, or is gone.
async fn stopped(stop: &mut Stop) {
    // The borrow of the value must not be held across an await.
    let _ = stop.wait_for(Option::is_some).await.map(|_| ());
}

/// A worker process that has loaded its model.
struct Running {
    worker: Arc<Worker>,
    process: Process,
    hello: Hello,
}

impl Running {
    /// Starts a worker and waits until it has loaded the model. `None`: stopped meanwhile.
    async fn start(shared: &Shared, slot: usize, stop: &mut Stop) -> Result<Option<Self>, Loss> {
        let config = &shared.config;
        shared.check_files()?;
        let not_started = |error: std::io::Error| Loss {
            told: "its process could not be started".to_owned(),
            detail: format!("{}: {error}", config.program.path().display()),
        };
        let script = shared.package.as_ref().map(Package::script).transpose();
        let script = script.map_err(not_started)?;
        let started = shared.spawner.start(config, script.as_deref()).await;
        let (child, stream) = started.map_err(not_started)?;
        let process = Process::new(child, config);
        let worker = Arc::new(Worker::new(slot, process.pid, stream));
        shared.set_phase(slot, Some(process.pid), WorkerPhase::Starting);
        let said = tokio::select! {
            said = tokio::time::timeout(config.startup_timeout, first_words(&worker)) => said,
            () = stopped(stop) => {
                process.end().await;
                return Ok(None);
            }
        };
        let hello = match said {
            Ok(Ok(hello)) => Ok(hello),
            Ok(Err(loss)) => Err(loss),
            Err(_) => Err(Refusal::Final(Loss {
                told: format!(
                    "it did not load the model within {} s",
                    config.startup_timeout.as_secs_f64()
                ),
                detail: String::new(),
            })),
        };
        let refusal = match hello.and_then(|hello| shared.accept(hello).map_err(Refusal::Final)) {
            Ok(hello) => {
                shared.set_phase(slot, Some(process.pid), WorkerPhase::Live);
                tracing::info!(target: "pelton::worker", model = %config.model, pid = process.pid, "worker ready");
                shared.pool.add(Connection::new(worker.clone()));
                return Ok(Some(Self { worker, process, hello }));
            }
            Err(refusal) => refusal,
        };
        let last_line = process.last_line.clone();
        let (_, exit) = process.end().await;
        Err(match refusal {
            Refusal::Final(loss) => loss,
            Refusal::Ended => Loss {
                told: format!("its process ended before the model was loaded: {exit}"),
                detail: last_line.get(),
            },
        })
    }

    /// Returns once the worker is gone: why it was lost, or `None` if the executor stops.
    async fn watch(mut self, shared: &Shared, stop: &mut Stop) -> Option<Loss> {
        let slot = self.worker.slot;
        let mut beat =
            tokio::time::interval(shared.config.heartbeat_interval.max(Duration::from_millis(1)));
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let asked_to_stop = loop {
            tokio::select! {
                _ = self.process.child.wait() => break false,
                () = self.worker.noticed.notified() => break false,
                () = stopped(stop) => break true,
                _ = beat.tick() => heartbeat(shared, slot).await,
            }
        };
        if asked_to_stop {
            let until = stop.borrow().unwrap_or_else(Instant::now);
            // A busy worker gets end of file when its batch is done; an idle one has got it already.
            let _ = tokio::time::timeout_at(until.into(), self.process.child.wait()).await;
            self.worker.close();
            shared.pool.remove(self.process.pid, "the model is being stopped");
            self.process.end().await;
            return None;
        }
        self.worker.condemn(Broken::Ended("its process ended".to_owned()));
        shared.pool.remove(self.process.pid, RESTARTING);
        let last_line = self.process.last_line.clone();
        let pid = self.process.pid;
        let (died_alone, exit) = self.process.end().await;
        let cause = self.worker.condemned();
        let reason = cause.map(Broken::reason).unwrap_or_default();
        let told = match cause {
            Some(Broken::Fault(reason)) => reason.clone(),
            _ if died_alone => exit,
            _ => reason.to_owned(),
        };
        let last_line = last_line.get();
        Some(Loss {
            told,
            detail: format!("pid {pid}: {reason}; last line of its log: {last_line}"),
        })
    }
}

/// Asks an idle worker whether it is alive.
async fn heartbeat(shared: &Shared, slot: usize) {
    let config = &shared.config;
    let Some(mut connection) = shared.pool.take_idle(slot, config.heartbeat_interval / 2) else {
        return;
    };
    let id = connection.next_id();
    let mut exchange = connection.begin(id, frames::encode_empty(Kind::Ping, id));
    let asked = exchange.drive(&connection.worker.stream);
    let broken = match tokio::time::timeout(config.heartbeat_timeout, asked).await {
        Ok(Ok(answer)) if answer.kind == Kind::Pong => return shared.pool.put(connection),
        Ok(Ok(answer)) => violation(format!("it answered a heartbeat with {:?}", answer.kind)),
        Ok(Err(broken)) => broken,
        Err(_) => Broken::Fault(format!(
            "it did not answer a heartbeat within {} s",
            config.heartbeat_timeout.as_secs_f64()
        )),
    };
    shared.condemn(&connection, broken);
}

/// Why a worker did not come up.
enum Refusal {
    /// It is known.
    Final(Loss),
    /// It ended; how, its process will tell.
    Ended,
}

async fn first_words(worker: &Worker) -> Result<Hello, Refusal> {
    let answer = match Exchange::awaiting(0).drive(&worker.stream).await {
        Ok(answer) => answer,
        Err(Broken::Ended(_)) => return Err(Refusal::Ended),
        Err(Broken::Fault(reason)) => return Err(Refusal::Final(loss(reason))),
    };
    match answer.kind {
        Kind::Hello => hello::parse(&answer.payload).map_err(broke_protocol),
        Kind::Failed => match frames::decode_raised(&answer.payload) {
            Ok(raised) => {
                Err(Refusal::Final(Loss { told: errors::told(&raised), detail: raised.trace }))
            }
            Err(error) => Err(broke_protocol(error)),
        },
        other => Err(broke_protocol(format!("it began with {other:?}"))),
    }
}

fn broke_protocol(reason: impl std::fmt::Display) -> Refusal {
    Refusal::Final(loss(violation(reason).reason()))
}

fn loss(told: impl Into<String>) -> Loss {
    Loss { told: told.into(), detail: String::new() }
}
