//! `OneVsOneClassifier`: one classifier a pair of classes; votes, and confidences where they are equal.
//!
//! Source: `sklearn.multiclass`, `sklearn.utils.multiclass._ovr_decision_function` (1.0 to 1.9).

use super::inner::{binary_method, binary_scores, features, hands_on, has, read_list, scores};
use crate::data::{Data, Labels, Pool};
use crate::estimator::{Answers, Estimator, Method, Methods, Output, Predicted, Rejected, Shape};
use crate::math::argmax;
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::svm::SCORED;

pub(super) const READERS: Readers = &[("sklearn", "OneVsOneClassifier", read)];

struct OneVsOne {
    parts: Vec<Box<dyn Estimator>>,
    labels: [Labels; 1],
    threshold: f64,
    /// Whether a row's decision is its own.
    scored: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    let parts = read_list(fitted, "estimators_")?;
    if fitted.option("pairwise_indices_").is_some() {
        return Err(fitted.refuse_option("a precomputed kernel"));
    }
    let pairs = labels.len() * labels.len().saturating_sub(1) / 2;
    if parts.len() != pairs || parts.iter().any(|part| binary_method(&**part).is_none()) {
        return Err(
            fitted.refuse("OneVsOneClassifier has not one scored estimator a pair of classes")
        );
    }
    let by_score = has(&*parts[0], Method::DecisionFunction) && !parts[0].labels().is_empty();
    // Until 1.0 a confidence is held against 0 even where it is a probability.
    let threshold = if by_score || fitted.version() < Version(1, 1) { 0.0 } else { 0.5 };
    let scored = labels.len() == 2 || fitted.version() >= SCORED;
    Ok(Box::new(OneVsOne { parts, labels: [labels], threshold, scored }))
}

impl OneVsOne {
    /// Votes plus confidences squeezed below a third of a vote, a value a class.
    fn decision(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let classes = self.labels[0].len();
        let mut votes = pool.take_f64(x.rows() * classes);
        let mut sums = pool.take_f64(x.rows() * classes);
        votes.fill(0.0);
        sums.fill(0.0);
        let pairs = (0..classes).flat_map(|i| (i + 1..classes).map(move |j| (i, j)));
        for (part, (i, j)) in self.parts.iter().zip(pairs) {
            let predicted = scores(&**part, Method::Predict, x, pool)?;
            let confidences = binary_scores(&**part, x, pool)?;
            for (row, confidence) in confidences.iter().enumerate() {
                sums[row * classes + i] -= confidence;
                sums[row * classes + j] += confidence;
                if predicted.values[row] == 0.0 {
                    votes[row * classes + i] += 1.0;
                } else if predicted.values[row] == 1.0 {
                    votes[row * classes + j] += 1.0;
                }
            }
            predicted.give(pool);
            pool.give_f64(confidences);
        }
        for (vote, sum) in votes.iter_mut().zip(&sums) {
            *vote += sum / (3.0 * (sum.abs() + 1.0));
        }
        pool.give_f64(sums);
        Ok(votes)
    }
}

impl Estimator for OneVsOne {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.labels[0].len();
        let shape = if classes == 2 { Shape::Vector } else { Shape::Matrix(classes) };
        let mut outputs = vec![Output::new(Method::Predict, Shape::Vector)];
        if self.scored {
            outputs.push(Output::new(Method::DecisionFunction, shape));
        }
        outputs
    }

    fn features(&self) -> Option<usize> {
        features(&self.parts)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let classes = self.labels[0].len();
        let mut decision = self.decision(x, pool)?;
        if classes == 2 {
            // Of two classes only the second's value is told.
            let second = decision.iter().skip(1).step_by(2).copied().collect();
            pool.give_f64(std::mem::replace(&mut decision, second));
        }
        if asked.has(Method::Predict) {
            let mut labels = pool.take_u32(x.rows());
            let width = if classes == 2 { 1 } else { classes };
            for (label, row) in labels.iter_mut().zip(decision.chunks_exact(width)) {
                *label = match row {
                    [score] => u32::from(*score > self.threshold),
                    row => argmax(row) as u32,
                };
            }
            answers.predict = Some(Predicted::Labels(labels));
        }
        answers.decide(asked, decision, pool);
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    hands_on!(parts);
}
