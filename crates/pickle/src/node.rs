//! The nodes of the object graph: what a value of Python is before anybody asks for it. They point at
//! each other by number and at bytes by range; who owns both is the graph.

use std::sync::Arc;

use crate::dtype::DType;

/// Index of a node. Never dangles: nodes are only added.
pub(crate) type Id = u32;

/// A byte range of one of the graph's buffers; made only by functions that checked it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) buffer: u32,
    pub(crate) start: usize,
    pub(crate) len: usize,
}

#[derive(Debug)]
pub(crate) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// Little-endian two's complement, wider than 64 bits.
    BigInt(Span),
    Float(f64),
    Complex(f64, f64),
    /// Text, in UTF-8 that may hold lone surrogates as Python's may.
    Str(Span),
    /// Python 2's `str`: text or bytes, only its reader knows.
    ByteStr(Span),
    Bytes(Span),
    ByteArray(Span),
    Tuple(Box<[Id]>),
    List(Vec<Id>),
    Set(Vec<Id>),
    FrozenSet(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    /// A class or function by name; both are text nodes.
    Global {
        module: Id,
        name: Id,
    },
    Object(Box<Object>),
    DType(Arc<DType>),
    Array(Box<ArrayNode>),
    /// A persistent id: a reference to something outside the file.
    Persistent(Id),
}

/// A recorded construction: nothing was called.
#[derive(Debug)]
pub(crate) struct Object {
    /// What the file names as the class, after helpers such as `copyreg._reconstructor`.
    pub(crate) class: Id,
    /// Positional arguments, usually a tuple.
    pub(crate) args: Id,
    pub(crate) kwargs: Option<Id>,
    /// What BUILD gave, in order.
    pub(crate) states: Vec<Id>,
    /// What APPEND, APPENDS and ADDITEMS gave.
    pub(crate) items: Vec<Id>,
    /// What SETITEM and SETITEMS gave.
    pub(crate) pairs: Vec<(Id, Id)>,
}

/// An array or numpy scalar whose data was checked against dtype and shape.
#[derive(Debug)]
pub(crate) struct ArrayNode {
    pub(crate) dtype: Arc<DType>,
    pub(crate) shape: Box<[usize]>,
    pub(crate) fortran: bool,
    pub(crate) scalar: bool,
    pub(crate) data: ArrayData,
    /// `numpy.ma`: one byte an element, not zero where masked.
    pub(crate) mask: Option<Span>,
}

#[derive(Debug)]
pub(crate) enum ArrayData {
    Bytes(Span),
    Objects(Box<[Id]>),
}

impl Node {
    /// The kind with an article, for messages.
    pub(crate) fn article(&self) -> &'static str {
        match self {
            Self::None => "None",
            Self::Bool(_) => "a bool",
            Self::Int(_) | Self::BigInt(_) => "an int",
            Self::Float(_) => "a float",
            Self::Complex(..) => "a complex",
            Self::Str(_) | Self::ByteStr(_) => "a str",
            Self::Bytes(_) => "bytes",
            Self::ByteArray(_) => "a bytearray",
            Self::Tuple(_) => "a tuple",
            Self::List(_) => "a list",
            Self::Set(_) => "a set",
            Self::FrozenSet(_) => "a frozenset",
            Self::Dict(_) => "a dict",
            Self::Global { .. } => "a class or function",
            Self::Object(_) => "an object",
            Self::DType(_) => "a numpy dtype",
            Self::Array(array) if array.scalar => "a numpy scalar",
            Self::Array(_) => "an array",
            Self::Persistent(_) => "a persistent id",
        }
    }

    /// Bytes it holds beside itself; later additions to it are charged where they happen.
    pub(crate) fn heap_bytes(&self) -> usize {
        match self {
            Self::Tuple(items) => size_of_val(&**items),
            Self::List(items) | Self::Set(items) | Self::FrozenSet(items) => size_of_val(&**items),
            Self::Dict(pairs) => size_of_val(&**pairs),
            Self::Object(object) => {
                size_of::<Object>() + size_of_val(&*object.states) + size_of_val(&*object.pairs)
            }
            Self::Array(array) => {
                let items = match &array.data {
                    ArrayData::Objects(items) => size_of_val(&**items),
                    ArrayData::Bytes(_) => 0,
                };
                size_of::<ArrayNode>() + size_of_val(&*array.shape) + items
            }
            _ => 0,
        }
    }
}

impl Object {
    pub(crate) fn new(class: Id, args: Id) -> Self {
        let (states, items, pairs) = (Vec::new(), Vec::new(), Vec::new());
        Self { class, args, kwargs: None, states, items, pairs }
    }
}
