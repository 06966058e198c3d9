//! The cells of a block of rows, whatever its format.
//!
//! Must not know what they are for.

use serde_json::Value;

use crate::cell::{Cell, Column};
use crate::json_reader::{self, JsonRow};
use crate::problem::quoted;
use crate::source::{Block, Header, Rows};

/// The cells of a block.
pub(crate) enum Grid<'a> {
    Csv(&'a [csv::ByteRecord]),
    Json(Vec<JsonRow>),
    Columns(&'a [Column]),
}

impl<'a> Grid<'a> {
    pub(crate) fn of(block: &'a Block, header: &Header) -> Self {
        match &block.rows {
            Rows::Csv(records) => Self::Csv(records),
            Rows::Json(lines) => {
                Self::Json(lines.iter().map(|line| json_reader::row(line, header)).collect())
            }
            Rows::Columns(columns, _) => Self::Columns(columns),
        }
    }

    pub(crate) fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self {
            Self::Csv(records) => records[row].get(column).map_or(Cell::Missing, Cell::Text),
            Self::Json(_) => json_reader::cell(self.json(row, column)),
            Self::Columns(columns) => columns[column].cell(row),
        }
    }

    /// The value of a JSON row.
    pub(crate) fn json(&self, row: usize, column: usize) -> Option<&Value> {
        match self {
            Self::Json(rows) => match &rows[row] {
                JsonRow::Values(values) => values[column].as_ref(),
                JsonRow::Bad(_) => None,
            },
            _ => None,
        }
    }

    /// Why a row is none at all.
    pub(crate) fn fault(&self, row: usize, header: &Header) -> Option<String> {
        match self {
            Self::Csv(records) if records[row].len() != header.names.len() => Some(format!(
                "it has {} values, the first line has {}",
                records[row].len(),
                header.names.len()
            )),
            Self::Json(rows) => match &rows[row] {
                JsonRow::Bad(why) => Some(format!("it {why}")),
                JsonRow::Values(_) => None,
            },
            _ => None,
        }
    }
}

/// A cell for a message.
pub(crate) fn describe(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => "nothing".to_owned(),
        Cell::Bool(value) => value.to_string(),
        Cell::Int(value) => format!("the number {value}"),
        Cell::Float(value) => format!("the number {value:?}"),
        Cell::Single(value) => format!("the number {value:?}"),
        Cell::Text(text) => quoted(&String::from_utf8_lossy(text)),
        Cell::Other => "a list or an object".to_owned(),
    }
}
