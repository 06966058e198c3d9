//! Opens the doors on listeners that are given, and closes them in order.
//!
//! Shutdown: readiness turns false and new requests are refused, what is in flight is answered
//! within the limit, then connections close. Must not read configuration or signals itself.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use pelton_engine::Engine;
use pelton_proto::inference::grpc_inference_service_server::GrpcInferenceServiceServer;
use pelton_proto::prediction::prediction_service_server::PredictionServiceServer;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic_health::pb::health_server::HealthServer;

use crate::gather::{Gathering, InProgressLayer};
use crate::health::HealthDoor;
use crate::http_door;
use crate::inference::Inference;
use crate::oversize::OversizeLayer;
use crate::prediction::Prediction;

/// How long connections may take to close once nothing is in flight.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// How long to wait before accepting again where no connection can be had, for want of descriptors
/// mostly: trying on would take a whole processor from those that are served.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// What the doors need to know.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// The model `Predict` asks; `None`: the only one.
    pub predict_model: Option<String>,
    /// Largest gRPC message taken, in bytes.
    pub max_message_bytes: usize,
    /// Requests a connection may have in flight.
    pub max_concurrent_streams: u32,
    /// How long requests in flight may take to finish when the server stops.
    pub shutdown_grace: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            predict_model: None,
            max_message_bytes: 64 << 20,
            max_concurrent_streams: 1024,
            shutdown_grace: Duration::from_secs(30),
        }
    }
}

/// Serves until `shutdown` completes, then drains and returns whether every request in flight was
/// answered.
///
/// # Errors
/// When a door fails.
pub async fn serve(
    engine: Arc<Engine>,
    grpc: TcpListener,
    http: TcpListener,
    config: ServerConfig,
    shutdown: impl Future<Output = ()>,
) -> io::Result<bool> {
    let (close, closed) = watch::channel(false);
    let mut grpc = tokio::spawn(serve_grpc(engine.clone(), grpc, config.clone(), closed));
    let routes = http_door::routes(engine.clone());
    let http = tokio::spawn(async move { axum::serve(http, routes).await });

    tokio::select! {
        () = shutdown => {}
        door = &mut grpc => {
            http.abort();
            return Err(match door {
                Ok(Err(error)) => io::Error::other(format!("the gRPC door failed: {error}")),
                _ => io::Error::other("the gRPC door closed unexpectedly"),
            });
        }
    }
    tracing::info!(in_flight = engine.in_flight(), "stopping");
    // Readiness is false from here on; HTTP stays open to say so.
    let (drained, _) =
        tokio::join!(engine.drain(config.shutdown_grace), async { close.send(true) });
    if !drained {
        tracing::warn!(
            in_flight = engine.in_flight(),
            "requests were cut off by the shutdown limit"
        );
    }
    if tokio::time::timeout(CLOSE_LIMIT, &mut grpc).await.is_err() {
        grpc.abort();
    }
    http.abort();
    Ok(drained)
}

async fn serve_grpc(
    engine: Arc<Engine>,
    listener: TcpListener,
    config: ServerConfig,
    mut closed: watch::Receiver<bool>,
) -> Result<(), tonic::transport::Error> {
    let limit = config.max_message_bytes;
    let inference = GrpcInferenceServiceServer::new(Inference::new(engine.clone()))
        .max_decoding_message_size(limit)
        .max_encoding_message_size(usize::MAX);
    let predict = Prediction::new(engine.clone(), config.predict_model);
    let prediction = PredictionServiceServer::new(predict).max_decoding_message_size(limit);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(pelton_proto::FILE_DESCRIPTOR_SET)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    let valid = "the compiled-in descriptors are valid";
    let incoming = Box::pin(pausing(TcpIncoming::from(listener).with_nodelay(Some(true))))
        .map(|accepted| accepted.map(Gathering::new));
    Server::builder()
        .max_concurrent_streams(config.max_concurrent_streams)
        // Batches are hundreds of kilobytes: the default 64 KiB windows would cost round trips.
        .initial_stream_window_size(1 << 20)
        .initial_connection_window_size(8 << 20)
        .http2_keepalive_interval(Some(Duration::from_mins(1)))
        .layer(InProgressLayer)
        .layer(OversizeLayer { limit_bytes: limit })
        .add_service(inference)
        .add_service(prediction)
        .add_service(HealthServer::new(HealthDoor::new(engine)))
        .add_service(reflection().build_v1().expect(valid))
        .add_service(reflection().build_v1alpha().expect(valid))
        .serve_with_incoming_shutdown(incoming, async move {
            let _ = closed.wait_for(|closed| *closed).await;
        })
        .await
}

fn pausing<T>(incoming: impl Stream<Item = io::Result<T>>) -> impl Stream<Item = io::Result<T>> {
    incoming.then(|accepted| async {
        if let Err(error) = &accepted {
            tracing::warn!(%error, "no connection could be accepted");
            tokio::time::sleep(ACCEPT_PAUSE).await;
        }
        accepted
    })
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn accepting_pauses_where_it_fails() {
        let failed = || Err(io::Error::other("too many open files"));
        let incoming = tokio_stream::iter([Ok(1), failed(), failed(), Ok(2)]);
        let started = Instant::now();
        let accepted: Vec<_> = Box::pin(pausing(incoming)).collect().await;
        assert_eq!(accepted.iter().filter(|one| one.is_ok()).count(), 2);
        assert_eq!(started.elapsed(), ACCEPT_PAUSE * 2);
    }
}
