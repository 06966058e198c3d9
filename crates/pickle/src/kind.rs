//! The kinds of values, and the names of classes.

use std::fmt;

/// What a [`Value`](crate::Value) is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool,
    /// An integer of any width.
    Int,
    /// A float.
    Float,
    /// A complex number.
    Complex,
    /// Text; also Python 2's `str`, which may be bytes.
    Str,
    /// `bytes`.
    Bytes,
    /// `bytearray`.
    ByteArray,
    /// A tuple.
    Tuple,
    /// A list.
    List,
    /// A set.
    Set,
    /// A frozenset.
    FrozenSet,
    /// A dict, also an `OrderedDict`, `defaultdict` or `Counter`.
    Dict,
    /// A class or function, by name.
    Global,
    /// An instance of a class, or a recorded call: see [`Value::class`](crate::Value::class).
    Object,
    /// A numpy dtype.
    DType,
    /// A numpy scalar such as `numpy.float64(1.0)`.
    Scalar,
    /// A numpy array.
    Array,
    /// A reference to something outside the file.
    Persistent,
}

/// The name of a class or function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Class<'d> {
    /// Its module, `sklearn.linear_model._logistic`.
    pub module: &'d str,
    /// Its name in the module, `LogisticRegression`; dotted for nested classes.
    pub name: &'d str,
}

impl Class<'_> {
    /// Whether it is this class of this module.
    pub fn is(&self, module: &str, name: &str) -> bool {
        self.module == module && self.name == name
    }
}

impl fmt::Display for Class<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.module, self.name)
    }
}
