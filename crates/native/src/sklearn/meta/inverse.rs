//! [`Inverse`]: what takes a transformed target back to its units.
//!
//! Source: `inverse_transform` of `sklearn.preprocessing` (1.2 to 1.9). What cannot be inverted here is
//! refused.

use pelton_pickle::Value;

use crate::data::rounded;
use crate::estimator::Promise;
use crate::math::{interpolate, ndtr};
use crate::reader::{Fitted, Refusal};
use crate::sklearn::preprocessing::Known;

/// The inverse of a fitted transformer, value by value.
pub(super) enum Inverse {
    Function {
        known: &'static Known,
        /// Whether it refuses what is not finite.
        checks: bool,
    },
    /// Of several transformers, the last one's first.
    Steps(Vec<Inverse>),
    /// value * factors + shifts.
    MultiplyAdd { factors: Option<Vec<f64>>, shifts: Option<Vec<f64>> },
    /// (value - shifts) / factors.
    SubtractDivide { factors: Vec<f64>, shifts: Vec<f64> },
    /// Powers, behind the inverse of their scaler.
    Power { scaler: Option<Box<Inverse>>, lambdas: Vec<f64>, yeo_johnson: bool },
    /// Quantiles by target, at these shares.
    Quantiles { shares: Vec<f64>, targets: Vec<Vec<f64>>, normal: bool },
}

/// Nearer to the ends of the unit interval than this is at them.
const END: f64 = 1e-7;

impl Inverse {
    /// Reads the transformer of `targets` columns; refusals are of the `whole`.
    ///
    /// # Errors
    /// It has no inverse that is known here.
    pub(super) fn read(
        whole: &Fitted<'_>,
        transformer: &Fitted<'_>,
        targets: usize,
    ) -> Result<Self, Refusal> {
        let option = |name: &str, flag: &str| -> Result<Option<Vec<f64>>, Refusal> {
            if transformer.flag(flag, true)? { transformer.numbers_option(name) } else { Ok(None) }
        };
        let inverse = match transformer.class() {
            "FunctionTransformer" => function(whole, transformer)?,
            "Pipeline" => steps(whole, transformer, targets)?,
            "StandardScaler" => Self::MultiplyAdd {
                factors: option("scale_", "with_std")?,
                shifts: option("mean_", "with_mean")?,
            },
            "RobustScaler" => Self::MultiplyAdd {
                factors: option("scale_", "with_scaling")?,
                shifts: option("center_", "with_centering")?,
            },
            "MaxAbsScaler" => {
                Self::MultiplyAdd { factors: Some(transformer.numbers("scale_")?), shifts: None }
            }
            "MinMaxScaler" => Self::SubtractDivide {
                factors: transformer.numbers("scale_")?,
                shifts: transformer.numbers("min_")?,
            },
            "PowerTransformer" => power(whole, transformer, targets)?,
            "QuantileTransformer" => quantiles(whole, transformer)?,
            other => return Err(whole.refuse_option(format!("{other} as its transformer"))),
        };
        if inverse.fits(targets) {
            Ok(inverse)
        } else {
            Err(whole.refuse("its transformer is of another width"))
        }
    }

    fn fits(&self, targets: usize) -> bool {
        match self {
            Self::Function { .. } => true,
            Self::Steps(steps) => steps.iter().all(|step| step.fits(targets)),
            Self::MultiplyAdd { factors, shifts } => {
                [factors, shifts].into_iter().flatten().all(|values| values.len() == targets)
            }
            Self::SubtractDivide { factors, shifts } => {
                factors.len() == targets && shifts.len() == targets
            }
            Self::Power { lambdas, .. } => lambdas.len() == targets,
            Self::Quantiles { shares, targets: all, .. } => {
                all.len() == targets && all.iter().all(|one| one.len() == shares.len())
            }
        }
    }

    /// Takes a row's values back, each result rounded where they are of f32; whether it takes such values:
    /// transformers refuse infinities, functions nothing unless they check.
    #[must_use]
    pub(super) fn invert(&self, row: &mut [f64], single: bool) -> bool {
        match self {
            Self::Steps(steps) => return steps.iter().all(|step| step.invert(row, single)),
            Self::Function { checks: true, .. } if row.iter().any(|value| !value.is_finite()) => {
                return false;
            }
            Self::Function { known: function, .. } => {
                for value in row.iter_mut() {
                    *value = if single {
                        f64::from((function.narrow)(*value as f32))
                    } else {
                        (function.wide)(*value)
                    };
                }
                return true;
            }
            _ if row.iter().any(|value| value.is_infinite()) => return false,
            Self::MultiplyAdd { factors, shifts } => {
                each(row, factors.as_deref().unwrap_or_default(), single, |value, factor| {
                    value * factor
                });
                each(row, shifts.as_deref().unwrap_or_default(), single, |value, shift| {
                    value + shift
                });
            }
            Self::SubtractDivide { factors, shifts } => {
                each(row, shifts, single, |value, shift| value - shift);
                each(row, factors, single, |value, factor| value / factor);
            }
            Self::Power { scaler, lambdas, yeo_johnson } => {
                if let Some(scaler) = scaler
                    && !scaler.invert(row, single)
                {
                    return false;
                }
                let one = if *yeo_johnson { inverse_yeo_johnson } else { inverse_box_cox };
                for (value, lambda) in row.iter_mut().zip(lambdas) {
                    *value = rounded(one(*value, *lambda), single);
                }
            }
            Self::Quantiles { shares, targets, normal } => {
                for (value, quantiles) in row.iter_mut().zip(targets) {
                    *value = rounded(quantile(*value, shares, quantiles, *normal), single);
                }
            }
        }
        true
    }

