//! Text in pieces of whole records: lines, or records of CSV with their quoted line breaks.
//!
//! Finds where records end and no more, so that one thread can feed many; must not cut them into
//! values.

use std::io::{self, Read};
use std::ops::Range;

use memchr::{memchr, memchr_iter, memchr2, memchr3};

use crate::problem::Problem;

/// Bytes of one row of text at most; longer is a quote left open, or no table.
const ROW_BYTES_MAX: usize = 64 << 20;

/// Bytes of a block after which it takes no further row, however many were asked for.
const BLOCK_BYTES: usize = 16 << 20;

/// Bytes read at once.
const CHUNK_BYTES: usize = 128 << 10;

/// What ends a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rule {
    /// A line break.
    Lines,
    /// A line break outside quotes, which are quotes at the start of a value only.
    Csv {
        /// What separates values.
        separator: u8,
    },
}

/// Records as they stand in the file.
#[derive(Debug, Default)]
pub(crate) struct TextBlock {
    pub(crate) text: Vec<u8>,
    pub(crate) records: Vec<Record>,
}

/// Where a record is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// Its bytes in the block, the line break not included.
    pub(crate) range: Range<usize>,
    /// The line of the file it begins in.
    pub(crate) line: u64,
    /// It has a quoted value.
    pub(crate) quoted: bool,
    /// A quote in it is never closed, so that it has all that follows.
    pub(crate) open: bool,
}

/// Text being read.
pub(crate) struct TextReader {
    input: Box<dyn Read + Send>,
    rule: Rule,
    /// What was read and not given out yet.
    buffer: Vec<u8>,
    ended: bool,
    /// The line that `Scan::at` is in.
    line: u64,
    scan: Scan,
}

/// How far the record in hand is known.
#[derive(Clone, Copy, Debug, Default)]
struct Scan {
    /// Where it starts; behind the line breaks before it.
    start: usize,
    at: usize,
    state: State,
    quoted: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    /// Before the record, where blank lines are.
    #[default]
    Before,
    Plain,
    Quoted,
    /// Behind a quote that ends the value, unless another one follows.
    Closing,
}

