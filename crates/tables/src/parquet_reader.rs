//! Parquet, row group by row group, a column at a time, as many rows as asked for.
//!
//! Must not know what the columns are for. Nested columns are left out, as if they were not there.

use std::fs::File;
use std::sync::Arc;

use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};

use crate::cell::{Column, Texts, Values};
use crate::parquet_types::Reading;
use crate::problem::Problem;
use crate::source::Header;

pub(crate) struct ParquetReader {
    file: SerializedFileReader<File>,
    columns: Vec<Leaf>,
    next_group: usize,
    /// The readers of the row group in hand, one for each column, and its rows that are left.
    readers: Vec<Option<ColumnReader>>,
    left: usize,
}

struct Leaf {
    /// Its place among the file's columns.
    index: usize,
    reading: Reading,
    optional: bool,
    needed: bool,
}

impl ParquetReader {
    pub(crate) fn open(file: File) -> Result<(Self, Header), Problem> {
        let file = SerializedFileReader::new(file).map_err(|error| damaged(&error))?;
        let schema = file.metadata().file_metadata().schema_descr();
        let mut header = Header { named: true, ..Header::default() };
        let mut columns = Vec::new();
        for (index, column) in schema.columns().iter().enumerate() {
            let flat = column.path().parts().len() == 1 && column.max_rep_level() == 0;
            let Some(reading) = Reading::of(column).filter(|_| flat) else {
                let name = column.path().parts().first().map_or("", String::as_str);
                if !header.left_out.iter().any(|known| **known == *name) {
                    header.left_out.push(name.into());
                }
                continue;
            };
            header.names.push(Arc::from(column.name()));
            header.kinds.push(reading.kind());
            let optional = column.max_def_level() > 0;
            columns.push(Leaf { index, reading, optional, needed: true });
        }
        Ok((Self { file, columns, next_group: 0, readers: Vec::new(), left: 0 }, header))
    }

    /// Rows of the whole file.
    pub(crate) fn rows(&self) -> u64 {
        u64::try_from(self.file.metadata().file_metadata().num_rows()).unwrap_or_default()
    }

    /// The others are not read from now on.
    pub(crate) fn need_only(&mut self, columns: &[usize]) {
        for (place, column) in self.columns.iter_mut().enumerate() {
            column.needed = columns.contains(&place);
        }
        for (reader, column) in self.readers.iter_mut().zip(&self.columns) {
            if !column.needed {
                *reader = None;
            }
        }
    }

    /// The next rows, at most so many, and how many they are.
    pub(crate) fn take(&mut self, rows: usize) -> Result<(Vec<Column>, usize), Problem> {
        while self.left == 0 {
            if self.next_group >= self.file.num_row_groups() {
                return Ok((Vec::new(), 0));
            }
            self.open_group().map_err(|error| damaged(&error))?;
        }
        let count = rows.min(self.left);
        let mut columns = Vec::with_capacity(self.columns.len());
        for (leaf, reader) in self.columns.iter().zip(&mut self.readers) {
            columns.push(match reader {
                Some(reader) => read(leaf, reader, count)?,
                None => Column { values: Values::empty(leaf.reading.kind()), valid: None },
            });
        }
        self.left -= count;
        Ok((columns, count))
    }

    fn open_group(&mut self) -> Result<(), ParquetError> {
        let group = self.file.get_row_group(self.next_group)?;
        self.readers.clear();
        for leaf in &self.columns {
            let reader = leaf.needed.then(|| group.get_column_reader(leaf.index));
            self.readers.push(reader.transpose()?);
        }
        self.left = usize::try_from(group.metadata().num_rows()).unwrap_or_default();
        self.next_group += 1;
        Ok(())
    }
}

fn read(leaf: &Leaf, reader: &mut ColumnReader, count: usize) -> Result<Column, Problem> {
    let reading = leaf.reading;
    let wrong = || Problem::new("the input is a damaged Parquet file: a value of another type");
    let (values, valid) = match reader {
        ColumnReader::BoolColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            (Reading::bools(values), valid)
        }
        ColumnReader::Int32ColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            (reading.narrow_integers(&values), valid)
        }
        ColumnReader::Int64ColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            if !reading.fits(&values) {
                return Err(Problem::new("the input has unsigned numbers of more than 63 bits"));
            }
            (reading.integers(values), valid)
        }
        ColumnReader::Int96ColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            (Reading::old_timestamps(&values), valid)
        }
        ColumnReader::FloatColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            (Reading::singles(values), valid)
        }
        ColumnReader::DoubleColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            (Reading::floats(values), valid)
        }
        ColumnReader::ByteArrayColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            (reading.byte_arrays(values.iter()).ok_or_else(wrong)?, valid)
        }
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            let (values, valid) = decode(leaf, reader, count)?;
            let values: Vec<ByteArray> = values.into_iter().map(Into::into).collect();
            (reading.byte_arrays(values.iter()).ok_or_else(wrong)?, valid)
        }
    };
    Ok(match valid {
        Some(valid) => Column { values: spread(values, &valid), valid: Some(valid) },
        None => Column { values, valid: None },
    })
}

/// Values that are there, and which rows they belong to.
type Decoded<T> = (Vec<T>, Option<Vec<bool>>);

fn decode<T: DataType>(
    leaf: &Leaf,
    reader: &mut ColumnReaderImpl<T>,
    count: usize,
) -> Result<Decoded<T::T>, Problem> {
    let mut values = Vec::with_capacity(count);
    let mut levels = Vec::with_capacity(if leaf.optional { count } else { 0 });
    let mut records = 0;
    while records < count {
        let levels = leaf.optional.then_some(&mut levels);
        let (read, _, _) = reader
            .read_records(count - records, levels, None, &mut values)
            .map_err(|error| damaged(&error))?;
        if read == 0 {
            return Err(Problem::new("the input is a damaged Parquet file: a column ends early"));
        }
        records += read;
    }
    let gaps = levels.contains(&0);
    Ok((values, gaps.then(|| levels.iter().map(|level| *level > 0).collect())))
}

/// One value for each row.
fn spread(values: Values, valid: &[bool]) -> Values {
    fn place<T: Clone>(values: &[T], valid: &[bool], nothing: &T) -> Vec<T> {
        let mut values = values.iter();
        let mut next = |there: &bool| if *there { values.next() } else { None };
        valid.iter().map(|there| next(there).unwrap_or(nothing).clone()).collect()
    }
    match values {
        Values::Bool(values) => Values::Bool(place(&values, valid, &false)),
        Values::Int(values) => Values::Int(place(&values, valid, &0)),
        Values::Float(values) => Values::Float(place(&values, valid, &f64::NAN)),
        Values::Single(values) => Values::Single(place(&values, valid, &f32::NAN)),
        Values::Text(texts) => {
            let mut spread = Texts::default();
            let mut present = texts.iter();
            for there in valid {
                let text = if *there { present.next() } else { None };
                spread.push(text.unwrap_or_default());
            }
            Values::Text(spread)
        }
    }
}

fn damaged(error: &ParquetError) -> Problem {
    let why = error.to_string();
    if let Some((_, compression)) = why.split_once("Disabled feature at compile time: ") {
        return Problem::new(format!(
            "the input is compressed with {compression}, which is not read; write it with zstd or snappy"
        ));
    }
    let why = why.to_lowercase();
    let why = why.trim_start_matches("parquet error: ").trim_end_matches('.').replace(". ", ", ");
    Problem::new(format!(
        "the input is a damaged or unknown Parquet file ({why}): was the copy or the download cut short?"
    ))
}
