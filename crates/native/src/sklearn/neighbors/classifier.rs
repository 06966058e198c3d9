//! `KNeighborsClassifier`: the nearest points vote.

use super::search::Neighbours;
use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::pairwise_sum_of;
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers = &[("sklearn", "KNeighborsClassifier", read)];

struct Classifier {
    neighbours: Neighbours,
    labels: Vec<Labels>,
    /// Of each point, the label of each target.
    classes: Vec<u32>,
    /// Whether there is more than one target.
    several: bool,
    /// Whether a row is refused whose points all weigh nothing.
    refuses_weightless: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut neighbours = Neighbours::read(fitted)?;
    let several = fitted.flag("outputs_2d_", false)?;
    let labels = if several {
        let all = fitted.attr("classes_")?;
        let all = all.items().map_err(|error| fitted.refuse(error))?;
        all.map(|labels| fitted.labels_of("classes_", labels)).collect::<Result<_, _>>()?
    } else {
        vec![fitted.labels("classes_")?]
    };
    let targets = labels.len();
    if targets == 0 {
        return Err(fitted.refuse("it has no target"));
    }
    let classes = fitted.attr("_y")?.to_i64_vec().map_err(|error| fitted.refuse(error))?;
    let classes: Option<Vec<u32>> = classes
        .into_iter()
        .enumerate()
        .map(|(i, class)| {
            let classes: &Labels = &labels[i % targets];
            u32::try_from(class).ok().filter(|class| (*class as usize) < classes.len())
        })
        .collect();
    let classes = classes.filter(|all| all.len() == neighbours.count() * targets);
    let classes =
        classes.ok_or_else(|| fitted.refuse("its points and their classes do not fit"))?;
    neighbours.refuse_ties(fitted, |a, b| {
        let of = |point: u32| &classes[point as usize * targets..][..targets];
        of(a) == of(b)
    })?;
    let refuses_weightless = fitted.version() >= Version(1, 4);
    Ok(Box::new(Classifier { neighbours, labels, classes, several, refuses_weightless }))
}

impl Classifier {
    /// The class of a point for a target.
    fn class(&self, point: u32, target: usize) -> usize {
        self.classes[point as usize * self.labels.len() + target] as usize
    }

    /// The heaviest class, the first of ties.
    fn heaviest(&self, points: &[(f64, u32)], target: usize) -> u32 {
        let (mut best, mut most) = (0, 0.0);
        for class in 0..self.labels[target].len() {
            let weight = pairwise_sum_of(0, points.len(), &|i| {
                let (weight, point) = points[i];
                if self.class(point, target) == class { weight } else { 0.0 }
            });
            if weight > most {
                (best, most) = (class as u32, weight);
            }
        }
        best
    }

    /// The weights of the classes of all targets, each divided by their sum.
    fn shares(&self, points: &[(f64, u32)], out: &mut [f64]) {
        out.fill(0.0);
        let mut start = 0;
        for (target, labels) in self.labels.iter().enumerate() {
            let out = &mut out[start..start + labels.len()];
            for (weight, point) in points {
                out[self.class(*point, target)] += weight;
            }
            let sum = pairwise_sum_of(0, out.len(), &|i| out[i]);
            if sum != 0.0 || self.refuses_weightless {
                out.iter_mut().for_each(|share| *share /= sum);
            }
            start += labels.len();
        }
    }
}

impl Estimator for Classifier {
    fn fed_sparse(&mut self) {
        self.neighbours.fed_sparse();
    }

    fn outputs(&self) -> Vec<Output> {
        let widths: Vec<usize> = self.labels.iter().map(Labels::len).collect();
        let (one, shares) = if self.several {
            (Shape::Matrix(widths.len()), Shape::Several(widths))
        } else {
            (Shape::Vector, Shape::Matrix(widths[0]))
        };
        vec![Output::new(Method::Predict, one), Output::new(Method::PredictProba, shares)]
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
        let targets = self.labels.len();
        let width: usize = self.labels.iter().map(Labels::len).sum();
        let (predicts, shares) = (asked.has(Method::Predict), asked.has(Method::PredictProba));
        let mut labels = pool.take_u32(if predicts { x.rows() * targets } else { 0 });
        let mut probabilities = pool.take_f64(if shares { x.rows() * width } else { 0 });
        self.neighbours.search(x, pool, |row, points| {
            if self.refuses_weightless && points.iter().all(|(weight, _)| *weight == 0.0) {
                return Err(Rejected::new("all neighbors of some sample is getting zero weights"));
            }
            if predicts {
                for target in 0..targets {
                    labels[row * targets + target] = self.heaviest(points, target);
                }
            }
            if shares {
                self.shares(points, &mut probabilities[row * width..(row + 1) * width]);
            }
            Ok(())
        })?;
        answers.predict = predicts.then_some(Predicted::Labels(labels));
        answers.predict_proba = shares.then_some(Block::F64(probabilities));
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
