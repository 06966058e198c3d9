//! The inert pickle machine: runs the opcodes of protocols 0 to 5 on an arena of plain nodes.
//!
//! Nothing is imported, called or constructed: a global is its name, a call is its record. What a
//! record means is `normal`'s business; the machine must not know any class by name.

use bytes::Bytes;

use crate::companions::Beside;
use crate::error::Error;
use crate::graph::{EMPTY_TUPLE, FALSE, Graph, Id, NONE, Node, Span, TRUE};
use crate::stack::{Memo, Stack};
use crate::{joblib, normal, text};

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
    fn step(&mut self, opcode: u8) -> Result<bool, Error> {
        match opcode {
            b'.' => {
                self.outcome.root = self.pop()?;
                return Ok(true);
            }
            b'(' => self.stack.mark(self.graph)?,
            b'0' => self.stack.discard()?,
            b'1' => drop(self.stack.pop_to_mark()?),
            b'2' => {
                let top = self.stack.top()?;
                self.push(top)?;
            }
            b'N' => self.push(NONE)?,
            0x88 => self.push(TRUE)?,
            0x89 => self.push(FALSE)?,
            b'I' | b'F' | b'L' | b'J' | b'K' | b'M' | b'G' | 0x8a | 0x8b => self.number(opcode)?,
            b'S' | b'T' | b'U' | b'V' | b'X' | 0x8c | 0x8d => self.string(opcode)?,
            b'B' | b'C' | 0x8e | 0x96 => self.byte_string(opcode)?,
            b')' => self.push(EMPTY_TUPLE)?,
            b't' | b'l' | b'd' | 0x91 => self.collect(opcode)?,
            0x85..=0x87 => self.short_tuple(usize::from(opcode - 0x84))?,
            b']' => self.push_node(Node::List(Vec::new()))?,
            b'}' => self.push_node(Node::Dict(Vec::new()))?,
            0x8f => self.push_node(Node::Set(Vec::new()))?,
            b'a' => {
                let item = self.pop()?;
                self.extend(&[item], false)?;
            }
            b'e' | 0x90 => {
                let items = self.stack.pop_to_mark()?;
                self.extend(&items, opcode == 0x90)?;
            }
            b's' => {
                let value = self.pop()?;
                let key = self.pop()?;
                self.set_items(&[key, value])?;
            }
            b'u' => {
                let items = self.stack.pop_to_mark()?;
                self.set_items(&items)?;
            }
            b'g' | b'h' | b'j' | b'p' | b'q' | b'r' | 0x94 => self.memo(opcode)?,
            b'c' | 0x93 => self.global(opcode)?,
            b'R' | 0x81 | 0x92 | b'o' | b'i' => self.construct(opcode)?,
            b'b' => self.build()?,
            b'P' | b'Q' => self.persistent(opcode)?,
            0x80 => {
                let protocol = self.take_u8("PROTO")?;
                if protocol > 5 {
                    return Err(Error::unsupported(format!(
                        "pickle protocol {protocol} is newer than 5, the newest there is"
                    )));
                }
                self.outcome.protocol = self.outcome.protocol.max(protocol);
            }
            0x95 => {
                let len = self.take_len(8, "FRAME")?;
                if len > self.source.len() - self.at {
                    return Err(Error::truncated("a frame"));
                }
            }
            0x82..=0x84 => {
                return Err(Error::unsupported(
                    "the pickle uses copyreg's extension codes, which mean nothing outside the \
                     program that wrote it; save the model again without them",
                ));
            }
            0x97 | 0x98 => {
                return Err(Error::unsupported(
                    "the pickle keeps its buffers outside the file (buffer_callback); save the \
                     model again without",
                ));
            }
            _ => {
                return Err(Error::malformed(format!("0x{opcode:02x} is not a pickle opcode")));
            }
        }
        Ok(false)
    }

    fn number(&mut self, opcode: u8) -> Result<(), Error> {
        let node = match opcode {
            b'K' => Node::Int(i64::from(self.take_u8("BININT1")?)),
            b'M' => Node::Int(self.take_len(2, "BININT2")? as i64),
            b'J' => {
                let bytes = self.take_array::<4>("BININT")?;
                Node::Int(i64::from(i32::from_le_bytes(bytes)))
            }
            b'G' => Node::Float(f64::from_be_bytes(self.take_array("BINFLOAT")?)),
            0x8a | 0x8b => {
                let width = if opcode == 0x8a { 1 } else { 4 };
                let len = self.take_len(width, "a long integer")?;
                let span = self.take_span(len, "a long integer")?;
                text::long_integer(self.graph.bytes(span), span)
            }
            b'F' => Node::Float(text::float(self.take_line("FLOAT")?)?),
            b'I' => {
                let line = self.take_line("INT")?.to_vec();
                match &*line {
                    b"00" => return self.push(FALSE),
                    b"01" => return self.push(TRUE),
                    line => text::decimal_integer(line, self.graph)?,
                }
            }
            _ => {
                let line = self.take_line("LONG")?;
                let line = line.strip_suffix(b"L").unwrap_or(line).to_vec();
                text::decimal_integer(&line, self.graph)?
            }
        };
        self.note_binary(!opcode.is_ascii() || matches!(opcode, b'J' | b'K' | b'M' | b'G'));
        self.push_node(node)
    }

    fn string(&mut self, opcode: u8) -> Result<(), Error> {
        let node = match opcode {
            b'S' => {
                let bytes = text::unquote(self.take_line("STRING")?)?;
                Node::ByteStr(self.graph.add_scratch(&bytes)?)
            }
            b'V' => {
                let bytes = text::raw_unicode_escape(self.take_line("UNICODE")?)?;
                Node::Str(self.graph.add_scratch(&bytes)?)
            }
            b'U' | b'T' => {
                let len = self.take_len(if opcode == b'U' { 1 } else { 4 }, "BINSTRING")?;
                Node::ByteStr(self.take_span(len, "a byte string")?)
            }
            _ => {
                let width = match opcode {
                    0x8c => 1,
                    b'X' => 4,
                    _ => 8,
                };
                let len = self.take_len(width, "BINUNICODE")?;
                let span = self.take_span(len, "a string")?;
                text::check_utf8(self.graph.bytes(span))?;
                Node::Str(span)
            }
        };
        self.note_binary(!matches!(opcode, b'S' | b'V'));
        self.push_node(node)
    }

    fn byte_string(&mut self, opcode: u8) -> Result<(), Error> {
        let width = match opcode {
            b'C' => 1,
            b'B' => 4,
            _ => 8,
        };
        let len = self.take_len(width, "BINBYTES")?;
        let span = self.take_span(len, "a byte string")?;
        self.push_node(if opcode == 0x96 { Node::ByteArray(span) } else { Node::Bytes(span) })
    }

    /// TUPLE, LIST, DICT, FROZENSET: what lies above the mark becomes one value.
    fn collect(&mut self, opcode: u8) -> Result<(), Error> {
        let items = self.stack.pop_to_mark()?;
        let node = match opcode {
            b't' if items.is_empty() => return self.push(EMPTY_TUPLE),
            b't' => Node::Tuple(items.into()),
            b'l' => Node::List(items),
            b'd' => Node::Dict(pairs(&items)?),
            _ => Node::FrozenSet(items),
        };
        self.push_node(node)
    }

    fn short_tuple(&mut self, len: usize) -> Result<(), Error> {
        let mut items = [NONE; 3];
        for item in items[..len].iter_mut().rev() {
            *item = self.pop()?;
        }
        self.push_node(Node::Tuple(items[..len].into()))
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

    fn set_items(&mut self, items: &[Id]) -> Result<(), Error> {
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

    fn memo(&mut self, opcode: u8) -> Result<(), Error> {
        let index = match opcode {
            0x94 => self.memo.len() as u64,
            b'h' | b'q' => u64::from(self.take_u8("a memo index")?),
            b'j' | b'r' => self.take_len(4, "a memo index")? as u64,
            _ => text::unsigned(self.take_line("a memo index")?)?,
        };
        if matches!(opcode, b'g' | b'h' | b'j') {
            let id = self.memo.get(index).ok_or_else(|| {
                Error::malformed(format!("memo entry {index} is used but was never stored"))
            })?;
            return self.push(id);
        }
        let top = self.stack.top()?;
        self.memo.put(index, top, self.graph)
    }

    fn global(&mut self, opcode: u8) -> Result<(), Error> {
        if opcode == b'c' {
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
    fn construct(&mut self, opcode: u8) -> Result<(), Error> {
        let id = match opcode {
            b'R' => {
                let args = self.pop()?;
                let callable = self.pop()?;
                normal::call(self.graph, callable, args)?
            }
            0x81 => {
                let args = self.pop()?;
                let class = self.pop()?;
                self.graph.push_object(class, args)?
            }
            0x92 => {
                let kwargs = self.pop()?;
                let args = self.pop()?;
                let class = self.pop()?;
                let id = self.graph.push_object(class, args)?;
                if let Node::Object(object) = self.graph.node_mut(id) {
                    object.kwargs = Some(kwargs);
                }
                id
            }
            b'i' => {
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

    fn build(&mut self) -> Result<(), Error> {
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

    fn persistent(&mut self, opcode: u8) -> Result<(), Error> {
        let id = if opcode == b'Q' {
            self.pop()?
        } else {
            let bytes = self.take_line("PERSID")?.to_vec();
            let span = self.graph.add_scratch(&bytes)?;
            self.graph.push(Node::ByteStr(span))?
        };
        self.push_node(Node::Persistent(id))
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

    fn note_binary(&mut self, binary: bool) {
        self.outcome.protocol = self.outcome.protocol.max(u8::from(binary));
    }
}

fn pairs(items: &[Id]) -> Result<Vec<(Id, Id)>, Error> {
    let (pairs, rest) = items.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(Error::malformed("a dict has a key without a value"));
    }
    Ok(pairs.iter().map(|[key, value]| (*key, *value)).collect())
}
