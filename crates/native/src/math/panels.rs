//! Each row against every column of a fixed matrix: products, or parts of a distance, added up.
//! Must not know what the columns are.
//!
//! The columns lie packed in panels as wide as a few vectors, one lane a column; a block of rows goes
//! through a panel at once, with all its sums in registers. A sum runs over the inputs in
//! order and is its lane's alone, so it does not depend on the rows or columns beside it.

mod kernel;

use std::marker::PhantomData;

use super::Rows;
use super::aligned::Aligned;
use super::lanes::{Real, run};
use super::steps::Step;
use crate::isa::Isa;
use kernel::{Apply, layout, panel_at};

/// Rows that go through the panels before the next ones do: few enough to stay in the cache.
const ROWS: usize = 48;

/// A matrix of `inputs` x `columns`, packed.
#[derive(Clone, Debug)]
pub(crate) struct Panels<T, S> {
    isa: Isa,
    lanes: usize,
    /// How many panels there are.
    count: usize,
    inputs: usize,
    columns: usize,
    weights: Aligned<T>,
    /// Added to the columns' sums at the end, filled up to whole vectors.
    shifts: Option<Aligned<T>>,
    step: PhantomData<S>,
}

impl<T: Real, S: Step> Panels<T, S> {
    /// Packs the matrix whose element of input `i` and column `j` is `weight(i, j)`.
    pub(crate) fn new(
        isa: Isa,
        inputs: usize,
        columns: usize,
        weight: impl Fn(usize, usize) -> T,
    ) -> Self {
        let (lanes, n_panels) = layout::<T>(isa, columns);
        let vectors = columns.div_ceil(lanes);
        let mut weights = Aligned::zeros(inputs * vectors * lanes);
        let mut at = weights.as_mut_slice().iter_mut();
        for panel in 0..n_panels {
            let (first, width) = panel_at(panel, n_panels, vectors);
            for i in 0..inputs {
                for j in first * lanes..(first + width) * lanes {
                    let place = at.next().expect("the panels have the columns' size together");
                    if j < columns {
                        *place = weight(i, j);
                    }
                }
            }
        }
        let shifts = None;
        Self { isa, lanes, count: n_panels, inputs, columns, weights, shifts, step: PhantomData }
    }

    /// The same with a number added to each column's sums at the end.
    ///
    /// # Panics
    /// There is not one for each column.
    pub(crate) fn shifted(mut self, shifts: &[T]) -> Self {
        assert_eq!(shifts.len(), self.columns, "a shift for every column");
        let mut padded = Aligned::zeros(self.columns.next_multiple_of(self.lanes));
        padded.as_mut_slice()[..self.columns].copy_from_slice(shifts);
        self.shifts = Some(padded);
        self
    }

    /// What is added to the columns' sums; nothing where nothing is.
    pub(crate) fn shifts(&self) -> &[T] {
        self.shifts.as_ref().map_or(&[], |shifts| &shifts.as_slice()[..self.columns])
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Calls `each` with the weights of input `i`, panel by panel: the first column and what follows.
    pub(crate) fn weights_of(&self, i: usize, mut each: impl FnMut(usize, &[T])) {
        let vectors = self.columns.div_ceil(self.lanes);
        for panel in 0..self.count {
            let (first, width) = panel_at(panel, self.count, vectors);
            let (first, width) = (first * self.lanes, width * self.lanes);
            let weights = &self.weights.as_slice()[first * self.inputs + i * width..][..width];
            each(first, &weights[..width.min(self.columns - first)]);
        }
    }

    /// The sums of each row with each column, row by row, into `out` of rows x columns.
    pub(crate) fn apply(&self, rows: Rows<'_, T>, out: &mut [T]) {
        self.apply_then(rows, false, out);
    }

    /// As [`apply`](Self::apply), and makes negative results zero where they are to be rectified; whether
    /// all were finite before.
    pub(crate) fn apply_then(&self, rows: Rows<'_, T>, rectify: bool, out: &mut [T]) -> bool {
        rows.check(self.inputs);
        assert_eq!(out.len(), rows.count * self.columns, "a place for every sum");
        let n_rows = rows.count;
        let mut finite = true;
        for from in (0..n_rows).step_by(ROWS) {
            let to = (from + ROWS).min(n_rows);
            let out = &mut out[from * self.columns..to * self.columns];
            let rows = rows.part(from, to);
            finite &= run(self.isa, Apply { panels: self, rows, rectify, out });
        }
        finite
    }
}

#[cfg(test)]
mod tests {
    #![allow(unsafe_code)]

