//! What a model takes and answers: the words. How a request is held against them is in `bind`.

use std::sync::Arc;

use crate::{DType, Error, Result, Tensor, bind};

/// The name of the one input of a model that takes a matrix.
pub const MATRIX: &str = "input";

/// A BOOL tensor named `<column>` + this suffix says which rows of the column are present; where
/// it is false the value is missing, whatever the column holds there.
pub const VALID_SUFFIX: &str = ":valid";

/// What element types an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepts {
    /// The type of the specification and no other.
    Exactly,
    /// Any numeric type; the specification's is the preferred one.
    Numeric,
    /// BYTES holding UTF-8.
    Text,
    /// Any numeric type, or BYTES holding UTF-8: the model does not tell.
    Any,
}

/// An input or output of a model.
#[derive(Clone, Debug, PartialEq)]
pub struct TensorSpec {
    /// The name.
    pub name: Arc<str>,
    /// The element type; for inputs see also `accepts`.
    pub dtype: DType,
    /// The dimensions, rows first; `None` is any size.
    pub shape: Vec<Option<usize>>,
    /// What an input takes instead of `dtype`; ignored for outputs.
    pub accepts: Accepts,
}

/// The inputs of a model.
#[derive(Clone, Debug, PartialEq)]
pub enum Inputs {
    /// One matrix `[rows, features]`, any numeric type, named as its specification says or
    /// [`MATRIX`].
    Matrix(TensorSpec),
    /// One tensor `[rows]` or `[rows, 1]` per named column, or one numeric matrix named [`MATRIX`]
    /// with the columns in this order.
    Columns(Vec<TensorSpec>),
    /// These tensors, each required.
    Tensors(Vec<TensorSpec>),
    /// Whatever is sent: the model says nothing about its inputs.
    Any,
}

/// How the bound inputs of a batch are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Form {
    /// One matrix `[rows, features]`.
    Matrix = 1,
    /// Columns `[rows]`, each perhaps followed by its validity.
    Columns = 2,
    /// Tensors by name.
    Tensors = 3,
}

/// Inputs that satisfy a signature, in the model's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Bound {
    /// How to read them.
    pub form: Form,
    /// The tensors; a column's validity follows its column.
    pub inputs: Vec<Tensor>,
    /// Rows of each.
    pub rows: usize,
}

/// What a model takes and answers.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// The inputs.
    pub inputs: Inputs,
    /// Every output that can be asked for; empty if the model does not tell.
    pub outputs: Vec<TensorSpec>,
    /// What is answered when nothing is asked for; empty means all the model gives.
    pub default_outputs: Arc<[Arc<str>]>,
}

impl Signature {
    /// The inputs as the protocol's metadata lists them.
    pub fn input_specs(&self) -> &[TensorSpec] {
        match &self.inputs {
            Inputs::Matrix(spec) => std::slice::from_ref(spec),
            Inputs::Columns(specs) | Inputs::Tensors(specs) => specs,
            Inputs::Any => &[],
        }
    }

    /// Puts a request's tensors into the model's order, or says what is wrong with them, naming
    /// every missing and surplus input.
    ///
    /// # Errors
    /// [`Code::InvalidInput`].
    pub fn bind(&self, tensors: Vec<Tensor>) -> Result<Bound> {
        bind::bind(&self.inputs, tensors)
    }

    /// The outputs to compute: those asked for, or the default.
    ///
    /// # Errors
    /// [`Code::InvalidInput`] naming the unknown or repeated output and those there are.
    pub fn select_outputs(&self, asked: &[String]) -> Result<Arc<[Arc<str>]>> {
        if asked.is_empty() {
            return Ok(self.default_outputs.clone());
        }
        if asked.len() == 1
            && self.default_outputs.len() == 1
            && *asked[0] == *self.default_outputs[0]
        {
            return Ok(self.default_outputs.clone());
        }
        let mut selected: Vec<Arc<str>> = Vec::with_capacity(asked.len());
        for name in asked {
            if selected.iter().any(|seen| **seen == **name) {
                return Err(Error::invalid(format!("output '{name}' is asked for twice")));
            }
            match self.outputs.iter().find(|spec| *spec.name == **name) {
                Some(spec) => selected.push(spec.name.clone()),
                None if self.outputs.is_empty() => selected.push(Arc::from(name.as_str())),
                None => {
                    return Err(Error::invalid(format!(
                        "the model has no output '{name}', it has {}",
                        bind::list(self.outputs.iter().map(|spec| &*spec.name))
                    )));
                }
            }
        }
        Ok(selected.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(name: &str) -> TensorSpec {
        TensorSpec {
            name: name.into(),
            dtype: DType::Fp64,
            shape: vec![None],
            accepts: Accepts::Exactly,
        }
    }

    #[test]
    fn unknown_outputs_are_named_with_those_there_are() {
        let signature = Signature {
            inputs: Inputs::Any,
            outputs: vec![output("predict"), output("predict_proba")],
            default_outputs: Arc::from([Arc::from("predict")]),
        };
        let error = signature.select_outputs(&["proba".to_owned()]).unwrap_err();
        assert!(error.message().contains("'proba', it has 'predict', 'predict_proba'"), "{error}");
        let both =
            signature.select_outputs(&["predict_proba".to_owned(), "predict".to_owned()]).unwrap();
        assert_eq!(&*both[0], "predict_proba");
    }
}
