//! An operation or two on every column of a batch, in place. Must not know an estimator.
//!
//! Every element has its own operations, rounded apart, so that bits are those of NumPy's broadcasting.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::aligned::Aligned;
use super::lanes::{Kernel, Lanes, Real, SUM_LANES, run};
use super::{Rows, RowsMut};
use crate::isa::Isa;

/// (x - shift) / divisor for every column: the commonest scaler, laid out for vectors once.
///
/// Behind the last column are zeros to subtract and ones to divide by, up to whole [`SUM_LANES`].
#[derive(Clone, Debug)]
pub(crate) struct Scaling {
    width: usize,
    shifts: Aligned<f64>,
    divisors: Aligned<f64>,
}

impl Scaling {
    /// # Panics
    /// There are not as many shifts as divisors.
    pub(crate) fn new(shifts: &[f64], divisors: &[f64]) -> Self {
        let width = shifts.len();
        assert_eq!(width, divisors.len(), "numbers for every column");
        let padded = width.next_multiple_of(SUM_LANES);
        let mut all = [Aligned::zeros(padded), Aligned::zeros(padded)];
        all[0].as_mut_slice()[..width].copy_from_slice(shifts);
        all[1].as_mut_slice()[..width].copy_from_slice(divisors);
        all[1].as_mut_slice()[width..].fill(1.0);
        let [shifts, divisors] = all;
        Self { width, shifts, divisors }
    }

    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Shifts and divisors, whole [`SUM_LANES`] of them.
    pub(super) fn padded(&self) -> (&[f64], &[f64]) {
        (self.shifts.as_slice(), self.divisors.as_slice())
    }
}

/// (x - shifts\[j\]) / divisors\[j\] for every column j.
pub(crate) fn subtract_divide<T: Real>(rows: RowsMut<'_, T>, shifts: &[T], divisors: &[T]) {
    apply::<T, SubtractDivide>(rows, shifts, divisors);
}

/// x * factors\[j\] + shifts\[j\] for every column j.
pub(crate) fn multiply_add<T: Real>(rows: RowsMut<'_, T>, factors: &[T], shifts: &[T]) {
    apply::<T, MultiplyAdd>(rows, factors, shifts);
}

/// x / divisors\[j\] for every column j.
pub(crate) fn divide<T: Real>(rows: RowsMut<'_, T>, divisors: &[T]) {
    apply::<T, Divide>(rows, divisors, divisors);
}

/// The rows of `from`, scaled, into `rows`; whether every value of theirs was finite.
pub(crate) fn scale_into(from: Rows<'_, f64>, rows: RowsMut<'_, f64>, scaling: &Scaling) -> bool {
    assert_eq!(from.count, rows.count, "a place for every row");
    from.check(scaling.width);
    check(&rows, scaling.width);
    run(Isa::detect(), Into { from, rows, scaling })
}

trait Operation {
    fn apply<V: Lanes>(x: V, first: V, second: V) -> V;
}

struct SubtractDivide;
struct MultiplyAdd;
struct Divide;

impl Operation for SubtractDivide {
    #[inline(always)]
    fn apply<V: Lanes>(x: V, shift: V, divisor: V) -> V {
        x.sub(shift).div(divisor)
    }
}

impl Operation for MultiplyAdd {
    #[inline(always)]
    fn apply<V: Lanes>(x: V, factor: V, shift: V) -> V {
        x.mul(factor).add(shift)
    }
}

impl Operation for Divide {
    #[inline(always)]
    fn apply<V: Lanes>(x: V, divisor: V, _: V) -> V {
        x.div(divisor)
    }
}

fn apply<T: Real, O: Operation>(rows: RowsMut<'_, T>, first: &[T], second: &[T]) {
    let width = first.len();
    assert_eq!(width, second.len(), "numbers for every column");
    check(&rows, width);
    run(Isa::detect(), Job::<T, O> { rows, first, second, operation: PhantomData });
}

fn check<T>(rows: &RowsMut<'_, T>, width: usize) {
    let needed = rows.count.checked_sub(1).map_or(0, |last| last * rows.stride + width);
    let wide = rows.stride >= width || rows.count <= 1;
    assert!(wide && rows.values.len() >= needed, "rows lie in their matrix");
}

struct Into<'a> {
    from: Rows<'a, f64>,
    rows: RowsMut<'a, f64>,
    scaling: &'a Scaling,
}

