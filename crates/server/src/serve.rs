//! Opens the doors on listeners that are given, and closes them in order.
//!
//! Shutdown: readiness turns false and new requests are refused, what is in flight is answered
//! within the limit, then connections close. Must not read configuration or signals itself.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use http::{Response, StatusCode, header};
use pelton_engine::Engine;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tonic::Status;

use crate::access::{Access, Guarded, Tokens};
use crate::conduct::{Conduct, Order};
use crate::connection::{Answering, Door};
use crate::exchange::Ledger;
use crate::http_door;
use crate::limits::ConnectionLimits;
use crate::oversize::Oversize;
use crate::places::Places;
use crate::services::Services;
use crate::status::CODE_KEY;
use crate::tally::{Port, Reason, Tally};
use crate::tls::Tls;

/// How long connections may take to close once nothing is in flight.
const CLOSE_LIMIT: Duration = Duration::from_secs(1);

/// How long to wait before accepting again where no connection can be had, for want of descriptors
/// mostly: trying on would take a whole processor from those that are served.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// How often certificates and tokens are looked at.
const RELOAD_INTERVAL: Duration = Duration::from_secs(10);

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
    /// What connections may cost.
    pub connections: ConnectionLimits,
    /// TLS on both ports; `None`: none.
    pub tls: Option<Arc<Tls>>,
    /// The tokens that clients need one of; `None`: they need none.
    pub tokens: Option<Arc<Tokens>>,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            predict_model: None,
            max_message_bytes: 64 << 20,
            max_concurrent_streams: 1024,
            shutdown_grace: Duration::from_secs(30),
            connections: ConnectionLimits::default(),
            tls: None,
            tokens: None,
        }
    }
}

/// What both ports share.
struct Shared {
    limits: Arc<ConnectionLimits>,
    ledger: Arc<Ledger>,
    tally: Arc<Tally>,
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
    let shared = Shared {
        limits: Arc::new(config.connections.clone()),
        ledger: Arc::new(Ledger::new(config.connections.max_bytes_in_flight)),
        tally: Arc::new(Tally::new()),
    };
    let (close, closed) = watch::channel(false);
    let service = grpc_service(engine.clone(), &config, &shared);
    let mut grpc = door(Port::Grpc, grpc, service, &config, &shared, closed);
    // Its end comes when it is aborted.
    let (_open, stays_open) = watch::channel(false);
    let service = http_service(engine.clone(), &config, &shared);
    let http = door(Port::Http, http, service, &config, &shared, stays_open);
    let reloading = tokio::spawn(reload(config.tls.clone(), config.tokens.clone(), shared.tally));

