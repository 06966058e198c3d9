//! Opcodes that push plain data: numbers, text and bytes, each of several spellings. Text and bytes stay
//! where they are in the file unless an old protocol escaped them.

use super::Machine;
use crate::error::Error;
use crate::graph::{FALSE, Node, TRUE};
use crate::{opcode as op, text};

impl Machine<'_> {
    pub(super) fn number(&mut self, opcode: u8) -> Result<(), Error> {
        let node = match opcode {
            op::BININT1 => Node::Int(i64::from(self.take_u8("BININT1")?)),
            op::BININT2 => Node::Int(self.take_len(2, "BININT2")? as i64),
            op::BININT => {
                let bytes = self.take_array::<4>("BININT")?;
                Node::Int(i64::from(i32::from_le_bytes(bytes)))
            }
            op::BINFLOAT => Node::Float(f64::from_be_bytes(self.take_array("BINFLOAT")?)),
            op::LONG1 | op::LONG4 => {
                let width = if opcode == op::LONG1 { 1 } else { 4 };
                let len = self.take_len(width, "a long integer")?;
                let span = self.take_span(len, "a long integer")?;
                text::long_integer(self.graph.bytes(span), span)
            }
            op::FLOAT => Node::Float(text::float(self.take_line("FLOAT")?)?),
            op::INT => {
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
        self.note_binary(!matches!(opcode, op::INT | op::LONG | op::FLOAT));
        self.push_node(node)
    }

    pub(super) fn string(&mut self, opcode: u8) -> Result<(), Error> {
        let node = match opcode {
            op::STRING => {
                let bytes = text::unquote(self.take_line("STRING")?)?;
                Node::ByteStr(self.graph.add_scratch(&bytes)?)
            }
            op::UNICODE => {
                let bytes = text::raw_unicode_escape(self.take_line("UNICODE")?)?;
                Node::Str(self.graph.add_scratch(&bytes)?)
            }
            op::SHORT_BINSTRING | op::BINSTRING => {
                let width = if opcode == op::SHORT_BINSTRING { 1 } else { 4 };
                let len = self.take_len(width, "BINSTRING")?;
                Node::ByteStr(self.take_span(len, "a byte string")?)
            }
            _ => {
                let width = match opcode {
                    op::SHORT_BINUNICODE => 1,
                    op::BINUNICODE => 4,
                    _ => 8,
                };
                let len = self.take_len(width, "BINUNICODE")?;
                let span = self.take_span(len, "a string")?;
                text::check_utf8(self.graph.bytes(span))?;
                Node::Str(span)
            }
        };
        self.note_binary(!matches!(opcode, op::STRING | op::UNICODE));
        self.push_node(node)
    }

    pub(super) fn byte_string(&mut self, opcode: u8) -> Result<(), Error> {
        let width = match opcode {
            op::SHORT_BINBYTES => 1,
            op::BINBYTES => 4,
            _ => 8,
        };
        let len = self.take_len(width, "BINBYTES")?;
        let span = self.take_span(len, "a byte string")?;
        self.push_node(if opcode == op::BYTEARRAY8 {
            Node::ByteArray(span)
        } else {
            Node::Bytes(span)
        })
    }

    /// Opcodes of protocol 1 on tell the protocol where no header does.
    fn note_binary(&mut self, binary: bool) {
        self.outcome.protocol = self.outcome.protocol.max(u8::from(binary));
    }
}
