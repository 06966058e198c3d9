//! [`Distances`]: the reduced distances of a row to all of some points at once.

use super::metric::Metric;
use crate::math::{Absolute, Greatest, Isa, Panels, Rows, Squared};

/// Points, laid out for their metric.
pub(super) enum Distances {
    Euclidean(Panels<f64, Squared>),
    Manhattan(Panels<f64, Absolute>),
    Chebyshev(Panels<f64, Greatest>),
    /// One point after the other.
    Each {
        metric: Metric,
        width: usize,
        points: Vec<f64>,
    },
}

impl Distances {
    /// Of points of `width` values each.
    pub(super) fn new(metric: Metric, width: usize, points: &[f64]) -> Self {
        let (isa, count) = (Isa::detect(), points.len() / width);
        let value = |i: usize, j: usize| points[j * width + i];
        match metric {
            Metric::Euclidean => Self::Euclidean(Panels::new(isa, width, count, value)),
            Metric::Manhattan => Self::Manhattan(Panels::new(isa, width, count, value)),
            Metric::Chebyshev => Self::Chebyshev(Panels::new(isa, width, count, value)),
            _ => Self::Each { metric, width, points: points.to_vec() },
        }
    }

    /// The distances of each row to each point, row by row.
    pub(super) fn apply(&self, rows: Rows<'_, f64>, out: &mut [f64]) {
        match self {
            Self::Euclidean(panels) => panels.apply(rows, out),
            Self::Manhattan(panels) => panels.apply(rows, out),
            Self::Chebyshev(panels) => panels.apply(rows, out),
            Self::Each { metric, width, points } => {
                let count = points.len() / width;
                for (i, out) in out.chunks_exact_mut(count).enumerate() {
                    let row = rows.row(i, *width);
                    for (out, point) in out.iter_mut().zip(points.chunks_exact(*width)) {
                        *out = metric.between(row, point);
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_together_are_as_far_as_alone() {
        let points: Vec<f64> = (0..33).map(|i| f64::from(i * 37 % 17) / 3.0 - 2.0).collect();
        let row = [0.1, -0.7, 2.3];
        for metric in
            [Metric::Euclidean, Metric::Manhattan, Metric::Chebyshev, Metric::Minkowski(2.5)]
        {
            let mut out = [0.0; 11];
            Distances::new(metric, 3, &points).apply(Rows::new(&row, 1), &mut out);
            for (out, point) in out.iter().zip(points.chunks_exact(3)) {
                assert_eq!(*out, metric.between(&row, point), "{metric:?}");
            }
        }
    }
}
