//! The inert pickle machine: runs the opcodes of protocols 0 to 5 on an arena of plain nodes.
//!
//! Nothing is imported, called or constructed: a global is its name, a call is its record. What a
//! record means is `normal`'s business; the machine must not know any class by name.

mod containers;
mod plain_values;
mod records;
mod stack;
mod take;

use bytes::Bytes;

use crate::companions::Beside;
use crate::error::Error;
use crate::graph::{EMPTY_TUPLE, FALSE, Graph, Id, NONE, Node, TRUE};
use crate::{opcode as op, text};
use stack::{Memo, Stack};

/// Reads the pickle that starts at `start` of a buffer, and what it has beside it. `nested` counts the
/// pickles around it.
pub(crate) fn read<'g>(
    graph: &'g mut Graph,
    beside: Beside<'g>,
    buffer: u32,
    start: usize,
    nested: usize,
) -> Result<Outcome, Error> {
    if nested > graph.budget.limits.max_nested_pickles {
        return Err(Error::limit(format!(
            "pickles are nested more than {} deep (max_nested_pickles)",
            graph.budget.limits.max_nested_pickles
        )));
    }
    let source = graph.buffer(buffer);
    let stack = Stack::default();
    let memo = Memo::default();
    let outcome = Outcome {
        root: NONE,
        end: start,
        protocol: 0,
        has_joblib_arrays: false,
        companions: (Vec::new(), 0),
    };
    Machine { graph, beside, buffer, source, at: start, nested, stack, memo, outcome }.run()
}

/// What a pickle came to.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) root: Id,
    /// The byte after STOP.
    pub(crate) end: usize,
    /// The protocol declared, or 1 or 0 by the opcodes used.
    pub(crate) protocol: u8,
    pub(crate) has_joblib_arrays: bool,
    /// Names of the files beside it that were read, and their bytes.
    pub(crate) companions: (Vec<String>, usize),
}

pub(crate) struct Machine<'g> {
    pub(crate) graph: &'g mut Graph,
    pub(crate) beside: Beside<'g>,
    pub(crate) buffer: u32,
    pub(crate) source: Bytes,
    pub(crate) at: usize,
    pub(crate) nested: usize,
    stack: Stack,
    memo: Memo,
    outcome: Outcome,
}

