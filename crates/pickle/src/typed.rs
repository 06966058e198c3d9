//! Values as the Rust type a caller needs, or an error that names the place.

use crate::array::Array;
use crate::error::Error;
use crate::graph::Node;
use crate::value::Value;

/// As the Rust type that is wanted; errors are of [`ErrorKind::Mismatch`](crate::ErrorKind::Mismatch)
/// unless told otherwise.
impl<'d> Value<'d> {
    /// A bool; see [`Value::as_bool`].
    pub fn bool(self) -> Result<bool, Error> {
        self.as_bool().ok_or_else(|| self.mismatch("a bool"))
    }

    /// An integer; see [`Value::as_i64`].
    pub fn i64(self) -> Result<i64, Error> {
        self.as_i64().ok_or_else(|| self.mismatch("an int"))
    }

    /// A size or index: an integer that is not negative.
    pub fn usize(self) -> Result<usize, Error> {
        let size = self.as_i64().and_then(|i| usize::try_from(i).ok());
        size.ok_or_else(|| self.mismatch("an int that is not negative"))
    }

    /// A number; see [`Value::as_f64`].
    pub fn f64(self) -> Result<f64, Error> {
        self.as_f64().ok_or_else(|| self.mismatch("a number"))
    }

    /// Text; see [`Value::as_str`].
    pub fn str(self) -> Result<&'d str, Error> {
        self.as_str().ok_or_else(|| match self.node() {
            Node::Str(_) => self.mismatch("text in UTF-8"),
            _ => self.mismatch("a str"),
        })
    }

    /// Bytes; see [`Value::as_bytes`].
    pub fn bytes(self) -> Result<&'d [u8], Error> {
        self.as_bytes().ok_or_else(|| self.mismatch("bytes"))
    }

    /// A numpy array or scalar.
    pub fn array(self) -> Result<Array<'d>, Error> {
        self.as_array().ok_or_else(|| self.mismatch("an array"))
    }

    /// Numbers, bools as 0 and 1: a numeric array of any shape in C order, an object array, a list
    /// or a tuple.
    ///
    /// # Errors
    /// As [`Array::to_f64_vec`].
    pub fn to_f64_vec(self) -> Result<Vec<f64>, Error> {
        match self.as_array() {
            Some(array) => array.to_f64_vec(),
            None => self.items()?.map(Value::f64).collect(),
        }
    }

    /// Integers, bools as 0 and 1: an integer array of any shape in C order, an object array, a list
    /// or a tuple.
    ///
    /// # Errors
    /// As [`Array::to_i64_vec`].
    pub fn to_i64_vec(self) -> Result<Vec<i64>, Error> {
        match self.as_array() {
            Some(array) => array.to_i64_vec(),
            None => self.items()?.map(Value::i64).collect(),
        }
    }

    /// Texts: an array of `U` or objects in C order, a list or a tuple.
    ///
    /// # Errors
    /// As [`Array::to_strings`].
    pub fn to_strings(self) -> Result<Vec<String>, Error> {
        match self.as_array() {
            Some(array) => array.to_strings(),
            None => self.items()?.map(|item| item.str().map(str::to_owned)).collect(),
        }
    }
}
