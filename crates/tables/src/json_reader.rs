//! JSON lines: read as lines, parsed later and elsewhere, several blocks at a time.
//!
//! Must not judge values. A line that is no JSON is kept, so that its row can be named.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::sync::Arc;

use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::cell::{Cell, Kind};
use crate::problem::{Problem, quoted};
use crate::source::Header;
use crate::text_reader::{Rule, TextBlock, TextReader};

pub(crate) struct JsonReader {
    reader: TextReader,
}

/// A value of a line. Texts are where the line has them, if nothing in them is escaped.
#[derive(Clone, Debug)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(Cow<'a, str>),
    /// A list, an object, or a number beyond 63 bits.
    Other(Box<Value>),
}

/// The values of a block of lines.
pub(crate) struct JsonCells<'a> {
    /// A value for each column of the header, line after line.
    values: Vec<Json<'a>>,
    width: usize,
    /// The lines that are no rows, and why.
    bad: BTreeMap<usize, String>,
}

impl JsonReader {
    pub(crate) fn open(input: Box<dyn Read + Send>) -> Result<(Self, Header), Problem> {
        let mut reader = TextReader::open(input)?;
        reader.set_rule(Rule::Lines);
        let first = reader.take(1)?;
        if first.records.is_empty() {
            return Err(Problem::new("the input has no lines"));
        }
        let header = header_of(first.record(0))?;
        reader.put_back(first);
        Ok((Self { reader }, header))
    }

    /// The next lines that are not blank, at most so many.
    pub(crate) fn take(&mut self, rows: usize) -> Result<TextBlock, Problem> {
        self.reader.take(rows)
    }
}

fn header_of(line: &[u8]) -> Result<Header, Problem> {
    let text = line.trim_ascii();
    let is_one_array = text == b"[" || text.starts_with(b"[{") || text.starts_with(b"[ {");
    if is_one_array || text == b"{" {
        return Err(Problem::new(
            "the input is one JSON document, not JSON lines; write one object a line (in pandas: \
             to_json(path, orient='records', lines=True))",
        ));
    }
    let mut names = Vec::new();
    let mut counted = 0;
    let is_object = parse(line, Row::Header { names: &mut names, counted: &mut counted })
        .map_err(|why| Problem::new(format!("the first line {why}")))?;
    if !is_object {
        names = (1..=counted).map(|number| Arc::from(format!("column {number}"))).collect();
    }
    Ok(Header {
        kinds: vec![Kind::Untyped; names.len()],
        names,
        named: is_object,
        left_out: Vec::new(),
    })
}

impl<'a> JsonCells<'a> {
    pub(crate) fn of(block: &'a TextBlock, header: &Header) -> Self {
        let width = header.names.len();
        let mut this = Self {
            values: vec![Json::Null; block.records.len() * width],
            width,
            bad: BTreeMap::new(),
        };
        for index in 0..block.records.len() {
            let values = &mut this.values[index * width..(index + 1) * width];
            if let Err(why) = parse(block.record(index), Row::Values { header, values }) {
                values.fill(Json::Null);
                this.bad.insert(index, why);
            }
        }
        this
    }

    pub(crate) fn value(&self, row: usize, column: usize) -> &Json<'a> {
        &self.values[row * self.width + column]
    }

    /// The lines that are no rows, and why.
    pub(crate) fn bad(&self) -> impl Iterator<Item = (usize, &str)> {
        self.bad.iter().map(|(row, why)| (*row, &**why))
    }
}

impl Json<'_> {
    pub(crate) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Null => Cell::Missing,
            Self::Bool(value) => Cell::Bool(*value),
            Self::Int(value) => Cell::Int(*value),
            Self::Float(value) => Cell::Float(*value),
            Self::Text(text) => Cell::Str(text),
            Self::Other(value) => cell(value),
        }
    }

    /// The items of a list.
    pub(crate) fn items(&self) -> Option<&[Value]> {
        match self {
            Self::Other(value) => value.as_array().map(Vec::as_slice),
            _ => None,
        }
    }

    /// As JSON again.
    pub(crate) fn text(&self) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Bool(value) => value.to_string(),
            Self::Int(value) => value.to_string(),
            Self::Float(value) => Value::from(*value).to_string(),
            Self::Text(text) => Value::from(&**text).to_string(),
            Self::Other(value) => value.to_string(),
        }
    }
}

