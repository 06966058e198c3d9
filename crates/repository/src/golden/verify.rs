//! Golden rows held against an executor: the first row that differs, and by how much.
//!
//! Must not decide what a difference means for the server.

use std::fmt;
use std::sync::Arc;

use pelton_core::{Batch, DType, Executor, Tensor};

use super::Golden;

/// Rows run at once.
const BATCH_ROWS: usize = 1024;

/// How near answers must be to Python's.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Closeness {
    /// Equal in every bit; any NaN equals any other.
    Bits,
    /// Numbers off by at most this, absolute below 1 and relative above; all else equal.
    Within {
        /// For 64-bit floats.
        double: f64,
        /// For 32-bit floats.
        single: f64,
    },
}

/// What was verified.
#[derive(Clone, Debug, PartialEq)]
pub struct Verified {
    /// Rows whose answers were as Python's.
    pub rows: usize,
    /// How near they were required to be.
    pub closeness: Closeness,
    /// Outputs of the file that the executor does not answer.
    pub unanswered: Vec<String>,
}

impl Closeness {
    /// What Python keeps to itself where its libraries sum in an order of their own: 2.4e-13 was the
    /// largest difference between a batch and its rows, over 53 kinds of estimators.
    pub const PYTHON: Self = Self::Within { double: 1e-12, single: 1e-6 };

    /// What a model converted to ONNX keeps to: it computes in 32 bits, and 1.3e-6 was the largest
    /// difference of probabilities over eight kinds of models.
    pub const ONNX: Self = Self::Within { double: 1e-5, single: 1e-5 };

    fn of_tolerance(tolerance: f64) -> Self {
        Self::Within { double: tolerance, single: tolerance }
    }
}

impl fmt::Display for Closeness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bits => f.write_str("equal bits"),
            Self::Within { double, .. } => write!(f, "{double:e}"),
        }
    }
}

/// Asks the executor for every output of the golden rows and compares.
///
/// # Errors
/// The first row that differs, with output, expected and given value; or why the rows cannot be
/// asked for. For people who run the server.
pub(crate) async fn verify(
    executor: &dyn Executor,
    golden: &Golden,
    promised: Closeness,
) -> Result<Verified, String> {
    let closeness = golden.tolerance.map_or(promised, Closeness::of_tolerance);
    let signature = executor.signature();
    let answers = |name: &str| {
        signature.outputs.is_empty() || signature.outputs.iter().any(|spec| *spec.name == *name)
    };
    let (asked, unanswered): (Vec<&Tensor>, Vec<&Tensor>) =
        golden.outputs.iter().partition(|output| answers(output.name()));
    if asked.is_empty() {
        return Err("the model answers none of the outputs they have".to_owned());
    }
    let bound = signature
        .bind(golden.inputs.clone())
        .map_err(|error| format!("the model does not take their inputs: {error}"))?;
    let outputs: Arc<[Arc<str>]> = asked.iter().map(|output| output.name().clone()).collect();
    let whole =
        Batch { form: bound.form, inputs: bound.inputs, rows: bound.rows, outputs, deadline: None };
    for start in (0..golden.rows).step_by(BATCH_ROWS) {
        let end = (start + BATCH_ROWS).min(golden.rows);
        let got = executor
            .execute(whole.slice_rows(start, end))
            .await
            .map_err(|error| format!("rows {start} to {} were not answered: {error}", end - 1))?;
        for (expected, got) in asked.iter().zip(&got) {
            let expected = expected.slice_rows(start..end);
            compare(&expected, got, closeness, start)?;
        }
    }
    let unanswered = unanswered.iter().map(|output| output.name().to_string()).collect();
    Ok(Verified { rows: golden.rows, closeness, unanswered })
}

/// Holds one output of some rows, of which the first has this number, against Python's.
fn compare(
    expected: &Tensor,
    got: &Tensor,
    closeness: Closeness,
    first: usize,
) -> Result<(), String> {
    let name = expected.name();
    if expected.dtype() != got.dtype() || expected.shape() != got.shape() {
        return Err(format!(
            "output '{name}' is {} {:?}, Python answered {} {:?}",
            got.dtype(),
            got.shape(),
            expected.dtype(),
            expected.shape()
        ));
    }
    let limit = match (closeness, expected.dtype()) {
        (Closeness::Within { double, .. }, DType::Fp64) => Some(double),
        (Closeness::Within { single, .. }, DType::Fp32) => Some(single),
        _ => None,
    };
    let values = Values::of(expected).zip(Values::of(got)).enumerate();
    let mut differing = values.filter(|(_, (expected, got))| !expected.is_near(got, limit));
    let Some((index, (wanted, given))) = differing.next() else { return Ok(()) };
    let width = expected.row_elements().max(1);
    let row = index / width;
    let mut rows: Vec<usize> = differing.map(|(index, _)| index / width).collect();
    rows.dedup();
    let more = rows.iter().filter(|other| **other != row).count();
    let place = if width > 1 { format!("[{}]", index % width) } else { String::new() };
    let required = match limit {
        Some(limit) => format!("it may be off by {limit:e}"),
        None => "it must be equal".to_owned(),
    };
    let by = wanted.distance(&given).map_or_else(String::new, |by| format!(" (off by {by:e})"));
    let others = match more {
        0 => String::new(),
        1 => "; 1 more row differs".to_owned(),
        more => format!("; {more} more rows differ"),
    };
    Err(format!(
        "row {}, output '{name}'{place}: expected {wanted}, got {given}{by}, {required}{others}",
        first + row
    ))
}

