//! The object graph while and after it is read: an arena of nodes that point at each other by index
//! and at text and array data by byte range. It knows no file format and no Python class.

use bytes::Bytes;

use crate::error::Error;
use crate::limits::{Budget, Limits};
pub(crate) use crate::node::{ArrayData, ArrayNode, Id, Node, Object, Span};

/// Nodes every graph starts with, so that the commonest values cost nothing.
pub(crate) const NONE: Id = 0;
pub(crate) const FALSE: Id = 1;
pub(crate) const TRUE: Id = 2;
pub(crate) const EMPTY_TUPLE: Id = 3;

/// Names of classes, functions and dtypes are shorter than this.
const MAX_NAME_BYTES: usize = 1024;

/// The buffer of bytes that are not in the file as such: unescaped text, `_codecs.encode`.
const SCRATCH: u32 = u32::MAX;

#[derive(Debug)]
pub(crate) struct Graph {
    nodes: Vec<Node>,
    buffers: Vec<Bytes>,
    scratch: Vec<u8>,
    pub(crate) budget: Budget,
}

impl Graph {
    pub(crate) fn new(limits: Limits) -> Self {
        let nodes =
            vec![Node::None, Node::Bool(false), Node::Bool(true), Node::Tuple(Box::default())];
        Self { nodes, buffers: Vec::new(), scratch: Vec::new(), budget: Budget::new(limits) }
    }

    /// Takes in a buffer that spans may then point into.
    pub(crate) fn add_buffer(&mut self, bytes: Bytes) -> u32 {
        self.buffers.push(bytes);
        (self.buffers.len() - 1) as u32
    }

    /// Bytes of all buffers: of the file as it unfolds, of what archives in it hold, of files beside it.
    pub(crate) fn buffered(&self) -> usize {
        self.buffers.iter().map(Bytes::len).sum()
    }

    pub(crate) fn buffer(&self, buffer: u32) -> Bytes {
        self.buffers[buffer as usize].clone()
    }

    pub(crate) fn node(&self, id: Id) -> &Node {
        &self.nodes[id as usize]
    }

    pub(crate) fn node_mut(&mut self, id: Id) -> &mut Node {
        &mut self.nodes[id as usize]
    }

    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn push(&mut self, node: Node) -> Result<Id, Error> {
        self.budget.charge(size_of::<Node>() + node.heap_bytes())?;
        if self.nodes.len() >= Id::MAX as usize {
            return Err(Error::limit("the object graph has more than 4 billion values"));
        }
        self.nodes.push(node);
        Ok((self.nodes.len() - 1) as Id)
    }

    /// Puts `node` in the place of another, for everyone who refers to it.
    pub(crate) fn replace(&mut self, id: Id, node: Node) -> Result<(), Error> {
        self.budget.charge(node.heap_bytes())?;
        self.nodes[id as usize] = node;
        Ok(())
    }

    /// The bytes of `buffer` from `start` on, `len` of them, if they are there.
    pub(crate) fn span(&self, buffer: u32, start: usize, len: usize) -> Option<Span> {
        let end = start.checked_add(len)?;
        (end <= self.buffers[buffer as usize].len()).then_some(Span { buffer, start, len })
    }

