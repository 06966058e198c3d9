//! A server on port 0 with two models: `sum` (matrix of 3 features; answers their sum and the row
//! back) and `named` (columns `age` and `city`; answers the city). Rows can be made to wait.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use pelton_core::{
    Accepts, Batch, Code, DType, Error, ExecuteFuture, Executor, Inputs, Signature, State, Tensor,
    TensorSpec,
};
use pelton_engine::{Engine, Limits, Model};
use pelton_proto::inference::InferTensorContents;
use pelton_proto::inference::ModelInferRequest;
use pelton_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use pelton_proto::inference::model_infer_request::InferInputTensor;
use pelton_server::{ServerConfig, serve};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinHandle;
use tonic::transport::Channel;

pub struct House {
    pub grpc: SocketAddr,
    pub http: SocketAddr,
    pub models: Arc<Switches>,
    pub engine: Arc<Engine>,
    pub stop: Option<oneshot::Sender<()>>,
    pub served: JoinHandle<std::io::Result<bool>>,
}

pub struct Switches {
    pub ready: AtomicBool,
    pub gate: Semaphore,
    pub gated: AtomicBool,
}

impl House {
    pub async fn open() -> Self {
        Self::with(ServerConfig::default()).await
    }

    pub async fn with(config: ServerConfig) -> Self {
        let models = Arc::new(Switches {
            ready: AtomicBool::new(true),
            gate: Semaphore::new(0),
            gated: AtomicBool::new(false),
        });
        let model = |name: &str, signature| {
            let executor = Arc::new(Rows { signature, switches: models.clone() });
            Model::new(name, "1", executor, Limits::default())
        };
        let engine =
            Arc::new(Engine::new(vec![model("sum", sum_signature()), model("named", named())]));
        let grpc = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addresses = (grpc.local_addr().unwrap(), http.local_addr().unwrap());
        let (stop, stopped) = oneshot::channel();
        let door_engine = engine.clone();
        let served = tokio::spawn(async move {
            serve(door_engine, grpc, http, config, async {
                let _ = stopped.await;
            })
            .await
        });
        Self { grpc: addresses.0, http: addresses.1, models, engine, stop: Some(stop), served }
    }

    pub async fn channel(&self) -> Channel {
        Channel::from_shared(format!("http://{}", self.grpc)).unwrap().connect().await.unwrap()
    }

    pub async fn client(&self) -> GrpcInferenceServiceClient<Channel> {
        GrpcInferenceServiceClient::new(self.channel().await)
    }

    pub async fn until_in_flight(&self, requests: usize) {
        while self.engine.in_flight() != requests {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

struct Rows {
    signature: Signature,
    switches: Arc<Switches>,
}

impl Executor for Rows {
    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn kind(&self) -> &'static str {
        "test"
    }

    fn platform(&self) -> &'static str {
        "rows"
    }

    fn parallelism(&self) -> usize {
        1
    }

    fn state(&self) -> State {
        if self.switches.ready.load(Ordering::SeqCst) {
            State::Ready
        } else {
            State::NotReady("its worker is restarting".to_owned())
        }
    }

    fn execute(&self, batch: Batch) -> ExecuteFuture<'_> {
        Box::pin(async move {
            if self.switches.gated.load(Ordering::SeqCst) {
                self.switches.gate.acquire().await.unwrap().forget();
            }
            batch.outputs.iter().map(|name| answer(name, &batch)).collect()
        })
    }
}

fn answer(name: &Arc<str>, batch: &Batch) -> pelton_core::Result<Tensor> {
    let input = batch.inputs.last().unwrap();
    if &**name != "sum" {
        return Ok(input.clone().renamed(name.clone()));
    }
    let values: Vec<f64> =
        input.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
    if values.contains(&-1.0) {
        return Err(Error::new(Code::ModelRejected, "ValueError: no minus one please")
            .with_detail("Traceback: /secret/model.py"));
    }
    if values.contains(&-2.0) {
        return Err(Error::new(Code::ModelRaised, "KeyError: 'x'").with_detail("/secret/model.py"));
    }
    let sums: Vec<u8> =
        values.chunks(3).flat_map(|row| row.iter().sum::<f64>().to_le_bytes()).collect();
    Tensor::new(name.clone(), DType::Fp64, vec![batch.rows], Bytes::from(sums))
}

fn spec(name: &str, dtype: DType, shape: Vec<Option<usize>>, accepts: Accepts) -> TensorSpec {
    TensorSpec { name: name.into(), dtype, shape, accepts }
}

fn sum_signature() -> Signature {
    let row = vec![None, Some(3)];
    Signature {
        inputs: Inputs::Matrix(spec("input", DType::Fp64, row.clone(), Accepts::Numeric)),
        outputs: vec![
            spec("sum", DType::Fp64, vec![None], Accepts::Exactly),
            spec("row", DType::Fp64, row, Accepts::Exactly),
        ],
        default_outputs: Arc::from([Arc::from("sum")]),
    }
}

fn named() -> Signature {
    Signature {
        inputs: Inputs::Columns(vec![
            spec("age", DType::Fp64, vec![None], Accepts::Numeric),
            spec("city", DType::Bytes, vec![None], Accepts::Text),
        ]),
        outputs: vec![spec("city", DType::Bytes, vec![None], Accepts::Exactly)],
        default_outputs: Arc::from([Arc::from("city")]),
    }
}

pub fn typed(model: &str, rows: &[[f64; 3]]) -> ModelInferRequest {
    let contents =
        InferTensorContents { fp64_contents: rows.concat(), ..InferTensorContents::default() };
    ModelInferRequest {
        model_name: model.to_owned(),
        id: "r-1".to_owned(),
        inputs: vec![InferInputTensor {
            name: "input".to_owned(),
            datatype: "FP64".to_owned(),
            shape: vec![rows.len() as i64, 3],
            contents: Some(contents),
            ..InferInputTensor::default()
        }],
        ..ModelInferRequest::default()
    }
}

pub fn raw(model: &str, rows: &[[f64; 3]]) -> ModelInferRequest {
    let mut request = typed(model, rows);
    request.inputs[0].contents = None;
    let bytes: Vec<u8> = rows.concat().iter().flat_map(|v| v.to_le_bytes()).collect();
    request.raw_input_contents = vec![bytes.into()];
    request
}
