//! Rows through an encoder that was read: a column's values become codes, and a code its row of numbers.
//!
//! Must not read files.

use pelton_core::DType;

use super::super::categories::for_each_column;
use super::super::infrequent::unknown_text;
use super::{Encoded, Encoder, Part};
use crate::data::{Column, Columns, Data, Form, Pool, Real, Slot, Table, TableColumn, ViewMut};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::sklearn::transforms::{Fit, Transforms};

impl Part {
    /// Whether it gives integers whatever it is given.
    pub(in crate::sklearn::preprocessing) fn is_whole(&self, codes: bool) -> bool {
        let Self::Encoded(encoded) = self else { return false };
        if codes && encoded.rows.last().is_some_and(Option::is_some) {
            return false;
        }
        let rows = encoded.rows.iter().chain([&encoded.missing]).flatten();
        rows.flatten().all(|value| value.fract() == 0.0)
    }

    pub(super) fn width(&self) -> usize {
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
    /// An encoder with one part for each column.
    pub(in crate::sklearn::preprocessing) fn of(
        parts: Vec<Part>,
        dtype: DType,
    ) -> Box<dyn Estimator> {
        let width = parts.iter().map(Part::width).sum();
        Self { parts, intercept: false, integers: false, width, dtype }.boxed()
    }

    pub(super) fn boxed(self) -> Box<dyn Estimator> {
        Box::new(Transforms(self))
    }

    fn fill<T: Real>(
        &self,
        x: &Data<'_>,
        mut out: ViewMut<'_, T>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if self.intercept {
            (0..x.rows()).for_each(|row| out.set(row, 0, T::one()));
        }
        let mut start = usize::from(self.intercept);
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
        if self.intercept {
            out.push(TableColumn::I64(vec![1; x.rows()]));
        }
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
            let integers = self.integers && part.is_whole(false);
            for values in made {
                out.push(if integers {
                    TableColumn::I64(values.into_iter().map(|value| value as i64).collect())
                } else {
                    TableColumn::F64(values)
                });
            }
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
