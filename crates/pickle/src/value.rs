//! What callers see of a document: values, what they are, plain data as it is, and errors that say where
//! they are. What lies inside containers and objects is `members`' business.

use std::fmt;

use crate::array::Array;
use crate::document::Document;
use crate::error::{Error, ErrorKind};
use crate::graph::{ArrayNode, Id, Node};
use crate::kind::{Class, Kind};
use crate::path;

/// One value of a [`Document`]: plain data, whatever Python class it names. Copying it is free.
///
/// `as_*` answers with an `Option`; the method of the bare name (`str`, `i64`, `array`, ...) with a
/// `Result` whose error names the value's place in the document.
#[derive(Clone, Copy)]
pub struct Value<'d> {
    pub(crate) doc: &'d Document,
    pub(crate) id: Id,
    pub(crate) origin: Origin,
}

/// How a value was reached: its container and the step from there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) parent: Id,
    pub(crate) step: Step,
}

/// A step from a container to a value in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Root,
    Attribute(Id),
    Key(Id),
    Index(u32),
    Argument(u32),
    Class,
    Arguments,
    State,
}

impl<'d> Value<'d> {
    pub(crate) fn child(self, id: Id, step: Step) -> Self {
        Value { doc: self.doc, id, origin: Origin { parent: self.id, step } }
    }

