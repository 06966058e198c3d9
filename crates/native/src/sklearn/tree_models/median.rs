//! `AdaBoostRegressor`: the weighted median of its estimators.
//!
//! Source: `sklearn.ensemble._weight_boosting.AdaBoostRegressor._get_median_predict` (1.2 to 1.9). Trees
//! become one forest with an output each.

use pelton_core::DType;

use super::bagging::template_takes_numbers;
use super::forest::{features, forest};
use super::nodes::FittedTree;
use super::sums::add_up;
use crate::data::{Data, Finite, Numbers, Pool, check_finite, numeric};
use crate::estimator::{
    Answers, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::math::ascending;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::meta::inner::{Scores, is_single, numbers, scores, shape};
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Outputs, Sum};

pub(super) const READERS: Readers = &[("sklearn", "AdaBoostRegressor", read)];

struct Median {
    kind: Kind,
    features: usize,
    weights: Vec<f64>,
    /// Whether it is known to take numbers.
    numeric: bool,
}

enum Kind {
    Trees(Box<Forest>),
    Parts(Vec<Box<dyn Estimator>>),
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let n_features = features(fitted)?;
    let listed = fitted.attr("estimators_")?;
    let values: Vec<_> = listed.items().map_err(|error| fitted.refuse(error))?.collect();
    let mut weights = fitted.numbers("estimator_weights_")?;
    if values.is_empty() || values.len() > weights.len() {
        return Err(fitted.refuse(format!(
            "AdaBoostRegressor has {} estimators and {} weights",
            values.len(),
            weights.len()
        )));
    }
    weights.truncate(values.len());
    let kind = if values.iter().all(|value| FittedTree::is_estimator(*value)) {
        let mut trees = Vec::with_capacity(values.len());
        for (number, value) in values.iter().enumerate() {
            let tree = FittedTree::read(&fitted.with(*value))?;
            if (tree.targets(), tree.width()) != (1, 1) {
                return Err(fitted.refuse("AdaBoostRegressor has a tree of a classifier"));
            }
            trees.push(tree.tree(Outputs::One(number as u32), None, |node, leaf| {
                leaf.extend(tree.values(node, 0, 1));
            }));
        }
        Kind::Trees(Box::new(forest(
            fitted,
            Ensemble {
                n_features,
                n_outputs: trees.len(),
                input: Input::F32,
                sum: Sum::F64,
                initial: vec![0.0; trees.len()],
                divisor: None,
                category_cast: CategoryCast::HistGradientBoosting,
                trees,
            },
        )?))
    } else {
        let mut parts = Vec::with_capacity(values.len());
        for (number, value) in values.into_iter().enumerate() {
            let part = fitted.inner(&format!("estimator {number} of AdaBoostRegressor"), value)?;
            let fits = part.features().is_none_or(|taken| taken == n_features);
            if !fits || shape(&*part, Method::Predict) != Some(Shape::Vector) {
                return Err(fitted.refuse("AdaBoostRegressor has an estimator of another form"));
            }
            parts.push(part);
        }
        Kind::Parts(parts)
    };
    let numeric = template_takes_numbers(fitted);
    Ok(Box::new(Median { kind, features: n_features, weights, numeric }))
}

impl Median {
    /// Every estimator's prediction, row by row.
    fn predictions(&self, x: Numbers<'_>, pool: &mut Pool) -> Result<Scores, Rejected> {
        let count = self.weights.len();
        let mut out = pool.take_f64(x.rows() * count);
        let mut single = matches!(self.kind, Kind::Parts(_));
        match &self.kind {
            Kind::Trees(forest) => {
                check_finite(x, Finite::OnlyAsF32)?;
                add_up(forest, x, &mut out, pool);
            }
            Kind::Parts(parts) => {
                check_finite(x, Finite::Only)?;
                for (number, part) in parts.iter().enumerate() {
                    let answers = scores(&**part, Method::Predict, &x.data(), pool)?;
                    single &= answers.single;
                    for (row, out) in out.chunks_exact_mut(count).enumerate() {
                        out[number] = answers.row(row)[0];
                    }
                    answers.give(pool);
                }
            }
        }
        Ok(Scores { values: out, width: count, single })
    }

    /// The first prediction, from the least on, that half of the weight reaches.
    fn median(&self, predictions: &[f64], order: &mut [u32]) -> f64 {
        order.iter_mut().zip(0..).for_each(|(place, number)| *place = number);
        order.sort_by(|a, b| ascending(predictions[*a as usize], predictions[*b as usize]));
        let weight = |sum: f64, number: &u32| sum + self.weights[*number as usize];
        let half = 0.5 * order.iter().fold(0.0, weight);
        let mut sum = 0.0;
        let reached = order.iter().find(|number| {
            sum = weight(sum, number);
            sum >= half
        });
        predictions[*reached.unwrap_or(&order[0]) as usize]
    }
}

impl Estimator for Median {
    fn outputs(&self) -> Vec<Output> {
        let method = Method::Predict;
        let dtype = match &self.kind {
            Kind::Parts(parts) if parts.iter().all(|part| is_single(&**part, method)) => {
                DType::Fp32
            }
            _ => DType::Fp64,
        };
        vec![Output { method, shape: Shape::Vector, dtype }]
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        _asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let mut medians = pool.take_f64(x.rows());
        let single = numeric(x, pool, |x, pool| {
            let predictions = self.predictions(x, pool)?;
            let mut order = pool.take_u32(self.weights.len());
            let rows = predictions.values.chunks_exact(self.weights.len());
            for (median, predictions) in medians.iter_mut().zip(rows) {
                *median = self.median(predictions, &mut order);
            }
            pool.give_u32(order);
            let single = predictions.single;
            predictions.give(pool);
            Ok(single)
        })?;
        answers.predict = Some(Predicted::Numbers(numbers(medians, single, pool)));
        Ok(())
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_parts(columns, self.numeric);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn fed_sparse(&mut self) {
        if let Kind::Parts(parts) = &mut self.kind {
            parts.iter_mut().for_each(|part| part.fed_sparse());
        }
    }

    fn promise(&self) -> Promise {
        match &self.kind {
            Kind::Trees(_) => Promise::Bits,
            Kind::Parts(parts) => {
                parts.iter().map(|part| part.promise()).max().unwrap_or(Promise::Bits)
            }
        }
    }
}
