//! `X * W + b` over a batch of rows. Must not know what the results mean.

use super::dot::Vectors;
use super::lanes::Real;
use super::panels::Panels;
use super::steps::Product;
use super::{Rows, Scaling};
use crate::isa::Isa;

/// Results up to here are products of vectors: as lanes of a panel they would leave most of it empty.
const FEW: usize = 4;

/// A matrix and what is added to each result, laid out for this CPU once.
#[derive(Clone, Debug)]
pub(crate) struct Affine<T>(Form<T>);

#[derive(Clone, Debug)]
enum Form<T> {
    Few(Vectors<T>),
    Many(Panels<T, Product>),
}

impl<T: Real> Affine<T> {
    /// Result `j` is the sum over inputs `i` of x\[i\] * weight(i, j), and `shifts[j]` added last.
    pub(crate) fn new(inputs: usize, shifts: Vec<T>, weight: impl Fn(usize, usize) -> T) -> Self {
        Self::for_isa(Isa::detect(), inputs, shifts, weight)
    }

    fn for_isa(
        isa: Isa,
        inputs: usize,
        shifts: Vec<T>,
        weight: impl Fn(usize, usize) -> T,
    ) -> Self {
        Self(if shifts.len() <= FEW {
            Form::Few(Vectors::new(isa, inputs, shifts, weight))
        } else {
            Form::Many(Panels::new(isa, inputs, shifts.len(), weight).shifted(&shifts))
        })
    }

    pub(crate) fn inputs(&self) -> usize {
        match &self.0 {
            Form::Few(vectors) => vectors.inputs(),
            Form::Many(panels) => panels.inputs(),
        }
    }

    #[inline]
    pub(crate) fn outputs(&self) -> usize {
        match &self.0 {
            Form::Few(vectors) => vectors.count(),
            Form::Many(panels) => panels.columns(),
        }
    }

    /// The results of each row, row by row, into `out` of rows x outputs.
    #[inline]
    pub(crate) fn apply(&self, rows: Rows<'_, T>, out: &mut [T]) {
        match &self.0 {
            Form::Few(vectors) => vectors.apply(rows, out),
            Form::Many(panels) => panels.apply(rows, out),
        }
    }

    /// As [`apply`](Self::apply), and makes negative results zero where they are to be rectified; whether
    /// all were finite before, which they are not when a row has an infinity or NaN.
    pub(crate) fn apply_then(&self, rows: Rows<'_, T>, rectify: bool, out: &mut [T]) -> bool {
        let vectors = match &self.0 {
            Form::Many(panels) => return panels.apply_then(rows, rectify, out),
            Form::Few(vectors) => vectors,
        };
        vectors.apply(rows, out);
        let odd = out.iter().fold(T::ZERO, |odd, value| odd.add(value.sub(*value)));
        if rectify {
            out.iter_mut().filter(|value| **value < T::ZERO).for_each(|value| *value = T::ZERO);
        }
        odd == T::ZERO
    }
}

impl Affine<f64> {
    /// As [`apply`](Self::apply) of the scaled rows, with the same bits; whether that is done, which is
    /// for few results only.
    #[inline]
    pub(crate) fn apply_scaled(
        &self,
        rows: Rows<'_, f64>,
        scaling: &Scaling,
        out: &mut [f64],
    ) -> bool {
        match &self.0 {
            Form::Few(vectors) => vectors.apply_scaled(rows, scaling, out),
            Form::Many(_) => return false,
        }
        true
    }
}

