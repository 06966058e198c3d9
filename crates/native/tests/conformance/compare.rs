//! One row of an answer against Python's.
//!
//! Must not know where either came from.

use pelton_core::{DType, Tensor};

/// What is near in single precision, which has 24 bits.
pub(crate) const SINGLE: f64 = 2e-6;

/// How near an answer must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Nearness {
    /// Equal in every bit; NaN equals NaN.
    Bits,
    /// This far apart at most, absolute below 1 and relative above; what is no float is equal.
    Within(f64),
}

/// The largest difference between floats, absolute below 1 and relative above; infinite where others
/// differ. NaN equals NaN.
pub(crate) fn difference(ours: &Tensor, theirs: &Tensor) -> f64 {
    if ours.dtype() != theirs.dtype() || ours.shape() != theirs.shape() {
        return f64::INFINITY;
    }
    match (floats(ours), floats(theirs)) {
        (Some(ours), Some(theirs)) => {
            ours.zip(theirs).map(|(a, b)| apart(a, b)).fold(0.0, f64::max)
        }
        _ if ours.data() == theirs.data() => 0.0,
        _ => f64::INFINITY,
    }
}

/// Whether an answer is as near as promised.
pub(crate) fn near(ours: &Tensor, theirs: &Tensor, nearness: Nearness) -> bool {
    if difference(ours, theirs) == 0.0 && nearness != Nearness::Bits {
        return true;
    }
    match nearness {
        Nearness::Bits => same_bits(ours, theirs),
        Nearness::Within(limit) if ours.dtype() == DType::Fp32 => {
            difference(ours, theirs) <= limit.max(SINGLE)
        }
        Nearness::Within(limit) => difference(ours, theirs) <= limit,
    }
}

/// Equal in every bit, NaN of any kind being equal to NaN.
pub(crate) fn same_bits(ours: &Tensor, theirs: &Tensor) -> bool {
    if ours.dtype() != theirs.dtype() || ours.shape() != theirs.shape() {
        return false;
    }
    match (floats(ours), floats(theirs)) {
        (Some(mut ours), Some(theirs)) => theirs
            .zip(&mut ours)
            .all(|(a, b)| a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan())),
        _ => ours.data() == theirs.data(),
    }
}

/// The elements as text, for messages.
pub(crate) fn shown(tensor: &Tensor) -> String {
    const SHOWN: usize = 12;
    let elements: Vec<String> = match floats(tensor) {
        Some(values) => values.take(SHOWN).map(|value| format!("{value:?}")).collect(),
        None if tensor.dtype() == DType::Bytes => tensor
            .strings()
            .take(SHOWN)
            .map(|one| format!("{:?}", String::from_utf8_lossy(one)))
            .collect(),
        None if tensor.dtype() == DType::Int64 => tensor
            .data()
            .chunks_exact(8)
            .take(SHOWN)
            .map(|bytes| i64::from_le_bytes(bytes.try_into().expect("eight")).to_string())
            .collect(),
        None => tensor.data().iter().take(SHOWN).map(u8::to_string).collect(),
    };
    format!("{} {:?} [{}]", tensor.dtype(), tensor.shape(), elements.join(", "))
}

#[expect(clippy::float_cmp)] // equality is what is asked
fn apart(a: f64, b: f64) -> f64 {
    if a == b || (a.is_nan() && b.is_nan()) {
        return 0.0;
    }
    let apart = (a - b).abs() / b.abs().max(1.0);
    if apart.is_nan() { f64::INFINITY } else { apart }
}

fn floats(tensor: &Tensor) -> Option<Box<dyn Iterator<Item = f64> + '_>> {
    match tensor.dtype() {
        DType::Fp64 => Some(Box::new(
            tensor.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().expect("eight"))),
        )),
        DType::Fp32 => Some(Box::new(
            tensor
                .data()
                .chunks_exact(4)
                .map(|b| f64::from(f32::from_le_bytes(b.try_into().expect("four")))),
        )),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn numbers(values: &[f64]) -> Tensor {
        let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        Tensor::new("x", DType::Fp64, vec![values.len()], Bytes::from(data)).expect("a tensor")
    }

    #[test]
    fn a_last_bit_and_a_sign_of_zero_are_seen() {
        let (one, next) = (numbers(&[1.0]), numbers(&[1.0_f64.next_up()]));
        assert!(!near(&one, &next, Nearness::Bits));
        assert!(near(&one, &next, Nearness::Within(1e-12)));
        assert!(!near(&numbers(&[0.0]), &numbers(&[-0.0]), Nearness::Bits));
        assert!(near(&numbers(&[f64::NAN]), &numbers(&[-f64::NAN]), Nearness::Bits));
    }

    #[test]
    fn what_is_far_apart_is_never_near() {
        let limit = Nearness::Within(1e-12);
        assert!(!near(&numbers(&[f64::INFINITY]), &numbers(&[1e300]), limit));
        assert!(!near(&numbers(&[f64::NAN]), &numbers(&[0.0]), limit));
        assert!(!near(&numbers(&[1.0]), &numbers(&[1.0 + 1e-11]), limit));
        assert!(near(&numbers(&[1e20]), &numbers(&[1e20 + 1e6]), limit));
    }
}
