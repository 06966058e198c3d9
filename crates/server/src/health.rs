//! `grpc.health.v1.Health`: the server under the empty name, each model under its own.
//!
//! Check looks at the state of the moment. Watch sends the state, then every change of it, and ends
//! when the server stops, so that a watcher does not hold up the shutdown. One task looks for changes
//! for all watchers, who may be many.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use pelton_engine::Engine;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_server::Health;
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};

/// How often the models are looked at.
const LOOK_INTERVAL: Duration = Duration::from_millis(100);

/// The service.
#[derive(Clone)]
pub(crate) struct HealthDoor {
    engine: Arc<Engine>,
    /// Told when a model's state has changed.
    changes: watch::Receiver<()>,
    /// The task that tells; it ends with the last door.
    _looking: Arc<JoinSet<()>>,
}

impl HealthDoor {
    /// In a runtime, which runs the task that looks for changes.
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        let (tell, changes) = watch::channel(());
        let mut looking = JoinSet::new();
        looking.spawn(look(engine.clone(), tell));
        Self { engine, changes, _looking: Arc::new(looking) }
    }

    /// `None` for a name that is no model.
    fn state(&self, service: &str) -> Option<ServingStatus> {
        let ready = match service {
            // The services themselves, as generic checkers ask for them.
            ""
            | "inference.GRPCInferenceService"
            | "prediction.PredictionService"
            | "grpc.health.v1.Health" => self.engine.is_ready(),
            model => self.engine.is_model_ready(self.engine.model(model, "").ok()?),
        };
        Some(if ready { ServingStatus::Serving } else { ServingStatus::NotServing })
    }
}

#[tonic::async_trait]
impl Health for HealthDoor {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        let service = request.into_inner().service;
        match self.state(&service) {
            Some(state) => Ok(Response::new(answer(state))),
            None => Err(Status::not_found(format!("no model '{service}' here"))),
        }
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<HealthCheckResponse, Status>> + Send>>;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let service = request.into_inner().service;
        let (sender, receiver) = mpsc::channel(1);
        tokio::spawn(follow(self.clone(), service, sender));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// Tells when any model's state has changed.
async fn look(engine: Arc<Engine>, tell: watch::Sender<()>) {
    let mut last = Vec::new();
    let mut ticks = tokio::time::interval(LOOK_INTERVAL);
    loop {
        ticks.tick().await;
        let states: Vec<bool> = engine.models().map(|model| engine.is_model_ready(model)).collect();
        if states != last || engine.is_stopping() {
            last = states;
            tell.send_replace(());
        }
    }
}

async fn follow(
    mut door: HealthDoor,
    service: String,
    sender: mpsc::Sender<Result<HealthCheckResponse, Status>>,
) {
    let mut last = None;
    loop {
        door.changes.mark_unchanged();
        let stopping = door.engine.is_stopping();
        let state = door.state(&service).unwrap_or(ServingStatus::ServiceUnknown);
        if last.replace(state) != Some(state) && sender.send(Ok(answer(state))).await.is_err() {
            return;
        }
        if stopping {
            return;
        }
        tokio::select! {
            changed = door.changes.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
        }
    }
}

fn answer(state: ServingStatus) -> HealthCheckResponse {
    HealthCheckResponse { status: state as i32 }
}
