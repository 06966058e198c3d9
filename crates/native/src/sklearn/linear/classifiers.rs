//! Linear classifiers: the label is the sign of the one score, or the first of the greatest.
//!
//! Source: `sklearn.linear_model._base.LinearClassifierMixin`, `_stochastic_gradient`, `_ridge`,
//! `sklearn.svm.LinearSVC` (1.2 to 1.9).

use super::LinearScores;
use crate::data::{Data, Labels, Pool, View};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::{Functions, Scaling, argmax, expit, expit_into, softmax, softmax_rows};
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers = &[
    ("sklearn", "LinearSVC", read_scored),
    ("sklearn", "Perceptron", read_scored),
    ("sklearn", "PassiveAggressiveClassifier", read_scored),
    ("sklearn", "SGDClassifier", read_sgd),
    ("sklearn", "RidgeClassifier", read_ridge),
    ("sklearn", "RidgeClassifierCV", read_ridge),
];

/// How scores become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probabilities {
    /// expit; of several classes each, divided by their sum.
    OneVsRest,
    /// The same, and equal shares where all are zero (since scikit-learn 1.9).
    OneVsRestOrUniform,
    /// Softmax over the classes.
    Softmax,
    /// Softmax of [-score, score]: two classes fitted as multinomial.
    SoftmaxOfTwo,
    /// (clip(score, -1, 1) + 1) / 2; of several classes divided by their sum.
    ModifiedHuber,
}

/// Scores and what they are called.
pub(crate) struct LinearClassifier {
    scores: LinearScores,
    labels: [Labels; 1],
    probabilities: Option<Probabilities>,
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

/// A score for each label that a row may have.
struct Multilabel {
    scores: LinearScores,
    labels: Vec<Labels>,
    classes: Labels,
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
            let mut labels = pool.take_u32(rows);
            match &scores {
                Block::F32(scores) => choose(scores, &mut labels),
                Block::F64(scores) => choose(scores, &mut labels),
                Block::I64(_) | Block::Text(_) => unreachable!("scores are floats"),
            }
            answers.predict = Some(Predicted::Labels(labels));
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
            let mut labels = pool.take_u32(x.rows() * self.labels.len());
            match &scores {
                Block::F32(scores) => choose(scores, &mut labels),
                Block::F64(scores) => choose(scores, &mut labels),
                Block::I64(_) | Block::Text(_) => unreachable!("scores are floats"),
            }
            answers.predict = Some(Predicted::Labels(labels));
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

impl Probabilities {
    /// Probabilities of `classes` for each row of scores.
    fn of<T: Functions>(self, scores: &[T], classes: usize, out: &mut [T]) {
        match self {
            Self::OneVsRest | Self::OneVsRestOrUniform if classes == 2 => {
                return expit_of_both(scores, out);
            }
            Self::Softmax | Self::SoftmaxOfTwo if classes > 2 => {
                out.copy_from_slice(scores);
                return softmax_rows(out, classes);
            }
            _ => {}
        }
        let width = if classes == 2 { 1 } else { classes };
        for (scores, out) in scores.chunks_exact(width).zip(out.chunks_exact_mut(classes)) {
            match (self, scores) {
                (Self::SoftmaxOfTwo | Self::Softmax, [score]) => {
                    out.copy_from_slice(&[score.neg(), *score]);
                    softmax(out);
                }
                (Self::Softmax | Self::SoftmaxOfTwo, _) => unreachable!("made at once"),
                (Self::OneVsRest | Self::OneVsRestOrUniform, scores) => {
                    out.iter_mut().zip(scores).for_each(|(out, score)| *out = expit(*score));
                    shares(out, self == Self::OneVsRestOrUniform);
                }
                (Self::ModifiedHuber, [score]) => {
                    out[1] = modified_huber(*score);
                    out[0] = T::ONE.sub(out[1]);
                }
                (Self::ModifiedHuber, scores) => {
                    out.iter_mut().zip(scores).for_each(|(out, s)| *out = modified_huber(*s));
                    shares(out, true);
                }
            }
        }
    }
}

/// [1 - expit, expit] of every score.
fn expit_of_both<T: Functions>(scores: &[T], out: &mut [T]) {
    expit_into(scores, &mut out[..scores.len()]);
    // From the last on, so that none is overwritten before it is read.
    for row in (0..scores.len()).rev() {
        let p = out[row];
        out[2 * row] = T::ONE.sub(p);
        out[2 * row + 1] = p;
    }
}

fn modified_huber<T: Functions>(score: T) -> T {
    let clipped = if score < T::ONE.neg() {
        T::ONE.neg()
    } else if score > T::ONE {
        T::ONE
    } else {
        score
    };
    clipped.add(T::ONE).div(T::ONE.add(T::ONE))
}

/// Divides by the sum, in the order of the classes.
fn shares<T: Functions>(row: &mut [T], uniform_if_zero: bool) {
    let sum = crate::math::pairwise_sum(row);
    if uniform_if_zero && sum == T::ZERO {
        let count = row.iter().fold(T::ZERO, |count, _| count.add(T::ONE));
        row.fill(T::ONE.div(count));
        return;
    }
    row.iter_mut().for_each(|value| *value = value.div(sum));
}
