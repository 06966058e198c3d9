//! XGBoost's own files: JSON, UBJ, the old binary form, and the boosters inside pickles (0.4 to 3.3).
//!
//! ```no_run
//! use pelton_native::boosters::xgboost::{Booster, Call, XGBoost};
//! # let bytes = &[];
//! let model = XGBoost::read(bytes)?;
//! let booster = model.booster(Call::Booster, None)?;
//! # Ok::<(), pelton_native::boosters::Refused>(())
//! ```
//!
//! Must not know Python's classes around a booster.

mod binary;
mod json;
mod objective;
mod schema;
mod trees;
mod ubj;

use std::collections::BTreeMap;

use pelton_pickle::Content;
use serde::Deserialize;

pub use super::Booster;
use super::refused::refuse;
use super::{Linear, Link, Refused};
use schema::{Document, Learner};

/// An XGBoost model as its file describes it.
pub struct XGBoost {
    /// The version that wrote the file, without the patch in the old binary form; zeros before 1.0.
    pub version: [u32; 3],
    /// The objective's name; that of a custom objective is not kept, it reads `reg:squarederror`.
    pub objective: String,
    /// Features a row has.
    pub n_features: usize,
    /// Values a margin has: classes, targets, or one.
    pub n_outputs: usize,
    /// Classes a multi-class objective tells apart; 0 for the others.
    pub n_classes: usize,
    /// Names of the features, empty where the data had none.
    pub feature_names: Vec<String>,
    /// Types of the features (`float`, `int`, `i`, `q`, `c`), empty where none were kept.
    pub feature_types: Vec<String>,
    /// Texts kept with the model: `best_iteration`, `best_score`, `scikit_learn`.
    pub attributes: BTreeMap<String, String>,
    /// The categories by feature, where the model keeps them (3.1 and later).
    pub categories: Vec<Option<Vec<Category>>>,
    /// Rounds of boosting; 0 for a linear booster.
    pub n_iterations: usize,
    scores: Parts,
    margins: Vec<f32>,
    link: Link,
}

/// A category of a feature: its code is its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Category {
    /// A text.
    Text(String),
    /// A number.
    Number(i64),
}

/// Which of XGBoost's two ways of predicting is meant; they round dart boosters differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// `Booster.predict(DMatrix)`.
    Booster,
    /// `Booster.inplace_predict`, as `XGBClassifier` and its kin call it.
    InPlace,
}

enum Parts {
    Trees(trees::Trees),
    Linear(Linear),
}

/// The newest version whose files are known; a later one may mean something else by the same words.
const NEWEST: [u32; 2] = [3, 3];

/// Outputs beyond this are a broken file.
const OUTPUTS_MAX: usize = 1 << 16;

