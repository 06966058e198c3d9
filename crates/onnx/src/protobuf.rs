//! Protocol Buffers' wire format: the fields of a message, bounds checked, nothing copied
//! (https://protobuf.dev/programming-guides/encoding). Must not know what a message means.

/// What is wrong with a message, to follow "the file".
pub(crate) const MALFORMED: &str = "is damaged: its fields reach beyond its end";

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;
const FIXED32: u64 = 5;

/// A field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Field<'a> {
    /// Its number.
    pub(crate) number: u64,
    /// What it holds.
    pub(crate) value: Value<'a>,
    /// All of it as it stands in the message, tag included.
    pub(crate) whole: &'a [u8],
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    Varint(u64),
    Bytes(&'a [u8]),
    Fixed,
}

impl<'a> Field<'a> {
    /// The bytes of a text, a message or packed numbers; empty for anything else.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        match self.value {
            Value::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// The text, if it is one.
    pub(crate) fn text(&self) -> &'a str {
        std::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The numbers of a repeated field, packed or one at a time.
    pub(crate) fn numbers(&self) -> Result<Vec<u64>, &'static str> {
        match self.value {
            Value::Varint(number) => Ok(vec![number]),
            Value::Fixed => Err(MALFORMED),
            Value::Bytes(mut rest) => {
                let mut numbers = Vec::new();
                while !rest.is_empty() {
                    let (number, after) = varint(rest).ok_or(MALFORMED)?;
                    numbers.push(number);
                    rest = after;
                }
                Ok(numbers)
            }
        }
    }
}

/// The fields of a message in their order.
pub(crate) fn fields(message: &[u8]) -> impl Iterator<Item = Result<Field<'_>, &'static str>> {
    let mut rest = message;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let field = field(rest);
        // After damage nothing that follows can be trusted.
        rest = field.as_ref().map_or(&[][..], |(_, after)| *after);
        Some(field.map(|(field, _)| field).ok_or(MALFORMED))
    })
}

/// Appends a field that holds bytes.
pub(crate) fn push_bytes(message: &mut Vec<u8>, number: u64, bytes: &[u8]) {
    push_varint(message, number << 3 | BYTES);
    push_varint(message, bytes.len() as u64);
    message.extend_from_slice(bytes);
}

/// Appends a field that holds a number.
#[cfg(test)]
pub(crate) fn push_number(message: &mut Vec<u8>, number: u64, value: u64) {
    push_varint(message, number << 3 | VARINT);
    push_varint(message, value);
}

fn push_varint(message: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        message.push(value as u8 | 0x80);
        value >>= 7;
    }
    message.push(value as u8);
}

fn field(message: &[u8]) -> Option<(Field<'_>, &[u8])> {
    let (tag, rest) = varint(message)?;
    let (value, rest) = match tag & 7 {
        VARINT => varint(rest).map(|(number, rest)| (Value::Varint(number), rest)),
        FIXED64 => rest.split_at_checked(8).map(|(_, rest)| (Value::Fixed, rest)),
        FIXED32 => rest.split_at_checked(4).map(|(_, rest)| (Value::Fixed, rest)),
        BYTES => {
            let (length, rest) = varint(rest)?;
            let (bytes, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            Some((Value::Bytes(bytes), rest))
        }
        // Groups are not used by ONNX.
        _ => None,
    }?;
    let whole = &message[..message.len() - rest.len()];
    Some((Field { number: tag >> 3, value, whole }, rest))
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut message = Vec::new();
        push_number(&mut message, 1, u64::MAX);
        push_bytes(&mut message, 300, &[7; 200]);
        message.extend_from_slice(&[3 << 3 | FIXED32 as u8, 1, 2, 3, 4]);
        let read: Vec<_> = fields(&message).map(|field| field.unwrap()).collect();
        assert_eq!(read[0].value, Value::Varint(u64::MAX));
        assert_eq!((read[1].number, read[1].bytes().len()), (300, 200));
        assert_eq!((read[2].number, read[2].value), (3, Value::Fixed));
        assert_eq!(read.iter().map(|field| field.whole.len()).sum::<usize>(), message.len());
    }

    #[test]
    fn lying_lengths_are_damage() {
        assert!(fields(&[0x0a, 0xff, 0xff, 0xff, 0x7f, 1]).next().unwrap().is_err());
        assert!(fields(&[0x80; 20]).next().unwrap().is_err());
        let packed = [0x0a, 3, 0x01, 0x80, 0x80];
        assert!(fields(&packed).next().unwrap().unwrap().numbers().is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_end(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let total: usize = fields(&bytes).flatten().map(|field| field.whole.len()).sum();
            prop_assert!(total <= bytes.len());
        }
    }
}
