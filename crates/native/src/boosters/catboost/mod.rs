//! CatBoost's own files: `.cbm` (also inside pickles) and JSON, with numeric and categorical features
//! (0.24 to 1.2).
//!
//! Must not know Python's classes around a model.

mod cbm;
mod cbm_ctr;
mod city;
mod ctr;
mod features;
mod flat;
mod inputs;
mod json;
mod json_ctr;
mod model;

use std::sync::Arc;

use super::booster::Scaled;
use super::refused::refuse;
use super::{Booster, Link, Refused};
use crate::trees::{CategoryCast, Ensemble, Input, Sum, Tree};
use model::{Classes, Parts};

pub use city::category;
pub use inputs::Inputs;

/// A CatBoost model as its file describes it.
pub struct CatBoost {
    /// What becomes of a row before the trees see it.
    pub inputs: Arc<Inputs>,
    /// Raw scores a row gets.
    pub n_outputs: usize,
    /// Names of the features in the order of the columns; empty texts where the data had none.
    pub feature_names: Vec<String>,
    /// The loss function's name, where the model tells it.
    pub loss: Option<String>,
    /// The class labels in the order of the probabilities; empty for other models.
    pub classes: Vec<Label>,
    trees: Vec<Tree>,
    scaled: Scaled,
    threshold: Option<f64>,
}

/// The loss functions of classes.
const CLASSIFYING: [&str; 6] = [
    "Logloss",
    "CrossEntropy",
    "MultiClass",
    "MultiClassOneVsAll",
    "MultiLogloss",
    "MultiCrossEntropy",
];

/// A class label.
#[derive(Clone, Debug, PartialEq)]
pub enum Label {
    /// A whole number.
    Integer(i64),
    /// A number.
    Float(f64),
    /// A text.
    Text(String),
    /// A truth value.
    Boolean(bool),
}

/// What `predict` is asked for (`prediction_type`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prediction {
    /// `RawFormulaVal`.
    Raw,
    /// `Probability`; of two classes the second one's alone.
    Probability,
    /// `Class`, as the label's position.
    Class,
    /// `Exponent`.
    Exponent,
    /// `RMSEWithUncertainty`.
    MeanAndVariance,
}

impl CatBoost {
    /// Reads a model file.
    ///
    /// # Errors
    /// The bytes are neither format, or the model is one that is not supported natively.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let start = bytes.trim_ascii_start();
        let parts = if start.starts_with(b"{") { json::read(start)? } else { cbm::read(bytes)? };
        Self::from_parts(parts)
    }

    /// The engine and the link for one kind of prediction. The engine takes what [`Inputs`] makes.
    ///
    /// # Errors
    /// The model has no such answer, or its trees are broken.
    pub fn booster(&self, prediction: Prediction) -> Result<Booster, Refused> {
        let link = self.link(prediction)?;
        let ensemble = Ensemble {
            n_features: self.inputs.width(),
            n_outputs: self.n_outputs,
            input: Input::F32,
            sum: Sum::F64,
            initial: vec![0.0; self.n_outputs],
            divisor: None,
            category_cast: CategoryCast::LightGbm,
            trees: self.trees.clone(),
        };
        Ok(Booster::trees(ensemble, link)?.scaled(self.scaled.clone()))
    }

    /// What makes this kind of answer of raw scores.
    ///
    /// # Errors
    /// The model has no such answer.
    pub fn link(&self, prediction: Prediction) -> Result<Link, Refused> {
        let several = self.n_outputs > 1;
        Ok(match prediction {
            Prediction::Raw => Link::Identity,
            Prediction::Probability if several && self.loss.is_none() => {
                refuse!(
                    "the model does not tell its loss function, so its probabilities are unknown"
                )
            }
            Prediction::Probability if several && !self.is_one_against_all() => {
                Link::SoftmaxByTable
            }
            Prediction::Probability => Link::Sigmoid { slope: 1.0 },
            Prediction::Class if several => Link::ArgMax,
            Prediction::Class => {
                Link::Above { border: self.threshold.map_or(0.0, |at| -((1.0 / at) - 1.0).ln()) }
            }
            Prediction::Exponent if !several => Link::ExpByTable,
            Prediction::MeanAndVariance if self.n_outputs == 2 => Link::MeanAndVariance,
            Prediction::Exponent | Prediction::MeanAndVariance => {
                refuse!("{prediction:?} of {} outputs", self.n_outputs)
            }
        })
    }

    /// Whether its loss function is one of classes.
    pub fn is_classifier(&self) -> bool {
        CLASSIFYING.iter().any(|loss| self.loss.as_deref() == Some(loss))
    }

    fn is_one_against_all(&self) -> bool {
        self.loss.as_deref() == Some("MultiClassOneVsAll")
    }

    fn from_parts(parts: Parts) -> Result<Self, Refused> {
        let Parts { inputs, names, n_outputs, trees, scale, mut bias, loss, classes, threshold } =
            parts;
        if bias.is_empty() || (bias.len() == 1 && bias[0] == 0.0) {
            bias = vec![0.0; n_outputs];
        }
        if bias.len() != n_outputs {
            refuse!("{} biases for {n_outputs} outputs", bias.len());
        }
        if threshold.is_some_and(|at| !(at > 0.0 && at < 1.0)) {
            refuse!("the probability threshold is {threshold:?}");
        }
        if trees.is_empty() {
            refuse!("the model has no trees: it was not fitted");
        }
        Ok(Self {
            inputs: Arc::new(inputs),
            n_outputs,
            feature_names: names,
            loss,
            classes: classes.map_or(Ok(Vec::new()), |classes| labels(classes, n_outputs))?,
            trees,
            scaled: Scaled { scale, bias },
            threshold,
        })
    }
}

/// A whole number as such.
fn number(label: f64) -> serde_json::Value {
    let whole = label as i64;
    if (whole as f64).to_bits() == label.to_bits() { whole.into() } else { label.into() }
}

/// The labels, where each output has one (a binary model's output has two).
fn labels(classes: Classes, n_outputs: usize) -> Result<Vec<Label>, Refused> {
    let mut names = classes.class_names;
    if names.is_empty() && classes.class_to_label.is_empty() {
        return Ok(Vec::new());
    }
    if names.is_empty() {
        // Labels that never had names (cross-entropy).
        names = classes.class_to_label.iter().map(|label| number(*label)).collect();
    }
    let in_order = classes
        .class_to_label
        .iter()
        .zip(0_u32..)
        .all(|(is, at)| is.to_bits() == f64::from(at).to_bits());
    let n = if n_outputs == 1 { 2 } else { n_outputs };
    if names.len() != n || classes.class_to_label.len() > n || !in_order {
        refuse!("{} class names for {n} classes, or in another order", names.len());
    }
    let kind = &*classes.class_label_type;
    let label = |name: &serde_json::Value| match kind {
        "Integer" => name.as_i64().map(Label::Integer),
        "Float" => name.as_f64().map(Label::Float),
        "Boolean" => name.as_bool().map(Label::Boolean),
        "String" => name.as_str().map(|name| Label::Text(name.to_owned())),
        _ => None,
    };
    match names.iter().map(label).collect() {
        Some(labels) => Ok(labels),
        None => refuse!("class labels of the type '{kind}': {names:?}"),
    }
}
