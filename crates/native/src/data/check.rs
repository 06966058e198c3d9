//! Values that scikit-learn refuses: NaN and infinities, by estimator.

use super::{Numbers, Real, View};
use crate::estimator::Rejected;

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

/// Halfway between the largest f32 and what would follow it: from here on, values round to infinity.
const TOO_LARGE_FOR_F32: f64 = 3.402_823_567_797_336_6e38;

fn check<T: Real>(view: View<'_, T>, finite: Finite, dtype: &str) -> Result<(), Rejected> {
    let allows_nan = matches!(finite, Finite::OrNan | Finite::OrNanAsF32);
    let limit: T = match finite {
        Finite::OnlyAsF32 | Finite::OrNanAsF32 => T::of(TOO_LARGE_FOR_F32),
        Finite::Only | Finite::OrNan => T::infinity(),
    };
    for row in view.iter() {
        // Without branches, so that whole rows are looked at together.
        if row.iter().fold(true, |within, value| within & (value.abs() < limit)) {
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