impl Machine<'_> {
    fn run(mut self) -> Result<Outcome, Error> {
        loop {
            let offset = self.at;
            self.graph.budget.spend(1).map_err(|e| e.at_offset(offset))?;
            let stopped = self.take_u8("the pickle").and_then(|opcode| self.step(opcode));
            if stopped.map_err(|e| e.at_offset(offset))? {
                self.outcome.end = self.at;
                self.outcome.companions = self.beside.into_read();
                return Ok(self.outcome);
            }
        }
    }

    /// Executes one opcode; true after STOP.
    #[expect(clippy::match_same_arms, reason = "an arm a kind of opcode")]
    fn step(&mut self, opcode: u8) -> Result<bool, Error> {
        match opcode {
            op::STOP => {
                self.outcome.root = self.pop()?;
                return Ok(true);
            }
            op::PROTO => self.protocol()?,
            op::FRAME => self.frame()?,

            op::MARK => self.stack.mark(self.graph)?,
            op::POP => self.stack.discard()?,
            op::POP_MARK => drop(self.stack.pop_to_mark()?),
            op::DUP => {
                let top = self.stack.top()?;
                self.push(top)?;
            }
            op::GET | op::BINGET | op::LONG_BINGET => self.recall(opcode)?,
            op::PUT | op::BINPUT | op::LONG_BINPUT | op::MEMOIZE => self.memoise(opcode)?,

            op::NONE => self.push(NONE)?,
            op::NEWTRUE => self.push(TRUE)?,
            op::NEWFALSE => self.push(FALSE)?,
            op::INT | op::BININT | op::BININT1 | op::BININT2 => self.number(opcode)?,
            op::LONG | op::LONG1 | op::LONG4 | op::FLOAT | op::BINFLOAT => self.number(opcode)?,
            op::STRING | op::BINSTRING | op::SHORT_BINSTRING => self.string(opcode)?,
            op::UNICODE | op::BINUNICODE | op::SHORT_BINUNICODE | op::BINUNICODE8 => {
                self.string(opcode)?;
            }
            op::BINBYTES | op::SHORT_BINBYTES | op::BINBYTES8 | op::BYTEARRAY8 => {
                self.byte_string(opcode)?;
            }

            op::EMPTY_TUPLE => self.push(EMPTY_TUPLE)?,
            op::EMPTY_LIST => self.push_node(Node::List(Vec::new()))?,
            op::EMPTY_DICT => self.push_node(Node::Dict(Vec::new()))?,
            op::EMPTY_SET => self.push_node(Node::Set(Vec::new()))?,
            op::TUPLE1 => self.short_tuple(1)?,
            op::TUPLE2 => self.short_tuple(2)?,
            op::TUPLE3 => self.short_tuple(3)?,
            op::TUPLE | op::LIST | op::DICT | op::FROZENSET => self.collect(opcode)?,
            op::APPEND | op::APPENDS | op::ADDITEMS => self.add_items(opcode)?,
            op::SETITEM | op::SETITEMS => self.set_items(opcode)?,

            op::GLOBAL | op::STACK_GLOBAL => self.global(opcode)?,
            op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::OBJ | op::INST => {
                self.construct(opcode)?;
            }
            op::BUILD => self.build()?,
            op::PERSID | op::BINPERSID => self.persistent(opcode)?,

            other => return Err(refusal(other)),
        }
        Ok(false)
    }

    fn protocol(&mut self) -> Result<(), Error> {
        let protocol = self.take_u8("PROTO")?;
        if protocol > 5 {
            return Err(Error::unsupported(format!(
                "pickle protocol {protocol} is newer than 5, the newest there is"
            )));
        }
        self.outcome.protocol = self.outcome.protocol.max(protocol);
        Ok(())
    }

    /// FRAME tells how much to read at once, and the file is in memory: only a lie matters.
    fn frame(&mut self) -> Result<(), Error> {
        let len = self.take_len(8, "FRAME")?;
        if len > self.source.len() - self.at {
            return Err(Error::truncated("a frame"));
        }
        Ok(())
    }

    fn recall(&mut self, opcode: u8) -> Result<(), Error> {
        let index = self.memo_index(opcode)?;
        let id = self.memo.get(index).ok_or_else(|| {
            Error::malformed(format!("memo entry {index} is used but was never stored"))
        })?;
        self.push(id)
    }

    fn memoise(&mut self, opcode: u8) -> Result<(), Error> {
        let index = self.memo_index(opcode)?;
        let top = self.stack.top()?;
        self.memo.put(index, top, self.graph)
    }

    fn memo_index(&mut self, opcode: u8) -> Result<u64, Error> {
        Ok(match opcode {
            op::MEMOIZE => self.memo.len() as u64,
            op::BINGET | op::BINPUT => u64::from(self.take_u8("a memo index")?),
            op::LONG_BINGET | op::LONG_BINPUT => self.take_len(4, "a memo index")? as u64,
            _ => text::unsigned(self.take_line("a memo index")?)?,
        })
    }

    fn push(&mut self, id: Id) -> Result<(), Error> {
        self.stack.push(id, self.graph)
    }

    fn push_node(&mut self, node: Node) -> Result<(), Error> {
        let id = self.graph.push(node)?;
        self.push(id)
    }

    fn pop(&mut self) -> Result<Id, Error> {
        self.stack.pop()
    }
}

/// What is said of an opcode that cannot be followed.
fn refusal(opcode: u8) -> Error {
    match opcode {
        op::EXT1 | op::EXT2 | op::EXT4 => Error::unsupported(
            "the pickle uses copyreg's extension codes, which mean nothing outside the program \
             that wrote it; save the model again without them",
        ),
        op::NEXT_BUFFER | op::READONLY_BUFFER => Error::unsupported(
            "the pickle keeps its buffers outside the file (buffer_callback); save the model \
             again without",
        ),
        _ => Error::malformed(format!("0x{opcode:02x} is not a pickle opcode")),
    }
}
