//! Products of two vectors, and of rows with a few. Must not know what they mean.
//!
//! A product is summed in 16 lanes, lane `l` over the elements `l`, `l + 16`, ... in order, and the
//! lanes by halves: 0 with 8, 1 with 9, ...; then 0 with 4; and so on. That is one or two vectors on
//! a CPU with AVX-512, and short chains of dependent operations for one row.
#![allow(unsafe_code)]

use super::aligned::Aligned;
use super::lanes::{Kernel, Lanes, Real, SUM_LANES, run};
use super::{Rows, Scaling};
use crate::isa::Isa;

/// `count` vectors to multiply rows with, `shift` added to each product.
#[derive(Clone, Debug)]
pub(crate) struct Vectors<T> {
    isa: Isa,
    inputs: usize,
    /// One behind the other, each filled up with zeros to whole lanes.
    weights: Aligned<T>,
    shifts: Vec<T>,
}

impl<T: Real> Vectors<T> {
    /// Vector `j` has `weight(i, j)` for input `i`.
    pub(crate) fn new(
        isa: Isa,
        inputs: usize,
        shifts: Vec<T>,
        weight: impl Fn(usize, usize) -> T,
    ) -> Self {
        let padded = inputs.next_multiple_of(SUM_LANES).max(SUM_LANES);
        let mut weights = Aligned::zeros(padded * shifts.len());
        for (j, to) in weights.as_mut_slice().chunks_exact_mut(padded).enumerate() {
            for (i, to) in to.iter_mut().enumerate().take(inputs) {
                *to = weight(i, j);
            }
        }
        Self { isa, inputs, weights, shifts }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.inputs
    }

    pub(crate) fn count(&self) -> usize {
        self.shifts.len()
    }

    /// Calls `each` with every vector's number and its weight of input `i`.
    pub(crate) fn weights_of(&self, i: usize, mut each: impl FnMut(usize, T)) {
        let padded = self.inputs.next_multiple_of(SUM_LANES).max(SUM_LANES);
        for (j, vector) in self.weights.as_slice().chunks_exact(padded).enumerate() {
            each(j, vector[i]);
        }
    }

    pub(crate) fn shifts(&self) -> &[T] {
        &self.shifts
    }

    /// Row by row, the products with each vector, shifted, into `out`.
    #[inline]
    pub(crate) fn apply(&self, rows: Rows<'_, T>, out: &mut [T]) {
        rows.check(self.inputs);
        assert_eq!(out.len(), rows.count * self.shifts.len(), "a place for every product");
        run(self.isa, Apply { vectors: self, rows, multiply: Plainly, out });
    }
}

impl Vectors<f64> {
    /// As [`apply`](Self::apply) of the scaled rows, with the same bits and without room for them.
    #[inline]
    pub(crate) fn apply_scaled(&self, rows: Rows<'_, f64>, scaling: &Scaling, out: &mut [f64]) {
        rows.check(self.inputs);
        assert_eq!(scaling.width(), self.inputs, "a scaling of every input");
        assert_eq!(out.len(), rows.count * self.shifts.len(), "a place for every product");
        run(self.isa, Apply { vectors: self, rows, multiply: Scaled(scaling), out });
    }
}

/// The products of rows with each vector.
struct Apply<'a, T, M> {
    vectors: &'a Vectors<T>,
    rows: Rows<'a, T>,
    multiply: M,
    out: &'a mut [T],
}

/// How a row is multiplied with a vector.
trait Multiply<T: Real> {
    /// # Safety
    /// The CPU has the instructions of `V`; the vector is as long as the row filled up to whole lanes.
    unsafe fn product<V: Lanes<Scalar = T>>(&self, row: &[T], vector: &[T]) -> T;
}

/// As it is.
struct Plainly;

/// Scaled first.
struct Scaled<'a>(&'a Scaling);

impl<T: Real> Multiply<T> for Plainly {
    #[inline(always)]
    unsafe fn product<V: Lanes<Scalar = T>>(&self, row: &[T], vector: &[T]) -> T {
        // SAFETY: as the caller's.
        unsafe { product::<V>(row, vector) }
    }
}

impl Multiply<f64> for Scaled<'_> {
    #[inline(always)]
    unsafe fn product<V: Lanes<Scalar = f64>>(&self, row: &[f64], vector: &[f64]) -> f64 {
        // SAFETY: as the caller's; `apply_scaled` has compared the widths of scaling and rows.
        unsafe { scaled_product::<V>(row, self.0, vector) }
    }
}

