//! `SimpleImputer`, and `Imputer` of before 0.22.
//!
//! Source: `sklearn.impute.SimpleImputer.transform` (0.20 to 1.9). Columns that were empty when it was
//! fitted are left out, unless it keeps them. Fitted on objects it gives objects: columns here.

use pelton_pickle::{DTypeKind, Value};

use super::missing::{Missing, indicated};
use crate::data::{
    Column, Columns, Data, Finite, Form, Numbers, Pool, Real, Slot, Table, TableColumn, TextColumn,
    View, ViewMut, among_texts, check_finite, numeric,
};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers =
    &[("sklearn", "SimpleImputer", read), ("sklearn", "Imputer", read_old)];

struct SimpleImputer {
    missing: Missing,
    /// By column, what is put where a value is missing.
    fills: Vec<Fill>,
    /// The columns that are kept, in order.
    kept: Vec<u32>,
    /// The columns for which is told whether they had a value.
    indicated: Vec<u32>,
    /// The columns of text whose gaps are None in Python, which is not NaN and stays.
    gaps_stay: Vec<u32>,
    /// Whether it was fitted on objects.
    objects: bool,
    /// Whether all numbers become floats before anything is looked at.
    floats: bool,
    /// Whether rows are taken as they are: `Imputer` looks for nothing in them.
    unchecked: bool,
    /// Whether the statistics are of a type that f32 rows cannot hold.
    judged: Vec<Judged>,
}

#[derive(Clone, Debug, PartialEq)]
enum Fill {
    Number(f64),
    Text(String),
    Nothing,
}

#[derive(Clone, Debug)]
enum Judged {
    Text(String),
    /// A text that was given, not found.
    Constant(String),
    Numeric,
    Open,
}

/// `Imputer`, until 0.21: of numbers alone.
fn read_old(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if fitted.option("axis").is_some() && fitted.count("axis")? != 0 {
        return Err(fitted.refuse_option("axis=1"));
    }
    let missing = Missing::read(fitted)?;
    if !matches!(missing, Missing::Nan | Missing::Number(_)) {
        return Err(fitted.refuse_option("missing_values that are no number"));
    }
    let fills = fitted.numbers("statistics_")?;
    let kept = (0..).zip(&fills).filter(|(_, fill)| !fill.is_nan()).map(|(at, _)| at).collect();
    Ok(Box::new(Transforms(SimpleImputer {
        missing,
        judged: vec![Judged::Numeric; fills.len()],
        fills: fills.into_iter().map(Fill::Number).collect(),
        kept,
        indicated: Vec::new(),
        gaps_stay: Vec::new(),
        objects: false,
        floats: true,
        unchecked: true,
    })))
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let strategy = fitted.option("strategy").and_then(Value::as_str).unwrap_or("mean");
    if !matches!(strategy, "mean" | "median" | "most_frequent" | "constant") {
        return Err(fitted.refuse_option("a strategy that is a function"));
    }
    let missing = Missing::read(fitted)?;
    let statistics = fitted.attr("statistics_")?;
    let mut fills = fills(fitted, statistics)?;
    let narrow = fitted.option("_fill_dtype").and_then(Value::as_dtype);
    if narrow.is_some_and(|dtype| dtype.kind() == DTypeKind::Float && dtype.size() == 4) {
        for fill in &mut fills {
            if let Fill::Number(number) = fill {
                *number = f64::from(*number as f32);
            }
        }
    }
    let dtype = fitted.option("_fit_dtype").and_then(Value::as_dtype);
    let objects = match dtype {
        Some(dtype) => dtype.kind() == DTypeKind::Object,
        None => statistics.as_array().is_some_and(|a| a.dtype().kind() == DTypeKind::Object),
    };
    // Until 1.8 a constant filled empty columns, whatever the option said.
    let keeps = fitted.flag("keep_empty_features", false)?
        || strategy == "constant" && fitted.version() < Version(1, 8);
    let is_kept = |fill: &Fill| {
        keeps || !matches!(fill, Fill::Nothing) && !matches!(fill, Fill::Number(n) if n.is_nan())
    };
    let kept = (0..).zip(&fills).filter(|(_, fill)| is_kept(fill)).map(|(at, _)| at).collect();
    let indicated = indicated(fitted, fills.len())?;
    let judged = judged(statistics, strategy, fills.len());
    let floats = matches!(strategy, "mean" | "median");
    Ok(Box::new(Transforms(SimpleImputer {
        missing,
        fills,
        kept,
        indicated,
        gaps_stay: Vec::new(),
        objects,
        floats,
        unchecked: false,
        judged,
    })))
}

