//! `LogisticRegression` and `LogisticRegressionCV`.
//!
//! Source: `sklearn.linear_model._logistic` and `_base.LinearClassifierMixin` (1.2 to 1.9). Scores
//! are sums of products whose order BLAS chooses by shape and CPU, so Python varies in the last bits.

use crate::data::{Data, Finite, Labels, Numbers, Pool, Real, View, check_finite, numeric};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers =
    &[("sklearn", "LogisticRegression", read), ("sklearn", "LogisticRegressionCV", read)];

/// How scores become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    /// Two classes: expit of the score.
    Expit,
    /// Softmax over the classes.
    Softmax,
    /// Softmax of [-score, score]: two classes fitted as multinomial.
    SoftmaxOfTwo,
    /// expit each, divided by their sum.
    OneVsRest,
}

struct LogisticRegression {
    features: usize,
    /// One row of coefficients a score.
    coefficients: Vec<f64>,
    intercepts: Vec<f64>,
    labels: [Labels; 1],
    link: Link,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (coefficients, scores, features) = fitted.matrix("coef_")?;
    let mut intercepts = fitted.numbers("intercept_")?;
    let labels = fitted.labels("classes_")?;
    if intercepts.len() == 1 {
        intercepts.resize(scores, intercepts[0]);
    }
    let expected = if labels.len() <= 2 { 1 } else { labels.len() };
    if scores != expected || intercepts.len() != scores || labels.is_empty() {
        return Err(fitted.refuse(format!(
            "LogisticRegression has {scores} rows of coefficients for {} classes",
            labels.len()
        )));
    }
    let link = link(fitted, labels.len())?;
    Ok(Box::new(LogisticRegression { features, coefficients, intercepts, labels: [labels], link }))
}

fn link(fitted: &Fitted<'_>, classes: usize) -> Result<Link, Refusal> {
    let scheme = fitted.option("multi_class").and_then(pelton_pickle::Value::as_str);
    let solver = fitted.option("solver").and_then(pelton_pickle::Value::as_str).unwrap_or("lbfgs");
    Ok(match scheme {
        // Before 0.22 the default was one against the rest.
        None if fitted.version() != Version::default() && fitted.version() < Version(0, 22) => {
            if classes <= 2 {
                Link::Expit
            } else {
                Link::OneVsRest
            }
        }
        Some("ovr" | "warn") if classes > 2 => Link::OneVsRest,
        Some("ovr" | "warn") => Link::Expit,
        Some("multinomial") if classes > 2 => Link::Softmax,
        Some("multinomial") => Link::SoftmaxOfTwo,
        None | Some("auto" | "deprecated") => match (classes > 2, solver) {
            (false, _) => Link::Expit,
            // newton-cholesky learnt softmax in 1.6; liblinear never did.
            (true, "liblinear") => Link::OneVsRest,
            (true, "newton-cholesky") if fitted.version() < Version(1, 6) => Link::OneVsRest,
            (true, _) => Link::Softmax,
        },
        Some(other) => return Err(fitted.refuse_option(format!("multi_class='{other}'"))),
    })
}

impl LogisticRegression {
    fn scores<T: Real>(&self, x: View<'_, T>, out: &mut [f64]) {
        let scores = self.intercepts.len();
        for (row, out) in x.iter().zip(out.chunks_exact_mut(scores)) {
            let weights = self.coefficients.chunks_exact(self.features);
            for ((out, weights), intercept) in out.iter_mut().zip(weights).zip(&self.intercepts) {
                let products = row.iter().zip(weights).map(|(x, w)| (*x).into() * w);
                *out = products.sum::<f64>() + intercept;
            }
        }
    }

    fn probabilities(&self, scores: &[f64], pool: &mut Pool) -> Vec<f64> {
        let classes = self.labels[0].len().max(2);
        let rows = scores.len() / self.intercepts.len();
        let mut out = pool.take_f64(rows * classes);
        let scores = scores.chunks_exact(self.intercepts.len());
        for (out, scores) in out.chunks_exact_mut(classes).zip(scores) {
            match self.link {
                Link::Expit => {
                    out[1] = expit(scores[0]);
                    out[0] = 1.0 - out[1];
                }
                Link::SoftmaxOfTwo => softmax(&[-scores[0], scores[0]], out),
                Link::Softmax => softmax(scores, out),
                Link::OneVsRest => {
                    out.iter_mut().zip(scores).for_each(|(out, score)| *out = expit(*score));
                    let sum: f64 = out.iter().sum();
                    if sum == 0.0 {
                        out.fill(1.0 / classes as f64);
                    } else {
                        out.iter_mut().for_each(|out| *out /= sum);
                    }
                }
            }
        }
        out
    }

    fn label(scores: &[f64]) -> u32 {
        match scores {
            [score] => u32::from(*score > 0.0),
            scores => first_max(scores),
        }
    }
}

impl Estimator for LogisticRegression {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.labels[0].len();
        let scores = if classes <= 2 { Shape::Vector } else { Shape::Matrix(classes) };
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(classes.max(2))),
            Output::new(Method::DecisionFunction, scores),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn answer(&self, x: Data<'_>, asked: Methods, pool: &mut Pool) -> Result<Answers, Rejected> {
        let mut scores = pool.take_f64(x.rows() * self.intercepts.len());
        numeric(x, pool, |x, _| {
            check_finite(x, Finite::Only)?;
            match x {
                Numbers::F32(view) => self.scores(view, &mut scores),
                Numbers::F64(view) => self.scores(view, &mut scores),
            }
            Ok(())
        })?;
        let mut answers = Answers::default();
        if asked.has(Method::Predict) {
            let mut labels = pool.take_u32(x.rows());
            let rows = scores.chunks_exact(self.intercepts.len());
            labels.iter_mut().zip(rows).for_each(|(label, row)| *label = Self::label(row));
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(Block::F64(self.probabilities(&scores, pool)));
        }
        if asked.has(Method::DecisionFunction) {
            answers.decision_function = Some(Block::F64(scores));
        } else {
            pool.give_f64(scores);
        }
        Ok(answers)
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

/// scipy's logistic function.
fn expit(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// scikit-learn's softmax: shifted by the largest score.
fn softmax(scores: &[f64], out: &mut [f64]) {
    let most = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    out.iter_mut().zip(scores).for_each(|(out, score)| *out = (score - most).exp());
    let sum: f64 = out.iter().sum();
    out.iter_mut().for_each(|out| *out /= sum);
}

/// numpy's argmax: the first of the largest.
fn first_max(values: &[f64]) -> u32 {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best as u32
}
