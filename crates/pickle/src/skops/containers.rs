//! skops' dicts, lists, tuples and sets, of Python's own classes and of others that derive from them.

use super::{Reader, class_of, part};
use crate::error::Error;
use crate::graph::{EMPTY_TUPLE, FALSE, Id, NONE, Node, TRUE};
use crate::json::Json;
use crate::text;

impl Reader<'_> {
    pub(super) fn dict(&mut self, node: &Json) -> Result<Id, Error> {
        let Json::Map(entries) = part(node, "content")? else {
            return Err(Error::malformed("a skops dict has no entries"));
        };
        let types = part(part(node, "key_types")?, "content")?.list().unwrap_or_default();
        if types.len() != entries.len() {
            return Err(Error::malformed("a skops dict has not one type a key"));
        }
        let mut pairs = Vec::new();
        for ((key, value), key_type) in entries.iter().zip(types) {
            let (_, key_type) = class_of(key_type)?;
            pairs.push((self.dict_key(key, key_type)?, self.node(value)?));
        }
        if class_of(node)? == ("builtins", "dict") {
            return self.graph.push(Node::Dict(pairs));
        }
        self.graph.budget.charge(size_of_val(&*pairs))?;
        let id = self.call(node, EMPTY_TUPLE)?;
        self.set(id, |object| object.pairs = pairs)?;
        Ok(id)
    }

    /// A key is text in JSON, whatever it was in Python.
    fn dict_key(&mut self, key: &str, key_type: &str) -> Result<Id, Error> {
        match key_type {
            "str" | "str_" => self.graph.push_text(key),
            "bool" | "bool_" => Ok(if key == "false" { FALSE } else { TRUE }),
            "NoneType" => Ok(NONE),
            _ if key_type.contains("int") => {
                let int = text::decimal_integer(key.as_bytes(), self.graph)?;
                self.graph.push(int)
            }
            _ if key_type.contains("float") => {
                let float = text::float(key.as_bytes())?;
                self.graph.push(Node::Float(float))
            }
            _ => Err(Error::unsupported(format!("skops dict keys of type {key_type}"))),
        }
    }

    pub(super) fn sequence(&mut self, node: &Json, loader: &str) -> Result<Id, Error> {
        let items = self.nodes(part(node, "content")?)?;
        match (class_of(node)?, loader) {
            (("builtins", "list"), _) => self.graph.push(Node::List(items)),
            (("builtins", "tuple"), _) if items.is_empty() => Ok(EMPTY_TUPLE),
            (("builtins", "tuple"), _) => self.graph.push(Node::Tuple(items.into())),
            (("builtins", "set"), _) => self.graph.push(Node::Set(items)),
            (("builtins", "frozenset"), _) => self.graph.push(Node::FrozenSet(items)),
            // A named tuple is called with its items, other kinds are filled with them.
            (_, "TupleNode") => {
                let args = self.graph.push(Node::Tuple(items.into()))?;
                self.call(node, args)
            }
            _ => {
                self.graph.budget.charge(size_of_val(&*items))?;
                let id = self.call(node, EMPTY_TUPLE)?;
                self.set(id, |object| object.items = items)?;
                Ok(id)
            }
        }
    }

    fn nodes(&mut self, list: &Json) -> Result<Vec<Id>, Error> {
        let list = list.list().ok_or_else(|| Error::malformed("a skops list has no items"))?;
        list.iter().map(|item| self.node(item)).collect()
    }

    pub(super) fn default_dict(&mut self, node: &Json) -> Result<Id, Error> {
        let content = part(node, "content")?;
        let main = self.node(part(content, "main")?)?;
        let factory = self.node(part(content, "default_factory")?)?;
        let args = self.graph.push(Node::Tuple([factory].into()))?;
        let id = self.call(node, args)?;
        let Node::Dict(pairs) = self.graph.node(main) else {
            return Err(Error::malformed("a skops defaultdict has no entries"));
        };
        let pairs = pairs.clone();
        self.graph.budget.charge(size_of_val(&*pairs))?;
        self.set(id, |object| object.pairs = pairs)?;
        Ok(id)
    }
}
