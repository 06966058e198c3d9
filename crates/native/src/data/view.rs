//! Dense rows of f32 or f64: borrowed ([`View`], [`ViewMut`]), owned ([`Matrix`]), of either type
//! ([`Slot`]).

use num_traits::Float;

use super::{Data, Numbers, Pool};
use crate::math::{Rows, RowsMut};

/// The element types of dense rows.
pub(crate) trait Real: Float + Default + Send + Sync + Into<f64> + 'static {
    /// The nearest value of this type.
    fn of(value: f64) -> Self;
    /// A vector of this length from the pool; its contents are anything.
    fn take(pool: &mut Pool, len: usize) -> Vec<Self>;
    /// Returns one to the pool.
    fn give(pool: &mut Pool, values: Vec<Self>);
    /// Rows of this type as data.
    fn data(view: View<'_, Self>) -> Data<'_>;
    /// Rows of this type as numbers.
    fn numbers(view: View<'_, Self>) -> Numbers<'_>;
    /// A place for rows of this type.
    fn slot(view: ViewMut<'_, Self>) -> Slot<'_>;
}

/// Rows of `cols` values each, `stride` apart.
#[derive(Clone, Copy)]
pub(crate) struct View<'a, T> {
    values: &'a [T],
    rows: usize,
    cols: usize,
    stride: usize,
}

/// A place for rows of `cols` values each, `stride` apart.
pub(crate) struct ViewMut<'a, T> {
    values: &'a mut [T],
    rows: usize,
    cols: usize,
    stride: usize,
}

/// Rows that are owned, without gaps.
pub(crate) struct Matrix<T> {
    pub(crate) values: Vec<T>,
    rows: usize,
    cols: usize,
}

/// A place for dense rows of either type.
pub(crate) enum Slot<'a> {
    F32(ViewMut<'a, f32>),
    F64(ViewMut<'a, f64>),
}

macro_rules! real {
    ($real:ident, $form:ident, $take:ident, $give:ident) => {
        impl Real for $real {
            #[inline]
            fn of(value: f64) -> Self {
                value as Self
            }
            fn take(pool: &mut Pool, len: usize) -> Vec<Self> {
                pool.$take(len)
            }
            fn give(pool: &mut Pool, values: Vec<Self>) {
                pool.$give(values);
            }
            #[inline]
            fn data(view: View<'_, Self>) -> Data<'_> {
                Data::$form(view)
            }
            fn numbers(view: View<'_, Self>) -> Numbers<'_> {
                Numbers::$form(view)
            }
            #[inline]
            fn slot(view: ViewMut<'_, Self>) -> Slot<'_> {
                Slot::$form(view)
            }
        }
    };
}

real!(f32, F32, take_f32, give_f32);
real!(f64, F64, take_f64, give_f64);

impl<'a, T: Copy> View<'a, T> {
    /// Rows without gaps.
    ///
    /// # Panics
    /// `values` is not `rows` times `cols` values.
    #[inline]
    pub(crate) fn new(values: &'a [T], rows: usize, cols: usize) -> Self {
        assert_eq!(Some(values.len()), rows.checked_mul(cols), "values against rows x columns");
        Self { values, rows, cols, stride: cols }
    }

    #[inline]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    #[inline]
    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    #[inline]
    pub(crate) fn row(&self, index: usize) -> &'a [T] {
        &self.values[index * self.stride..][..self.cols]
    }

    #[inline]
    pub(crate) fn iter(self) -> impl ExactSizeIterator<Item = &'a [T]> {
        (0..self.rows).map(move |row| self.row(row))
    }

    /// All values in a row, where there are no gaps.
    pub(crate) fn as_slice(&self) -> Option<&'a [T]> {
        (self.stride == self.cols).then(|| &self.values[..self.rows * self.cols])
    }

    /// The rows as the kernels take them.
    #[inline]
    pub(crate) fn as_rows(&self) -> Rows<'a, T> {
        Rows { values: self.values, count: self.rows, stride: self.stride }
    }

    /// The columns `start..end`, nothing copied.
    #[inline]
    pub(crate) fn columns(&self, start: usize, end: usize) -> Self {
        assert!(start <= end && end <= self.cols, "columns within the view");
        let values = if self.rows == 0 { &[] } else { &self.values[start..] };
        Self { values, rows: self.rows, cols: end - start, stride: self.stride }
    }

    /// The rows `start..end`, nothing copied.
    pub(crate) fn slice_rows(&self, start: usize, end: usize) -> Self {
        assert!(start <= end && end <= self.rows, "rows within the view");
        let values = if start == end { &[] } else { &self.values[start * self.stride..] };
        Self { values, rows: end - start, ..*self }
    }
}

