//! Encoders of the library `category_encoders`: `OrdinalEncoder`, `OneHotEncoder`, `BinaryEncoder`, `TargetEncoder`.
//!
//! Source: `category_encoders` 2.6 to 2.11: a column's values become codes (-1 unknown, -2 missing), and
//! a code becomes a row of numbers. Columns that are not encoded are passed on.

use std::collections::HashMap;

use pelton_core::DType;
use pelton_pickle::Value;

use super::categories::{Categories, for_each_column};
use super::infrequent::unknown_text;
use super::pandas::{frame, series};
use crate::data::{Column, Columns, Data, Form, Pool, Real, Slot, Table, TableColumn, ViewMut};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[
    ("category_encoders", "OrdinalEncoder", read),
    ("category_encoders", "OneHotEncoder", read),
    ("category_encoders", "BinaryEncoder", read),
    ("category_encoders", "TargetEncoder", read),
];

const UNKNOWN: f64 = -1.0;
const MISSING: f64 = -2.0;

struct Encoder {
    parts: Vec<Part>,
    width: usize,
    dtype: DType,
}

/// What becomes of one column.
enum Part {
    Kept,
    Encoded(Box<Encoded>),
}

struct Encoded {
    categories: Categories,
    /// A row of numbers for every category, and last for an unknown value; `None` where it is refused.
    rows: Vec<Option<Vec<f64>>>,
    /// The same for a missing value.
    missing: Option<Vec<f64>>,
    width: usize,
}

/// The options on values that were not seen.
struct Policy<'p> {
    unknown: &'p str,
    missing: &'p str,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    for name in ["min_group_size", "composite_cols", "hierarchy"] {
        if fitted.option(name).is_some() {
            return Err(fitted.refuse_option(name));
        }
    }
    if fitted.flag("drop_invariant", false)? {
        return Err(fitted.refuse_option("drop_invariant"));
    }
    let names = match fitted.option("feature_names_in_").or(fitted.option("feature_names")) {
        Some(names) => names.to_strings().map_err(|error| fitted.refuse(error))?,
        None => return Err(fitted.refuse("it does not tell the names of its columns")),
    };
    let ordinal = match fitted.option("ordinal_encoder") {
        Some(inner) => fitted.with(inner),
        None => *fitted,
    };
    let listed = ordinal.attr("mapping")?;
    let mut parts: Vec<Part> = names.iter().map(|_| Part::Kept).collect();
    for switch in listed.items().map_err(|error| fitted.refuse(error))? {
        let column = switch.get("col").and_then(Value::as_str).unwrap_or_default();
        let Some(at) = names.iter().position(|name| name == column) else {
            return Err(
                fitted.refuse(format!("it encodes the column '{column}', which it is not given"))
            );
        };
        let mapping = switch.get("mapping");
        let known = mapping.and_then(series);
        let Some((index, codes)) = known else {
            return Err(fitted.refuse_option(format!("its mapping of column '{column}'")));
        };
        parts[at] = Part::Encoded(Box::new(encoded(fitted, &ordinal, column, index, &codes)?));
    }
    let width = parts.iter().map(Part::width).sum();
    // pandas keeps integers where no column has gaps or fractions.
    // Codes were floats once, before unknown ones were filled in.
    let codes = fitted.class() == "OrdinalEncoder";
    let whole = fitted.class() != "TargetEncoder" && parts.iter().all(|part| part.is_whole(codes));
    let dtype = if whole { DType::Int64 } else { DType::Fp64 };
    Ok(Box::new(Transforms(Encoder { parts, width, dtype })))
}

fn encoded(
    fitted: &Fitted<'_>,
    ordinal: &Fitted<'_>,
    column: &str,
    index: Value<'_>,
    codes: &[f64],
) -> Result<Encoded, Refusal> {
    let categories = Categories::read(fitted, index)?;
    if categories.len() != codes.len() {
        return Err(fitted.refuse(format!("column '{column}' has other codes than categories")));
    }
    let (outer, inner) = (policy(fitted)?, policy(ordinal)?);
    let rows_of = rows(fitted, column)?;
    let row = |code: f64| match &rows_of {
        None => Some(vec![code]),
        Some((index, rows, width)) => {
            // Frames have no row for NaN: it is looked up as what is missing.
            let code = if code.is_nan() { MISSING } else { code };
            let at = index.get(&code.to_bits());
            Some(at.map_or_else(|| vec![f64::NAN; *width], |at| rows[*at].clone()))
        }
    };
    let of_code = |code: f64| {
        let gap = code.total_cmp(&MISSING).is_eq();
        row(if gap && inner.missing == "return_nan" { f64::NAN } else { code })
    };
    let unknown = match (outer.unknown, inner.unknown) {
        ("error", _) | (_, "error") => None,
        (_, "return_nan") => row(f64::NAN),
        _ => row(UNKNOWN),
    };
    let mut rows: Vec<Option<Vec<f64>>> = codes.iter().map(|code| of_code(*code)).collect();
    let missing = match categories.missing_number() {
        _ if outer.missing == "error" => None,
        Some(at) => rows[at].clone(),
        None => unknown.clone(),
    };
    rows.push(unknown);
    let width = rows_of.as_ref().map_or(1, |(_, _, width)| *width);
    Ok(Encoded { categories, rows, missing, width })
}

