//! joblib's arrays: a wrapper object in the pickle, the array's bytes (or a pickle of its own, for
//! object arrays) right behind the BUILD that completes the wrapper. What older joblib put there,
//! `old_joblib` reads.

use crate::companions::Beside;
use crate::error::Error;
use crate::graph::{Graph, Id, NONE, Node};
use crate::machine::{self, Machine};
use crate::{numpy, old_joblib};

/// Whether `target` is a wrapper that array data follows, or one that names a file beside the model.
pub(crate) fn is_wrapper(graph: &Graph, target: Id) -> bool {
    wrapper_name(graph, target).is_some()
}

fn wrapper_name(graph: &Graph, target: Id) -> Option<&str> {
    let Node::Object(object) = graph.node(target) else { return None };
    let (module, name) = graph.global(object.class)?;
    let package = module
        .strip_suffix(".numpy_pickle")
        .or_else(|| module.strip_suffix(".numpy_pickle_compat"))?;
    let is_joblib = package == "joblib" || package.ends_with(".joblib");
    let known = matches!(name, "NumpyArrayWrapper" | "NDArrayWrapper" | "ZNDArrayWrapper");
    (is_joblib && known).then_some(name)
}

/// Reads the array behind the wrapper whose state is `state`.
pub(crate) fn read_array(machine: &mut Machine<'_>, target: Id, state: Id) -> Result<Id, Error> {
    if let Node::Dict(pairs) = machine.graph.node(state) {
        let steps = pairs.len();
        machine.graph.budget.spend(steps)?;
    }
    let old = ["NDArrayWrapper", "ZNDArrayWrapper"]
        .into_iter()
        .find(|name| wrapper_name(machine.graph, target) == Some(name));
    if let Some(wrapper) = old {
        return old_joblib::read_array(machine.graph, &mut machine.beside, wrapper, state);
    }
    let graph = &*machine.graph;
    let field = |name: &str| {
        let found = graph.dict_get(state, name).map(|(_, value)| value);
        found.ok_or_else(|| Error::malformed(format!("a joblib array wrapper has no '{name}'")))
    };
    let dtype = field("dtype")?;
    if !numpy::is_dtype(graph, dtype) {
        return Err(Error::unsupported(
            "the model holds an array of a dtype that is not numpy's plain data, and joblib does \
             not say how long it is",
        ));
    }
    let dtype = numpy::dtype(graph, dtype)?;
    let shape = numpy::shape_of(graph, field("shape")?)?;
    let fortran = numpy::is_fortran(graph, field("order")?)?;
    let is_aligned = field("numpy_array_alignment_bytes").is_ok_and(|value| value != NONE);
    if dtype.has_object() {
        return nested(machine);
    }
    if is_aligned {
        let padding = machine.take_u8("the padding before an array")?;
        machine.take_span(usize::from(padding), "the padding before an array")?;
    }
    let count = numpy::element_count(&shape)
        .ok_or_else(|| Error::malformed("the shape of an array is larger than memory"))?;
    let span = machine.take_span(numpy::byte_count(&dtype, count)?, "an array")?;
    numpy::push_array(machine.graph, dtype, shape, fortran, span)
}

fn nested(machine: &mut Machine<'_>) -> Result<Id, Error> {
    // Python reads these by pickle alone, which knows nothing of files beside the model.
    let (buffer, start) = (machine.buffer, machine.at);
    let outcome = machine::read(machine.graph, Beside::none(), buffer, start, machine.nested + 1)?;
    machine.at = outcome.end;
    match machine.graph.node(outcome.root) {
        Node::Array(_) => Ok(outcome.root),
        other => Err(Error::malformed(format!("{} stands for an object array", other.article()))),
    }
}