    use super::super::lanes::{Kernel, Lanes};
    use super::super::steps::{Absolute, Greatest, Product, RoundedProduct, Squared};
    use super::super::tests::{isas, number};
    use super::*;

    fn reference<S: Step>(x: &[f64], inputs: usize, columns: usize) -> Vec<f64> {
        struct One<S>(f64, f64, f64, PhantomData<S>);
        impl<S: Step> Kernel<f64> for One<S> {
            type Output = f64;
            unsafe fn run<V: Lanes<Scalar = f64>>(self) -> f64 {
                let mut to = [0.0; 8];
                // SAFETY: the portable vectors need nothing, and have four lanes.
                unsafe {
                    let step = S::step(V::splat(self.0), V::splat(self.1), V::splat(self.2));
                    step.store(to.as_mut_ptr());
                }
                to[0]
            }
        }
        let mut out = Vec::new();
        for row in x.chunks_exact(inputs) {
            for j in 0..columns {
                out.push(row.iter().enumerate().fold(0.0, |sum, (i, x)| {
                    run(Isa::Portable, One::<S>(sum, *x, number(7 * i + 31 * j), PhantomData))
                }));
            }
        }
        out
    }

    fn same_bits_everywhere<S: Step>() {
        for (inputs, columns) in [(1, 1), (3, 5), (30, 7), (17, 32), (9, 33), (5, 130)] {
            let n = 53;
            let x: Vec<f64> = (0..n * inputs).map(number).collect();
            let expected = reference::<S>(&x, inputs, columns);
            for isa in isas() {
                let panels =
                    Panels::<f64, S>::new(isa, inputs, columns, |i, j| number(7 * i + 31 * j));
                for count in [1, 2, 3, 5, 12, 13, 48, 49, 53] {
                    let mut out = vec![f64::NAN; count * columns];
                    panels.apply(Rows::new(&x[..count * inputs], count), &mut out);
                    for (a, b) in out.iter().zip(&expected) {
                        assert_eq!(a.to_bits(), b.to_bits(), "{isa:?} {inputs} {columns} {count}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_sum_has_the_same_bits_on_every_cpu_and_in_every_batch() {
        same_bits_everywhere::<Product>();
        same_bits_everywhere::<RoundedProduct>();
        same_bits_everywhere::<Squared>();
        same_bits_everywhere::<Absolute>();
        same_bits_everywhere::<Greatest>();
    }

    #[test]
    fn f32_sums_have_the_same_bits_on_every_cpu() {
        let (inputs, columns, n) = (29, 71, 13);
        let x: Vec<f32> = (0..n * inputs).map(|i| number(i) as f32).collect();
        let mut answers = isas().into_iter().map(|isa| {
            let panels = Panels::<f32, Product>::new(isa, inputs, columns, |i, j| {
                number(7 * i + 31 * j) as f32
            });
            let mut out = vec![0.0; n * columns];
            panels.apply(Rows::new(&x, n), &mut out);
            out.iter().map(|value| value.to_bits()).collect::<Vec<_>>()
        });
        let first = answers.next().expect("the portable one");
        assert!(answers.all(|other| other == first));
    }

    #[test]
    fn rows_may_be_longer_than_the_inputs() {
        let x: Vec<f64> = (0..4 * 6).map(number).collect();
        let panels = Panels::<f64, Squared>::new(Isa::detect(), 4, 2, |i, j| (i + j) as f64);
        let (mut out, mut one) = ([0.0; 8], [0.0; 2]);
        // The last row ends with its inputs.
        panels.apply(Rows { values: &x[..22], count: 4, stride: 6 }, &mut out);
        panels.apply(Rows { values: &x[18..22], count: 1, stride: 4 }, &mut one);
        assert_eq!(out[6..], one);
    }

    #[test]
    #[should_panic(expected = "rows lie in their matrix")]
    fn rows_that_are_too_short_are_refused() {
        let panels = Panels::<f64, Product>::new(Isa::detect(), 4, 2, |_, _| 1.0);
        panels.apply(Rows::new(&[0.0; 7], 2), &mut [0.0; 4]);
    }
}
