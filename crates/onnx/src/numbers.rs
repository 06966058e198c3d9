//! Numbers of one type as numbers of another, as NumPy's `astype` has it where that loses nothing
//! but digits; what would become another number (1.5 or NaN as an integer, 300 as UINT8) is refused.
//!
//! Must not know ONNX Runtime.

use half::f16;
use pelton_core::{DType, Tensor};

/// A number of any type; each value of each type is one of these without loss.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Int(i64),
    Uint(u64),
    Float(f64),
}

/// A type that models take.
pub(crate) trait Target: Copy + Default {
    /// Whether it takes every number.
    const TAKES_ALL: bool;

    /// The number in this type, if it has it.
    fn of(number: Number) -> Option<Self>;

    /// What stands for a missing value, if the type has one.
    fn missing() -> Option<Self> {
        None
    }
}

/// Which elements of a tensor are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pick {
    /// All.
    All,
    /// One column of a matrix.
    Column {
        /// Which.
        index: usize,
        /// How many there are.
        of: usize,
    },
}

/// The elements picked, as another type.
///
/// # Errors
/// The place, among those picked, of the first that the type does not have, and how it reads.
pub(crate) fn convert<T: Target>(tensor: &Tensor, pick: Pick) -> Result<Vec<T>, (usize, String)> {
    let data = &tensor.data()[..];
    match tensor.dtype() {
        DType::Bool | DType::Uint8 => cast(data, pick, |[b]| Number::Int(b.into())),
        DType::Int8 => cast(data, pick, |b| Number::Int(i8::from_le_bytes(b).into())),
        DType::Uint16 => cast(data, pick, |b| Number::Int(u16::from_le_bytes(b).into())),
        DType::Int16 => cast(data, pick, |b| Number::Int(i16::from_le_bytes(b).into())),
        DType::Uint32 => cast(data, pick, |b| Number::Int(u32::from_le_bytes(b).into())),
        DType::Int32 => cast(data, pick, |b| Number::Int(i32::from_le_bytes(b).into())),
        DType::Uint64 => cast(data, pick, |b| Number::Uint(u64::from_le_bytes(b))),
        DType::Int64 => cast(data, pick, |b| Number::Int(i64::from_le_bytes(b))),
        DType::Fp16 => cast(data, pick, |b| Number::Float(f16::from_le_bytes(b).to_f64())),
        DType::Fp32 => cast(data, pick, |b| Number::Float(f32::from_le_bytes(b).into())),
        DType::Fp64 => cast(data, pick, |b| Number::Float(f64::from_le_bytes(b))),
        DType::Bytes => Err((0, "text".to_owned())),
    }
}

fn cast<T: Target, const N: usize>(
    data: &[u8],
    pick: Pick,
    read: impl Fn([u8; N]) -> Number,
) -> Result<Vec<T>, (usize, String)> {
    let (elements, _) = data.as_chunks::<N>();
    match pick {
        Pick::All if T::TAKES_ALL => {
            Ok(elements.iter().map(|&bytes| T::of(read(bytes)).unwrap_or_default()).collect())
        }
        Pick::All => each(elements.iter().map(|&bytes| read(bytes))),
        Pick::Column { index, of } => {
            each(elements.iter().skip(index).step_by(of).map(|&bytes| read(bytes)))
        }
    }
}

fn each<T: Target>(numbers: impl Iterator<Item = Number>) -> Result<Vec<T>, (usize, String)> {
    numbers
        .enumerate()
        .map(|(place, number)| T::of(number).ok_or_else(|| (place, number.shown())))
        .collect()
}

impl Number {
    fn shown(self) -> String {
        match self {
            Self::Int(value) => value.to_string(),
            Self::Uint(value) => value.to_string(),
            Self::Float(value) => value.to_string(),
        }
    }

    /// As a wide integer, if it is a whole number.
    fn whole(self) -> Option<i128> {
        match self {
            Self::Int(value) => Some(value.into()),
            Self::Uint(value) => Some(value.into()),
            // Beyond 2^64 no integer type of a model has it; below, the conversion is exact.
            Self::Float(value) if value.fract() == 0.0 && value.abs() <= 2_f64.powi(64) => {
                Some(value as i128)
            }
            Self::Float(_) => None,
        }
    }
}

