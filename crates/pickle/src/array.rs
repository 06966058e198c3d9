//! A view of a numpy array: dtype, shape and elements, read where they lie in the file.
//!
//! Sizes were checked when the array was read; a view never copies bytes unless asked for a `Vec`.

use std::fmt;

use half::f16;

use crate::dtype::{DType, DTypeKind};
use crate::error::Error;
use crate::graph::{ArrayData, ArrayNode};
use crate::numpy::element_count;
use crate::value::Value;

/// A numpy array or scalar, or a field of an array of records.
#[derive(Clone, Copy)]
pub struct Array<'d> {
    value: Value<'d>,
    node: &'d ArrayNode,
    dtype: &'d DType,
    /// Where an element's bytes start within its record.
    offset: usize,
}

/// In which order the elements of an array lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Rows first: the last index runs fastest.
    C,
    /// Columns first: the first index runs fastest.
    Fortran,
}

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

impl<'d> Array<'d> {
    pub(crate) fn new(value: Value<'d>, node: &'d ArrayNode) -> Self {
        Self { value, node, dtype: &node.dtype, offset: 0 }
    }

    /// What its elements are.
    pub fn dtype(self) -> &'d DType {
        self.dtype
    }

    /// Its dimensions; none for a scalar.
    pub fn shape(self) -> &'d [usize] {
        &self.node.shape
    }

    /// How its elements lie in [`Array::bytes`] and [`Array::items`].
    pub fn order(self) -> Order {
        if self.node.fortran && self.node.shape.len() > 1 { Order::Fortran } else { Order::C }
    }

    /// Number of elements.
    pub fn len(self) -> usize {
        element_count(&self.node.shape).expect("the shape was counted when the array was read")
    }

    /// Whether it has no elements.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether it is a numpy scalar rather than an array without dimensions.
    pub fn is_scalar(self) -> bool {
        self.node.scalar
    }

    /// The elements as the file holds them, in [`Array::order`]; `None` for objects and for the
    /// field of a record, whose elements do not adjoin.
    pub fn bytes(self) -> Option<&'d [u8]> {
        self.copy_out(self.dtype.size).ok()?;
        self.is_whole().then(|| self.record_bytes())?
    }

    /// One byte an element, not zero where `numpy.ma` masks it.
    pub fn mask(self) -> Option<&'d [u8]> {
        self.node.mask.map(|span| self.value.doc.graph.bytes(span))
    }

    /// The elements of an object array, in [`Array::order`].
    ///
    /// # Errors
    /// When its elements are not objects.
    pub fn items(self) -> Result<impl ExactSizeIterator<Item = Value<'d>> + use<'d>, Error> {
        match self.node.data {
            ArrayData::Objects(_) => self.value.items(),
            ArrayData::Bytes(_) => Err(self.wants("objects")),
        }
    }

    /// A field of an array of records, as an array of the same shape.
    ///
    /// # Errors
    /// When there is no such field.
    pub fn field(self, name: &str) -> Result<Array<'d>, Error> {
        match (self.dtype.field(name), &self.node.data) {
            (Some(field), ArrayData::Bytes(_)) => {
                Ok(Array { dtype: &field.dtype, offset: self.offset + field.offset, ..self })
            }
            _ => Err(self.value.error(
                crate::ErrorKind::Missing,
                format!("has no field '{name}', its dtype is {}", self.dtype),
            )),
        }
    }

    /// The elements as `f64` in C order: any integer, float or bool dtype, or objects that are
    /// numbers. Integers beyond 2^53 are rounded.
    pub fn to_f64_vec(self) -> Result<Vec<f64>, Error> {
        use DTypeKind as K;
        match (self.dtype.kind, self.dtype.size) {
            (K::Object, _) => self.map_objects(Value::f64),
            (K::Float, 2) => self.map(|b: [u8; 2]| f16::from_le_bytes(b).to_f64()),
            (K::Float, 4) => self.map(|b| f64::from(f32::from_le_bytes(b))),
            (K::Float, 8) => self.map(f64::from_le_bytes),
            (K::Int | K::DateTime | K::TimeDelta, 8) => self.map(|b| i64::from_le_bytes(b) as f64),
            (K::UInt, 8) => self.map(|b| u64::from_le_bytes(b) as f64),
            (K::Int | K::UInt | K::Bool, _) => {
                Ok(self.to_i64_vec()?.into_iter().map(|i| i as f64).collect())
            }
            _ => Err(self.wants("numbers")),
        }
    }

    /// The elements as `f32` in C order, for a `float32` array.
    pub fn to_f32_vec(self) -> Result<Vec<f32>, Error> {
        match (self.dtype.kind, self.dtype.size) {
            (DTypeKind::Float, 4) => self.map(f32::from_le_bytes),
            _ => Err(self.wants("float32")),
        }
    }

    /// The elements as `i64` in C order: any integer or bool dtype, or objects that are integers.
    pub fn to_i64_vec(self) -> Result<Vec<i64>, Error> {
        use DTypeKind as K;
        match (self.dtype.kind, self.dtype.size) {
            (K::Object, _) => self.map_objects(Value::i64),
            (K::Bool, 1) => self.map(|[b]: [u8; 1]| i64::from(b != 0)),
            (K::Int, 1) => self.map(|b| i64::from(i8::from_le_bytes(b))),
            (K::Int, 2) => self.map(|b| i64::from(i16::from_le_bytes(b))),
            (K::Int, 4) => self.map(|b| i64::from(i32::from_le_bytes(b))),
            (K::Int | K::DateTime | K::TimeDelta, 8) => self.map(i64::from_le_bytes),
            (K::UInt, 1) => self.map(|[b]: [u8; 1]| i64::from(b)),
            (K::UInt, 2) => self.map(|b| i64::from(u16::from_le_bytes(b))),
            (K::UInt, 4) => self.map(|b| i64::from(u32::from_le_bytes(b))),
            (K::UInt, 8) => {
                let wide = self.map(u64::from_le_bytes)?;
                let narrow = wide.into_iter().map(i64::try_from).collect::<Result<_, _>>();
                narrow.map_err(|_| self.wants("integers below 2^63"))
            }
            _ => Err(self.wants("integers")),
        }
    }

    /// The elements as bools in C order.
    pub fn to_bool_vec(self) -> Result<Vec<bool>, Error> {
        match self.dtype.kind {
            DTypeKind::Bool => self.map(|[b]: [u8; 1]| b != 0),
            DTypeKind::Object => self.map_objects(Value::bool),
            _ => Err(self.wants("bools")),
        }
    }

    /// The elements as text in C order: a `U` array, `S` in ASCII, or objects that are text.
    pub fn to_strings(self) -> Result<Vec<String>, Error> {
        match self.dtype.kind {
            DTypeKind::Object => self.map_objects(|item| item.str().map(str::to_owned)),
            DTypeKind::Str | DTypeKind::Bytes => {
                self.copy_out(size_of::<String>() + self.dtype.size)?;
                let texts = self.positions().map(|at| self.text_at(at)).collect::<Option<_>>();
                texts.ok_or_else(|| self.wants("text"))
            }
            _ => Err(self.wants("text")),
        }
    }

    /// The elements one by one in C order, whatever their dtype; see [`Element`].
    ///
    /// # Errors
    /// When its elements are objects: those are [`Array::items`].
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

    fn text_at(self, at: usize) -> Option<String> {
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

    fn record_bytes(self) -> Option<&'d [u8]> {
        match self.node.data {
            ArrayData::Bytes(span) => Some(self.value.doc.graph.bytes(span)),
            ArrayData::Objects(_) => None,
        }
    }

    /// The bytes of the element at a place in the file's order.
    fn bytes_at(self, at: usize) -> &'d [u8] {
        let start = at * self.node.dtype.size + self.offset;
        &self.record_bytes().unwrap_or_default()[start..start + self.dtype.size]
    }

    fn is_whole(self) -> bool {
        std::ptr::eq(self.dtype, &raw const *self.node.dtype)
    }

    /// Maps elements of `N` bytes, given low byte first.
    fn map<const N: usize, T>(self, of: impl Fn([u8; N]) -> T) -> Result<Vec<T>, Error> {
        let Some(bytes) = self.record_bytes() else { return Err(self.wants("plain data")) };
        debug_assert_eq!(N, self.dtype.size);
        self.copy_out(size_of::<T>())?;
        if self.is_whole() && !self.dtype.big_endian && self.order() == Order::C {
            return Ok(bytes.as_chunks::<N>().0.iter().map(|chunk| of(*chunk)).collect());
        }
        let stride = self.node.dtype.size;
        let element = |at: usize| {
            let start = at * stride + self.offset;
            let mut chunk = [0; N];
            chunk.copy_from_slice(&bytes[start..start + N]);
            if self.dtype.big_endian {
                chunk.reverse();
            }
            of(chunk)
        };
        Ok(match self.order() {
            Order::C => (0..self.len()).map(element).collect(),
            Order::Fortran => self.positions().map(element).collect(),
        })
    }

    fn map_objects<T>(self, of: impl Fn(Value<'d>) -> Result<T, Error>) -> Result<Vec<T>, Error> {
        self.copy_out(size_of::<Value<'_>>() + size_of::<T>())?;
        let items: Vec<_> = self.items()?.collect();
        self.positions().map(|at| of(items[at])).collect()
    }

    /// Counts a copy with so many bytes an element.
    fn copy_out(self, bytes: usize) -> Result<(), Error> {
        self.value.doc.copy_out(self.len().saturating_mul(bytes))
    }

    /// Places of the elements in the file, in C order of their indices.
    fn positions(self) -> Positions<'d> {
        Positions { shape: &self.node.shape, fortran: self.node.fortran, next: 0, len: self.len() }
    }

    fn wants(self, wanted: &str) -> Error {
        self.value.error(
            crate::ErrorKind::Mismatch,
            format!("expected an array of {wanted}, got one of {}", self.dtype),
        )
    }
}

struct Positions<'d> {
    shape: &'d [usize],
    fortran: bool,
    next: usize,
    len: usize,
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.next == self.len {
            return None;
        }
        let at = self.next;
        self.next += 1;
        if !self.fortran || self.shape.len() < 2 {
            return Some(at);
        }
        // The index in each dimension, last first; the stride of the last is the greatest.
        let mut rest = at;
        let mut stride = self.len;
        let mut place = 0;
        for dim in self.shape.iter().rev() {
            stride /= dim;
            place += rest % dim * stride;
            rest /= dim;
        }
        Some(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len - self.next, Some(self.len - self.next))
    }
}

fn trim_zeros(bytes: &[u8]) -> &[u8] {
    let len = bytes.iter().rposition(|b| *b != 0).map_or(0, |last| last + 1);
    &bytes[..len]
}

/// `float64 [150, 4]`.
impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.dtype, self.node.shape)
    }
}
