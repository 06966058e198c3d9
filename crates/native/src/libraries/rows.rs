//! [`Preparation`]: from rows of any form to the dense rows a booster takes, missing values and
//! categories put as its library does.
//!
//! Must not know how a booster answers.

use std::cmp::Ordering;

use super::categories::Codes;
use super::features::Features;
use crate::data::{
    Column, Data, Finite, Matrix, Numbers, Pool, Real, View, check_finite, copy_into, numeric,
};
use crate::estimator::Rejected;
use crate::trees::Rows;

/// What is done to rows before a booster sees them.
#[derive(Default)]
pub(super) struct Preparation {
    /// A number that stands for a missing value, beside NaN or in its place.
    pub(super) missing: Option<Missing>,
    /// Whether what sparse rows do not have is missing (XGBoost) instead of zero.
    pub(super) absent_is_missing: bool,
    /// Whether rows are sparse in Python, so that zeros of dense ones are not there.
    pub(super) sparse_in_python: bool,
    /// Whether infinities are refused (XGBoost's `DMatrix`).
    pub(super) finite: bool,
    /// By column, its categories; empty where no column has any.
    pub(super) codes: Vec<Option<Codes>>,
    /// CatBoost's features.
    pub(super) features: Option<Features>,
}

/// A number that stands for a missing value.
#[derive(Clone, Copy)]
pub(super) struct Missing {
    pub(super) value: f32,
    /// Whether dense rows with NaN are refused.
    pub(super) alone: bool,
    /// Whether it stands for one in rows that are sparse in Python, too.
    pub(super) of_sparse: bool,
}

impl Preparation {
    /// Columns of a row, where the booster sees more.
    pub(super) fn n_columns(&self) -> Option<usize> {
        self.features.as_ref().map(Features::n_columns)
    }

    /// Columns whose values are categories whatever they are: text, or whole numbers.
    pub(super) fn categorical(&self) -> &[usize] {
        self.features.as_ref().map_or(&[], Features::categorical)
    }

    /// Columns of text categories, with one of them.
    pub(super) fn examples(&self) -> impl Iterator<Item = (usize, &str)> {
        let codes = self.codes.iter().enumerate();
        codes.filter_map(|(column, codes)| Some((column, codes.as_ref()?.example()?)))
    }

