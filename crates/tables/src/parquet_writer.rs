//! Columns to Parquet, in row groups of a steady size, every column optional.
//!
//! Holds the rows of one row group in memory.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical};
use parquet::data_type::{
    BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int64Type,
};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;

use crate::cell::{Cell, Column, Kind, Texts, Values};
use crate::layout::Field;
use crate::problem::Problem;

/// Rows of a row group.
const GROUP_ROWS: usize = 128 << 10;

pub(crate) struct ParquetWriter<W: Write + Send> {
    file: SerializedFileWriter<W>,
    /// What waits for its row group to be full.
    waiting: Vec<Column>,
    rows: usize,
}

impl<W: Write + Send> ParquetWriter<W> {
    pub(crate) fn new(output: W, fields: &[Field]) -> Result<Self, Problem> {
        let schema = schema(fields).map_err(of_parquet)?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_created_by(concat!("pelton ", env!("CARGO_PKG_VERSION")).to_owned())
            .build();
        let file = SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties));
        let waiting = fields.iter().map(|field| empty(field.kind)).collect();
        Ok(Self { file: file.map_err(of_parquet)?, waiting, rows: 0 })
    }

    pub(crate) fn write(&mut self, columns: &[Column], rows: usize) -> Result<(), Problem> {
        for (waiting, column) in self.waiting.iter_mut().zip(columns) {
            append(waiting, column, rows);
        }
        self.rows += rows;
        if self.rows >= GROUP_ROWS { self.flush().map_err(of_parquet) } else { Ok(()) }
    }

    pub(crate) fn finish(mut self) -> Result<W, Problem> {
        self.flush().map_err(of_parquet)?;
        self.file.into_inner().map_err(of_parquet)
    }

    fn flush(&mut self) -> Result<(), ParquetError> {
        if self.rows == 0 {
            return Ok(());
        }
        let mut group = self.file.next_row_group()?;
        for column in &mut self.waiting {
            let kind = column.values.kind();
            write_column(&mut group, &std::mem::replace(column, empty(kind)))?;
        }
        group.close()?;
        self.rows = 0;
        Ok(())
    }
}

fn empty(kind: Kind) -> Column {
    Column { values: Values::empty(kind), valid: Some(Vec::new()) }
}

fn append(waiting: &mut Column, column: &Column, rows: usize) {
    let valid = waiting.valid.get_or_insert_default();
    for row in 0..rows {
        match column.cell(row) {
            Cell::Missing => {
                waiting.values.push_nothing();
                valid.push(false);
            }
            cell => valid.push(waiting.values.push(cell)),
        }
    }
}

fn schema(fields: &[Field]) -> Result<Type, ParquetError> {
    let mut columns = Vec::with_capacity(fields.len());
    for field in fields {
        let (physical, logical) = match field.kind {
            Kind::Bool => (Physical::BOOLEAN, None),
            Kind::Int => (Physical::INT64, None),
            Kind::Float => (Physical::DOUBLE, None),
            Kind::Single => (Physical::FLOAT, None),
            Kind::Text | Kind::Untyped => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        };
        let column = Type::primitive_type_builder(&field.name, physical)
            .with_repetition(Repetition::OPTIONAL)
            .with_logical_type(logical)
            .build()?;
        columns.push(Arc::new(column));
    }
    Type::group_type_builder("schema").with_fields(columns).build()
}

fn write_column<W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    column: &Column,
) -> Result<(), ParquetError> {
    let valid = column.valid.as_deref().unwrap_or_default();
    match &column.values {
        Values::Bool(values) => write::<BoolType, W>(group, &present(values, valid), valid),
        Values::Int(values) => write::<Int64Type, W>(group, &present(values, valid), valid),
        Values::Float(values) => write::<DoubleType, W>(group, &present(values, valid), valid),
        Values::Single(values) => write::<FloatType, W>(group, &present(values, valid), valid),
        Values::Text(texts) => {
            write::<ByteArrayType, W>(group, &present_texts(texts, valid), valid)
        }
    }
}

fn write<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    valid: &[bool],
) -> Result<(), ParquetError> {
    let levels: Vec<i16> = valid.iter().map(|there| i16::from(*there)).collect();
    let column = group.next_column()?;
    let mut column = column.ok_or_else(|| ParquetError::General("a column too many".into()))?;
    column.typed::<T>().write_batch(values, Some(&levels), None)?;
    column.close()
}

fn present<T: Copy>(values: &[T], valid: &[bool]) -> Vec<T> {
    values.iter().zip(valid).filter(|(_, there)| **there).map(|(value, _)| *value).collect()
}

fn present_texts(texts: &Texts, valid: &[bool]) -> Vec<ByteArray> {
    let there = texts.iter().zip(valid).filter(|(_, there)| **there);
    there.map(|(text, _)| ByteArray::from(text.to_vec())).collect()
}

fn of_parquet(error: ParquetError) -> Problem {
    match error {
        ParquetError::External(source) => match source.downcast::<std::io::Error>() {
            Ok(error) => Problem::of_write(&error),
            Err(error) => Problem::new(format!("cannot write the output: {error}")),
        },
        error => Problem::new(format!("cannot write the output: {error}")),
    }
}
