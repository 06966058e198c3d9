//! The requests, encoded beforehand, and the check of an answer against what is right.
//!
//! Must not know HTTP/2: it hands out gRPC message frames and takes them back.

use std::error::Error;

use bytes::{BufMut, Bytes, BytesMut};
use pelton_proto::inference::{
    ModelInferRequest, ModelInferResponse, model_infer_request::InferInputTensor,
};
use pelton_proto::prediction::{PredictionRequest, PredictionResponse};
use prost::Message;
use serde::Deserialize;

use super::{Expect, LoadArgs, Protocol};

/// Distinct requests prepared; the loop goes round them.
const DISTINCT_REQUESTS: usize = 512;

/// What `bench/python/train.py` writes: rows and the model's own answers.
#[derive(Deserialize)]
struct Cases {
    features: Vec<Vec<f64>>,
    predictions: Vec<f64>,
}

/// One prepared request and the values its answer must hold.
struct Prepared {
    frame: Bytes,
    expected: Vec<f64>,
}

/// All requests of a run.
pub(crate) struct Workload {
    protocol: Protocol,
    prepared: Vec<Prepared>,
}

impl Workload {
    /// Reads the cases and encodes the requests.
    pub(crate) fn prepare(args: &LoadArgs) -> Result<Self, Box<dyn Error>> {
        let text = std::fs::read_to_string(&args.cases)
            .map_err(|error| format!("cannot read {}: {error}", args.cases.display()))?;
        let cases: Cases = serde_json::from_str(&text)?;
        if cases.features.is_empty() || cases.features.len() != cases.predictions.len() {
            return Err(
                "the file of cases needs as many predictions as rows, and one row at least".into(),
            );
        }
        if args.protocol == Protocol::Predict && args.rows != 1 {
            return Err("the Predict protocol takes one row a request".into());
        }
        let prepared = (0..DISTINCT_REQUESTS)
            .map(|request| {
                let rows: Vec<usize> = (0..args.rows)
                    .map(|row| (request * args.rows + row) % cases.features.len())
                    .collect();
                prepare_request(args, &cases, &rows)
            })
            .collect();
        Ok(Self { protocol: args.protocol, prepared })
    }

    /// Requests there are; any number below it is a request.
    pub(crate) fn len(&self) -> usize {
        self.prepared.len()
    }

    /// The request with gRPC's five bytes in front.
    pub(crate) fn frame(&self, request: usize) -> &Bytes {
        &self.prepared[request].frame
    }

    /// Whether the bytes are one whole, uncompressed gRPC message.
    pub(crate) fn is_whole(body: &[u8]) -> bool {
        body.len() >= 5
            && body[0] == 0
            && u32::from_be_bytes([body[1], body[2], body[3], body[4]]) as usize == body.len() - 5
    }

    /// Decodes an answer and compares its values.
    pub(crate) fn check(&self, request: usize, body: &[u8]) -> Result<(), String> {
        let message = &body[5..];
        let got = match self.protocol {
            Protocol::Predict => {
                let answer = PredictionResponse::decode(message)
                    .map_err(|error| format!("undecodable answer: {error}"))?;
                vec![answer.prediction]
            }
            Protocol::Oip => {
                let answer = ModelInferResponse::decode(message)
                    .map_err(|error| format!("undecodable answer: {error}"))?;
                first_output(&answer)?
            }
        };
        let wanted = &self.prepared[request].expected;
        if got == *wanted {
            return Ok(());
        }
        Err(format!("the answer holds {got:?}, right is {wanted:?}"))
    }
}

fn prepare_request(args: &LoadArgs, cases: &Cases, rows: &[usize]) -> Prepared {
    let values: Vec<f64> =
        rows.iter().flat_map(|&row| cases.features[row].iter().copied()).collect();
    let expected = match args.expect {
        Expect::Identity => values.clone(),
        Expect::Predictions => rows.iter().map(|&row| cases.predictions[row]).collect(),
    };
    let message = match args.protocol {
        Protocol::Predict => PredictionRequest { features: values }.encode_to_vec(),
        Protocol::Oip => {
            let features = values.len() / rows.len();
            let raw: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            ModelInferRequest {
                model_name: args.model.clone(),
                inputs: vec![InferInputTensor {
                    name: "input".to_owned(),
                    datatype: "FP64".to_owned(),
                    shape: vec![rows.len() as i64, features as i64],
                    ..InferInputTensor::default()
                }],
                raw_input_contents: vec![raw.into()],
                ..ModelInferRequest::default()
            }
            .encode_to_vec()
        }
    };
    let mut frame = BytesMut::with_capacity(message.len() + 5);
    frame.put_u8(0);
    frame.put_u32(message.len() as u32);
    frame.extend_from_slice(&message);
    Prepared { frame: frame.freeze(), expected }
}

fn first_output(answer: &ModelInferResponse) -> Result<Vec<f64>, String> {
    let (Some(output), Some(raw)) = (answer.outputs.first(), answer.raw_output_contents.first())
    else {
        return Err("the answer has no raw output".to_owned());
    };
    let words = raw
        .chunks_exact(8)
        .map(|chunk| <[u8; 8]>::try_from(chunk).expect("chunks_exact gives chunks of that size"));
    let values: Vec<f64> = match output.datatype.as_str() {
        "FP64" => words.map(f64::from_le_bytes).collect(),
        "INT64" => words.map(|word| i64::from_le_bytes(word) as f64).collect(),
        other => return Err(format!("the answer is {other}, FP64 or INT64 was awaited")),
    };
    if output.shape.iter().product::<i64>() != values.len() as i64 {
        return Err(format!("shape {:?} for {} values", output.shape, values.len()));
    }
    Ok(values)
}