fn fills(fitted: &Fitted<'_>, statistics: Value<'_>) -> Result<Vec<Fill>, Refusal> {
    let is_object =
        statistics.as_array().is_some_and(|array| array.dtype().kind() == DTypeKind::Object);
    if !is_object && let Ok(numbers) = statistics.to_f64_vec() {
        return Ok(numbers.into_iter().map(Fill::Number).collect());
    }
    let items = statistics.items().map_err(|error| fitted.refuse(error))?;
    items
        .map(|item| {
            if item.is_none() {
                return Ok(Fill::Nothing);
            }
            if let Some(text) = item.as_str() {
                return Ok(Fill::Text(text.to_owned()));
            }
            let number = item.as_f64().or_else(|| item.as_bool().map(|b| f64::from(u8::from(b))));
            number.map(Fill::Number).ok_or_else(|| {
                fitted.refuse_option(format!("{} in place of missing values", item.describe()))
            })
        })
        .collect()
}

/// What each statistic tells about its column.
fn judged(statistics: Value<'_>, strategy: &str, count: usize) -> Vec<Judged> {
    let numeric = matches!(strategy, "mean" | "median");
    let of_number = if numeric { Judged::Numeric } else { Judged::Open };
    let Ok(items) = statistics.items() else { return vec![of_number; count] };
    items
        .map(|item| match item.as_str() {
            Some(text) if strategy == "constant" => Judged::Constant(text.to_owned()),
            Some(text) => Judged::Text(text.to_owned()),
            None if item.as_f64().is_some() => of_number.clone(),
            None => Judged::Open,
        })
        .collect()
}

fn numbers(column: Column<'_>) -> impl Iterator<Item = f64> + '_ {
    (0..column.len()).map(move |row| column.number(row).unwrap_or(f64::NAN))
}

impl SimpleImputer {
    fn fill_into<T: Real>(&self, x: View<'_, T>, mut out: ViewMut<'_, T>) {
        let missing = self.missing.number::<T>();
        let plain = self.kept.len() == x.cols();
        let fills: Vec<T> = self.kept.iter().map(|at| self.number(*at)).collect();
        out.for_each_row(|row, out| {
            let from = x.row(row);
            let (values, flags) = out.split_at_mut(self.kept.len());
            if plain {
                for ((out, value), fill) in values.iter_mut().zip(from).zip(&fills) {
                    *out = if missing.is(*value) { *fill } else { *value };
                }
            } else {
                for ((out, at), fill) in values.iter_mut().zip(&self.kept).zip(&fills) {
                    let value = from[*at as usize];
                    *out = if missing.is(value) { *fill } else { value };
                }
            }
            for (out, at) in flags.iter_mut().zip(&self.indicated) {
                *out = if missing.is(from[*at as usize]) { T::one() } else { T::zero() };
            }
        });
    }

    fn number<T: Real>(&self, at: u32) -> T {
        match self.fills[at as usize] {
            Fill::Number(number) => T::of(number),
            _ => T::nan(),
        }
    }

    fn check(&self, x: Numbers<'_>) -> Result<(), Rejected> {
        if self.unchecked {
            return Ok(());
        }
        check_finite(x, if self.missing.is_nan() { Finite::OrNan } else { Finite::Only })
    }

    fn stays(&self, at: u32, column: Column<'_>) -> bool {
        matches!(column, Column::Text(_)) && self.gaps_stay.contains(&at)
    }

    fn filled(&self, column: Column<'_>, fill: &Fill) -> TableColumn {
        match (column, fill) {
            (Column::Text(texts), Fill::Text(fill)) => self.filled_texts(texts, fill.as_bytes()),
            (Column::Text(texts), Fill::Number(fill)) => {
                self.filled_texts(texts, &among_texts(*fill))
            }
            (Column::Bool(_), _) | (_, Fill::Nothing) => TableColumn::copy_of(column),
            (Column::I64(values), Fill::Number(fill)) if fill.fract() == 0.0 => {
                let missing = self.missing.number::<f64>();
                let of =
                    |value: &i64| if missing.is(*value as f64) { *fill as i64 } else { *value };
                TableColumn::I64(values.iter().map(of).collect())
            }
            (_, Fill::Number(fill)) => {
                let missing = self.missing.number::<f64>();
                let filled = |value| if missing.is(value) { *fill } else { value };
                TableColumn::F64(numbers(column).map(filled).collect())
            }
            (_, Fill::Text(fill)) => {
                let missing = self.missing.number::<f64>();
                if !numbers(column).any(|value| missing.is(value)) {
                    return TableColumn::copy_of(column);
                }
                let fill = Some(fill.as_bytes());
                let values: Vec<_> =
                    numbers(column).map(|value| (value, among_texts(value))).collect();
                TableColumn::of_texts(values.iter().map(|(value, text)| match missing.is(*value) {
                    true => fill,
                    false if value.is_nan() => None,
                    false => Some(&text[..]),
                }))
            }
        }
    }

    fn filled_texts(&self, texts: TextColumn<'_>, fill: &[u8]) -> TableColumn {
        let filled = |text| if self.missing.is_text(text) { Some(fill) } else { text };
        TableColumn::of_texts(texts.iter().map(filled))
    }

    fn columns(&self, x: Columns<'_>, out: &mut Table) -> Result<(), Rejected> {
        for at in &self.kept {
            let column = x.get(*at as usize);
            if let Some(row) = self.missing.refused(column) {
                return Err(Rejected::new(format!("input contains NaN in row {row}")));
            }
            let stays = self.stays(*at, column);
            let fill = if stays { &Fill::Nothing } else { &self.fills[*at as usize] };
            out.push(self.filled(column, fill));
        }
        for at in &self.indicated {
            let column = x.get(*at as usize);
            let flags = if self.stays(*at, column) {
                vec![0; column.len()]
            } else {
                self.missing.flags(column)
            };
            out.push(TableColumn::Bool(flags));
        }
        Ok(())
    }
}

impl Fit for SimpleImputer {
    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }

    fn features(&self) -> Option<usize> {
        Some(self.fills.len())
    }

    fn fed_none(&mut self, column: usize) {
        if self.missing.is_nan() {
            self.gaps_stay.extend(u32::try_from(column));
        }
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        for (column, judged) in columns.iter().zip(&self.judged) {
            match judged {
                Judged::Text(text) => evidence.add_text(*column, text),
                Judged::Constant(text) => evidence.add_constant(*column, text),
                Judged::Numeric => evidence.add_numeric(&[*column]),
                Judged::Open => {}
            }
        }
    }
}