impl TextReader {
    /// A byte order mark is passed over.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(crate) fn open(input: Box<dyn Read + Send>) -> Result<Self, Problem> {
        let scan = Scan::default();
        let buffer = Vec::with_capacity(CHUNK_BYTES);
        let mut this = Self { input, rule: Rule::Lines, buffer, ended: false, line: 1, scan };
        while this.buffer.len() < 3 && this.more()? {}
        if this.buffer.starts_with(b"\xef\xbb\xbf") {
            this.buffer.drain(..3);
        }
        Ok(this)
    }

    /// What ends the records that were not given out yet.
    pub(crate) fn set_rule(&mut self, rule: Rule) {
        self.rule = rule;
    }

    /// The first line, not taken out, as far as `limit` bytes.
    ///
    /// # Errors
    /// When the input cannot be read.
    pub(crate) fn first_line(&mut self, limit: usize) -> Result<&[u8], Problem> {
        loop {
            let blank = |byte: &u8| matches!(byte, b'\n' | b'\r');
            let start = self.buffer.iter().position(|byte| !blank(byte));
            let start = start.unwrap_or(self.buffer.len());
            let end = memchr2(b'\n', b'\r', &self.buffer[start..]);
            if end.is_some() || self.buffer.len() - start >= limit || !self.more()? {
                let end = end.map_or(self.buffer.len(), |end| start + end);
                return Ok(&self.buffer[start..end.min(start + limit)]);
            }
        }
    }

    /// The next records that are not blank, at most so many; none at the end.
    ///
    /// # Errors
    /// When the input cannot be read, or a record does not end.
    pub(crate) fn take(&mut self, rows: usize) -> Result<TextBlock, Problem> {
        let mut records = Vec::with_capacity(rows.min(8192));
        while records.len() < rows && self.scan.start < BLOCK_BYTES {
            if let Some(record) = self.find() {
                records.push(record);
                continue;
            }
            if records.is_empty() {
                self.forget_blank();
            }
            if !self.more()? {
                // That nothing follows may have been all that was missing to know.
                let found = self.find();
                records.extend(found.or_else(|| self.last()));
                break;
            }
        }
        // Every search ends behind a record, so that what is left has not been looked at.
        let rest = self.buffer.split_off(self.scan.at);
        let text = std::mem::replace(&mut self.buffer, rest);
        self.scan = Scan::default();
        Ok(TextBlock { text, records })
    }

    /// Puts back the first records that were taken.
    pub(crate) fn put_back(&mut self, block: TextBlock) {
        let rest = std::mem::replace(&mut self.buffer, block.text);
        self.buffer.extend_from_slice(&rest);
        self.scan = Scan::default();
        self.line = 1;
    }

    /// The end of the record in hand, if it has been read.
    fn find(&mut self) -> Option<Record> {
        if self.scan.state == State::Before {
            self.skip_blank()?;
        }
        let Scan { start, mut at, mut state, mut quoted } = self.scan;
        let text = &self.buffer[..];
        let end = loop {
            let rest = &text[at.min(text.len())..];
            match state {
                State::Before | State::Plain => {
                    let found = match self.rule {
                        Rule::Lines => memchr(b'\n', rest),
                        Rule::Csv { .. } => memchr3(b'\n', b'\r', b'"', rest),
                    };
                    let Some(found) = found else { break None };
                    let place = at + found;
                    if text[place] != b'"' {
                        break Some(place);
                    }
                    at = place + 1;
                    let opens =
                        place == start || Rule::Csv { separator: text[place - 1] } == self.rule;
                    if opens {
                        (state, quoted) = (State::Quoted, true);
                    }
                }
                State::Quoted => {
                    let Some(found) = memchr(b'"', rest) else { break None };
                    at += found + 1;
                    state = State::Closing;
                }
                State::Closing => match rest.first() {
                    Some(b'"') => (at, state) = (at + 1, State::Quoted),
                    Some(_) => state = State::Plain,
                    None => break None,
                },
            }
        };
        let Some(end) = end else {
            let at = if state == State::Closing { at } else { text.len() };
            self.scan = Scan { start, at, state, quoted };
            return None;
        };
        Some(self.ended_at(end, quoted))
    }

    /// The record from where it starts to `end`, where the line break is.
    fn ended_at(&mut self, end: usize, quoted: bool) -> Record {
        let line = self.line;
        let range = self.scan.start..end;
        if quoted {
            self.line += memchr_iter(b'\n', &self.buffer[range.clone()]).count() as u64;
        }
        self.scan = Scan { start: end, at: end, state: State::Before, quoted: false };
        Record { range, line, quoted, open: false }
    }

    /// Goes to where a record starts; `None` if that has not been read.
    fn skip_blank(&mut self) -> Option<()> {
        loop {
            self.scan.start = self.scan.at;
            let text = &self.buffer[self.scan.at..];
            match (text.first()?, text.get(1)) {
                (b'\n', _) => self.line += 1,
                // Of `\r\n`, the line feed counts.
                (b'\r', Some(b'\n')) => {}
                (b'\r', None) if !self.ended => return None,
                (b'\r', _) => self.line += u64::from(self.rule != Rule::Lines),
                (b' ' | b'\t', _) if self.rule == Rule::Lines => {}
                _ => break,
            }
            self.scan.at += 1;
        }
        self.scan.state = State::Plain;
        Some(())
    }

    /// What stands at the end without a line break.
    fn last(&mut self) -> Option<Record> {
        let end = self.buffer.len();
        let Scan { start, state, quoted, .. } = self.scan;
        if state == State::Before {
            self.scan.at = end;
            return None;
        }
        debug_assert!(start < end, "a record has a byte");
        let open = state == State::Quoted;
        Some(Record { open, ..self.ended_at(end, quoted) })
    }

    /// Lets blank lines go, of which there may be any number.
    fn forget_blank(&mut self) {
        if self.scan.state == State::Before {
            self.buffer.drain(..self.scan.at);
            self.scan = Scan::default();
        }
    }

    /// Reads on; `false` at the end.
    fn more(&mut self) -> Result<bool, Problem> {
        if self.ended {
            return Ok(false);
        }
        if self.buffer.len() - self.scan.start > ROW_BYTES_MAX {
            return Err(Problem::new(format!(
                "cannot read the input: line {} begins a row of more than {} MiB; is a quote left \
                 open?",
                self.line,
                ROW_BYTES_MAX >> 20
            )));
        }
        let length = self.buffer.len();
        self.buffer.resize(length + CHUNK_BYTES, 0);
        let read = loop {
            match self.input.read(&mut self.buffer[length..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.buffer.truncate(length + read.as_ref().copied().unwrap_or_default());
        self.ended = read.map_err(|error| Problem::of_read(&error))? == 0;
        Ok(!self.ended)
    }
}

impl TextBlock {
    /// The bytes of a record.
    pub(crate) fn record(&self, index: usize) -> &[u8] {
        &self.text[self.records[index].range.clone()]
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    /// Gives a few bytes at a time.
    struct Slow(Cursor<Vec<u8>>, usize);

    impl Read for Slow {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let most = self.1.min(buffer.len());
            self.0.read(&mut buffer[..most])
        }
    }

    fn records(text: &[u8], rule: Rule, step: usize, rows: usize) -> Vec<(Vec<u8>, u64)> {
        let input = Slow(Cursor::new(text.to_vec()), step);
        let mut reader = TextReader::open(Box::new(input)).expect("readable");
        reader.set_rule(rule);
        let mut found = Vec::new();
        loop {
            let block = reader.take(rows).expect("readable");
            if block.records.is_empty() {
                return found;
            }
            for (index, record) in block.records.iter().enumerate() {
                found.push((block.record(index).to_vec(), record.line));
            }
        }
    }

    #[test]
    fn a_record_knows_its_line_whatever_ends_lines() {
        let csv = Rule::Csv { separator: b',' };
        for text in
            ["\u{feff}a\r\n\r\n\"b\r\nb\"\r\nc", "a\n\n\"b\nb\"\nc\n", "a\r\n\n\"b\n\"\nc\n\n"]
        {
            for step in [1, 2, 1000] {
                let lines =
                    records(text.as_bytes(), csv, step, 2).into_iter().map(|(_, line)| line);
                assert_eq!(lines.collect::<Vec<_>>(), [1, 3, 5], "{text:?}");
            }
        }
        let lines = records(b"{}\n  \n\n {}\r\n", Rule::Lines, 3, 9);
        assert_eq!(lines, [(b"{}".to_vec(), 1), (b"{}\r".to_vec(), 4)]);
    }

    proptest! {
        /// The records are those of the csv crate, however the text comes.
        #[test]
        fn records_end_where_the_csv_crate_ends_them(
            text in "[ab,\"\n\r]{0,40}", step in 1_usize..9, rows in 1_usize..5,
        ) {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let expected: Vec<_> = reader.byte_records().map(|record| record.expect("bytes")).collect();
            let found = records(text.as_bytes(), Rule::Csv { separator: b',' }, step, rows);
            let mut again = Vec::new();
            for (record, _) in found {
                let mut one = csv::ReaderBuilder::new()
                    .has_headers(false)
                    .flexible(true)
                    .from_reader(&record[..]);
                again.extend(one.byte_records().map(|record| record.expect("bytes")));
            }
            prop_assert_eq!(again, expected);
        }
    }
}