    /// Keeps bytes that the file holds only in another form.
    pub(crate) fn add_scratch(&mut self, bytes: &[u8]) -> Result<Span, Error> {
        self.budget.charge(bytes.len())?;
        let start = self.scratch.len();
        self.scratch.extend_from_slice(bytes);
        Ok(Span { buffer: SCRATCH, start, len: bytes.len() })
    }

    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        let buffer = if span.buffer == SCRATCH {
            &*self.scratch
        } else {
            &*self.buffers[span.buffer as usize]
        };
        &buffer[span.start..span.start + span.len]
    }

    pub(crate) fn push_text(&mut self, text: &str) -> Result<Id, Error> {
        let span = self.add_scratch(text.as_bytes())?;
        self.push(Node::Str(span))
    }

    pub(crate) fn push_global(&mut self, module: &str, name: &str) -> Result<Id, Error> {
        let module = self.push_text(module)?;
        let name = self.push_text(name)?;
        self.push(Node::Global { module, name })
    }

    pub(crate) fn push_object(&mut self, class: Id, args: Id) -> Result<Id, Error> {
        self.push(Node::Object(Box::new(Object::new(class, args))))
    }

    /// An object whose constructor was given keyword arguments too.
    pub(crate) fn push_object_with(
        &mut self,
        class: Id,
        args: Id,
        kwargs: Id,
    ) -> Result<Id, Error> {
        let object = Object { kwargs: Some(kwargs), ..Object::new(class, args) };
        self.push(Node::Object(Box::new(object)))
    }

    /// A node's text, if it is text: UTF-8, or Python 2's ASCII.
    pub(crate) fn text(&self, id: Id) -> Option<&str> {
        match *self.node(id) {
            Node::Str(span) => std::str::from_utf8(self.bytes(span)).ok(),
            Node::ByteStr(span) => {
                let bytes = self.bytes(span);
                bytes.is_ascii().then(|| std::str::from_utf8(bytes).ok())?
            }
            _ => None,
        }
    }

    /// Whether a node is this text, without checking its encoding first.
    pub(crate) fn is_text(&self, id: Id, text: &str) -> bool {
        match *self.node(id) {
            Node::Str(span) | Node::ByteStr(span) => self.bytes(span) == text.as_bytes(),
            _ => false,
        }
    }

    pub(crate) fn int(&self, id: Id) -> Option<i64> {
        match *self.node(id) {
            Node::Int(i) => Some(i),
            Node::Bool(b) => Some(i64::from(b)),
            _ => None,
        }
    }

    pub(crate) fn tuple(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::Tuple(items) => Some(items),
            _ => None,
        }
    }

    /// The items of a tuple or list.
    pub(crate) fn sequence(&self, id: Id) -> Option<&[Id]> {
        match self.node(id) {
            Node::Tuple(items) => Some(items),
            Node::List(items) => Some(items),
            _ => None,
        }
    }

    /// The bytes of a `bytes`, `bytearray` or Python 2 `str`.
    pub(crate) fn byte_span(&self, id: Id) -> Option<Span> {
        match *self.node(id) {
            Node::Bytes(span) | Node::ByteArray(span) | Node::ByteStr(span) => Some(span),
            _ => None,
        }
    }

    /// Text short enough to be a name, an order, a dtype: looking at it costs nothing.
    pub(crate) fn name(&self, id: Id) -> Option<&str> {
        match self.node(id) {
            Node::Str(span) | Node::ByteStr(span) if span.len <= MAX_NAME_BYTES => self.text(id),
            _ => None,
        }
    }

    /// Module and name of a global.
    pub(crate) fn global(&self, id: Id) -> Option<(&str, &str)> {
        match *self.node(id) {
            Node::Global { module, name } => Some((self.name(module)?, self.name(name)?)),
            _ => None,
        }
    }

    /// Whether anything of this module or of one inside it is named.
    pub(crate) fn names(&self, module: &str) -> bool {
        (0..self.nodes.len() as Id).filter_map(|id| self.global(id)).any(|(named, _)| {
            named.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    }

    /// The last value stored under a text key of a dict.
    pub(crate) fn dict_get(&self, id: Id, key: &str) -> Option<(Id, Id)> {
        match self.node(id) {
            Node::Dict(pairs) => self.pairs_get(pairs, key),
            _ => None,
        }
    }

    pub(crate) fn pairs_get(&self, pairs: &[(Id, Id)], key: &str) -> Option<(Id, Id)> {
        pairs.iter().rev().find(|(k, _)| self.is_text(*k, key)).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_takes_no_more_than_its_commonest_payload() {
        assert!(size_of::<Node>() <= 32, "{} bytes", size_of::<Node>());
    }

    #[test]
    fn the_last_pair_of_a_key_wins() {
        let mut graph = Graph::new(Limits::default());
        let key = graph.push_text("k").unwrap();
        let dict = graph.push(Node::Dict(vec![(key, NONE), (key, TRUE)])).unwrap();
        assert_eq!(graph.dict_get(dict, "k"), Some((key, TRUE)));
    }
}
