//! Arrays, scalars and dtypes out of the pieces numpy pickles them in. Sizes are checked against
//! the data here, once; the data itself stays where it is.

use std::collections::HashMap;
use std::sync::Arc;

use crate::dtype::{DType, DTypeKind, Field};
use crate::error::Error;
use crate::graph::{ArrayData, ArrayNode, Graph, Id, NONE, Node, Span};

/// numpy's own bound on dimensions.
const MAX_DIMS: usize = 64;

/// Elements without bytes (`U0`) cost the file nothing, so their number must be bounded.
const MAX_EMPTY_ELEMENTS: usize = 1 << 16;

/// `numpy.dtype(code, align, copy)`; `None` for codes that are not plain data.
pub(crate) fn dtype_call(graph: &mut Graph, code: Id) -> Result<Option<Id>, Error> {
    let dtype = match (graph.name(code), graph.global(code)) {
        (Some(text), _) => DType::parse(text),
        // The state that follows gives size and fields.
        (_, Some(("numpy" | "numpy.rec", "record" | "void"))) => DType::parse("V"),
        _ => None,
    };
    match dtype {
        Some(dtype) => graph.push(Node::DType(Arc::new(dtype))).map(Some),
        None => Ok(None),
    }
}

/// `dtype.__setstate__((version, order, subdtype, names, fields, size, ...))`.
pub(crate) fn dtype_build(graph: &mut Graph, target: Id, state: Id) -> Result<(), Error> {
    let base = dtype(graph, target)?;
    let bad = |what: &str| Error::malformed(format!("the state of a numpy dtype has {what}"));
    let [_, order, subdtype, names, fields, size, rest @ ..] =
        graph.tuple(state).ok_or_else(|| bad("no tuple"))?
    else {
        return Err(bad("too few entries"));
    };
    let (order, size) = (graph.name(*order).unwrap_or("|"), graph.int(*size).unwrap_or(-1));
    let (subdtype, names, fields) = (*subdtype, *names, *fields);
    let unit = rest.get(2).and_then(|metadata| unit(graph, *metadata));
    let built = if let Some([inner, shape]) = graph.tuple(subdtype) {
        let shape = shape_of(graph, *shape)?;
        DType::subarray(&*dtype(graph, *inner)?, &shape).ok_or_else(|| bad("a huge subarray"))?
    } else if names != NONE {
        let size = usize::try_from(size).map_err(|_| bad("no size"))?;
        let fields = record_fields(graph, names, fields)?;
        DType::record(fields, size).map_err(Error::malformed)?
    } else if let (DTypeKind::Void, Ok(size)) = (base.kind(), usize::try_from(size)) {
        DType::parse(&format!("V{size}")).ok_or_else(|| bad("a huge size"))?
    } else {
        base.with_order(order).ok_or_else(|| bad("an unknown byte order"))?.with_unit(unit)
    };
    graph.budget.charge(size_of::<DType>())?;
    graph.replace(target, Node::DType(Arc::new(built)))
}

fn record_fields(graph: &mut Graph, names: Id, fields: Id) -> Result<Vec<Field>, Error> {
    let bad = || Error::malformed("the fields of a numpy record are not name, dtype and offset");
    let Node::Dict(pairs) = graph.node(fields) else { return Err(bad()) };
    let count = graph.tuple(names).map_or(0, <[Id]>::len);
    let steps = pairs.len() + count;
    graph.budget.spend(steps)?;
    graph.budget.charge(count * size_of::<Field>())?;
    let Node::Dict(pairs) = graph.node(fields) else { return Err(bad()) };
    let by_name: HashMap<&str, Id> =
        pairs.iter().filter_map(|(name, field)| Some((graph.name(*name)?, *field))).collect();
    let mut built = Vec::new();
    for name in graph.tuple(names).ok_or_else(bad)? {
        let name = graph.name(*name).ok_or_else(bad)?;
        let field = *by_name.get(name).ok_or_else(bad)?;
        let [field_dtype, offset, ..] = graph.tuple(field).ok_or_else(bad)? else {
            return Err(bad());
        };
        let offset = graph.int(*offset).and_then(|offset| usize::try_from(offset).ok());
        let offset = offset.ok_or_else(bad)?;
        built.push(Field { name: name.to_owned(), offset, dtype: dtype(graph, *field_dtype)? });
    }
    Ok(built)
}

