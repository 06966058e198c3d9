//! `TunedThresholdClassifierCV` and `FixedThresholdClassifier`: the label depends on a score's threshold.
//!
//! Source: `sklearn.model_selection._classification_threshold` (1.5 to 1.9).

use super::inner::{has, position, scores, unwrap};
use crate::data::{Data, Labels, Pool};
use crate::estimator::{Answers, Estimator, Method, Methods, Output, Predicted, Promise, Rejected};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("sklearn", "TunedThresholdClassifierCV", read),
    ("sklearn", "FixedThresholdClassifier", read),
];

struct Threshold {
    part: Box<dyn Estimator>,
    method: Method,
    limit: f64,
    /// The class whose score is compared.
    positive: u32,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let part = unwrap(fitted, &["estimator_", "estimator"])?;
    let [labels] = part.labels() else {
        return Err(fitted.refuse_option("a classifier of several targets"));
    };
    if labels.len() != 2 {
        return Err(fitted.refuse_option(format!("{} classes", labels.len())));
    }
    let wanted: &[Method] = match fitted.text("response_method")? {
        "auto" => &[Method::PredictProba, Method::DecisionFunction],
        "predict_proba" => &[Method::PredictProba],
        "decision_function" => &[Method::DecisionFunction],
        other => return Err(fitted.refuse_option(format!("response_method='{other}'"))),
    };
    let found = wanted.iter().copied().find(|method| has(&*part, *method));
    let method = found.ok_or_else(|| fitted.refuse_option("a classifier without that score"))?;
    let threshold = match fitted.option("best_threshold_") {
        Some(value) => fitted.wanted("best_threshold_", value.as_f64(), "a number")?,
        None => match fitted.attr("threshold")?.as_f64() {
            Some(threshold) => threshold,
            None if method == Method::PredictProba => 0.5,
            None => 0.0,
        },
    };
    let positive = positive(fitted, labels)?;
    Ok(Box::new(Threshold { part, method, limit: threshold, positive }))
}

/// The class named by `pos_label`, of the estimator or of the metric it was tuned for; else the second.
fn positive(fitted: &Fitted<'_>, labels: &Labels) -> Result<u32, Refusal> {
    let of_metric = fitted
        .option("_curve_scorer")
        .and_then(|scorer| scorer.get_attr("_kwargs"))
        .and_then(|options| options.get("pos_label"));
    let Some(named) = fitted.option("pos_label").or(of_metric).filter(|value| !value.is_none())
    else {
        return Ok(1);
    };
    // Text may be numpy's own.
    let texts = named.as_array().and_then(|array| array.to_strings().ok());
    let text = named.as_str().map(str::to_owned).or_else(|| texts?.pop());
    let one = match (text, named.as_bool(), named.as_f64()) {
        (Some(text), ..) => Labels::Text(vec![text]),
        (_, Some(flag), _) => Labels::Bool(vec![flag]),
        (.., Some(number)) => Labels::floats([number]),
        _ => return Err(fitted.refuse_option("a pos_label that is neither text nor a number")),
    };
    position(labels, &one, 0)
        .map(|at| at as u32)
        .ok_or_else(|| fitted.refuse_option("a pos_label that is none of the classes"))
}

impl Estimator for Threshold {
    fn outputs(&self) -> Vec<Output> {
        let mut outputs = self.part.outputs();
        outputs.retain(|output| {
            matches!(
                output.method,
                Method::Predict | Method::PredictProba | Method::DecisionFunction
            )
        });
        outputs
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
        let mut rest = Methods::NONE;
        for method in [Method::PredictProba, Method::DecisionFunction] {
            if asked.has(method) {
                rest = rest.with(method);
            }
        }
        if rest != Methods::NONE {
            self.part.answer(x, rest, answers, pool)?;
        }
        if asked.has(Method::Predict) {
            let all = scores(&*self.part, self.method, x, pool)?;
            let mut labels = pool.take_u32(x.rows());
            for (row, label) in labels.iter_mut().enumerate() {
                let score = match all.row(row) {
                    // The decision function is the second class's.
                    [score] if self.positive == 0 => -score,
                    [score] => *score,
                    row => row[self.positive as usize],
                };
                *label = if score >= self.limit { self.positive } else { 1 - self.positive };
            }
            all.give(pool);
            answers.predict = Some(Predicted::Labels(labels));
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        self.part.labels()
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
        self.part.promise()
    }
}
