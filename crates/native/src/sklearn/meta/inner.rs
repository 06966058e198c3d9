//! What estimators made of others ask of their parts. Must not know who asks.

use pelton_core::DType;
use pelton_pickle::Value;

use crate::data::{Data, Labels, Pool, View};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Refusal};

/// Numbers of a part, row by row.
pub(in crate::sklearn) struct Scores {
    pub(in crate::sklearn) values: Vec<f64>,
    pub(in crate::sklearn) width: usize,
    /// Whether they are 32-bit floats.
    pub(in crate::sklearn) single: bool,
}

impl Scores {
    pub(in crate::sklearn) fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.width..][..self.width]
    }

    /// The numbers as an answer of their type.
    pub(in crate::sklearn) fn into_block(self, pool: &mut Pool) -> Block {
        numbers(self.values, self.single, pool)
    }

    pub(in crate::sklearn) fn give(self, pool: &mut Pool) {
        pool.give_f64(self.values);
    }
}

/// Whether an estimator has a method.
pub(in crate::sklearn) fn has(estimator: &dyn Estimator, method: Method) -> bool {
    estimator.outputs().iter().any(|output| output.method == method)
}

/// The shape of a method's answer.
pub(in crate::sklearn) fn shape(estimator: &dyn Estimator, method: Method) -> Option<Shape> {
    let output = estimator.outputs().into_iter().find(|output| output.method == method);
    output.map(|output| output.shape)
}

/// Whether a method's numbers are 32-bit floats whatever goes in (XGBoost's).
pub(in crate::sklearn) fn is_single(estimator: &dyn Estimator, method: Method) -> bool {
    let mut outputs = estimator.outputs().into_iter();
    outputs.any(|output| output.method == method && output.dtype == DType::Fp32)
}

/// The type of a method's numbers, as an estimator tells it.
pub(in crate::sklearn) fn told(estimator: &dyn Estimator, method: Method) -> DType {
    if is_single(estimator, method) { DType::Fp32 } else { DType::Fp64 }
}

/// What an estimator answers to 32-bit floats, found by asking it: those fitted on such answer such.
pub(in crate::sklearn) fn dtype_of_single(
    estimator: &dyn Estimator,
    width: usize,
    output: &Output,
) -> DType {
    let (zeros, mut pool) = (vec![0.0; width], Pool::default());
    let row = Data::F32(View::new(&zeros, 1, width));
    let answers = ask(estimator, output.method, &row, &mut pool);
    match answers.ok().as_ref().and_then(|answers| answers.block(output.method)) {
        Some(Block::F32(_)) => DType::Fp32,
        _ => output.dtype,
    }
}

/// Numbers as 32-bit floats, the others' room given back.
pub(in crate::sklearn) fn narrowed(values: Vec<f64>, pool: &mut Pool) -> Vec<f32> {
    let mut narrow = pool.take_f32(values.len());
    narrow.iter_mut().zip(&values).for_each(|(narrow, value)| *narrow = *value as f32);
    pool.give_f64(values);
    narrow
}

/// Numbers in the type of the parts', as numpy joins them.
pub(in crate::sklearn) fn numbers(values: Vec<f64>, single: bool, pool: &mut Pool) -> Block {
    if single { Block::F32(narrowed(values, pool)) } else { Block::F64(values) }
}

