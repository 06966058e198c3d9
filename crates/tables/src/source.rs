//! A table being read: opened, recognised, and given out in blocks of rows.
//!
//! Must not know what the rows are for; blocks are as the file has them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cell::{Column, Kind};
use crate::convert::BadRow;
use crate::csv_reader::CsvReader;
use crate::format::Format;
use crate::json_reader::JsonReader;
use crate::parquet_reader::ParquetReader;
use crate::problem::Problem;

/// Bytes of one row of text at most; longer is a quote left open, or no table.
pub(crate) const ROW_BYTES_MAX: u64 = 64 << 20;

/// Bytes looked at to tell a format.
const HEAD_BYTES: usize = 4096;

/// Where a table comes from: a file, or a stream such as standard input.
pub struct Input {
    reader: Box<dyn Read + Send>,
    file: Option<File>,
    name: Option<PathBuf>,
    size: Option<u64>,
}

/// How CSV is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CsvOptions {
    /// What separates values; found out from the first line if not said.
    pub separator: Option<u8>,
    /// There is no line of names.
    pub headless: bool,
}

/// A table being read.
pub struct Source {
    pub(crate) header: Header,
    format: Format,
    reader: Reader,
    /// Read ahead, to find out what is in it.
    peeked: Option<Block>,
    next_row: u64,
    read: Arc<AtomicU64>,
    size: Option<u64>,
}

/// The columns of a table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Header {
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) kinds: Vec<Kind>,
    /// The names stand in the file; else they were made up.
    pub(crate) named: bool,
}

/// Some rows of a table, as the file has them.
#[derive(Debug)]
pub struct Block {
    /// The number of the first row, from 1.
    pub first_row: u64,
    pub(crate) rows: Rows,
}

#[derive(Debug)]
pub(crate) enum Rows {
    Csv(Vec<csv::ByteRecord>),
    /// The lines, not parsed yet.
    Json(Vec<Line>),
    Columns(Vec<Column>, usize),
}

/// A line of text with its number in the file.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) number: u64,
    pub(crate) text: Vec<u8>,
}

enum Reader {
    Csv(CsvReader),
    Json(JsonReader),
    Parquet(ParquetReader),
}

/// Counts bytes, and stops a row that does not end.
pub(crate) struct Counted {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
    /// Bytes read when the last row had been taken.
    mark: Arc<AtomicU64>,
}

impl Input {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is not there, cannot be read or is a directory.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let about = |error: &io::Error| {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default().to_lowercase();
            Problem::new(format!("cannot read {}: {text}", path.display()))
        };
        let file = File::open(path).map_err(|error| about(&error))?;
        let metadata = file.metadata().map_err(|error| about(&error))?;
        if metadata.is_dir() {
            return Err(Problem::new(format!("{} is a directory, not a table", path.display())));
        }
        let again = file.try_clone().map_err(|error| about(&error))?;
        let plain = metadata.is_file();
        Ok(Self {
            reader: Box::new(again),
            file: plain.then_some(file),
            name: Some(path.to_owned()),
            size: plain.then_some(metadata.len()),
        })
    }

    /// A stream.
    pub fn stream(reader: impl Read + Send + 'static) -> Self {
        Self { reader: Box::new(reader), file: None, name: None, size: None }
    }
}

impl Source {
    /// Recognises the table and reads its header. Without a format, the content says what it is.
    ///
    /// # Errors
    /// When it is empty, or not what it is said to be.
    pub fn open(
        input: Input,
        format: Option<Format>,
        options: CsvOptions,
    ) -> Result<Self, Problem> {
        let Input { mut reader, file, name, size } = input;
        let head = head(&mut reader).map_err(|error| Problem::of_read(&error))?;
        if head.is_empty() {
            return Err(Problem::new("the input is empty"));
        }
        let told = Format::of_content(&head);
        // A separator makes CSV of anything, so its mark goes before a name or a wish.
        let format = if told == Format::Parquet { told } else { format.unwrap_or(told) };
        let whole: Box<dyn Read + Send> = Box::new(io::Cursor::new(head).chain(reader));
        let (read, mark) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let counted = Counted { inner: whole, read: read.clone(), mark: mark.clone() };
        let (reader, header, size) = match format {
            Format::Csv => {
                let tabs = name.as_deref().and_then(Path::extension).is_some_and(|e| e == "tsv");
                let (reader, header) = CsvReader::open(counted, mark, options, tabs)?;
                (Reader::Csv(reader), header, size)
            }
            Format::JsonLines => {
                let (reader, header) = JsonReader::open(counted, mark)?;
                (Reader::Json(reader), header, size)
            }
            Format::Parquet => {
                let file = match file {
                    Some(file) => file,
                    None => spooled(counted).map_err(|error| Problem::of_read(&error))?,
                };
                let (reader, header) = ParquetReader::open(file)?;
                let rows = reader.rows();
                (Reader::Parquet(reader), header, Some(rows))
            }
        };
        Ok(Self { header, format, reader, peeked: None, next_row: 1, read, size })
    }

