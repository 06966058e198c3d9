//! The services of the gRPC port: those that are asked for every row are found by their names' first
//! bytes, the rest by tonic's router, which boxes a request several times on its way.
//!
//! Must not do what a service does.

use std::convert::Infallible;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use pelton_engine::Engine;
use pelton_proto::inference::grpc_inference_service_server::{
    GrpcInferenceServiceServer, SERVICE_NAME as INFERENCE,
};
use pelton_proto::prediction::prediction_service_server::{
    PredictionServiceServer, SERVICE_NAME as PREDICTION,
};
use tonic::codegen::BoxFuture;
use tonic::service::Routes;
use tonic_health::pb::health_server::HealthServer;
use tower::Service;

use crate::exchange::BoxError;
use crate::health::HealthDoor;
use crate::inference::Inference;
use crate::prediction::Prediction;

/// See the module.
#[derive(Clone)]
pub(crate) struct Services {
    inference: GrpcInferenceServiceServer<Inference>,
    prediction: PredictionServiceServer<Prediction>,
    others: Routes,
}

impl Services {
    /// All of them. `predict_model` is the model that `Predict` asks; no message may be larger than
    /// `max_message_bytes`.
    pub(crate) fn new(
        engine: Arc<Engine>,
        predict_model: Option<String>,
        max_message_bytes: usize,
    ) -> Self {
        let reflection = || {
            tonic_reflection::server::Builder::configure()
                .register_encoded_file_descriptor_set(pelton_proto::FILE_DESCRIPTOR_SET)
                .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
        };
        let valid = "the compiled-in descriptors are valid";
        Self {
            inference: GrpcInferenceServiceServer::new(Inference::new(engine.clone()))
                .max_decoding_message_size(max_message_bytes)
                .max_encoding_message_size(usize::MAX),
            prediction: PredictionServiceServer::new(Prediction::new(
                engine.clone(),
                predict_model,
            ))
            .max_decoding_message_size(max_message_bytes),
            others: Routes::new(HealthServer::new(HealthDoor::new(engine)))
                .add_service(reflection().build_v1().expect(valid))
                .add_service(reflection().build_v1alpha().expect(valid))
                .prepare(),
        }
    }
}

impl<B> Service<Request<B>> for Services
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError> + Send + 'static,
{
    type Response = Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = BoxFuture<Self::Response, Infallible>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        // Routers and generated services always are.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match service_name(request.uri().path()) {
            INFERENCE => self.inference.call(request),
            PREDICTION => self.prediction.call(request),
            _ => Box::pin(self.others.call(request)),
        }
    }
}

/// The service of a path `/package.Service/Method`; nothing if it is no such path.
fn service_name(path: &str) -> &str {
    path.strip_prefix('/').and_then(|rest| rest.split_once('/')).map_or("", |(name, _)| name)
}
