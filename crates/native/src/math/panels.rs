//! Each row against every column of a fixed matrix: products, or parts of a distance, added up.
//! Must not know what the columns are.
//!
//! The columns lie packed in panels as wide as a few vectors, one lane a column; a block of rows goes
//! through a panel at once, with all its sums in registers. A sum runs over the inputs in
//! order and is its lane's alone, so it does not depend on the rows or columns beside it.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::Rows;
use super::aligned::Aligned;
use super::lanes::{Kernel, Lanes, Real, run};
use crate::isa::Isa;

/// What is added up: one step of a sum.
pub(crate) trait Step: Copy {
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V;
}

/// x * w, added without rounding in between, as BLAS does in products of matrices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product;

/// x * w, rounded before it is added: BLAS's dot product of fewer than 16 numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundedProduct;

/// (x - w)^2, rounded before it is added, as compiled loops without fused instructions do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Squared;

/// |x - w|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absolute;

/// The greatest |x - w|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Greatest;

impl Step for Product {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        x.mul_add(column, sum)
    }
}

impl Step for RoundedProduct {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        sum.add(x.mul(column))
    }
}

impl Step for Squared {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        let difference = x.sub(column);
        sum.add(difference.mul(difference))
    }
}

impl Step for Absolute {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        sum.add(x.sub(column).abs())
    }
}

impl Step for Greatest {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        sum.max(x.sub(column).abs())
    }
}

/// The widest panel in vectors, where the CPU has 32 registers; half of it where it has 16.
const WIDEST: usize = 4;

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
        struct Shape(usize);
        impl<T: Real> Kernel<T> for Shape {
            type Output = (usize, usize);
            #[inline(always)]
            unsafe fn run<V: Lanes<Scalar = T>>(self) -> (usize, usize) {
                (V::COUNT, panels::<V>(self.0))
            }
        }
        let (lanes, n_panels) = run::<T, _>(isa, Shape(columns));
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

/// Panels that `columns` need.
#[inline(always)]
fn panels<V: Lanes>(columns: usize) -> usize {
    columns.div_ceil(V::COUNT).div_ceil(if V::REGISTERS >= 32 { WIDEST } else { WIDEST / 2 })
}

/// First vector and width of a panel; widths differ by one vector at most.
fn panel_at(panel: usize, n_panels: usize, vectors: usize) -> (usize, usize) {
    let first = |panel: usize| panel * vectors / n_panels;
    (first(panel), first(panel + 1) - first(panel))
}

struct Apply<'a, T, S> {
    panels: &'a Panels<T, S>,
    rows: Rows<'a, T>,
    rectify: bool,
    out: &'a mut [T],
}

impl<T: Real, S: Step> Kernel<T> for Apply<'_, T, S> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<V: Lanes<Scalar = T>>(self) -> bool {
        let Panels { inputs, columns, ref weights, .. } = *self.panels;
        let (vectors, n_panels) = (columns.div_ceil(V::COUNT), panels::<V>(columns));
        let shifts = self.panels.shifts.as_ref().map(|shifts| shifts.as_slice().as_ptr());
        // SAFETY: as the caller's.
        let mut odd = unsafe { V::splat(T::ZERO) };
        for panel in 0..n_panels {
            let (first, width) = panel_at(panel, n_panels, vectors);
            let weights = &weights.as_slice()[first * V::COUNT * inputs..];
            assert!(weights.len() >= width * V::COUNT * inputs);
            let mut block = Block {
                x: self.rows.values.as_ptr(),
                x_stride: self.rows.stride,
                inputs,
                weights: weights.as_ptr(),
                // SAFETY: the panel's first column is one of the columns, and `out` has rows of them.
                out: unsafe { self.out.as_mut_ptr().add(first * V::COUNT) },
                out_stride: columns,
                columns: (columns - first * V::COUNT).min(width * V::COUNT),
                // SAFETY: there are as many shifts as columns, filled up.
                shifts: shifts.map(|shifts| unsafe { shifts.add(first * V::COUNT) }),
                rectify: self.rectify,
                odd,
            };
            // SAFETY: as the caller's; `apply` has checked that the rows and the places for the sums
            // are there, and each call takes as many rows as it says.
            unsafe {
                match width {
                    1 => block.rows::<S, 12, 1>(self.rows.count),
                    2 if V::REGISTERS >= 32 => block.rows::<S, 12, 2>(self.rows.count),
                    2 => block.rows::<S, 6, 2>(self.rows.count),
                    3 => block.rows::<S, 6, 3>(self.rows.count),
                    _ => block.rows::<S, 6, WIDEST>(self.rows.count),
                }
            }
            odd = block.odd;
        }
        odd.sum() == T::ZERO
    }
}

