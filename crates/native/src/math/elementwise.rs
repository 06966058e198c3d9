//! The functions that turn scores into probabilities, with Python's operations in Python's order.
//! Must not know which estimator asks.
//!
//! exp, log and tanh are the C library's, whose bits SciPy's compiled code and NumPy without
//! AVX-512 have; NumPy's vector versions differ by 1 ulp in one value of 20 (exp) or by 3 ulp in one of 4
//! (tanh), by the CPU. Sources: `scipy.special.expit`, `scipy.special.logsumexp` (SciPy 1.17),
//! `sklearn.utils.extmath.softmax` (scikit-learn 1.9; the same formula since 0.2x).

use super::exp;
use super::lanes::Real;
use super::sums::{max, pairwise_sum, pairwise_sum_of};

/// The functions of the C library, for either width.
pub(crate) trait Functions: Real {
    const ONE: Self;
    fn of_count(count: usize) -> Self;
    fn is_finite(self) -> bool;
    fn exp(self) -> Self;
    fn ln(self) -> Self;
    fn ln_1p(self) -> Self;
    fn neg(self) -> Self;
    /// exp of every value, in place, with the same bits.
    fn exp_all(values: &mut [Self]);
    /// tanh of every value, in place, within 2 ulp.
    fn tanh_all(values: &mut [Self]);
}

macro_rules! functions {
    ($real:ident) => {
        const ONE: Self = 1.0;

        fn of_count(count: usize) -> Self {
            count as Self
        }

        fn is_finite(self) -> bool {
            $real::is_finite(self)
        }

        fn exp(self) -> Self {
            $real::exp(self)
        }

        fn ln(self) -> Self {
            $real::ln(self)
        }

        fn ln_1p(self) -> Self {
            $real::ln_1p(self)
        }

        fn neg(self) -> Self {
            -self
        }
    };
}

impl Functions for f32 {
    functions!(f32);

    fn exp_all(values: &mut [Self]) {
        values.iter_mut().for_each(|value| *value = value.exp());
    }

    fn tanh_all(values: &mut [Self]) {
        let mut wide = [0.0; 64];
        for values in values.chunks_mut(wide.len()) {
            let wide = &mut wide[..values.len()];
            wide.iter_mut().zip(&*values).for_each(|(wide, value)| *wide = f64::from(*value));
            exp::tanh_all(wide);
            values.iter_mut().zip(wide).for_each(|(value, wide)| *value = *wide as f32);
        }
    }
}

impl Functions for f64 {
    functions!(f64);

    fn exp_all(values: &mut [Self]) {
        exp::exp_all(values);
    }

    fn tanh_all(values: &mut [Self]) {
        exp::tanh_all(values);
    }
}

/// 1 / (1 + exp(-x)) of every value, in place.
pub(crate) fn expit_all<T: Functions>(values: &mut [T]) {
    values.iter_mut().for_each(|value| *value = value.neg());
    expit_of_negated(values);
}

/// 1 / (1 + exp(-x)) of every x, into places for as many.
pub(crate) fn expit_into<T: Functions>(x: &[T], out: &mut [T]) {
    assert_eq!(x.len(), out.len(), "a place for every result");
    out.iter_mut().zip(x).for_each(|(out, x)| *out = x.neg());
    expit_of_negated(out);
}

fn expit_of_negated<T: Functions>(values: &mut [T]) {
    T::exp_all(values);
    values.iter_mut().for_each(|value| *value = T::ONE.div(T::ONE.add(*value)));
}

/// 1 / (1 + exp(-x)), in the width of x.
#[inline]
pub(crate) fn expit<T: Functions>(x: T) -> T {
    T::ONE.div(T::ONE.add(x.neg().exp()))
}

/// `np.maximum(x, 0)`; NaN stays.
#[inline]
pub(crate) fn relu<T: Functions>(x: T) -> T {
    if x < T::ZERO { T::ZERO } else { x }
}

