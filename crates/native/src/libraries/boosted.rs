//! [`Boosted`]: a booster as an estimator.
//!
//! Must not know which library it is of; that is in its parts.

use pelton_core::DType;

use super::rows::Preparation;
use crate::boosters::{Booster, Link};
use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;

/// A booster and what its Python class makes of its answers.
pub(super) struct Boosted {
    pub(super) booster: Booster,
    pub(super) kind: Kind,
    /// Whether answers are f32.
    pub(super) single: bool,
    /// Whether `decision_function` answers the raw scores.
    pub(super) decision: bool,
    /// How near answers are to Python's.
    pub(super) promise: Promise,
    /// Names of the columns, where the data had any.
    pub(super) names: Option<Vec<String>>,
    pub(super) preparation: Preparation,
}

/// What `predict` answers.
pub(super) enum Kind {
    /// The booster's answers.
    Numbers,
    /// Labels; `predict_proba` is the booster's answers.
    Classes(Classes),
    /// Several labels a row, each there where its probability is above a half; and the two classes.
    Flags(Labels),
}

/// How labels are chosen.
pub(super) struct Classes {
    pub(super) labels: [Labels; 1],
    pub(super) choice: Choice,
    /// Whether `predict` answers a column instead of a vector.
    pub(super) as_column: bool,
    /// `classes_`, where it is not what `predict` answers.
    pub(super) named: Option<Labels>,
}

/// What decides on a label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Choice {
    /// Of two, the second where its probability is above a half.
    AboveHalf,
    /// The first of the greatest probabilities (of two, from the second one's).
    Greatest,
    /// By the raw scores, as this link says.
    ByRaw(Link),
}

impl Boosted {
    /// Classes that `predict_proba` tells apart.
    fn proba_width(&self) -> usize {
        self.booster.n_answers().max(2)
    }

    fn chooses_by_raw(&self) -> bool {
        matches!(self.kind, Kind::Classes(Classes { choice: Choice::ByRaw(_), .. }))
    }

    fn label(&self, choice: Choice, raw: &[f64], answers: &[f64], labels: &mut [u32]) {
        match choice {
            Choice::AboveHalf => each(answers, 1, labels, |p| u32::from(p[0] > 0.5)),
            Choice::Greatest => each(answers, self.booster.n_answers(), labels, greatest),
            Choice::ByRaw(Link::Above { border }) => {
                each(raw, 1, labels, |raw| u32::from(raw[0] > border));
            }
            Choice::ByRaw(_) => each(raw, self.booster.n_raw(), labels, greatest),
        }
    }

    /// Numbers in the library's precision, f64 room given back.
    fn block(&self, values: Vec<f64>, pool: &mut Pool) -> Block {
        if !self.single {
            return Block::F64(values);
        }
        let mut narrow = pool.take_f32(values.len());
        for (narrow, value) in narrow.iter_mut().zip(&values) {
            *narrow = *value as f32;
        }
        pool.give_f64(values);
        Block::F32(narrow)
    }

    /// The probabilities of all classes: of two the first is what the second leaves of 1, in the
    /// library's precision.
    fn probabilities(&self, answers: &[f64], pool: &mut Pool) -> Block {
        let mut all = pool.take_f64(answers.len() * self.proba_width() / self.booster.n_answers());
        if self.booster.n_answers() == 1 {
            for (pair, second) in all.chunks_exact_mut(2).zip(answers) {
                // 1 - p of an f32 is rounded to f32 when the block is made.
                pair.copy_from_slice(&[1.0 - second, *second]);
            }
        } else {
            all.copy_from_slice(answers);
        }
        self.block(all, pool)
    }
}

fn each(values: &[f64], width: usize, labels: &mut [u32], of: impl Fn(&[f64]) -> u32) {
    for (label, values) in labels.iter_mut().zip(values.chunks_exact(width)) {
        *label = of(values);
    }
}

/// The first of the greatest; of a single probability, the second class where it is greater.
fn greatest(values: &[f64]) -> u32 {
    match values {
        [second] => u32::from(*second > 1.0 - *second),
        values => crate::boosters::arg_max(values) as u32,
    }
}

