//! Opcodes that make tuples, lists, dicts and sets, and fill them. What is added to an object is kept
//! with it: its class may be a list or a dict in Python.

use super::Machine;
use crate::error::Error;
use crate::graph::{EMPTY_TUPLE, Id, NONE, Node};
use crate::opcode as op;

impl Machine<'_> {
    /// TUPLE, LIST, DICT, FROZENSET: what lies above the mark becomes one value.
    pub(super) fn collect(&mut self, opcode: u8) -> Result<(), Error> {
        let items = self.stack.pop_to_mark()?;
        let node = match opcode {
            op::TUPLE if items.is_empty() => return self.push(EMPTY_TUPLE),
            op::TUPLE => Node::Tuple(items.into()),
            op::LIST => Node::List(items),
            op::DICT => Node::Dict(pairs(&items)?),
            _ => Node::FrozenSet(items),
        };
        self.push_node(node)
    }

    pub(super) fn short_tuple(&mut self, len: usize) -> Result<(), Error> {
        let mut items = [NONE; 3];
        for item in items[..len].iter_mut().rev() {
            *item = self.pop()?;
        }
        self.push_node(Node::Tuple(items[..len].into()))
    }

    /// APPEND, APPENDS, ADDITEMS.
    pub(super) fn add_items(&mut self, opcode: u8) -> Result<(), Error> {
        if opcode == op::APPEND {
            let item = self.pop()?;
            return self.extend(&[item], false);
        }
        let items = self.stack.pop_to_mark()?;
        self.extend(&items, opcode == op::ADDITEMS)
    }

    fn extend(&mut self, items: &[Id], to_set: bool) -> Result<(), Error> {
        let target = self.stack.top()?;
        self.graph.budget.charge(size_of_val(items))?;
        match self.graph.node_mut(target) {
            Node::List(list) if !to_set => list.extend_from_slice(items),
            Node::Set(set) if to_set => set.extend_from_slice(items),
            Node::Object(object) => object.items.extend_from_slice(items),
            other => {
                return Err(Error::malformed(format!("items are added to {}", other.article())));
            }
        }
        Ok(())
    }

    /// SETITEM, SETITEMS.
    pub(super) fn set_items(&mut self, opcode: u8) -> Result<(), Error> {
        if opcode == op::SETITEM {
            let value = self.pop()?;
            let key = self.pop()?;
            return self.extend_pairs(&[key, value]);
        }
        let items = self.stack.pop_to_mark()?;
        self.extend_pairs(&items)
    }

    fn extend_pairs(&mut self, items: &[Id]) -> Result<(), Error> {
        let new = pairs(items)?;
        let target = self.stack.top()?;
        self.graph.budget.charge(size_of_val(items))?;
        match self.graph.node_mut(target) {
            Node::Dict(pairs) => pairs.extend_from_slice(&new),
            Node::Object(object) => object.pairs.extend_from_slice(&new),
            other => {
                return Err(Error::malformed(format!("items are set on {}", other.article())));
            }
        }
        Ok(())
    }
}

fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>, Error> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::malformed("a dict has a key without a value"));
    }
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}
