//! Opcodes that name classes and functions, construct objects and give them state: all of it recorded,
//! nothing imported or called. What a record means, `normal` and `joblib` know.

use super::Machine;
use crate::error::Error;
use crate::graph::{Id, NONE, Node, Span};
use crate::{joblib, normal, opcode as op};

impl Machine<'_> {
    pub(super) fn global(&mut self, opcode: u8) -> Result<(), Error> {
        if opcode == op::GLOBAL {
            let id = self.take_global()?;
            return self.push(id);
        }
        let name = self.pop()?;
        let module = self.pop()?;
        if self.graph.name(module).is_none() || self.graph.name(name).is_none() {
            return Err(Error::malformed("the name of a global is not a name"));
        }
        self.push_node(Node::Global { module, name })
    }

    /// The two lines after GLOBAL or INST.
    fn take_global(&mut self) -> Result<Id, Error> {
        let mut ids = [NONE; 2];
        for id in &mut ids {
            let start = self.at;
            let len = self.take_line("the name of a global")?.len();
            *id = self.graph.push(Node::Str(Span { buffer: self.buffer, start, len }))?;
            if self.graph.name(*id).is_none() {
                return Err(Error::malformed("the name of a global is not a name"));
            }
        }
        self.graph.push(Node::Global { module: ids[0], name: ids[1] })
    }

    /// REDUCE, NEWOBJ, NEWOBJ_EX, OBJ, INST: recorded, never carried out.
    pub(super) fn construct(&mut self, opcode: u8) -> Result<(), Error> {
        let id = match opcode {
            op::REDUCE => {
                let args = self.pop()?;
                let callable = self.pop()?;
                normal::call(self.graph, callable, args)?
            }
            op::NEWOBJ => {
                let args = self.pop()?;
                let class = self.pop()?;
                self.graph.push_object(class, args)?
            }
            op::NEWOBJ_EX => {
                let kwargs = self.pop()?;
                let args = self.pop()?;
                let class = self.pop()?;
                self.graph.push_object_with(class, args, kwargs)?
            }
            op::INST => {
                let class = self.take_global()?;
                let args = self.stack.pop_to_mark()?;
                let args = self.graph.push(Node::Tuple(args.into()))?;
                self.graph.push_object(class, args)?
            }
            _ => {
                let mut items = self.stack.pop_to_mark()?.into_iter();
                let class = items.next().ok_or_else(|| Error::malformed("OBJ without a class"))?;
                let args = self.graph.push(Node::Tuple(items.collect()))?;
                self.graph.push_object(class, args)?
            }
        };
        self.push(id)
    }

    /// BUILD; a wrapper of joblib's is complete by that, and its array follows.
    pub(super) fn build(&mut self) -> Result<(), Error> {
        let state = self.pop()?;
        let target = self.stack.top()?;
        normal::build(self.graph, target, state)?;
        if joblib::is_wrapper(self.graph, target) {
            let array = joblib::read_array(self, target, state)?;
            self.outcome.has_joblib_arrays = true;
            self.stack.replace_top(array)?;
        }
        Ok(())
    }

    pub(super) fn persistent(&mut self, opcode: u8) -> Result<(), Error> {
        let id = if opcode == op::BINPERSID {
            self.pop()?
        } else {
            let bytes = self.take_line("PERSID")?.to_vec();
            let span = self.graph.add_scratch(&bytes)?;
            self.graph.push(Node::ByteStr(span))?
        };
        self.push_node(Node::Persistent(id))
    }
}
