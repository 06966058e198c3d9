//! The HTTP port: `/metrics` (Prometheus), `/v2/health/live`, `/v2/health/ready`.
//!
//! The REST form of the inference protocol will live here too, hence axum. Must not block.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use pelton_engine::Engine;
use tokio::sync::Semaphore;

use crate::access::IsTrusted;
use crate::exchange::Ledger;
use crate::tally::Tally;

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What ends the metrics' text.
const METRICS_END: &str = "# EOF\n";

/// Scrapes at a time: of thousands of models each takes a processor for a while, and memory.
const SCRAPES: usize = 4;

#[derive(Clone)]
struct Counts {
    tally: Arc<Tally>,
    ledger: Arc<Ledger>,
    scrapes: Arc<Semaphore>,
}

/// The routes.
pub(crate) fn routes(engine: Arc<Engine>, tally: Arc<Tally>, ledger: Arc<Ledger>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/v2/health/live", get(|| async { (StatusCode::OK, "live\n") }))
        .route("/v2/health/ready", get(ready))
        .route("/v2/models/{model}/ready", get(model_ready))
        .layer(Extension(Counts { tally, ledger, scrapes: Arc::new(Semaphore::new(SCRAPES)) }))
        .with_state(engine)
}

async fn metrics(
    State(engine): State<Arc<Engine>>,
    Extension(counts): Extension<Counts>,
) -> Response {
    let Ok(place) = counts.scrapes.clone().try_acquire_owned() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "too many scrapes at a time\n").into_response();
    };
    // Here it would hold up requests.
    let text = tokio::task::spawn_blocking(move || {
        let _place = place;
        let mut text = engine.metrics_text();
        text.truncate(text.trim_end_matches(METRICS_END).len());
        text.push_str(&counts.tally.text(counts.ledger.held()));
        text
    });
    match text.await {
        Ok(text) => ([(header::CONTENT_TYPE, METRICS_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics could not be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Names models to those alone who may ask for them.
async fn ready(
    State(engine): State<Arc<Engine>>,
    Extension(IsTrusted(is_trusted)): Extension<IsTrusted>,
) -> (StatusCode, String) {
    let waiting: Vec<&str> = engine
        .models()
        .filter(|model| !engine.is_model_ready(model))
        .map(|model| &**model.name())
        .collect();
    if waiting.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else if is_trusted {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", waiting.join(", ")))
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned())
    }
}

async fn model_ready(
    State(engine): State<Arc<Engine>>,
    Path(name): Path<String>,
) -> (StatusCode, String) {
    match engine.model(&name, "") {
        Ok(model) if engine.is_model_ready(model) => (StatusCode::OK, "ready\n".to_owned()),
        Ok(_) => (StatusCode::SERVICE_UNAVAILABLE, "not ready\n".to_owned()),
        Err(error) => (StatusCode::NOT_FOUND, format!("{error}\n")),
    }
}