    /// How near the inverse is to Python's.
    pub(super) fn promise(&self) -> Promise {
        match self {
            Self::MultiplyAdd { .. } | Self::SubtractDivide { .. } => Promise::Bits,
            Self::Steps(steps) => steps.iter().map(Self::promise).max().unwrap_or(Promise::Bits),
            // numpy's own functions differ from the C library's in the last bit on some CPUs.
            Self::Function { .. } | Self::Power { .. } | Self::Quantiles { .. } => Promise::Close,
        }
    }
}

/// An operation on every value and the number of its column.
fn each(row: &mut [f64], numbers: &[f64], single: bool, operation: impl Fn(f64, f64) -> f64) {
    for (value, number) in row.iter_mut().zip(numbers) {
        *value = rounded(operation(*value, *number), single);
    }
}

fn power(whole: &Fitted<'_>, fitted: &Fitted<'_>, targets: usize) -> Result<Inverse, Refusal> {
    let yeo_johnson = match fitted.text("method")? {
        "yeo-johnson" => true,
        "box-cox" => false,
        other => return Err(whole.refuse_option(format!("method='{other}' of its transformer"))),
    };
    let scaler = if fitted.flag("standardize", true)? {
        let scaler = fitted.with(fitted.attr("_scaler")?);
        Some(Box::new(Inverse::read(whole, &scaler, targets)?))
    } else {
        None
    };
    Ok(Inverse::Power { scaler, lambdas: fitted.numbers("lambdas_")?, yeo_johnson })
}

fn quantiles(whole: &Fitted<'_>, fitted: &Fitted<'_>) -> Result<Inverse, Refusal> {
    let normal = match fitted.text("output_distribution")? {
        "normal" => true,
        "uniform" => false,
        other => return Err(whole.refuse_option(format!("output_distribution='{other}'"))),
    };
    let shares = fitted.numbers("references_")?;
    let (values, rows, cols) = fitted.matrix("quantiles_")?;
    if rows == 0 || rows != shares.len() || shares.windows(2).any(|pair| pair[0] > pair[1]) {
        return Err(whole.refuse("its transformer's quantiles are out of order"));
    }
    let column = |col: usize| (0..rows).map(|row| values[row * cols + col]).collect();
    Ok(Inverse::Quantiles { shares, targets: (0..cols).map(column).collect(), normal })
}

fn quantile(value: f64, shares: &[f64], quantiles: &[f64], normal: bool) -> f64 {
    let (first, last) = (quantiles[0], quantiles[quantiles.len() - 1]);
    let share = if normal { ndtr(value) } else { value };
    let (low, high) =
        if normal { (share - END < 0.0, share + END > 1.0) } else { (share == 0.0, share == 1.0) };
    if low {
        first
    } else if high {
        last
    } else if share.is_nan() {
        share
    } else {
        interpolate(share, shares, quantiles)
    }
}

fn inverse_box_cox(x: f64, lambda: f64) -> f64 {
    if lambda == 0.0 { x.exp() } else { (x * lambda + 1.0).powf(1.0 / lambda) }
}

fn inverse_yeo_johnson(x: f64, lambda: f64) -> f64 {
    if x >= 0.0 {
        if lambda.abs() < f64::EPSILON {
            x.exp() - 1.0
        } else {
            (x * lambda + 1.0).powf(1.0 / lambda) - 1.0
        }
    } else if (lambda - 2.0).abs() > f64::EPSILON {
        let rest = 2.0 - lambda;
        1.0 - (-rest * x + 1.0).powf(1.0 / rest)
    } else {
        1.0 - (-x).exp()
    }
}

/// The inverse function by its name; no other could be known.
fn function(whole: &Fitted<'_>, transformer: &Fitted<'_>) -> Result<Inverse, Refusal> {
    let Some(function) = transformer.option("inverse_func") else {
        return Ok(Inverse::Steps(Vec::new()));
    };
    let name = ufunc(function).ok_or_else(|| whole.refuse_option("an inverse_func of its own"))?;
    let known = Known::named(name);
    let known = known.ok_or_else(|| whole.refuse_option(format!("inverse_func={name}")))?;
    Ok(Inverse::Function { known, checks: transformer.flag("validate", false)? })
}

/// The inverses of a pipeline's steps, from the last to the first.
fn steps(whole: &Fitted<'_>, pipeline: &Fitted<'_>, targets: usize) -> Result<Inverse, Refusal> {
    let listed = pipeline.attr("steps")?;
    let mut all = Vec::new();
    for step in listed.items().map_err(|error| whole.refuse(error))? {
        let step = step.item(1).map_err(|error| whole.refuse(error))?;
        if !step.is_none() && step.as_str() != Some("passthrough") {
            all.push(Inverse::read(whole, &pipeline.with(step), targets)?);
        }
    }
    all.reverse();
    Ok(Inverse::Steps(all))
}

/// The name of a numpy function.
fn ufunc(value: Value<'_>) -> Option<&str> {
    // numpy 1 stores `numpy.core._ufunc_reconstruct("numpy", "exp")`.
    let class = value.as_global().or_else(|| value.class())?;
    if matches!(class.name, "_ufunc_reconstruct" | "_ufunc_reduce") {
        return value.args().nth(1)?.as_str();
    }
    class.module.starts_with("numpy").then_some(class.name)
}