impl<T: Real> Affine<T> {
    /// The results of one row of which only some inputs are stored; all others are zero.
    ///
    /// Source: `scipy.sparse` (1.17), `csr_matvec` and `csr_matvecs`: a sum runs over the stored entries in
    /// their order, product and sum rounded apart, starting at zero.
    pub(crate) fn apply_sparse(&self, inputs: &[u32], values: &[T], out: &mut [T]) {
        assert_eq!(out.len(), self.outputs(), "a place for every result");
        out.fill(T::ZERO);
        for (input, value) in inputs.iter().zip(values) {
            match &self.0 {
                Form::Few(vectors) => vectors.weights_of(*input as usize, |j, weight| {
                    out[j] = out[j].add(value.mul(weight));
                }),
                Form::Many(panels) => panels.weights_of(*input as usize, |first, weights| {
                    for (sum, weight) in out[first..].iter_mut().zip(weights) {
                        *sum = sum.add(value.mul(*weight));
                    }
                }),
            }
        }
        let shifts = match &self.0 {
            Form::Few(vectors) => vectors.shifts(),
            Form::Many(panels) => panels.shifts(),
        };
        for (value, shift) in out.iter_mut().zip(shifts) {
            *value = value.add(*shift);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{isas, number};
    use super::*;

    #[test]
    fn a_sparse_row_adds_its_stored_entries_in_their_order() {
        for outputs in [1, 4, 5, 100] {
            let (columns, values) = ([2, 0, 2, 7], [1e16, 1.0, -1e16, 3.0]);
            let shifts: Vec<f64> = (0..outputs).map(|j| number(j + 9)).collect();
            let weight = |i: usize, j: usize| number(i * 3 + j);
            for isa in isas() {
                let affine = Affine::for_isa(isa, 9, shifts.clone(), weight);
                let mut out = vec![f64::NAN; outputs];
                affine.apply_sparse(&columns, &values, &mut out);
                for (j, value) in out.iter().enumerate() {
                    let entries = columns.iter().zip(values);
                    let sum = entries.fold(0.0, |sum, (i, x)| sum + x * weight(*i as usize, j));
                    assert_eq!(*value, sum + shifts[j]);
                }
            }
        }
    }

    #[test]
    fn few_and_many_results_are_close_and_do_not_depend_on_the_batch() {
        for outputs in [0, 1, 4, 5, 40] {
            let (inputs, n) = (57, 20);
            let x: Vec<f64> = (0..n * inputs).map(number).collect();
            let shifts: Vec<f64> = (0..outputs).map(|j| number(j + 9)).collect();
            let weight = |i: usize, j: usize| number(i * 3 + j);
            for isa in isas() {
                let affine = Affine::for_isa(isa, inputs, shifts.clone(), weight);
                assert_eq!((affine.inputs(), affine.outputs()), (inputs, outputs));
                let mut out = vec![0.0; n * outputs];
                affine.apply(Rows::new(&x, n), &mut out);
                for i in 0..n {
                    let row = &x[i * inputs..][..inputs];
                    let mut one = vec![0.0; outputs];
                    affine.apply(Rows::new(row, 1), &mut one);
                    assert_eq!(one, out[i * outputs..][..outputs]);
                    for (j, value) in one.iter().enumerate() {
                        let terms = row.iter().enumerate().map(|(i, x)| x * weight(i, j));
                        let size: f64 = terms.clone().map(f64::abs).sum();
                        let expected = terms.sum::<f64>() + shifts[j];
                        assert!((value - expected).abs() <= 1e-14 * (size + 1.0));
                    }
                }
            }
        }
    }

    #[test]
    fn negative_results_are_rectified_and_odd_ones_told_of() {
        for outputs in [1, 4, 5, 40] {
            let (inputs, n) = (9, 17);
            let shifts: Vec<f64> = (0..outputs).map(|j| number(j + 9)).collect();
            for isa in isas() {
                let affine = Affine::for_isa(isa, inputs, shifts.clone(), |i, j| number(i * 3 + j));
                let mut x: Vec<f64> = (0..n * inputs).map(number).collect();
                let (mut plain, mut out) = (vec![0.0; n * outputs], vec![0.0; n * outputs]);
                affine.apply(Rows::new(&x, n), &mut plain);
                assert!(affine.apply_then(Rows::new(&x, n), true, &mut out));
                for (value, plain) in out.iter().zip(&plain) {
                    assert_eq!(*value, if *plain < 0.0 { 0.0 } else { *plain });
                }
                for (at, bad) in [(0, f64::NAN), (70, f64::INFINITY), (152, f64::NEG_INFINITY)] {
                    let good = std::mem::replace(&mut x[at], bad);
                    for rectify in [false, true] {
                        assert!(!affine.apply_then(Rows::new(&x, n), rectify, &mut out));
                    }
                    let row = at / inputs * outputs;
                    assert!(!bad.is_nan() || out[row].is_nan(), "NaN stays");
                    x[at] = good;
                }
            }
        }
    }
}
