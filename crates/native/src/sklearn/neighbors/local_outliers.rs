//! `LocalOutlierFactor` with `novelty=True`: how dense it is around a row, against around its neighbours.
//!
//! Source: `sklearn.neighbors._lof` (1.2 to 1.9).

use super::super::outliers::Outliers;
use super::search::Neighbours;
use crate::data::{Data, Labels, Pool};
use crate::estimator::{Answers, Estimator, Methods, Output, Promise, Rejected};
use crate::math::pairwise_sum_of;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "LocalOutlierFactor", read)];

struct LocalOutliers {
    neighbours: Neighbours,
    /// Of each point: how dense it is around it, and how far its k-th neighbour is.
    points: Vec<(f64, f64)>,
    outliers: Outliers,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if !fitted.flag("novelty", false)? {
        return Err(fitted.refuse(
            "LocalOutlierFactor with novelty=False has no answers for other rows than its own",
        ));
    }
    if fitted.is_single("_fit_X") || fitted.is_single("_lrd") {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    let neighbours = Neighbours::read_distances(fitted, fitted.count("n_neighbors_")?)?;
    let (far, rows, k) = fitted.matrix("_distances_fit_X_")?;
    let dense = fitted.numbers("_lrd")?;
    if dense.len() != neighbours.count() || rows != dense.len() || k != neighbours.k() {
        return Err(fitted.refuse("its points, their densities and distances do not fit together"));
    }
    let last = far.chunks_exact(k).map(|far| far[k - 1]);
    let points = dense.into_iter().zip(last).collect();
    let outliers = Outliers::new(fitted.number("offset_")?, false);
    Ok(Box::new(LocalOutliers { neighbours, points, outliers }))
}

impl LocalOutliers {
    fn score(&self, near: &[(f64, u32)]) -> f64 {
        let count = near.len() as f64;
        let point = |i: usize| self.points[near[i].1 as usize];
        // A row within the reach of a neighbour is as far from it as that reaches.
        let reach = |i: usize| near[i].0.max(point(i).1);
        let mean = pairwise_sum_of(0, near.len(), &reach) / count;
        let dense = 1.0 / (mean + 1e-10);
        -(pairwise_sum_of(0, near.len(), &|i| point(i).0 / dense) / count)
    }
}

impl Estimator for LocalOutliers {
    fn outputs(&self) -> Vec<Output> {
        Outliers::outputs()
    }

    fn features(&self) -> Option<usize> {
        Some(self.neighbours.width())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let mut scores = pool.take_f64(x.rows());
        self.neighbours.search(x, pool, |row, near| {
            scores[row] = self.score(near);
            Ok(())
        })?;
        self.outliers.answer(scores, asked, answers, pool);
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        self.outliers.labels()
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
