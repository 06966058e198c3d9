//! Rows of which only some entries are stored, against a dense matrix. Must not know what they mean.
//!
//! Source: `scipy.sparse` (1.17), `csr_matvec` and `csr_matvecs`: a sum runs over the stored entries in
//! their order, product and sum rounded apart, starting at zero.

use super::lanes::Real;

/// Rows in SciPy's CSR form: row `i` has the entries `starts[i]..starts[i + 1]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SparseRows<'a, T> {
    pub(crate) starts: &'a [usize],
    pub(crate) columns: &'a [u32],
    pub(crate) values: &'a [T],
}

impl<'a, T: Real> SparseRows<'a, T> {
    pub(crate) fn count(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// The columns and values of a row.
    pub(crate) fn row(&self, i: usize) -> (&'a [u32], &'a [T]) {
        let entries = self.starts[i]..self.starts[i + 1];
        (&self.columns[entries.clone()], &self.values[entries])
    }

    /// Each row times `matrix` (inputs x outputs, row by row), and `shifts` added last, into `out`.
    pub(crate) fn multiply(&self, matrix: &[T], shifts: &[T], out: &mut [T]) {
        let outputs = shifts.len();
        assert_eq!(out.len(), self.count() * outputs, "a place for every sum");
        for (i, out) in out.chunks_exact_mut(outputs.max(1)).enumerate() {
            out.fill(T::ZERO);
            let (columns, values) = self.row(i);
            for (column, value) in columns.iter().zip(values) {
                let weights = &matrix[*column as usize * outputs..][..outputs];
                for (sum, weight) in out.iter_mut().zip(weights) {
                    *sum = sum.add(value.mul(*weight));
                }
            }
            for (sum, shift) in out.iter_mut().zip(shifts) {
                *sum = sum.add(*shift);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_adds_its_stored_entries_in_their_order() {
        let rows = SparseRows {
            starts: &[0, 3, 3, 4],
            columns: &[2, 0, 2, 1],
            values: &[1e16, 1.0, -1e16, 3.0],
        };
        let mut out = [f64::NAN; 6];
        rows.multiply(&[1.0, 2.0, 0.5, f64::INFINITY, 1.0, 1.0], &[0.25, -1.0], &mut out);
        // 1e16 + 1 - 1e16 is 0, as one is lost; 1e16 + 2 - 1e16 is 2.
        assert_eq!(out, [0.25, 1.0, 0.25, -1.0, 1.75, f64::INFINITY]);
    }
}
