//! [`Pool`]: vectors that steps borrow and return, so that a warm model allocates nothing.

use super::{Form, SparseRows, Table};
use crate::trees::Scratch;

/// Things kept of each kind and size; more are dropped when they come back.
const KEPT: usize = 8;

/// Powers of two that sizes are kept apart by.
const SIZES: usize = 32;

/// Room for one run of a model at a time.
#[derive(Default)]
pub(crate) struct Pool {
    f32s: Shelves<f32>,
    f64s: Shelves<f64>,
    u32s: Shelves<u32>,
    sparse: Vec<SparseRows>,
    tables: Vec<Table>,
    /// Room for the tree engines.
    pub(crate) trees: Scratch,
}

/// Vectors by size: one that comes back has nearly the length it is next asked for, so that hardly
/// anything is ever filled with zeros.
struct Shelves<T>([Vec<Vec<T>>; SIZES]);

impl Pool {
    /// A vector of this length; its contents are anything.
    #[inline]
    pub(crate) fn take_f64(&mut self, len: usize) -> Vec<f64> {
        self.f64s.take(len)
    }

    #[inline]
    pub(crate) fn give_f64(&mut self, values: Vec<f64>) {
        self.f64s.give(values);
    }

    /// A vector of this length; its contents are anything.
    #[inline]
    pub(crate) fn take_f32(&mut self, len: usize) -> Vec<f32> {
        self.f32s.take(len)
    }

    #[inline]
    pub(crate) fn give_f32(&mut self, values: Vec<f32>) {
        self.f32s.give(values);
    }

    /// A vector of this length; its contents are anything.
    #[inline]
    pub(crate) fn take_u32(&mut self, len: usize) -> Vec<u32> {
        self.u32s.take(len)
    }

    #[inline]
    pub(crate) fn give_u32(&mut self, values: Vec<u32>) {
        self.u32s.give(values);
    }

    /// Sparse rows without any row.
    /// Sparse rows of this form, none yet.
    pub(crate) fn take_sparse(&mut self, cols: usize, form: Form) -> SparseRows {
        let mut rows = self.sparse.pop().unwrap_or_default();
        rows.clear(cols, form == Form::Sparse32);
        rows
    }

    pub(crate) fn give_sparse(&mut self, rows: SparseRows) {
        keep(&mut self.sparse, rows);
    }

    /// A table without any column.
    pub(crate) fn take_table(&mut self) -> Table {
        let mut table = self.tables.pop().unwrap_or_default();
        table.clear();
        table
    }

    pub(crate) fn give_table(&mut self, table: Table) {
        keep(&mut self.tables, table);
    }
}

impl<T> Default for Shelves<T> {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Vec::new()))
    }
}

impl<T: Copy + Default> Shelves<T> {
    #[inline]
    fn shelf(&mut self, len: usize) -> &mut Vec<Vec<T>> {
        let size = (usize::BITS - len.leading_zeros()) as usize;
        &mut self.0[size.min(SIZES - 1)]
    }

    #[inline]
    fn take(&mut self, len: usize) -> Vec<T> {
        match self.shelf(len).pop() {
            Some(values) if values.len() == len => values,
            other => Self::resized(other.unwrap_or_default(), len),
        }
    }

    #[cold]
    fn resized(mut values: Vec<T>, len: usize) -> Vec<T> {
        values.resize(len, T::default());
        values
    }

    #[inline]
    fn give(&mut self, values: Vec<T>) {
        keep(self.shelf(values.len()), values);
    }
}

#[inline]
fn keep<T>(kept: &mut Vec<T>, value: T) {
    if kept.len() < KEPT {
        kept.push(value);
    }
}