/// The unit in a datetime dtype's metadata `({}, (b'ns', 1, 1, 1))`.
fn unit(graph: &Graph, metadata: Id) -> Option<String> {
    let [_, unit] = graph.tuple(metadata)? else { return None };
    let [name, count, ..] = graph.tuple(*unit)? else { return None };
    let name = match graph.byte_span(*name) {
        Some(span) if span.len <= 16 => std::str::from_utf8(graph.bytes(span)).ok()?,
        Some(_) => return None,
        None => graph.name(*name)?,
    };
    Some(match graph.int(*count)? {
        1 => name.to_owned(),
        count => format!("{count}{name}"),
    })
}

pub(crate) fn object_dtype() -> Arc<DType> {
    Arc::new(DType::parse("O").expect("'O' is a dtype"))
}

/// Whether a node is a dtype of plain data. Some are not (those of other packages):
/// arrays of them stay records.
pub(crate) fn is_dtype(graph: &Graph, id: Id) -> bool {
    matches!(graph.node(id), Node::DType(_))
}

/// Whether the state of an array names a dtype of plain data.
pub(crate) fn has_plain_dtype(graph: &Graph, state: Id) -> bool {
    let dtype = match graph.tuple(state).unwrap_or_default() {
        [_, _, dtype, _, _] | [_, _, dtype, _, _, _, _] | [_, dtype, _, _] => *dtype,
        _ => return true,
    };
    !matches!(graph.node(dtype), Node::Object(_))
}

/// The dtype a node is.
pub(crate) fn dtype(graph: &Graph, id: Id) -> Result<Arc<DType>, Error> {
    match graph.node(id) {
        Node::DType(dtype) => Ok(dtype.clone()),
        other => Err(Error::malformed(format!("{} stands for a numpy dtype", other.article()))),
    }
}

/// Whether a `_reconstruct` record makes an array of numpy's own, with numpy's state.
pub(crate) fn is_array_class(graph: &Graph, target: Id) -> bool {
    let Node::Object(object) = graph.node(target) else { return false };
    let class = graph.tuple(object.args).and_then(|args| args.first());
    class.is_some_and(|class| names_array(graph, *class))
}

/// Whether a node names one of numpy's own classes of arrays.
pub(crate) fn names_array(graph: &Graph, class: Id) -> bool {
    match graph.global(class) {
        Some((module, name)) => {
            (module == "numpy" || module.starts_with("numpy."))
                && matches!(name, "ndarray" | "matrix" | "memmap" | "recarray" | "MaskedArray")
        }
        None => false,
    }
}

/// `ndarray.__setstate__((version, shape, dtype, is_fortran, data))`, and numpy.ma's, which adds
/// mask and fill value.
pub(crate) fn array_build(graph: &mut Graph, target: Id, state: Id) -> Result<(), Error> {
    let state = graph.tuple(state).unwrap_or_default();
    let (shape, dtype_id, fortran, data, mask) = match *state {
        [_, shape, dtype, fortran, data] | [shape, dtype, fortran, data] => {
            (shape, dtype, fortran, data, None)
        }
        [_, shape, dtype, fortran, data, mask, _] => (shape, dtype, fortran, data, Some(mask)),
        _ => return Err(Error::malformed("the state of a numpy array is not its 5-tuple")),
    };
    let fortran = graph.int(fortran).is_some_and(|flag| flag != 0);
    let (dtype, shape) = (dtype(graph, dtype_id)?, shape_of(graph, shape)?);
    let data = data_of(graph, &dtype, data)?;
    let mask = mask.map(|mask| {
        graph.byte_span(mask).ok_or_else(|| Error::malformed("the mask of an array is not bytes"))
    });
    let mut node = array(graph, dtype, shape, fortran, data)?;
    node.mask = mask.transpose()?;
    if node.mask.is_some_and(|mask| Some(mask.len) != element_count(&node.shape)) {
        return Err(Error::malformed("the mask of an array has another size than the array"));
    }
    graph.replace(target, Node::Array(Box::new(node)))
}

/// `_frombuffer(data, dtype, shape, order)`: arrays in protocol 5.
pub(crate) fn from_buffer(
    graph: &mut Graph,
    data: Id,
    dtype_id: Id,
    shape: Id,
    order: Id,
) -> Result<Id, Error> {
    let (dtype, shape) = (dtype(graph, dtype_id)?, shape_of(graph, shape)?);
    let fortran = is_fortran(graph, order)?;
    let data = data_of(graph, &dtype, data)?;
    let node = array(graph, dtype, shape, fortran, data)?;
    graph.push(Node::Array(Box::new(node)))
}

