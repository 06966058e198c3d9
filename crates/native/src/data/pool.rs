//! [`Pool`]: vectors that steps borrow and return, so that a warm model allocates nothing.

use super::{SparseRows, Table};
use crate::trees::Scratch;

/// Vectors kept of each kind; more are dropped when they come back.
const KEPT: usize = 16;

/// Room for one run of a model at a time.
#[derive(Default)]
pub(crate) struct Pool {
    f32s: Vec<Vec<f32>>,
    f64s: Vec<Vec<f64>>,
    u32s: Vec<Vec<u32>>,
    sparse: Vec<SparseRows>,
    tables: Vec<Table>,
    /// Room for the tree engines.
    pub(crate) trees: Scratch,
}

impl Pool {
    /// A vector of this length; its contents are anything.
    pub(crate) fn take_f64(&mut self, len: usize) -> Vec<f64> {
        sized(self.f64s.pop(), len)
    }

    pub(crate) fn give_f64(&mut self, values: Vec<f64>) {
        keep(&mut self.f64s, values);
    }

    /// A vector of this length; its contents are anything.
    pub(crate) fn take_f32(&mut self, len: usize) -> Vec<f32> {
        sized(self.f32s.pop(), len)
    }

    pub(crate) fn give_f32(&mut self, values: Vec<f32>) {
        keep(&mut self.f32s, values);
    }

    /// A vector of this length; its contents are anything.
    pub(crate) fn take_u32(&mut self, len: usize) -> Vec<u32> {
        sized(self.u32s.pop(), len)
    }

    pub(crate) fn give_u32(&mut self, values: Vec<u32>) {
        keep(&mut self.u32s, values);
    }

    /// Sparse rows without any row.
    pub(crate) fn take_sparse(&mut self, cols: usize) -> SparseRows {
        let mut rows = self.sparse.pop().unwrap_or_default();
        rows.clear(cols);
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

fn sized<T: Copy + Default>(kept: Option<Vec<T>>, len: usize) -> Vec<T> {
    let mut values = kept.unwrap_or_default();
    if values.len() > len {
        values.truncate(len);
    } else {
        values.resize(len, T::default());
    }
    values
}

fn keep<T>(kept: &mut Vec<T>, value: T) {
    if kept.len() < KEPT {
        kept.push(value);
    }
}
