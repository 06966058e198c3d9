//! The functions that turn scores into probabilities, with Python's operations in Python's order.
//! Must not know which estimator asks.
//!
//! exp, log and tanh are the C library's, whose bits SciPy's compiled code and NumPy without
//! AVX-512 have; NumPy's vector versions differ by 1 ulp in one value of 20 (exp) or by 3 ulp in one of 4
//! (tanh), by the CPU. Sources: `scipy.special.expit`, `scipy.special.logsumexp` (SciPy 1.17),
//! `sklearn.utils.extmath.softmax` (scikit-learn 1.9; the same formula since 0.2x).

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
    fn tanh(self) -> Self;
    fn sqrt(self) -> Self;
    fn neg(self) -> Self;
}

macro_rules! functions {
    ($real:ident) => {
        impl Functions for $real {
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

            fn tanh(self) -> Self {
                $real::tanh(self)
            }

            fn sqrt(self) -> Self {
                $real::sqrt(self)
            }

            fn neg(self) -> Self {
                -self
            }
        }
    };
}
functions!(f32);
functions!(f64);

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
