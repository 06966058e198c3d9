//! One tensor held against what the model says of it. Must not know its neighbours.

use crate::{Accepts, DType, Error, Result, Tensor, TensorSpec};

/// A column as the model takes it: `[rows]`, of a type that fits.
pub(super) fn column(spec: &TensorSpec, tensor: Tensor) -> Result<Tensor> {
    let tensor = tensor.flattened();
    if tensor.shape().len() != 1 {
        return Err(Error::invalid(format!(
            "column '{}' has shape {:?}, send [rows] or [rows, 1]",
            spec.name,
            tensor.shape()
        )));
    }
    dtype(spec, &tensor)?;
    Ok(tensor)
}

/// The flags that tell which rows of a column are there.
pub(super) fn validity(tensor: Tensor) -> Result<Tensor> {
    let tensor = tensor.flattened();
    if tensor.shape().len() != 1 || tensor.dtype() != DType::Bool {
        return Err(Error::invalid(format!(
            "'{}' tells which rows of the column are present, send BOOL of shape [rows]",
            tensor.name()
        )));
    }
    Ok(tensor)
}

pub(super) fn dtype(spec: &TensorSpec, tensor: &Tensor) -> Result<()> {
    let fits = match spec.accepts {
        Accepts::Exactly => tensor.dtype() == spec.dtype,
        Accepts::Numeric => tensor.dtype().is_numeric(),
        Accepts::Text => tensor.dtype() == DType::Bytes,
        Accepts::Any => true,
    };
    if !fits {
        let wanted = match spec.accepts {
            Accepts::Numeric => "a number, such as",
            Accepts::Text => "text:",
            Accepts::Exactly | Accepts::Any => "the type",
        };
        return Err(Error::invalid(format!(
            "column '{}' is {}, the model takes {wanted} {}",
            spec.name,
            tensor.dtype(),
            spec.dtype
        )));
    }
    if matches!(spec.accepts, Accepts::Text | Accepts::Any) && tensor.dtype() == DType::Bytes {
        text(tensor)?;
    }
    Ok(())
}

/// Whether every element is UTF-8.
pub(super) fn text(tensor: &Tensor) -> Result<()> {
    match tensor.strings().position(|element| std::str::from_utf8(element).is_err()) {
        None => Ok(()),
        Some(row) => Err(Error::invalid(format!(
            "column '{}', row {row}: the text is not valid UTF-8",
            tensor.name()
        ))),
    }
}

pub(super) fn shape(spec: &TensorSpec, tensor: &Tensor) -> Result<()> {
    let fits = tensor.shape().len() == spec.shape.len()
        && tensor.shape().iter().zip(&spec.shape).all(|(got, want)| want.is_none_or(|w| w == *got));
    if fits {
        return Ok(());
    }
    let wanted: Vec<String> = spec
        .shape
        .iter()
        .map(|dim| dim.map_or_else(|| "any".to_owned(), |d| d.to_string()))
        .collect();
    Err(Error::invalid(format!(
        "input '{}' has shape {:?}, the model takes [{}]",
        spec.name,
        tensor.shape(),
        wanted.join(", ")
    )))
}
