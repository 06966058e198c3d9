//! `KNeighborsRegressor`: the mean of the nearest points' targets.

use super::search::Neighbours;
use crate::data::{Data, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::pairwise_sum_of;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "KNeighborsRegressor", read)];

struct Regressor {
    neighbours: Neighbours,
    /// Of each point, the value of each target.
    values: Vec<f64>,
    targets: usize,
    /// Whether the targets were a matrix.
    several: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut neighbours = Neighbours::read(fitted)?;
    let shape = fitted.wanted("_y", fitted.attr("_y")?.as_array(), "an array")?.shape();
    let (several, targets) = match shape {
        [_] => (false, 1),
        [_, targets] => (true, *targets),
        _ => return Err(fitted.refuse("its targets are no vector and no matrix")),
    };
    if fitted.is_single("_y") {
        return Err(fitted.refuse_option("targets of float32"));
    }
    let values = fitted.numbers("_y")?;
    if targets == 0 || values.len() != neighbours.count() * targets {
        return Err(fitted.refuse("its points and their targets do not fit"));
    }
    neighbours.refuse_ties(fitted, |a, b| {
        let of = |point: u32| &values[point as usize * targets..][..targets];
        of(a) == of(b)
    })?;
    Ok(Box::new(Regressor { neighbours, values, targets, several }))
}

impl Regressor {
    fn mean(&self, points: &[(f64, u32)], target: usize) -> f64 {
        let value = |point: u32| self.values[point as usize * self.targets + target];
        let sum = pairwise_sum_of(0, points.len(), &|i| value(points[i].1) * points[i].0);
        sum / pairwise_sum_of(0, points.len(), &|i| points[i].0)
    }
}

impl Estimator for Regressor {
    fn fed_sparse(&mut self) {
        self.neighbours.fed_sparse();
    }

    fn outputs(&self) -> Vec<Output> {
        let shape = if self.several { Shape::Matrix(self.targets) } else { Shape::Vector };
        vec![Output::new(Method::Predict, shape)]
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
        if !asked.has(Method::Predict) {
            return Ok(());
        }
        let mut means = pool.take_f64(x.rows() * self.targets);
        self.neighbours.search(x, pool, |row, points| {
            for target in 0..self.targets {
                means[row * self.targets + target] = self.mean(points, target);
            }
            Ok(())
        })?;
        answers.predict = Some(Predicted::Numbers(Block::F64(means)));
        Ok(())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
