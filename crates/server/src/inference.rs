//! `inference.GRPCInferenceService`: the Open Inference Protocol v2 over gRPC.
//!
//! Must not do more than convert, ask the engine and convert back.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pelton_engine::Engine;
use pelton_proto::inference::grpc_inference_service_server::GrpcInferenceService;
use pelton_proto::inference::{
    ModelInferRequest, ModelInferResponse, ModelMetadataRequest, ModelMetadataResponse,
    ModelReadyRequest, ModelReadyResponse, ServerLiveRequest, ServerLiveResponse,
    ServerMetadataRequest, ServerMetadataResponse, ServerReadyRequest, ServerReadyResponse,
};
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use crate::convert;
use crate::status::status;

/// The service.
pub(crate) struct Inference {
    engine: Arc<Engine>,
}

impl Inference {
    pub(crate) fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }
}

#[tonic::async_trait]
impl GrpcInferenceService for Inference {
    async fn server_live(
        &self,
        _: Request<ServerLiveRequest>,
    ) -> Result<Response<ServerLiveResponse>, Status> {
        Ok(Response::new(ServerLiveResponse { live: true }))
    }

    async fn server_ready(
        &self,
        _: Request<ServerReadyRequest>,
    ) -> Result<Response<ServerReadyResponse>, Status> {
        Ok(Response::new(ServerReadyResponse { ready: self.engine.is_ready() }))
    }

    async fn model_ready(
        &self,
        request: Request<ModelReadyRequest>,
    ) -> Result<Response<ModelReadyResponse>, Status> {
        let ModelReadyRequest { name, version } = request.into_inner();
        let model =
            self.engine.model(&name, &version).map_err(|error| status(&error, &name, ""))?;
        Ok(Response::new(ModelReadyResponse { ready: self.engine.is_model_ready(model) }))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        Ok(Response::new(ServerMetadataResponse {
            name: "pelton".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            extensions: Vec::new(),
        }))
    }

    async fn model_metadata(
        &self,
        request: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        let ModelMetadataRequest { name, version } = request.into_inner();
        let model =
            self.engine.model(&name, &version).map_err(|error| status(&error, &name, ""))?;
        let executor = model.executor();
        let signature = executor.signature();
        let mut properties: HashMap<String, String> = executor.properties().into_iter().collect();
        properties.insert("executor".to_owned(), executor.kind().to_owned());
        properties.insert("default_outputs".to_owned(), signature.default_outputs.join(","));
        Ok(Response::new(ModelMetadataResponse {
            name,
            versions: vec![model.version().to_string()],
            platform: executor.platform().to_owned(),
            inputs: signature.input_specs().iter().map(convert::metadata).collect(),
            outputs: signature.outputs.iter().map(convert::metadata).collect(),
            properties,
        }))
    }

    async fn model_infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<Response<ModelInferResponse>, Status> {
        let deadline = deadline(request.metadata());
        let mut message = request.into_inner();
        let id = std::mem::take(&mut message.id);
        let model = message.model_name.clone();
        let failed = |error: &pelton_core::Error| status(error, &model, &request_id(&id));
        let (request, encoding) =
            convert::request(message, deadline).map_err(|error| failed(&error))?;
        let answer = self.engine.infer(request).await.map_err(|error| failed(&error))?;
        let response =
            convert::response(answer, id.clone(), encoding).map_err(|error| failed(&error))?;
        Ok(Response::new(response))
    }
}

/// When the client stops waiting: the `grpc-timeout` header, counted from now.
/// Malformed values are no deadline, as in the gRPC specification's "PROTOCOL-HTTP2".
pub(crate) fn deadline(metadata: &MetadataMap) -> Option<Instant> {
    let value = metadata.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if digits.len() > 8 {
        return None;
    }
    let amount: u64 = digits.parse().ok()?;
    let timeout = match unit {
        "H" => Duration::from_secs(amount * 3600),
        "M" => Duration::from_secs(amount * 60),
        "S" => Duration::from_secs(amount),
        "m" => Duration::from_millis(amount),
        "u" => Duration::from_micros(amount),
        "n" => Duration::from_nanos(amount),
        _ => return None,
    };
    Instant::now().checked_add(timeout)
}

/// The client's id, or a number of our own so that log lines of one request can be told apart.
pub(crate) fn request_id(id: &str) -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    if id.is_empty() {
        format!("#{}", NEXT.fetch_add(1, Ordering::Relaxed))
    } else {
        id.chars().take(128).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_read_in_every_unit_and_nonsense_is_none() {
        let read = |value: &str| {
            let mut metadata = MetadataMap::new();
            metadata.insert("grpc-timeout", value.parse().unwrap());
            deadline(&metadata).map(|d| d.saturating_duration_since(Instant::now()).as_secs())
        };
        assert_eq!(read("2H"), Some(7199));
        assert_eq!(read("100S"), Some(99));
        assert_eq!(read("5500m"), Some(5));
        for nonsense in ["", "S", "-1S", "1", "1x", "123456789S", "\u{20}S"] {
            assert_eq!(read(nonsense), None, "{nonsense:?}");
        }
    }
}