/// A block of rows, a panel, and where the sums go.
struct Block<V: Lanes> {
    x: *const V::Scalar,
    x_stride: usize,
    inputs: usize,
    weights: *const V::Scalar,
    out: *mut V::Scalar,
    out_stride: usize,
    /// Columns of the panel that exist.
    columns: usize,
    /// The panel's own.
    shifts: Option<*const V::Scalar>,
    rectify: bool,
    /// x - x is 0, and NaN of an infinity or NaN; a sum of them tells of all results.
    odd: V,
}

impl<V: Lanes> Block<V> {
    /// `count` rows, `R` at a time, and what is left by three, two and singly.
    ///
    /// # Safety
    /// The CPU has the instructions of `V`; there are `count` rows of `inputs` values and as many
    /// places for sums; the panel is `P` vectors wide.
    #[inline(always)]
    unsafe fn rows<S: Step, const R: usize, const P: usize>(&mut self, mut count: usize) {
        // SAFETY: as the caller's.
        unsafe {
            while count >= R {
                self.block::<S, R, P>();
                count -= R;
            }
            while count >= 3 {
                self.block::<S, 3, P>();
                count -= 3;
            }
            match count {
                2 => self.block::<S, 2, P>(),
                1 => self.block::<S, 1, P>(),
                _ => {}
            }
        }
    }

    /// # Safety
    /// As [`rows`](Self::rows), with `R` rows or more.
    #[inline(always)]
    unsafe fn block<S: Step, const R: usize, const P: usize>(&mut self) {
        // SAFETY: as the caller's: `inputs` steps of `P` vectors are the panel, `inputs` values a row.
        unsafe {
            let zero = V::splat(V::Scalar::ZERO);
            let mut sums = [[zero; P]; R];
            let mut weights = self.weights;
            for i in 0..self.inputs {
                let columns: [V; P] = std::array::from_fn(|p| V::load(weights.add(p * V::COUNT)));
                weights = weights.add(P * V::COUNT);
                for (r, sums) in sums.iter_mut().enumerate() {
                    let x = V::splat(*self.x.add(r * self.x_stride + i));
                    for (sum, column) in sums.iter_mut().zip(columns) {
                        *sum = S::step(*sum, x, column);
                    }
                }
            }
            for (r, sums) in sums.into_iter().enumerate() {
                let to = self.out.add(r * self.out_stride);
                for (p, mut sum) in sums.into_iter().enumerate() {
                    if let Some(shifts) = self.shifts {
                        sum = sum.add(V::load(shifts.add(p * V::COUNT)));
                    }
                    self.odd = self.odd.add(sum.sub(sum));
                    if self.rectify {
                        // NaN and the sign of a zero stay.
                        sum = zero.max(sum);
                    }
                    let left = self.columns.saturating_sub(p * V::COUNT);
                    if left >= V::COUNT {
                        sum.store(to.add(p * V::COUNT));
                    } else if left > 0 {
                        sum.store_first(to.add(p * V::COUNT), left);
                    }
                }
            }
            self.x = self.x.wrapping_add(R * self.x_stride);
            self.out = self.out.wrapping_add(R * self.out_stride);
        }
    }
}

#[cfg(test)]
mod tests {
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
