//! A run of `pelton serve` from a complete configuration to its end.
//!
//! Order: take the ports, load the models, open the ports, say so, serve, drain, stop the workers.

use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use pelton_engine::{Engine, Limits, Model};
use pelton_repository::LoadedModel;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::config::Config;
use crate::descriptors;
use crate::doors::{Doors, OpenDoors};
use crate::loading::{self, Loaded};
use crate::network::Network;
use crate::problems::Problems;
use crate::report;
use crate::signals::Signals;

/// How long workers may take to end by themselves; nothing is in flight then.
const WORKERS_STOP_LIMIT: Duration = Duration::from_secs(5);

/// Serves until asked to stop.
pub(crate) fn run(config: &Config) -> Result<(), Problems> {
    let limit = descriptors::raise_limit();
    tracing::debug!(limit, "open files");
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
    let doors = Doors::take(&config.network)?;
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
    // Who still has something to do then has had its time.
    let limit = if matches!(outcome, Ok(true)) { WORKERS_STOP_LIMIT } else { Duration::ZERO };
    tokio::select! {
        () = stop(&models, limit) => {}
        signal = signals.next() => tracing::info!(signal, "not waiting for the workers to end"),
    }
    outcome.map(|_drained| ())
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

/// Opens the doors and serves until told to stop; says whether every request was answered.
async fn open(
    config: &Config,
    doors: Doors,
    models: &[LoadedModel],
    signals: &mut Signals,
) -> Result<bool, Problems> {
    if doors.are_public() {
        warn_of_the_public(&config.network);
    }
    let engine =
        Arc::new(Engine::new(models.iter().map(|model| engine_model(config, model)).collect()));
    let OpenDoors { grpc, http } = doors.open().map_err(Problems::one)?;
    let addresses = grpc.local_addr().and_then(|grpc| Ok((grpc, http.local_addr()?)));
    let (grpc_address, http_address) =
        addresses.map_err(|error| Problems::one(format_args!("the ports are gone: {error}")))?;
    let mut server = config.network.server.clone();
    server.connections.max_connections =
        descriptors::connections(server.connections.max_connections, descriptors::raise_limit());
    report::print(grpc_address, http_address, models);
    let (ask, asked) = oneshot::channel();
    let serving = pelton_server::serve(engine, grpc, http, server, async {
        let _ = asked.await;
    });
    until_told(serving, ask, signals).await
}

/// Says what others can do who can reach the ports.
fn warn_of_the_public(network: &Network) {
    let host = &network.host.name;
    let server = &network.server;
    let is_known = server.tokens.is_some()
        || server.tls.as_ref().is_some_and(|tls| tls.asks_for_certificates());
    if !is_known {
        tracing::warn!(
            host,
            "other machines can reach this server, and it asks nobody who they are; see \
             --token-file and --tls-client-ca"
        );
    } else if server.tls.is_none() {
        tracing::warn!(
            host,
            "other machines can reach this server, and tokens travel in plain text; see --tls-cert"
        );
    }
}

/// The first signal asks to stop, the second does not wait.
async fn until_told(
    serving: impl Future<Output = io::Result<bool>>,
    ask: oneshot::Sender<()>,
    signals: &mut Signals,
) -> Result<bool, Problems> {
    let failed = |error| Problems::one(format_args!("the server failed: {error}"));
    let mut serving = pin!(serving);
    let signal = tokio::select! {
        outcome = &mut serving => return outcome.map_err(failed),
        signal = signals.next() => signal,
    };
    tracing::info!(signal, "asked to stop");
    // It listens as long as it serves.
    let _ = ask.send(());
    tokio::select! {
        outcome = &mut serving => outcome.map_err(failed),
        signal = signals.next() => {
            Err(Problems::one(format_args!("stopped at once by a second signal, {signal}")))
        }
    }
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
        max_batch_bytes: settings.max_batch_bytes,
        max_queue_rows: settings.max_queue_rows,
        max_queue_bytes: settings.max_queue_bytes,
        batching: settings.batching,
    };
    let (name, version) = (model.name.as_str(), model.version.as_str());
    Model::new(name, version, model.executor.clone(), limits)
}

async fn stop(models: &[LoadedModel], limit: Duration) {
    let mut stops = JoinSet::new();
    for model in models {
        let model = model.clone();
        stops.spawn(async move { model.stop(limit).await });
    }
    stops.join_all().await;
}
