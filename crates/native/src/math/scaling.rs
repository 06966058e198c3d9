//! An operation or two on every column of a batch, in place. Must not know an estimator.
//!
//! Every element has its own operations, rounded apart, so that bits are those of NumPy's broadcasting.
#![allow(unsafe_code)]

use std::marker::PhantomData;

use super::lanes::{Kernel, Lanes, Real, run};
use super::{Rows, RowsMut};
use crate::isa::Isa;

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

/// (x - shifts\[j\]) / divisors\[j\] for every column j of `from`, into `rows`; whether every x was finite.
pub(crate) fn subtract_divide_into<T: Real>(
    from: Rows<'_, T>,
    rows: RowsMut<'_, T>,
    shifts: &[T],
    divisors: &[T],
) -> bool {
    let width = shifts.len();
    assert!(divisors.len() == width && from.count == rows.count, "numbers for every column");
    from.check(width);
    check(&rows, width);
    run(Isa::detect(), Into { from, rows, shifts, divisors })
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

struct Into<'a, T> {
    from: Rows<'a, T>,
    rows: RowsMut<'a, T>,
    shifts: &'a [T],
    divisors: &'a [T],
}

impl<T: Real> Kernel<T> for Into<'_, T> {
    type Output = bool;

    #[inline(always)]
    unsafe fn run<V: Lanes<Scalar = T>>(self) -> bool {
        let width = self.shifts.len();
        let whole = width / V::COUNT * V::COUNT;
        let left = width - whole;
        let (first, second) = (self.shifts.as_ptr(), self.divisors.as_ptr());
        let (mut from, mut to) = (self.from.values.as_ptr(), self.rows.values.as_mut_ptr());
        // SAFETY: as the caller's; both matrices have rows of `width` values, and so has every operand.
        // x - x is 0, and NaN of an infinity or NaN; a sum of them tells of all.
        unsafe {
            let mut odd = V::splat(T::ZERO);
            for _ in 0..self.rows.count {
                for at in (0..whole).step_by(V::COUNT) {
                    let x = V::load(from.add(at));
                    odd = odd.add(x.sub(x));
                    x.sub(V::load(first.add(at))).div(V::load(second.add(at))).store(to.add(at));
                }
                if left > 0 {
                    let x = V::load_first(from.add(whole), left);
                    odd = odd.add(x.sub(x));
                    let shift = V::load_first(first.add(whole), left);
                    let divisor = V::load_first(second.add(whole), left);
                    x.sub(shift).div(divisor).store_first(to.add(whole), left);
                }
                from = from.wrapping_add(self.from.stride);
                to = to.wrapping_add(self.rows.stride);
            }
            odd.sum() == T::ZERO
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
