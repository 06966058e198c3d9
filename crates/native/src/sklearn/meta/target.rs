//! `TransformedTargetRegressor`: predictions are taken back to the units of the target.
//!
//! Source: `sklearn.compose._target` (1.2 to 1.9), and `inverse_transform` of the scalers. A target's
//! transformer that cannot be inverted here is refused.

use pelton_pickle::Value;

use super::inner::{scores, shape, unwrap};
use crate::data::{Data, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "TransformedTargetRegressor", read)];

struct TransformedTarget {
    part: Box<dyn Estimator>,
    inverse: Inverse,
    shape: Shape,
}

/// What takes a prediction back.
enum Inverse {
    Function(fn(f64) -> f64),
    /// value * factors + shifts.
    MultiplyAdd {
        factors: Option<Vec<f64>>,
        shifts: Option<Vec<f64>>,
    },
    /// (value - shifts) / factors.
    SubtractDivide {
        factors: Vec<f64>,
        shifts: Vec<f64>,
    },
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let part = unwrap(fitted, &["regressor_"])?;
    let targets = match shape(&*part, Method::Predict) {
        Some(Shape::Vector) => 1,
        Some(Shape::Matrix(width)) => width,
        _ => return Err(fitted.refuse_option("a regressor without predictions")),
    };
    if !part.labels().is_empty() {
        return Err(fitted.refuse_option("a classifier as its regressor"));
    }
    let inverse = inverse(fitted, &fitted.with(fitted.attr("transformer_")?), targets)?;
    let shape = match fitted.count("_training_dim")? {
        1 if targets == 1 => Shape::Vector,
        _ => Shape::Matrix(targets),
    };
    Ok(Box::new(TransformedTarget { part, inverse, shape }))
}

fn inverse(
    whole: &Fitted<'_>,
    transformer: &Fitted<'_>,
    targets: usize,
) -> Result<Inverse, Refusal> {
    let option = |name: &str, flag: &str| -> Result<Option<Vec<f64>>, Refusal> {
        if transformer.flag(flag, true)? { transformer.numbers_option(name) } else { Ok(None) }
    };
    let inverse = match transformer.class() {
        "FunctionTransformer" => Inverse::Function(function(whole, transformer)?),
        "StandardScaler" => Inverse::MultiplyAdd {
            factors: option("scale_", "with_std")?,
            shifts: option("mean_", "with_mean")?,
        },
        "RobustScaler" => Inverse::MultiplyAdd {
            factors: option("scale_", "with_scaling")?,
            shifts: option("center_", "with_centering")?,
        },
        "MaxAbsScaler" => {
            Inverse::MultiplyAdd { factors: Some(transformer.numbers("scale_")?), shifts: None }
        }
        "MinMaxScaler" => Inverse::SubtractDivide {
            factors: transformer.numbers("scale_")?,
            shifts: transformer.numbers("min_")?,
        },
        other => return Err(whole.refuse_option(format!("{other} as its transformer"))),
    };
    let fits = match &inverse {
        Inverse::Function(_) => true,
        Inverse::MultiplyAdd { factors, shifts } => {
            [factors, shifts].into_iter().flatten().all(|values| values.len() == targets)
        }
        Inverse::SubtractDivide { factors, shifts } => {
            factors.len() == targets && shifts.len() == targets
        }
    };
    if fits { Ok(inverse) } else { Err(whole.refuse("its transformer is of another width")) }
}

/// The inverse function by its name; no other could be known.
fn function(whole: &Fitted<'_>, transformer: &Fitted<'_>) -> Result<fn(f64) -> f64, Refusal> {
    let Some(function) = transformer.option("inverse_func") else { return Ok(|value| value) };
    let name = ufunc(function).ok_or_else(|| whole.refuse_option("an inverse_func of its own"))?;
    Ok(match name {
        "exp" => f64::exp,
        "expm1" => f64::exp_m1,
        "exp2" => f64::exp2,
        "log" => f64::ln,
        "log1p" => f64::ln_1p,
        "log2" => f64::log2,
        "log10" => f64::log10,
        "sqrt" => f64::sqrt,
        "cbrt" => f64::cbrt,
        "square" => |value| value * value,
        "negative" => |value| -value,
        "reciprocal" => |value| 1.0 / value,
        other => return Err(whole.refuse_option(format!("inverse_func={other}"))),
    })
}

/// The name of a numpy function.
fn ufunc(value: Value<'_>) -> Option<&str> {
    let class = value.as_global().or_else(|| {
        // numpy 1 stores `numpy.core._ufunc_reconstruct("numpy", "exp")`.
        value.class()
    })?;
    if matches!(class.name, "_ufunc_reconstruct" | "_ufunc_reduce") {
        return value.args().nth(1)?.as_str();
    }
    class.module.starts_with("numpy").then_some(class.name)
}

impl TransformedTarget {
    fn invert(&self, row: &mut [f64]) {
        match &self.inverse {
            Inverse::Function(function) => {
                row.iter_mut().for_each(|value| *value = function(*value));
            }
            Inverse::MultiplyAdd { factors, shifts } => {
                if let Some(factors) = factors {
                    row.iter_mut().zip(factors).for_each(|(value, factor)| *value *= factor);
                }
                if let Some(shifts) = shifts {
                    row.iter_mut().zip(shifts).for_each(|(value, shift)| *value += shift);
                }
            }
            Inverse::SubtractDivide { factors, shifts } => {
                row.iter_mut().zip(shifts).for_each(|(value, shift)| *value -= shift);
                row.iter_mut().zip(factors).for_each(|(value, factor)| *value /= factor);
            }
        }
    }
}

impl Estimator for TransformedTarget {
    fn outputs(&self) -> Vec<Output> {
        vec![Output::new(Method::Predict, self.shape.clone())]
    }

    fn features(&self) -> Option<usize> {
        self.part.features()
    }

    fn answer(&self, x: Data<'_>, asked: Methods, pool: &mut Pool) -> Result<Answers, Rejected> {
        let mut answers = Answers::default();
        if asked.has(Method::Predict) {
            let mut predicted = scores(&*self.part, Method::Predict, x, pool)?;
            let width = predicted.width.max(1);
            predicted.values.chunks_exact_mut(width).for_each(|row| self.invert(row));
            answers.predict = Some(Predicted::Numbers(Block::F64(predicted.values)));
        }
        Ok(answers)
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.part.judge(columns, evidence);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn promise(&self) -> Promise {
        match self.inverse {
            // numpy's own functions differ from the C library's in the last bit on some CPUs.
            Inverse::Function(_) => Promise::Close,
            _ => self.part.promise(),
        }
    }
}
