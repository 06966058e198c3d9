//! Tables in files and streams (CSV, JSON lines, Parquet) to a model's tensors and back: block by
//! block, with the row and the reason where a value is not what the model takes.
//!
//! Must not run a model, and must not know which one it is: a [`pelton_core::Signature`] says what
//! is wanted. Memory is bounded by the rows of a block, whatever the size of the file.

mod cell;
mod convert;
mod csv_cells;
mod csv_reader;
mod csv_writer;
mod date;
mod format;
mod grid;
mod json_reader;
mod json_writer;
mod layout;
mod meaning;
mod numbers;
mod parquet_reader;
mod parquet_types;
mod parquet_writer;
mod plan;
mod problem;
mod source;
mod text_reader;
mod writer;

pub use convert::{BadRow, Prepared};
pub use format::Format;
pub use layout::{Answer, Kept, Layout};
pub use plan::{Plan, Selection, is_pandas_index};
pub use problem::Problem;
pub use source::{Block, CsvOptions, Input, Source};
pub use writer::{Encoded, Writer};
