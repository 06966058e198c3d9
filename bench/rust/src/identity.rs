//! Pelton's engine and server around an executor that answers its own input: the whole path of a
//! request, and nothing but the path.
//!
//! Must use the server as `pelton serve` does, with nothing left out or turned off.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use clap::Args;
use pelton_core::{
    Accepts, Batch, DType, Executor, Inputs, MATRIX, Result, Signature, State, Tensor, TensorSpec,
};
use pelton_engine::{Engine, Limits, Model};
use pelton_server::ServerConfig;
use tokio::net::TcpListener;

/// Options of `pelton-bench identity`.
#[derive(Args)]
pub(crate) struct IdentityArgs {
    /// Port on 127.0.0.1; 0 takes a free one, which is printed.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// The model's name.
    #[arg(long, default_value = "lr")]
    model: String,
    /// Run each request by itself.
    #[arg(long)]
    no_batching: bool,
}

/// Answers the matrix it was given.
struct Identity {
    signature: Signature,
}

impl Identity {
    fn new() -> Self {
        let spec = |name: &str, accepts| TensorSpec {
            name: name.into(),
            dtype: DType::Fp64,
            shape: vec![None, None],
            accepts,
        };
        let signature = Signature {
            inputs: Inputs::Matrix(spec(MATRIX, Accepts::Numeric)),
            outputs: vec![spec("output", Accepts::Exactly)],
            default_outputs: Arc::from([Arc::from("output")]),
        };
        Self { signature }
    }
}

impl Executor for Identity {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn kind(&self) -> &'static str {
        "identity"
    }

    fn platform(&self) -> &'static str {
        "identity"
    }

    fn parallelism(&self) -> usize {
        1
    }

    fn state(&self) -> State {
        State::Ready
    }

    fn execute(
        &self,
        mut batch: Batch,
    ) -> Pin<Box<dyn Future<Output = Result<Vec<Tensor>>> + Send + '_>> {
        let input = batch.inputs.remove(0);
        let output = input.renamed(self.signature.outputs[0].name.clone());
        Box::pin(std::future::ready(Ok(vec![output])))
    }
}

pub(crate) fn run(args: &IdentityArgs) -> std::result::Result<(), Box<dyn std::error::Error>> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(serve(args))
}

async fn serve(args: &IdentityArgs) -> std::result::Result<(), Box<dyn std::error::Error>> {
    let grpc = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], args.port))).await?;
    let http = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    let limits = Limits { batching: !args.no_batching, ..Limits::default() };
    let model = Model::new(args.model.as_str(), "1", Arc::new(Identity::new()), limits);
    let engine = Arc::new(Engine::new(vec![model]));
    println!("listening {}", grpc.local_addr()?);
    pelton_server::serve(engine, grpc, http, ServerConfig::default(), std::future::pending())
        .await?;
    Ok(())
}
