//! Values that scikit-learn refuses: NaN and infinities, by estimator.
//!
//! Rows are looked at with the CPU's widest vectors: for a small net the check would take a quarter of
//! the time otherwise.
#![allow(unsafe_code)]
// A loop is vectorised where it is inlined into a function that may use the vectors.
#![allow(clippy::inline_always)]

use super::{Numbers, Real, View};
use crate::isa::Isa;
use crate::rejected::Rejected;

/// What an estimator lets through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finite {
    /// Finite values alone.
    Only,
    /// Finite values and NaN.
    OrNan,
    /// Finite values that stay finite as f32: what is converted before it is checked.
    OnlyAsF32,
    /// The same, and NaN.
    OrNanAsF32,
}

/// Refuses rows with values that the estimator refuses, in scikit-learn's words.
///
/// # Errors
/// "input contains NaN", "input contains infinity or a value too large for dtype('float64')".
pub(crate) fn check_finite(x: Numbers<'_>, finite: Finite) -> Result<(), Rejected> {
    match x {
        Numbers::F32(view) => check(view, finite, "float32"),
        Numbers::F64(view) => {
            let as_f32 = matches!(finite, Finite::OnlyAsF32 | Finite::OrNanAsF32);
            check(view, finite, if as_f32 { "float32" } else { "float64" })
        }
    }
}

/// [`check_finite`] for [`Finite::Only`], told by sums that hold every value of the rows: such a sum is finite
/// only where all of them are, and there are fewer sums to look at.
///
/// # Errors
/// As [`check_finite`].
pub(crate) fn check_finite_by<T: Real>(sums: &[T], x: Numbers<'_>) -> Result<(), Rejected> {
    if !sums.is_empty() && all_below(Isa::detect(), sums, T::infinity()) {
        return Ok(());
    }
    check_finite(x, Finite::Only)
}

/// Halfway between the largest f32 and what would follow it: from here on, values round to infinity.
const TOO_LARGE_FOR_F32: f64 = 3.402_823_567_797_336_6e38;

fn check<T: Real>(view: View<'_, T>, finite: Finite, dtype: &str) -> Result<(), Rejected> {
    let allows_nan = matches!(finite, Finite::OrNan | Finite::OrNanAsF32);
    let limit: T = match finite {
        Finite::OnlyAsF32 | Finite::OrNanAsF32 => T::of(TOO_LARGE_FOR_F32),
        Finite::Only | Finite::OrNan => T::infinity(),
    };
    let isa = Isa::detect();
    if view.as_slice().is_some_and(|values| all_below(isa, values, limit)) {
        return Ok(());
    }
    for row in view.iter() {
        if all_below(isa, row, limit) {
            continue;
        }
        for value in row {
            if value.is_nan() {
                if !allows_nan {
                    return Err(Rejected::new("input contains NaN"));
                }
            } else if value.abs() >= limit {
                return Err(Rejected::new(format!(
                    "input contains infinity or a value too large for dtype('{dtype}')"
                )));
            }
        }
    }
    Ok(())
}

/// Values from which on wide vectors are worth calling a function for.
const LONG: usize = 256;

/// Whether every value is a number nearer to zero than `limit`.
fn all_below<T: Real>(isa: Isa, values: &[T], limit: T) -> bool {
    #[cfg(target_arch = "x86_64")]
    match isa {
        _ if values.len() < LONG => {}
        // SAFETY: the CPU has these instructions, as its `Isa` says.
        Isa::Avx512 => return unsafe { all_below_avx512(values, limit) },
        // SAFETY: as above.
        Isa::Avx2 => return unsafe { all_below_avx2(values, limit) },
        Isa::Portable => {}
    }
    let _ = isa;
    all_below_together(values, limit)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
fn all_below_avx512<T: Real>(values: &[T], limit: T) -> bool {
    all_below_together(values, limit)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn all_below_avx2<T: Real>(values: &[T], limit: T) -> bool {
    all_below_together(values, limit)
}

/// Without branches, so that many values are looked at together.
#[inline(always)]
fn all_below_together<T: Real>(values: &[T], limit: T) -> bool {
    values.iter().fold(true, |below, value| below & (value.abs() < limit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_tell_of_values_that_are_not_finite_and_too_large_sums_do_not() {
        let (good, bad) = ([f64::MAX, f64::MAX], [1.0, f64::NEG_INFINITY]);
        let rows = |values| Numbers::F64(View::new(values, 1, 2));
        assert_eq!(check_finite_by(&[f64::INFINITY], rows(&good)), Ok(()));
        assert_eq!(check_finite_by(&[f64::NAN], rows(&good)), Ok(()));
        assert!(check_finite_by(&[f64::NEG_INFINITY], rows(&bad)).is_err());
        assert!(check_finite_by::<f64>(&[], rows(&bad)).is_err());
    }

    #[test]
    fn what_is_refused_is_found_anywhere() {
        for len in [0, 1, 15, 16, 30, 255, 256, 300] {
            for isa in [Isa::Portable, Isa::Avx2, Isa::Avx512] {
                if isa > Isa::detect() {
                    continue;
                }
                let mut values = vec![-1.5_f64; len];
                assert!(all_below(isa, &values, f64::INFINITY), "{len} by {isa:?}");
                for at in 0..len {
                    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                        values[at] = bad;
                        assert!(
                            !all_below(isa, &values, f64::INFINITY),
                            "{at} of {len} by {isa:?}"
                        );
                    }
                    values[at] = -1.5;
                }
            }
        }
    }
}
