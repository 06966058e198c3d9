//! A table being read: opened, recognised, and given out in blocks of rows.
//!
//! Must not know what the rows are for; blocks are as the file has them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flate2::read::MultiGzDecoder;
use pelton_core::system_words;

use crate::cell::{Column, Kind};
use crate::convert::BadRow;
use crate::csv_reader::CsvReader;
use crate::format::{self, Format};
use crate::json_reader::JsonReader;
use crate::parquet_reader::ParquetReader;
use crate::problem::Problem;
use crate::text_reader::TextBlock;

/// Cells of a block at most, so that a row of a great many columns is not a block of many rows.
const CELLS_MAX: usize = 4 << 20;

/// Bytes looked at to tell a format.
const HEAD_BYTES: usize = 4096;

/// How gzip begins.
const GZIP: &[u8] = &[0x1f, 0x8b, 8];

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
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Header {
    pub(crate) names: Vec<Arc<str>>,
    pub(crate) kinds: Vec<Kind>,
    /// The names stand in the file; else they were made up.
    pub(crate) named: bool,
    /// Columns of lists, structures and other values that no model takes.
    pub(crate) left_out: Vec<Arc<str>>,
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
    /// The records, not cut yet, and what separates their values.
    Csv(TextBlock, u8),
    /// The lines, not parsed yet.
    Json(TextBlock),
    Columns(Vec<Column>, usize),
}

enum Reader {
    Csv(CsvReader),
    Json(JsonReader),
    Parquet(ParquetReader),
}

/// Counts bytes.
struct Counted {
    inner: Box<dyn Read + Send>,
    read: Arc<AtomicU64>,
}

impl Input {
    /// Opens a file.
    ///
    /// # Errors
    /// When it is not there, cannot be read or is a directory.
    pub fn open(path: &Path) -> Result<Self, Problem> {
        let about = |error: &io::Error| {
            Problem::new(format!("cannot read {}: {}", path.display(), system_words(error)))
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
        let Input { reader, file, name, size } = input;
        let read = Arc::new(AtomicU64::new(0));
        let counted: Box<dyn Read + Send> = Box::new(Counted { inner: reader, read: read.clone() });
        let (head, whole) = begun(counted)?;
        let packed = head.starts_with(GZIP);
        let (head, whole) =
            if packed { begun(Box::new(MultiGzDecoder::new(whole)))? } else { (head, whole) };
        if head.is_empty() {
            return Err(Problem::new("the input is empty"));
        }
        if let Some(other) = format::other_content(&head) {
            return Err(Problem::new(format!("the input is {other}")));
        }
        let told = Format::of_content(&head);
        // A separator makes CSV of anything, so its mark goes before a name or a wish.
        let format = if told == Format::Parquet { told } else { format.unwrap_or(told) };
        let (reader, header, size) = match format {
            Format::Csv => {
                let tabs = name.as_deref().and_then(Path::extension).is_some_and(|e| e == "tsv");
                let (reader, header) = CsvReader::open(whole, options, tabs)?;
                (Reader::Csv(reader), header, size)
            }
            Format::JsonLines => {
                let (reader, header) = JsonReader::open(whole)?;
                (Reader::Json(reader), header, size)
            }
            Format::Parquet => {
                let file = match file {
                    Some(file) if !packed => file,
                    _ => spooled(whole).map_err(|error| Problem::of_read(&error))?,
                };
                let (reader, header) = ParquetReader::open(file)?;
                let rows = reader.rows();
                // From here on rows are counted.
                read.store(0, Ordering::Relaxed);
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
        let rows = rows.min(CELLS_MAX / self.header.names.len().max(1)).max(1);
        let taken = match &mut self.reader {
            Reader::Csv(reader) => Rows::Csv(reader.take(rows)?, reader.separator()),
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
            Rows::Csv(text, _) | Rows::Json(text) => text.records.len(),
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

    /// The line of the file a row begins in, where it has lines.
    pub(crate) fn line(&self, row: usize) -> Option<u64> {
        match &self.rows {
            Rows::Csv(text, _) | Rows::Json(text) => Some(text.records[row].line),
            Rows::Columns(..) => None,
        }
    }
}

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The first bytes, which a pipe may give in pieces, and a reader of all.
fn begun(mut reader: Box<dyn Read + Send>) -> Result<(Vec<u8>, Box<dyn Read + Send>), Problem> {
    let mut head = Vec::with_capacity(HEAD_BYTES);
    let read = (&mut reader).take(HEAD_BYTES as u64).read_to_end(&mut head);
    read.map_err(|error| Problem::of_read(&error))?;
    Ok((head.clone(), Box::new(io::Cursor::new(head).chain(reader))))
}

/// Parquet is read from its end, so a stream of it goes through a file without a name.
fn spooled(mut stream: Box<dyn Read + Send>) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut stream, &mut file)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}
