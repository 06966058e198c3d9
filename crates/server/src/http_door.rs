//! The HTTP port: `/metrics` (Prometheus), `/v2/health/live`, `/v2/health/ready`.
//!
//! The REST form of the inference protocol will live here too, hence axum. Must not block.

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use pelton_engine::Engine;

const METRICS_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The routes.
pub(crate) fn routes(engine: Arc<Engine>) -> Router {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/v2/health/live", get(|| async { (StatusCode::OK, "live\n") }))
        .route("/v2/health/ready", get(ready))
        .route("/v2/models/{model}/ready", get(model_ready))
        .with_state(engine)
}

async fn metrics(State(engine): State<Arc<Engine>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, METRICS_TYPE)], engine.metrics_text())
}

async fn ready(State(engine): State<Arc<Engine>>) -> (StatusCode, String) {
    let waiting: Vec<&str> = engine
        .models()
        .filter(|model| !engine.is_model_ready(model))
        .map(|model| &**model.name())
        .collect();
    if waiting.is_empty() {
        (StatusCode::OK, "ready\n".to_owned())
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, format!("not ready: {}\n", waiting.join(", ")))
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
