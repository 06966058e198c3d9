//! A batch's tensors as values of ONNX Runtime. Numbers of the declared type are given as they
//! stand in the request's bytes; others are converted, and text is copied.

use std::fmt;

use bytemuck::checked::{CheckedBitPattern, try_cast_slice};
use half::f16;
use ort::session::SessionInputValue;
use ort::value::{PrimitiveTensorElementType, Tensor as OrtTensor, TensorRef};
use pelton_core::{Batch, DType, Error, Form, Inputs, Result, Tensor, VALID_SUFFIX};

use crate::numbers::{Pick, Target, convert};
use crate::signature::{Input, Plan};

/// What an input of the model is made from.
struct Source<'a> {
    tensor: &'a Tensor,
    pick: Pick,
    /// Which rows are present.
    validity: Option<&'a Tensor>,
}

/// The values, in the model's order.
///
/// # Errors
/// [`pelton_core::Code::InvalidInput`] naming the input and the row that cannot be given.
pub(crate) fn values<'a>(plan: &Plan, batch: &'a Batch) -> Result<Vec<SessionInputValue<'a>>> {
    let count = plan.inputs.len();
    let columns = matches!(plan.signature.inputs, Inputs::Columns(_));
    let mut sent = batch.inputs.iter().peekable();
    let mut values = Vec::with_capacity(count);
    for (index, input) in plan.inputs.iter().enumerate() {
        let source = if columns && batch.form == Form::Matrix {
            let pick = Pick::Column { index, of: count };
            batch.inputs.first().map(|tensor| Source { tensor, pick, validity: None })
        } else {
            let next = plan.inputs.get(index + 1);
            sent.next().map(|tensor| Source {
                tensor,
                pick: Pick::All,
                validity: sent.next_if(|tensor| is_validity(tensor, input, next)),
            })
        };
        let source = source.ok_or_else(|| Error::invalid(format!("missing '{}'", input.name)))?;
        values.push(value(input, &source, batch.rows, columns)?);
    }
    Ok(values)
}

/// Whether the tensor tells which rows of the column are present. A column of the model may have
/// such a name itself.
fn is_validity(tensor: &Tensor, column: &Input, next: Option<&Input>) -> bool {
    tensor.name().strip_suffix(VALID_SUFFIX) == Some(&*column.name)
        && next.is_none_or(|next| next.name != *tensor.name())
}

fn value<'a>(
    input: &Input,
    source: &Source<'a>,
    rows: usize,
    column: bool,
) -> Result<SessionInputValue<'a>> {
    let shape: Vec<usize> = match (column, input.rank) {
        (true, 1) => vec![rows],
        (true, _) => vec![rows, 1],
        (false, _) => source.tensor.shape().to_vec(),
    };
    match input.dtype {
        DType::Bool => number::<bool>(input, source, shape),
        DType::Uint8 => number::<u8>(input, source, shape),
        DType::Uint16 => number::<u16>(input, source, shape),
        DType::Uint32 => number::<u32>(input, source, shape),
        DType::Uint64 => number::<u64>(input, source, shape),
        DType::Int8 => number::<i8>(input, source, shape),
        DType::Int16 => number::<i16>(input, source, shape),
        DType::Int32 => number::<i32>(input, source, shape),
        DType::Int64 => number::<i64>(input, source, shape),
        DType::Fp16 => number::<f16>(input, source, shape),
        DType::Fp32 => number::<f32>(input, source, shape),
        DType::Fp64 => number::<f64>(input, source, shape),
        DType::Bytes => text(input, source, shape),
    }
}

fn number<'a, T>(
    input: &Input,
    source: &Source<'a>,
    shape: Vec<usize>,
) -> Result<SessionInputValue<'a>>
where
    T: Target + CheckedBitPattern + PrimitiveTensorElementType + fmt::Debug + 'static,
{
    let tensor = source.tensor;
    if tensor.dtype() == input.dtype
        && source.pick == Pick::All
        && source.validity.is_none()
        // Bytes of a message may stand at any address; numbers may not.
        && let Ok(numbers) = try_cast_slice::<u8, T>(tensor.data())
    {
        return TensorRef::from_array_view((shape, numbers)).map(Into::into).map_err(unfit(input));
    }
    let mut numbers = convert::<T>(tensor, source.pick).map_err(|(place, shown)| {
        let row =
            if source.pick == Pick::All { place / tensor.row_elements().max(1) } else { place };
        Error::invalid(format!(
            "input '{}', row {row}: {shown} is no {}, which the model takes",
            input.name, input.dtype
        ))
    })?;
    for row in missing_rows(source) {
        let missing = T::missing().ok_or_else(|| no_missing(input, row))?;
        numbers[row] = missing;
    }
    OrtTensor::from_array((shape, numbers)).map(Into::into).map_err(unfit(input))
}

fn text<'a>(
    input: &Input,
    source: &Source<'a>,
    shape: Vec<usize>,
) -> Result<SessionInputValue<'a>> {
    if let Some(row) = missing_rows(source).next() {
        return Err(no_missing(input, row));
    }
    let per_row = source.tensor.row_elements().max(1);
    let texts = source.tensor.strings().enumerate().map(|(place, bytes)| {
        let refused = |why: &str| {
            Error::invalid(format!(
                "input '{}', row {}: the text {why}",
                input.name,
                place / per_row
            ))
        };
        let text = std::str::from_utf8(bytes).map_err(|_| refused("is not valid UTF-8"))?;
        if text.contains('\0') {
            return Err(refused("has a character 0, which ONNX Runtime takes for its end"));
        }
        Ok(text.to_owned())
    });
    let texts = texts.collect::<Result<Vec<String>>>()?;
    OrtTensor::from_string_array((shape, &texts[..])).map(Into::into).map_err(unfit(input))
}

/// Rows said to be missing; those of columns, which have one element each.
fn missing_rows<'a>(source: &Source<'a>) -> impl Iterator<Item = usize> + use<'a> {
    let valid = source.validity.map_or(&[][..], |tensor| &tensor.data()[..]);
    valid.iter().enumerate().filter(|(_, valid)| **valid == 0).map(|(row, _)| row)
}

fn no_missing(input: &Input, row: usize) -> Error {
    Error::invalid(format!(
        "column '{}', row {row}: the value is missing, and {} of an ONNX model cannot be; send what \
         the model was trained with in its place",
        input.name, input.dtype
    ))
}

fn unfit(input: &Input) -> impl Fn(ort::Error) -> Error {
    let name = input.name.clone();
    move |error| {
        Error::invalid(format!("input '{name}' cannot be given to the model"))
            .with_detail(error.message())
    }
}
