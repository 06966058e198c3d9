//! The one matrix of a model that takes rows of features.

use std::sync::Arc;

use super::{check, list};
use crate::{Accepts, DType, Error, MATRIX, Result, Tensor, TensorSpec};

/// The matrix, under the name the model has for it.
pub(super) fn of(spec: &TensorSpec, tensors: Vec<Tensor>) -> Result<Tensor> {
    let tensor = the_one(spec, tensors)?;
    if !tensor.dtype().is_numeric() && spec.accepts == Accepts::Numeric {
        return Err(Error::invalid(format!(
            "input '{}' is BYTES, the model takes numbers",
            spec.name
        )));
    }
    match (spec.accepts, tensor.shape()) {
        (Accepts::Text | Accepts::Any, [_] | [_, _]) if tensor.dtype() == DType::Bytes => {
            check::text(&tensor)?;
        }
        _ => {}
    }
    match (tensor.shape(), features(spec)) {
        ([_, features], Some(wanted)) if *features != wanted => Err(Error::invalid(format!(
            "input '{}' has {features} features a row, the model takes {wanted}",
            spec.name
        ))),
        ([_, _], _) => Ok(tensor),
        ([_], Some(1) | None) if spec.shape.len() == 1 => Ok(tensor),
        ([rows], Some(1)) => {
            let (name, data) = (tensor.name().clone(), tensor.data().clone());
            Tensor::new(name, tensor.dtype(), vec![*rows, 1], data)
        }
        (shape, _) => Err(Error::invalid(format!(
            "input '{}' has shape {shape:?}, send a matrix {}",
            spec.name,
            shown(spec)
        ))),
    }
}

/// The columns of a model as one matrix, where all are numbers.
pub(super) fn of_columns(specs: &[TensorSpec], tensors: Vec<Tensor>) -> Result<Tensor> {
    if let Some(text) = specs.iter().find(|spec| spec.accepts == Accepts::Text) {
        return Err(Error::invalid(format!(
            "the model's column '{}' holds text, so send one tensor per named column, not a matrix",
            text.name
        )));
    }
    let matrix = TensorSpec {
        name: Arc::from(MATRIX),
        dtype: DType::Fp64,
        shape: vec![None, Some(specs.len())],
        accepts: Accepts::Numeric,
    };
    of(&matrix, tensors)
}

/// The only tensor. It needs no name to be told apart: [`MATRIX`] always stands for it.
fn the_one(spec: &TensorSpec, tensors: Vec<Tensor>) -> Result<Tensor> {
    let [tensor] = <[Tensor; 1]>::try_from(tensors).map_err(|all| surprise(spec, &all))?;
    if *tensor.name() == spec.name {
        Ok(tensor)
    } else if &**tensor.name() == MATRIX {
        Ok(tensor.renamed(spec.name.clone()))
    } else {
        Err(surprise(spec, &[tensor]))
    }
}

fn surprise(spec: &TensorSpec, tensors: &[Tensor]) -> Error {
    Error::invalid(format!(
        "the model takes one matrix named '{}' of shape {}, got {}",
        spec.name,
        shown(spec),
        list(tensors.iter().map(|tensor| &**tensor.name()))
    ))
}

/// Features a row, where the model tells.
fn features(spec: &TensorSpec) -> Option<usize> {
    spec.shape.get(1).copied().flatten()
}

fn shown(spec: &TensorSpec) -> String {
    let features = features(spec).map_or_else(|| "features".to_owned(), |n| n.to_string());
    format!("[rows, {features}]")
}
