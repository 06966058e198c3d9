//! A hand-written tonic server that answers `ModelInfer` with the tensors it was sent.
//!
//! Must stay as direct as tonic allows: it is the floor Pelton's server is held against.

use std::net::SocketAddr;

use clap::Args;
use pelton_proto::inference::{
    self, ModelInferRequest, ModelInferResponse, ModelMetadataRequest, ModelMetadataResponse,
    ModelReadyRequest, ModelReadyResponse, ServerLiveRequest, ServerLiveResponse,
    ServerMetadataRequest, ServerMetadataResponse, ServerReadyRequest, ServerReadyResponse,
    grpc_inference_service_server::{GrpcInferenceService, GrpcInferenceServiceServer},
    model_infer_response::InferOutputTensor,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status};

/// Options of `pelton-bench echo`.
#[derive(Args)]
pub(crate) struct EchoArgs {
    /// Port on 127.0.0.1; 0 takes a free one, which is printed.
    #[arg(long, default_value_t = 0)]
    port: u16,
}

struct Echo;

pub(crate) fn run(args: &EchoArgs) -> Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args.port))
}

async fn serve(port: u16) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    println!("listening {}", listener.local_addr()?);
    let incoming = TcpListenerStream::new(listener).map_nodelay();
    tonic::transport::Server::builder()
        .add_service(GrpcInferenceServiceServer::new(Echo))
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

/// Accepted sockets send small answers at once, as tonic's own listener makes them.
trait MapNodelay {
    fn map_nodelay(
        self,
    ) -> impl tokio_stream::Stream<Item = std::io::Result<tokio::net::TcpStream>>;
}

impl MapNodelay for TcpListenerStream {
    fn map_nodelay(
        self,
    ) -> impl tokio_stream::Stream<Item = std::io::Result<tokio::net::TcpStream>> {
        tokio_stream::StreamExt::map(self, |accepted| {
            let stream = accepted?;
            stream.set_nodelay(true)?;
            Ok(stream)
        })
    }
}

#[tonic::async_trait]
impl GrpcInferenceService for Echo {
    async fn model_infer(
        &self,
        request: Request<ModelInferRequest>,
    ) -> Result<Response<ModelInferResponse>, Status> {
        let request = request.into_inner();
        let outputs = request
            .inputs
            .into_iter()
            .map(|input| InferOutputTensor {
                name: input.name,
                datatype: input.datatype,
                shape: input.shape,
                parameters: input.parameters,
                contents: input.contents,
            })
            .collect();
        Ok(Response::new(ModelInferResponse {
            model_name: request.model_name,
            model_version: request.model_version,
            id: request.id,
            parameters: request.parameters,
            outputs,
            raw_output_contents: request.raw_input_contents,
        }))
    }

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
        Ok(Response::new(ServerReadyResponse { ready: true }))
    }

    async fn model_ready(
        &self,
        _: Request<ModelReadyRequest>,
    ) -> Result<Response<ModelReadyResponse>, Status> {
        Ok(Response::new(inference::ModelReadyResponse { ready: true }))
    }

    async fn server_metadata(
        &self,
        _: Request<ServerMetadataRequest>,
    ) -> Result<Response<ServerMetadataResponse>, Status> {
        Err(Status::unimplemented("the echo has no metadata"))
    }

    async fn model_metadata(
        &self,
        _: Request<ModelMetadataRequest>,
    ) -> Result<Response<ModelMetadataResponse>, Status> {
        Err(Status::unimplemented("the echo has no metadata"))
    }
}