impl Transformer for SimpleImputer {
    fn width(&self) -> usize {
        self.kept.len() + self.indicated.len()
    }

    fn form(&self, input: Form) -> Form {
        if self.objects { Form::Columns } else { input.numeric() }
    }

    fn in_place(&self) -> bool {
        !self.objects && self.indicated.is_empty() && self.kept.len() == self.fills.len()
    }

    fn keeps_columns(&self) -> bool {
        true
    }

    fn apply(&self, rows: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        match rows {
            Slot::F32(rows) => {
                self.check(Numbers::F32(rows.view()))?;
                self.fill_in_place(rows);
            }
            Slot::F64(rows) => {
                self.check(Numbers::F64(rows.view()))?;
                self.fill_in_place(rows);
            }
        }
        Ok(())
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        if !self.floats
            && let Data::Columns(columns) = x
            && columns.iter().all(|column| matches!(column, Column::Bool(_)))
        {
            return Err(Rejected::new("SimpleImputer does not support data with dtype bool"));
        }
        if self.in_place() {
            crate::data::copy_into(x, out.reborrow())?;
            return self.apply(out, pool);
        }
        numeric(x, pool, |x, _| {
            self.check(x)?;
            match (x, out) {
                (Numbers::F32(x), Slot::F32(out)) => self.fill_into(x, out),
                (Numbers::F64(x), Slot::F64(out)) => self.fill_into(x, out),
                _ => unreachable!("rows of the form that was asked for"),
            }
            Ok(())
        })
    }

    fn table(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        let mut out = pool.take_table();
        if let Data::Columns(columns) = x {
            self.columns(*columns, &mut out)?;
            return Ok(out);
        }
        let mut given = pool.take_table();
        super::categories::for_each_column(x, pool, |_, column| {
            given.push_copy(column);
            Ok(())
        })?;
        given.with(|columns| self.columns(columns, &mut out))?;
        pool.give_table(given);
        Ok(out)
    }
}

impl SimpleImputer {
    fn fill_in_place<T: Real>(&self, mut rows: ViewMut<'_, T>) {
        let missing = self.missing.number::<T>();
        rows.for_each_row(|_, row| {
            for (at, value) in row.iter_mut().enumerate() {
                if missing.is(*value) {
                    *value = self.number(at as u32);
                }
            }
        });
    }
}
