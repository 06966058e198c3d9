//! Records of CSV cut into their values.
//!
//! Must not judge values. Quotes are taken off as the csv crate and Python's csv module do: a quote
//! is one at the start of a value only, two within are one, and what stands behind the closing one
//! belongs to the value.

use memchr::{memchr, memchr_iter};

use crate::cell::Cell;
use crate::text_reader::TextBlock;

/// The values of a block of records.
pub(crate) struct CsvCells<'a> {
    text: &'a [u8],
    /// The same, if all of it is UTF-8.
    checked: Option<&'a str>,
    /// Values that are not in the text as they are, because a quote in them is doubled.
    rewritten: Vec<u8>,
    /// Where values start and end, `width` a record; behind the end of the text it is a place in
    /// `rewritten`.
    spans: Vec<(u32, u32)>,
    width: usize,
    /// Records that have another number of values than `width`, in order.
    odd: Vec<(usize, usize)>,
    /// The record with a quote that is never closed.
    open: Option<usize>,
}

impl<'a> CsvCells<'a> {
    /// Of each record the first `width` values.
    pub(crate) fn of(block: &'a TextBlock, width: usize, separator: u8) -> Self {
        let mut this = Self {
            text: &block.text,
            checked: std::str::from_utf8(&block.text).ok(),
            rewritten: Vec::new(),
            spans: Vec::with_capacity(block.records.len() * width),
            width,
            odd: Vec::new(),
            open: block.records.iter().position(|record| record.open),
        };
        for (row, record) in block.records.iter().enumerate() {
            let range = record.range.clone();
            let count = if record.quoted {
                this.cut_quoted(range.start, range.end, separator)
            } else {
                this.cut(range.start, range.end, separator)
            };
            if count != width {
                this.odd.push((row, count));
            }
            this.spans.resize((row + 1) * width, (0, 0));
        }
        this
    }

    pub(crate) fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        let (start, end) = self.spans[row * self.width + column];
        let (start, end) = (start as usize, end as usize);
        match self.checked {
            // Separators and quotes are ASCII, so that a value of good text is good text.
            Some(text) if end <= text.len() => Cell::Str(&text[start..end]),
            _ if end <= self.text.len() => Cell::Text(&self.text[start..end]),
            _ => {
                let base = self.text.len();
                Cell::Text(&self.rewritten[start - base..end - base])
            }
        }
    }

    /// How many values a record has, if it is not `width`.
    pub(crate) fn odd(&self) -> impl Iterator<Item = (usize, usize)> {
        self.odd.iter().copied()
    }

    /// The record with a quote that is never closed; it has all that follows the quote.
    pub(crate) const fn open(&self) -> Option<usize> {
        self.open
    }

    /// Cuts a record without quotes, and says how many values it has.
    fn cut(&mut self, start: usize, end: usize, separator: u8) -> usize {
        let text = self.text;
        let mut from = start;
        let mut count = 0;
        for place in memchr_iter(separator, &text[start..end]) {
            self.push(count, from, start + place);
            count += 1;
            from = start + place + 1;
        }
        self.push(count, from, end);
        count + 1
    }

    fn cut_quoted(&mut self, start: usize, end: usize, separator: u8) -> usize {
        let mut from = start;
        let mut count = 0;
        loop {
            let next = if self.text[from..end].first() == Some(&b'"') {
                self.quoted(count, from + 1, end, separator)
            } else {
                let next = memchr(separator, &self.text[from..end]).map_or(end, |at| from + at);
                self.push(count, from, next);
                next
            };
            count += 1;
            if next == end {
                return count;
            }
            from = next + 1;
        }
    }

    /// A value behind its opening quote; says where it ends.
    fn quoted(&mut self, count: usize, start: usize, end: usize, separator: u8) -> usize {
        let text = self.text;
        let close = memchr(b'"', &text[start..end]).map_or(end, |at| start + at);
        let behind = (close + 1).min(end);
        if behind == end || text[behind] == separator {
            self.push(count, start, close);
            return behind;
        }
        // A doubled quote, or something behind the closing one.
        let place = text.len() + self.rewritten.len();
        let mut from = start;
        let next = loop {
            let close = memchr(b'"', &text[from..end]).map_or(end, |at| from + at);
            self.rewritten.extend_from_slice(&text[from..close]);
            from = (close + 1).min(end);
            if text[from..end].first() == Some(&b'"') {
                self.rewritten.push(b'"');
                from += 1;
            } else {
                let next = memchr(separator, &text[from..end]).map_or(end, |at| from + at);
                self.rewritten.extend_from_slice(&text[from..next]);
                break next;
            }
        };
        self.push(count, place, text.len() + self.rewritten.len());
        next
    }

    fn push(&mut self, count: usize, start: usize, end: usize) {
        if count < self.width {
            self.spans.push((start as u32, end as u32));
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text_reader::{Rule, TextReader};

    fn cells(text: &[u8], width: usize) -> Vec<Vec<Vec<u8>>> {
        let mut reader =
            TextReader::open(Box::new(std::io::Cursor::new(text.to_vec()))).expect("x");
        reader.set_rule(Rule::Csv { separator: b',' });
        let block = reader.take(100).expect("readable");
        let cells = CsvCells::of(&block, width, b',');
        let value = |row, column| match cells.cell(row, column) {
            Cell::Str(text) => text.as_bytes().to_vec(),
            Cell::Text(text) => text.to_vec(),
            _ => unreachable!("CSV is text"),
        };
        let odd: Vec<_> = cells.odd().collect();
        let count =
            |row| odd.iter().find(|(odd, _)| *odd == row).map_or(width, |(_, count)| *count);
        let row = |row| (0..count(row).min(width)).map(|column| value(row, column)).collect();
        (0..block.records.len()).map(row).collect()
    }

    proptest! {
        #[test]
        fn values_are_those_of_the_csv_crate(text in "[ab\u{e9},\"\n\r]{0,60}", width in 1_usize..5) {
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .from_reader(text.as_bytes());
            let expected: Vec<Vec<Vec<u8>>> = reader
                .byte_records()
                .map(|record| record.expect("bytes").iter().take(width).map(<[u8]>::to_vec).collect())
                .collect();
            prop_assert_eq!(cells(text.as_bytes(), width), expected);
        }
    }
}
