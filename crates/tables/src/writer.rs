//! The output: columns encoded on any thread, written in order by one.
//!
//! Must not know where the bytes go.

use std::io::{self, Write};

use crate::cell::Column;
use crate::csv_writer;
use crate::format::Format;
use crate::json_writer;
use crate::layout::{Answer, Layout};
use crate::parquet_writer::ParquetWriter;
use crate::problem::Problem;

/// Answers in the form of the output.
#[derive(Debug)]
pub struct Encoded(Parts);

#[derive(Debug)]
enum Parts {
    Bytes(Vec<u8>),
    Columns(Vec<Column>, usize),
}

/// A table being written.
pub struct Writer<W: Write + Send>(Kind<W>);

enum Kind<W: Write + Send> {
    Text(W),
    Parquet(Box<ParquetWriter<W>>),
}

impl Layout {
    /// Answers in the form of an output: the costly part, which needs no order.
    ///
    /// # Errors
    /// When the model's outputs are no longer what they were in the first answer.
    pub fn encode(&self, format: Format, answer: &Answer) -> Result<Encoded, Problem> {
        let (columns, rows) = self.columns(answer)?;
        Ok(Encoded(match format {
            Format::Csv => Parts::Bytes(csv_writer::lines(&self.fields, &columns, rows)),
            Format::JsonLines => Parts::Bytes(json_writer::lines(&self.fields, &columns, rows)),
            Format::Parquet => Parts::Columns(columns, rows),
        }))
    }
}

impl<W: Write + Send> Writer<W> {
    /// Begins a table with these columns.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn new(mut output: W, format: Format, layout: &Layout) -> Result<Self, Problem> {
        match format {
            Format::Parquet => {
                let writer = ParquetWriter::new(output, &layout.fields)?;
                return Ok(Self(Kind::Parquet(Box::new(writer))));
            }
            Format::Csv => {
                let header = csv_writer::header(&layout.fields);
                output.write_all(&header).map_err(|error| Problem::of_write(&error))?;
            }
            Format::JsonLines => {}
        }
        Ok(Self(Kind::Text(output)))
    }

    /// Adds rows.
    ///
    /// # Errors
    /// When they cannot be written; [`Problem::is_reader_gone`] tells a closed pipe.
    pub fn write(&mut self, encoded: &Encoded) -> Result<(), Problem> {
        match (&mut self.0, &encoded.0) {
            (Kind::Text(output), Parts::Bytes(bytes)) => {
                output.write_all(bytes).map_err(|error| Problem::of_write(&error))
            }
            (Kind::Parquet(writer), Parts::Columns(columns, rows)) => writer.write(columns, *rows),
            _ => Err(Problem::of_write(&io::Error::other("encoded for another format"))),
        }
    }

    /// Ends the table and gives the output back, flushed.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<W, Problem> {
        let mut output = match self.0 {
            Kind::Text(output) => output,
            Kind::Parquet(writer) => writer.finish()?,
        };
        output.flush().map_err(|error| Problem::of_write(&error))?;
        Ok(output)
    }
}
