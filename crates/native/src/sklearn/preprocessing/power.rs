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
    lambdas: Vec<f64>,
    method: Method,
    scaler: Option<Box<dyn Estimator>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Method {
    BoxCox,
    /// By exponentials of logarithms, as SciPy does and scikit-learn since 1.9.
    YeoJohnson,
    /// By powers, in the rows' own type.
    YeoJohnsonPowers,
    /// By powers in f64 whatever the rows are: numpy 2 takes the type of lambda, a NumPy scalar, too.
    YeoJohnsonWidePowers,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let lambdas = fitted.numbers("lambdas_")?;
    let method = match fitted.option("method").and_then(Value::as_str).unwrap_or("yeo-johnson") {
        "box-cox" => Method::BoxCox,
        "yeo-johnson" if fitted.version() >= Version(1, 9) => Method::YeoJohnson,
        // Before numpy 2 could be used: f32 rows stay f32.
        "yeo-johnson" if fitted.version() < Version(1, 4) || fitted.value.names("numpy.core") => {
            Method::YeoJohnsonPowers
        }
        "yeo-johnson" => Method::YeoJohnsonWidePowers,
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
    Ok(Box::new(Transforms(Power { lambdas, method, scaler })))
}

impl Power {
    fn rows<T: Real>(&self, mut rows: ViewMut<'_, T>) -> Result<(), Rejected> {
        if self.method == Method::BoxCox {
            let refused = |value: &T| *value <= T::zero();
            if rows.view().iter().any(|row| row.iter().any(refused)) {
                return Err(Rejected::new(
                    "the Box-Cox transformation can only be applied to strictly positive data",
                ));
            }
        }
        rows.for_each_row(|_, row| {
            for (value, lambda) in row.iter_mut().zip(&self.lambdas) {
                *value = match self.method {
                    Method::YeoJohnsonPowers => yeo_johnson(*value, T::of(*lambda)),
                    Method::YeoJohnsonWidePowers => wide_yeo_johnson(*value, *lambda),
                    method => T::of(method.of((*value).into(), *lambda)),
                };
            }
        });
        Ok(())
    }
}

impl Method {
    fn of(self, x: f64, lambda: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let side = |x: f64, lambda: f64| {
            if lambda.abs() < f64::EPSILON {
                return x.ln_1p();
            }
            (lambda * x.ln_1p()).exp_m1() / lambda
        };
        match self {
            Self::BoxCox => box_cox(x, lambda),
            _ if x >= 0.0 => side(x, lambda),
            _ => -side(-x, 2.0 - lambda),
        }
    }
}

/// The transformation by powers.
fn yeo_johnson<T: Real>(x: T, lambda: T) -> T {
    let side = |x: T, lambda: T| {
        if lambda.abs() < T::of(f64::EPSILON) {
            return x.ln_1p();
        }
        ((x + T::one()).powf(lambda) - T::one()) / lambda
    };
    if x.is_nan() {
        return x;
    }
    if x >= T::zero() { side(x, lambda) } else { -side(-x, T::of(2.0) - lambda) }
}

/// The transformation by powers in f64 of `x + 1` in the rows' own type.
fn wide_yeo_johnson<T: Real>(x: T, lambda: f64) -> T {
    let side = |x: T, lambda: f64| {
        if lambda.abs() < f64::EPSILON {
            return x.ln_1p();
        }
        let base: f64 = (x + T::one()).into();
        T::of((base.powf(lambda) - 1.0) / lambda)
    };
    if x.is_nan() {
        return x;
    }
    if x >= T::zero() { side(x, lambda) } else { -side(-x, 2.0 - lambda) }
}

fn box_cox(x: f64, lambda: f64) -> f64 {
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
        Some(self.lambdas.len())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for Power {
    fn width(&self) -> usize {
        self.lambdas.len()
    }

    fn in_place(&self) -> bool {
        true
    }

    fn apply(&self, mut rows: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        match rows.reborrow() {
            Slot::F32(rows) => {
                check_finite(Numbers::F32(rows.view()), Finite::OrNan)?;
                self.rows(rows)?;
            }
            Slot::F64(rows) => {
                check_finite(Numbers::F64(rows.view()), Finite::OrNan)?;
                self.rows(rows)?;
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
