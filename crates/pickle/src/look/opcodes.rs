//! Recognises a pickle by walking its first opcodes. Must not build or run anything: an opcode is
//! a name and a length here.

use crate::opcode as op;

/// Opcodes walked at most.
const OPCODES_MAX: usize = 4096;

/// Opcodes that must be seen before a text that merely starts like protocol 0 is taken for one.
const OPCODES_MIN: usize = 4;

/// Names joblib writes into a raw file for each array.
const JOBLIB_WRAPPERS: [&[u8]; 2] = [b"NumpyArrayWrapper", b"NDArrayWrapper"];

/// The magic number `torch.save` of before 1.6 pickles first, as protocol 2 writes it.
const TORCH_LEGACY: [u8; 14] =
    [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

/// What the first bytes of a file look like to a pickle reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pickle {
    Plain { protocol: u8 },
    Joblib,
    Torch,
}

/// `whole` says that `head` is all of the file.
pub(super) fn recognise(head: &[u8], whole: bool) -> Option<Pickle> {
    if head.starts_with(&TORCH_LEGACY) {
        return Some(Pickle::Torch);
    }
    let protocol = match head {
        [op::PROTO, protocol @ 2..=5, rest @ ..] => {
            step(rest).is_some().then_some(*protocol)?;
            *protocol
        }
        [op::MARK | op::GLOBAL | op::EMPTY_LIST | op::EMPTY_DICT | op::EMPTY_TUPLE, ..] => {
            walk_text_protocol(head, whole)?
        }
        _ => return None,
    };
    if JOBLIB_WRAPPERS.iter().any(|name| contains(head, name)) {
        return Some(Pickle::Joblib);
    }
    Some(Pickle::Plain { protocol })
}

/// Protocols 0 and 1 have no header: every opcode up to the STOP (or the end of what was read)
/// must make sense.
fn walk_text_protocol(head: &[u8], whole: bool) -> Option<u8> {
    let (mut at, mut opcodes, mut protocol) = (0, 0, 0);
    while opcodes < OPCODES_MAX {
        let Some(&opcode) = head.get(at) else {
            return (!whole && opcodes >= OPCODES_MIN).then_some(protocol);
        };
        if opcode == op::STOP {
            return (opcodes >= OPCODES_MIN).then_some(protocol);
        }
        if is_binary(opcode) {
            protocol = 1;
        }
        match step(&head[at..]) {
            Some(length) => at += length,
            // The argument of the last opcode read may lie beyond what was read.
            None if !whole && takes_argument(opcode) && opcodes >= OPCODES_MIN => {
                return Some(protocol);
            }
            None => return None,
        }
        opcodes += 1;
    }
    Some(protocol)
}

/// The length of the opcode at the start of `bytes` with its argument; `None` if there is no such
/// opcode or the argument is cut off or senseless.
#[expect(clippy::match_same_arms, reason = "an arm a kind of opcode")]
fn step(bytes: &[u8]) -> Option<usize> {
    let (&opcode, rest) = bytes.split_first()?;
    let counted = |width: usize| {
        let mut length = [0; 8];
        length[..width].copy_from_slice(rest.get(..width)?);
        usize::try_from(u64::from_le_bytes(length)).ok()?.checked_add(width)
    };
    let argument = match opcode {
        op::MARK | op::STOP | op::POP | op::POP_MARK | op::DUP | op::MEMOIZE => 0,
        op::NONE | op::NEWTRUE | op::NEWFALSE | op::BINPERSID => 0,
        op::EMPTY_TUPLE | op::EMPTY_LIST | op::EMPTY_DICT | op::EMPTY_SET => 0,
        op::TUPLE | op::TUPLE1..=op::TUPLE3 | op::LIST | op::DICT | op::FROZENSET => 0,
        op::APPEND | op::APPENDS | op::ADDITEMS | op::SETITEM | op::SETITEMS => 0,
        op::REDUCE | op::NEWOBJ | op::NEWOBJ_EX | op::OBJ | op::BUILD | op::STACK_GLOBAL => 0,
        op::NEXT_BUFFER | op::READONLY_BUFFER => 0,
        op::INT | op::LONG | op::FLOAT | op::STRING | op::UNICODE => line(rest)?.len() + 1,
        op::PERSID | op::GET | op::PUT => line(rest)?.len() + 1,
        op::GLOBAL | op::INST => {
            let module = line(rest)?;
            let name = line(&rest[module.len() + 1..])?;
            if !is_dotted_name(module) || !is_dotted_name(name) {
                return None;
            }
            module.len() + name.len() + 2
        }
        op::BININT1 | op::BINGET | op::BINPUT | op::PROTO | op::EXT1 => 1,
        op::BININT2 | op::EXT2 => 2,
        op::BININT | op::LONG_BINGET | op::LONG_BINPUT | op::EXT4 => 4,
        op::BINFLOAT | op::FRAME => 8,
        op::SHORT_BINSTRING | op::SHORT_BINBYTES | op::LONG1 | op::SHORT_BINUNICODE => counted(1)?,
        op::BINSTRING | op::BINUNICODE | op::BINBYTES | op::LONG4 => counted(4)?,
        op::BINUNICODE8 | op::BINBYTES8 | op::BYTEARRAY8 => counted(8)?,
        _ => return None,
    };
    (argument <= rest.len()).then_some(1 + argument)
}

