//! Which row and which column a refusal is about, found by asking again: of fewer rows, and of rows
//! where every column but one holds a value the model knows.
//!
//! A refusal comes from deep within a model, where columns are no longer the client's. It is rare, so
//! that a few runs more are cheaper than steps that carry names. Must not be called for rows that
//! were answered.

use pelton_core::Batch;

use crate::data::{Column, Span, TextColumn};
use crate::emit;
use crate::estimator::Methods;
use crate::ingest::with_rows;
use crate::inputs::Example;
use crate::model::{Model, Rows, Workspace};

/// Columns tried one by one at most.
const TRIED_MAX: usize = 256;

/// What a refusal is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Blame {
    pub(crate) row: usize,
    /// `None` where no column alone is to blame, or no value of others is known to be good.
    pub(crate) column: Option<usize>,
    /// The reason, for this row alone.
    pub(crate) message: String,
}

/// How a row that is asked about is made of the client's values and of good ones.
#[derive(Clone, Copy)]
enum Mix {
    Good,
    /// The client's in this column alone.
    Only(usize),
    /// The client's but in this column.
    But(usize),
}

/// A value the model knows, or one that few models mind.
enum Good {
    F64([f64; 1]),
    F32([f32; 1]),
    I64([i64; 1]),
    Bool([u8; 1]),
    Text(String, [Span; 1]),
}

/// Finds the first row that is refused by itself, and its column.
pub(crate) fn blame(model: &Model, batch: &Batch, workspace: &mut Workspace) -> Option<Blame> {
    let asked = emit::methods(model, &batch.outputs).ok()?;
    let mut asking = Asking { model, asked, workspace };
    let row = asking.first_refused(batch)?;
    let alone = batch.slice_rows(row, row + 1);
    let message = asking.refusal(&alone)?;
    let column = with_rows(model, &alone, |rows| Ok(asking.column(rows, &message)));
    let column = column.ok().flatten();
    Some(Blame { row, column, message: told(&message, column.is_some()) })
}

struct Asking<'m> {
    model: &'m Model,
    asked: Methods,
    workspace: &'m mut Workspace,
}

impl Asking<'_> {
    /// Halves the rows that are refused until one is left.
    fn first_refused(&mut self, batch: &Batch) -> Option<usize> {
        let at_once = self.model.rows_at_once();
        for from in (0..batch.rows).step_by(at_once) {
            let (mut start, mut end) = (from, (from + at_once).min(batch.rows));
            // One row that fails is known to; so is all of a batch that is run in one piece.
            let known = batch.rows <= at_once;
            if !known && self.refusal(&batch.slice_rows(start, end)).is_none() {
                continue;
            }
            while end - start > 1 {
                let middle = start + (end - start) / 2;
                let first = self.refusal(&batch.slice_rows(start, middle)).is_some();
                (start, end) = if first { (start, middle) } else { (middle, end) };
            }
            return Some(start);
        }
        None
    }

    fn refusal(&mut self, batch: &Batch) -> Option<String> {
        let why = with_rows(self.model, batch, |rows| Ok(self.answer(rows)));
        why.ok().flatten()
    }

    fn answer(&mut self, rows: Rows<'_>) -> Option<String> {
        let answer = self.model.answer(rows, self.asked, self.workspace);
        answer.err().map(|why| why.message().to_owned())
    }

    /// The column of one row that is refused.
    fn column(&mut self, row: Rows<'_>, message: &str) -> Option<usize> {
        match row {
            Rows::F64 { values, .. } => {
                let good = self.numbers(values.len());
                let order = suspects(values.iter().map(|value| is_odd(*value)));
                search(&order, message, |mix| {
                    let values = mixed(mix, values, &good);
                    self.answer(Rows::F64 { values: &values, rows: 1 })
                })
            }
            Rows::F32 { values, .. } => {
                let good: Vec<f32> =
                    self.numbers(values.len()).into_iter().map(|good| good as f32).collect();
                let order = suspects(values.iter().map(|value| is_odd(f64::from(*value))));
                search(&order, message, |mix| {
                    let values = mixed(mix, values, &good);
                    self.answer(Rows::F32 { values: &values, rows: 1 })
                })
            }
            Rows::Columns { columns, .. } => {
                let good: Vec<Good> = columns
                    .iter()
                    .enumerate()
                    .map(|(at, column)| Good::of(self.model.example(at), *column))
                    .collect();
                let good: Vec<Column<'_>> = good.iter().map(Good::column).collect();
                let order = suspects(columns.iter().map(|column| match column {
                    Column::Text(_) => true,
                    other => other.number(0).is_some_and(is_odd),
                }));
                search(&order, message, |mix| {
                    let columns = mixed(mix, columns, &good);
                    self.answer(Rows::Columns { columns: &columns, rows: 1 })
                })
            }
        }
    }

    fn numbers(&self, count: usize) -> Vec<f64> {
        let good = |at| match self.model.example(at) {
            Some(Example::Int(value)) => *value as f64,
            Some(Example::Float(value)) => *value,
            _ => 0.0,
        };
        (0..count).map(good).collect()
    }
}

