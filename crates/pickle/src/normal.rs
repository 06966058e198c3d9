//! The allow-list: the few helpers of Python, numpy, dill and pandas that picklers call to rebuild
//! plain data, and what each means. Everything else stays a recorded call.
//!
//! Nothing here runs foreign code or looks a name up; an allowed helper whose arguments are not as
//! its own library writes them is refused or left as a record, never guessed.

use crate::error::Error;
use crate::graph::{EMPTY_TUPLE, Graph, Id, NONE, Node};
use crate::{numpy, text};

/// The helpers that are understood.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Helper {
    /// `_codecs.encode(text, encoding)`: how protocols 0 to 2 spell bytes.
    Encode,
    /// `copyreg._reconstructor(class, base, state)`: objects in protocols 0 and 1.
    Reconstructor,
    /// `copyreg.__newobj__(class, *args)`.
    NewObject,
    /// `copyreg.__newobj_ex__(class, args, kwargs)`.
    NewObjectEx,
    Bytes,
    ByteArray,
    Set,
    FrozenSet,
    Complex,
    /// `OrderedDict(pairs)` and `Counter(dict)`: dicts given as an argument.
    Mapping,
    DType,
    /// numpy 2's `StringDType`, whose arrays pickle their elements as objects.
    StringDType,
    Array,
    MaskedArray,
    FromBuffer,
    Scalar,
    /// `_ufunc_reconstruct(module, name)`: a numpy function by name.
    Ufunc,
    /// dill's `_create_array(reconstruct, args, state, attributes)`.
    DillArray,
    /// dill's `_load_type(name)`: a built-in type by name.
    DillType,
    /// dill's `_get_attr(_import_module(module), name)`: a name of a compiled module, before dill 0.2.8.
    DillAttribute,
    /// pandas' `_new_Index(class, attributes)`.
    PandasIndex,
    /// Cython's `__pyx_unpickle_Class(class, checksum, state)`.
    Cython,
}

impl Helper {
    fn of(graph: &Graph, callable: Id) -> Option<Self> {
        let (module, name) = graph.global(callable)?;
        Some(match (module, name) {
            ("_codecs", "encode") => Self::Encode,
            ("copyreg" | "copy_reg", "_reconstructor") => Self::Reconstructor,
            ("copyreg" | "copy_reg", "__newobj__") => Self::NewObject,
            ("copyreg" | "copy_reg", "__newobj_ex__") => Self::NewObjectEx,
            ("builtins" | "__builtin__", "bytes") => Self::Bytes,
            ("builtins" | "__builtin__", "bytearray") => Self::ByteArray,
            ("builtins" | "__builtin__", "set") => Self::Set,
            ("builtins" | "__builtin__", "frozenset") => Self::FrozenSet,
            ("builtins" | "__builtin__", "complex") => Self::Complex,
            ("collections", "OrderedDict" | "Counter") => Self::Mapping,
            ("numpy", "dtype") => Self::DType,
            ("numpy._core._internal", "_convert_to_stringdtype_kwargs") => Self::StringDType,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "_reconstruct") => Self::Array,
            ("numpy.core.multiarray" | "numpy._core.multiarray", "scalar") => Self::Scalar,
            ("numpy.core.numeric" | "numpy._core.numeric", "_frombuffer") => Self::FromBuffer,
            ("numpy.ma.core", "_mareconstruct") => Self::MaskedArray,
            ("numpy.core" | "numpy._core", "_ufunc_reconstruct") => Self::Ufunc,
            ("dill._dill" | "dill.dill" | "dill", "_create_array") => Self::DillArray,
            ("dill._dill" | "dill.dill" | "dill", "_load_type") => Self::DillType,
            ("dill._dill" | "dill.dill" | "dill", "_get_attr") => Self::DillAttribute,
            (module, "_new_Index") if module.starts_with("pandas.") => Self::PandasIndex,
            (_, name) if name.starts_with("__pyx_unpickle_") => Self::Cython,
            _ => return None,
        })
    }
}

