//! A run of `pelton serve` from a complete configuration to its end.
//!
//! Order: take the ports, load the models, open the ports, say so, serve, drain, stop the workers.

use std::sync::Arc;
use std::time::Duration;

use pelton_engine::{Engine, Limits, Model};
use pelton_repository::LoadedModel;
use pelton_server::ServerConfig;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::doors::{Doors, OpenDoors};
use crate::loading::{self, Loaded};
use crate::problems::Problems;
use crate::report;
use crate::signals::Signals;

/// How long workers may take to end by themselves; nothing is in flight then.
const WORKERS_STOP_LIMIT: Duration = Duration::from_secs(5);

/// Serves until asked to stop.
pub(crate) fn run(config: &Config) -> Result<(), Problems> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Problems::one(format_args!("cannot start threads: {error}")))?;
    let outcome = runtime.block_on(serve(config));
    // What still runs was told to stop; a stuck system call must not keep the process.
    runtime.shutdown_timeout(Duration::from_secs(1));
    outcome
}

async fn serve(config: &Config) -> Result<(), Problems> {
    let mut signals = Signals::catch()
        .map_err(|error| Problems::one(format_args!("cannot catch signals: {error}")))?;
    let doors = Doors::take(config).await?;
    let loaded = tokio::select! {
        loaded = loading::load(&config.models) => loaded,
        signal = signals.next() => {
            tracing::info!(signal, "stopped while models were loading");
            return Ok(());
        }
    };
    let models = loaded.models.clone();
    let outcome = match settle(config, loaded) {
        Ok(()) => open(config, doors, &models, &mut signals).await,
        Err(problems) => Err(problems),
    };
    stop(&models).await;
    outcome
}

/// Whether what was loaded is enough to serve.
fn settle(config: &Config, loaded: Loaded) -> Result<(), Problems> {
    if loaded.failures.is_empty() || (config.keep_going && !loaded.models.is_empty()) {
        for failure in loaded.failures {
            tracing::warn!("serving without it: {failure}");
        }
        return Ok(());
    }
    let mut problems = Problems::default();
    for failure in loaded.failures {
        problems.push(failure);
    }
    Err(problems)
}

async fn open(
    config: &Config,
    doors: Doors,
    models: &[LoadedModel],
    signals: &mut Signals,
) -> Result<(), Problems> {
    if doors.are_public() {
        tracing::warn!(
            host = config.host,
            "other machines can reach this server, and it asks nobody who they are"
        );
    }
    let engine =
        Arc::new(Engine::new(models.iter().map(|model| engine_model(config, model)).collect()));
    let OpenDoors { grpc, http } = doors.open().map_err(Problems::one)?;
    let addresses = grpc.local_addr().and_then(|grpc| Ok((grpc, http.local_addr()?)));
    let (grpc_address, http_address) =
        addresses.map_err(|error| Problems::one(format_args!("the ports are gone: {error}")))?;
    let server = ServerConfig {
        predict_model: config.predict_model.clone(),
        max_message_bytes: config.max_message_bytes,
        shutdown_grace: config.shutdown_grace,
        ..ServerConfig::default()
    };
    report::print(grpc_address, http_address, models);
    let (ask, asked) = tokio::sync::oneshot::channel();
    let mut serving = std::pin::pin!(pelton_server::serve(engine, grpc, http, server, async {
        let _ = asked.await;
    }));
    let outcome = tokio::select! {
        outcome = &mut serving => outcome,
        signal = signals.next() => {
            tracing::info!(signal, "asked to stop");
            let _ = ask.send(());
            tokio::select! {
                outcome = &mut serving => outcome,
                signal = signals.next() => {
                    return Err(Problems::one(format_args!("stopped at once by a second signal, {signal}")));
                }
            }
        }
    };
    outcome
        .map(|_drained| ())
        .map_err(|error| Problems::one(format_args!("the server failed: {error}")))
}

fn engine_model(config: &Config, model: &LoadedModel) -> Model {
    let settings = config
        .models
        .iter()
        .find(|configured| configured.manifest.name == model.name)
        .map(|configured| &configured.settings)
        .expect("every loaded model was configured");
    let limits = Limits {
        max_batch_rows: settings.max_batch_rows,
        max_queue_rows: settings.max_queue_rows,
        batching: settings.batching,
    };
    let (name, version) = (model.name.as_str(), model.version.as_str());
    Model::new(name, version, model.executor.clone(), limits)
}

async fn stop(models: &[LoadedModel]) {
    let mut stops = JoinSet::new();
    for model in models {
        let model = model.clone();
        stops.spawn(async move { model.stop(WORKERS_STOP_LIMIT).await });
    }
    stops.join_all().await;
}
