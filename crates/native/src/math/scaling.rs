//! One operation or two on every column of a batch, in place or not. Must not know an estimator.
//!
//! Every element has its own operations, rounded apart, so that bits are those of NumPy's broadcasting.
#![allow(unsafe_code)]

use super::lanes::{Kernel, Lanes, Real, run};
use crate::isa::Isa;

/// (x - shifts\[j\]) / divisors\[j\] for every column j, into `out`.
pub(crate) fn shift_divide<T: Real>(x: &[T], shifts: &[T], divisors: &[T], out: &mut [T]) {
    apply::<T, ShiftDivide>(x, shifts, divisors, out);
}

/// x * factors\[j\] + shifts\[j\] for every column j, into `out`.
pub(crate) fn multiply_shift<T: Real>(x: &[T], factors: &[T], shifts: &[T], out: &mut [T]) {
    apply::<T, MultiplyShift>(x, factors, shifts, out);
}

trait Operation {
    fn apply<V: Lanes>(x: V, first: V, second: V) -> V;
}

struct ShiftDivide;
struct MultiplyShift;

impl Operation for ShiftDivide {
    #[inline(always)]
    fn apply<V: Lanes>(x: V, shift: V, divisor: V) -> V {
        x.sub(shift).div(divisor)
    }
}

impl Operation for MultiplyShift {
    #[inline(always)]
    fn apply<V: Lanes>(x: V, factor: V, shift: V) -> V {
        x.mul(factor).add(shift)
    }
}

fn apply<T: Real, O: Operation>(x: &[T], first: &[T], second: &[T], out: &mut [T]) {
    assert!(x.len() == out.len() && first.len() == second.len());
    assert!(x.is_empty() || x.len().is_multiple_of(first.len().max(1)), "whole rows");
    run(Isa::detect(), Job::<T, O> { x, first, second, out, operation: std::marker::PhantomData });
}

struct Job<'a, T, O> {
    x: &'a [T],
    first: &'a [T],
    second: &'a [T],
    out: &'a mut [T],
    operation: std::marker::PhantomData<O>,
}

impl<T: Real, O: Operation> Kernel<T> for Job<'_, T, O> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Lanes<Scalar = T>>(self) {
        let width = self.first.len();
        let whole = width / V::COUNT * V::COUNT;
        let (first, second) = (self.first.as_ptr(), self.second.as_ptr());
        let rows = self.x.chunks_exact(width.max(1)).zip(self.out.chunks_exact_mut(width.max(1)));
        for (x, out) in rows {
            let (x, out) = (x.as_ptr(), out.as_mut_ptr());
            // SAFETY: as the caller's; x, out, first and second have `width` values.
            unsafe {
                for at in (0..whole).step_by(V::COUNT) {
                    let (a, b) = (V::load(first.add(at)), V::load(second.add(at)));
                    O::apply(V::load(x.add(at)), a, b).store(out.add(at));
                }
                if whole < width {
                    let left = width - whole;
                    let a = V::load_first(first.add(whole), left);
                    let b = V::load_first(second.add(whole), left);
                    let result = O::apply(V::load_first(x.add(whole), left), a, b);
                    result.store_first(out.add(whole), left);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::number;
    use super::*;

    #[test]
    fn elements_have_the_bits_of_their_operations() {
        for width in [1, 3, 8, 30, 37] {
            let x: Vec<f64> = (0..width * 5).map(number).collect();
            let a: Vec<f64> = (0..width).map(|i| number(i + 9)).collect();
            let b: Vec<f64> = (0..width).map(|i| number(3 * i + 1)).collect();
            let mut out = vec![0.0; x.len()];
            shift_divide(&x, &a, &b, &mut out);
            for (i, value) in out.iter().enumerate() {
                let expected = (x[i] - a[i % width]) / b[i % width];
                assert_eq!(value.to_bits(), expected.to_bits());
            }
            multiply_shift(&x, &a, &b, &mut out);
            for (i, value) in out.iter().enumerate() {
                assert_eq!(value.to_bits(), (x[i] * a[i % width] + b[i % width]).to_bits());
            }
        }
    }
}
