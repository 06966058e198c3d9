//! What an executor is given: bound inputs of one or more requests, rows concatenated.
//!
//! Must not decide what goes into a batch: that is the engine's batcher.

use std::sync::Arc;
use std::time::Instant;

use crate::{Form, Result, Tensor};

/// Rows to run at once. The inputs satisfy the model's signature.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How the inputs are to be read.
    pub form: Form,
    /// The inputs in the order [`crate::Signature::bind`] gave them.
    pub inputs: Vec<Tensor>,
    /// Rows of every input; at least 1.
    pub rows: usize,
    /// The outputs asked for, by name, in the order the answer must have.
    pub outputs: Arc<[Arc<str>]>,
    /// When the last of the requests in it stops waiting; `None` if one of them waits for ever.
    pub deadline: Option<Instant>,
}

impl Batch {
    /// Rows `start..end` of this batch, sharing the bytes.
    #[must_use]
    pub fn slice_rows(&self, start: usize, end: usize) -> Self {
        Self {
            form: self.form,
            inputs: self.inputs.iter().map(|tensor| tensor.slice_rows(start..end)).collect(),
            rows: end - start,
            outputs: self.outputs.clone(),
            deadline: self.deadline,
        }
    }

    /// Bytes of all inputs.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.inputs.iter().map(|tensor| tensor.data().len()).sum()
    }

    /// Whether the rows of the other batch may run together with these: the same tensors by name,
    /// type and row shape, and the same outputs asked for.
    pub fn joins(&self, other: &Self) -> bool {
        self.form == other.form
            && self.inputs.len() == other.inputs.len()
            && (Arc::ptr_eq(&self.outputs, &other.outputs) || self.outputs == other.outputs)
            && self.inputs.iter().zip(&other.inputs).all(|(a, b)| {
                a.dtype() == b.dtype() && a.shape()[1..] == b.shape()[1..] && a.name() == b.name()
            })
    }

    /// The rows of all parts, one after another. The parts must join ([`Batch::joins`]).
    ///
    /// # Errors
    /// When they do not.
    ///
    /// # Panics
    /// When there is no part.
    pub fn concat(parts: &[&Self]) -> Result<Self> {
        let first = parts[0];
        if parts.len() == 1 {
            return Ok(first.clone());
        }
        let mut column = Vec::with_capacity(parts.len());
        let mut inputs = Vec::with_capacity(first.inputs.len());
        for index in 0..first.inputs.len() {
            column.clear();
            column.extend(parts.iter().map(|part| &part.inputs[index]));
            inputs.push(Tensor::concat_rows(&column)?);
        }
        let deadline = parts.iter().map(|part| part.deadline).try_fold(None, |latest, deadline| {
            deadline.map(|deadline| Some(latest.map_or(deadline, |l: Instant| l.max(deadline))))
        });
        Ok(Self {
            form: first.form,
            inputs,
            rows: parts.iter().map(|part| part.rows).sum(),
            outputs: first.outputs.clone(),
            deadline: deadline.flatten(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use bytes::Bytes;

    use super::*;
    use crate::DType;

    fn batch(deadline: Option<Instant>) -> Batch {
        let tensor =
            Tensor::new("x", DType::Uint8, vec![2, 1], Bytes::from_static(&[1, 2])).unwrap();
        Batch {
            form: Form::Matrix,
            inputs: vec![tensor],
            rows: 2,
            outputs: Arc::from([Arc::from("predict")]),
            deadline,
        }
    }

    #[test]
    fn a_joined_batch_waits_for_its_most_patient_request() {
        let now = Instant::now();
        let later = now + Duration::from_secs(1);
        let join = |a, b| Batch::concat(&[&batch(a), &batch(b)]).unwrap();
        assert_eq!(join(Some(now), Some(later)).deadline, Some(later));
        assert_eq!(join(Some(now), None).deadline, None);
        assert_eq!(join(None, Some(now)).deadline, None);
        assert_eq!(join(Some(later), Some(now)).rows, 4);
    }
}
