//! `ClassifierChain` and `RegressorChain`: each target's estimator also sees the answers before it.
//!
//! Source: `sklearn.multioutput._BaseChain` (1.2 to 1.9).

use super::inner::{Scores, hands_on, has, has_numeric_labels, items, scores, shape};
use crate::data::{Data, Finite, Labels, Matrix, Numbers, Pool, check_finite, copy_into};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Rejected, Shape,
};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers =
    &[("sklearn", "ClassifierChain", read), ("sklearn", "RegressorChain", read)];

struct Chain {
    parts: Vec<Box<dyn Estimator>>,
    /// The column of the answer each part is for.
    order: Vec<usize>,
    features: usize,
    /// What a part passes on to those behind it.
    passed: Method,
    classifies: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let list = items(fitted, fitted.attr("estimators_")?)?;
    let parts = list
        .into_iter()
        .enumerate()
        .map(|(at, part)| fitted.inner(&format!("estimator {at} of {}", fitted.class()), part))
        .collect::<Result<Vec<_>, _>>()?;
    let features = parts.first().and_then(|part| part.features()).or(fitted.features());
    let Some(features) = features else {
        return Err(fitted.refuse(format!("{} does not tell its columns", fitted.class())));
    };
    for (at, part) in parts.iter().enumerate() {
        if part.features().is_some_and(|taken| taken != features + at) {
            return Err(
                fitted.refuse(format!("estimator {at} takes other columns than the chain has"))
            );
        }
        if !has_numeric_labels(&**part) {
            return Err(fitted.refuse_option("labels that are no numbers"));
        }
    }
    let order: Vec<usize> = fitted.numbers("order_")?.iter().map(|at| *at as usize).collect();
    let mut sorted = order.clone();
    sorted.sort_unstable();
    if sorted != (0..parts.len()).collect::<Vec<_>>() {
        return Err(fitted.refuse(format!("{}'s order_ is no permutation", fitted.class())));
    }
    let classifies = fitted.class() == "ClassifierChain";
    let passed = fitted.option("chain_method_").and_then(pelton_pickle::Value::as_str);
    let passed = passed.unwrap_or("predict");
    let passed = Method::ALL.into_iter().find(|method| method.name() == passed);
    let known = passed.filter(|method| parts.iter().all(|part| has(&**part, *method)));
    let Some(passed) = known else {
        return Err(fitted.refuse_option("a chain_method_ that its estimators do not have"));
    };
    let chain = Chain { parts, order, features, passed, classifies };
    if chain.methods().is_empty() {
        return Err(fitted.refuse_option("estimators of more than two classes"));
    }
    Ok(Box::new(chain))
}

/// The number a method's answer counts as: the probability of the second class, or the one there is.
fn told(scores: &Scores, row: usize) -> f64 {
    let row = scores.row(row);
    row[row.len() - 1]
}

impl Chain {
    /// The methods all parts have, with one number a row each.
    fn methods(&self) -> Vec<Method> {
        [Method::Predict, Method::PredictProba, Method::DecisionFunction]
            .into_iter()
            .filter(|method| self.classifies || *method == Method::Predict)
            .filter(|method| self.parts.iter().all(|part| one_number(&**part, *method)))
            .collect()
    }

    fn run(&self, method: Method, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let (rows, count) = (x.rows(), self.parts.len());
        let width = self.features + count;
        let mut wide = Matrix::<f64>::take(pool, rows, width);
        copy_into(x, wide.slot().columns(0, self.features))?;
        let rows_given = Numbers::F64(wide.view().columns(0, self.features));
        check_finite(rows_given, Finite::Only)?;
        let mut out = pool.take_f64(rows * count);
        for (at, part) in self.parts.iter().enumerate() {
            let seen = Data::F64(wide.view().columns(0, self.features + at));
            let answer = scores(&**part, method, &seen, pool)?;
            for row in 0..rows {
                out[row * count + self.order[at]] = told(&answer, row);
            }
            let passed = if method == self.passed {
                answer
            } else {
                answer.give(pool);
                scores(&**part, self.passed, &seen, pool)?
            };
            let column = self.features + at;
            wide.view_mut().for_each_row(|row, values| values[column] = told(&passed, row));
            passed.give(pool);
        }
        wide.give(pool);
        Ok(out)
    }
}

fn one_number(part: &dyn Estimator, method: Method) -> bool {
    match shape(part, method) {
        Some(Shape::Vector) => true,
        Some(Shape::Matrix(width)) => method == Method::PredictProba && width == 2,
        _ => false,
    }
}

impl Estimator for Chain {
    fn outputs(&self) -> Vec<Output> {
        let count = self.parts.len();
        let methods = self.methods().into_iter();
        methods.map(|method| Output::new(method, Shape::Matrix(count))).collect()
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            let values = self.run(Method::Predict, x, pool)?;
            answers.predict = Some(Predicted::Numbers(Block::F64(values)));
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(Block::F64(self.run(Method::PredictProba, x, pool)?));
        }
        if asked.has(Method::DecisionFunction) {
            let values = self.run(Method::DecisionFunction, x, pool)?;
            answers.decision_function = Some(Block::F64(values));
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &[]
    }

    hands_on!(parts);
}
