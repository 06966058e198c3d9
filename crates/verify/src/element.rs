//! One element of a tensor as a value that can be compared and shown.

use half::f16;
use pelton_core::{DType, Tensor};

/// An element.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Element<'a> {
    Bool(bool),
    Int(i64),
    UInt(u64),
    Single(f32),
    Float(f64),
    Text(&'a [u8]),
}

/// A tensor whose elements are asked for often.
pub(crate) struct Elements<'a> {
    tensor: &'a Tensor,
    strings: Vec<&'a [u8]>,
}

impl<'a> Elements<'a> {
    pub(crate) fn new(tensor: &'a Tensor) -> Self {
        Self { tensor, strings: tensor.strings().collect() }
    }

    pub(crate) fn at(&self, index: usize) -> Element<'a> {
        macro_rules! number {
            ($type:ty) => {{
                const SIZE: usize = size_of::<$type>();
                let mut bytes = [0; SIZE];
                bytes.copy_from_slice(&self.tensor.data()[index * SIZE..(index + 1) * SIZE]);
                <$type>::from_le_bytes(bytes)
            }};
        }
        match self.tensor.dtype() {
            DType::Bool => Element::Bool(self.tensor.data()[index] != 0),
            DType::Uint8 => Element::UInt(number!(u8).into()),
            DType::Uint16 => Element::UInt(number!(u16).into()),
            DType::Uint32 => Element::UInt(number!(u32).into()),
            DType::Uint64 => Element::UInt(number!(u64)),
            DType::Int8 => Element::Int(number!(i8).into()),
            DType::Int16 => Element::Int(number!(i16).into()),
            DType::Int32 => Element::Int(number!(i32).into()),
            DType::Int64 => Element::Int(number!(i64)),
            DType::Fp16 => Element::Single(number!(f16).to_f32()),
            DType::Fp32 => Element::Single(number!(f32)),
            DType::Fp64 => Element::Float(number!(f64)),
            DType::Bytes => Element::Text(self.strings[index]),
        }
    }
}

impl Element<'_> {
    /// Whether it is a float, and which.
    pub(crate) fn float(self) -> Option<f64> {
        match self {
            Self::Single(value) => Some(value.into()),
            Self::Float(value) => Some(value),
            _ => None,
        }
    }

    /// As text that reads back to the same; text as it is.
    pub(crate) fn show(self) -> String {
        match self {
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::UInt(value) => value.to_string(),
            Self::Single(value) if value.is_nan() => "nan".to_owned(),
            Self::Single(value) => format!("{value:?}"),
            Self::Float(value) if value.is_nan() => "nan".to_owned(),
            Self::Float(value) => format!("{value:?}"),
            Self::Text(text) => String::from_utf8_lossy(text).into_owned(),
        }
    }
}
