//! category_encoders' `OrdinalEncoder`, `OneHotEncoder`, `BinaryEncoder`, `BaseNEncoder` and
//! `TargetEncoder`.
//!
//! Source: category_encoders 2.6 to 2.11. Each of them numbers a column's categories and looks the
//! number's row up in a table; both are resolved to one table when the model is read. Columns that
//! are not encoded pass through.

mod lookup;
mod pandas;

use pelton_core::DType;
use pelton_pickle::Value;

use crate::data::{Column, Data, Form, Pool, Slot, Table, TableColumn, copy_into};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::{Fit, Transforms};
use lookup::{Lookup, Outcome};

/// The classes read here.
pub(crate) const FAMILIES: &[Readers] = &[&[
    ("category_encoders", "OrdinalEncoder", read),
    ("category_encoders", "OneHotEncoder", read),
    ("category_encoders", "BinaryEncoder", read),
    ("category_encoders", "BaseNEncoder", read),
    ("category_encoders", "TargetEncoder", read),
]];

/// Columns, some of them encoded.
struct Encoder {
    columns: Vec<Option<Encoding>>,
    width: usize,
    integers: bool,
}

/// What becomes of a column's values.
struct Encoding {
    lookup: Lookup,
    /// A row a category.
    rows: Vec<f64>,
    width: usize,
    /// Its values are integers in Python.
    integers: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    for option in ["composite_cols", "min_group_size", "hierarchy"] {
        if fitted.option(option).is_some() {
            return Err(fitted.refuse_option(option));
        }
    }
    if fitted.flag("drop_invariant", false)? {
        return Err(fitted.refuse_option("drop_invariant"));
    }
    let names = strings(fitted, fitted.attr("feature_names_in_")?)?;
    let encoded = strings(fitted, fitted.attr("cols")?)?;
    // All but the plain one leave the numbering to an encoder of their own.
    let ordinal = fitted.value.get_attr("ordinal_encoder").map(|inner| fitted.with(inner));
    let numbers = ordinal.unwrap_or(*fitted);
    let mut columns = Vec::with_capacity(names.len());
    let mut integers = true;
    for name in &names {
        if !encoded.contains(name) {
            columns.push(None);
            integers = false;
            continue;
        }
        let numbering = mapping_of(&numbers, name)?;
        let table = match ordinal {
            None => None,
            Some(_) => Some(mapping_of(fitted, name)?),
        };
        let encoding = encoding(fitted, name, numbering, table)?;
        integers &= encoding.integers;
        columns.push(Some(encoding));
    }
    let width = columns.iter().map(|one| one.as_ref().map_or(1, |one| one.width)).sum();
    Ok(Box::new(Transforms(Encoder { columns, width, integers })))
}

fn strings(fitted: &Fitted<'_>, value: Value<'_>) -> Result<Vec<String>, Refusal> {
    // Names may be positions.
    let items = value.items().map_err(|error| fitted.refuse(error))?;
    Ok(items
        .map(|item| match item.as_str() {
            Some(text) => text.to_owned(),
            None => format!("{item:?}"),
        })
        .collect())
}

/// The entry of `mapping` for a column: a list of dicts, or a dict by name.
fn mapping_of<'p>(fitted: &Fitted<'p>, name: &str) -> Result<Value<'p>, Refusal> {
    let mapping = fitted.attr("mapping")?;
    let is_column = |column: Value<'_>| match column.as_str() {
        Some(text) => text == name,
        None => format!("{column:?}") == name,
    };
    if let Ok(mut entries) = mapping.entries() {
        if let Some((_, found)) = entries.find(|(column, _)| is_column(*column)) {
            return Ok(found);
        }
    } else if let Ok(mut items) = mapping.items() {
        let found = items.find(|one| one.get("col").is_some_and(is_column));
        if let Some(found) = found.and_then(|one| one.get("mapping")) {
            return Ok(found);
        }
    }
    Err(fitted.refuse(format!("{} has no mapping of column '{name}'", fitted.class())))
}