impl Estimator for Boosted {
    fn outputs(&self) -> Vec<Output> {
        let dtype = if self.single { DType::Fp32 } else { DType::Fp64 };
        match &self.kind {
            Kind::Numbers => {
                let shape = match self.booster.n_answers() {
                    1 => Shape::Vector,
                    n => Shape::Matrix(n),
                };
                vec![Output { method: Method::Predict, shape, dtype }]
            }
            Kind::Flags(_) => {
                let shape = Shape::Matrix(self.booster.n_answers());
                vec![
                    Output { method: Method::Predict, shape: shape.clone(), dtype: DType::Fp64 },
                    Output { method: Method::PredictProba, shape, dtype },
                ]
            }
            Kind::Classes(classes) => {
                let shape = if classes.as_column { Shape::Matrix(1) } else { Shape::Vector };
                let proba = Shape::Matrix(self.proba_width());
                let scores = match self.booster.n_raw() {
                    1 => Shape::Vector,
                    n => Shape::Matrix(n),
                };
                let mut outputs = vec![
                    Output { method: Method::Predict, shape, dtype },
                    Output { method: Method::PredictProba, shape: proba, dtype },
                ];
                if self.decision {
                    outputs.push(Output { method: Method::DecisionFunction, shape: scores, dtype });
                }
                outputs
            }
        }
    }

    fn features(&self) -> Option<usize> {
        Some(self.preparation.n_columns().unwrap_or(self.booster.n_features()))
    }

    fn widest(&self) -> usize {
        self.booster.n_features().max(self.proba_width())
    }

    fn tells_integers(&self) -> bool {
        !self.preparation.categorical().is_empty()
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let n_rows = x.rows();
        let mut raw = pool.take_f64(n_rows * self.booster.n_raw());
        self.preparation.with_rows(x, pool, |rows, pool| {
            self.booster.predict_raw(rows, &mut raw, &mut pool.trees);
        })?;
        let (label, proba) = (asked.has(Method::Predict), asked.has(Method::PredictProba));
        if asked.has(Method::DecisionFunction) {
            let mut scores = pool.take_f64(raw.len());
            scores.copy_from_slice(&raw);
            answers.decision_function = Some(self.block(scores, pool));
        }
        if label && self.chooses_by_raw() {
            answers.predict = self.labelled(&raw, &[], n_rows, pool);
        }
        if proba || label && !self.chooses_by_raw() {
            let mut given = pool.take_f64(n_rows * self.booster.n_answers());
            self.booster.answer(&mut raw, &mut given);
            if proba {
                answers.predict_proba = Some(self.probabilities(&given, pool));
            }
            match self.kind {
                Kind::Numbers => {
                    answers.predict = Some(Predicted::Numbers(self.block(given, pool)));
                }
                Kind::Flags(_) if label => {
                    given.iter_mut().for_each(|p| *p = if *p > 0.5 { 1.0 } else { 0.0 });
                    answers.predict = Some(Predicted::Numbers(Block::F64(given)));
                }
                _ => {
                    if label && !self.chooses_by_raw() {
                        answers.predict = self.labelled(&[], &given, n_rows, pool);
                    }
                    pool.give_f64(given);
                }
            }
        }
        pool.give_f64(raw);
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        match &self.kind {
            Kind::Numbers | Kind::Flags(_) => &[],
            Kind::Classes(classes) => &classes.labels,
        }
    }

    fn classes(&self) -> Option<&Labels> {
        match &self.kind {
            Kind::Numbers => None,
            Kind::Flags(classes) => Some(classes),
            Kind::Classes(classes) => Some(classes.named.as_ref().unwrap_or(&classes.labels[0])),
        }
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        // As the Python worker judges: of other libraries' inputs it knows nothing.
        evidence.add_any(columns);
        for (column, example) in self.preparation.examples() {
            evidence.add_text(columns.get(column).copied().flatten(), example);
        }
        for column in self.preparation.categorical() {
            evidence.add_category(columns.get(*column).copied().flatten());
        }
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn feature_names(&self) -> Option<Vec<String>> {
        self.names.clone()
    }

    fn fed_sparse(&mut self) {
        self.preparation.sparse_in_python = true;
    }

    fn promise(&self) -> Promise {
        self.promise
    }
}

impl Boosted {
    fn labelled(
        &self,
        raw: &[f64],
        answers: &[f64],
        n_rows: usize,
        pool: &mut Pool,
    ) -> Option<Predicted> {
        let Kind::Classes(classes) = &self.kind else { return None };
        let mut labels = pool.take_u32(n_rows);
        self.label(classes.choice, raw, answers, &mut labels);
        Some(Predicted::Labels(labels))
    }
}
