//! The signature a model has for clients: the one that the Python worker would find
//! (`python/pelton/worker/metadata.py`). Must not read files or answer.

use std::sync::Arc;

use pelton_core::{Accepts, DType, Inputs, MATRIX, TensorSpec};

use crate::estimator::{Estimator, Method, Output, Shape};
use crate::inputs::Evidence;
use crate::reader::Refusal;

/// An output clients can ask for: a method, or one target of it.
#[derive(Clone, Debug)]
pub(crate) struct NamedOutput {
    pub(crate) name: Arc<str>,
    pub(crate) method: Method,
    pub(crate) shape: Shape,
    pub(crate) dtype: DType,
    /// Columns of the method's answer.
    pub(crate) whole: usize,
    /// Those of them that are this output's.
    pub(crate) columns: std::ops::Range<usize>,
}

/// What the model takes.
///
/// # Errors
/// It does not tell how many columns, or names another number of them.
pub(crate) fn inputs(
    root: &dyn Estimator,
    names: Option<Vec<String>>,
    evidence: &Evidence,
) -> Result<Inputs, Refusal> {
    let text = |shape| TensorSpec {
        name: Arc::from(MATRIX),
        dtype: DType::Bytes,
        shape,
        accepts: Accepts::Text,
    };
    let Some(features) = root.features() else {
        if root.takes_text() {
            return Ok(Inputs::Matrix(text(vec![None])));
        }
        if root.ignores_rows() {
            return Ok(Inputs::Any);
        }
        return Err(Refusal::whole("the model does not tell how many columns it takes"));
    };
    if let Some(names) = names {
        if names.len() != features {
            return Err(Refusal::whole(format!(
                "the model names {} columns and takes {features}",
                names.len()
            )));
        }
        let specs = names.into_iter().enumerate().map(|(index, name)| {
            let (accepts, dtype) = evidence.column(index);
            TensorSpec { name: name.into(), dtype, shape: vec![None], accepts }
        });
        return Ok(Inputs::Columns(specs.collect()));
    }
    let (accepts, dtype) = evidence.matrix();
    let shape = vec![None, Some(features)];
    Ok(Inputs::Matrix(TensorSpec { name: Arc::from(MATRIX), dtype, shape, accepts }))
}

/// Outputs by name: a method of several targets becomes one output a target.
pub(crate) fn named(outputs: &[Output]) -> Vec<NamedOutput> {
    let mut all = Vec::new();
    for Output { method, shape, dtype } in outputs {
        let name = method.name();
        if let Shape::Several(widths) = shape {
            let mut start = 0;
            for (part, width) in widths.iter().enumerate() {
                all.push(NamedOutput {
                    name: format!("{name}_{part}").into(),
                    method: *method,
                    dtype: *dtype,
                    whole: shape.width(),
                    shape: Shape::Matrix(*width),
                    columns: start..start + width,
                });
                start += width;
            }
        } else {
            let columns = 0..shape.width();
            all.push(NamedOutput {
                name: name.into(),
                method: *method,
                dtype: *dtype,
                whole: shape.width(),
                shape: shape.clone(),
                columns,
            });
        }
    }
    all
}

/// The outputs that are answered where none is asked for: `predict`, else `transform`, else the first.
pub(crate) fn answered_unasked(outputs: &[NamedOutput]) -> Vec<Arc<str>> {
    let method = [Method::Predict, Method::Transform]
        .into_iter()
        .find(|method| outputs.iter().any(|output| output.method == *method))
        .or_else(|| outputs.first().map(|output| output.method));
    let answered = outputs.iter().filter(|output| Some(output.method) == method);
    answered.map(|output| output.name.clone()).collect()
}

/// What an output is to clients; `text` says that transformed rows have some.
pub(crate) fn spec(root: &dyn Estimator, output: &NamedOutput, text: bool) -> TensorSpec {
    let labels = root.labels().first().filter(|_| output.method == Method::Predict);
    let dtype = match labels {
        Some(labels) => labels.dtype(),
        None if text && output.method == Method::Transform => DType::Bytes,
        None => output.dtype,
    };
    let shape = match output.shape {
        Shape::Vector => vec![None],
        _ => vec![None, Some(output.shape.width())],
    };
    TensorSpec { name: output.name.clone(), dtype, shape, accepts: Accepts::Exactly }
}
