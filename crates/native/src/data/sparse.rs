//! Sparse rows (CSR), as text vectorisers and wide encoders make them.

/// Sparse rows that a step made. Column indices ascend within a row.
#[derive(Debug, Default)]
pub(crate) struct SparseRows {
    cols: usize,
    /// Whether they are rows of f32: then every value is one.
    single: bool,
    ends: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<f64>,
}

/// Sparse rows as a step is given them.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Csr<'a> {
    cols: usize,
    single: bool,
    /// Where each row ends; the first starts at `first`.
    ends: &'a [usize],
    first: usize,
    indices: &'a [u32],
    values: &'a [f64],
}

impl SparseRows {
    pub(crate) fn clear(&mut self, cols: usize, single: bool) {
        self.cols = cols;
        self.single = single;
        self.ends.clear();
        self.indices.clear();
        self.values.clear();
    }

    /// Adds an entry to the row being made, rounded where the rows are of f32.
    #[inline]
    pub(crate) fn push(&mut self, col: u32, value: f64) {
        debug_assert!((col as usize) < self.cols, "a column there is");
        self.indices.push(col);
        self.values.push(rounded(value, self.single));
    }

    /// Ends the row being made.
    #[inline]
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.indices.len());
    }

    /// Puts what `f` makes of a column and its value in place of every value, rounded where the rows are of f32.
    pub(crate) fn change(&mut self, mut f: impl FnMut(u32, f64) -> f64) {
        for (value, column) in self.values.iter_mut().zip(&self.indices) {
            *value = rounded(f(*column, *value), self.single);
        }
    }

    /// Divides every row by what `norm` finds it to be; one of nothing stays.
    pub(crate) fn divide_by(&mut self, norm: impl Fn(&[f64], bool) -> f64) {
        let mut start = 0;
        for end in &self.ends {
            let values = &mut self.values[start..*end];
            let norm = norm(values, self.single);
            if norm != 0.0 {
                values.iter_mut().for_each(|value| *value = rounded(*value / norm, self.single));
            }
            start = *end;
        }
    }

    /// Whether all values are finite.
    pub(crate) fn are_finite(&self) -> bool {
        self.values.iter().all(|value| value.is_finite())
    }

    /// Takes the rows for f64 from now on.
    pub(crate) fn widen(&mut self) {
        self.single = false;
    }

    pub(crate) fn view(&self) -> Csr<'_> {
        Csr {
            cols: self.cols,
            single: self.single,
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

    /// Whether they are rows of f32.
    pub(crate) fn is_single(&self) -> bool {
        self.single
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

/// The value, or the nearest of f32. A result of one operation on values of f32 is the same rounded from f64:
/// twice the digits and two more are enough.
#[inline]
pub(crate) fn rounded(value: f64, single: bool) -> f64 {
    if single { f64::from(value as f32) } else { value }
}

/// The sum of a row's absolute values.
pub(crate) fn absolutes(row: &[f64]) -> f64 {
    row.iter().fold(0.0, |sum, value| sum + value.abs())
}

/// A row's Euclidean length: the squares of f32 are f32, their sum is f64.
pub(crate) fn length(row: &[f64], single: bool) -> f64 {
    row.iter().fold(0.0, |sum, value| sum + rounded(value * value, single)).sqrt()
}