impl Kernel<f64> for Into<'_> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<V: Lanes<Scalar = f64>>(self) -> bool {
        let (shifts, divisors) = self.scaling.padded();
        let whole = self.scaling.width / V::COUNT * V::COUNT;
        let left = self.scaling.width - whole;
        let (first, second) = (shifts.as_ptr(), divisors.as_ptr());
        let (mut from, mut to) = (self.from.values.as_ptr(), self.rows.values.as_mut_ptr());
        // SAFETY: as the caller's; both matrices have rows of `width` values, and shifts and divisors
        // whole vectors. x - x is 0, and NaN of an infinity or NaN; a sum of them tells of all.
        unsafe {
            let mut odd = V::splat(0.0);
            for _ in 0..self.rows.count {
                for at in (0..whole).step_by(V::COUNT) {
                    let x = V::load(from.add(at));
                    odd = odd.add(x.sub(x));
                    x.sub(V::load(first.add(at))).div(V::load(second.add(at))).store(to.add(at));
                }
                if left > 0 {
                    let x = V::load_first(from.add(whole), left);
                    odd = odd.add(x.sub(x));
                    let (shift, divisor) = (V::load(first.add(whole)), V::load(second.add(whole)));
                    x.sub(shift).div(divisor).store_first(to.add(whole), left);
                }
                from = from.wrapping_add(self.from.stride);
                to = to.wrapping_add(self.rows.stride);
            }
            odd.sum() == 0.0
        }
    }
}

struct Job<'a, T, O> {
    rows: RowsMut<'a, T>,
    first: &'a [T],
    second: &'a [T],
    operation: PhantomData<O>,
}

impl<T: Real, O: Operation> Kernel<T> for Job<'_, T, O> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Lanes<Scalar = T>>(self) {
        let width = self.first.len();
        let whole = width / V::COUNT * V::COUNT;
        let (first, second) = (self.first.as_ptr(), self.second.as_ptr());
        let RowsMut { values, count, stride } = self.rows;
        let mut row = values.as_mut_ptr();
        for _ in 0..count {
            // SAFETY: as the caller's; first and second have `width` values and so has every row.
            unsafe {
                for at in (0..whole).step_by(V::COUNT) {
                    let (a, b) = (V::load(first.add(at)), V::load(second.add(at)));
                    O::apply(V::load(row.add(at)), a, b).store(row.add(at));
                }
                if whole < width {
                    let left = width - whole;
                    let a = V::load_first(first.add(whole), left);
                    let b = V::load_first(second.add(whole), left);
                    let result = O::apply(V::load_first(row.add(whole), left), a, b);
                    result.store_first(row.add(whole), left);
                }
            }
            row = row.wrapping_add(stride);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::number;
    use super::*;

    fn five(values: &mut [f64], stride: usize) -> RowsMut<'_, f64> {
        RowsMut { values, count: 5, stride }
    }

    #[test]
    fn elements_have_the_bits_of_their_operations_and_gaps_stay() {
        for width in [1, 3, 8, 30, 37] {
            let stride = width + 2;
            let x: Vec<f64> = (0..stride * 5 - 2).map(number).collect();
            let a: Vec<f64> = (0..width).map(|i| number(i + 9)).collect();
            let b: Vec<f64> = (0..width).map(|i| number(3 * i + 1)).collect();
            let check = |out: &[f64], expected: &dyn Fn(f64, usize) -> f64| {
                for (i, value) in out.iter().enumerate() {
                    let column = i % stride;
                    let expected = if column < width { expected(x[i], column) } else { x[i] };
                    assert_eq!(value.to_bits(), expected.to_bits());
                }
            };
            let mut out = x.clone();
            subtract_divide(five(&mut out, stride), &a, &b);
            check(&out, &|x, j| (x - a[j]) / b[j]);
            let mut out = x.clone();
            multiply_add(five(&mut out, stride), &a, &b);
            check(&out, &|x, j| x * a[j] + b[j]);
            let mut out = x.clone();
            divide(five(&mut out, stride), &b);
            check(&out, &|x, j| x / b[j]);
        }
    }

    #[test]
    #[should_panic(expected = "rows lie in their matrix")]
    fn rows_that_are_too_short_are_refused() {
        divide(RowsMut { values: &mut [1.0; 7], count: 2, stride: 4 }, &[1.0; 4]);
    }
}
