//! numpy's own file format: a text header (a Python dict literal) and the array behind it.

use std::sync::Arc;

use crate::companions::Beside;
use crate::dtype::{DType, Field};
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, Id};
use crate::literal::{self, Literal};
use crate::{machine, numpy};

pub(crate) const MAGIC: &[u8] = b"\x93NUMPY";

/// numpy itself refuses longer headers of files it does not trust.
const MAX_HEADER_BYTES: usize = 64 << 10;

/// Reads the array that a range of a buffer holds; the id of its node and where it ends.
pub(crate) fn read(
    graph: &mut Graph,
    buffer: u32,
    start: usize,
    end: usize,
) -> Result<(Id, usize), Error> {
    let bytes = graph.buffer(buffer);
    let bytes = &bytes[start..end];
    let short = || Error::truncated("the header of an npy file");
    let [major, _] = *bytes.get(MAGIC.len()..).and_then(<[u8]>::first_chunk).ok_or_else(short)?;
    let rest = &bytes[MAGIC.len() + 2..];
    let (len, from) = match major {
        1 => (rest.first_chunk().map(|b| usize::from(u16::from_le_bytes(*b))), 2),
        2 | 3 => (rest.first_chunk().map(|b| u32::from_le_bytes(*b) as usize), 4),
        _ => return Err(Error::unsupported(format!("npy version {major} is not known"))),
    };
    let len = len.ok_or_else(short)?;
    if len > MAX_HEADER_BYTES {
        return Err(Error::limit(format!("an npy header of {len} bytes")));
    }
    let header = rest.get(from..from + len).ok_or_else(short)?;
    let header = literal::read(header)?;
    let field = |name: &str| {
        let missing = || Error::malformed(format!("an npy header has no '{name}'"));
        header.get(name).ok_or_else(missing)
    };
    let dtype = Arc::new(dtype(field("descr")?, 0)?);
    let fortran = matches!(field("fortran_order")?, Literal::Bool(true));
    let shape = shape(field("shape")?)?;
    let data = start + MAGIC.len() + 2 + from + len;
    if dtype.has_object() {
        let outcome = machine::read(graph, Beside::none(), buffer, data, 1)?;
        return Ok((outcome.root, outcome.end));
    }
    let count = numpy::element_count(&shape)
        .ok_or_else(|| Error::malformed("the shape of an array is larger than memory"))?;
    let len = numpy::byte_count(&dtype, count)?;
    let span = data.checked_add(len).filter(|stop| *stop <= end);
    let span = span.and_then(|_| graph.span(buffer, data, len)).ok_or_else(|| {
        let have = end - data;
        let message = format!(
            "an npy array of shape {shape:?} and dtype {dtype} needs {len} bytes, the file has {have}"
        );
        Error::new(ErrorKind::Truncated, message)
    })?;
    let id = numpy::push_array(graph, dtype, shape, fortran, span)?;
    Ok((id, data + len))
}

/// A dtype is its text form, or a list of fields `(name, dtype)` or `(name, dtype, shape)`.
fn dtype(descr: &Literal, depth: usize) -> Result<DType, Error> {
    let bad = || Error::malformed("the dtype in an npy header is not known");
    let fields = match descr {
        Literal::Text(text) => return DType::parse(text).ok_or_else(bad),
        Literal::List(fields) if depth < 8 => fields,
        _ => return Err(bad()),
    };
    let mut built = Vec::new();
    let mut offset = 0usize;
    for field in fields {
        let Literal::List(parts) = field else { return Err(bad()) };
        let (name, inner, dims) = match &**parts {
            [name, inner] => (name, inner, None),
            [name, inner, dims] => (name, inner, Some(dims)),
            _ => return Err(bad()),
        };
        let mut inner = dtype(inner, depth + 1)?;
        if let Some(dims) = dims {
            inner = DType::subarray(&inner, &shape(dims)?).ok_or_else(bad)?;
        }
        // A field with a title is the pair (title, name); padding has no name.
        let name = match name {
            Literal::List(pair) => pair.last(),
            name => Some(name),
        };
        let Some(Literal::Text(name)) = name else { return Err(bad()) };
        let size = inner.size();
        if !name.is_empty() {
            built.push(Field { name: name.clone(), offset, dtype: Arc::new(inner) });
        }
        offset = offset.checked_add(size).ok_or_else(bad)?;
    }
    DType::record(built, offset).map_err(Error::malformed)
}

fn shape(dims: &Literal) -> Result<Vec<usize>, Error> {
    let bad = || Error::malformed("the shape in an npy header is not a tuple of sizes");
    let dim = |dim: &Literal| match dim {
        Literal::Int(dim) => usize::try_from(*dim).map_err(|_| bad()),
        _ => Err(bad()),
    };
    match dims {
        Literal::List(dims) if dims.len() <= 64 => dims.iter().map(dim).collect(),
        _ => Err(bad()),
    }
}