/// A column's encoding from its numbering and, where there is one, the table of the numbers.
fn encoding(
    fitted: &Fitted<'_>,
    name: &str,
    numbering: Value<'_>,
    table: Option<Value<'_>>,
) -> Result<Encoding, Refusal> {
    let unusable = || fitted.refuse(format!("the mapping of column '{name}' cannot be used"));
    let numbering = lookup::numbering(numbering).ok_or_else(unusable)?;
    let policy = |option: &str| match fitted.option(option).map(Value::as_str) {
        None => Ok("value"),
        Some(Some(known @ ("value" | "error" | "return_nan" | "indicator"))) => Ok(known),
        Some(_) => Err(fitted.refuse_option(format!("a {option} of its own"))),
    };
    let (unknown, missing) = (policy("handle_unknown")?, policy("handle_missing")?);
    let Some(table) = table else {
        let (lookup, rows) = lookup::by_number(&numbering, unknown, missing);
        // An unknown value makes pandas' column one of floats.
        return Ok(Encoding { lookup, rows, width: 1, integers: unknown == "error" });
    };
    let table = pandas::table(table).ok_or_else(unusable)?;
    let (lookup, rows) = lookup::by_table(&numbering, &table, unknown, missing);
    let whole = rows.iter().all(|value| value.fract() == 0.0);
    Ok(Encoding { lookup, rows, width: table.width, integers: table.integers && whole })
}

impl Encoding {
    /// The values of a row of the column.
    fn row(&self, column: Column<'_>, row: usize, at: usize) -> Result<&[f64], Rejected> {
        match self.lookup.find(column, row) {
            Outcome::Row(index) => Ok(&self.rows[index as usize * self.width..][..self.width]),
            Outcome::RefuseUnknown => {
                Err(Rejected::new(format!("unexpected categories found in column {at}")))
            }
            Outcome::RefuseMissing => {
                Err(Rejected::new("columns to be encoded cannot contain null".to_owned()))
            }
        }
    }
}

impl Encoder {
    /// Calls `each` with every column of the rows.
    fn for_each_column(
        x: Data<'_>,
        mut each: impl FnMut(usize, Column<'_>) -> Result<(), Rejected>,
    ) -> Result<(), Rejected> {
        if let Data::Columns(columns) = x {
            return columns.iter().enumerate().try_for_each(|(at, column)| each(at, column));
        }
        let mut values = vec![0.0; x.rows() * x.width()];
        let view = crate::data::ViewMut::new(&mut values, x.rows(), x.width());
        copy_into(x, Slot::F64(view))?;
        for at in 0..x.width() {
            let column: Vec<f64> =
                values.iter().skip(at).step_by(x.width().max(1)).copied().collect();
            each(at, Column::F64(&column))?;
        }
        Ok(())
    }

    fn passes_text(&self, x: &Data<'_>) -> bool {
        let Data::Columns(all) = x else { return false };
        let mut pairs = all.iter().zip(&self.columns);
        pairs.any(|(column, encoding)| encoding.is_none() && matches!(column, Column::Text(_)))
    }
}

impl Fit for Encoder {
    fn features(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn dtype(&self) -> DType {
        if self.integers { DType::Int64 } else { DType::Fp64 }
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_any(columns);
    }
}

impl Transformer for Encoder {
    fn width(&self) -> usize {
        self.width
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn form_of(&self, x: &Data<'_>) -> Form {
        if self.passes_text(x) { Form::Columns } else { Form::F64 }
    }

    fn write(&self, x: Data<'_>, mut out: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        let mut start = 0;
        Self::for_each_column(x, |at, column| {
            match &self.columns[at] {
                None => {
                    for row in 0..column.len() {
                        let number = column.number(row).ok_or_else(|| {
                            Rejected::new(format!("column {at} is text, numbers are needed"))
                        })?;
                        out.set(row, start, number);
                    }
                    start += 1;
                }
                Some(encoding) => {
                    for row in 0..column.len() {
                        let values = encoding.row(column, row, at)?;
                        for (part, value) in values.iter().enumerate() {
                            out.set(row, start + part, *value);
                        }
                    }
                    start += encoding.width;
                }
            }
            Ok(())
        })
    }

    fn table(&self, x: Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        let mut table = pool.take_table();
        Self::for_each_column(x, |at, column| {
            let Some(encoding) = &self.columns[at] else {
                table.push_copy(column);
                return Ok(());
            };
            let mut parts = vec![Vec::with_capacity(column.len()); encoding.width];
            for row in 0..column.len() {
                let values = encoding.row(column, row, at)?;
                parts.iter_mut().zip(values).for_each(|(part, value)| part.push(*value));
            }
            for part in parts {
                // Integers stay such beside text.
                table.push(if encoding.integers {
                    TableColumn::I64(part.iter().map(|value| *value as i64).collect())
                } else {
                    TableColumn::F64(part)
                });
            }
            Ok(())
        })?;
        Ok(table)
    }
}