    /// Calls `f` with the rows.
    ///
    /// # Errors
    /// A row has a value that the library refuses.
    pub(super) fn with_rows(
        &self,
        x: &Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(Rows<'_>, &mut Pool),
    ) -> Result<(), Rejected> {
        if let Some(features) = self.features.as_ref().filter(|features| features.must_see(x)) {
            return features.with_rows(x, pool, f);
        }
        if !self.codes.is_empty() {
            let mut matrix = Matrix::take(pool, x.rows(), x.width());
            self.encode(x, &mut matrix)?;
            self.blank(&mut matrix.values);
            return self.finish(matrix, pool, f);
        }
        // Entries that are there and zero are zero; what is not there is missing.
        if let (Data::Sparse(csr), true) = (x, self.absent_is_missing) {
            let mut matrix = Matrix::<f64>::take(pool, x.rows(), x.width());
            matrix.values.fill(f64::NAN);
            let width = x.width();
            for (row, (columns, values)) in csr.iter().enumerate() {
                for (column, value) in columns.iter().zip(values) {
                    matrix.values[row * width + *column as usize] = *value;
                }
            }
            self.blank_missing(&mut matrix.values, true);
            return self.finish(matrix, pool, f);
        }
        numeric(x, pool, |numbers, pool| match numbers {
            Numbers::F32(view) => {
                self.dense(view, |v, cols, rows| Rows::f32(v, cols, rows), pool, f)
            }
            Numbers::F64(view) => {
                self.dense(view, |v, cols, rows| Rows::f64(v, cols, rows), pool, f)
            }
        })
    }

    fn dense<T: Real>(
        &self,
        view: View<'_, T>,
        rows: impl for<'r> Fn(&'r [T], usize, usize) -> Rows<'r>,
        pool: &mut Pool,
        f: impl FnOnce(Rows<'_>, &mut Pool),
    ) -> Result<(), Rejected> {
        let is_gap = |value: &T| Into::<f64>::into(*value).is_nan();
        let alone = self.missing.is_some_and(|missing| missing.alone) && !self.sparse_in_python;
        if alone && view.iter().any(|row| row.iter().any(is_gap)) {
            let why = "input contains NaN, and the model was told that another value is missing";
            return Err(Rejected::new(why));
        }
        if let (Some(values), false) = (view.as_slice(), self.blanks()) {
            self.check(&T::data(view))?;
            f(rows(values, view.cols(), view.rows()), pool);
            return Ok(());
        }
        let mut matrix = Matrix::<T>::take(pool, view.rows(), view.cols());
        copy_into(&T::data(view), matrix.slot())?;
        self.blank(&mut matrix.values);
        self.check(&matrix.data())?;
        f(rows(&matrix.values, view.cols(), view.rows()), pool);
        matrix.give(pool);
        Ok(())
    }

    fn finish(
        &self,
        matrix: Matrix<f64>,
        pool: &mut Pool,
        f: impl FnOnce(Rows<'_>, &mut Pool),
    ) -> Result<(), Rejected> {
        self.check(&matrix.data())?;
        let (rows, cols) = (matrix.view().rows(), matrix.view().cols());
        f(Rows::f64(&matrix.values, cols, rows), pool);
        matrix.give(pool);
        Ok(())
    }

    fn blanks(&self) -> bool {
        self.missing.is_some() || self.zero_is_absent()
    }

    fn zero_is_absent(&self) -> bool {
        self.absent_is_missing && self.sparse_in_python
    }

    /// Puts NaN where there is no value.
    fn blank<T: Real>(&self, values: &mut [T]) {
        if self.zero_is_absent() {
            values.iter_mut().filter(|value| value.is_zero()).for_each(|value| *value = T::nan());
        }
        self.blank_missing(values, self.sparse_in_python);
    }

    /// Puts NaN where the value is the one that stands for a missing one.
    fn blank_missing<T: Real>(&self, values: &mut [T], are_sparse: bool) {
        let Some(missing) = self.missing.filter(|missing| missing.of_sparse || !are_sparse) else {
            return;
        };
        for value in values {
            let wide: f64 = (*value).into();
            if (wide as f32).partial_cmp(&missing.value) == Some(Ordering::Equal) {
                *value = T::nan();
            }
        }
    }

    fn check(&self, x: &Data<'_>) -> Result<(), Rejected> {
        match x {
            Data::F32(view) if self.finite => check_finite(Numbers::F32(*view), Finite::OrNan),
            Data::F64(view) if self.finite => check_finite(Numbers::F64(*view), Finite::OrNanAsF32),
            _ => Ok(()),
        }
    }

    /// Codes where a column has categories, numbers elsewhere.
    fn encode(&self, x: &Data<'_>, matrix: &mut Matrix<f64>) -> Result<(), Rejected> {
        let Data::Columns(columns) = x else {
            copy_into(x, matrix.slot())?;
            return self.encode_numbers(matrix);
        };
        let width = columns.len();
        for (at, (column, codes)) in columns.iter().zip(&self.codes).enumerate() {
            for row in 0..columns.rows() {
                matrix.values[row * width + at] = match (codes, column.number(row)) {
                    (Some(codes), _) => codes.code(column, row)?,
                    (None, Some(number)) => number,
                    (None, None) => return Err(no_number(column, row)),
                };
            }
        }
        Ok(())
    }

    fn encode_numbers(&self, matrix: &mut Matrix<f64>) -> Result<(), Rejected> {
        for row in matrix.values.chunks_exact_mut(self.codes.len()) {
            for (value, codes) in row.iter_mut().zip(&self.codes) {
                if let Some(codes) = codes {
                    *value = codes.code(Column::F64(std::slice::from_ref(value)), 0)?;
                }
            }
        }
        Ok(())
    }
}

fn no_number(column: Column<'_>, row: usize) -> Rejected {
    let text = match column {
        Column::Text(texts) => texts.get(row).unwrap_or_default(),
        _ => &[],
    };
    Rejected::new(format!("could not convert string to float: '{}'", String::from_utf8_lossy(text)))
}
