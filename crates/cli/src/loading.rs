//! Loads the models of a run, several at a time, and says which could not be loaded.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytesize::ByteSize;
use pelton_core::Error;
use pelton_repository::{LoadedModel, WorkerSettings};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::config::{ModelConfig, ModelSettings};

/// A load that takes longer is worth a line in the log while it lasts.
const SLOW: Duration = Duration::from_secs(5);

/// What became of the models, in the order they were named.
pub(crate) struct Loaded {
    pub(crate) models: Vec<LoadedModel>,
    /// One message for each that failed.
    pub(crate) failures: Vec<String>,
}

/// Loads them all. Dropping the future stops what was started.
pub(crate) async fn load(models: &[ModelConfig]) -> Loaded {
    // More at a time than there are processors would only make each look slow to its time limit.
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    let turns = Arc::new(Semaphore::new(cores.max(2)));
    let mut loads = JoinSet::new();
    for (index, model) in models.iter().enumerate() {
        let (model, turns) = (model.clone(), turns.clone());
        loads.spawn(async move {
            let _turn = turns.acquire_owned().await.expect("never closed");
            (index, load_one(&model).await)
        });
    }
    let mut outcomes = Vec::with_capacity(models.len());
    while let Some(outcome) = loads.join_next().await {
        outcomes.push(outcome.expect("loading neither panics nor is aborted while waited for"));
    }
    outcomes.sort_by_key(|(index, _)| *index);
    let mut loaded = Loaded { models: Vec::new(), failures: Vec::new() };
    for (_, outcome) in outcomes {
        match outcome {
            Ok(model) => loaded.models.push(model),
            Err(failure) => loaded.failures.push(failure),
        }
    }
    loaded
}

/// Loads one. Dropping the future stops what was started.
pub(crate) async fn load_one(model: &ModelConfig) -> Result<LoadedModel, String> {
    let name = model.manifest.name.as_str();
    let path = model.manifest.named_path.display();
    tracing::debug!(model = %name, %path, runner = %model.plan.runner, "loading");
    let started = Instant::now();
    let settings = worker_settings(&model.settings);
    let mut opening = std::pin::pin!(LoadedModel::open(&model.manifest, &model.plan, &settings));
    let outcome = tokio::select! {
        outcome = &mut opening => outcome,
        () = tokio::time::sleep(SLOW) => {
            tracing::info!(model = %name, limit = ?settings.startup_timeout, "still loading");
            opening.await
        }
    };
    match outcome {
        Ok(loaded) => {
            let taken = model.plan.reading + started.elapsed();
            let seconds = (taken.as_secs_f64() * 1e3).round() / 1e3;
            let executor = loaded.executor.kind();
            tracing::info!(model = %name, executor, seconds, "loaded");
            Ok(loaded)
        }
        Err(error) => {
            // The reason is told by who asked for the model; its trace has no other place.
            if let Some(detail) = error.detail() {
                tracing::error!(model = %name, %path, detail, "failed to load");
            }
            Err(failure(model, &error))
        }
    }
}

fn failure(model: &ModelConfig, error: &Error) -> String {
    let message = error.message();
    // The subject says it once.
    let reason = message.strip_prefix("the model could not be loaded: ").unwrap_or(message);
    let mut text =
        format!("{} failed to load with {}: {reason}", model.manifest.subject(), model.plan.runner);
    if let Some(bytes) = model.settings.memory_limit_bytes
        && message.contains("MemoryError")
    {
        let _ = write!(text, "; its memory limit is {}", ByteSize(bytes));
    }
    if error.detail().is_some() {
        text.push_str(" (the whole trace is in the log above, under this model's name)");
    }
    text
}

fn worker_settings(settings: &ModelSettings) -> WorkerSettings {
    WorkerSettings {
        workers: settings.workers,
        threads: settings.threads_per_worker,
        memory_limit_bytes: settings.memory_limit_bytes,
        startup_timeout: settings.startup_timeout,
        run_timeout: settings.run_timeout,
        heartbeat_interval: settings.heartbeat_interval,
        heartbeat_timeout: settings.heartbeat_timeout,
    }
}