    /// What it is.
    pub const fn format(&self) -> Format {
        self.format
    }

    /// The names of its columns.
    pub fn names(&self) -> &[Arc<str>] {
        &self.header.names
    }

    /// What it counts towards [`Source::size`]: bytes read, or rows of Parquet.
    pub fn progress(&self) -> Arc<AtomicU64> {
        self.read.clone()
    }

    /// Bytes in all, or rows of Parquet; `None` for a stream.
    pub const fn size(&self) -> Option<u64> {
        self.size
    }

    /// The next rows, at most so many; `None` at the end.
    ///
    /// # Errors
    /// When the table is damaged: what comes after cannot be told.
    pub fn next_block(&mut self, rows: usize) -> Result<Option<Block>, Problem> {
        if let Some(block) = self.peeked.take() {
            return Ok(Some(block));
        }
        let taken = match &mut self.reader {
            Reader::Csv(reader) => Rows::Csv(reader.take(rows)?),
            Reader::Json(reader) => Rows::Json(reader.take(rows)?),
            Reader::Parquet(reader) => {
                let (columns, count) = reader.take(rows)?;
                self.read.fetch_add(count as u64, Ordering::Relaxed);
                Rows::Columns(columns, count)
            }
        };
        let block = Block { first_row: self.next_row, rows: taken };
        self.next_row += block.len() as u64;
        Ok((!block.is_empty()).then_some(block))
    }

    /// Leaves out the columns nobody needs, where that saves reading them.
    pub fn need_only(&mut self, columns: &[usize]) {
        if let Reader::Parquet(reader) = &mut self.reader {
            reader.need_only(columns);
        }
    }

    /// The first rows, which are given out again by [`Source::next_block`].
    pub(crate) fn peek(&mut self, rows: usize) -> Result<Option<&Block>, Problem> {
        if self.peeked.is_none() {
            self.peeked = self.next_block(rows)?;
        }
        Ok(self.peeked.as_ref())
    }
}

impl Block {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match &self.rows {
            Rows::Csv(records) => records.len(),
            Rows::Json(lines) => lines.len(),
            Rows::Columns(_, rows) => *rows,
        }
    }

    /// Whether it has no rows; those that [`Source::next_block`] gives have some.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A row that cannot be answered, by its place in the block.
    pub fn bad_row(&self, index: usize, reason: String) -> BadRow {
        BadRow { index, row: self.first_row + index as u64, line: self.line(index), reason }
    }

    /// The line of the file a row stands in, where it has lines; in CSV the first of the blank
    /// lines before it, if there are some.
    pub(crate) fn line(&self, row: usize) -> Option<u64> {
        match &self.rows {
            Rows::Csv(records) => records[row].position().map(csv::Position::line),
            Rows::Json(lines) => Some(lines[row].number),
            Rows::Columns(..) => None,
        }
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        let read = self.read.fetch_add(count as u64, Ordering::Relaxed) + count as u64;
        if count > 0 && read - self.mark.load(Ordering::Relaxed) > ROW_BYTES_MAX {
            return Err(io::Error::other(format!(
                "a row has more than {} MiB; is a quote left open?",
                ROW_BYTES_MAX >> 20
            )));
        }
        Ok(count)
    }
}

impl Counted {
    pub(crate) fn counter(&self) -> Arc<AtomicU64> {
        self.read.clone()
    }
}

/// The first bytes; a pipe may give them in pieces.
fn head(reader: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    reader.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// Parquet is read from its end, so a stream of it goes through a file without a name.
fn spooled(mut stream: Counted) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut stream.inner, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}