/// Reads a list of fitted parts, leaving out what was dropped. There is at least one.
///
/// # Errors
/// One of them is not understood.
pub(in crate::sklearn) fn read_list(
    fitted: &Fitted<'_>,
    name: &str,
) -> Result<Vec<Box<dyn Estimator>>, Refusal> {
    let list = fitted.attr(name)?;
    let items = list.items().map_err(|error| fitted.refuse(error))?;
    let parts = items
        .enumerate()
        .filter(|(_, part)| part.as_str() != Some("drop") && !part.is_none())
        .map(|(index, part)| {
            fitted.inner(&format!("estimator {index} of {}", fitted.class()), part)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if parts.is_empty() {
        return Err(fitted.refuse(format!("{} has no estimators", fitted.class())));
    }
    same_features(fitted, &parts)?;
    Ok(parts)
}

fn same_features(fitted: &Fitted<'_>, parts: &[Box<dyn Estimator>]) -> Result<(), Refusal> {
    let known: Vec<usize> = parts.iter().filter_map(|part| part.features()).collect();
    if known.windows(2).any(|pair| pair[0] != pair[1]) {
        return Err(
            fitted.refuse(format!("the parts of {} take different columns", fitted.class()))
        );
    }
    Ok(())
}

/// The columns parts take: those that say agree.
pub(in crate::sklearn) fn features(parts: &[Box<dyn Estimator>]) -> Option<usize> {
    parts.iter().find_map(|part| part.features())
}

/// The least of the parts' promises.
pub(in crate::sklearn) fn promise(parts: &[Box<dyn Estimator>]) -> Promise {
    parts.iter().map(|part| part.promise()).max().unwrap_or(Promise::Bits)
}

/// The parts may be anything, so that nothing is known about the columns.
pub(in crate::sklearn) fn judge_open(columns: &[Option<usize>], evidence: &mut Evidence) {
    evidence.add_any(columns);
}

/// What an [`Estimator`] says that hands its rows on as they are to the estimators in one of its fields.
macro_rules! hands_on {
    ($parts:ident) => {
        fn judge(&self, columns: &[Option<usize>], evidence: &mut $crate::inputs::Evidence) {
            $crate::sklearn::meta::inner::judge_open(columns, evidence);
        }

        fn takes_numbers(&self) -> bool {
            false
        }

        fn fed_sparse(&mut self) {
            self.$parts.iter_mut().for_each(|part| part.fed_sparse());
        }

        fn promise(&self) -> $crate::estimator::Promise {
            $crate::sklearn::meta::inner::promise(&self.$parts)
        }
    };
}
pub(in crate::sklearn) use hands_on;

/// One method's answer.
///
/// # Errors
/// A row is refused.
pub(in crate::sklearn) fn ask(
    part: &dyn Estimator,
    method: Method,
    x: &Data<'_>,
    pool: &mut Pool,
) -> Result<Answers, Rejected> {
    let mut answers = Answers::default();
    part.answer(x, Methods::only(method), &mut answers, pool)?;
    Ok(answers)
}

/// One method's numbers. Labels that are numbers count as such.
///
/// # Errors
/// A row is refused.
pub(in crate::sklearn) fn scores(
    part: &dyn Estimator,
    method: Method,
    x: &Data<'_>,
    pool: &mut Pool,
) -> Result<Scores, Rejected> {
    let mut answers = ask(part, method, x, pool)?;
    let block = match method {
        Method::Predict => match answers.predict.take() {
            Some(Predicted::Numbers(block)) => Some(block),
            Some(Predicted::Labels(indices)) => Some(Block::F64(values(part, &indices, pool))),
            None => None,
        },
        Method::PredictProba => answers.predict_proba.take(),
        Method::DecisionFunction => answers.decision_function.take(),
        Method::ScoreSamples => answers.score_samples.take(),
        Method::Transform => answers.transform.take(),
    };
    answers.recycle(pool);
    let single = matches!(block, Some(Block::F32(_)));
    let values = block.and_then(|block| block.into_f64(pool)).unwrap_or_default();
    let width = values.len() / x.rows().max(1);
    Ok(Scores { values, width, single })
}

/// Labels as the numbers they are.
fn values(part: &dyn Estimator, indices: &[u32], pool: &mut Pool) -> Vec<f64> {
    let mut out = pool.take_f64(indices.len());
    let sets = part.labels();
    for (at, (out, index)) in out.iter_mut().zip(indices).enumerate() {
        *out = number(&sets[at % sets.len()], *index as usize).unwrap_or(f64::NAN);
    }
    out
}

/// The label as a number, if it is one.
pub(in crate::sklearn) fn number(labels: &Labels, index: usize) -> Option<f64> {
    match labels {
        Labels::Int { values, .. } => Some(values[index] as f64),
        Labels::Bool(values) => Some(f64::from(u8::from(values[index]))),
        Labels::Float { values, .. } => Some(values[index]),
        Labels::Text(_) => None,
    }
}

/// Whether every label of a part is a number.
pub(in crate::sklearn) fn has_numeric_labels(part: &dyn Estimator) -> bool {
    part.labels().iter().all(|labels| !matches!(labels, Labels::Text(_)))
}

/// The score of the positive class, as `sklearn.multiclass._predict_binary`: the decision function, else
/// the probability of the second class; a regressor's prediction.
pub(in crate::sklearn) fn binary_method(part: &dyn Estimator) -> Option<Method> {
    if part.labels().is_empty() {
        return has(part, Method::Predict).then_some(Method::Predict);
    }
    [Method::DecisionFunction, Method::PredictProba].into_iter().find(|method| has(part, *method))
}

/// The column of [`binary_method`]'s answer that counts.
///
/// # Errors
/// A row is refused.
pub(in crate::sklearn) fn binary_scores(
    part: &dyn Estimator,
    x: &Data<'_>,
    pool: &mut Pool,
) -> Result<Vec<f64>, Rejected> {
    let method = binary_method(part).expect("checked when the model was read");
    let all = scores(part, method, x, pool)?;
    if all.width == 1 {
        return Ok(all.values);
    }
    let mut out = pool.take_f64(x.rows());
    out.iter_mut().enumerate().for_each(|(row, out)| *out = all.row(row)[1]);
    all.give(pool);
    Ok(out)
}

/// Where the label of a part stands among other labels.
pub(in crate::sklearn) fn position(labels: &Labels, of: &Labels, index: usize) -> Option<usize> {
    (0..labels.len()).find(|at| match (labels, of) {
        (Labels::Text(all), Labels::Text(one)) => all[*at] == one[index],
        (Labels::Text(_), _) | (_, Labels::Text(_)) => false,
        _ => number(labels, *at) == number(of, index),
    })
}

/// A part that stands for its wrapper.
///
/// # Errors
/// It is missing or not understood.
pub(in crate::sklearn) fn unwrap(
    fitted: &Fitted<'_>,
    names: &[&str],
) -> Result<Box<dyn Estimator>, Refusal> {
    let found = names.iter().find_map(|name| Some((*name, fitted.option(name)?)));
    let Some((name, value)) = found else {
        return Err(fitted.refuse(format!(
            "{} has no {}: was it fitted (with refit=True) before it was saved?",
            fitted.class(),
            names[0]
        )));
    };
    fitted.inner(&format!("{name} of {}", fitted.class()), value)
}

/// The values of a list.
///
/// # Errors
/// It is none.
pub(in crate::sklearn) fn items<'p>(
    fitted: &Fitted<'p>,
    value: Value<'p>,
) -> Result<Vec<Value<'p>>, Refusal> {
    Ok(value.items().map_err(|error| fitted.refuse(error))?.collect())
}
