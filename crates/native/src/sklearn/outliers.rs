//! What estimators that find outliers answer from their scores. Must not know where scores come from.

use pelton_core::DType;

use crate::data::{Labels, Pool};
use crate::estimator::{Answers, Block, Method, Methods, Output, Predicted, Shape};

/// Scores, and from where on a row is no outlier.
pub(super) struct Outliers {
    /// The score of the decision 0.
    offset: f64,
    /// The least decision of a row that is none.
    least: f64,
    /// Whether a decision that is NaN is one of an outlier.
    nan_is_one: bool,
    labels: [Labels; 1],
}

impl Outliers {
    pub(super) fn new(offset: f64, nan_is_one: bool) -> Self {
        Self { offset, least: 0.0, nan_is_one, labels: [Labels::integers([-1, 1])] }
    }

    /// The same, with another decision from which on a row is no outlier.
    pub(super) fn from(self, least: f64) -> Self {
        Self { least, ..self }
    }

    /// The same, whose labels are integers of 32 bits.
    pub(super) fn narrow(self) -> Self {
        Self { labels: [Labels::Int { values: vec![-1, 1], dtype: DType::Int32 }], ..self }
    }

    pub(super) fn outputs() -> Vec<Output> {
        [Method::Predict, Method::DecisionFunction, Method::ScoreSamples]
            .map(|method| Output::new(method, Shape::Vector))
            .into()
    }

    pub(super) fn labels(&self) -> &[Labels] {
        &self.labels
    }

    /// The answers from the scores of the rows.
    pub(super) fn answer(
        &self,
        scores: Vec<f64>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) {
        if asked.has(Method::Predict) {
            let mut labels = pool.take_u32(scores.len());
            for (label, score) in labels.iter_mut().zip(&scores) {
                let decision = score - self.offset;
                let usual = decision >= self.least || (decision.is_nan() && !self.nan_is_one);
                *label = u32::from(usual);
            }
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::DecisionFunction) {
            let mut decisions = pool.take_f64(scores.len());
            for (decision, score) in decisions.iter_mut().zip(&scores) {
                *decision = score - self.offset;
            }
            answers.decision_function = Some(Block::F64(decisions));
        }
        if asked.has(Method::ScoreSamples) {
            answers.score_samples = Some(Block::F64(scores));
        } else {
            pool.give_f64(scores);
        }
    }
}
