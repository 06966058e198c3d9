//! How far two rows are apart. Must not know trees or heaps.
//!
//! Source: `sklearn.metrics._dist_metrics`. Searching compares *reduced* distances, from which the root
//! is not yet taken; sums run over the features in order.

use pelton_pickle::Value;

use crate::reader::{Fitted, Refusal};

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Metric {
    Euclidean,
    Manhattan,
    Chebyshev,
    /// Any other power.
    Minkowski(f64),
}

impl Metric {
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let Some(name) = fitted.attr("effective_metric_")?.as_str() else {
            return Err(fitted.refuse_option("a Python function as metric"));
        };
        let parameters = fitted.option("effective_metric_params_");
        let parameter =
            |name: &str| parameters.and_then(|all| all.get(name)).filter(|value| !value.is_none());
        if parameter("w").is_some() {
            return Err(fitted.refuse_option("a metric with weights"));
        }
        Ok(match name {
            "euclidean" | "l2" => Self::Euclidean,
            "manhattan" | "cityblock" | "l1" => Self::Manhattan,
            "chebyshev" | "infinity" => Self::Chebyshev,
            "minkowski" | "p" => {
                let p = parameter("p").and_then(Value::as_f64);
                match fitted.wanted("effective_metric_params_", p, "a power p")? {
                    1.0 => Self::Manhattan,
                    2.0 => Self::Euclidean,
                    f64::INFINITY => Self::Chebyshev,
                    p if p >= 1.0 => Self::Minkowski(p),
                    p => return Err(fitted.refuse_option(format!("p={p}"))),
                }
            }
            other => return Err(fitted.refuse_option(format!("metric='{other}'"))),
        })
    }

    /// The distance of a reduced one.
    pub(super) fn distance(self, reduced: f64) -> f64 {
        match self {
            Self::Euclidean => reduced.sqrt(),
            Self::Manhattan | Self::Chebyshev => reduced,
            Self::Minkowski(p) => reduced.powf(1.0 / p),
        }
    }

    /// The reduced distance of one.
    pub(super) fn reduced(self, distance: f64) -> f64 {
        match self {
            Self::Euclidean => distance * distance,
            Self::Manhattan | Self::Chebyshev => distance,
            Self::Minkowski(p) => distance.powf(p),
        }
    }

    /// Adds how far apart two values are to a reduced distance.
    pub(super) fn add(self, sum: f64, apart: f64) -> f64 {
        match self {
            Self::Euclidean => sum + apart * apart,
            Self::Manhattan => sum + apart.abs(),
            Self::Chebyshev => sum.max(apart.abs()),
            Self::Minkowski(p) => sum + apart.abs().powf(p),
        }
    }

    /// The reduced distance of two rows.
    pub(super) fn between(self, x: &[f64], y: &[f64]) -> f64 {
        x.iter().zip(y).fold(0.0, |sum, (x, y)| self.add(sum, x - y))
    }
}
