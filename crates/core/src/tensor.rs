//! A named, typed, shaped block of bytes whose first dimension counts rows.
//!
//! A `Tensor` is checked once, when it is made; whoever holds one may rely on its length. Must not
//! know any wire format: the layout is the raw layout of the Open Inference Protocol v2
//! (little-endian elements in row-major order; strings each preceded by a `u32` length), which is
//! also NumPy's for all numeric types.

use std::ops::Range;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};

use crate::{DType, Error, Result};

/// Most dimensions a tensor may have; NumPy's own limit is 64, models use 1 to 4.
const MAX_DIMENSIONS: usize = 8;

/// A named tensor. Cloning shares the bytes.
#[derive(Clone, Debug, PartialEq)]
pub struct Tensor {
    name: Arc<str>,
    dtype: DType,
    shape: Vec<usize>,
    data: Bytes,
}

impl Tensor {
    /// A tensor over raw bytes, checked: the dimensions' product times the element size must be
    /// the number of bytes; strings must fill the bytes exactly.
    ///
    /// # Errors
    /// [`crate::Code::InvalidInput`] naming the tensor and both numbers.
    pub fn new(
        name: impl Into<Arc<str>>,
        dtype: DType,
        shape: Vec<usize>,
        data: Bytes,
    ) -> Result<Self> {
        let name = name.into();
        if shape.is_empty() || shape.len() > MAX_DIMENSIONS {
            return Err(Error::invalid(format!(
                "tensor '{name}' has {} dimensions, send 1 to {MAX_DIMENSIONS}, rows first",
                shape.len()
            )));
        }
        let elements =
            shape.iter().try_fold(1_usize, |product, &dim| product.checked_mul(dim)).ok_or_else(
                || Error::invalid(format!("tensor '{name}' has a shape too large to address")),
            )?;
        match dtype.element_bytes() {
            Some(size) => {
                if elements.checked_mul(size) != Some(data.len()) {
                    return Err(Error::invalid(format!(
                        "tensor '{name}' of type {dtype} and shape {shape:?} needs {} bytes, got {}",
                        elements.saturating_mul(size),
                        data.len()
                    )));
                }
            }
            None => check_strings(&name, elements, &data)?,
        }
        if dtype == DType::Bool && data.iter().any(|&byte| byte > 1) {
            return Err(Error::invalid(format!(
                "tensor '{name}' of type BOOL has a byte that is neither 0 nor 1"
            )));
        }
        Ok(Self { name, dtype, shape, data })
    }

    /// The name.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The element type.
    pub const fn dtype(&self) -> DType {
        self.dtype
    }

    /// The dimensions, rows first.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The size of the first dimension.
    pub fn rows(&self) -> usize {
        self.shape[0]
    }

    /// Elements a row has.
    pub fn row_elements(&self) -> usize {
        self.shape[1..].iter().product()
    }

    /// The raw bytes.
    pub const fn data(&self) -> &Bytes {
        &self.data
    }

    /// The same bytes under another name.
    #[must_use]
    pub fn renamed(mut self, name: Arc<str>) -> Self {
        self.name = name;
        self
    }

    /// `[rows, 1]` as `[rows]`; anything else unchanged.
    #[must_use]
    pub fn flattened(mut self) -> Self {
        if self.shape.len() == 2 && self.shape[1] == 1 {
            self.shape.pop();
        }
        self
    }

    /// The elements of a [`DType::Bytes`] tensor; empty for any other type.
    pub fn strings(&self) -> StringElements<'_> {
        StringElements { rest: if self.dtype == DType::Bytes { &self.data } else { &[] } }
    }

    /// Some of the rows. Shares the bytes.
    ///
    /// # Panics
    /// When the range is not within the rows.
    #[must_use]
    pub fn slice_rows(&self, rows: Range<usize>) -> Self {
        assert!(rows.start <= rows.end && rows.end <= self.rows(), "row range within the tensor");
        let per_row = self.row_elements();
        let data = if let Some(size) = self.dtype.element_bytes() {
            self.data.slice(rows.start * per_row * size..rows.end * per_row * size)
        } else {
            let mut elements = self.strings();
            let total = self.data.len();
            elements.skip_elements(rows.start * per_row);
            let start = total - elements.rest.len();
            elements.skip_elements((rows.end - rows.start) * per_row);
            self.data.slice(start..total - elements.rest.len())
        };
        let mut shape = self.shape.clone();
        shape[0] = rows.end - rows.start;
        Self { name: self.name.clone(), dtype: self.dtype, shape, data }
    }

    /// The rows of all parts, one after another. One part is shared, several are copied once.
    ///
    /// # Errors
    /// [`crate::Code::BadReply`] when the parts differ in type or in the shape of a row.
    ///
    /// # Panics
    /// When there is no part.
    pub fn concat_rows(parts: &[&Self]) -> Result<Self> {
        let first = parts[0];
        if parts.len() == 1 {
            return Ok(first.clone());
        }
        let mut rows = 0;
        let mut bytes = 0;
        for part in parts {
            if part.dtype != first.dtype || part.shape[1..] != first.shape[1..] {
                return Err(Error::new(
                    crate::Code::BadReply,
                    format!(
                        "tensor '{}' has type {} and row shape {:?} in one part, {} and {:?} in another",
                        first.name,
                        first.dtype,
                        &first.shape[1..],
                        part.dtype,
                        &part.shape[1..]
                    ),
                ));
            }
            rows += part.rows();
            bytes += part.data.len();
        }
        let mut data = BytesMut::with_capacity(bytes);
        for part in parts {
            data.extend_from_slice(&part.data);
        }
        let mut shape = first.shape.clone();
        shape[0] = rows;
        Ok(Self { name: first.name.clone(), dtype: first.dtype, shape, data: data.freeze() })
    }
}

