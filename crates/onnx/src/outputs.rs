//! ONNX Runtime's answers as tensors, each checked to have the batch's rows.

use std::fmt;

use bytemuck::NoUninit;
use bytes::{BufMut, Bytes, BytesMut};
use half::{bf16, f16};
use ort::value::{DynValue, PrimitiveTensorElementType, TensorElementType};
use pelton_core::{Code, DType, Error, Result, Tensor};

use crate::signature::Output;

/// The answer in an output.
///
/// # Errors
/// [`Code::BadReply`] when it has not the batch's rows, or is nothing that can be sent.
pub(crate) fn tensor(output: &Output, value: &DynValue, rows: usize) -> Result<Tensor> {
    let (Some(kind), Some(shape)) = (value.dtype().tensor_type(), value.dtype().tensor_shape())
    else {
        return Err(bad(output, "no tensor"));
    };
    let mut shape = shape
        .iter()
        .map(|&size| usize::try_from(size))
        .collect::<std::result::Result<Vec<usize>, _>>()
        .map_err(|_| bad(output, "a tensor of negative size"))?;
    check(output, &shape, rows)?;
    if output.flat && shape.len() == 2 && shape[1] == 1 {
        shape.pop();
    }
    let (dtype, data) = match kind {
        TensorElementType::Bool => (DType::Bool, numbers::<bool>(output, value)?),
        TensorElementType::Uint8 => (DType::Uint8, numbers::<u8>(output, value)?),
        TensorElementType::Uint16 => (DType::Uint16, numbers::<u16>(output, value)?),
        TensorElementType::Uint32 => (DType::Uint32, numbers::<u32>(output, value)?),
        TensorElementType::Uint64 => (DType::Uint64, numbers::<u64>(output, value)?),
        TensorElementType::Int8 => (DType::Int8, numbers::<i8>(output, value)?),
        TensorElementType::Int16 => (DType::Int16, numbers::<i16>(output, value)?),
        TensorElementType::Int32 => (DType::Int32, numbers::<i32>(output, value)?),
        TensorElementType::Int64 => (DType::Int64, numbers::<i64>(output, value)?),
        TensorElementType::Float16 => (DType::Fp16, numbers::<f16>(output, value)?),
        TensorElementType::Float32 => (DType::Fp32, numbers::<f32>(output, value)?),
        TensorElementType::Float64 => (DType::Fp64, numbers::<f64>(output, value)?),
        TensorElementType::Bfloat16 => (DType::Fp32, widened(output, value)?),
        TensorElementType::String => (DType::Bytes, texts(output, value)?),
        _ => return Err(bad(output, "a type that the protocol does not have")),
    };
    Tensor::new(output.name.clone(), dtype, shape, data)
        .map_err(|error| Error::new(Code::BadReply, error.message().to_owned()))
}

fn check(output: &Output, shape: &[usize], rows: usize) -> Result<()> {
    match shape.first() {
        None => return Err(bad(output, "one value for the whole batch")),
        Some(got) if *got != rows => {
            return Err(bad(output, &format!("{got} rows for {rows} rows of input")));
        }
        Some(_) => {}
    }
    match (output.columns, shape) {
        (Some(wanted), [_, got]) if *got == wanted => Ok(()),
        (None, _) => Ok(()),
        (Some(wanted), _) => {
            Err(bad(output, &format!("the shape {shape:?} for {wanted} class labels")))
        }
    }
}

fn numbers<T>(output: &Output, value: &DynValue) -> Result<Bytes>
where
    T: PrimitiveTensorElementType + NoUninit + fmt::Debug,
{
    let (_, numbers) = value.try_extract_tensor::<T>().map_err(unreadable(output))?;
    Ok(Bytes::copy_from_slice(bytemuck::cast_slice(numbers)))
}

fn widened(output: &Output, value: &DynValue) -> Result<Bytes> {
    let (_, numbers) = value.try_extract_tensor::<bf16>().map_err(unreadable(output))?;
    let mut data = BytesMut::with_capacity(numbers.len() * 4);
    numbers.iter().for_each(|number| data.put_f32_le(number.to_f32()));
    Ok(data.freeze())
}

fn texts(output: &Output, value: &DynValue) -> Result<Bytes> {
    let (_, texts) = value.try_extract_strings().map_err(unreadable(output))?;
    let bytes = texts.iter().map(|text| 4 + text.len()).sum();
    let mut data = BytesMut::with_capacity(bytes);
    for text in &texts {
        let length = u32::try_from(text.len()).map_err(|_| bad(output, "text beyond 4 GiB"))?;
        data.put_u32_le(length);
        data.put_slice(text.as_bytes());
    }
    Ok(data.freeze())
}

fn bad(output: &Output, what: &str) -> Error {
    Error::new(Code::BadReply, format!("the model answered {what} in output '{}'", output.name))
}

fn unreadable(output: &Output) -> impl Fn(ort::Error) -> Error {
    let name = output.name.clone();
    move |error| {
        Error::new(Code::BadReply, format!("the model's output '{name}' cannot be read"))
            .with_detail(error.message())
    }
}