impl XGBoost {
    /// Reads a model file or a serialized booster.
    ///
    /// # Errors
    /// The bytes are neither JSON nor UBJ nor the old binary form, or the model is one that is not supported natively.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        if binary::is_serialized(bytes) || Content::of(bytes) == Content::XgboostBinary {
            let (version, learner) = binary::read(bytes)?;
            if version != [0; 3] {
                version_of(&version)?;
            }
            return Self::from_learner(version, learner);
        }
        let mut document = parse(bytes)?;
        if let Some(model) = document.model.take() {
            document = *model;
        }
        let (Some(version), Some(learner)) = (document.version, document.learner) else {
            refuse!("the file is no XGBoost model: 'version' or 'learner' is missing");
        };
        Self::from_learner(version_of(&version)?, learner)
    }

    /// The engine and the link, for the first `iterations` rounds or all of them.
    ///
    /// # Errors
    /// There are fewer rounds than asked for, or the trees are broken.
    pub fn booster(&self, call: Call, iterations: Option<usize>) -> Result<Booster, Refused> {
        match &self.scores {
            Parts::Linear(linear) => {
                Ok(Booster::linear(linear.clone(), self.link, self.n_features))
            }
            Parts::Trees(trees) => {
                // Before 1.4, when there was one way, and from 3.3 on a dart tree is rounded as by the first.
                let one_way = self.version < [1, 4, 0] || self.version >= [3, 3, 0];
                let call = if one_way { Call::Booster } else { call };
                let from_margins = if trees.is_dart() { [1, 4, 0] } else { [1, 3, 0] };
                let start = if self.version >= from_margins {
                    trees::Start::Margin
                } else {
                    trees::Start::Nothing
                };
                let how = (call, start);
                let ensemble = trees.ensemble(self.n_features, &self.margins, how, iterations)?;
                Booster::trees(ensemble, self.link)
            }
        }
    }

    /// The round early stopping found best, counted from 0.
    ///
    /// # Errors
    /// The attribute is no number.
    pub fn best_iteration(&self) -> Result<Option<usize>, Refused> {
        let Some(text) = self.attributes.get("best_iteration") else { return Ok(None) };
        match text.parse() {
            Ok(best) => Ok(Some(best)),
            Err(_) => refuse!("the attribute best_iteration is '{text}', a number was expected"),
        }
    }

    /// Names its features, where the file does not.
    ///
    /// # Errors
    /// There are not as many names as features.
    pub fn name_features(&mut self, names: Vec<String>) -> Result<(), Refused> {
        self.feature_names = listed(names, self.n_features, "feature_names")?;
        Ok(())
    }

    /// What the class of scikit-learn that saved the file noted of itself, where one did.
    pub fn scikit_learn(&self) -> Option<serde_json::Value> {
        let text = self.attributes.get("scikit_learn")?;
        serde_json::from_slice(&json::standard(text.as_bytes())).ok()
    }

    /// Whether it sums features instead of walking trees.
    pub fn is_linear(&self) -> bool {
        matches!(self.scores, Parts::Linear(_))
    }

    /// What turns margins into answers.
    pub fn link(&self) -> Link {
        self.link
    }

    fn from_learner(version: [u32; 3], learner: Learner) -> Result<Self, Refused> {
        let param = &learner.learner_model_param;
        let n_features: usize = number(&param.num_feature, "num_feature")?;
        let n_classes: usize = number(&param.num_class, "num_class")?;
        let n_targets: usize = number(param.num_target.as_deref().unwrap_or("1"), "num_target")?;
        let n_outputs = n_classes.max(n_targets).max(1);
        if n_outputs > OUTPUTS_MAX || (n_classes > 1 && n_targets > 1) {
            refuse!("{n_classes} classes and {n_targets} targets");
        }
        let (margin, link) = objective::objective(&learner.objective.name, version)?;
        if matches!(link, Link::SoftmaxF32 | Link::ArgMax) && n_classes != n_outputs {
            refuse!("the objective '{}' with {n_classes} classes", learner.objective.name);
        }
        let scores = base_scores(&param.base_score, n_outputs)?.into_iter();
        // Before 1.0 a file kept the margin itself.
        let kept = version[0] == 0;
        let margins = scores.map(move |score| if kept { score } else { margin(score) }).collect();
        let mut model = Self {
            version,
            objective: learner.objective.name,
            n_features,
            n_outputs,
            n_classes,
            feature_names: listed(learner.feature_names, n_features, "feature_names")?,
            feature_types: listed(learner.feature_types, n_features, "feature_types")?,
            attributes: learner.attributes,
            categories: Vec::new(),
            n_iterations: 0,
            scores: Parts::Linear(Linear { initial: Vec::new(), weights: Vec::new() }),
            margins,
            link,
        };
        model.take_booster(learner.gradient_booster)?;
        Ok(model)
    }

    fn take_booster(&mut self, mut booster: schema::GradientBooster) -> Result<(), Refused> {
        let drops = booster.weight_drop.take();
        // 3.3 knows no dart booster: the factors stand in gbtree itself.
        let dart = booster.name == "dart" || drops.is_some();
        if dart && self.version[0] == 0 {
            refuse!(
                "a dart booster of XGBoost before 1.0, which in Python drops trees at random when it \
                 answers, is not supported natively"
            );
        }
        if booster.name == "dart" {
            let Some(inner) = booster.gbtree.take() else {
                refuse!("the dart booster has no trees")
            };
            booster = *inner;
        }
        let Some(mut model) = booster.model else {
            refuse!("the booster '{}' has no model", booster.name);
        };
        match &*booster.name {
            "gbtree" => {
                self.categories = trees::categories(model.cats.take(), self.n_features)?;
                let categorical = self.feature_types.iter().any(|of| of == "c");
                if self.version >= [3, 3, 0] && (categorical || !self.categories.is_empty()) {
                    refuse!("categories of XGBoost 3.3 are not supported natively");
                }
                let trees = trees::Trees::new(model, self.n_outputs, drops.filter(|_| dart))?;
                self.n_iterations = trees.n_iterations();
                self.scores = Parts::Trees(trees);
            }
            "gblinear" if !dart => {
                self.scores = Parts::Linear(self.linear(model.weights.unwrap_or_default())?);
            }
            other => refuse!("XGBoost's booster '{other}' is not supported natively"),
        }
        Ok(())
    }

    /// Weights by feature and output, the biases last.
    fn linear(&self, mut weights: Vec<f32>) -> Result<Linear, Refused> {
        let (k, n) = (self.n_outputs, self.n_features);
        if n.checked_add(1).and_then(|rows| rows.checked_mul(k)) != Some(weights.len()) {
            refuse!("{} linear weights for {n} features and {k} outputs", weights.len());
        }
        // All outputs start from the first one's margin, whatever theirs is.
        let initial = weights.drain(n * k..).map(|bias| bias + self.margins[0]).collect();
        Ok(Linear { initial, weights })
    }
}

