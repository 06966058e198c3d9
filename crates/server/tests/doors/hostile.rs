//! Requests nobody should send: each gets its status, and the server goes on serving.

use bytes::{Buf, BufMut, Bytes};
use pelton_proto::inference::ModelInferRequest;
use pelton_server::ServerConfig;
use proptest::prelude::*;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::{Code, Status};

use crate::house::{House, raw, typed};

type Spoil = Box<dyn Fn(&mut ModelInferRequest)>;

#[tokio::test]
async fn lying_and_malformed_requests_are_refused_and_the_server_goes_on() {
    let house = House::open().await;
    let mut client = house.client().await;
    let good = [[1., 2., 3.]];
    let cases: Vec<(&str, Spoil)> = vec![
        ("needs 24 bytes, got 23", Box::new(|r| r.raw_input_contents[0].truncate(23))),
        ("too large", Box::new(|r| r.inputs[0].shape = vec![i64::MAX, i64::MAX])),
        ("needs", Box::new(|r| r.inputs[0].shape = vec![1 << 50, 3])),
        ("negative dimension", Box::new(|r| r.inputs[0].shape = vec![-1, 3])),
        ("0 dimensions", Box::new(|r| r.inputs[0].shape = vec![])),
        ("unknown datatype", Box::new(|r| r.inputs[0].datatype = "FP46".to_owned())),
        ("one matrix named 'input'", Box::new(|r| r.inputs[0].name = "inputs".to_owned())),
        ("2 inputs and 1 raw", Box::new(|r| r.inputs.push(r.inputs[0].clone()))),
        (
            "no inputs",
            Box::new(|r| {
                r.inputs.clear();
                r.raw_input_contents.clear();
            }),
        ),
        (
            "no rows",
            Box::new(|r| {
                r.inputs[0].shape = vec![0, 3];
                r.raw_input_contents[0] = Bytes::new();
            }),
        ),
        (
            "has no output 'nope'",
            Box::new(|r| {
                r.outputs = vec![Default::default()];
                r.outputs[0].name = "nope".to_owned();
            }),
        ),
    ];
    for (message, spoil) in cases {
        let mut request = raw("sum", &good);
        spoil(&mut request);
        let error = client.model_infer(request).await.unwrap_err();
        assert_eq!(error.code(), Code::InvalidArgument, "{error}");
        assert!(error.message().contains(message), "{message}: {error}");
        client.model_infer(raw("sum", &good)).await.unwrap();
    }
    // NaN is a value, not an error.
    let answer = client.model_infer(raw("sum", &[[f64::NAN, 1., 2.]])).await.unwrap().into_inner();
    assert!(f64::from_le_bytes(answer.raw_output_contents[0][..].try_into().unwrap()).is_nan());
}

#[tokio::test]
async fn an_oversized_message_says_what_to_do() {
    let house = House::with(ServerConfig { max_message_bytes: 1000, ..Default::default() }).await;
    let mut client = house.client().await;
    let error = client.model_infer(raw("sum", &[[0.; 3]; 100])).await.unwrap_err();
    assert_eq!(error.code(), Code::InvalidArgument);
    assert!(error.message().contains("larger than the 1000 bytes"), "{error}");
    client.model_infer(typed("sum", &[[0.; 3]])).await.unwrap();
}

#[tokio::test]
async fn bytes_that_are_no_message_are_the_senders_fault() {
    let house = House::open().await;
    let status = send_bytes(&house, Bytes::from_static(&[0x0a, 0xff, 0xff, 0xff])).await;
    assert_eq!(status.unwrap_err().code(), Code::InvalidArgument);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_bytes_bring_the_server_down(noise in prop::collection::vec(
        prop::collection::vec(any::<u8>(), 0..200), 8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let house = House::open().await;
            for bytes in noise {
                if let Err(status) = send_bytes(&house, bytes.into()).await {
                    assert!(matches!(status.code(), Code::InvalidArgument | Code::NotFound), "{status}");
                }
            }
            house.client().await.model_infer(typed("sum", &[[0.; 3]])).await.unwrap();
        });
    }
}

/// Calls ModelInfer with whatever bytes.
async fn send_bytes(house: &House, bytes: Bytes) -> Result<Bytes, Status> {
    let mut grpc = tonic::client::Grpc::new(house.channel().await);
    grpc.ready().await.unwrap();
    let path = http::uri::PathAndQuery::from_static("/inference.GRPCInferenceService/ModelInfer");
    let answer = grpc.unary(tonic::Request::new(bytes), path, Verbatim).await?;
    Ok(answer.into_inner())
}

struct Verbatim;

impl Codec for Verbatim {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, buf: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buf.put(item);
        Ok(())
    }
}

impl Decoder for Verbatim {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, buf: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(buf.copy_to_bytes(buf.remaining())))
    }
}