/// `scalar(dtype, bytes)`; `None` for scalars that wrap a Python object.
pub(crate) fn scalar(graph: &mut Graph, dtype_id: Id, data: Id) -> Result<Option<Id>, Error> {
    let dtype = match graph.node(dtype_id) {
        Node::DType(dtype) if !dtype.has_object() => dtype.clone(),
        _ => return Ok(None),
    };
    let data = data_of(graph, &dtype, data)?;
    let mut node = array(graph, dtype, Vec::new(), false, data)?;
    node.scalar = true;
    graph.push(Node::Array(Box::new(node))).map(Some)
}

/// Whether an order is 'F' rather than 'C'.
pub(crate) fn is_fortran(graph: &Graph, order: Id) -> Result<bool, Error> {
    match graph.name(order) {
        Some("C") => Ok(false),
        Some("F") => Ok(true),
        _ => Err(Error::malformed("the order of an array is neither 'C' nor 'F'")),
    }
}

fn data_of(graph: &Graph, dtype: &DType, data: Id) -> Result<ArrayData, Error> {
    if dtype.has_object() {
        return match graph.sequence(data) {
            Some(items) => Ok(ArrayData::Objects(items.into())),
            None => Err(Error::malformed("the items of an object array are not a list")),
        };
    }
    let kind = graph.node(data).article();
    let span = graph.byte_span(data).map(ArrayData::Bytes);
    span.ok_or_else(|| Error::malformed(format!("the data of a numpy array is {kind}")))
}

/// An array whose data is checked against dtype and shape.
pub(crate) fn array(
    graph: &mut Graph,
    dtype: Arc<DType>,
    shape: Vec<usize>,
    fortran: bool,
    data: ArrayData,
) -> Result<ArrayNode, Error> {
    let count = element_count(&shape)
        .ok_or_else(|| Error::malformed("the shape of an array is larger than memory"))?;
    let (have, want) = match &data {
        ArrayData::Bytes(span) => (span.len, byte_count(&dtype, count)?),
        ArrayData::Objects(items) => {
            graph.budget.charge(size_of_val(&**items))?;
            (items.len(), count)
        }
    };
    if have != want {
        let unit = if matches!(data, ArrayData::Bytes(_)) { "bytes" } else { "items" };
        return Err(Error::malformed(format!(
            "an array of shape {shape:?} and dtype {dtype} needs {want} {unit}, the file holds {have}"
        )));
    }
    let shape = shape.into_boxed_slice();
    Ok(ArrayNode { dtype, shape, fortran, scalar: false, data, mask: None })
}

/// An array over a range of a buffer.
pub(crate) fn push_array(
    graph: &mut Graph,
    dtype: Arc<DType>,
    shape: Vec<usize>,
    fortran: bool,
    span: Span,
) -> Result<Id, Error> {
    let node = array(graph, dtype, shape, fortran, ArrayData::Bytes(span))?;
    graph.push(Node::Array(Box::new(node)))
}

/// Bytes of `count` elements.
pub(crate) fn byte_count(dtype: &DType, count: usize) -> Result<usize, Error> {
    if dtype.size() == 0 && count > MAX_EMPTY_ELEMENTS {
        return Err(Error::limit(format!("an array of {count} elements without bytes")));
    }
    let bytes = count.checked_mul(dtype.size());
    bytes.ok_or_else(|| Error::malformed("an array is larger than memory"))
}

pub(crate) fn element_count(shape: &[usize]) -> Option<usize> {
    if shape.contains(&0) {
        return Some(0);
    }
    shape.iter().try_fold(1usize, |count, dim| count.checked_mul(*dim))
}

/// A shape: a tuple or list of sizes, or one size.
pub(crate) fn shape_of(graph: &Graph, id: Id) -> Result<Vec<usize>, Error> {
    let bad = || Error::malformed("the shape of an array is not a tuple of sizes");
    let dim = |id: &Id| graph.int(*id).and_then(|dim| usize::try_from(dim).ok()).ok_or_else(bad);
    match graph.sequence(id) {
        Some(dims) if dims.len() <= MAX_DIMS => dims.iter().map(dim).collect(),
        Some(_) => Err(Error::malformed(format!("an array has more than {MAX_DIMS} dimensions"))),
        None => Ok(vec![dim(&id)?]),
    }
}