fn parse(bytes: &[u8]) -> Result<Document, Refused> {
    let start = bytes.trim_ascii_start();
    // UBJ keys begin with their length, JSON keys with a quote.
    if bytes.starts_with(b"{L") {
        let mut reader = ubj::Ubj::new(bytes);
        let document = Document::deserialize(&mut reader).map_err(|error| {
            Refused::new(format!("the UBJ is not as XGBoost writes it: {error}"))
        })?;
        if reader.left() > 0 {
            refuse!("{} bytes behind the end of the UBJ", reader.left());
        }
        return Ok(document);
    }
    serde_json::from_slice(&json::standard(start))
        .map_err(|error| Refused::new(format!("the JSON is not as XGBoost writes it: {error}")))
}

fn version_of(version: &[u32]) -> Result<[u32; 3], Refused> {
    match *version {
        [major, minor, patch] if major > 0 && [major, minor] <= NEWEST => Ok([major, minor, patch]),
        _ => {
            let version: Vec<_> = version.iter().map(u32::to_string).collect();
            refuse!(
                "the model was written by XGBoost {}, versions 1.0 to {}.{} are supported natively",
                version.join("."),
                NEWEST[0],
                NEWEST[1]
            )
        }
    }
}

/// A number that XGBoost keeps as text.
fn number<T: std::str::FromStr>(text: &str, field: &str) -> Result<T, Refused> {
    match text.parse() {
        Ok(number) => Ok(number),
        Err(_) => refuse!("{field} is '{text}', a number was expected"),
    }
}

/// `5E-1`, or since 3.1 `[5E-1,2E-1]` with one value an output.
fn base_scores(text: &str, n_outputs: usize) -> Result<Vec<f32>, Refused> {
    let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let mut scores = Vec::new();
    for score in list.split(',') {
        let score: f32 = number(score.trim(), "base_score")?;
        if !score.is_finite() {
            refuse!("base_score is '{text}', finite numbers were expected");
        }
        scores.push(score);
    }
    match scores.len() {
        1 => Ok(vec![scores[0]; n_outputs]),
        n if n == n_outputs => Ok(scores),
        n => refuse!("{n} values of base_score for {n_outputs} outputs"),
    }
}

/// A list with one entry a feature, or none at all.
fn listed(list: Vec<String>, n_features: usize, field: &str) -> Result<Vec<String>, Refused> {
    if !list.is_empty() && list.len() != n_features {
        refuse!("{} {field} for {n_features} features", list.len());
    }
    Ok(list)
}
