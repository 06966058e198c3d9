//! Rows of any form as dense numbers, as scikit-learn's input check makes them.

use super::{Column, Columns, Csr, Data, Form, Matrix, Pool, Real, Slot, View, ViewMut};
use crate::rejected::Rejected;

/// Dense rows of either type.
#[derive(Clone, Copy)]
pub(crate) enum Numbers<'a> {
    F32(View<'a, f32>),
    F64(View<'a, f64>),
}

impl<'a> Numbers<'a> {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::F32(view) => view.rows(),
            Self::F64(view) => view.rows(),
        }
    }

    pub(crate) fn cols(&self) -> usize {
        match self {
            Self::F32(view) => view.cols(),
            Self::F64(view) => view.cols(),
        }
    }

    pub(crate) fn data(self) -> Data<'a> {
        match self {
            Self::F32(view) => Data::F32(view),
            Self::F64(view) => Data::F64(view),
        }
    }
}

/// Calls `f` with the rows as dense numbers; columns and sparse rows are laid out in the pool's
/// room, f32 columns as f32 and everything else as f64.
#[inline]
pub(crate) fn numeric<R>(
    x: &Data<'_>,
    pool: &mut Pool,
    f: impl FnOnce(Numbers<'_>, &mut Pool) -> Result<R, Rejected>,
) -> Result<R, Rejected> {
    match x {
        Data::F32(view) => f(Numbers::F32(*view), pool),
        Data::F64(view) => f(Numbers::F64(*view), pool),
        _ if x.form().numeric() == Form::F32 => {
            let mut matrix = Matrix::<f32>::take(pool, x.rows(), x.width());
            copy_into(x, matrix.slot())?;
            let result = f(Numbers::F32(matrix.view()), pool);
            matrix.give(pool);
            result
        }
        _ => {
            let mut matrix = Matrix::<f64>::take(pool, x.rows(), x.width());
            copy_into(x, matrix.slot())?;
            let result = f(Numbers::F64(matrix.view()), pool);
            matrix.give(pool);
            result
        }
    }
}

/// Lays the rows out in a place of their own width.
///
/// # Errors
/// A column is text.
pub(crate) fn copy_into(x: &Data<'_>, out: Slot<'_>) -> Result<(), Rejected> {
    match out {
        Slot::F32(out) => copy(x, out),
        Slot::F64(out) => copy(x, out),
    }
}

fn copy<T: Real>(x: &Data<'_>, out: ViewMut<'_, T>) -> Result<(), Rejected> {
    assert_eq!((x.rows(), x.width()), (out.rows(), out.cols()), "rows against their place");
    match x {
        Data::F32(view) => copy_rows(*view, out),
        Data::F64(view) => copy_rows(*view, out),
        Data::Sparse(csr) => copy_sparse(*csr, out),
        Data::Columns(columns) => return copy_columns(*columns, out),
    }
    Ok(())
}

fn copy_rows<S: Real, T: Real>(from: View<'_, S>, mut out: ViewMut<'_, T>) {
    out.for_each_row(|row, out| {
        for (out, value) in out.iter_mut().zip(from.row(row)) {
            *out = T::of((*value).into());
        }
    });
}

fn copy_sparse<T: Real>(from: Csr<'_>, mut out: ViewMut<'_, T>) {
    out.for_each_row(|row, out| {
        out.fill(T::zero());
        let (columns, values) = from.row(row);
        for (column, value) in columns.iter().zip(values) {
            out[*column as usize] = T::of(*value);
        }
    });
}

fn copy_columns<T: Real>(from: Columns<'_>, mut out: ViewMut<'_, T>) -> Result<(), Rejected> {
    for (col, column) in from.iter().enumerate() {
        match column {
            Column::F64(values) => copy_column(values, col, &mut out, T::of),
            Column::F32(values) => copy_column(values, col, &mut out, |v| T::of(f64::from(v))),
            Column::I64(values) => copy_column(values, col, &mut out, |v| T::of(v as f64)),
            Column::Bool(values) => copy_column(values, col, &mut out, |v| T::of(f64::from(v))),
            Column::Text(texts) => {
                let text = texts.iter().flatten().next().unwrap_or_default();
                return Err(Rejected::new(format!(
                    "could not convert string to float: '{}'",
                    String::from_utf8_lossy(text)
                )));
            }
        }
    }
    Ok(())
}

fn copy_column<S: Copy, T: Real>(
    values: &[S],
    col: usize,
    out: &mut ViewMut<'_, T>,
    of: impl Fn(S) -> T,
) {
    for (row, value) in values.iter().enumerate() {
        out.set(row, col, of(*value));
    }
}