    tokio::select! {
        () = shutdown => {}
        _ = &mut grpc => {
            http.abort();
            reloading.abort();
            return Err(io::Error::other("the gRPC door closed unexpectedly"));
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
    reloading.abort();
    Ok(drained)
}

fn grpc_service(
    engine: Arc<Engine>,
    config: &ServerConfig,
    shared: &Shared,
) -> impl Answering + use<> {
    let limit = config.max_message_bytes;
    let services = Services::new(engine, config.predict_model.clone(), limit);
    // Certificates are a matter of the handshake here.
    let access = Access {
        port: Port::Grpc,
        tokens: config.tokens.clone(),
        certificates: false,
        tally: shared.tally.clone(),
    };
    let refusal = |missing| {
        let mut status = Status::unauthenticated(missing);
        let name = tonic::metadata::MetadataValue::from_static("unauthenticated");
        status.metadata_mut().insert(CODE_KEY, name);
        status.into_http()
    };
    Guarded { inner: Oversize { inner: services, limit_bytes: limit }, access, refusal }
}

fn http_service(
    engine: Arc<Engine>,
    config: &ServerConfig,
    shared: &Shared,
) -> impl Answering + use<> {
    let access = Access {
        port: Port::Http,
        tokens: config.tokens.clone(),
        certificates: config.tls.as_ref().is_some_and(|tls| tls.asks_for_certificates()),
        tally: shared.tally.clone(),
    };
    let refusal = |missing: &'static str| {
        let mut answer = Response::new(axum::body::Body::from(format!("{missing}\n")));
        *answer.status_mut() = StatusCode::UNAUTHORIZED;
        let scheme = header::HeaderValue::from_static("Bearer");
        answer.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        answer
    };
    let routes = http_door::routes(engine, shared.tally.clone(), shared.ledger.clone());
    Guarded { inner: routes, access, refusal }
}

/// Opens a door.
fn door(
    port: Port,
    listener: TcpListener,
    service: impl Answering,
    config: &ServerConfig,
    shared: &Shared,
    closed: watch::Receiver<bool>,
) -> JoinHandle<()> {
    let door = Arc::new(Door {
        port,
        limits: shared.limits.clone(),
        max_concurrent_streams: config.max_concurrent_streams,
        ledger: shared.ledger.clone(),
        places: Places::new(port, shared.limits.max_connections, shared.tally.clone()),
        tally: shared.tally.clone(),
        tls: config.tls.clone(),
    });
    tokio::spawn(accept(door, listener, service, closed))
}

/// Takes connections until the door is closed, then waits for those that are left.
async fn accept(
    door: Arc<Door>,
    listener: TcpListener,
    service: impl Answering,
    mut closed: watch::Receiver<bool>,
) {
    // They end with this task, however it ends.
    let mut connections = JoinSet::new();
    let mut warden = JoinSet::new();
    warden.spawn(door.places.clone().watch(Conduct::tick_of(&door.limits)));
    loop {
        tokio::select! {
            _ = closed.wait_for(|closed| *closed) => break,
            Some(_) = connections.join_next() => {}
            accepted = accepted(listener.accept(), &door) => {
                let Some(stream) = accepted else { continue };
                let conduct = Arc::new(Conduct::new(door.limits.clone()));
                if let Some(place) = door.places.take(conduct) {
                    connections.spawn(door.clone().serve(stream, place, service.clone()));
                }
            }
        }
    }
    drop(listener);
    door.places.order_all(Order::End);
    while connections.join_next().await.is_some() {}
}

async fn accepted<A>(
    accepted: impl Future<Output = io::Result<(TcpStream, A)>>,
    door: &Door,
) -> Option<TcpStream> {
    match accepted.await {
        Ok((stream, _)) => Some(stream),
        Err(error) => {
            door.tally.refused_because(door.port, Reason::Accept, &error);
            tokio::time::sleep(ACCEPT_PAUSE).await;
            None
        }
    }
}

/// Looks at the files of certificates and tokens now and then.
async fn reload(tls: Option<Arc<Tls>>, tokens: Option<Arc<Tokens>>, tally: Arc<Tally>) {
    let mut said = String::new();
    loop {
        if let Some(tls) = &tls {
            tally.certificate_ends(tls.ends());
        }
        tokio::time::sleep(RELOAD_INTERVAL).await;
        let (files, file) = (tls.clone(), tokens.clone());
        let look = move || {
            let changed = files.map_or(Ok(false), |tls| tls.reload());
            let tokens_changed = file.map_or(Ok(false), |tokens| tokens.reload());
            Ok::<_, String>((changed?, tokens_changed?))
        };
        // It does not panic.
        let Ok(outcome) = tokio::task::spawn_blocking(look).await else { return };
        let problem = match outcome {
            Ok((certificate, tokens)) => {
                if certificate || tokens {
                    tracing::info!(
                        certificate,
                        tokens,
                        "credentials changed on disk, the new are in use"
                    );
                }
                String::new()
            }
            Err(problem) => problem,
        };
        if !problem.is_empty() && problem != said {
            tracing::error!(
                "credentials changed on disk and cannot be used, the old stay in use: {problem}"
            );
        }
        said = problem;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::time::Instant;

    #[tokio::test(start_paused = true)]
    async fn accepting_pauses_where_it_fails() {
        let config = ServerConfig::default();
        let tally = Arc::new(Tally::new());
        let door = Door {
            port: Port::Grpc,
            limits: Arc::new(config.connections.clone()),
            max_concurrent_streams: 1,
            ledger: Arc::new(Ledger::new(1)),
            places: Places::new(Port::Grpc, 1, tally.clone()),
            tally,
            tls: None,
        };
        let failed = async || Err::<(TcpStream, ()), _>(io::Error::other("too many open files"));
        let started = Instant::now();
        for _ in 0..2 {
            assert!(accepted(failed(), &door).await.is_none());
        }
        assert_eq!(started.elapsed(), ACCEPT_PAUSE * 2);
        let counted = "pelton_turned_away_total{port=\"grpc\",reason=\"accept_failed\"} 2";
        assert!(door.tally.text(0).contains(counted));
    }
}
