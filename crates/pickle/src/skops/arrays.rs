//! skops' arrays: npy files of the archive, object arrays as nodes, masked and sparse ones.

use super::{Reader, class_of, part};
use crate::archive::Archive;
use crate::dtype::DTypeKind;
use crate::error::Error;
use crate::graph::{ArrayData, ArrayNode, EMPTY_TUPLE, Id, Node, Span};
use crate::json::Json;
use crate::{npy, numpy, text};

impl Reader<'_> {
    pub(super) fn dtype(&mut self, node: &Json) -> Result<Id, Error> {
        let array = self.node(part(node, "content")?)?;
        match self.graph.node(array) {
            Node::Array(array) => {
                let dtype = array.dtype.clone();
                self.graph.push(Node::DType(dtype))
            }
            _ => Err(Error::malformed("a skops dtype is not spelled as an array")),
        }
    }

    /// The bytes of the archive's file that a node names.
    pub(super) fn file(&mut self, node: &Json) -> Result<Span, Error> {
        let name = part(node, "file")?.text().unwrap_or_default();
        let most = self.graph.budget.limits.max_decompressed_bytes;
        self.archive.entry(self.graph, name, most)
    }

    pub(super) fn array(&mut self, node: &Json) -> Result<Id, Error> {
        if part(node, "type")?.text() == Some("json") {
            return self.object_array(node);
        }
        let (module, class) = class_of(node)?;
        let is_scalar = module == "numpy" && class != "ndarray";
        let name = part(node, "file")?.text().unwrap_or_default().to_owned();
        let key = if is_scalar { format!("{name} as a scalar") } else { name };
        if let Some(id) = self.arrays.get(&key) {
            return Ok(*id);
        }
        let span = self.file(node)?;
        let id = self.npy(span)?;
        if let Node::Array(array) = self.graph.node_mut(id) {
            array.scalar = is_scalar && array.shape.is_empty();
        }
        self.graph.budget.charge(key.len() + 32)?;
        self.arrays.insert(key, id);
        Ok(id)
    }

    fn npy(&mut self, span: Span) -> Result<Id, Error> {
        let is_npy = self.graph.bytes(span).starts_with(npy::MAGIC);
        if !is_npy {
            return Err(Error::malformed("an array of the archive is not an npy file"));
        }
        let (id, _) = npy::read(self.graph, span.buffer, span.start, span.start + span.len)?;
        match self.graph.node(id) {
            Node::Array(_) => Ok(id),
            other => Err(Error::malformed(format!("{} stands for an array", other.article()))),
        }
    }

    /// Objects are nodes, nested as the array's dimensions are.
    fn object_array(&mut self, node: &Json) -> Result<Id, Error> {
        let shape = self.node(part(node, "shape")?)?;
        let shape = numpy::shape_of(self.graph, shape)?;
        let mut level = vec![part(node, "content")?];
        for depth in 0..shape.len() {
            let mut next = Vec::new();
            for list in level {
                let list = if depth == 0 { list } else { part(list, "content")? };
                let items = list.list().ok_or_else(|| {
                    Error::malformed("an object array is nested less deep than its shape")
                })?;
                next.extend(items);
            }
            level = next;
        }
        let items = level.into_iter().map(|item| self.node(item)).collect::<Result<Vec<_>, _>>()?;
        let dtype = numpy::object_dtype();
        let data = ArrayData::Objects(items.into());
        let array = numpy::array(self.graph, dtype, shape, false, data)?;
        self.graph.push(Node::Array(Box::new(array)))
    }

    pub(super) fn masked(&mut self, node: &Json) -> Result<Id, Error> {
        let content = part(node, "content")?;
        let data = self.node(part(content, "data")?)?;
        let mask = self.node(part(content, "mask")?)?;
        let (Node::Array(array), Node::Array(mask)) =
            (self.graph.node(data), self.graph.node(mask))
        else {
            return Err(Error::malformed("a masked array has no data or no mask"));
        };
        let mask = match mask.data {
            ArrayData::Bytes(span) if mask.fortran == array.fortran => Some(span),
            _ => return Err(Error::unsupported("a masked array whose mask lies otherwise")),
        };
        let (dtype, shape) = (array.dtype.clone(), array.shape.clone());
        let fortran = array.fortran;
        let data = match &array.data {
            ArrayData::Bytes(span) => ArrayData::Bytes(*span),
            ArrayData::Objects(items) => ArrayData::Objects(items.clone()),
        };
        if mask.map(|mask| mask.len) != numpy::element_count(&shape) {
            return Err(Error::malformed("the mask of an array has another size than the array"));
        }
        let array = ArrayNode { dtype, shape, fortran, scalar: false, data, mask };
        self.graph.push(Node::Array(Box::new(array)))
    }

    /// scipy's own npz inside the archive; its arrays become the attributes a pickle would hold.
    pub(super) fn sparse(&mut self, node: &Json) -> Result<Id, Error> {
        let name = part(node, "file")?.text().unwrap_or_default();
        let key = format!("{name} as a sparse matrix");
        let state = if let Some(state) = self.arrays.get(&key) {
            *state
        } else {
            let state = self.sparse_state(node)?;
            self.graph.budget.charge(key.len() + 32)?;
            self.arrays.insert(key, state);
            state
        };
        let id = self.call(node, EMPTY_TUPLE)?;
        self.set(id, |object| object.states.push(state))?;
        Ok(id)
    }

    fn sparse_state(&mut self, node: &Json) -> Result<Id, Error> {
        let span = self.file(node)?;
        let mut inner = Archive::open(self.graph, span)?;
        let names: Vec<_> = inner.names().map(str::to_owned).collect();
        let mut pairs = Vec::new();
        for name in names {
            let Some(attribute) = name.strip_suffix(".npy") else { continue };
            let most = self.graph.budget.limits.max_decompressed_bytes;
            let span = inner.entry(self.graph, &name, most)?;
            let array = self.npy(span)?;
            let (attribute, value) = match attribute {
                "shape" => ("_shape", self.sizes(array)?),
                attribute => (attribute, array),
            };
            pairs.push((self.graph.push_text(attribute)?, value));
        }
        self.graph.push(Node::Dict(pairs))
    }

    /// A short array of integers as a tuple.
    fn sizes(&mut self, array: Id) -> Result<Id, Error> {
        let bad = || Error::malformed("the shape of a sparse matrix is not an array of sizes");
        let Node::Array(node) = self.graph.node(array) else { return Err(bad()) };
        let ArrayData::Bytes(span) = node.data else { return Err(bad()) };
        let size = node.dtype.size();
        if node.dtype.kind() != DTypeKind::Int || span.len > 64 || !matches!(size, 4 | 8) {
            return Err(bad());
        }
        let chunks = self.graph.bytes(span).chunks_exact(size).map(<[u8]>::to_vec);
        let mut items = Vec::new();
        for bytes in chunks.collect::<Vec<_>>() {
            items.push(self.graph.push(text::long_integer(&bytes, span))?);
        }
        self.graph.push(Node::Tuple(items.into()))
    }
}
