//! Recognises a pickle by walking its first opcodes. Must not build or run anything: an opcode is
//! a name and a length here.

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
        [0x80, protocol @ 2..=5, rest @ ..] => {
            step(rest).is_some().then_some(*protocol)?;
            *protocol
        }
        [b'(' | b'c' | b']' | b'}' | b')', ..] => walk_text_protocol(head, whole)?,
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
        if opcode == b'.' {
            return (opcodes >= OPCODES_MIN).then_some(protocol);
        }
        if matches!(
            opcode,
            b'K' | b'h' | b'q' | b'M' | b'J' | b'j' | b'r' | b'G' | b'U' | b'T' | b'X'
        ) {
            protocol = 1;
        }
        match step(&head[at..]) {
            Some(length) => at += length,
            // The argument of the last opcode read may lie beyond what was read.
            None if !whole && is_opcode(opcode) && opcodes >= OPCODES_MIN => return Some(protocol),
            None => return None,
        }
        opcodes += 1;
    }
    Some(protocol)
}

/// The length of the opcode at the start of `bytes` with its argument; `None` if there is no such
/// opcode or the argument is cut off or senseless.
fn step(bytes: &[u8]) -> Option<usize> {
    let (&opcode, rest) = bytes.split_first()?;
    let counted = |width: usize| {
        let mut length = [0; 8];
        length[..width].copy_from_slice(rest.get(..width)?);
        usize::try_from(u64::from_le_bytes(length)).ok()?.checked_add(width)
    };
    let argument = match opcode {
        b'('
        | b'.'
        | b'0'
        | b'1'
        | b'2'
        | b'N'
        | b'Q'
        | b'R'
        | b'a'
        | b'b'
        | b'd'
        | b'}'
        | b'e'
        | b'l'
        | b']'
        | b'o'
        | b's'
        | b't'
        | b')'
        | b'u'
        | 0x81
        | 0x85..=0x89
        | 0x8f..=0x94
        | 0x97
        | 0x98 => 0,
        b'F' | b'I' | b'L' | b'P' | b'S' | b'V' | b'g' | b'p' => line(rest)?.len() + 1,
        b'c' | b'i' => {
            let module = line(rest)?;
            let name = line(&rest[module.len() + 1..])?;
            if !is_dotted_name(module) || !is_dotted_name(name) {
                return None;
            }
            module.len() + name.len() + 2
        }
        b'K' | b'h' | b'q' | 0x80 | 0x82 => 1,
        b'M' | 0x83 => 2,
        b'J' | b'j' | b'r' | 0x84 => 4,
        b'G' | 0x95 => 8,
        b'U' | b'C' | 0x8a | 0x8c => counted(1)?,
        b'T' | b'X' | b'B' | 0x8b => counted(4)?,
        0x8d | 0x8e | 0x96 => counted(8)?,
        _ => return None,
    };
    (argument <= rest.len()).then_some(1 + argument)
}

fn is_opcode(byte: u8) -> bool {
    matches!(
        byte,
        b'F' | b'I'
            | b'L'
            | b'P'
            | b'S'
            | b'V'
            | b'g'
            | b'p'
            | b'c'
            | b'i'
            | b'K'
            | b'h'
            | b'q'
            | b'M'
            | b'J'
            | b'j'
            | b'r'
            | b'G'
            | b'U'
            | b'T'
            | b'X'
            | b'B'
            | b'C'
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
