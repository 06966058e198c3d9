//! Element types of tensors, named as the Open Inference Protocol v2 names them.
//!
//! Must not know how a tensor is laid out beyond the size of one element.

use std::fmt;

/// The element type of a tensor (Open Inference Protocol v2, "Tensor Data Types").
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DType {
    /// One byte, 0 or 1.
    Bool = 1,
    /// Unsigned 8 bits.
    Uint8 = 2,
    /// Unsigned 16 bits, little-endian.
    Uint16 = 3,
    /// Unsigned 32 bits, little-endian.
    Uint32 = 4,
    /// Unsigned 64 bits, little-endian.
    Uint64 = 5,
    /// Signed 8 bits.
    Int8 = 6,
    /// Signed 16 bits, little-endian.
    Int16 = 7,
    /// Signed 32 bits, little-endian.
    Int32 = 8,
    /// Signed 64 bits, little-endian.
    Int64 = 9,
    /// IEEE 754 binary16.
    Fp16 = 10,
    /// IEEE 754 binary32.
    Fp32 = 11,
    /// IEEE 754 binary64.
    Fp64 = 12,
    /// Byte strings, each preceded by its length as a little-endian `u32`.
    Bytes = 13,
}

impl DType {
    /// Every element type, in the order of their codes.
    pub const ALL: [Self; 13] = [
        Self::Bool,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::Uint64,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Int64,
        Self::Fp16,
        Self::Fp32,
        Self::Fp64,
        Self::Bytes,
    ];

    /// The protocol's name, such as `FP64`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Uint8 => "UINT8",
            Self::Uint16 => "UINT16",
            Self::Uint32 => "UINT32",
            Self::Uint64 => "UINT64",
            Self::Int8 => "INT8",
            Self::Int16 => "INT16",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Fp16 => "FP16",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }

    /// The type of that protocol name; names are case-sensitive, as in the specification.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.name() == name)
    }

    /// The one-byte code used in worker frames.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The type of that worker-frame code.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|dtype| dtype.code() == code)
    }

    /// Bytes an element takes, or `None` for [`DType::Bytes`].
    pub const fn element_bytes(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Uint8 | Self::Int8 => Some(1),
            Self::Uint16 | Self::Int16 | Self::Fp16 => Some(2),
            Self::Uint32 | Self::Int32 | Self::Fp32 => Some(4),
            Self::Uint64 | Self::Int64 | Self::Fp64 => Some(8),
            Self::Bytes => None,
        }
    }

    /// Whether the elements are numbers (booleans count, as they do in NumPy's arithmetic).
    pub const fn is_numeric(self) -> bool {
        !matches!(self, Self::Bytes)
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_round_trip() {
        for dtype in DType::ALL {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
            assert_eq!(DType::from_code(dtype.code()), Some(dtype));
        }
        assert_eq!(DType::from_name("fp64"), None);
        assert_eq!(DType::from_code(0), None);
    }
}
