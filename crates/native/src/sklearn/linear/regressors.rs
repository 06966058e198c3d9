//! Linear regressors, and generalised ones with a link.
//!
//! Source: `sklearn.linear_model` (1.2 to 1.9), `sklearn.svm.LinearSVR`.

use super::LinearScores;
use crate::data::{Data, Pool, View};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::Scaling;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("sklearn", "LinearRegression", read),
    ("sklearn", "Ridge", read),
    ("sklearn", "RidgeCV", read),
    ("sklearn", "Lasso", read),
    ("sklearn", "LassoCV", read),
    ("sklearn", "LassoLars", read),
    ("sklearn", "LassoLarsCV", read),
    ("sklearn", "LassoLarsIC", read),
    ("sklearn", "Lars", read),
    ("sklearn", "LarsCV", read),
    ("sklearn", "ElasticNet", read),
    ("sklearn", "ElasticNetCV", read),
    ("sklearn", "MultiTaskLasso", read),
    ("sklearn", "MultiTaskLassoCV", read),
    ("sklearn", "MultiTaskElasticNet", read),
    ("sklearn", "MultiTaskElasticNetCV", read),
    ("sklearn", "OrthogonalMatchingPursuit", read),
    ("sklearn", "OrthogonalMatchingPursuitCV", read),
    ("sklearn", "BayesianRidge", read),
    ("sklearn", "ARDRegression", read),
    ("sklearn", "SGDRegressor", read),
    ("sklearn", "PassiveAggressiveRegressor", read),
    ("sklearn", "HuberRegressor", read),
    ("sklearn", "TheilSenRegressor", read),
    ("sklearn", "QuantileRegressor", read),
    ("sklearn", "LinearSVR", read),
    ("sklearn", "PoissonRegressor", read_log_link),
    ("sklearn", "GammaRegressor", read_log_link),
    ("sklearn", "TweedieRegressor", read_tweedie),
    ("sklearn", "RANSACRegressor", read_ransac),
];

/// Scores that are the answer, perhaps by way of exp.
struct LinearRegressor {
    scores: LinearScores,
    shape: Shape,
    exp: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    regressor(fitted, false)
}

fn read_log_link(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    regressor(fitted, true)
}

fn read_tweedie(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let exp = match fitted.text("link")? {
        "identity" => false,
        "log" => true,
        "auto" => fitted.number("power")? > 0.0,
        other => return Err(fitted.refuse_option(format!("link='{other}'"))),
    };
    regressor(fitted, exp)
}

fn read_ransac(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    fitted.inner("estimator of RANSACRegressor", fitted.attr("estimator_")?)
}

fn regressor(fitted: &Fitted<'_>, exp: bool) -> Result<Box<dyn Estimator>, Refusal> {
    let scores = LinearScores::read(fitted)?;
    let dimensions = fitted.attr("coef_")?.as_array().map_or(1, |array| array.shape().len());
    let shape = if dimensions == 1 { Shape::Vector } else { Shape::Matrix(scores.outputs()) };
    Ok(Box::new(LinearRegressor { scores, shape, exp }))
}

impl LinearRegressor {
    fn predicted(&self, mut scores: Block) -> Predicted {
        match &mut scores {
            Block::F32(values) if self.exp => values.iter_mut().for_each(|v| *v = v.exp()),
            Block::F64(values) if self.exp => values.iter_mut().for_each(|v| *v = v.exp()),
            _ => {}
        }
        Predicted::Numbers(scores)
    }
}

impl Estimator for LinearRegressor {
    fn outputs(&self) -> Vec<Output> {
        vec![Output::new(Method::Predict, self.shape.clone())]
    }

    fn features(&self) -> Option<usize> {
        Some(self.scores.features())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            let mut scores = Block::default();
            self.scores.answer(x, &mut scores, pool)?;
            answers.predict = Some(self.predicted(scores));
        }
        Ok(())
    }

    fn answer_scaled(
        &self,
        x: &View<'_, f64>,
        scaling: &Scaling,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> bool {
        if !asked.has(Method::Predict) {
            return false;
        }
        let scores = self.scores.of_scaled(x, scaling, pool);
        scores.is_some_and(|scores| {
            answers.predict = Some(self.predicted(Block::F64(scores)));
            true
        })
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