impl<T: Copy> ViewMut<'_, T> {
    #[inline]
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    #[inline]
    pub(crate) fn cols(&self) -> usize {
        self.cols
    }

    #[inline]
    pub(crate) fn row_mut(&mut self, index: usize) -> &mut [T] {
        &mut self.values[index * self.stride..][..self.cols]
    }

    #[inline]
    pub(crate) fn set(&mut self, row: usize, col: usize, value: T) {
        self.row_mut(row)[col] = value;
    }

    /// Calls `each` with every row in turn.
    #[inline]
    pub(crate) fn for_each_row(&mut self, mut each: impl FnMut(usize, &mut [T])) {
        for row in 0..self.rows {
            each(row, self.row_mut(row));
        }
    }

    /// The place as the kernels take it.
    #[inline]
    pub(crate) fn as_rows_mut(&mut self) -> RowsMut<'_, T> {
        RowsMut { values: self.values, count: self.rows, stride: self.stride }
    }

    /// The same place, for reading.
    #[inline]
    pub(crate) fn view(&self) -> View<'_, T> {
        View { values: self.values, rows: self.rows, cols: self.cols, stride: self.stride }
    }

    /// The same place, lent out.
    #[inline]
    pub(crate) fn reborrow(&mut self) -> ViewMut<'_, T> {
        ViewMut { values: self.values, rows: self.rows, cols: self.cols, stride: self.stride }
    }

    /// The columns `start..end` of the place.
    #[inline]
    pub(crate) fn columns(&mut self, start: usize, end: usize) -> ViewMut<'_, T> {
        assert!(start <= end && end <= self.cols, "columns within the place");
        let values = if self.rows == 0 { &mut [] } else { &mut self.values[start..] };
        ViewMut { values, rows: self.rows, cols: end - start, stride: self.stride }
    }
}

impl<T: Real> Matrix<T> {
    /// A matrix from the pool; its contents are anything.
    #[inline]
    pub(crate) fn take(pool: &mut Pool, rows: usize, cols: usize) -> Self {
        Self { values: T::take(pool, rows * cols), rows, cols }
    }

    /// Returns it to the pool.
    #[inline]
    pub(crate) fn give(self, pool: &mut Pool) {
        T::give(pool, self.values);
    }

    #[inline]
    pub(crate) fn view(&self) -> View<'_, T> {
        View { values: &self.values, rows: self.rows, cols: self.cols, stride: self.cols }
    }

    #[inline]
    pub(crate) fn view_mut(&mut self) -> ViewMut<'_, T> {
        ViewMut { values: &mut self.values, rows: self.rows, cols: self.cols, stride: self.cols }
    }

    /// The rows as data.
    #[inline]
    pub(crate) fn data(&self) -> Data<'_> {
        T::data(self.view())
    }

    /// The matrix as a place for rows.
    #[inline]
    pub(crate) fn slot(&mut self) -> Slot<'_> {
        T::slot(self.view_mut())
    }
}

impl Slot<'_> {
    #[inline]
    pub(crate) fn rows(&self) -> usize {
        match self {
            Self::F32(view) => view.rows(),
            Self::F64(view) => view.rows(),
        }
    }

    #[inline]
    pub(crate) fn cols(&self) -> usize {
        match self {
            Self::F32(view) => view.cols(),
            Self::F64(view) => view.cols(),
        }
    }

    /// The columns `start..end` of the place.
    #[inline]
    pub(crate) fn columns(&mut self, start: usize, end: usize) -> Slot<'_> {
        match self {
            Self::F32(view) => Slot::F32(view.columns(start, end)),
            Self::F64(view) => Slot::F64(view.columns(start, end)),
        }
    }

    /// The same place, lent out.
    #[inline]
    pub(crate) fn reborrow(&mut self) -> Slot<'_> {
        match self {
            Self::F32(view) => Slot::F32(view.reborrow()),
            Self::F64(view) => Slot::F64(view.reborrow()),
        }
    }

    /// Writes one value, rounded to the place's type.
    #[inline]
    pub(crate) fn set(&mut self, row: usize, col: usize, value: f64) {
        match self {
            Self::F32(view) => view.set(row, col, value as f32),
            Self::F64(view) => view.set(row, col, value),
        }
    }
}
