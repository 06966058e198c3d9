//! JSON as a tree whose memory is charged to the graph's budget while it is read, and whose depth
//! is bounded: serde_json's own tree would cost many times the file for hostile input.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use crate::error::Error;
use crate::limits::Budget;

#[derive(Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

impl Json {
    /// Reads one JSON value, nested at most `depth` deep.
    pub(crate) fn read(bytes: &[u8], depth: usize, budget: &mut Budget) -> Result<Self, Error> {
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        // The seed below counts the depth itself.
        reader.disable_recursion_limit();
        let mut refusal = None;
        let seed = Seed { budget, depth, refusal: &mut refusal };
        let value = seed.deserialize(&mut reader).and_then(|value| reader.end().map(|()| value));
        value.map_err(|error| match refusal {
            Some(refusal) => refusal,
            None if error.is_eof() => Error::truncated("the schema"),
            None => Error::malformed(format!("the schema is not JSON: {error}")),
        })
    }

    /// The last value under a key.
    pub(crate) fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Self::Map(entries) => entries.iter().rev().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    pub(crate) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn list(&self) -> Option<&[Json]> {
        match self {
            Self::List(items) => Some(items),
            _ => None,
        }
    }
}

struct Seed<'b> {
    budget: &'b mut Budget,
    depth: usize,
    refusal: &'b mut Option<Error>,
}

impl Seed<'_> {
    /// The seed of a value inside this one.
    fn inner(&mut self) -> Seed<'_> {
        Seed { budget: self.budget, depth: self.depth - 1, refusal: self.refusal }
    }

    fn charge<E: serde::de::Error>(&mut self, bytes: usize) -> Result<(), E> {
        self.budget.charge(bytes).map_err(|refusal| self.refuse(refusal))
    }

    fn refuse<E: serde::de::Error>(&mut self, refusal: Error) -> E {
        *self.refusal = Some(refusal);
        E::custom("refused")
    }

    fn check_depth<E: serde::de::Error>(&mut self) -> Result<(), E> {
        if self.depth > 0 {
            return Ok(());
        }
        Err(self.refuse(Error::limit("the schema is nested too deep (max_schema_depth)")))
    }
}

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(mut self, from: D) -> Result<Json, D::Error> {
        self.charge(size_of::<Json>())?;
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(i64::try_from(value).map_or(Json::Float(value as f64), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E: serde::de::Error>(mut self, value: &str) -> Result<Json, E> {
        self.charge(value.len())?;
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut from: A) -> Result<Json, A::Error> {
        self.check_depth()?;
        let mut items = Vec::new();
        while let Some(item) = from.next_element_seed(self.inner())? {
            items.push(item);
        }
        Ok(Json::List(items))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut from: A) -> Result<Json, A::Error> {
        self.check_depth()?;
        let mut entries = Vec::new();
        while let Some(key) = from.next_key::<String>()? {
            self.charge(size_of::<String>() + key.len())?;
            let value = from.next_value_seed(self.inner())?;
            entries.push((key, value));
        }
        if entries.len() > u32::MAX as usize {
            return Err(A::Error::custom("too many entries"));
        }
        Ok(Json::Map(entries))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, Limits};

    fn read(text: &str) -> Result<Json, Error> {
        Json::read(text.as_bytes(), 100, &mut Budget::new(Limits::default()))
    }

    #[test]
    fn depth_is_bounded() {
        assert!(read(&("[".repeat(99) + &"]".repeat(99))).is_ok());
        let error = read(&"[".repeat(1_000_000)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }

    #[test]
    fn memory_is_bounded() {
        let limits = Limits { max_graph_bytes: 10_000, ..Limits::default() };
        let text = format!("[{}0]", "0,".repeat(1000));
        let error = Json::read(text.as_bytes(), 100, &mut Budget::new(limits)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Limit, "{error}");
    }

    #[test]
    fn broken_json_is_an_error() {
        assert_eq!(read("[1,").unwrap_err().kind(), ErrorKind::Truncated);
        assert_eq!(read("[1,]").unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(read("{} {}").unwrap_err().kind(), ErrorKind::Malformed);
    }
}