impl<T: Real, M: Multiply<T>> Kernel<T> for Apply<'_, T, M> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Lanes<Scalar = T>>(self) {
        let Vectors { inputs, ref weights, ref shifts, .. } = *self.vectors;
        let weights = weights.as_slice();
        let padded = weights.len() / shifts.len().max(1);
        for (i, out) in self.out.chunks_exact_mut(shifts.len().max(1)).enumerate() {
            let row = self.rows.row(i, inputs);
            for ((out, shift), vector) in
                out.iter_mut().zip(shifts).zip(weights.chunks_exact(padded))
            {
                // SAFETY: as the caller's; a vector is the inputs filled up to whole lanes.
                *out = unsafe { self.multiply.product::<V>(row, vector) }.add(*shift);
            }
        }
    }
}

/// The product of two vectors of one length.
pub(crate) fn dot<T: Real>(isa: Isa, a: &[T], b: &[T]) -> T {
    struct Dot<'a, T>(&'a [T], &'a [T]);
    impl<T: Real> Kernel<T> for Dot<'_, T> {
        type Output = T;
        #[inline(always)]
        unsafe fn run<V: Lanes<Scalar = T>>(self) -> T {
            // SAFETY: as the caller's; `dot` has compared the lengths.
            unsafe { product::<V>(self.0, self.1) }
        }
    }
    assert_eq!(a.len(), b.len(), "vectors of one length");
    run(isa, Dot(a, b))
}

/// [`product`] of the scaled row.
///
/// # Safety
/// The CPU has the instructions of `V`; the scaling is as wide as the row, and the weights are as
/// many as its padded numbers.
#[inline(always)]
unsafe fn scaled_product<V: Lanes<Scalar = f64>>(
    row: &[f64],
    scaling: &Scaling,
    weights: &[f64],
) -> f64 {
    let (shifts, divisors) = scaling.padded();
    debug_assert!(shifts.len() <= weights.len() && row.len() <= shifts.len());
    let registers = SUM_LANES / V::COUNT;
    // SAFETY: loads of the row are below its length, all others below that filled up to whole lanes.
    unsafe {
        let mut sums = [V::splat(0.0); SUM_LANES / 4];
        for at in (0..row.len()).step_by(SUM_LANES) {
            for (r, sum) in sums.iter_mut().enumerate().take(registers) {
                let at = at + r * V::COUNT;
                let left = row.len().saturating_sub(at);
                let x = if left >= V::COUNT {
                    V::load(row.as_ptr().add(at))
                } else if left > 0 {
                    V::load_first(row.as_ptr().add(at), left)
                } else {
                    continue;
                };
                let shift = V::load(shifts.as_ptr().add(at));
                let scaled = x.sub(shift).div(V::load(divisors.as_ptr().add(at)));
                *sum = scaled.mul_add(V::load(weights.as_ptr().add(at)), *sum);
            }
        }
        total(sums)
    }
}

/// # Safety
/// The CPU has the instructions of `V`; `b` is as long as `a` or longer.
#[inline(always)]
unsafe fn product<V: Lanes>(a: &[V::Scalar], b: &[V::Scalar]) -> V::Scalar {
    debug_assert!(b.len() >= a.len());
    let registers = SUM_LANES / V::COUNT;
    let (a_start, b_start) = (a.as_ptr(), b.as_ptr());
    // SAFETY: all loads are below the length of `a`, which `b` has too.
    unsafe {
        let mut sums = [V::splat(V::Scalar::ZERO); SUM_LANES / 4];
        let whole = a.len() / SUM_LANES * SUM_LANES;
        for at in (0..whole).step_by(SUM_LANES) {
            for (r, sum) in sums.iter_mut().enumerate().take(registers) {
                let at = at + r * V::COUNT;
                *sum = V::load(a_start.add(at)).mul_add(V::load(b_start.add(at)), *sum);
            }
        }
        for (r, sum) in sums.iter_mut().enumerate().take(registers) {
            let at = whole + r * V::COUNT;
            let left = a.len().saturating_sub(at);
            if left >= V::COUNT {
                *sum = V::load(a_start.add(at)).mul_add(V::load(b_start.add(at)), *sum);
            } else if left > 0 {
                let (a, b) = (a_start.add(at), b_start.add(at));
                *sum = V::load_first(a, left).mul_add(V::load_first(b, left), *sum);
            }
        }
        total(sums)
    }
}

