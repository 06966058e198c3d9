//! `OutputCodeClassifier`: one classifier a digit of a code; the class whose code is nearest to the scores.
//!
//! Source: `sklearn.multiclass.OutputCodeClassifier` (1.0 to 1.9).

use super::inner::{binary_method, binary_scores, features, hands_on, read_list};
use crate::data::{Data, Labels, Pool};
use crate::estimator::{Answers, Estimator, Method, Methods, Output, Predicted, Rejected, Shape};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "OutputCodeClassifier", read)];

struct OutputCode {
    parts: Vec<Box<dyn Estimator>>,
    /// One row of digits a class.
    codes: Vec<f64>,
    labels: [Labels; 1],
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    let parts = read_list(fitted, "estimators_")?;
    let (codes, count, digits) = fitted.matrix("code_book_")?;
    let scored = parts.iter().all(|part| binary_method(&**part).is_some());
    if count != labels.len() || count == 0 || digits != parts.len() || !scored {
        return Err(fitted.refuse("OutputCodeClassifier has not one scored estimator a digit"));
    }
    Ok(Box::new(OutputCode { parts, codes, labels: [labels] }))
}

impl OutputCode {
    /// The class with the nearest code, the first of equally near ones.
    fn nearest(&self, scores: &[f64]) -> u32 {
        let squares = |x: &[f64]| x.iter().fold(0.0, |sum, x| sum + x * x);
        let own = squares(scores);
        let (mut best, mut least) = (0, f64::INFINITY);
        for (class, code) in (0..).zip(self.codes.chunks_exact(scores.len())) {
            let product = scores.iter().zip(code).fold(0.0, |sum, (x, y)| sum + x * y);
            let distance = (own - 2.0 * product) + squares(code);
            if distance < least {
                (best, least) = (class, distance);
            }
        }
        best
    }
}

impl Estimator for OutputCode {
    fn outputs(&self) -> Vec<Output> {
        vec![Output::new(Method::Predict, Shape::Vector)]
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
        if !asked.has(Method::Predict) {
            return Ok(());
        }
        let digits = self.parts.len();
        let mut scores = pool.take_f64(x.rows() * digits);
        for (digit, part) in self.parts.iter().enumerate() {
            let told = binary_scores(&**part, x, pool)?;
            for (row, score) in told.iter().enumerate() {
                scores[row * digits + digit] = *score;
            }
            pool.give_f64(told);
        }
        if scores.iter().any(|score| !score.is_finite()) {
            return Err(Rejected::new("the scores contain NaN or infinity"));
        }
        let mut labels = pool.take_u32(x.rows());
        for (label, scores) in labels.iter_mut().zip(scores.chunks_exact(digits)) {
            *label = self.nearest(scores);
        }
        pool.give_f64(scores);
        answers.predict = Some(Predicted::Labels(labels));
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    hands_on!(parts);
}
