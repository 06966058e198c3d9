//! The text forms inside pickles: decimal numbers, Python 2's quoted strings, escapes, UTF-8 with
//! lone surrogates. All of it foreign: nothing here may trust a length or a digit.

use crate::error::Error;
use crate::graph::{Graph, Node, Span};

/// Converting digits takes time quadratic in their number; random states need 40.
const MAX_DIGITS: usize = 640;

/// A little-endian two's complement integer of any width.
pub(crate) fn long_integer(bytes: &[u8], span: Span) -> Node {
    let mut rest = bytes;
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    let fill = if negative { 0xff } else { 0 };
    while rest.len() > 8 && rest.last() == Some(&fill) {
        rest = &rest[..rest.len() - 1];
    }
    let sign_kept = rest.len() < 8 || rest.last().is_some_and(|b| (b & 0x80 != 0) == negative);
    if rest.len() > 8 || !sign_kept {
        return Node::BigInt(span);
    }
    let mut wide = [fill; 8];
    wide[..rest.len()].copy_from_slice(rest);
    Node::Int(i64::from_le_bytes(wide))
}

/// An integer in decimal digits, as protocol 0 writes it.
pub(crate) fn decimal_integer(line: &[u8], graph: &mut Graph) -> Result<Node, Error> {
    let text = std::str::from_utf8(line).map_err(|_| Error::malformed("an integer is not text"))?;
    let text = text.trim();
    if let Ok(int) = text.parse() {
        return Ok(Node::Int(int));
    }
    let digits = text.trim_start_matches(['+', '-']);
    let sound = text.len() - digits.len() <= 1
        && !digits.is_empty()
        && digits.len() <= MAX_DIGITS
        && digits.bytes().all(|b| b.is_ascii_digit());
    if !sound {
        return Err(Error::malformed("an integer is not written in digits"));
    }
    let bytes = twos_complement(digits.as_bytes(), text.starts_with('-'));
    let span = graph.add_scratch(&bytes)?;
    Ok(long_integer(&bytes, span))
}

fn twos_complement(digits: &[u8], negative: bool) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::new();
    for digit in digits {
        let mut carry = u32::from(digit - b'0');
        for byte in &mut bytes {
            carry += u32::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            bytes.push(carry as u8);
        }
    }
    bytes.push(0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            let (sum, over) = (!*byte).overflowing_add(u8::from(carry));
            *byte = sum;
            carry = over;
        }
    }
    bytes
}

pub(crate) fn float(line: &[u8]) -> Result<f64, Error> {
    let text = std::str::from_utf8(line).ok().map(str::trim);
    let value = text.filter(|text| text.len() <= 1024).and_then(|text| text.parse().ok());
    value.ok_or_else(|| Error::malformed("a float is not a number"))
}

pub(crate) fn unsigned(line: &[u8]) -> Result<u64, Error> {
    let text = std::str::from_utf8(line).ok().map(str::trim);
    let value = text.and_then(|text| text.parse().ok());
    value.ok_or_else(|| Error::malformed("a memo index is not a number"))
}

/// Python 2's `repr` of a `str`, quotes and escapes undone.
pub(crate) fn unquote(line: &[u8]) -> Result<Vec<u8>, Error> {
    let line = line.trim_ascii();
    let ([b'\'', quoted @ .., b'\''] | [b'"', quoted @ .., b'"']) = line else {
        return Err(Error::malformed("a string has no quotes"));
    };
    let mut bytes = Vec::with_capacity(quoted.len());
    let mut rest = quoted;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            bytes.push(*byte);
            continue;
        }
        let (decoded, tail) =
            escape(rest).ok_or_else(|| Error::malformed("a string has an unknown escape"))?;
        bytes.extend(decoded);
        rest = tail;
    }
    Ok(bytes)
}

/// What follows a backslash: the byte meant (none for an escaped line end), and the rest.
fn escape(rest: &[u8]) -> Option<(Option<u8>, &[u8])> {
    let (first, tail) = rest.split_first()?;
    let byte = match first {
        b'\n' => return Some((None, tail)),
        b'\\' | b'\'' | b'"' => *first,
        b'a' => 7,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 11,
        b'f' => 12,
        b'r' => b'\r',
        b'x' => return Some((Some(hex(tail, 2)? as u8), &tail[2..])),
        b'0'..=b'7' => {
            let len = rest.iter().take(3).take_while(|b| (b'0'..=b'7').contains(b)).count();
            let value = rest[..len].iter().fold(0u32, |n, b| n * 8 + u32::from(b - b'0'));
            return Some((Some(value as u8), &rest[len..]));
        }
        _ => return None,
    };
    Some((Some(byte), tail))
}

fn hex(bytes: &[u8], len: usize) -> Option<u32> {
    let digits = bytes.get(..len)?;
    digits.iter().try_fold(0, |n, b| Some(n * 16 + char::from(*b).to_digit(16)?))
}

