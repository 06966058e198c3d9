//! `VotingClassifier` and `VotingRegressor`.
//!
//! Source: `sklearn.ensemble._voting` (1.2 to 1.9), `numpy.average`: products summed in the order of the
//! parts, then divided by the sum of the weights.

use super::inner::{Scores, features, hands_on, is_single, narrowed, read_list, scores};
use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Rejected, Shape,
};
use crate::math::{Real, argmax};
use crate::reader::{Fitted, Readers, Refusal, Version};
use pelton_core::DType;

pub(super) const READERS: Readers =
    &[("sklearn", "VotingClassifier", read), ("sklearn", "VotingRegressor", read_regressor)];

struct Voting {
    parts: Vec<Box<dyn Estimator>>,
    weights: Option<Vec<f64>>,
    kind: Kind,
}

enum Kind {
    /// The average probability decides; `flat` ones are the transformed rows.
    Soft { labels: [Labels; 1], flat: bool },
    /// The most votes decide.
    Hard { labels: [Labels; 1] },
    /// The average prediction is the answer.
    Average,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    let parts = read_list(fitted, "estimators_")?;
    let kind = match fitted.text("voting")? {
        "soft" => {
            check_probabilities(fitted, &parts, labels.len())?;
            Kind::Soft { labels: [labels], flat: is_flat(fitted)? }
        }
        "hard" => {
            let encoded = |part: &dyn Estimator| match part.labels() {
                [Labels::Int { values, .. }] => {
                    values.iter().all(|v| usize::try_from(*v).is_ok_and(|v| v < labels.len()))
                }
                _ => false,
            };
            if !parts.iter().all(|part| encoded(&**part)) {
                return Err(fitted.refuse_option("parts fitted on labels of their own"));
            }
            Kind::Hard { labels: [labels] }
        }
        other => return Err(fitted.refuse_option(format!("voting='{other}'"))),
    };
    voting(fitted, parts, kind)
}

fn read_regressor(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let parts = read_list(fitted, "estimators_")?;
    let one = |part: &dyn Estimator| {
        super::inner::shape(part, Method::Predict) == Some(Shape::Vector)
            && part.labels().is_empty()
    };
    if !parts.iter().all(|part| one(&**part)) {
        return Err(fitted.refuse_option("parts that do not predict one number"));
    }
    voting(fitted, parts, Kind::Average)
}

/// Whether the probabilities of all come side by side; before 0.21 only where that was asked for.
fn is_flat(fitted: &Fitted<'_>) -> Result<bool, Refusal> {
    fitted.flag("flatten_transform", fitted.version() >= Version(0, 21))
}

fn check_probabilities(
    fitted: &Fitted<'_>,
    parts: &[Box<dyn Estimator>],
    classes: usize,
) -> Result<(), Refusal> {
    for part in parts {
        let shape = super::inner::shape(&**part, Method::PredictProba);
        if shape != Some(Shape::Matrix(classes)) {
            return Err(fitted.refuse_option("a part without probabilities of every class"));
        }
    }
    Ok(())
}

fn voting(
    fitted: &Fitted<'_>,
    parts: Vec<Box<dyn Estimator>>,
    kind: Kind,
) -> Result<Box<dyn Estimator>, Refusal> {
    let weights = match fitted.numbers_option("weights")? {
        Some(weights) => Some(undropped(fitted, weights)?),
        None => None,
    };
    if weights.as_ref().is_some_and(|weights| weights.len() != parts.len()) {
        return Err(fitted.refuse(format!("{} has not one weight a part", fitted.class())));
    }
    Ok(Box::new(Voting { parts, weights, kind }))
}

/// The weights of parts that were not dropped.
fn undropped(fitted: &Fitted<'_>, weights: Vec<f64>) -> Result<Vec<f64>, Refusal> {
    let named = super::inner::items(fitted, fitted.attr("estimators")?)?;
    let kept = |index: usize| {
        let part = named.get(index).and_then(|pair| pair.item(1).ok());
        part.is_none_or(|part| part.as_str() != Some("drop") && !part.is_none())
    };
    Ok(weights.into_iter().enumerate().filter(|(index, _)| kept(*index)).map(|(_, w)| w).collect())
}