/// REDUCE: the value that calling `callable(*args)` stands for, or the record of the call.
pub(crate) fn call(graph: &mut Graph, callable: Id, args: Id) -> Result<Id, Error> {
    if let Some(helper) = Helper::of(graph, callable) {
        let given = graph.tuple(args).map(<[Id]>::to_vec);
        let known = given.map_or(Ok(None), |given| understood(graph, helper, callable, &given))?;
        if let Some(id) = known {
            return Ok(id);
        }
    }
    graph.push_object(callable, args)
}

fn understood(
    graph: &mut Graph,
    helper: Helper,
    callable: Id,
    args: &[Id],
) -> Result<Option<Id>, Error> {
    let node = match (helper, args) {
        (Helper::Encode, [text, encoding]) => return encode(graph, *text, *encoding),
        (Helper::Reconstructor, [class, base, state]) => {
            return reconstructor(graph, *class, *base, *state).map(Some);
        }
        (Helper::NewObject, [class, rest @ ..]) => {
            let args = graph.push(Node::Tuple(rest.into()))?;
            return graph.push_object(*class, args).map(Some);
        }
        (Helper::NewObjectEx, [class, args, kwargs]) => {
            return graph.push_object_with(*class, *args, *kwargs).map(Some);
        }
        (Helper::Bytes, []) => Node::Bytes(graph.add_scratch(&[])?),
        (Helper::Bytes, [bytes]) => match graph.byte_span(*bytes) {
            Some(span) => Node::Bytes(span),
            None => return Ok(None),
        },
        (Helper::ByteArray, args) => return byte_array(graph, args),
        (Helper::Set, []) => Node::Set(Vec::new()),
        (Helper::FrozenSet, []) => Node::FrozenSet(Vec::new()),
        (Helper::Set | Helper::FrozenSet, [items]) => match graph.sequence(*items) {
            Some(items) if helper == Helper::Set => Node::Set(items.to_vec()),
            Some(items) => Node::FrozenSet(items.to_vec()),
            None => return Ok(None),
        },
        (Helper::Complex, [re, im]) => match (graph.node(*re), graph.node(*im)) {
            (Node::Float(re), Node::Float(im)) => Node::Complex(*re, *im),
            _ => return Ok(None),
        },
        (Helper::Mapping, [content]) => return mapping(graph, callable, *content),
        (Helper::DType, [code, ..]) => return numpy::dtype_call(graph, *code),
        (Helper::StringDType, _) => Node::DType(numpy::object_dtype()),
        (Helper::FromBuffer, [data, dtype, shape, order]) if numpy::is_dtype(graph, *dtype) => {
            return numpy::from_buffer(graph, *data, *dtype, *shape, *order).map(Some);
        }
        (Helper::Scalar, [dtype, data]) => return numpy::scalar(graph, *dtype, *data),
        (Helper::Ufunc, [module, name]) if is_name(graph, *module) && is_name(graph, *name) => {
            Node::Global { module: *module, name: *name }
        }
        (Helper::DillArray, [reconstruct, args, state, ..])
            if Helper::of(graph, *reconstruct) == Some(Helper::Array) =>
        {
            let id = call(graph, *reconstruct, *args)?;
            build(graph, id, *state)?;
            return Ok(Some(id));
        }
        (Helper::DillType, [name]) if is_name(graph, *name) => {
            Node::Global { module: graph.push_text("builtins")?, name: *name }
        }
        (Helper::DillAttribute, [module, name]) if is_name(graph, *name) => {
            let Some(module) = dill_module(graph, *module) else { return Ok(None) };
            Node::Global { module, name: *name }
        }
        (Helper::PandasIndex, [class, attributes]) => {
            return with_state(graph, *class, EMPTY_TUPLE, *attributes).map(Some);
        }
        (Helper::Cython, [class, checksum, state]) => {
            let args = graph.push(Node::Tuple([*checksum].into()))?;
            let id = graph.push_object(*class, args)?;
            if *state != NONE {
                build(graph, id, *state)?;
            }
            return Ok(Some(id));
        }
        _ => return Ok(None),
    };
    graph.push(node).map(Some)
}