/// Protocol 0's text: latin-1 with `\uXXXX` and `\UXXXXXXXX`, made UTF-8.
pub(crate) fn raw_unicode_escape(line: &[u8]) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut high: Option<u32> = None;
    let mut rest = line;
    while let [byte, tail @ ..] = rest {
        let (mut code, mut next) = (u32::from(*byte), tail);
        if let (b'\\', Some((kind @ (b'u' | b'U'), digits))) = (*byte, tail.split_first()) {
            let len = if *kind == b'u' { 4 } else { 8 };
            code = hex(digits, len)
                .filter(|code| *code <= 0x10_ffff)
                .ok_or_else(|| Error::malformed("a string has an unknown escape"))?;
            next = &digits[len..];
        }
        rest = next;
        // Python 2 wrote wide characters as two surrogates.
        if let (Some(first), 0xdc00..=0xdfff) = (high.take(), code) {
            bytes.truncate(bytes.len() - 3);
            code = 0x10000 + ((first - 0xd800) << 10) + (code - 0xdc00);
        }
        high = (0xd800..=0xdbff).contains(&code).then_some(code);
        push_code(&mut bytes, code);
    }
    Ok(bytes)
}

/// UTF-8, also of a lone surrogate, as Python's `surrogatepass` writes it.
fn push_code(bytes: &mut Vec<u8>, code: u32) {
    if let Some(c) = char::from_u32(code) {
        bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    } else {
        let low = |shift: u32| 0x80 | ((code >> shift) & 0x3f) as u8;
        bytes.extend([0xe0 | (code >> 12) as u8, low(6), low(0)]);
    }
}

/// Accepts UTF-8 and lone surrogates (`surrogatepass`), nothing else.
pub(crate) fn check_utf8(bytes: &[u8]) -> Result<(), Error> {
    let mut rest = bytes;
    while let Err(error) = std::str::from_utf8(rest) {
        rest = &rest[error.valid_up_to()..];
        match rest {
            [0xed, 0xa0..=0xbf, 0x80..=0xbf, tail @ ..] => rest = tail,
            _ => return Err(Error::malformed("a string is not UTF-8")),
        }
    }
    Ok(())
}

/// Text as `_codecs.encode(text, 'latin1')` would give it; `None` when it does not fit.
pub(crate) fn latin1(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Limits;

    fn int(text: &str) -> Node {
        decimal_integer(text.as_bytes(), &mut Graph::new(Limits::default())).unwrap()
    }

    #[test]
    fn integers_of_every_width() {
        let span = Span { buffer: 0, start: 0, len: 0 };
        for (bytes, value) in [
            (&[][..], 0),
            (&[0xff], -1),
            (&[0xff, 0], 255),
            (&[0, 0, 0, 0, 0, 0, 0, 0x80], i64::MIN),
            (&[1, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1),
            (&[0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -2),
        ] {
            assert!(matches!(long_integer(bytes, span), Node::Int(v) if v == value), "{value}");
        }
        let wide = [0xff; 8].iter().chain(&[0]).copied().collect::<Vec<u8>>();
        assert!(matches!(long_integer(&wide, span), Node::BigInt(_)));
        assert!(matches!(int("-9223372036854775808"), Node::Int(i64::MIN)));
        assert!(matches!(int("9223372036854775808"), Node::BigInt(_)));
    }

    #[test]
    fn decimal_digits_become_twos_complement() {
        assert_eq!(twos_complement(b"258", false), [2, 1, 0]);
        assert_eq!(twos_complement(b"1", true), [255, 255]);
        assert_eq!(twos_complement(b"256", true), [0, 255, 255]);
    }

    #[test]
    fn quoted_strings_are_unescaped() {
        assert_eq!(unquote(br"'a\x00\n\'\\\101'").unwrap(), b"a\0\n'\\A");
        assert_eq!(unquote(b"\"it's\"").unwrap(), b"it's");
        for bad in [&b"'"[..], b"abc", b"'a", br"'\x0'", br"'\q'"] {
            assert!(unquote(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn raw_unicode_escapes_become_utf8() {
        let utf8 = |line: &[u8]| String::from_utf8(raw_unicode_escape(line).unwrap());
        assert_eq!(utf8(b"caf\xe9 \\u20ac \\n").unwrap(), "café € \\n");
        assert_eq!(utf8(b"\\ud83d\\ude00 \\U0001f600").unwrap(), "😀 😀");
        let lone = raw_unicode_escape(b"\\ud83d").unwrap();
        assert!(check_utf8(&lone).is_ok() && std::str::from_utf8(&lone).is_err());
        assert!(raw_unicode_escape(b"\\uZZZZ").is_err());
    }

    #[test]
    fn only_lone_surrogates_are_forgiven() {
        assert!(check_utf8(b"a\xed\xa0\x80b").is_ok());
        assert!(check_utf8(b"a\xffb").is_err());
        assert!(check_utf8(b"\xed\xa0").is_err());
    }
}