impl Good {
    /// Of the type the client sent, so that the model's other columns are taken as before.
    fn of(example: Option<&Example>, given: Column<'_>) -> Self {
        let number = match example {
            Some(Example::Text(text)) => return Self::text(text),
            Some(Example::Int(value)) => Some(*value as f64),
            Some(Example::Float(value)) => Some(*value),
            Some(Example::Other) | None => None,
        };
        match (given, number) {
            (Column::Text(_), None) => Self::text("a"),
            (Column::F32(_), number) => Self::F32([number.unwrap_or(0.0) as f32]),
            (Column::I64(_), number) if number.is_none_or(|number| number.fract() == 0.0) => {
                Self::I64([number.unwrap_or(0.0) as i64])
            }
            (Column::Bool(_), None) => Self::Bool([0]),
            (_, number) => Self::F64([number.unwrap_or(0.0)]),
        }
    }

    fn text(text: &str) -> Self {
        Self::Text(text.to_owned(), [Span { start: 0, len: text.len() as u32 }])
    }

    fn column(&self) -> Column<'_> {
        match self {
            Self::F64(value) => Column::F64(value),
            Self::F32(value) => Column::F32(value),
            Self::I64(value) => Column::I64(value),
            Self::Bool(value) => Column::Bool(value),
            Self::Text(text, span) => Column::Text(TextColumn::new(text.as_bytes(), span)),
        }
    }
}

/// The column that is refused by itself for the same reason; or the only one whose change helps,
/// where even good values are refused.
fn search(
    order: &[usize],
    message: &str,
    mut ask: impl FnMut(Mix) -> Option<String>,
) -> Option<usize> {
    if ask(Mix::Good).is_some() {
        return order.iter().copied().find(|column| ask(Mix::But(*column)).is_none());
    }
    let mut others = Vec::new();
    for column in order {
        match ask(Mix::Only(*column)) {
            Some(why) if why == message => return Some(*column),
            Some(_) => others.push(*column),
            None => {}
        }
    }
    if let [one] = others[..] { Some(one) } else { None }
}

/// The columns, those first that are more likely to blame.
fn suspects(odd: impl ExactSizeIterator<Item = bool>) -> Vec<usize> {
    let mut order: Vec<(bool, usize)> = odd.enumerate().map(|(at, odd)| (!odd, at)).collect();
    order.sort_unstable();
    order.truncate(TRIED_MAX);
    order.into_iter().map(|(_, at)| at).collect()
}

fn is_odd(value: f64) -> bool {
    value.is_nan() || value.abs() > f64::from(f32::MAX)
}

fn mixed<T: Copy>(mix: Mix, given: &[T], good: &[T]) -> Vec<T> {
    let (mut row, other, at) = match mix {
        Mix::Good => return good.to_vec(),
        Mix::Only(at) => (good.to_vec(), given, at),
        Mix::But(at) => (given.to_vec(), good, at),
    };
    row[at] = other[at];
    row
}

/// The words without the places inside the model, which say nothing to who sees the columns.
fn told(message: &str, located: bool) -> String {
    let inner = |word: &str| {
        let (words, number) = message.rsplit_once(word)?;
        number.bytes().all(|byte| byte.is_ascii_digit()).then_some(words)
    };
    let column = if located { inner(" in column ") } else { None };
    inner(" in row ").or(column).unwrap_or(message).to_owned()
}
