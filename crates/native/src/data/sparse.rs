//! Sparse rows (CSR), as text vectorisers and wide encoders make them.

/// Sparse rows that a step made. Column indices ascend within a row.
#[derive(Debug, Default)]
pub(crate) struct SparseRows {
    cols: usize,
    ends: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

/// Sparse rows as a step is given them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Csr<'a> {
    cols: usize,
    /// Where each row ends; the first starts at `first`.
    ends: &'a [usize],
    first: usize,
    indices: &'a [u32],
    values: &'a [f64],
}

impl SparseRows {
    pub(crate) fn clear(&mut self, cols: usize) {
        self.cols = cols;
        self.ends.clear();
        self.indices.clear();
        self.values.clear();
    }

    /// Adds an entry to the row being made.
    #[inline]
    pub(crate) fn push(&mut self, col: u32, value: f64) {
        debug_assert!((col as usize) < self.cols, "a column there is");
        self.indices.push(col);
        self.values.push(value);
    }

    /// Ends the row being made.
    #[inline]
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.indices.len());
    }

    /// The values of all entries, to be changed in place.
    pub(crate) fn values_mut(&mut self) -> &mut [f64] {
        &mut self.values
    }

    /// The columns and values of a row, the values to be changed in place.
    pub(crate) fn row_mut(&mut self, row: usize) -> (&[u32], &mut [f64]) {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        let range = start..self.ends[row];
        (&self.indices[range.clone()], &mut self.values[range])
    }

    pub(crate) fn rows(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn view(&self) -> Csr<'_> {
        Csr {
            cols: self.cols,
            ends: &self.ends,
            first: 0,
            indices: &self.indices,
            values: &self.values,
        }
    }
}

impl<'a> Csr<'a> {
    pub(crate) fn rows(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    /// Columns and values of a row's entries.
    #[inline]
    pub(crate) fn row(&self, row: usize) -> (&'a [u32], &'a [f64]) {
        let start = if row == 0 { self.first } else { self.ends[row - 1] };
        (&self.indices[start..self.ends[row]], &self.values[start..self.ends[row]])
    }

    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = (&'a [u32], &'a [f64])> {
        (0..self.rows()).map(move |row| self.row(row))
    }
}