/// Whether it is one that protocol 1 added: its argument is binary, where protocol 0 writes lines.
fn is_binary(opcode: u8) -> bool {
    matches!(
        opcode,
        op::BININT
            | op::BININT1
            | op::BININT2
            | op::BINFLOAT
            | op::BINSTRING
            | op::SHORT_BINSTRING
            | op::BINUNICODE
            | op::BINGET
            | op::LONG_BINGET
            | op::BINPUT
            | op::LONG_BINPUT
    )
}

/// Whether it is one of protocols 0, 1 or 3 that has an argument, which may be cut off.
fn takes_argument(opcode: u8) -> bool {
    is_binary(opcode)
        || matches!(
            opcode,
            op::INT
                | op::LONG
                | op::FLOAT
                | op::STRING
                | op::UNICODE
                | op::PERSID
                | op::GET
                | op::PUT
                | op::GLOBAL
                | op::INST
                | op::BINBYTES
                | op::SHORT_BINBYTES
        )
}

fn line(bytes: &[u8]) -> Option<&[u8]> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    Some(&bytes[..end])
}

fn is_dotted_name(bytes: &[u8]) -> bool {
    !bytes.is_empty()
        && bytes.iter().all(|byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.') || *byte >= 0x80
        })
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_protocols_are_recognised_without_a_header() {
        let zero = b"ccopy_reg\n_reconstructor\np0\n(c__main__\nModel\np1\nc__builtin__\nobject\np2\nNtp3\nRp4\n.";
        assert_eq!(recognise(zero, true), Some(Pickle::Plain { protocol: 0 }));
        let one = b"ccopy_reg\n_reconstructor\nq\x00(c__main__\nModel\nq\x01Ntq\x02Rq\x03.";
        assert_eq!(recognise(one, true), Some(Pickle::Plain { protocol: 1 }));
        let instance = b"(i__main__\nModel\np0\n(dp1\nS'a'\np2\nI1\nsb.";
        assert_eq!(recognise(instance, true), Some(Pickle::Plain { protocol: 0 }));
    }

    #[test]
    fn text_that_starts_like_one_is_not_a_pickle() {
        for text in [
            &b"column_a,column_b\n1,2\n"[..],
            b"column\nother\n",
            b"(lambda x: x)\n",
            b"}\n",
            b"[1, 2]",
            b"(.",
            b"",
            b"\x80",
            b"\x80\x04",
            b"\x80\x09\x95",
        ] {
            assert_eq!(recognise(text, true), None, "{text:?}");
        }
    }

    #[test]
    fn a_cut_old_pickle_is_known_only_if_the_rest_may_follow() {
        let cut = b"ccopy_reg\n_reconstructor\np0\n(c__main__\nModel\np1\nc__built";
        assert_eq!(recognise(cut, true), None);
        assert_eq!(recognise(cut, false), Some(Pickle::Plain { protocol: 0 }));
    }
}
