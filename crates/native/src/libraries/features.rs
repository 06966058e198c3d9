//! [`Features`]: from rows of any form to what CatBoost's trees compare.
//!
//! Source: `_catboost.pyx` of 1.2 (`get_cat_factor_bytes_representation`, `_FloatOrNan`): a category is a text
//! or a whole number, never a number that may have a fraction, nor missing; a number may be told as text.
//! Must not know what the trees answer.

use std::io::Write as _;
use std::sync::Arc;

use crate::boosters::catboost::{Inputs, category};
use crate::data::{Column, Columns, Data, Matrix, Pool};
use crate::estimator::Rejected;
use crate::trees::Rows;

/// What becomes of rows for CatBoost.
pub(super) struct Features {
    inputs: Arc<Inputs>,
    /// By column: which of the categorical features it is.
    kinds: Vec<Option<usize>>,
}

impl Features {
    pub(super) fn new(inputs: Arc<Inputs>) -> Self {
        let mut kinds = vec![None; inputs.n_columns()];
        for (number, column) in inputs.categorical().iter().enumerate() {
            kinds[*column] = Some(number);
        }
        Self { inputs, kinds }
    }

    /// Columns a row has.
    pub(super) fn n_columns(&self) -> usize {
        self.kinds.len()
    }

    /// The columns that are categories.
    pub(super) fn categorical(&self) -> &[usize] {
        self.inputs.categorical()
    }

    /// Whether rows must come this way: the others are numbers already, which the trees take as they are.
    pub(super) fn must_see(&self, x: &Data<'_>) -> bool {
        let is_text = |column| matches!(column, Column::Text(_));
        !self.categorical().is_empty()
            || matches!(x, Data::Columns(columns) if columns.iter().any(is_text))
    }

    /// Calls `f` with the rows as the trees see them.
    ///
    /// # Errors
    /// A category is neither text nor a whole number, or a text is no number.
    pub(super) fn with_rows(
        &self,
        x: &Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(Rows<'_>, &mut Pool),
    ) -> Result<(), Rejected> {
        let Data::Columns(columns) = x else { return Err(no_category(self.categorical()[0])) };
        let (rows, width) = (columns.rows(), self.inputs.width());
        let n_categorical = self.categorical().len();
        let mut matrix = Matrix::<f32>::take(pool, rows, width);
        let mut categories = pool.take_u32(rows * n_categorical);
        self.read(*columns, &mut matrix.values, &mut categories)?;
        if n_categorical > 0 {
            let categories = bytemuck::cast_slice(&categories).chunks_exact(n_categorical);
            for (row, categories) in matrix.values.chunks_exact_mut(width).zip(categories) {
                self.inputs.complete(row, categories);
            }
        }
        pool.give_u32(categories);
        f(Rows::f32(&matrix.values, width, rows), pool);
        matrix.give(pool);
        Ok(())
    }

    /// The columns' numbers, and the numbers of the categories.
    fn read(
        &self,
        columns: Columns<'_>,
        values: &mut [f32],
        categories: &mut [u32],
    ) -> Result<(), Rejected> {
        let (width, n_categorical) = (self.inputs.width(), self.categorical().len());
        for (at, (column, kind)) in columns.iter().zip(&self.kinds).enumerate() {
            for row in 0..columns.rows() {
                let value = &mut values[row * width + at];
                match kind {
                    Some(number) => {
                        let found = category_of(column, row).ok_or_else(|| no_category(at))?;
                        categories[row * n_categorical + number] = found.cast_unsigned();
                    }
                    None => *value = number_of(column, row)?,
                }
            }
        }
        Ok(())
    }
}

fn category_of(column: Column<'_>, row: usize) -> Option<i32> {
    match column {
        Column::Text(texts) => texts.get(row).map(category),
        Column::I64(values) => Some(category_of_integer(values[row])),
        Column::Bool(values) => Some(category_of_integer(values[row].into())),
        Column::F32(_) | Column::F64(_) => None,
    }
}

fn category_of_integer(value: i64) -> i32 {
    let mut text = [0; 20];
    let mut rest = &mut text[..];
    write!(rest, "{value}").expect("an i64 has up to 20 characters");
    let left = rest.len();
    category(&text[..20 - left])
}

fn no_category(column: usize) -> Rejected {
    Rejected::new(format!(
        "column {column} is a category, which must be an integer or a string: convert real numbers and \
         missing values to strings"
    ))
}

fn number_of(column: Column<'_>, row: usize) -> Result<f32, Rejected> {
    let Column::Text(texts) = column else {
        return Ok(column.number(row).unwrap_or(f64::NAN) as f32);
    };
    let text = texts.get(row).map(|text| std::str::from_utf8(text).unwrap_or_default());
    let Some(text) = text else { return Ok(f32::NAN) };
    number_in(text)
        .ok_or_else(|| Rejected::new(format!("could not convert string to float: '{text}'")))
}

/// What CatBoost takes for a missing number.
const MISSING: [&str; 24] = [
    "", "nan", "NaN", "NAN", "NA", "Na", "na", "#NA", "#N/A", "#N/A N/A", "N/A", "n/a", "none",
    "None", "null", "Null", "NULL", "-", "-nan", "-NaN", "1.#IND", "-1.#IND", "1.#QNAN",
    "-1.#QNAN",
];

/// The number a text tells, as CatBoost 1.2 reads it.
fn number_in(text: &str) -> Option<f32> {
    if MISSING.contains(&text) {
        return Some(f32::NAN);
    }
    let text = text.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
    if text.is_empty() {
        return Some(0.0);
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if let Some(hex) = digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
        let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
        let hex = Some(hex).filter(|hex| hex.bytes().all(|digit| digit.is_ascii_hexdigit()))?;
        return u64::from_str_radix(hex, 16).ok().map(|number| (sign * number as f64) as f32);
    }
    // Rust reads words too: infinities and NaN.
    let starts = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    text.parse::<f64>().ok().filter(|_| starts).map(|number| number as f32)
}
