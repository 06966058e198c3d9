//! `TransformedTargetRegressor`: predictions are taken back to the units of the target.
//!
//! Source: `sklearn.compose._target` (1.2 to 1.9). How is in `inverse`.

use super::inner::{scores, shape, told, unwrap};
use super::inverse::Inverse;
use crate::data::{Data, Pool};
use crate::estimator::{
    Answers, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "TransformedTargetRegressor", read)];

struct TransformedTarget {
    part: Box<dyn Estimator>,
    inverse: Inverse,
    shape: Shape,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let part = unwrap(fitted, &["regressor_"])?;
    let targets = match shape(&*part, Method::Predict) {
        Some(Shape::Vector) => 1,
        Some(Shape::Matrix(width)) => width,
        _ => return Err(fitted.refuse_option("a regressor without predictions")),
    };
    if !part.labels().is_empty() {
        return Err(fitted.refuse_option("a classifier as its regressor"));
    }
    let inverse = Inverse::read(fitted, &fitted.with(fitted.attr("transformer_")?), targets)?;
    let shape = match fitted.count("_training_dim")? {
        1 if targets == 1 => Shape::Vector,
        _ => Shape::Matrix(targets),
    };
    Ok(Box::new(TransformedTarget { part, inverse, shape }))
}

impl Estimator for TransformedTarget {
    fn outputs(&self) -> Vec<Output> {
        let dtype = told(&*self.part, Method::Predict);
        vec![Output { method: Method::Predict, shape: self.shape.clone(), dtype }]
    }

    fn features(&self) -> Option<usize> {
        self.part.features()
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            let mut predicted = scores(&*self.part, Method::Predict, x, pool)?;
            let width = predicted.width.max(1);
            let single = predicted.single;
            let mut rows = predicted.values.chunks_exact_mut(width);
            if !rows.all(|row| self.inverse.invert(row, single)) {
                return Err(Rejected::new("the prediction is infinite, which has no inverse"));
            }
            answers.predict = Some(Predicted::Numbers(predicted.into_block(pool)));
        }
        Ok(())
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.part.judge(columns, evidence);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn fed_sparse(&mut self) {
        self.part.fed_sparse();
    }

    fn promise(&self) -> Promise {
        self.part.promise().max(self.inverse.promise())
    }
}
