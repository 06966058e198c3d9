//! What a value of a table means as a number: missing, whole or not, and in which type it fits.
//!
//! Must not know rows, nor what becomes of a value that is none.

use pelton_core::DType;

use crate::numbers;

/// Which texts stand for a missing value.
#[derive(Clone, Debug)]
pub(crate) struct Meaning {
    missing: Vec<Vec<u8>>,
}

/// A value on its way into a tensor.
#[derive(Clone, Copy)]
pub(crate) enum Number {
    Missing,
    Int(i64),
    Float(f64),
}

impl Meaning {
    pub(crate) fn new(missing: &[String]) -> Self {
        Self { missing: missing.iter().map(|text| text.as_bytes().to_vec()).collect() }
    }

    pub(crate) fn is_missing(&self, text: &[u8]) -> bool {
        text.is_empty() || self.missing.iter().any(|word| word == text)
    }

    /// `None` where a text is no number.
    #[inline]
    pub(crate) fn number(&self, text: &str) -> Option<Number> {
        if self.is_missing(text.as_bytes()) {
            return Some(Number::Missing);
        }
        match numbers::parse_float_text(text) {
            // A sign alone, -0, is lost in an integer.
            Some(float) if float.abs() < 9e15 => Some(Number::Float(float)),
            // NaN may be how a missing number is written.
            found if found.is_none_or(f64::is_nan) => {
                let missing = numbers::is_missing_number(text.as_bytes());
                if missing { Some(Number::Missing) } else { found.map(Number::Float) }
            }
            found => {
                numbers::parse_int(text.as_bytes()).map(Number::Int).or(found.map(Number::Float))
            }
        }
    }
}

pub(crate) fn float_of(number: Number) -> f64 {
    match number {
        Number::Missing => f64::NAN,
        Number::Int(whole) => whole as f64,
        Number::Float(float) => float,
    }
}

/// Appends a whole number in this type; `false` if it has no place in it.
pub(crate) fn push_integer(whole: i64, dtype: DType, data: &mut Vec<u8>) -> bool {
    macro_rules! push {
        ($type:ty) => {
            <$type>::try_from(whole).is_ok_and(|value| {
                data.extend_from_slice(&value.to_le_bytes());
                true
            })
        };
    }
    match dtype {
        DType::Bool => (0..=1).contains(&whole) && push!(u8),
        DType::Uint8 => push!(u8),
        DType::Uint16 => push!(u16),
        DType::Uint32 => push!(u32),
        DType::Uint64 => push!(u64),
        DType::Int8 => push!(i8),
        DType::Int16 => push!(i16),
        DType::Int32 => push!(i32),
        _ => push!(i64),
    }
}
