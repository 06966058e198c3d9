//! FlatBuffers, as much of them as CatBoost's models use: tables, vectors, texts and scalars.
//!
//! Nothing is trusted: every offset is checked against the buffer when it is followed, and as many
//! offsets to the same bytes do not make more of them than the buffer is worth. Must not know CatBoost's
//! tables.

use std::cell::Cell;

use crate::boosters::Refused;

/// A flatbuffer.
pub(super) struct Buffer<'a> {
    bytes: &'a [u8],
    /// Bytes that may still be read: parts that are shared are read several times.
    left: Cell<usize>,
}

/// How often all bytes may be read.
const READ_MOST: usize = 16;

/// A table: where it lies, and where its list of fields.
#[derive(Clone, Copy)]
pub(super) struct Table<'a> {
    buffer: &'a Buffer<'a>,
    bytes: &'a [u8],
    at: usize,
    fields: usize,
    n_fields: usize,
}

/// A vector of fixed-size elements.
#[derive(Clone, Copy)]
pub(super) struct Vector<'a> {
    bytes: &'a [u8],
    at: usize,
    len: usize,
}

fn broken(what: &str) -> Refused {
    Refused::new(format!("the flatbuffer is broken: {what}"))
}

fn slice<const N: usize>(bytes: &[u8], at: usize) -> Result<[u8; N], Refused> {
    let end = at.checked_add(N).ok_or_else(|| broken("an offset"))?;
    let found = bytes.get(at..end).ok_or_else(|| broken("an offset points outside"))?;
    Ok(found.try_into().expect("as many bytes as asked for"))
}

/// The position an offset stored at `at` points to.
fn follow(bytes: &[u8], at: usize) -> Result<usize, Refused> {
    let offset = u32::from_le_bytes(slice(bytes, at)?) as usize;
    at.checked_add(offset).filter(|to| *to < bytes.len()).ok_or_else(|| broken("an offset"))
}

impl<'a> Buffer<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, left: Cell::new(bytes.len().saturating_mul(READ_MOST)) }
    }

    /// The table at the root.
    pub(super) fn root(&'a self) -> Result<Table<'a>, Refused> {
        Table::at(self, follow(self.bytes, 0)?)
    }

    fn spend(&self, bytes: usize) -> Result<(), Refused> {
        match self.left.get().checked_sub(bytes) {
            Some(left) => self.left.set(left),
            None => return Err(broken("too much of it is shared")),
        }
        Ok(())
    }
}

impl<'a> Table<'a> {
    fn at(buffer: &'a Buffer<'a>, at: usize) -> Result<Self, Refused> {
        buffer.spend(4)?;
        let bytes = buffer.bytes;
        let back = i64::from(i32::from_le_bytes(slice(bytes, at)?));
        let fields = usize::try_from(at as i64 - back).map_err(|_| broken("a table"))?;
        let size = u16::from_le_bytes(slice(bytes, fields)?) as usize;
        Ok(Self { buffer, bytes, at, fields, n_fields: (size / 2).saturating_sub(2) })
    }

    /// How many fields the table's schema had.
    pub(super) fn n_fields(self) -> usize {
        self.n_fields
    }

    /// Where field number `field` lies; `None` where it is left at its default.
    fn position(self, field: usize) -> Result<Option<usize>, Refused> {
        if field >= self.n_fields {
            return Ok(None);
        }
        match u16::from_le_bytes(slice(self.bytes, self.fields + 4 + 2 * field)?) {
            0 => Ok(None),
            offset => Ok(Some(self.at + offset as usize)),
        }
    }

    fn scalar<const N: usize>(self, field: usize) -> Result<Option<[u8; N]>, Refused> {
        self.position(field)?.map(|at| slice(self.bytes, at)).transpose()
    }

    pub(super) fn i32(self, field: usize, default: i32) -> Result<i32, Refused> {
        Ok(self.scalar(field)?.map_or(default, i32::from_le_bytes))
    }

    pub(super) fn u8(self, field: usize, default: u8) -> Result<u8, Refused> {
        Ok(self.scalar::<1>(field)?.map_or(default, |byte| byte[0]))
    }

    pub(super) fn f64(self, field: usize, default: f64) -> Result<f64, Refused> {
        Ok(self.scalar(field)?.map_or(default, f64::from_le_bytes))
    }

    pub(super) fn f32(self, field: usize, default: f32) -> Result<f32, Refused> {
        Ok(self.scalar(field)?.map_or(default, f32::from_le_bytes))
    }

    pub(super) fn table(self, field: usize) -> Result<Option<Self>, Refused> {
        let Some(at) = self.position(field)? else { return Ok(None) };
        Self::at(self.buffer, follow(self.bytes, at)?).map(Some)
    }

    /// A text, empty where there is none.
    pub(super) fn text(self, field: usize) -> Result<&'a str, Refused> {
        text(self.bytes(field)?)
    }

    /// Bytes, none where the field is not there.
    pub(super) fn bytes(self, field: usize) -> Result<&'a [u8], Refused> {
        let vector = self.vector(field, 1)?;
        Ok(&self.bytes[vector.at..vector.at + vector.len])
    }

    /// The texts of a vector, none where the field is not there.
    pub(super) fn texts(self, field: usize) -> Result<Vec<&'a str>, Refused> {
        let vector = self.vector(field, 4)?;
        let at = (0..vector.len).map(|element| vector.at + 4 * element);
        let read = at.map(|at| {
            let one = self.vector_at(follow(self.bytes, at)?, 1)?;
            text(&self.bytes[one.at..one.at + one.len])
        });
        read.collect()
    }

    /// Numbers, none where the field is not there.
    pub(super) fn numbers<T, const N: usize>(
        self,
        field: usize,
        read: fn([u8; N]) -> T,
    ) -> Result<Vec<T>, Refused> {
        let vector = self.vector(field, N)?;
        let bytes = &vector.bytes[vector.at..vector.at + N * vector.len];
        Ok(bytes.as_chunks().0.iter().map(|bytes| read(*bytes)).collect())
    }

    /// Elements that a vector of this field has.
    pub(super) fn len(self, field: usize) -> Result<usize, Refused> {
        Ok(self.vector(field, 1)?.len)
    }

    /// The tables of a vector, none where the field is not there.
    pub(super) fn tables(self, field: usize) -> Result<Vec<Self>, Refused> {
        let vector = self.vector(field, 4)?;
        let at = (0..vector.len).map(|element| vector.at + 4 * element);
        at.map(|at| Self::at(self.buffer, follow(self.bytes, at)?)).collect()
    }

    fn vector(self, field: usize, width: usize) -> Result<Vector<'a>, Refused> {
        let Some(at) = self.position(field)? else {
            return Ok(Vector { bytes: self.bytes, at: 0, len: 0 });
        };
        self.vector_at(follow(self.bytes, at)?, width)
    }

    fn vector_at(self, at: usize, width: usize) -> Result<Vector<'a>, Refused> {
        let len = u32::from_le_bytes(slice(self.bytes, at)?) as usize;
        let end = len.checked_mul(width).and_then(|bytes| bytes.checked_add(at + 4));
        match end {
            Some(end) if end <= self.bytes.len() => self.buffer.spend(end - at)?,
            _ => return Err(broken("a vector is longer than the file")),
        }
        Ok(Vector { bytes: self.bytes, at: at + 4, len })
    }
}

fn text(bytes: &[u8]) -> Result<&str, Refused> {
    std::str::from_utf8(bytes).map_err(|_| broken("a text is not UTF-8"))
}
