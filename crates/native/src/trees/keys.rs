//! Values and thresholds as whole numbers that compare alike, so that every kind of comparison is one test:
//! "go right iff key > cut".

use super::ensemble::{Compare, Input, NumericSplit};

/// Order-preserving key of an f32: signed comparison of keys is comparison of values, -0.0 counts as
/// 0.0, and NaN has the least key of all.
#[inline]
pub(super) fn key_f32(value: f32) -> i32 {
    let bits = (value + 0.0).to_bits() as i32;
    if value.is_nan() { i32::MIN } else { bits ^ ((bits >> 31) as u32 >> 1) as i32 }
}

/// [`key_f32`] for f64.
#[inline]
pub(super) fn key_f64(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64;
    if value.is_nan() { i64::MIN } else { bits ^ ((bits >> 63) as u64 >> 1) as i64 }
}

/// The cut of a split: values with a greater key go right.
pub(super) fn cut(split: &NumericSplit, input: Input) -> i64 {
    let threshold = split.threshold;
    let (nearest, key) = match input {
        Input::F32 => (f64::from(threshold as f32), i64::from(key_f32(threshold as f32))),
        Input::F64 => (threshold, key_f64(threshold)),
    };
    // The nearest representable value may lie on either side of the threshold.
    match split.compare {
        Compare::LessOrEqual => key - i64::from(nearest > threshold),
        Compare::Less => key - i64::from(nearest >= threshold),
    }
}
