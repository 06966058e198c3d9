//! CSV to records: the separator found out, a header or none.
//!
//! Must not judge values: that needs what the model takes. A record of another length than the
//! header's is kept, so that its row can be named.

use std::collections::HashSet;
use std::io::Read;
use std::sync::Arc;

use crate::cell::{Cell, Kind};
use crate::csv_cells::CsvCells;
use crate::numbers;
use crate::problem::{Problem, list, quoted};
use crate::source::{CsvOptions, Header};
use crate::text_reader::{Rule, TextBlock, TextReader};

/// What separates values when nobody says, by how often it stands in the first line.
const SEPARATORS: [u8; 4] = *b",;\t|";

/// Bytes of the first line looked at for a separator.
const LINE_BYTES: usize = 64 << 10;

/// Columns of a table.
const COLUMNS_MAX: usize = 1 << 20;

pub(crate) struct CsvReader {
    reader: TextReader,
    separator: u8,
}

impl CsvReader {
    pub(crate) fn open(
        input: Box<dyn Read + Send>,
        options: CsvOptions,
        tabs: bool,
    ) -> Result<(Self, Header), Problem> {
        let mut reader = TextReader::open(input)?;
        let separator = match options.separator {
            Some(separator) => separator,
            None => separator_of(reader.first_line(LINE_BYTES)?, tabs),
        };
        reader.set_rule(Rule::Csv { separator });
        let first = reader.take(1)?;
        if first.records.is_empty() {
            return Err(Problem::new("the input has no lines"));
        }
        let cells = CsvCells::of(&first, COLUMNS_MAX, separator);
        let width = cells.odd().next().map_or(COLUMNS_MAX, |(_, count)| count);
        if width > COLUMNS_MAX {
            return Err(Problem::new(format!("the input has {width} columns, too many to read")));
        }
        if !options.headless && cells.open().is_some() {
            return Err(Problem::new(
                "a quote in the first line is never closed, so that all of the input belongs to it",
            ));
        }
        let header = if options.headless {
            (0..width).map(|index| Arc::from(format!("column {}", index + 1))).collect()
        } else {
            let cells = (0..width).map(|column| cells.cell(0, column));
            names(&cells.map(bytes).collect::<Vec<_>>())?
        };
        let header = header_of(header, !options.headless);
        if options.headless {
            reader.put_back(first);
        }
        Ok((Self { reader, separator }, header))
    }

    pub(crate) const fn separator(&self) -> u8 {
        self.separator
    }

    /// The next records, at most so many.
    pub(crate) fn take(&mut self, rows: usize) -> Result<TextBlock, Problem> {
        self.reader.take(rows)
    }
}

fn bytes(cell: Cell<'_>) -> &[u8] {
    match cell {
        Cell::Str(text) => text.as_bytes(),
        Cell::Text(text) => text,
        _ => unreachable!("CSV is text"),
    }
}

fn header_of(names: Vec<Arc<str>>, in_file: bool) -> Header {
    Header { kinds: vec![Kind::Untyped; names.len()], names, named: in_file, left_out: Vec::new() }
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

fn names(fields: &[&[u8]]) -> Result<Vec<Arc<str>>, Problem> {
    let mut seen = HashSet::new();
    let mut names = Vec::with_capacity(fields.len());
    for field in fields {
        let name = std::str::from_utf8(field)
            .map_err(|_| Problem::new("the header is not UTF-8; save the file as UTF-8"))?;
        if !seen.insert(name) {
            return Err(Problem::new(format!("the header has the column {} twice", quoted(name))));
        }
        names.push(Arc::from(name));
    }
    if fields.iter().all(|field| numbers::parse_float(field).is_some()) {
        return Err(Problem::new(format!(
            "the first line holds numbers ({}), not names; if the file has no header, say so with \
             --no-header",
            list(names.iter().map(|name: &Arc<str>| &**name))
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