/// The sum of all lanes of the registers that a product is summed in, by halves.
#[inline(always)]
fn total<V: Lanes>(mut sums: [V; SUM_LANES / 4]) -> V::Scalar {
    let mut registers = SUM_LANES / V::COUNT;
    while registers > 1 {
        registers /= 2;
        for r in 0..registers {
            sums[r] = sums[r].add(sums[r + registers]);
        }
    }
    sums[0].sum()
}

#[cfg(test)]
mod tests {
    use super::super::tests::{isas, number};
    use super::super::{RowsMut, subtract_divide};
    use super::*;

    /// The order of the module's comment, written plainly.
    fn reference<T: Real>(a: &[T], b: &[T]) -> T {
        let mut lanes = [T::ZERO; 16];
        for (i, (a, b)) in a.iter().zip(b).enumerate() {
            lanes[i % 16] = a.mul_add(*b, lanes[i % 16]);
        }
        for half in [8, 4, 2, 1] {
            for l in 0..half {
                lanes[l] = lanes[l].add(lanes[l + half]);
            }
        }
        lanes[0]
    }

    #[test]
    fn a_product_has_the_same_bits_on_every_cpu() {
        for length in (0..70).chain([784, 1001]) {
            let a: Vec<f64> = (0..length).map(number).collect();
            let b: Vec<f64> = (0..length).map(|i| number(3 * i + 5)).collect();
            let single = |v: &[f64]| v.iter().map(|x| *x as f32).collect::<Vec<_>>();
            let (a32, b32) = (single(&a), single(&b));
            for isa in isas() {
                assert_eq!(dot(isa, &a, &b).to_bits(), reference(&a, &b).to_bits(), "{length}");
                assert_eq!(dot(isa, &a32, &b32).to_bits(), reference(&a32, &b32).to_bits());
            }
        }
    }

    #[test]
    fn scaled_rows_have_the_bits_of_rows_scaled_apart() {
        for inputs in (0..40).chain([784]) {
            for outputs in 1..=4 {
                let (n, stride) = (5, inputs + 3);
                let x: Vec<f64> = (0..n * stride).map(number).collect();
                let shifts: Vec<f64> = (0..inputs).map(|i| number(i + 7)).collect();
                let divisors: Vec<f64> = (0..inputs).map(|i| number(i + 1) + 1.5).collect();
                let scaling = Scaling::new(&shifts, &divisors);
                let mut apart = x.clone();
                let rows = RowsMut { values: &mut apart, count: n, stride };
                subtract_divide(rows, &shifts, &divisors);
                let added: Vec<f64> = (0..outputs).map(|j| number(j + 3)).collect();
                for isa in isas() {
                    let weight = |i: usize, j: usize| number(i + 100 * j);
                    let vectors = Vectors::new(isa, inputs, added.clone(), weight);
                    let [mut expected, mut out] = [0, 1].map(|_| vec![0.0; n * outputs]);
                    let rows = |values| Rows { values, count: n, stride };
                    vectors.apply(rows(&apart), &mut expected);
                    vectors.apply_scaled(rows(&x), &scaling, &mut out);
                    let bits = |all: &[f64]| all.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
                    assert_eq!(bits(&out), bits(&expected), "{inputs} x {outputs} by {isa:?}");
                }
            }
        }
    }

    #[test]
    fn rows_have_the_bits_of_single_products_and_the_shift() {
        let (inputs, n) = (30, 9);
        let x: Vec<f64> = (0..n * 33).map(number).collect();
        let weight = |i: usize, j: usize| number(i + 100 * j);
        for isa in isas() {
            let vectors = Vectors::new(isa, inputs, vec![0.25, -1.0], weight);
            let mut out = vec![0.0; 2 * n];
            vectors.apply(Rows { values: &x, count: n, stride: 33 }, &mut out);
            for i in 0..n {
                for (j, shift) in [0.25, -1.0].into_iter().enumerate() {
                    let w: Vec<f64> = (0..inputs).map(|i| weight(i, j)).collect();
                    let expected = reference(&x[i * 33..][..inputs], &w) + shift;
                    assert_eq!(out[2 * i + j].to_bits(), expected.to_bits());
                }
            }
        }
    }
}
