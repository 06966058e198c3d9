//! Linear classifiers: the label is the sign of the one score, or the first of the greatest.
//!
//! Source: `sklearn.linear_model._base.LinearClassifierMixin`, `_stochastic_gradient`, `_ridge`,
//! `sklearn.svm.LinearSVC` (1.2 to 1.9).

use super::LinearScores;
use super::probabilities::Probabilities;
use crate::data::{Data, Labels, Pool, View};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::{Functions, Scaling, argmax};
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers = &[
    ("sklearn", "LinearSVC", read_scored),
    ("sklearn", "Perceptron", read_scored),
    ("sklearn", "PassiveAggressiveClassifier", read_scored),
    ("sklearn", "SGDClassifier", read_sgd),
    ("sklearn", "RidgeClassifier", read_ridge),
    ("sklearn", "RidgeClassifierCV", read_ridge),
];

/// Scores and what they are called.
pub(crate) struct LinearClassifier {
    scores: LinearScores,
    labels: [Labels; 1],
    probabilities: Option<Probabilities>,
}

/// A score for each label that a row may have.
struct Multilabel {
    scores: LinearScores,
    labels: Vec<Labels>,
    classes: Labels,
}

fn read_scored(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    LinearClassifier::read(fitted, fitted.labels("classes_")?, None)
}

fn read_sgd(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let probabilities = match fitted.text("loss")? {
        "log_loss" | "log" if fitted.version() >= Version(1, 9) => {
            Some(Probabilities::OneVsRestOrUniform)
        }
        "log_loss" | "log" => Some(Probabilities::OneVsRest),
        "modified_huber" => Some(Probabilities::ModifiedHuber),
        _ => None,
    };
    LinearClassifier::read(fitted, fitted.labels("classes_")?, probabilities)
}

fn read_ridge(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let binarizer = fitted.with(fitted.attr("_label_binarizer")?);
    let classes = binarizer.labels("classes_")?;
    if binarizer.text("y_type_")?.starts_with("multilabel") {
        let scores = LinearScores::read(fitted)?;
        if scores.outputs() != classes.len() {
            return Err(fitted.refuse("RidgeClassifier has not one row of coefficients a label"));
        }
        let labels = vec![Labels::integers([0, 1]); classes.len()];
        return Ok(Box::new(Multilabel { scores, labels, classes }));
    }
    LinearClassifier::read(fitted, classes, None)
}

impl LinearClassifier {
    /// Reads the scores of a classifier with these labels.
    ///
    /// # Errors
    /// There are not as many scores as the classes need.
    pub(crate) fn read(
        fitted: &Fitted<'_>,
        labels: Labels,
        probabilities: Option<Probabilities>,
    ) -> Result<Box<dyn Estimator>, Refusal> {
        let scores = LinearScores::read(fitted)?;
        let wanted = if labels.len() == 2 { 1 } else { labels.len() };
        if scores.outputs() != wanted || labels.len() < 2 {
            return Err(fitted.refuse(format!(
                "{} has {} rows of coefficients for {} classes",
                fitted.class(),
                scores.outputs(),
                labels.len()
            )));
        }
        Ok(Box::new(Self { scores, labels: [labels], probabilities }))
    }

    /// Answers from scores what is asked for.
    #[inline]
    fn tell(
        &self,
        scores: Block,
        rows: usize,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) {
        if asked.has(Method::Predict) {
            answers.predict = Some(labels(&scores, rows, pool));
        }
        if let (Some(kind), true) = (self.probabilities, asked.has(Method::PredictProba)) {
            let width = rows * self.labels[0].len();
            answers.predict_proba = Some(match &scores {
                Block::F32(scores) => {
                    let mut out = pool.take_f32(width);
                    kind.of(scores, self.labels[0].len(), &mut out);
                    Block::F32(out)
                }
                Block::F64(scores) => {
                    let mut out = pool.take_f64(width);
                    kind.of(scores, self.labels[0].len(), &mut out);
                    Block::F64(out)
                }
                Block::I64(_) | Block::Text(_) => unreachable!("scores are floats"),
            });
        }
        if asked.has(Method::DecisionFunction) {
            answers.decision_function = Some(scores);
        } else {
            scores.recycle(pool);
        }
    }
}

impl Estimator for LinearClassifier {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.labels[0].len();
        let scores = if classes == 2 { Shape::Vector } else { Shape::Matrix(classes) };
        let mut outputs = vec![Output::new(Method::Predict, Shape::Vector)];
        if self.probabilities.is_some() {
            outputs.push(Output::new(Method::PredictProba, Shape::Matrix(classes)));
        }
        outputs.push(Output::new(Method::DecisionFunction, scores));
        outputs
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
        let mut scores = Block::default();
        self.scores.answer(x, &mut scores, pool)?;
        self.tell(scores, x.rows(), asked, answers, pool);
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
        let scores = self.scores.of_scaled(x, scaling, pool);
        scores.is_some_and(|scores| {
            self.tell(Block::F64(scores), x.rows(), asked, answers, pool);
            true
        })
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Estimator for Multilabel {
    fn outputs(&self) -> Vec<Output> {
        let shape = Shape::Matrix(self.labels.len());
        vec![
            Output::new(Method::Predict, shape.clone()),
            Output::new(Method::DecisionFunction, shape),
        ]
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
        let mut scores = Block::default();
        self.scores.answer(x, &mut scores, pool)?;
        if asked.has(Method::Predict) {
            let count = x.rows() * self.labels.len();
            answers.predict = Some(labels(&scores, count, pool));
        }
        if asked.has(Method::DecisionFunction) {
            answers.decision_function = Some(scores);
        } else {
            scores.recycle(pool);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn classes(&self) -> Option<&Labels> {
        Some(&self.classes)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

/// The labels of so many rows, or of each target of theirs.
fn labels(scores: &Block, count: usize, pool: &mut Pool) -> Predicted {
    let mut labels = pool.take_u32(count);
    match scores {
        Block::F32(scores) => choose(scores, &mut labels),
        Block::F64(scores) => choose(scores, &mut labels),
        Block::I64(_) | Block::Text(_) => unreachable!("scores are floats"),
    }
    Predicted::Labels(labels)
}

/// The label of each row: by the sign of one score, or the first of the greatest.
fn choose<T: Functions>(scores: &[T], labels: &mut [u32]) {
    let width = scores.len() / labels.len().max(1);
    for (label, row) in labels.iter_mut().zip(scores.chunks_exact(width.max(1))) {
        *label = match row {
            [score] => u32::from(*score > T::ZERO),
            row => argmax(row) as u32,
        };
    }
}