impl Voting {
    fn all(&self, method: Method, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<Scores>, Rejected> {
        self.parts.iter().map(|part| scores(&**part, method, x, pool)).collect()
    }

    /// The weighted average of the parts, element by element: in f32 where all parts answer such and no
    /// weights make f64 of them.
    fn average(&self, parts: &[Scores], pool: &mut Pool) -> Block {
        if self.weights.is_none() && parts.iter().all(|part| part.single) {
            let mut out = pool.take_f32(parts[0].values.len());
            out.fill(0.0);
            for part in parts {
                out.iter_mut().zip(&part.values).for_each(|(out, value)| *out += *value as f32);
            }
            out.iter_mut().for_each(|out| *out /= parts.len() as f32);
            return Block::F32(out);
        }
        let mut out = pool.take_f64(parts[0].values.len());
        out.fill(0.0);
        for (index, part) in parts.iter().enumerate() {
            let weight = self.weights.as_ref().map(|weights| weights[index]);
            for (out, value) in out.iter_mut().zip(&part.values) {
                *out += weight.map_or(*value, |weight| value * weight);
            }
        }
        let total = self.weights.as_ref().map_or(parts.len() as f64, |w| w.iter().sum());
        out.iter_mut().for_each(|out| *out /= total);
        Block::F64(out)
    }

    /// The most votes of a row; the first of the greatest.
    fn winner(&self, parts: &[Scores], row: usize, votes: &mut [f64]) -> u32 {
        votes.fill(0.0);
        for (index, part) in parts.iter().enumerate() {
            let weight = self.weights.as_ref().map_or(1.0, |weights| weights[index]);
            votes[part.values[row] as usize] += weight;
        }
        argmax(votes) as u32
    }

    fn soft(
        &self,
        classes: usize,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let parts = self.all(Method::PredictProba, x, pool)?;
        let average = self.average(&parts, pool);
        if asked.has(Method::Predict) {
            let mut labels = pool.take_u32(x.rows());
            match &average {
                Block::F32(average) => greatest(average, classes, &mut labels),
                Block::F64(average) => greatest(average, classes, &mut labels),
                Block::I64(_) | Block::Text(_) => unreachable!("averages are floats"),
            }
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(floats_side_by_side(&parts, x.rows(), pool));
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(average);
        } else {
            average.recycle(pool);
        }
        parts.into_iter().for_each(|part| part.give(pool));
        Ok(())
    }

    fn hard(
        &self,
        classes: usize,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let parts = self.all(Method::Predict, x, pool)?;
        if asked.has(Method::Predict) {
            let mut votes = pool.take_f64(classes);
            let mut labels = pool.take_u32(x.rows());
            for (row, label) in labels.iter_mut().enumerate() {
                *label = self.winner(&parts, row, &mut votes);
            }
            pool.give_f64(votes);
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::Transform) {
            let flat = side_by_side(&parts, x.rows(), pool);
            answers.transform = Some(Block::I64(flat.iter().map(|vote| *vote as i64).collect()));
            pool.give_f64(flat);
        }
        parts.into_iter().for_each(|part| part.give(pool));
        Ok(())
    }

    fn mean(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let parts = self.all(Method::Predict, x, pool)?;
        if asked.has(Method::Predict) {
            let average = self.average(&parts, pool);
            answers.predict = Some(Predicted::Numbers(average));
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(floats_side_by_side(&parts, x.rows(), pool));
        }
        parts.into_iter().for_each(|part| part.give(pool));
        Ok(())
    }
}

fn greatest<T: Real>(rows: &[T], classes: usize, labels: &mut [u32]) {
    let rows = rows.chunks_exact(classes);
    labels.iter_mut().zip(rows).for_each(|(label, row)| *label = argmax(row) as u32);
}

/// The parts' columns beside each other, in f32 where all of them are.
fn floats_side_by_side(parts: &[Scores], rows: usize, pool: &mut Pool) -> Block {
    let all = side_by_side(parts, rows, pool);
    if parts.iter().all(|part| part.single) {
        return Block::F32(narrowed(all, pool));
    }
    Block::F64(all)
}

/// The parts' columns beside each other.
fn side_by_side(parts: &[Scores], rows: usize, pool: &mut Pool) -> Vec<f64> {
    let width: usize = parts.iter().map(|part| part.width).sum();
    let mut out = pool.take_f64(rows * width);
    for (row, out) in out.chunks_exact_mut(width.max(1)).enumerate() {
        let mut start = 0;
        for part in parts {
            out[start..start + part.width].copy_from_slice(part.row(row));
            start += part.width;
        }
    }
    out
}

impl Estimator for Voting {
    fn outputs(&self) -> Vec<Output> {
        let parts = self.parts.len();
        let floats = |method: Method, whole: bool| {
            let single = self.parts.iter().all(|part| is_single(&**part, method));
            let kept = single && (!whole || self.weights.is_none());
            if kept { DType::Fp32 } else { DType::Fp64 }
        };
        let mut outputs = vec![Output::new(Method::Predict, Shape::Vector)];
        match &self.kind {
            Kind::Soft { labels: [labels], flat } => {
                outputs.push(Output {
                    method: Method::PredictProba,
                    shape: Shape::Matrix(labels.len()),
                    dtype: floats(Method::PredictProba, true),
                });
                if *flat {
                    let width = parts * labels.len();
                    outputs.push(Output {
                        method: Method::Transform,
                        shape: Shape::Matrix(width),
                        dtype: floats(Method::PredictProba, false),
                    });
                }
            }
            Kind::Hard { .. } => outputs.push(Output {
                method: Method::Transform,
                shape: Shape::Matrix(parts),
                dtype: DType::Int64,
            }),
            Kind::Average => {
                outputs[0].dtype = floats(Method::Predict, true);
                outputs.push(Output {
                    method: Method::Transform,
                    shape: Shape::Matrix(parts),
                    dtype: floats(Method::Predict, false),
                });
            }
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
        match &self.kind {
            Kind::Soft { labels: [labels], .. } => self.soft(labels.len(), x, asked, answers, pool),
            Kind::Hard { labels: [labels] } => self.hard(labels.len(), x, asked, answers, pool),
            Kind::Average => self.mean(x, asked, answers, pool),
        }
    }

    fn labels(&self) -> &[Labels] {
        match &self.kind {
            Kind::Soft { labels, .. } | Kind::Hard { labels } => labels,
            Kind::Average => &[],
        }
    }

    hands_on!(parts);
}