/// The cell of a value.
pub(crate) fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::Null => Cell::Missing,
        Value::Bool(value) => Cell::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cell::Int(whole),
            None => number.as_f64().map_or(Cell::Other, Cell::Float),
        },
        Value::String(text) => Cell::Str(text),
        Value::Array(_) | Value::Object(_) => Cell::Other,
    }
}

fn parse<'a>(line: &'a [u8], row: Row<'_, 'a>) -> Result<bool, String> {
    let mut deserializer = serde_json::Deserializer::from_slice(line);
    let parsed = row.deserialize(&mut deserializer);
    parsed.and_then(|named| deserializer.end().map(|()| named)).map_err(|error| {
        let error = error.to_string();
        let why = error.split(" at line").next().unwrap_or_default();
        if let Some(why) = why.strip_prefix(MISFIT) {
            return why.to_owned();
        }
        let start = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
        format!("is no JSON object or array: {why}: {}", quoted(start.trim()))
    })
}

/// What errors begin with that are about good JSON.
const MISFIT: &str = "misfit: ";

/// What to do with a line; says whether it is an object.
enum Row<'r, 'de> {
    /// Learn its names, or how many values it has.
    Header { names: &'r mut Vec<Arc<str>>, counted: &'r mut usize },
    /// Take its values, each to its column; the last one of a name counts.
    Values { header: &'r Header, values: &'r mut [Json<'de>] },
}

impl<'de> DeserializeSeed<'de> for Row<'_, 'de> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Row<'_, 'de> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object or an array")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<bool, A::Error> {
        match self {
            Row::Header { names, .. } => {
                while let Some((name, IgnoredAny)) = map.next_entry::<String, _>()? {
                    names.push(name.into());
                }
            }
            Row::Values { header, .. } if !header.named => {
                return Err(A::Error::custom(format!(
                    "{MISFIT}is an object, the first line is an array"
                )));
            }
            Row::Values { header, values } => {
                // Lines mostly have the same keys in the same order.
                let mut expected = 0;
                while let Some(place) = map.next_key_seed(Key { header, expected })? {
                    match place {
                        Some(place) => values[place] = map.next_value_seed(One)?,
                        None => drop(map.next_value::<IgnoredAny>()?),
                    }
                    expected += 1;
                }
            }
        }
        Ok(true)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<bool, A::Error> {
        match self {
            Row::Header { counted, .. } => {
                while items.next_element::<IgnoredAny>()?.is_some() {
                    *counted += 1;
                }
            }
            Row::Values { header, .. } if header.named => {
                return Err(A::Error::custom(format!(
                    "{MISFIT}is an array, the first line is an object"
                )));
            }
            Row::Values { values, .. } => {
                let mut count = 0;
                while let Some(value) = items.next_element_seed(One)? {
                    if let Some(place) = values.get_mut(count) {
                        *place = value;
                    }
                    count += 1;
                }
                if count != values.len() {
                    return Err(A::Error::custom(format!(
                        "{MISFIT}has {count} value{}, the first line has {}",
                        if count == 1 { "" } else { "s" },
                        values.len()
                    )));
                }
            }
        }
        Ok(false)
    }
}

/// A key, as the place of its column.
struct Key<'r> {
    header: &'r Header,
    expected: usize,
}

impl<'de> DeserializeSeed<'de> for Key<'_> {
    type Value = Option<usize>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Key<'_> {
    type Value = Option<usize>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a key")
    }

    fn visit_str<E: Error>(self, key: &str) -> Result<Self::Value, E> {
        let names = &self.header.names;
        Ok(match names.get(self.expected) {
            Some(name) if **name == *key => Some(self.expected),
            _ => names.iter().position(|name| **name == *key),
        })
    }
}

/// A value.
struct One;

impl<'de> DeserializeSeed<'de> for One {
    type Value = Json<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for One {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Int(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(i64::try_from(value).map_or_else(|_| Json::Other(Box::new(value.into())), Json::Int))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'de>, E> {
        Ok(Json::Float(value))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Json<'de>, A::Error> {
        let mut values: Vec<Value> = Vec::new();
        while let Some(value) = items.next_element()? {
            values.push(value);
        }
        Ok(Json::Other(Box::new(Value::Array(values))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'de>, A::Error> {
        let mut values = serde_json::Map::new();
        while let Some((key, value)) = map.next_entry()? {
            values.insert(key, value);
        }
        Ok(Json::Other(Box::new(Value::Object(values))))
    }
}