/// BUILD: gives `target` its state.
pub(crate) fn build(graph: &mut Graph, target: Id, state: Id) -> Result<(), Error> {
    let (class, first) = match graph.node(target) {
        Node::Object(object) => (object.class, object.states.is_empty()),
        Node::DType(_) => return numpy::dtype_build(graph, target, state),
        other => {
            return Err(Error::malformed(format!("state is set on {}", other.article())));
        }
    };
    let helper = Helper::of(graph, class);
    if first
        && matches!(helper, Some(Helper::Array | Helper::MaskedArray))
        && numpy::is_array_class(graph, target)
        && numpy::has_plain_dtype(graph, state)
    {
        return numpy::array_build(graph, target, state);
    }
    graph.budget.charge(size_of::<Id>())?;
    if let Node::Object(object) = graph.node_mut(target) {
        object.states.push(state);
    }
    Ok(())
}

fn is_name(graph: &Graph, id: Id) -> bool {
    graph.name(id).is_some()
}

/// The name of the module that dill's `_import_module(name)` would give.
fn dill_module(graph: &Graph, id: Id) -> Option<Id> {
    let Node::Object(object) = graph.node(id) else { return None };
    match (graph.global(object.class)?, graph.tuple(object.args)?) {
        (("dill._dill" | "dill.dill" | "dill", "_import_module"), [name])
            if is_name(graph, *name) =>
        {
            Some(*name)
        }
        _ => None,
    }
}

fn with_state(graph: &mut Graph, class: Id, args: Id, state: Id) -> Result<Id, Error> {
    let id = graph.push_object(class, args)?;
    build(graph, id, state)?;
    Ok(id)
}

fn encode(graph: &mut Graph, text: Id, encoding: Id) -> Result<Option<Id>, Error> {
    if let Node::Str(span) | Node::ByteStr(span) = *graph.node(text) {
        graph.budget.spend(span.len / 16)?;
    }
    let Some(source) = graph.text(text) else { return Ok(None) };
    let bytes = match graph.name(encoding) {
        Some("latin1" | "latin-1" | "iso-8859-1") => text::latin1(source)
            .ok_or_else(|| Error::malformed("bytes spelled as text hold a wide character"))?,
        Some("utf-8" | "utf8") => source.as_bytes().to_vec(),
        _ => return Ok(None),
    };
    let span = graph.add_scratch(&bytes)?;
    graph.push(Node::Bytes(span)).map(Some)
}

/// An instance; where it derives from a built-in type, that part is kept as its arguments.
fn reconstructor(graph: &mut Graph, class: Id, base: Id, state: Id) -> Result<Id, Error> {
    let is_plain = matches!(graph.global(base), Some(("builtins" | "__builtin__", "object")));
    let args = if is_plain && state == NONE {
        EMPTY_TUPLE
    } else {
        graph.push(Node::Tuple([state].into()))?
    };
    graph.push_object(class, args)
}

/// A dict by inheritance, filled with the pairs it was called with.
fn mapping(graph: &mut Graph, class: Id, content: Id) -> Result<Option<Id>, Error> {
    let pair = |id: &Id| match graph.sequence(*id) {
        Some([key, value]) => Some((*key, *value)),
        _ => None,
    };
    let pairs = match graph.node(content) {
        Node::Dict(pairs) => Some(pairs.clone()),
        _ => graph.sequence(content).and_then(|items| items.iter().map(pair).collect()),
    };
    let Some(pairs) = pairs else { return Ok(None) };
    graph.budget.charge(size_of_val(&*pairs))?;
    let id = graph.push_object(class, EMPTY_TUPLE)?;
    if let Node::Object(object) = graph.node_mut(id) {
        object.pairs = pairs;
    }
    Ok(Some(id))
}

fn byte_array(graph: &mut Graph, args: &[Id]) -> Result<Option<Id>, Error> {
    let span = match args {
        [] => graph.add_scratch(&[])?,
        [bytes] => match graph.byte_span(*bytes) {
            Some(span) => span,
            None => return Ok(None),
        },
        [text, encoding] => {
            let Some(id) = encode(graph, *text, *encoding)? else { return Ok(None) };
            graph.byte_span(id).expect("encode gives bytes")
        }
        _ => return Ok(None),
    };
    graph.push(Node::ByteArray(span)).map(Some)
}