macro_rules! integers {
    ($($type:ty),*) => {
        $(impl Target for $type {
            const TAKES_ALL: bool = false;

            fn of(number: Number) -> Option<Self> {
                Self::try_from(number.whole()?).ok()
            }
        })*
    };
}

integers!(i8, i16, i32, i64, u8, u16, u32, u64);

impl Target for bool {
    const TAKES_ALL: bool = false;

    fn of(number: Number) -> Option<Self> {
        match number.whole()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }
}

impl Target for f64 {
    const TAKES_ALL: bool = true;

    fn of(number: Number) -> Option<Self> {
        Some(match number {
            Number::Int(value) => value as Self,
            Number::Uint(value) => value as Self,
            Number::Float(value) => value,
        })
    }

    fn missing() -> Option<Self> {
        Some(Self::NAN)
    }
}

impl Target for f32 {
    const TAKES_ALL: bool = true;

    fn of(number: Number) -> Option<Self> {
        Some(match number {
            Number::Int(value) => value as Self,
            Number::Uint(value) => value as Self,
            Number::Float(value) => value as Self,
        })
    }

    fn missing() -> Option<Self> {
        Some(Self::NAN)
    }
}

impl Target for f16 {
    const TAKES_ALL: bool = true;

    fn of(number: Number) -> Option<Self> {
        f64::of(number).map(Self::from_f64)
    }

    fn missing() -> Option<Self> {
        Some(Self::NAN)
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn tensor(dtype: DType, data: Vec<u8>, rows: usize) -> Tensor {
        Tensor::new("x", dtype, vec![rows], Bytes::from(data)).unwrap()
    }

    fn doubles(values: &[f64]) -> Tensor {
        let data = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        tensor(DType::Fp64, data, values.len())
    }

    #[test]
    fn doubles_round_to_the_nearest_float() {
        let values = [0.1, 1e300, -0.0, f64::NAN, 1e-46, 16_777_217.0];
        let floats: Vec<f32> = convert(&doubles(&values), Pick::All).unwrap();
        assert_eq!(floats[..3], [0.1_f32, f32::INFINITY, 0.0]);
        assert!(floats[2].is_sign_negative() && floats[3].is_nan());
        assert_eq!(floats[4..], [0.0, 16_777_216.0]);
    }

    #[test]
    fn large_integers_round_once() {
        // By way of FP64 it would round twice, to 2^24 + 4 times 2^36.
        let value = (1_i64 << 60) + (1 << 36) + 1;
        let tensor = tensor(DType::Int64, value.to_le_bytes().to_vec(), 1);
        let floats: Vec<f32> = convert(&tensor, Pick::All).unwrap();
        assert_eq!(floats, [value as f32]);
        assert_ne!(floats, [(value as f64) as f32]);
    }

    #[test]
    fn what_an_integer_does_not_have_is_told() {
        let integers = |values: &[f64]| convert::<i64>(&doubles(values), Pick::All);
        assert_eq!(integers(&[1.0, -3.0]).unwrap(), [1, -3]);
        assert_eq!(integers(&[1.0, 1.5]).unwrap_err(), (1, "1.5".to_owned()));
        assert_eq!(integers(&[f64::NAN]).unwrap_err().1, "NaN");
        assert!(integers(&[2_f64.powi(63)]).is_err());
        assert_eq!(convert::<u64>(&doubles(&[2_f64.powi(63)]), Pick::All).unwrap(), [1 << 63]);
        assert!(convert::<u8>(&doubles(&[300.0]), Pick::All).is_err());
        assert!(convert::<bool>(&doubles(&[2.0]), Pick::All).is_err());
    }

    #[test]
    fn a_column_is_picked_from_a_matrix() {
        let matrix = tensor(DType::Uint8, vec![1, 2, 3, 4, 5, 6], 6);
        let column: Vec<f32> = convert(&matrix, Pick::Column { index: 1, of: 3 }).unwrap();
        assert_eq!(column, [2.0, 5.0]);
    }
}
