//! Weights on whole cache lines, so that no vector load takes two. Must not know what they mean.

use super::lanes::Real;

/// A line of the cache, in bytes; the widest vector is as wide.
const LINE: usize = 64;

/// Values that start on a line. A copy may not, which costs time and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Aligned<T> {
    values: Vec<T>,
    start: usize,
    len: usize,
}

impl<T: Real> Aligned<T> {
    pub(crate) fn zeros(len: usize) -> Self {
        let values = vec![T::ZERO; len + LINE / size_of::<T>()];
        let start = values.as_ptr().align_offset(LINE).min(LINE / size_of::<T>());
        Self { values, start, len }
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        &self.values[self.start..][..self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [T] {
        &mut self.values[self.start..][..self.len]
    }
}
