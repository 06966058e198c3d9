//! All elements of an array as a `Vec` of one Rust type, in C order whatever the file's. Conversions are
//! exact but where their documentation says otherwise; a dtype that has none is refused by name.

use half::f16;

use super::{Array, Order};
use crate::dtype::DTypeKind;
use crate::error::Error;
use crate::value::Value;

/// Elements as vectors.
impl<'d> Array<'d> {
    /// The elements as `f64` in C order: any integer, float or bool dtype, or objects that are
    /// numbers. Integers beyond 2^53 are rounded.
    ///
    /// # Errors
    /// [`Mismatch`](crate::ErrorKind::Mismatch) for any other dtype, [`Limit`](crate::ErrorKind::Limit)
    /// past [`Limits::max_copies`](crate::Limits::max_copies).
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
    ///
    /// # Errors
    /// [`Mismatch`](crate::ErrorKind::Mismatch) for any other dtype, [`Limit`](crate::ErrorKind::Limit)
    /// past [`Limits::max_copies`](crate::Limits::max_copies).
    pub fn to_f32_vec(self) -> Result<Vec<f32>, Error> {
        match (self.dtype.kind, self.dtype.size) {
            (DTypeKind::Float, 4) => self.map(f32::from_le_bytes),
            _ => Err(self.wants("float32")),
        }
    }

    /// The elements as `i64` in C order: any integer or bool dtype, or objects that are integers.
    ///
    /// # Errors
    /// [`Mismatch`](crate::ErrorKind::Mismatch) for any other dtype, [`Limit`](crate::ErrorKind::Limit)
    /// past [`Limits::max_copies`](crate::Limits::max_copies).
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

    /// The elements as bools in C order: a bool array, or objects that are bools.
    ///
    /// # Errors
    /// [`Mismatch`](crate::ErrorKind::Mismatch) for any other dtype, [`Limit`](crate::ErrorKind::Limit)
    /// past [`Limits::max_copies`](crate::Limits::max_copies).
    pub fn to_bool_vec(self) -> Result<Vec<bool>, Error> {
        match self.dtype.kind {
            DTypeKind::Bool => self.map(|[b]: [u8; 1]| b != 0),
            DTypeKind::Object => self.map_objects(Value::bool),
            _ => Err(self.wants("bools")),
        }
    }

    /// The elements as text in C order: a `U` array, `S` in ASCII, or objects that are text.
    ///
    /// # Errors
    /// [`Mismatch`](crate::ErrorKind::Mismatch) for any other dtype, [`Limit`](crate::ErrorKind::Limit)
    /// past [`Limits::max_copies`](crate::Limits::max_copies).
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
}
