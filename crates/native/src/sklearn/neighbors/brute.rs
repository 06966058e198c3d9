//! [`Brute`]: all points of the training set, compared with every row.
//!
//! Source: `sklearn.metrics._pairwise_distances_reduction._argkmin`: |x|^2 - 2 x y + |y|^2 by products
//! of matrices for the euclidean metric, distances as they are for the others.

use super::distances::Distances;
use super::heap::Nearest;
use super::metric::Metric;
use crate::data::{Pool, View};
use crate::math::{Isa, Panels, Product, sum_of_squares};

/// Distances that are held at a time, if more than a row's.
const HELD: usize = 1 << 15;

/// Rows to search the neighbours of.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) x: View<'a, f64>,
    /// Whether rows and points were of different types. scikit-learn then sorts the distances with NumPy,
    /// where NaN is no distance.
    pub(super) mixed: bool,
}

pub(super) struct Brute {
    count: usize,
    points: Points,
}

enum Points {
    /// -2 x y, and |y|^2 apart.
    Products(Panels<f64, Product>, Vec<f64>),
    Distances(Distances),
    /// f32 rows against points fitted in f32: differences and sums are rounded to f32.
    Single {
        metric: Metric,
        width: usize,
        values: Vec<f64>,
    },
}

impl Brute {
    /// `by_products` for the metric that is called `euclidean`; its synonyms are not.
    pub(super) fn new(metric: Metric, by_products: bool, width: usize, values: &[f64]) -> Self {
        let count = values.len() / width;
        let points = if by_products {
            let norms = values.chunks_exact(width).map(sum_of_squares).collect();
            let weight = |i: usize, j: usize| -2.0 * values[j * width + i];
            Points::Products(Panels::new(Isa::detect(), width, count, weight), norms)
        } else {
            Points::Distances(Distances::new(metric, width, values))
        };
        Self { count, points }
    }

    pub(super) fn single(metric: Metric, width: usize, values: Vec<f64>) -> Self {
        let count = values.len() / width;
        Self { count, points: Points::Single { metric, width, values } }
    }

    /// Calls `each` with the nearest points of every row, in order.
    pub(super) fn search(
        &self,
        Rows { x, mixed }: Rows<'_>,
        k: usize,
        nearest: &mut Nearest,
        pool: &mut Pool,
        mut each: impl FnMut(usize, &mut Nearest),
    ) {
        let together = (HELD / self.count.max(1)).clamp(1, x.rows().max(1));
        let mut room = pool.take_f64(together * self.count);
        for from in (0..x.rows()).step_by(together) {
            let rows = x.slice_rows(from, (from + together).min(x.rows()));
            let distances = &mut room[..rows.rows() * self.count];
            self.distances(rows, mixed, distances);
            for (row, distances) in distances.chunks_exact(self.count).enumerate() {
                if mixed {
                    nearest.choose(k, distances);
                } else {
                    nearest.clear(k, f64::MAX);
                    for (point, distance) in distances.iter().enumerate() {
                        nearest.push(*distance, point as u32);
                    }
                }
                each(from + row, nearest);
            }
        }
        pool.give_f64(room);
    }

    fn distances(&self, rows: View<'_, f64>, mixed: bool, out: &mut [f64]) {
        match &self.points {
            Points::Products(panels, norms) => {
                panels.apply(rows.as_rows(), out);
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(self.count)) {
                    let own = sum_of_squares(row);
                    for (out, norm) in out.iter_mut().zip(norms) {
                        let sum = (own + *out) + norm;
                        // NaN becomes 0, as there.
                        let none = if mixed && sum.is_nan() { f64::INFINITY } else { 0.0 };
                        *out = if sum > 0.0 { sum } else { none };
                    }
                }
            }
            Points::Distances(distances) => distances.apply(rows.as_rows(), out),
            Points::Single { metric, width, values } => {
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(self.count)) {
                    for (out, point) in out.iter_mut().zip(values.chunks_exact(*width)) {
                        let apart = row.iter().zip(point).map(|(x, y)| f64::from((x - y) as f32));
                        let sum: f64 = apart.fold(0.0, |sum, apart| metric.add(sum, apart));
                        *out = f64::from(sum as f32);
                    }
                }
            }
        }
    }
}
