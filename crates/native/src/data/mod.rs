//! What flows between the steps of a model: rows of numbers, sparse rows, or named columns.
//!
//! Views borrow; what a step makes comes from the [`Pool`] and goes back there, so that a warm model
//! allocates nothing. Must not know any estimator.

mod check;
mod column;
mod convert;
mod labels;
mod pool;
mod sparse;
mod view;

pub(crate) use check::{Finite, check_finite, check_finite_by};
pub use column::{Column, Span, TextColumn};
pub(crate) use column::{Columns, Table, TableColumn, among_texts, number_among};
pub(crate) use convert::{Numbers, copy_into, numeric};
pub use labels::Labels;
pub(crate) use labels::float_text;
pub(crate) use pool::Pool;
pub(crate) use sparse::{Csr, SparseRows, absolutes, length, rounded};
pub(crate) use view::{Matrix, Real, Slot, View, ViewMut};

/// Rows as a step is given them.
#[derive(Clone, Copy)]
pub(crate) enum Data<'a> {
    F32(View<'a, f32>),
    F64(View<'a, f64>),
    Sparse(Csr<'a>),
    Columns(Columns<'a>),
}

/// The kind of [`Data`], as far as it decides what comes out of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    F32,
    F64,
    Sparse,
    /// Sparse rows of f32.
    Sparse32,
    /// Columns that are f32, all of them but for flags: as numbers they are an f32 matrix.
    Columns32,
    /// Any other columns: as numbers they are an f64 matrix.
    Columns,
}

impl Data<'_> {
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::F32(view) => view.rows(),
            Self::F64(view) => view.rows(),
            Self::Sparse(csr) => csr.rows(),
            Self::Columns(columns) => columns.rows(),
        }
    }

    pub(crate) fn width(&self) -> usize {
        match self {
            Self::F32(view) => view.cols(),
            Self::F64(view) => view.cols(),
            Self::Sparse(csr) => csr.cols(),
            Self::Columns(columns) => columns.len(),
        }
    }

    pub(crate) fn form(&self) -> Form {
        match self {
            Self::F32(_) => Form::F32,
            Self::F64(_) => Form::F64,
            Self::Sparse(csr) if csr.is_single() => Form::Sparse32,
            Self::Sparse(_) => Form::Sparse,
            Self::Columns(columns) if columns.are_single() => Form::Columns32,
            Self::Columns(_) => Form::Columns,
        }
    }
}

impl Form {
    /// The form of the same rows as a dense matrix of numbers.
    pub(crate) fn numeric(self) -> Form {
        match self {
            Self::F32 | Self::Columns32 | Self::Sparse32 => Self::F32,
            Self::F64 | Self::Columns | Self::Sparse => Self::F64,
        }
    }

    /// Whether these are sparse rows.
    pub(crate) fn is_sparse(self) -> bool {
        matches!(self, Self::Sparse | Self::Sparse32)
    }

    /// The form of sparse rows of these numbers.
    pub(crate) fn sparse(self) -> Form {
        if self.numeric() == Self::F32 { Self::Sparse32 } else { Self::Sparse }
    }

    /// What numpy makes of dense blocks side by side.
    pub(crate) fn beside(self, other: Form) -> Form {
        if self == other { self } else { Self::F64 }
    }
}
