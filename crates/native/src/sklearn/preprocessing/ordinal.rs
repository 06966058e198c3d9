//! `OrdinalEncoder`, and what it shares with `TargetEncoder`: numbers in place of categories.
//!
//! Source: `sklearn.preprocessing.OrdinalEncoder.transform` (0.20 to 1.9). Unknown, missing and infrequent
//! categories are resolved when the model is read.

use pelton_core::DType;
use pelton_pickle::Value;

use super::categories::{Categories, for_each_column, read_all};
use super::infrequent::{Infrequent, unknown_text};
use super::one_hot::dtype;
use crate::data::{Data, Form, Labels, Pool, Real, Slot, ViewMut};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "OrdinalEncoder", read)];

/// Columns of categories, each replaced by one number or several.
pub(super) struct Replaced {
    pub(super) columns: Vec<Replacement>,
    pub(super) dtype: DType,
    /// The classes of a target that is categories.
    pub(super) labels: Vec<Labels>,
}

/// What a column's values become.
pub(super) struct Replacement {
    pub(super) categories: Categories,
    /// One table for every column of the answer: a number for each category, and last for an unknown value.
    pub(super) tables: Vec<Vec<f64>>,
    pub(super) refuses_unknown: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let known = read_all(fitted)?;
    let infrequent = Infrequent::read(fitted, &known)?;
    let unknown = match fitted.option("handle_unknown").and_then(Value::as_str).unwrap_or("error") {
        "error" => None,
        "use_encoded_value" => Some(fitted.number("unknown_value")?),
        other => return Err(fitted.refuse_option(format!("handle_unknown='{other}'"))),
    };
    let missing_value = match fitted.option("encoded_missing_value") {
        Some(_) => fitted.number("encoded_missing_value")?,
        None => f64::NAN,
    };
    let mut missing = vec![None; known.len()];
    if let Some(indices) = fitted.option("_missing_indices") {
        for (column, index) in indices.entries().map_err(|error| fitted.refuse(error))? {
            let pair = (column.as_i64(), index.as_i64());
            let (Some(column), Some(index)) = pair else {
                return Err(fitted.refuse("OrdinalEncoder's missing categories cannot be used"));
            };
            if let Some(place) = usize::try_from(column).ok().and_then(|at| missing.get_mut(at)) {
                *place = usize::try_from(index).ok();
            }
        }
    }
    let mut columns = Vec::with_capacity(known.len());
    for (at, categories) in known.into_iter().enumerate() {
        let of = |category: usize| {
            // A category for missing values is never put together with others.
            let group = if missing[at] == Some(category) {
                category
            } else {
                infrequent.group(at, category)
            };
            if missing[at] == Some(group) { missing_value } else { group as f64 }
        };
        let mut table: Vec<f64> = (0..categories.len()).map(of).collect();
        table.push(unknown.unwrap_or(f64::NAN));
        columns.push(Replacement {
            categories,
            tables: vec![table],
            refuses_unknown: unknown.is_none(),
        });
    }
    let dtype = dtype(fitted)?;
    Ok(Box::new(Transforms(Replaced { columns, dtype, labels: Vec::new() })))
}

impl Replaced {
    fn fill<T: Real>(
        &self,
        x: &Data<'_>,
        mut out: ViewMut<'_, T>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let mut start = 0;
        for_each_column(x, pool, |at, column| {
            let Replacement { categories, tables, refuses_unknown } = &self.columns[at];
            let unknown = categories.len() as u32;
            categories.find(column, |row, number| {
                if *refuses_unknown && number == unknown {
                    return Err(unknown_text(column, row, at));
                }
                for (part, table) in tables.iter().enumerate() {
                    out.set(row, start + part, T::of(table[number as usize]));
                }
                Ok(())
            })?;
            start += tables.len();
            Ok(())
        })
    }
}

impl Fit for Replaced {
    fn features(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn knows_none(&self, column: usize) -> bool {
        self.columns[column].categories.knows_none()
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        for (column, replacement) in columns.iter().zip(&self.columns) {
            replacement.categories.judge(*column, evidence);
        }
    }
}

impl Transformer for Replaced {
    fn width(&self) -> usize {
        self.columns.iter().map(|column| column.tables.len()).sum()
    }

    fn form(&self, _input: Form) -> Form {
        if self.dtype == DType::Fp32 { Form::F32 } else { Form::F64 }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        match out {
            Slot::F32(out) => self.fill(x, out, pool),
            Slot::F64(out) => self.fill(x, out, pool),
        }
    }
}
