//! A view of a numpy array: dtype, shape and elements, read where they lie in the file.
//!
//! Sizes were checked when the array was read; a view never copies bytes unless asked for a `Vec`.

mod element;
mod positions;
mod vectors;

use std::fmt;

use crate::dtype::DType;
use crate::error::{Error, ErrorKind};
use crate::graph::{ArrayData, ArrayNode};
use crate::numpy::element_count;
use crate::value::Value;
pub use element::Element;
use positions::Positions;

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

    /// The elements as the file holds them, in [`Array::order`] and [`DType::is_big_endian`]'s order
    /// of bytes; `None` for objects, for the field of a record, whose elements do not adjoin, and
    /// when [`Limits::max_copies`](crate::Limits::max_copies) is reached.
    pub fn bytes(self) -> Option<&'d [u8]> {
        self.copy_out(self.dtype.size).ok()?;
        self.is_whole().then(|| self.record_bytes())?
    }

    /// One byte an element in [`Array::order`], not zero where `numpy.ma` masks it; `None` for an array
    /// that has no mask.
    pub fn mask(self) -> Option<&'d [u8]> {
        self.node.mask.map(|span| self.value.doc.graph.bytes(span))
    }

    /// The elements of an object array, in [`Array::order`].
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when its elements are not objects.
    pub fn items(self) -> Result<impl ExactSizeIterator<Item = Value<'d>> + use<'d>, Error> {
        match self.node.data {
            ArrayData::Objects(_) => self.value.items(),
            ArrayData::Bytes(_) => Err(self.wants("objects")),
        }
    }

    /// A field of an array of records, as an array of the same shape.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] when there is no such field.
    pub fn field(self, name: &str) -> Result<Array<'d>, Error> {
        match (self.dtype.field(name), &self.node.data) {
            (Some(field), ArrayData::Bytes(_)) => {
                Ok(Array { dtype: &field.dtype, offset: self.offset + field.offset, ..self })
            }
            _ => Err(self.value.error(
                ErrorKind::Missing,
                format!("has no field '{name}', its dtype is {}", self.dtype),
            )),
        }
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

    /// Counts a copy with so many bytes an element.
    fn copy_out(self, bytes: usize) -> Result<(), Error> {
        self.value.doc.copy_out(self.len().saturating_mul(bytes))
    }

    /// Places of the elements in the file, in C order of their indices.
    fn positions(self) -> Positions<'d> {
        Positions::new(&self.node.shape, self.node.fortran, self.len())
    }

    fn wants(self, wanted: &str) -> Error {
        self.value.error(
            ErrorKind::Mismatch,
            format!("expected an array of {wanted}, got one of {}", self.dtype),
        )
    }
}

/// `float64 [150, 4]`.
impl fmt::Debug for Array<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.dtype, self.node.shape)
    }
}
