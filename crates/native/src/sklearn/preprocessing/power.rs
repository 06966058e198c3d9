//! `PowerTransformer`.
//!
//! Source: `sklearn.preprocessing.PowerTransformer.transform` (0.20 to 1.9), `scipy.stats.yeojohnson` and
//! `scipy.special.boxcox` (1.17). numpy's power and logarithms differ from the C library's in the last bit.

use pelton_pickle::Value;

use crate::data::{Data, Finite, Numbers, Pool, Real, Slot, ViewMut, check_finite};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "PowerTransformer", read)];

struct Power {
    columns: Vec<Column>,
    method: Method,
    /// What the powers of float32 rows are taken in.
    wide: bool,
    scaler: Option<Box<dyn Estimator>>,
}

/// The lambda of one column, which numbers below zero are given as two less it.
#[derive(Clone, Copy)]
struct Column {
    lambda: f64,
    below: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    BoxCox,
    /// By exponentials of logarithms, as SciPy does and scikit-learn since 1.9.
    YeoJohnson,
    /// By powers.
    YeoJohnsonPowers,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let lambdas = fitted.numbers("lambdas_")?;
    let method = match fitted.option("method").and_then(Value::as_str).unwrap_or("yeo-johnson") {
        "box-cox" => Method::BoxCox,
        "yeo-johnson" if fitted.version() >= Version(1, 9) => Method::YeoJohnson,
        "yeo-johnson" => Method::YeoJohnsonPowers,
        other => return Err(fitted.refuse_option(format!("method='{other}'"))),
    };
    let scaler = if fitted.flag("standardize", true)? {
        let scaler = fitted.inner_transformer("its scaler", fitted.attr("_scaler")?)?;
        if scaler.features() != Some(lambdas.len()) {
            return Err(fitted.refuse("PowerTransformer scales another number of columns"));
        }
        Some(scaler)
    } else {
        None
    };
    let single = fitted.is_single("lambdas_");
    // To numpy 2 a lambda is a NumPy scalar with a type; before it what rows are decides.
    let typed = !fitted.is_of_numpy_1();
    let narrow = typed && single;
    let columns = lambdas.into_iter().map(|lambda| Column::new(lambda, narrow)).collect();
    Ok(Box::new(Transforms(Power { columns, method, wide: typed && !single, scaler })))
}

impl Column {
    /// Fitted on rows of float32 lambdas are float32, and to numpy 2 so is what is left of two.
    fn new(lambda: f64, narrow: bool) -> Self {
        let below = if narrow { f64::from(2.0 - lambda as f32) } else { 2.0 - lambda };
        Self { lambda, below }
    }
}

impl Power {
    fn rows<T: Real, W: Real>(&self, mut rows: ViewMut<'_, T>) -> Result<(), Rejected> {
        if self.method == Method::BoxCox {
            let refused = |value: &T| *value <= T::zero();
            if rows.view().iter().any(|row| row.iter().any(refused)) {
                return Err(Rejected::new(
                    "the Box-Cox transformation can only be applied to strictly positive data",
                ));
            }
        }
        rows.for_each_row(|_, row| {
            for (value, column) in row.iter_mut().zip(&self.columns) {
                *value = match self.method {
                    Method::BoxCox => T::of(box_cox((*value).into(), column.lambda)),
                    Method::YeoJohnson => column.yeo_johnson(*value, by_logarithms::<T, W>),
                    Method::YeoJohnsonPowers => column.yeo_johnson(*value, by_powers::<T, W>),
                };
            }
        });
        Ok(())
    }
}

impl Column {
    /// The transformation of a number, by what does it for one that is not below zero.
    fn yeo_johnson<T: Real>(self, x: T, above: impl Fn(T, f64) -> T) -> T {
        if x.is_nan() {
            x
        } else if x >= T::zero() {
            above(x, self.lambda)
        } else {
            -above(-x, self.below)
        }
    }
}

/// In the rows' own type but for the power, which is taken in `W`.
fn by_powers<T: Real, W: Real>(x: T, lambda: f64) -> T {
    if lambda.abs() < f64::EPSILON {
        return x.ln_1p();
    }
    let (base, lambda) = (W::of((x + T::one()).into()), W::of(lambda));
    T::of(((base.powf(lambda) - W::one()) / lambda).into())
}

/// In the rows' own type but for the exponential, which is taken in `W`.
fn by_logarithms<T: Real, W: Real>(x: T, lambda: f64) -> T {
    if lambda.abs() < W::epsilon().into() {
        return x.ln_1p();
    }
    let (log, lambda) = (W::of(x.ln_1p().into()), W::of(lambda));
    T::of(((lambda * log).exp_m1() / lambda).into())
}

fn box_cox(x: f64, lambda: f64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if lambda.abs() < 1e-19 {
        return x.ln();
    }
    let exponent = lambda * x.ln();
    if exponent < 709.78 {
        return exponent.exp_m1() / lambda;
    }
    lambda.signum() * (exponent - lambda.abs().ln()).exp() - 1.0 / lambda
}

impl Fit for Power {
    fn features(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for Power {
    fn width(&self) -> usize {
        self.columns.len()
    }

    fn in_place(&self) -> bool {
        true
    }

    fn apply(&self, mut rows: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        match rows.reborrow() {
            Slot::F32(rows) => {
                check_finite(Numbers::F32(rows.view()), Finite::OrNan)?;
                if self.wide {
                    self.rows::<f32, f64>(rows)?;
                } else {
                    self.rows::<f32, f32>(rows)?;
                }
            }
            Slot::F64(rows) => {
                check_finite(Numbers::F64(rows.view()), Finite::OrNan)?;
                self.rows::<f64, f64>(rows)?;
            }
        }
        match self.scaler.as_ref().and_then(|scaler| scaler.transformer()) {
            Some(scaler) => scaler.apply(rows, pool),
            None => Ok(()),
        }
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        crate::data::copy_into(x, out.reborrow())?;
        self.apply(out, pool)
    }
}