/// The byte strings of a tensor, in order.
#[derive(Clone, Debug)]
pub struct StringElements<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for StringElements<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<4>()?;
        // The tensor was checked when it was made, so the length fits.
        let (element, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
        self.rest = rest;
        Some(element)
    }
}

impl StringElements<'_> {
    fn skip_elements(&mut self, count: usize) {
        for _ in 0..count {
            self.next();
        }
    }
}

fn check_strings(name: &str, elements: usize, data: &[u8]) -> Result<()> {
    let mut rest = data;
    let mut found = 0_usize;
    while !rest.is_empty() {
        let element = rest
            .split_first_chunk::<4>()
            .and_then(|(length, tail)| tail.split_at_checked(u32::from_le_bytes(*length) as usize));
        let Some((_, tail)) = element else {
            return Err(Error::invalid(format!(
                "tensor '{name}': the length before string {found} reaches past the end of its bytes"
            )));
        };
        rest = tail;
        found += 1;
    }
    if found != elements {
        return Err(Error::invalid(format!(
            "tensor '{name}' has {found} strings, its shape needs {elements}"
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn strings(values: &[&str]) -> Tensor {
        let mut data = BytesMut::new();
        for value in values {
            data.extend_from_slice(&(value.len() as u32).to_le_bytes());
            data.extend_from_slice(value.as_bytes());
        }
        Tensor::new("s", DType::Bytes, vec![values.len()], data.freeze()).unwrap()
    }

    #[test]
    fn lying_shapes_are_refused_by_name() {
        for shape in [vec![2, 3], vec![usize::MAX, 2], vec![usize::MAX / 4, 1], vec![]] {
            let error =
                Tensor::new("x", DType::Fp64, shape, Bytes::from_static(&[0; 40])).unwrap_err();
            assert!(error.message().contains("'x'"), "{error}");
        }
    }

    #[test]
    fn lying_string_lengths_are_refused() {
        let data = Bytes::from_static(&[255, 255, 255, 255, b'a']);
        let error = Tensor::new("s", DType::Bytes, vec![1], data).unwrap_err();
        assert!(error.message().contains("past the end"), "{error}");
        let error = Tensor::new("s", DType::Bytes, vec![2], Bytes::from_static(&[0; 4]));
        assert!(error.unwrap_err().message().contains("has 1 strings"));
    }

    #[test]
    fn zero_rows_are_a_tensor() {
        let tensor = Tensor::new("x", DType::Fp32, vec![0, 4], Bytes::new()).unwrap();
        assert_eq!(tensor.rows(), 0);
    }

    proptest! {
        #[test]
        fn any_cut_of_strings_joins_back(values in prop::collection::vec(".{0,9}", 1..20), cut in 0_usize..20) {
            let whole = strings(&values.iter().map(String::as_str).collect::<Vec<_>>());
            let cut = cut.min(values.len());
            let (left, right) = (whole.slice_rows(0..cut), whole.slice_rows(cut..values.len()));
            prop_assert_eq!(left.strings().count(), cut);
            prop_assert_eq!(Tensor::concat_rows(&[&left, &right]).unwrap(), whole);
        }

        #[test]
        fn any_bytes_as_strings_never_panic(data in prop::collection::vec(any::<u8>(), 0..64), rows in 0_usize..9) {
            if let Ok(tensor) = Tensor::new("s", DType::Bytes, vec![rows], Bytes::from(data)) {
                prop_assert_eq!(tensor.strings().count(), rows);
            }
        }
    }
}