    pub(crate) fn node(self) -> &'d Node {
        self.doc.graph.node(self.id)
    }

    /// The number of the value in its document, the same wherever it was reached from.
    pub fn number(self) -> u32 {
        self.id
    }

    /// What it is.
    pub fn kind(self) -> Kind {
        match self.node() {
            Node::None => Kind::None,
            Node::Bool(_) => Kind::Bool,
            Node::Int(_) | Node::BigInt(_) => Kind::Int,
            Node::Float(_) => Kind::Float,
            Node::Complex(..) => Kind::Complex,
            Node::Str(_) | Node::ByteStr(_) => Kind::Str,
            Node::Bytes(_) => Kind::Bytes,
            Node::ByteArray(_) => Kind::ByteArray,
            Node::Tuple(_) => Kind::Tuple,
            Node::List(_) => Kind::List,
            Node::Set(_) => Kind::Set,
            Node::FrozenSet(_) => Kind::FrozenSet,
            Node::Dict(_) => Kind::Dict,
            Node::Global { .. } => Kind::Global,
            Node::Object(object) if self.is_mapping(object) => Kind::Dict,
            Node::Object(_) => Kind::Object,
            Node::DType(_) => Kind::DType,
            Node::Array(array) if array.scalar => Kind::Scalar,
            Node::Array(_) => Kind::Array,
            Node::Persistent(_) => Kind::Persistent,
        }
    }

    /// Whether it is `None`.
    pub fn is_none(self) -> bool {
        matches!(self.node(), Node::None)
    }

    /// A bool, Python's or numpy's.
    pub fn as_bool(self) -> Option<bool> {
        match self.node() {
            Node::Bool(b) => Some(*b),
            Node::Array(array) => self.element(array)?.as_bool(),
            _ => None,
        }
    }

    /// An integer that fits, Python's or numpy's; not a bool.
    pub fn as_i64(self) -> Option<i64> {
        match self.node() {
            Node::Int(i) => Some(*i),
            Node::Array(array) => self.element(array)?.as_i64(),
            _ => None,
        }
    }

    /// A number, Python's or numpy's; not a bool. Integers beyond 2^53 are rounded.
    pub fn as_f64(self) -> Option<f64> {
        match self.node() {
            Node::Float(f) => Some(*f),
            Node::Int(i) => Some(*i as f64),
            Node::Array(array) => self.element(array)?.as_f64(),
            _ => None,
        }
    }

    /// Text that is valid UTF-8; Python 2's `str` where it is ASCII.
    pub fn as_str(self) -> Option<&'d str> {
        let text = self.doc.graph.text(self.id)?;
        self.copy_out(size_of::<String>() + text.len()).ok()?;
        Some(text)
    }

    /// The bytes of `bytes`, `bytearray` or Python 2's `str`.
    pub fn as_bytes(self) -> Option<&'d [u8]> {
        let span = self.doc.graph.byte_span(self.id)?;
        self.copy_out(span.len).ok()?;
        Some(self.doc.graph.bytes(span))
    }

    /// An integer beyond 64 bits, as little-endian two's complement.
    pub fn as_big_int(self) -> Option<&'d [u8]> {
        match self.node() {
            Node::BigInt(span) => Some(self.doc.graph.bytes(*span)),
            _ => None,
        }
    }

    /// A complex number as real and imaginary part.
    pub fn as_complex(self) -> Option<(f64, f64)> {
        match self.node() {
            Node::Complex(re, im) => Some((*re, *im)),
            _ => None,
        }
    }

    /// The class or function that this value names.
    pub fn as_global(self) -> Option<Class<'d>> {
        let (module, name) = self.doc.graph.global(self.id)?;
        Some(Class { module, name })
    }

    /// Whether the whole document names anything of this module or of one inside it: what saved it can
    /// be told by that, as numpy 2 by `numpy._core`.
    pub fn names(self, module: &str) -> bool {
        self.doc.graph.names(module)
    }

    /// A numpy array or scalar.
    pub fn as_array(self) -> Option<Array<'d>> {
        match self.node() {
            Node::Array(node) => Some(Array::new(self, node)),
            _ => None,
        }
    }

    /// The id that stands for something outside the file.
    pub fn as_persistent(self) -> Option<Value<'d>> {
        match self.node() {
            Node::Persistent(id) => Some(self.child(*id, Step::Arguments)),
            _ => None,
        }
    }

    /// A numpy dtype.
    pub fn as_dtype(self) -> Option<&'d crate::DType> {
        match self.node() {
            Node::DType(dtype) => Some(dtype),
            _ => None,
        }
    }

    /// Start, stop and step of a `slice`.
    pub fn as_slice(self) -> Option<[Value<'d>; 3]> {
        let class = self.class()?;
        if !(class.is("builtins", "slice") || class.is("__builtin__", "slice")) {
            return None;
        }
        let args: Vec<_> = self.args().collect();
        args.try_into().ok()
    }

    /// The element of a scalar or an array without dimensions.
    fn element(self, array: &'d ArrayNode) -> Option<crate::Element<'d>> {
        array.shape.is_empty().then(|| Array::new(self, array).first())?
    }

    /// Counts bytes that are made for this value beside those that are copied out of the document: both
    /// are bounded by [`Limits::max_copies`](crate::Limits::max_copies).
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when they are too many together.
    pub fn copy_out(self, bytes: usize) -> Result<(), Error> {
        self.doc.copy_out(bytes)
    }

    /// A short description for messages: `a str`, `sklearn.tree._tree.Tree`.
    pub fn describe(self) -> String {
        match self.node() {
            Node::Object(_) => self.class().map_or("an object".into(), |class| class.to_string()),
            Node::Global { .. } => self.as_global().map_or("a class".into(), |c| c.to_string()),
            node => node.article().to_owned(),
        }
    }

    /// Where it is in the document: `Pipeline.steps[1][1].coef_`. Searches the document, so it is
    /// for messages.
    pub fn path(self) -> String {
        path::of(self)
    }

    /// An error about this value, with its path: for readers that sit on this crate.
    pub fn error(self, kind: ErrorKind, message: impl Into<String>) -> Error {
        Error::new(kind, message).at(self.path())
    }

    /// The error for a value that is not `wanted`.
    pub fn mismatch(self, wanted: &str) -> Error {
        self.error(ErrorKind::Mismatch, format!("expected {wanted}, got {}", self.describe()))
    }
}

/// The value in a line, containers not unfolded.
impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.node() {
            Node::None => f.write_str("None"),
            Node::Bool(b) => write!(f, "{b}"),
            Node::Int(i) => write!(f, "{i}"),
            Node::Float(x) => write!(f, "{x:?}"),
            Node::Complex(re, im) => write!(f, "({re:?}, {im:?}j)"),
            _ => match (self.as_str(), self.item_ids(), self.as_array()) {
                (Some(text), ..) if text.len() <= 80 => write!(f, "{text:?}"),
                (_, _, Some(array)) => write!(f, "{array:?}"),
                (_, Some(items), _) => write!(f, "{} of {}", self.describe(), items.len()),
                _ => f.write_str(&self.describe()),
            },
        }
    }
}
