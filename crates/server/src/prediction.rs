//! `prediction.PredictionService`: numbers in, a number out, for the one model the server names.
//!
//! Must not offer more: clients that want more speak the Open Inference Protocol.

use std::sync::Arc;

use bytes::{BufMut, BytesMut};
use half::f16;
use pelton_core::{Code, DType, Error, MATRIX, Result, Tensor};
use pelton_engine::Engine;
use pelton_proto::prediction::prediction_service_server::PredictionService;
use pelton_proto::prediction::{PredictionRequest, PredictionResponse};
use tonic::{Request, Response, Status};

use crate::inference::{deadline, request_id};
use crate::status::status;

/// The service.
pub(crate) struct Prediction {
    engine: Arc<Engine>,
    model: Option<String>,
}

impl Prediction {
    /// For the model named, or for the only one.
    pub(crate) fn new(engine: Arc<Engine>, model: Option<String>) -> Self {
        Self { engine, model }
    }

    fn model(&self) -> Result<String> {
        if let Some(model) = &self.model {
            return Ok(model.clone());
        }
        let mut models = self.engine.models();
        match (models.next(), models.next()) {
            (Some(only), None) => Ok(only.name().to_string()),
            _ => Err(Error::new(
                Code::Unsupported,
                "the server has several models, start it with --predict-model NAME to choose \
                 which one Predict asks",
            )),
        }
    }

    async fn predict(
        &self,
        model: String,
        features: &[f64],
        deadline: Option<std::time::Instant>,
    ) -> Result<f64> {
        let mut data = BytesMut::with_capacity(features.len() * 8);
        for &value in features {
            data.put_f64_le(value);
        }
        let specs = self.engine.model(&model, "")?.executor().signature().input_specs();
        let (name, shape) = match specs {
            // A model that names its one tensor is sent that name.
            [only] if only.shape.len() == 2 => (only.name.clone(), vec![1, features.len()]),
            _ => (Arc::from(MATRIX), vec![1, features.len()]),
        };
        let input = Tensor::new(name, DType::Fp64, shape, data.freeze())?;
        let request = pelton_engine::Request {
            model,
            version: String::new(),
            inputs: vec![input],
            outputs: Vec::new(),
            deadline,
        };
        let response = self.engine.infer(request).await?;
        number(response.outputs.first())
    }
}

#[tonic::async_trait]
impl PredictionService for Prediction {
    async fn predict(
        &self,
        request: Request<PredictionRequest>,
    ) -> std::result::Result<Response<PredictionResponse>, Status> {
        let deadline = deadline(request.metadata());
        let features = request.into_inner().features;
        let model = self.model().map_err(|error| status(&error, "", &request_id("")))?;
        let prediction = Self::predict(self, model.clone(), &features, deadline)
            .await
            .map_err(|error| status(&error, &model, &request_id("")))?;
        Ok(Response::new(PredictionResponse { prediction }))
    }
}

/// The one number of an output with one row and one column.
fn number(output: Option<&Tensor>) -> Result<f64> {
    let unsupported = |message: String| Err(Error::new(Code::Unsupported, message));
    let Some(output) = output else {
        return unsupported("the model answers nothing".to_owned());
    };
    if output.row_elements() != 1 {
        return unsupported(format!(
            "the model's output '{}' has {} numbers a row, Predict can answer one; use ModelInfer",
            output.name(),
            output.row_elements()
        ));
    }
    let data = &output.data()[..];
    let value = match output.dtype() {
        DType::Bool | DType::Uint8 => read(data, |[b]| f64::from(b)),
        DType::Int8 => read(data, |[b]| f64::from(b as i8)),
        DType::Uint16 => read(data, |b| f64::from(u16::from_le_bytes(b))),
        DType::Int16 => read(data, |b| f64::from(i16::from_le_bytes(b))),
        DType::Uint32 => read(data, |b| f64::from(u32::from_le_bytes(b))),
        DType::Int32 => read(data, |b| f64::from(i32::from_le_bytes(b))),
        DType::Uint64 => read(data, |b| u64::from_le_bytes(b) as f64),
        DType::Int64 => read(data, |b| i64::from_le_bytes(b) as f64),
        DType::Fp16 => read(data, |b| f16::from_le_bytes(b).to_f64()),
        DType::Fp32 => read(data, |b| f64::from(f32::from_le_bytes(b))),
        DType::Fp64 => read(data, f64::from_le_bytes),
        DType::Bytes => {
            return unsupported(format!(
                "the model's output '{}' is text, Predict can answer a number; use ModelInfer",
                output.name()
            ));
        }
    };
    value.ok_or_else(|| Error::new(Code::BadReply, "the model's answer is empty"))
}

fn read<const N: usize>(data: &[u8], convert: impl Fn([u8; N]) -> f64) -> Option<f64> {
    data.first_chunk::<N>().map(|&bytes| convert(bytes))
}
