//! JSON lines: read as lines, parsed later and elsewhere, several blocks at a time.
//!
//! Must not judge values. A line that is no JSON is kept, so that its row can be named.

use std::fmt;
use std::io::{BufRead, BufReader};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;

use crate::cell::{Cell, Kind};
use crate::problem::{Problem, quoted};
use crate::source::{Counted, Header, Line};

pub(crate) struct JsonReader {
    input: BufReader<Counted>,
    read: Arc<AtomicU64>,
    mark: Arc<AtomicU64>,
    first: Option<Line>,
    number: u64,
}

/// A row, parsed.
pub(crate) enum JsonRow {
    /// The values of the header's columns; `None` where the row has none.
    Values(Vec<Option<Value>>),
    /// Why it is no row.
    Bad(String),
}

/// What a line may be.
enum Parsed {
    Object(Vec<(String, Value)>),
    Array(Vec<Value>),
}

impl JsonReader {
    pub(crate) fn open(input: Counted, mark: Arc<AtomicU64>) -> Result<(Self, Header), Problem> {
        let read = input.counter();
        let mut input = BufReader::with_capacity(64 << 10, input);
        if input.fill_buf().map_err(|e| Problem::of_read(&e))?.starts_with(b"\xef\xbb\xbf") {
            input.consume(3);
        }
        let mut this = Self { input, read, mark, first: None, number: 0 };
        let first = this.next()?.ok_or_else(|| Problem::new("the input has no lines"))?;
        let header = header_of(&first.text)?;
        this.first = Some(first);
        Ok((this, header))
    }

    /// The next lines that are not blank, at most so many.
    pub(crate) fn take(&mut self, rows: usize) -> Result<Vec<Line>, Problem> {
        let mut lines: Vec<Line> = self.first.take().into_iter().collect();
        while lines.len() < rows {
            match self.next()? {
                Some(line) => lines.push(line),
                None => break,
            }
        }
        Ok(lines)
    }

    fn next(&mut self) -> Result<Option<Line>, Problem> {
        loop {
            let mut text = Vec::new();
            let read = self.input.read_until(b'\n', &mut text);
            self.mark.store(self.read.load(Ordering::Relaxed), Ordering::Relaxed);
            if read.map_err(|error| Problem::of_read(&error))? == 0 {
                return Ok(None);
            }
            self.number += 1;
            if !text.trim_ascii().is_empty() {
                return Ok(Some(Line { number: self.number, text }));
            }
        }
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
    match parse(line) {
        Ok(Parsed::Object(fields)) => {
            let names = fields.into_iter().map(|(name, _)| Arc::from(name)).collect::<Vec<_>>();
            Ok(Header { kinds: vec![Kind::Untyped; names.len()], names, named: true })
        }
        Ok(Parsed::Array(values)) => {
            let names = (1..=values.len()).map(|number| Arc::from(format!("column {number}")));
            Ok(Header {
                names: names.collect(),
                kinds: vec![Kind::Untyped; values.len()],
                named: false,
            })
        }
        Err(why) => Err(Problem::new(format!("the first line {why}"))),
    }
}

/// A line as a row of a table with this header.
pub(crate) fn row(line: &Line, header: &Header) -> JsonRow {
    match parse(&line.text) {
        Ok(Parsed::Object(_)) if !header.named => {
            JsonRow::Bad("is an object, the first line is an array".to_owned())
        }
        Ok(Parsed::Object(fields)) => {
            let mut values: Vec<Option<Value>> = vec![None; header.names.len()];
            for (place, (name, value)) in fields.into_iter().enumerate() {
                // Lines mostly have the same keys in the same order.
                let place = match header.names.get(place) {
                    Some(expected) if **expected == *name => Some(place),
                    _ => header.names.iter().position(|known| **known == *name),
                };
                if let Some(place) = place {
                    values[place] = Some(value);
                }
            }
            JsonRow::Values(values)
        }
        Ok(Parsed::Array(_)) if header.named => {
            JsonRow::Bad("is an array, the first line is an object".to_owned())
        }
        Ok(Parsed::Array(values)) if values.len() != header.names.len() => JsonRow::Bad(format!(
            "has {} values, the first line has {}",
            values.len(),
            header.names.len()
        )),
        Ok(Parsed::Array(values)) => JsonRow::Values(values.into_iter().map(Some).collect()),
        Err(why) => JsonRow::Bad(why),
    }
}

/// The cell of a JSON value.
pub(crate) fn cell(value: Option<&Value>) -> Cell<'_> {
    match value {
        None | Some(Value::Null) => Cell::Missing,
        Some(Value::Bool(value)) => Cell::Bool(*value),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(whole) => Cell::Int(whole),
            None => number.as_f64().map_or(Cell::Other, Cell::Float),
        },
        Some(Value::String(text)) => Cell::Text(text.as_bytes()),
        Some(Value::Array(_) | Value::Object(_)) => Cell::Other,
    }
}

fn parse(line: &[u8]) -> Result<Parsed, String> {
    serde_json::from_slice::<Parsed>(line).map_err(|error| {
        let start = String::from_utf8_lossy(&line[..line.len().min(80)]).into_owned();
        let error = error.to_string();
        let why = error.split(" at line").next().unwrap_or_default();
        format!("is no JSON object or array: {why}: {}", quoted(start.trim()))
    })
}

impl<'de> serde::Deserialize<'de> for Parsed {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Parsed;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object or an array")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut map: A,
            ) -> Result<Parsed, A::Error> {
                let mut fields: Vec<(String, Value)> = Vec::new();
                while let Some(field) = map.next_entry()? {
                    fields.push(field);
                }
                Ok(Parsed::Object(fields))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Parsed, A::Error> {
                let mut values = Vec::new();
                while let Some(value) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Parsed::Array(values))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