fn policy<'p>(fitted: &Fitted<'p>) -> Result<Policy<'p>, Refusal> {
    let read = |name: &str| {
        let text = fitted.option(name).map_or(Some("value"), Value::as_str);
        fitted.wanted(name, text, "a text")
    };
    let (unknown, missing) = (read("handle_unknown")?, read("handle_missing")?);
    for option in [unknown, missing] {
        if !matches!(option, "value" | "error" | "return_nan" | "indicator") {
            return Err(
                fitted.refuse_option(format!("handle_unknown or handle_missing '{option}'"))
            );
        }
    }
    Ok(Policy { unknown, missing })
}

/// The places of codes by their bits, a row of numbers at each, and their length.
type Rows = (HashMap<u64, usize>, Vec<Vec<f64>>, usize);

/// The rows that codes of a column become; `None` where codes are the answer.
fn rows(fitted: &Fitted<'_>, column: &str) -> Result<Option<Rows>, Refusal> {
    let refusal = || fitted.refuse_option(format!("its mapping of column '{column}'"));
    let mapping = fitted.attr("mapping")?;
    match fitted.class() {
        "OrdinalEncoder" => Ok(None),
        "TargetEncoder" => {
            let (index, values) = mapping.get(column).and_then(series).ok_or_else(refusal)?;
            let index = index.to_f64_vec().map_err(|_| refusal())?;
            if index.len() != values.len() {
                return Err(refusal());
            }
            Ok(Some((places(&index), values.into_iter().map(|value| vec![value]).collect(), 1)))
        }
        _ => {
            let items = mapping.items().map_err(|_| refusal())?;
            let is_column =
                |switch: &Value<'_>| switch.get("col").and_then(Value::as_str) == Some(column);
            let switch = items.into_iter().find(is_column).and_then(|one| one.get("mapping"));
            let (index, rows) = switch.and_then(frame).ok_or_else(refusal)?;
            let width = rows.first().map_or(0, Vec::len);
            Ok(Some((places(&index), rows, width)))
        }
    }
}

fn places(index: &[f64]) -> HashMap<u64, usize> {
    index.iter().enumerate().map(|(at, code)| (code.to_bits(), at)).collect()
}

impl Part {
    /// Whether it gives integers whatever it is given.
    fn is_whole(&self, codes: bool) -> bool {
        let Self::Encoded(encoded) = self else { return false };
        if codes && encoded.rows.last().is_some_and(Option::is_some) {
            return false;
        }
        let rows = encoded.rows.iter().chain([&encoded.missing]).flatten();
        rows.flatten().all(|value| value.fract() == 0.0)
    }

    fn width(&self) -> usize {
        match self {
            Self::Kept => 1,
            Self::Encoded(encoded) => encoded.width,
        }
    }
}

impl Encoded {
    /// The numbers of a row's value.
    fn row(
        &self,
        column: Column<'_>,
        row: usize,
        number: u32,
        at: usize,
    ) -> Result<&[f64], Rejected> {
        let gap = match column {
            Column::Text(texts) => texts.get(row).is_none(),
            _ => column.number(row).is_some_and(f64::is_nan),
        };
        let found = if gap { &self.missing } else { &self.rows[number as usize] };
        found.as_deref().ok_or_else(|| unknown_text(column, row, at))
    }
}

impl Encoder {
    fn fill<T: Real>(
        &self,
        x: &Data<'_>,
        mut out: ViewMut<'_, T>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let mut start = 0;
        for_each_column(x, pool, |at, column| {
            match &self.parts[at] {
                Part::Kept => {
                    for row in 0..column.len() {
                        let Some(number) = column.number(row) else {
                            return Err(Rejected::new(format!("column {at} is text, not numbers")));
                        };
                        out.set(row, start, T::of(number));
                    }
                }
                Part::Encoded(encoded) => encoded.categories.find(column, |row, number| {
                    for (part, value) in encoded.row(column, row, number, at)?.iter().enumerate() {
                        out.set(row, start + part, T::of(*value));
                    }
                    Ok(())
                })?,
            }
            start += self.parts[at].width();
            Ok(())
        })
    }

    fn columns(&self, x: Columns<'_>, out: &mut Table) -> Result<(), Rejected> {
        for (at, (column, part)) in x.iter().zip(&self.parts).enumerate() {
            let Part::Encoded(encoded) = part else {
                out.push_copy(column);
                continue;
            };
            let mut made = vec![vec![0.0; x.rows()]; encoded.width];
            encoded.categories.find(column, |row, number| {
                for (made, value) in made.iter_mut().zip(encoded.row(column, row, number, at)?) {
                    made[row] = *value;
                }
                Ok(())
            })?;
            made.into_iter().for_each(|values| out.push(TableColumn::F64(values)));
        }
        Ok(())
    }
}

impl Fit for Encoder {
    fn features(&self) -> Option<usize> {
        Some(self.parts.len())
    }

    fn dtype(&self) -> DType {
        self.dtype
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
        let text = |(column, part): (Column<'_>, &Part)| {
            matches!((column, part), (Column::Text(_), Part::Kept))
        };
        match x {
            Data::Columns(columns) if columns.iter().zip(&self.parts).any(text) => Form::Columns,
            _ => Form::F64,
        }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        match out {
            Slot::F32(out) => self.fill(x, out, pool),
            Slot::F64(out) => self.fill(x, out, pool),
        }
    }

    fn table(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        let mut out = pool.take_table();
        if let Data::Columns(columns) = x {
            self.columns(*columns, &mut out)?;
        }
        Ok(out)
    }
}
