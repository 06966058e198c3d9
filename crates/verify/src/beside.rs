//! Rows right beside another: every number one bit larger, or smaller.
//!
//! Must not know what is made of them.

use bytes::Bytes;
use pelton_core::{DType, Result, Tensor};

/// A row, and behind it the same one with every float a bit farther from zero, and a bit nearer. Zeros,
/// infinities and NaN stay, as does what is no float.
///
/// # Errors
/// Never for inputs of one row; told rather than hidden all the same.
pub fn beside(row: &[Tensor]) -> Result<Vec<Tensor>> {
    let three = |tensor: &Tensor| {
        let parts = [tensor.clone(), nudged(tensor, true)?, nudged(tensor, false)?];
        Tensor::concat_rows(&parts.iter().collect::<Vec<_>>())
    };
    row.iter().map(three).collect()
}

/// The bits of a float count up away from zero, whatever its sign.
fn nudged(tensor: &Tensor, away: bool) -> Result<Tensor> {
    let data = match tensor.dtype() {
        DType::Fp64 => each(tensor.data(), |bytes| {
            let value = f64::from_le_bytes(bytes);
            let bits = value.to_bits();
            match value == 0.0 || !value.is_finite() {
                true => bytes,
                false if away => (bits + 1).to_le_bytes(),
                false => (bits - 1).to_le_bytes(),
            }
        }),
        DType::Fp32 => each(tensor.data(), |bytes| {
            let value = f32::from_le_bytes(bytes);
            let bits = value.to_bits();
            match value == 0.0 || !value.is_finite() {
                true => bytes,
                false if away => (bits + 1).to_le_bytes(),
                false => (bits - 1).to_le_bytes(),
            }
        }),
        _ => return Ok(tensor.clone()),
    };
    Tensor::new(tensor.name().clone(), tensor.dtype(), tensor.shape().to_vec(), Bytes::from(data))
}

fn each<const N: usize>(data: &[u8], of: impl Fn([u8; N]) -> [u8; N]) -> Vec<u8> {
    let (values, _) = data.as_chunks::<N>();
    values.iter().flat_map(|bytes| of(*bytes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_move_by_a_bit_and_the_rest_stays() {
        let of = |values: &[f64]| {
            let data: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            Tensor::new("x", DType::Fp64, vec![1, values.len()], Bytes::from(data)).unwrap()
        };
        let row = [of(&[1.0, -2.0, 0.0, f64::INFINITY])];
        let rows = beside(&row).unwrap();
        let expected = [
            of(&[1.0, -2.0, 0.0, f64::INFINITY]),
            of(&[1.0_f64.next_up(), (-2.0_f64).next_down(), 0.0, f64::INFINITY]),
            of(&[1.0_f64.next_down(), (-2.0_f64).next_up(), 0.0, f64::INFINITY]),
        ];
        let expected = Tensor::concat_rows(&expected.iter().collect::<Vec<_>>()).unwrap();
        assert_eq!((rows[0].shape(), rows[0].data()), (expected.shape(), expected.data()));
    }
}
