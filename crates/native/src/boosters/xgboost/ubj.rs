//! Universal Binary JSON as XGBoost writes it (`UBJWriter`, 1.6 to 3.x), as a serde deserializer.
//!
//! Lengths are 64-bit and big-endian, keys carry no type, typed arrays are `[$type#L`. Must not know
//! what the fields mean.

use std::fmt;

use serde::de::{self, DeserializeSeed, MapAccess, SeqAccess, Visitor};

/// Reads one value of a slice.
pub(super) struct Ubj<'de> {
    left: &'de [u8],
    depth: u32,
}

/// Deeper than any model, shallow enough for the stack.
const DEPTH_MAX: u32 = 64;

/// What is wrong with the bytes.
#[derive(Debug)]
pub(super) struct Error(String);

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

impl<'de> Ubj<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { left: bytes, depth: 0 }
    }

    /// Bytes behind the value that was read.
    pub(super) fn left(&self) -> usize {
        self.left.len()
    }

    fn bytes(&mut self, n: usize) -> Result<&'de [u8], Error> {
        let (taken, left) =
            self.left.split_at_checked(n).ok_or_else(|| Error("the file ends early".into()))?;
        self.left = left;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        Ok(self.bytes(N)?.try_into().expect("as many bytes as were asked for"))
    }

    fn byte(&mut self) -> Result<u8, Error> {
        Ok(self.array::<1>()?[0])
    }

    fn peek(&self) -> Option<u8> {
        self.left.first().copied()
    }

    /// A length, which XGBoost always writes as `L` and eight bytes.
    fn len(&mut self) -> Result<usize, Error> {
        let kind = self.byte()?;
        if kind != b'L' {
            return Err(Error(format!("a length of kind {:?}, only 'L' is known", kind as char)));
        }
        let len = i64::from_be_bytes(self.array()?);
        usize::try_from(len).map_err(|_| Error(format!("a length of {len}")))
    }

    fn text(&mut self) -> Result<&'de str, Error> {
        let len = self.len()?;
        std::str::from_utf8(self.bytes(len)?).map_err(|_| Error("a text is not UTF-8".into()))
    }

    fn number<V: Visitor<'de>>(&mut self, kind: u8, visitor: V) -> Result<V::Value, Error> {
        match kind {
            b'i' => visitor.visit_i64(i8::from_be_bytes(self.array()?).into()),
            b'U' => visitor.visit_i64(self.byte()?.into()),
            b'I' => visitor.visit_i64(i16::from_be_bytes(self.array()?).into()),
            b'l' => visitor.visit_i64(i32::from_be_bytes(self.array()?).into()),
            b'L' => visitor.visit_i64(i64::from_be_bytes(self.array()?)),
            b'd' => visitor.visit_f32(f32::from_be_bytes(self.array()?)),
            b'D' => visitor.visit_f64(f64::from_be_bytes(self.array()?)),
            other => Err(Error(format!("a value of the unknown kind {:?}", other as char))),
        }
    }

    /// The kind (`None` for mixed) and length of an array whose `[` has been read; `None` where the
    /// array runs to its `]`.
    fn head(&mut self) -> Result<(Option<u8>, Option<usize>), Error> {
        let kind = match self.peek() {
            Some(b'$') => {
                self.byte()?;
                let kind = self.byte()?;
                if width(kind).is_none() {
                    return Err(Error(format!("an array of the kind {:?}", kind as char)));
                }
                Some(kind)
            }
            _ => None,
        };
        match self.peek() {
            Some(b'#') => {
                self.byte()?;
                let n = self.len()?;
                // Every element takes at least one byte, so a longer array is a lie.
                let width = kind.and_then(width).unwrap_or(1);
                if n.checked_mul(width).is_none_or(|bytes| bytes > self.left.len()) {
                    return Err(Error(format!("an array of {n} elements in a shorter file")));
                }
                Ok((kind, Some(n)))
            }
            _ if kind.is_some() => Err(Error("a typed array without a length".into())),
            _ => Ok((None, None)),
        }
    }

    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == DEPTH_MAX {
            return Err(Error(format!("nested deeper than {DEPTH_MAX}")));
        }
        self.depth += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }
}

/// Bytes a number of this kind takes.
fn width(kind: u8) -> Option<usize> {
    Some(match kind {
        b'i' | b'U' => 1,
        b'I' => 2,
        b'l' | b'd' => 4,
        b'L' | b'D' => 8,
        _ => return None,
    })
}

struct Elements<'a, 'de> {
    from: &'a mut Ubj<'de>,
    kind: Option<u8>,
    left: Option<usize>,
}

impl<'de> SeqAccess<'de> for Elements<'_, 'de> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Error> {
        match &mut self.left {
            Some(0) => return Ok(None),
            Some(left) => *left -= 1,
            None if self.from.peek() == Some(b']') => {
                self.from.byte()?;
                self.left = Some(0);
                return Ok(None);
            }
            None => {}
        }
        match self.kind {
            Some(kind) => seed.deserialize(One { from: self.from, kind }).map(Some),
            None => seed.deserialize(&mut *self.from).map(Some),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        self.left
    }
}

/// One element of a typed array.
struct One<'a, 'de> {
    from: &'a mut Ubj<'de>,
    kind: u8,
}

impl<'de> de::Deserializer<'de> for One<'_, 'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        self.from.number(self.kind, visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Entries<'a, 'de> {
    from: &'a mut Ubj<'de>,
}

impl<'de> MapAccess<'de> for Entries<'_, 'de> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Error> {
        if self.from.peek() == Some(b'}') {
            self.from.byte()?;
            return Ok(None);
        }
        let key = self.from.text()?;
        seed.deserialize(de::value::BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        seed.deserialize(&mut *self.from)
    }
}

impl<'de> de::Deserializer<'de> for &mut Ubj<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.byte()? {
            b'{' => self.nested(|from| visitor.visit_map(Entries { from })),
            b'[' => self.nested(|from| {
                let (kind, left) = from.head()?;
                visitor.visit_seq(Elements { from, kind, left })
            }),
            b'Z' => visitor.visit_unit(),
            b'T' => visitor.visit_bool(true),
            b'F' => visitor.visit_bool(false),
            b'S' => visitor.visit_borrowed_str(self.text()?),
            kind => self.number(kind, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        if self.left.starts_with(b"[$") {
            self.byte()?;
            let (kind, n) = self.head()?;
            let width = kind.and_then(width).unwrap_or(1);
            self.bytes(n.unwrap_or(0) * width)?;
            return visitor.visit_unit();
        }
        self.deserialize_any(visitor)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf
        unit unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier
    }
}
