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
    Canberra,
    BrayCurtis,
    /// The share of features that differ.
    Hamming,
    /// The angle between two places on a sphere.
    Haversine,
    /// Less the cosine of the angle between two rows; found by products alone.
    Cosine,
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
            "canberra" => Self::Canberra,
            "braycurtis" => Self::BrayCurtis,
            "hamming" => Self::Hamming,
            "haversine" => Self::Haversine,
            "cosine" => Self::Cosine,
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
            Self::Haversine => 2.0 * reduced.sqrt().asin(),
            Self::Minkowski(p) => reduced.powf(1.0 / p),
            _ => reduced,
        }
    }

    /// The reduced distance of one.
    pub(super) fn reduced(self, distance: f64) -> f64 {
        match self {
            Self::Euclidean => distance * distance,
            Self::Haversine => {
                let half = (0.5 * distance).sin();
                half * half
            }
            Self::Minkowski(p) => distance.powf(p),
            _ => distance,
        }
    }

    /// Whether a reduced distance is a sum, or the greatest, over the features.
    pub(super) fn adds(self) -> bool {
        matches!(self, Self::Euclidean | Self::Manhattan | Self::Chebyshev | Self::Minkowski(_))
    }

    /// Adds how far apart two values are to a reduced distance, of metrics that do.
    pub(super) fn add(self, sum: f64, apart: f64) -> f64 {
        match self {
            Self::Euclidean => sum + apart * apart,
            Self::Manhattan => sum + apart.abs(),
            Self::Chebyshev => sum.max(apart.abs()),
            Self::Minkowski(p) => sum + apart.abs().powf(p),
            _ => unreachable!("metrics that do not add up are not asked to"),
        }
    }

    /// The reduced distance of two rows.
    pub(super) fn between(self, x: &[f64], y: &[f64]) -> f64 {
        let pairs = || x.iter().zip(y);
        match self {
            Self::Canberra => {
                return pairs().fold(0.0, |sum, (x, y)| {
                    let size = x.abs() + y.abs();
                    if size > 0.0 { sum + (x - y).abs() / size } else { sum }
                });
            }
            Self::BrayCurtis => {
                let apart = pairs().fold(0.0, |sum, (x, y)| sum + (x - y).abs());
                let sizes = pairs().fold(0.0, |sum, (x, y)| sum + (x.abs() + y.abs()));
                return if sizes > 0.0 { apart / sizes } else { 0.0 };
            }
            Self::Hamming => {
                return pairs().filter(|(x, y)| x != y).count() as f64 / x.len() as f64;
            }
            Self::Haversine => {
                let sine = |at: usize| (0.5 * (x[at] - y[at])).sin();
                let (north, east) = (sine(0), sine(1));
                return north * north + x[0].cos() * y[0].cos() * east * east;
            }
            _ => {}
        }
        x.iter().zip(y).fold(0.0, |sum, (x, y)| self.add(sum, x - y))
    }
}
