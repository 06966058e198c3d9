//! Where the elements of an array lie in the file, when they are asked for in C order.

/// Places in the file, counted in elements.
pub(super) struct Positions<'d> {
    shape: &'d [usize],
    is_fortran: bool,
    next: usize,
    len: usize,
}

impl<'d> Positions<'d> {
    /// Of an array of this shape, which has `len` elements.
    pub(super) fn new(shape: &'d [usize], is_fortran: bool, len: usize) -> Self {
        Self { shape, is_fortran, next: 0, len }
    }
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.next == self.len {
            return None;
        }
        let at = self.next;
        self.next += 1;
        if !self.is_fortran || self.shape.len() < 2 {
            return Some(at);
        }
        // The index in each dimension, last first; the stride of the last is the greatest.
        let mut rest = at;
        let mut stride = self.len;
        let mut place = 0;
        for dim in self.shape.iter().rev() {
            stride /= dim;
            place += rest % dim * stride;
            rest /= dim;
        }
        Some(place)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len - self.next, Some(self.len - self.next))
    }
}
