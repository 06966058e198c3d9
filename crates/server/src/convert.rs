//! The protocol's messages and the engine's words, converted into each other. Raw tensor bytes are
//! shared with the message, not copied.
//!
//! Must not judge names, types and shapes against a model: that is the signature's.

use std::sync::Arc;
use std::time::Instant;

use pelton_core::{DType, Error, Result, Tensor, TensorSpec};
use pelton_engine::{Request, Response};
use pelton_proto::inference::model_infer_request::InferInputTensor;
use pelton_proto::inference::model_infer_response::InferOutputTensor;
use pelton_proto::inference::model_metadata_response::TensorMetadata;
use pelton_proto::inference::{ModelInferRequest, ModelInferResponse};

use crate::contents;

/// Whether an answer's tensors go into `raw_output_contents` or into typed contents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As the request used raw contents, or has none of either.
    Raw,
    /// As the request used typed contents.
    Typed,
}

/// The engine's request, and how its answer is to be encoded.
///
/// # Errors
/// [`pelton_core::Code::InvalidInput`] naming the input.
pub(crate) fn request(
    message: ModelInferRequest,
    deadline: Option<Instant>,
) -> Result<(Request, Encoding)> {
    let raw = message.raw_input_contents;
    let encoding = if raw.is_empty() { Encoding::Typed } else { Encoding::Raw };
    if encoding == Encoding::Raw && raw.len() != message.inputs.len() {
        return Err(Error::invalid(format!(
            "the request has {} inputs and {} raw_input_contents, send one for each input",
            message.inputs.len(),
            raw.len()
        )));
    }
    let mut raw = raw.into_iter();
    let inputs = message
        .inputs
        .into_iter()
        .map(|input| tensor(input, raw.next()))
        .collect::<Result<Vec<_>>>()?;
    let outputs = message.outputs.into_iter().map(|output| output.name).collect();
    let (model, version) = (message.model_name, message.model_version);
    Ok((Request { model, version, inputs, outputs, deadline }, encoding))
}

/// The protocol's answer.
///
/// # Errors
/// [`pelton_core::Code::Unsupported`] when an FP16 output is asked for in typed contents.
pub(crate) fn response(
    response: Response,
    id: String,
    encoding: Encoding,
) -> Result<ModelInferResponse> {
    let mut message = ModelInferResponse {
        model_name: response.model.to_string(),
        model_version: response.version.to_string(),
        id,
        outputs: Vec::with_capacity(response.outputs.len()),
        ..ModelInferResponse::default()
    };
    for tensor in response.outputs {
        let contents = match encoding {
            Encoding::Raw => {
                message.raw_output_contents.push(tensor.data().clone());
                None
            }
            Encoding::Typed => Some(contents::from_tensor(&tensor).ok_or_else(|| {
                Error::new(
                    pelton_core::Code::Unsupported,
                    format!("output '{}' is FP16, send raw_input_contents", tensor.name()),
                )
            })?),
        };
        message.outputs.push(InferOutputTensor {
            name: tensor.name().to_string(),
            datatype: tensor.dtype().name().to_owned(),
            shape: tensor.shape().iter().map(|&dim| dim as i64).collect(),
            contents,
            ..InferOutputTensor::default()
        });
    }
    Ok(message)
}

/// An input or output as the metadata lists it; -1 is any size.
pub(crate) fn metadata(spec: &TensorSpec) -> TensorMetadata {
    TensorMetadata {
        name: spec.name.to_string(),
        datatype: spec.dtype.name().to_owned(),
        shape: spec.shape.iter().map(|dim| dim.map_or(-1, |dim| dim as i64)).collect(),
    }
}

fn tensor(input: InferInputTensor, raw: Option<bytes::Bytes>) -> Result<Tensor> {
    let name: Arc<str> = Arc::from(input.name.as_str());
    let dtype = DType::from_name(&input.datatype).ok_or_else(|| {
        Error::invalid(format!(
            "input '{name}' has the unknown datatype '{}', send one of {}",
            input.datatype,
            DType::ALL.map(DType::name).join(", ")
        ))
    })?;
    let shape = input
        .shape
        .iter()
        .map(|&dim| {
            usize::try_from(dim).map_err(|_| {
                Error::invalid(format!("input '{name}' has the negative dimension {dim}"))
            })
        })
        .collect::<Result<Vec<_>>>()?;
    let data = match (raw, input.contents) {
        (Some(_), Some(typed)) if !contents::is_empty(&typed) => {
            return Err(Error::invalid(format!(
                "input '{name}' has both typed and raw contents, send one of them"
            )));
        }
        (Some(raw), _) => raw,
        (None, typed) => contents::to_raw(&name, dtype, &typed.unwrap_or_default())?,
    };
    Tensor::new(name, dtype, shape, data)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use pelton_core::Code;

    use super::*;

    fn input(datatype: &str, shape: Vec<i64>) -> InferInputTensor {
        InferInputTensor {
            name: "x".to_owned(),
            datatype: datatype.to_owned(),
            shape,
            ..InferInputTensor::default()
        }
    }

    fn refused(input: InferInputTensor, raw: Vec<Bytes>) -> String {
        let message = ModelInferRequest {
            inputs: vec![input],
            raw_input_contents: raw,
            ..ModelInferRequest::default()
        };
        let error = request(message, None).unwrap_err();
        assert_eq!(error.code(), Code::InvalidInput);
        error.message().to_owned()
    }

    #[test]
    fn each_lie_is_told_with_the_inputs_name() {
        assert!(refused(input("FP63", vec![1]), vec![]).contains("'x' has the unknown datatype"));
        assert!(refused(input("FP64", vec![-1]), vec![]).contains("negative dimension -1"));
        assert!(refused(input("FP64", vec![1 << 40, 1 << 40]), vec![]).contains("too large"));
        assert!(refused(input("FP64", vec![1 << 40]), vec![]).contains("got 0"));
        assert!(
            refused(input("FP64", vec![1]), vec![Bytes::new(), Bytes::new()]).contains("2 raw")
        );
    }

    #[test]
    fn raw_bytes_are_shared_with_the_message() {
        let raw = Bytes::from(vec![0_u8; 8]);
        let message = ModelInferRequest {
            inputs: vec![input("FP64", vec![1])],
            raw_input_contents: vec![raw.clone()],
            ..ModelInferRequest::default()
        };
        let (request, encoding) = request(message, None).unwrap();
        assert_eq!(encoding, Encoding::Raw);
        assert_eq!(request.inputs[0].data().as_ptr(), raw.as_ptr());
    }
}