/// exp(x - max) / sum, in place.
pub(crate) fn softmax<T: Functions>(row: &mut [T]) {
    let Some(greatest) = max(row) else { return };
    for value in &mut *row {
        *value = value.sub(greatest).exp();
    }
    let sum = pairwise_sum(row);
    for value in row {
        *value = value.div(sum);
    }
}

/// [`softmax`] of every row of `width` values.
pub(crate) fn softmax_rows<T: Functions>(values: &mut [T], width: usize) {
    for row in values.chunks_exact_mut(width) {
        let greatest = max(row).expect("a row has a value");
        row.iter_mut().for_each(|value| *value = value.sub(greatest));
    }
    T::exp_all(values);
    for row in values.chunks_exact_mut(width) {
        let sum = pairwise_sum(row);
        row.iter_mut().for_each(|value| *value = value.div(sum));
    }
}

/// ln of the sum of exp(x): the greatest values are taken out of the sum, as SciPy does since 1.15;
/// before it summed all exp(x - max), which differs by an ulp.
pub(crate) fn logsumexp<T: Functions>(row: &[T]) -> T {
    let Some(greatest) = max(row) else { return T::ZERO.ln() };
    if !greatest.is_finite() {
        // Of infinities and NaN the plain formula is right.
        return pairwise_sum_of(0, row.len(), &|i| row[i].exp()).ln();
    }
    let count = T::of_count(row.iter().filter(|x| **x == greatest).count());
    let rest = pairwise_sum_of(0, row.len(), &|i| {
        if row[i] == greatest { T::ZERO } else { row[i].sub(greatest).exp() }
    });
    rest.div(count).ln_1p().add(count.ln()).add(greatest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expit_is_scipys() {
        assert_eq!(expit(0.0), 0.5);
        assert_eq!(expit(800.0), 1.0);
        assert_eq!(expit(-800.0), 0.0);
        assert!(expit(f64::NAN).is_nan());
    }

    #[test]
    fn probabilities_survive_large_scores() {
        let mut row = [1000.0, 1000.0, -1000.0];
        softmax(&mut row);
        assert_eq!(row, [0.5, 0.5, 0.0]);
        let mut row = [1.0, f64::NAN];
        softmax(&mut row);
        assert!(row[0].is_nan() && row[1].is_nan());
        softmax::<f64>(&mut []);
    }

    #[test]
    fn rows_together_have_the_bits_of_rows_alone() {
        let mut together: Vec<f64> = (0..35).map(|i| f64::from(i * 31 % 17) / 3.0).collect();
        let mut alone = together.clone();
        let mut expits = together.clone();
        let mut into = vec![0.0; expits.len()];
        expit_into(&expits, &mut into);
        softmax_rows(&mut together, 7);
        alone.chunks_exact_mut(7).for_each(softmax);
        assert_eq!(together, alone);
        let expected: Vec<f64> = expits.iter().map(|x| expit(*x)).collect();
        expit_all(&mut expits);
        assert_eq!(expits, expected);
        assert_eq!(into, expected);
    }

    #[test]
    fn a_relu_keeps_nan() {
        assert!(relu(f32::NAN).is_nan());
        assert_eq!(relu(-1.0), 0.0);
        assert_eq!(relu(2.5), 2.5);
    }

    #[test]
    fn logsumexp_of_far_and_infinite_values() {
        assert_eq!(logsumexp(&[-1e300, 3.0]), 3.0);
        assert_eq!(logsumexp(&[2.0, 2.0]), 2.0 + 2_f64.ln());
        assert_eq!(logsumexp(&[f64::NEG_INFINITY; 2]), f64::NEG_INFINITY);
        assert_eq!(logsumexp(&[f64::INFINITY, 0.0]), f64::INFINITY);
        assert!(logsumexp(&[f64::NAN, 0.0]).is_nan());
    }
}
