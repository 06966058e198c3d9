//! CSV to records: the separator found out, a header or none.
//!
//! Must not judge values: that needs what the model takes. A record of another length than the
//! header's is kept, so that its row can be named.

use std::collections::HashSet;
use std::io::BufRead;
use std::io::BufReader;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use csv::{ByteRecord, ReaderBuilder};

use crate::cell::Kind;
use crate::numbers;
use crate::problem::{Problem, quoted};
use crate::source::{Counted, CsvOptions, Header};

/// What separates values when nobody says, by how often it stands in the first line.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// Bytes of the first line looked at for a separator.
const LINE_BYTES: usize = 64 << 10;

pub(crate) struct CsvReader {
    reader: csv::Reader<BufReader<Counted>>,
    read: Arc<AtomicU64>,
    mark: Arc<AtomicU64>,
    /// The first record, where it is no header.
    first: Option<ByteRecord>,
}

impl CsvReader {
    pub(crate) fn open(
        input: Counted,
        mark: Arc<AtomicU64>,
        options: CsvOptions,
        tabs: bool,
    ) -> Result<(Self, Header), Problem> {
        let read = input.counter();
        let mut input = BufReader::with_capacity(LINE_BYTES, input);
        let line = first_line(&mut input).map_err(|error| Problem::of_read(&error))?;
        let separator = options.separator.unwrap_or_else(|| separator_of(&line, tabs));
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(separator)
            .from_reader(input);
        let mut this = Self { reader, read, mark, first: None };
        let mut record = ByteRecord::new();
        if !this.next(&mut record)? {
            return Err(Problem::new("the input has no lines"));
        }
        if options.headless {
            let names = (0..record.len()).map(|index| Arc::from(format!("column {}", index + 1)));
            let header = header_of(names.collect(), false);
            this.first = Some(record);
            return Ok((this, header));
        }
        let names = names(&record)?;
        Ok((this, header_of(names, true)))
    }

    /// The next records, at most so many.
    pub(crate) fn take(&mut self, rows: usize) -> Result<Vec<ByteRecord>, Problem> {
        let mut records: Vec<ByteRecord> = self.first.take().into_iter().collect();
        while records.len() < rows {
            let mut record = ByteRecord::new();
            if !self.next(&mut record)? {
                break;
            }
            records.push(record);
        }
        Ok(records)
    }

    fn next(&mut self, record: &mut ByteRecord) -> Result<bool, Problem> {
        let found = self.reader.read_byte_record(record);
        self.mark.store(self.read.load(Ordering::Relaxed), Ordering::Relaxed);
        found.map_err(|error| match error.into_kind() {
            csv::ErrorKind::Io(error) => Problem::of_read(&error),
            other => Problem::new(format!("the input is no CSV: {other:?}")),
        })
    }
}

fn header_of(names: Vec<Arc<str>>, in_file: bool) -> Header {
    Header { kinds: vec![Kind::Untyped; names.len()], names, named: in_file }
}

/// The first line without consuming it; a byte order mark is consumed.
fn first_line(input: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    if input.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        input.consume(3);
    }
    let buffer = input.fill_buf()?;
    let end = buffer.iter().position(|byte| matches!(byte, b'\n' | b'\r')).unwrap_or(buffer.len());
    Ok(buffer[..end].to_vec())
}

fn separator_of(line: &[u8], tabs: bool) -> u8 {
    if tabs {
        return b'\t';
    }
    let mut within = false;
    let mut counts = [0_usize; SEPARATORS.len()];
    for byte in line {
        within ^= *byte == b'"';
        if let Some(place) = SEPARATORS.iter().position(|separator| separator == byte)
            && !within
        {
            counts[place] += 1;
        }
    }
    let most = counts.iter().copied().max().unwrap_or_default();
    let place = counts.iter().position(|count| *count == most).unwrap_or_default();
    SEPARATORS[place]
}

fn names(record: &ByteRecord) -> Result<Vec<Arc<str>>, Problem> {
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(record.len());
    for field in record {
        let name = std::str::from_utf8(field)
            .map_err(|_| Problem::new("the header is not UTF-8; save the file as UTF-8"))?;
        if !seen.insert(name) {
            return Err(Problem::new(format!("the header has the column {} twice", quoted(name))));
        }
        names.push(Arc::from(name));
    }
    if record.iter().all(|field| numbers::parse_float(field).is_some()) {
        return Err(Problem::new(format!(
            "the first line holds numbers ({}), not names; if the file has no header, say so with \
             --no-header",
            quoted(&String::from_utf8_lossy(record.as_slice()))
        )));
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_separator_is_the_most_frequent_outside_quotes() {
        assert_eq!(separator_of(b"a,b,c", false), b',');
        assert_eq!(separator_of(b"\"a,b,c\";d;e", false), b';');
        assert_eq!(separator_of(b"a\tb", false), b'\t');
        assert_eq!(separator_of(b"alone", false), b',');
        assert_eq!(separator_of(b"a,b", true), b'\t');
    }
}
