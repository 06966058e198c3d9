//! The cells of a block of rows, whatever its format.
//!
//! Must not know what they are for.

use crate::cell::{Cell, Column};
use crate::csv_cells::CsvCells;
use crate::json_reader::{Json, JsonCells};
use crate::problem::quoted;
use crate::source::{Block, Header, Rows};

/// The cells of a block.
pub(crate) enum Grid<'a> {
    Csv(CsvCells<'a>),
    Json(JsonCells<'a>),
    Columns(&'a [Column]),
}

impl<'a> Grid<'a> {
    pub(crate) fn of(block: &'a Block, header: &Header) -> Self {
        match &block.rows {
            Rows::Csv(text, separator) => {
                Self::Csv(CsvCells::of(text, header.names.len(), *separator))
            }
            Rows::Json(text) => Self::Json(JsonCells::of(text, header)),
            Rows::Columns(columns, _) => Self::Columns(columns),
        }
    }

    #[inline]
    pub(crate) fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        match self {
            Self::Csv(cells) => cells.cell(row, column),
            Self::Json(cells) => cells.value(row, column).cell(),
            Self::Columns(columns) => columns[column].cell(row),
        }
    }

    /// The value of a JSON row.
    pub(crate) fn json(&self, row: usize, column: usize) -> Option<&Json<'a>> {
        match self {
            Self::Json(cells) => Some(cells.value(row, column)),
            _ => None,
        }
    }

    /// Why rows are none at all.
    pub(crate) fn faults(&self, header: &Header) -> Vec<(usize, String)> {
        match self {
            Self::Csv(cells) => {
                let expected = header.names.len();
                let odd = cells.odd().map(|(row, count)| {
                    let plural = if count == 1 { "" } else { "s" };
                    (row, format!("it has {count} value{plural}, the first line has {expected}"))
                });
                // Told before how many values it has: they are those of all that follows.
                let open = "a quote in it is never closed, so all that follows belongs to it";
                let open = cells.open().map(|row| (row, open.to_owned()));
                odd.filter(|(row, _)| cells.open() != Some(*row)).chain(open).collect()
            }
            Self::Json(cells) => cells.bad().map(|(row, why)| (row, format!("it {why}"))).collect(),
            Self::Columns(_) => Vec::new(),
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
        Cell::Str(text) => quoted(text),
        Cell::Text(text) => quoted(&String::from_utf8_lossy(text)),
        Cell::Other => "a list or an object".to_owned(),
    }
}
