//! How rows go through panels: blocks of them, with as many sums as the CPU has registers for.
#![allow(unsafe_code)]

use super::super::Rows;
use super::super::lanes::{Kernel, Lanes, Real, run};
use super::super::steps::Step;
use super::Panels;
use crate::isa::Isa;

/// The widest panel in vectors, where the CPU has 32 registers; half of it where it has 16.
const WIDEST: usize = 4;

/// Lanes of a vector, and panels that `columns` need.
pub(super) fn layout<T: Real>(isa: Isa, columns: usize) -> (usize, usize) {
    struct Shape(usize);
    impl<T: Real> Kernel<T> for Shape {
        type Output = (usize, usize);
        #[inline(always)]
        unsafe fn run<V: Lanes<Scalar = T>>(self) -> (usize, usize) {
            (V::COUNT, panels::<V>(self.0))
        }
    }
    run::<T, _>(isa, Shape(columns))
}

/// Panels that `columns` need.
#[inline(always)]
fn panels<V: Lanes>(columns: usize) -> usize {
    columns.div_ceil(V::COUNT).div_ceil(if V::REGISTERS >= 32 { WIDEST } else { WIDEST / 2 })
}

/// First vector and width of a panel; widths differ by one vector at most.
pub(super) fn panel_at(panel: usize, n_panels: usize, vectors: usize) -> (usize, usize) {
    let first = |panel: usize| panel * vectors / n_panels;
    (first(panel), first(panel + 1) - first(panel))
}

/// The sums of rows with the columns of all panels; whether all were finite.
pub(super) struct Apply<'a, T, S> {
    pub(super) panels: &'a Panels<T, S>,
    pub(super) rows: Rows<'a, T>,
    pub(super) rectify: bool,
    pub(super) out: &'a mut [T],
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
