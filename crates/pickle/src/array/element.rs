//! One element of an array, whatever its dtype: how its bytes are to be understood.

use half::f16;

use super::Array;
use crate::dtype::DTypeKind;
use crate::error::Error;
use crate::graph::ArrayData;

/// One element of an array.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Element<'d> {
    /// A bool.
    Bool(bool),
    /// A signed integer.
    Int(i64),
    /// An unsigned integer.
    UInt(u64),
    /// A float of 2, 4 or 8 bytes.
    Float(f64),
    /// Text, its padding removed.
    Str(String),
    /// Bytes: of an `S` element without its padding, of anything else as they are.
    Bytes(&'d [u8]),
}

impl Element<'_> {
    pub(crate) fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(b) => Some(*b),
            _ => None,
        }
    }

    pub(crate) fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int(i) => Some(*i),
            Self::UInt(u) => i64::try_from(*u).ok(),
            _ => None,
        }
    }

    pub(crate) fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(x) => Some(*x),
            Self::Int(i) => Some(*i as f64),
            Self::UInt(u) => Some(*u as f64),
            _ => None,
        }
    }
}

/// Elements one by one.
impl<'d> Array<'d> {
    /// The elements one by one in C order, whatever their dtype; see [`Element`].
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch) when its elements are objects: those are
    /// [`Array::items`].
    pub fn elements(self) -> Result<impl Iterator<Item = Element<'d>> + use<'d>, Error> {
        match self.node.data {
            ArrayData::Bytes(_) => {
                self.copy_out(size_of::<Element<'_>>())?;
                Ok(self.positions().map(move |at| self.element_at(at)))
            }
            ArrayData::Objects(_) => Err(self.wants("plain data")),
        }
    }

    /// The only element of an array without dimensions.
    pub(crate) fn first(self) -> Option<Element<'d>> {
        matches!(self.node.data, ArrayData::Bytes(_)).then(|| self.element_at(0))
    }

    fn element_at(self, at: usize) -> Element<'d> {
        use DTypeKind as K;
        let bytes = self.bytes_at(at);
        match self.dtype.kind {
            K::Bool => Element::Bool(bytes.iter().any(|b| *b != 0)),
            K::Int | K::DateTime | K::TimeDelta => Element::Int(self.wide(bytes, true) as i64),
            K::UInt => Element::UInt(self.wide(bytes, false)),
            K::Float if self.dtype.size <= 8 => {
                let bits = self.wide(bytes, false);
                Element::Float(match self.dtype.size {
                    2 => f16::from_bits(bits as u16).to_f64(),
                    4 => f64::from(f32::from_bits(bits as u32)),
                    _ => f64::from_bits(bits),
                })
            }
            K::Str => match self.text_at(at) {
                Some(text) => Element::Str(text),
                None => Element::Bytes(bytes),
            },
            K::Bytes => Element::Bytes(trim_zeros(bytes)),
            _ => Element::Bytes(bytes),
        }
    }

    /// Up to 8 bytes as a number, its sign extended.
    fn wide(self, bytes: &[u8], signed: bool) -> u64 {
        let mut le = [0; 8];
        le[..bytes.len()].copy_from_slice(bytes);
        if self.dtype.big_endian {
            le[..bytes.len()].reverse();
        }
        let shift = 64 - 8 * bytes.len() as u32;
        let bits = u64::from_le_bytes(le);
        if signed { (((bits << shift) as i64) >> shift) as u64 } else { bits }
    }

    pub(super) fn text_at(self, at: usize) -> Option<String> {
        let bytes = self.bytes_at(at);
        if self.dtype.kind == DTypeKind::Bytes {
            let text = trim_zeros(bytes);
            return text.is_ascii().then(|| String::from_utf8_lossy(text).into_owned());
        }
        let (codes, _) = bytes.as_chunks::<4>();
        let code = |b: &[u8; 4]| {
            if self.dtype.big_endian { u32::from_be_bytes(*b) } else { u32::from_le_bytes(*b) }
        };
        let len = codes.iter().rposition(|c| code(c) != 0).map_or(0, |last| last + 1);
        codes[..len].iter().map(|c| char::from_u32(code(c))).collect()
    }
}

fn trim_zeros(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    &bytes[..len]
}
