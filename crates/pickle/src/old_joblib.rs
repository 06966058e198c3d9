//! Arrays that joblib before 0.10 kept in files beside the model, plain (npy) or compressed in its own
//! frame. From joblib 0.9 and its `numpy_pickle_compat`.
//!
//! Must not open files: [`Beside`](crate::companions::Beside) has what the caller lets be read.

use crate::companions::{Beside, Held};
use crate::compression::Compression;
use crate::error::{Error, ErrorKind};
use crate::graph::{ArrayData, Graph, Id, Node, Span};
use crate::{npy, numpy};

/// The array that a wrapper of this name and state stands for, out of the file that it names.
pub(crate) fn read_array(
    graph: &mut Graph,
    beside: &mut Beside<'_>,
    wrapper: &str,
    state: Id,
) -> Result<Id, Error> {
    let field = |graph: &Graph, name: &str| {
        let found = graph.dict_get(state, name).map(|(_, value)| value);
        found.ok_or_else(|| Error::malformed(format!("a joblib array wrapper has no '{name}'")))
    };
    let name = field(graph, "filename")?;
    let name = graph.name(name).map(str::to_owned);
    let name = name.ok_or_else(|| Error::malformed("the file of an array has no name"))?;
    if wrapper == "NDArrayWrapper" {
        let class = field(graph, "subclass")?;
        check_class(graph, Some(class))?;
        return plain(graph, beside, &name);
    }
    let (args, state) = (field(graph, "init_args")?, field(graph, "state")?);
    check_class(graph, graph.tuple(args).and_then(|args| args.first().copied()))?;
    compressed(graph, beside, &name, state)
}

/// An array in an npy file.
fn plain(graph: &mut Graph, beside: &mut Beside<'_>, name: &str) -> Result<Id, Error> {
    if let Some(Held::Array(array)) = beside.known(name) {
        return Ok(array);
    }
    let bytes = beside.content(name, ".npy")?;
    if !bytes.starts_with(npy::MAGIC) {
        return Err(in_file(name, &Error::malformed("it is no npy file")));
    }
    let end = bytes.len();
    let buffer = graph.add_buffer(bytes);
    let (root, _) = npy::read(graph, buffer, 0, end).map_err(|error| in_file(name, &error))?;
    let Node::Array(_) = graph.node(root) else {
        let what = format!("{} stands for an object array", graph.node(root).article());
        return Err(in_file(name, &Error::malformed(what)));
    };
    beside.keep(name, Held::Array(root));
    Ok(root)
}

/// An array whose bytes alone are in a file; shape and dtype are in the wrapper.
fn compressed(
    graph: &mut Graph,
    beside: &mut Beside<'_>,
    name: &str,
    state: Id,
) -> Result<Id, Error> {
    let [_, shape, dtype, fortran] = *graph.tuple(state).unwrap_or_default() else {
        return Err(Error::malformed("the state of an array that joblib compressed is no 4-tuple"));
    };
    let fortran = graph.int(fortran).is_some_and(|flag| flag != 0);
    let (dtype, shape) = (numpy::dtype(graph, dtype)?, numpy::shape_of(graph, shape)?);
    if dtype.has_object() {
        return Err(Error::malformed("objects are said to be in a file of plain bytes"));
    }
    let buffer = match beside.known(name) {
        Some(Held::Bytes(buffer)) => buffer,
        _ => unfolded(graph, beside, name)?,
    };
    let span = Span { buffer, start: 0, len: graph.buffer(buffer).len() };
    let node = numpy::array(graph, dtype, shape, fortran, ArrayData::Bytes(span));
    let node = node.map_err(|error| in_file(name, &error))?;
    graph.push(Node::Array(Box::new(node)))
}

/// The buffer with what a compressed companion unfolds to.
fn unfolded(graph: &mut Graph, beside: &mut Beside<'_>, name: &str) -> Result<u32, Error> {
    let bytes = beside.content(name, ".npy.z")?;
    let mut limits = graph.budget.limits;
    limits.max_decompressed_bytes = limits.max_decompressed_bytes.min(beside.left());
    let unfolded =
        Compression::ZFile.unfold(&bytes, &limits).map_err(|error| in_file(name, &error))?;
    beside.spend(unfolded.len())?;
    let buffer = graph.add_buffer(unfolded.into());
    beside.keep(name, Held::Bytes(buffer));
    Ok(buffer)
}

/// joblib wrote arrays of numpy's own classes so, and no others.
fn check_class(graph: &Graph, class: Option<Id>) -> Result<(), Error> {
    match class {
        Some(class) if numpy::names_array(graph, class) => Ok(()),
        _ => Err(Error::unsupported("an array beside the model is of a class that is not numpy's")),
    }
}

/// An error met in a file beside the model. Its offset would be read as one of the model's file.
fn in_file(name: &str, error: &Error) -> Error {
    let kind = match error.kind() {
        ErrorKind::Limit | ErrorKind::Unsupported => error.kind(),
        _ => ErrorKind::Companion,
    };
    Error::new(kind, format!("'{name}' beside the model: {}", error.message()))
}