/// One value of a tensor.
enum Value<'a> {
    Double(f64),
    Single(f32),
    Text(&'a [u8]),
    /// Everything that is equal or not, as Python would print it.
    Whole(i128),
}

/// The values of a tensor in order.
enum Values<'a> {
    Plain { bytes: std::slice::ChunksExact<'a, u8>, dtype: DType },
    Text(pelton_core::StringElements<'a>),
}

impl<'a> Values<'a> {
    fn of(tensor: &'a Tensor) -> Self {
        match tensor.dtype().element_bytes() {
            Some(size) => {
                Self::Plain { bytes: tensor.data().chunks_exact(size), dtype: tensor.dtype() }
            }
            None => Self::Text(tensor.strings()),
        }
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Value<'a>;

    fn next(&mut self) -> Option<Value<'a>> {
        match self {
            Self::Text(strings) => strings.next().map(Value::Text),
            Self::Plain { bytes, dtype } => {
                let bytes = bytes.next()?;
                let mut wide = [0; 16];
                wide[..bytes.len()].copy_from_slice(bytes);
                let whole = i128::from_le_bytes(wide);
                Some(match dtype {
                    DType::Fp64 => Value::Double(f64::from_bits(whole as u64)),
                    DType::Fp32 => Value::Single(f32::from_bits(whole as u32)),
                    DType::Int8 => Value::Whole(i128::from(whole as i8)),
                    DType::Int16 => Value::Whole(i128::from(whole as i16)),
                    DType::Int32 => Value::Whole(i128::from(whole as i32)),
                    DType::Int64 => Value::Whole(i128::from(whole as i64)),
                    _ => Value::Whole(whole),
                })
            }
        }
    }
}

impl Value<'_> {
    fn is_near(&self, other: &Self, limit: Option<f64>) -> bool {
        match (self, other) {
            (Self::Double(a), Self::Double(b)) => a.to_bits() == b.to_bits() || near(*a, *b, limit),
            (Self::Single(a), Self::Single(b)) => {
                a.to_bits() == b.to_bits() || near(f64::from(*a), f64::from(*b), limit)
            }
            (Self::Text(a), Self::Text(b)) => a == b,
            (Self::Whole(a), Self::Whole(b)) => a == b,
            _ => false,
        }
    }

    fn distance(&self, other: &Self) -> Option<f64> {
        let by = match (self, other) {
            (Self::Double(a), Self::Double(b)) => (a - b).abs(),
            (Self::Single(a), Self::Single(b)) => (f64::from(*a) - f64::from(*b)).abs(),
            _ => return None,
        };
        by.is_finite().then_some(by)
    }
}

fn near(expected: f64, got: f64, limit: Option<f64>) -> bool {
    if expected.is_nan() || got.is_nan() {
        return expected.is_nan() && got.is_nan();
    }
    // Infinities are near only themselves, whose bits were equal.
    limit.is_some_and(|limit| {
        expected.is_finite() && (expected - got).abs() <= limit * expected.abs().max(1.0)
    })
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Double(value) => write!(f, "{value:?}"),
            Self::Single(value) => write!(f, "{value:?}"),
            Self::Text(text) => write!(f, "{:?}", String::from_utf8_lossy(text)),
            Self::Whole(value) => write!(f, "{value}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doubles(values: &[f64]) -> Tensor {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Tensor::new("y", DType::Fp64, vec![values.len() / 2, 2], bytes.into()).unwrap()
    }

    #[test]
    fn the_first_row_that_differs_is_named_with_both_values() {
        let expected = doubles(&[1.0, f64::NAN, 0.25, -0.0, 1e20, f64::INFINITY]);
        assert_eq!(compare(&expected, &expected.clone(), Closeness::Bits, 0), Ok(()));
        let got = doubles(&[1.0, f64::NAN, 0.25, 0.0, 1e20, f64::NEG_INFINITY]);
        assert_eq!(
            compare(&expected, &got, Closeness::Bits, 7).unwrap_err(),
            "row 8, output 'y'[1]: expected -0.0, got 0.0 (off by 0e0), it must be equal; 1 more row \
             differs"
        );
        assert_eq!(
            compare(&expected, &got, Closeness::PYTHON, 0).unwrap_err(),
            "row 2, output 'y'[1]: expected inf, got -inf, it may be off by 1e-12"
        );
    }

    #[test]
    fn the_tolerance_is_absolute_below_one_and_relative_above() {
        for (expected, got, near) in [
            (0.5, 0.5 + 9e-13, true),
            (0.5, 0.5 + 2e-12, false),
            (1e20, 1e20 * (1.0 + 9e-13), true),
            (1e20, 1e20 * (1.0 + 2e-12), false),
        ] {
            let (expected, got) = (doubles(&[expected, 0.0]), doubles(&[got, 0.0]));
            assert_eq!(compare(&expected, &got, Closeness::PYTHON, 0).is_ok(), near);
        }
    }

    #[test]
    fn other_types_and_shapes_are_no_answer() {
        let expected = doubles(&[1.0, 2.0]);
        let got = Tensor::new("y", DType::Int8, vec![1, 2], vec![1, 2].into()).unwrap();
        assert_eq!(
            compare(&expected, &got, Closeness::PYTHON, 0).unwrap_err(),
            "output 'y' is INT8 [1, 2], Python answered FP64 [1, 2]"
        );
    }
}
