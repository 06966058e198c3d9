//! From a model's answers to tensors, in the types Python would answer.

use std::sync::Arc;

use bytemuck::NoUninit;
use bytes::Bytes;
use pelton_core::{Code, DType, Error, Result, Tensor};

use crate::data::Labels;
use crate::estimator::{Answers, Block, Method, Methods, Predicted, Shape};
use crate::model::Model;
use crate::signature::NamedOutput;

/// The methods behind outputs asked for by name.
///
/// # Errors
/// The model has no such output.
pub(crate) fn methods(model: &Model, outputs: &[Arc<str>]) -> Result<Methods> {
    let mut methods = Methods::NONE;
    for name in outputs {
        methods = methods.with(find(model, name)?.method);
    }
    Ok(methods)
}

/// Bytes of an answer, about: 8 a value.
pub(crate) fn answer_bytes(model: &Model, outputs: &[Arc<str>], rows: usize) -> usize {
    let asked = outputs.iter().filter_map(|name| find(model, name).ok());
    let width: usize = asked.map(|output| output.columns.len()).sum();
    rows.saturating_mul(width).saturating_mul(8)
}

/// One tensor per output asked for, in that order.
///
/// # Errors
/// The model has no such output, or did not answer it.
pub(crate) fn tensors(
    model: &Model,
    outputs: &[Arc<str>],
    rows: usize,
    answers: &Answers,
) -> Result<Vec<Tensor>> {
    outputs
        .iter()
        .map(|name| {
            let output = find(model, name)?;
            match (&answers.predict, output.method) {
                (Some(Predicted::Labels(indices)), Method::Predict) => {
                    labels(output, rows, indices, model.labels())
                }
                _ => match answers.block(output.method) {
                    Some(block) => numbers(output, rows, block),
                    None => Err(Error::new(Code::BadReply, format!("'{name}' was not answered"))),
                },
            }
        })
        .collect()
}

fn find<'m>(model: &'m Model, name: &str) -> Result<&'m NamedOutput> {
    model
        .named_outputs()
        .iter()
        .find(|output| *output.name == *name)
        .ok_or_else(|| Error::invalid(format!("the model has no output '{name}'")))
}

fn shape(output: &NamedOutput, rows: usize) -> Vec<usize> {
    match output.shape {
        Shape::Vector => vec![rows],
        _ => vec![rows, output.columns.len()],
    }
}

fn numbers(output: &NamedOutput, rows: usize, block: &Block) -> Result<Tensor> {
    let (dtype, data) = match block {
        Block::F64(values) if !matches!(output.dtype, DType::Fp64 | DType::Fp32 | DType::Bytes) => {
            let size = output.dtype.element_bytes().unwrap_or_default();
            let whole_number = |v: &f64, out: &mut Vec<u8>| {
                out.extend_from_slice(&(*v as i64).to_le_bytes()[..size]);
            };
            (output.dtype, picked(values, output, whole_number))
        }
        // Sparse rows are f64 here whatever they are in Python.
        Block::F64(values) if output.dtype == DType::Fp32 => {
            let narrow = |v: &f64, out: &mut Vec<u8>| out.extend((*v as f32).to_le_bytes());
            (DType::Fp32, picked(values, output, narrow))
        }
        Block::F64(values) => (DType::Fp64, copied(values, output)),
        Block::F32(values) => (DType::Fp32, copied(values, output)),
        Block::I64(values) => (DType::Int64, copied(values, output)),
        Block::Text(values) => {
            (DType::Bytes, picked(values, output, |v, out| text(v.as_deref(), out)))
        }
    };
    Tensor::new(output.name.clone(), dtype, shape(output, rows), Bytes::from(data))
}

/// The output's columns as they lie in memory, which is how they are sent.
fn copied<T: NoUninit>(values: &[T], output: &NamedOutput) -> Vec<u8> {
    if output.columns.len() == output.whole {
        return bytemuck::cast_slice(values).to_vec();
    }
    let mut data = Vec::with_capacity(size_of_val(values) / output.whole * output.columns.len());
    for row in values.chunks_exact(output.whole) {
        data.extend_from_slice(bytemuck::cast_slice(&row[output.columns.clone()]));
    }
    data
}

/// The bytes of the output's columns, each written by `write`.
fn picked<T>(
    values: &[T],
    output: &NamedOutput,
    mut write: impl FnMut(&T, &mut Vec<u8>),
) -> Vec<u8> {
    let mut data = Vec::with_capacity(size_of_val(values));
    if output.columns.len() == output.whole {
        values.iter().for_each(|value| write(value, &mut data));
    } else {
        for row in values.chunks_exact(output.whole) {
            row[output.columns.clone()].iter().for_each(|value| write(value, &mut data));
        }
    }
    data
}

fn labels(output: &NamedOutput, rows: usize, indices: &[u32], labels: &[Labels]) -> Result<Tensor> {
    let mut data = Vec::with_capacity(indices.len() * 8);
    let dtype = labels.first().map_or(DType::Int64, Labels::dtype);
    let size = dtype.element_bytes().unwrap_or_default();
    for (at, index) in indices.iter().enumerate() {
        let index = *index as usize;
        match &labels[at % labels.len()] {
            Labels::Int { values, .. } => {
                data.extend_from_slice(&values[index].to_le_bytes()[..size]);
            }
            Labels::Bool(values) => data.push(u8::from(values[index])),
            Labels::Float { values, dtype: DType::Fp32 } => {
                data.extend_from_slice(&(values[index] as f32).to_le_bytes());
            }
            Labels::Float { values, .. } => data.extend_from_slice(&values[index].to_le_bytes()),
            Labels::Text(values) => text(Some(values[index].as_bytes()), &mut data),
        }
    }
    Tensor::new(output.name.clone(), dtype, shape(output, rows), Bytes::from(data))
}

/// Missing text is sent as "nan", as Python would write it.
fn text(value: Option<&[u8]>, out: &mut Vec<u8>) {
    let value = value.unwrap_or(b"nan");
    out.extend_from_slice(&(value.len() as u32).to_le_bytes());
    out.extend_from_slice(value);
}
