//! What lies inside a value: an object's class, arguments, state and attributes, a dict's entries, a
//! sequence's items. Each step inwards is remembered, so that an error can name the way.

use crate::error::{Error, ErrorKind};
use crate::graph::{ArrayData, Id, Node, Object};
use crate::kind::Class;
use crate::value::{Step, Value};

/// What lies inside.
impl<'d> Value<'d> {
    /// The class of an instance, or the function of a recorded call: the file does not tell them
    /// apart, and neither was called.
    pub fn class(self) -> Option<Class<'d>> {
        self.class_value()?.as_global()
    }

    /// What stands for the class: a global, or a value that some recorded call would give.
    pub fn class_value(self) -> Option<Value<'d>> {
        Some(self.child(self.object()?.class, Step::Class))
    }

    /// Whether it is an instance of this class.
    pub fn is_a(self, module: &str, name: &str) -> bool {
        self.class().is_some_and(|class| class.is(module, name))
    }

    fn object(self) -> Option<&'d Object> {
        match self.node() {
            Node::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The positional arguments of an instance's constructor or a recorded call.
    pub fn args(self) -> impl ExactSizeIterator<Item = Value<'d>> + use<'d> {
        let args = self.object().and_then(|object| self.doc.graph.sequence(object.args));
        let args = args.unwrap_or_default().iter().enumerate();
        args.map(move |(index, id)| self.child(*id, Step::Argument(index as u32)))
    }

    /// The keyword arguments of a constructor, where it has some.
    pub fn kwargs(self) -> Option<Value<'d>> {
        Some(self.child(self.object()?.kwargs?, Step::Arguments))
    }

    /// The state an instance was last given, as the file holds it: a dict, a tuple, anything.
    pub fn state(self) -> Option<Value<'d>> {
        Some(self.child(*self.object()?.states.last()?, Step::State))
    }

    /// An attribute of an instance: what `obj.name` would find in its state.
    pub fn get_attr(self, name: &str) -> Option<Value<'d>> {
        let object = self.object()?;
        let found = object.states.iter().rev().find_map(|state| self.attr_in(*state, name));
        found.map(|(key, value)| self.child(value, Step::Attribute(key)))
    }

    /// A state is a dict, or a pair of one and the dict of slots.
    fn attr_in(self, state: Id, name: &str) -> Option<(Id, Id)> {
        let graph = &self.doc.graph;
        match graph.node(state) {
            Node::Dict(pairs) => graph.pairs_get(pairs, name),
            Node::Tuple(pair) => match **pair {
                [dict, slots] => graph.dict_get(slots, name).or_else(|| graph.dict_get(dict, name)),
                _ => None,
            },
            _ => None,
        }
    }

    /// An attribute of an instance.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] naming the attribute; [`ErrorKind::Mismatch`] when this is no instance.
    pub fn attr(self, name: &str) -> Result<Value<'d>, Error> {
        self.get_attr(name).ok_or_else(|| match self.object() {
            Some(_) => self.error(ErrorKind::Missing, format!("has no attribute '{name}'")),
            None => self.mismatch("an object"),
        })
    }

    /// Names and values of an instance's attributes, in the file's order.
    pub fn attrs(self) -> Vec<(&'d str, Value<'d>)> {
        let graph = &self.doc.graph;
        let mut attrs = Vec::new();
        let states = self.object().map(|object| &*object.states).unwrap_or_default();
        for state in states {
            let dicts = match graph.node(*state) {
                Node::Dict(_) => std::slice::from_ref(state),
                Node::Tuple(pair) if pair.len() == 2 => pair,
                _ => &[],
            };
            for dict in dicts {
                let Node::Dict(pairs) = graph.node(*dict) else { continue };
                attrs.extend(pairs.iter().filter_map(|(key, value)| {
                    Some((graph.text(*key)?, self.child(*value, Step::Attribute(*key))))
                }));
            }
        }
        attrs
    }

    /// The value under a text key of a dict; the last one, should a file store several. Also
    /// understands objects that are dicts in Python (`OrderedDict`, `Bunch`). Takes time in
    /// proportion to the dict: collect [`Value::entries`] to look up many.
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        let (key, value) = self.doc.graph.pairs_get(self.pairs()?, key)?;
        Some(self.child(value, Step::Key(key)))
    }

    /// The value under a text key of a dict.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] naming the key; [`ErrorKind::Mismatch`] when this is no dict.
    pub fn key(self, key: &str) -> Result<Value<'d>, Error> {
        self.get(key).ok_or_else(|| match self.pairs() {
            Some(_) => self.error(ErrorKind::Missing, format!("has no key '{key}'")),
            None => self.mismatch("a dict"),
        })
    }

    fn pairs(self) -> Option<&'d [(Id, Id)]> {
        match self.node() {
            Node::Dict(pairs) => Some(pairs),
            Node::Object(object) if self.is_mapping(object) || !object.pairs.is_empty() => {
                Some(&object.pairs)
            }
            _ => None,
        }
    }

    /// Keys and values of a dict, in the file's order. A hostile file may repeat a key; Python
    /// would keep the last value.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when this is no dict.
    pub fn entries(
        self,
    ) -> Result<impl ExactSizeIterator<Item = (Value<'d>, Value<'d>)> + use<'d>, Error> {
        let pairs = self.pairs().ok_or_else(|| self.mismatch("a dict"))?;
        self.copy_out(size_of_val(pairs))?;
        Ok(pairs.iter().map(move |(key, value)| {
            (self.child(*key, Step::Key(*key)), self.child(*value, Step::Key(*key)))
        }))
    }

    /// The items of a tuple, list, set or frozenset, of an object array (all its elements, in the
    /// file's order), or of an object that is a list in Python.
    ///
    /// # Errors
    /// [`ErrorKind::Mismatch`] when this is none of them.
    pub fn items(self) -> Result<impl ExactSizeIterator<Item = Value<'d>> + use<'d>, Error> {
        let ids = self.item_ids().ok_or_else(|| self.mismatch("a list or tuple"))?;
        self.copy_out(size_of_val(ids))?;
        let items = ids.iter().enumerate();
        Ok(items.map(move |(index, id)| self.child(*id, Step::Index(index as u32))))
    }

    pub(crate) fn item_ids(self) -> Option<&'d [Id]> {
        match self.node() {
            Node::Tuple(items) => Some(items),
            Node::List(items) | Node::Set(items) | Node::FrozenSet(items) => Some(items),
            Node::Object(object) if !object.items.is_empty() => Some(&object.items),
            Node::Array(array) => match &array.data {
                ArrayData::Objects(items) => Some(items),
                ArrayData::Bytes(_) => None,
            },
            _ => None,
        }
    }

    /// The item at `index` of a tuple or list.
    ///
    /// # Errors
    /// [`ErrorKind::Missing`] past the end, [`ErrorKind::Mismatch`] when there are no items.
    pub fn item(self, index: usize) -> Result<Value<'d>, Error> {
        let ids = self.item_ids().ok_or_else(|| self.mismatch("a list or tuple"))?;
        match ids.get(index) {
            Some(id) => Ok(self.child(*id, Step::Index(index as u32))),
            None => {
                Err(self
                    .error(ErrorKind::Missing, format!("has {} items, none at {index}", ids.len())))
            }
        }
    }

    /// Whether it is an instance of a class of Python's that is a dict.
    pub(crate) fn is_mapping(self, object: &Object) -> bool {
        let class = self.doc.graph.global(object.class);
        matches!(class, Some(("collections", "OrderedDict" | "defaultdict" | "Counter")))
    }
}
