//! `Normalizer` and `Binarizer`.
//!
//! Source: `sklearn.preprocessing.normalize` and `binarize` (0.20 to 1.9); the order of the sums is that of
//! NumPy's `einsum` with two products side by side (1.24, 2.4), and of `np.sum`.

use pelton_pickle::Value;

use crate::data::{
    Data, Finite, Form, Numbers, Pool, Real, Slot, SparseRows, ViewMut, absolutes, check_finite,
    length,
};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::math::pairwise_sum;
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers =
    &[("sklearn", "Normalizer", read_normalizer), ("sklearn", "Binarizer", read_binarizer)];

struct RowScaling {
    features: usize,
    operation: Operation,
    /// Rows shorter than ten times the precision of their type stay as they are; before 1.0 only zeros.
    tiny_stay: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Operation {
    /// Divides by the sum of absolute values.
    L1,
    /// Divides by the Euclidean length.
    L2,
    /// Divides by the largest absolute value.
    Max,
    /// 1 above the threshold, else 0.
    Binary(f64),
}

fn read_normalizer(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let operation = match fitted.option("norm").and_then(Value::as_str).unwrap_or("l2") {
        "l1" => Operation::L1,
        "l2" => Operation::L2,
        "max" => Operation::Max,
        other => return Err(fitted.refuse_option(format!("norm='{other}'"))),
    };
    done(fitted, operation)
}

fn read_binarizer(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    done(fitted, Operation::Binary(fitted.number("threshold")?))
}

fn done(fitted: &Fitted<'_>, operation: Operation) -> Result<Box<dyn Estimator>, Refusal> {
    let Some(features) = fitted.features() else {
        let class = fitted.class();
        return Err(fitted.refuse(format!("{class} does not tell how many columns it takes")));
    };
    Ok(Box::new(Transforms(RowScaling {
        features,
        operation,
        tiny_stay: fitted.version() >= Version(1, 0),
    })))
}

impl RowScaling {
    fn scale<T: Real + crate::math::Real>(&self, row: &mut [T], room: &mut Vec<T>) {
        let magnitudes = |row: &[T], room: &mut Vec<T>| {
            room.clear();
            room.extend(row.iter().map(|value| num_traits::Float::abs(*value)));
        };
        let norm = match self.operation {
            Operation::Binary(threshold) => {
                let threshold = <T as Real>::of(threshold);
                for value in row {
                    *value = if *value > threshold { T::one() } else { T::zero() };
                }
                return;
            }
            Operation::L1 => {
                magnitudes(row, room);
                pairwise_sum(room)
            }
            Operation::L2 => num_traits::Float::sqrt(squares(row)),
            Operation::Max => row
                .iter()
                .map(|value| num_traits::Float::abs(*value))
                .fold(T::zero(), |most, value| if value > most { value } else { most }),
        };
        let least = <T as num_traits::Float>::epsilon() * <T as Real>::of(10.0);
        if norm != T::zero() && !(self.tiny_stay && norm < least) {
            row.iter_mut().for_each(|value| *value = *value / norm);
        }
    }

    fn rows<T: Real + crate::math::Real>(&self, mut rows: ViewMut<'_, T>) {
        let mut room = Vec::new();
        rows.for_each_row(|_, row| self.scale(row, &mut room));
    }
}

/// The sum of squares as `np.einsum` adds it: in lanes of 16 bytes, four vectors at a time from the
/// last to the first, then what is left, then the lanes in pairs.
pub(super) fn squares<T: Real>(row: &[T]) -> T {
    let lanes = 16 / size_of::<T>();
    let mut sums = [T::zero(); 4];
    let mut add = |vector: &[T]| {
        for (sum, value) in sums.iter_mut().zip(vector) {
            *sum = *value * *value + *sum;
        }
    };
    let fours = row.chunks_exact(4 * lanes);
    let rest = fours.remainder();
    for four in fours {
        four.chunks_exact(lanes).rev().for_each(&mut add);
    }
    rest.chunks(lanes).for_each(&mut add);
    if lanes == 2 { sums[0] + sums[1] } else { (sums[0] + sums[1]) + (sums[2] + sums[3]) }
}

impl Fit for RowScaling {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }
}

impl Transformer for RowScaling {
    fn width(&self) -> usize {
        self.features
    }

    fn form(&self, input: Form) -> Form {
        if input.is_sparse() { input } else { input.numeric() }
    }

    fn in_place(&self) -> bool {
        true
    }

    fn apply(&self, rows: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        match rows {
            Slot::F32(rows) => {
                check_finite(Numbers::F32(rows.view()), Finite::Only)?;
                self.rows(rows);
            }
            Slot::F64(rows) => {
                check_finite(Numbers::F64(rows.view()), Finite::Only)?;
                self.rows(rows);
            }
        }
        Ok(())
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let Data::Sparse(from) = x else { unreachable!("sparse rows alone stay sparse") };
        let mut rows = pool.take_sparse(self.features, x.form());
        for (columns, values) in from.iter() {
            // Sparse rows are summed from left to right (`inplace_csr_row_normalize_*`).
            let norm = match self.operation {
                Operation::L1 => absolutes(values),
                Operation::L2 => length(values, from.is_single()),
                Operation::Max => values.iter().fold(0.0, |most: f64, value| most.max(value.abs())),
                Operation::Binary(_) => 1.0,
            };
            for (column, value) in columns.iter().zip(values) {
                match self.operation {
                    Operation::Binary(threshold) if *value > threshold => rows.push(*column, 1.0),
                    Operation::Binary(_) => {}
                    _ if norm == 0.0 => rows.push(*column, *value),
                    _ => rows.push(*column, value / norm),
                }
            }
            rows.end_row();
        }
        Ok(rows)
    }
}
