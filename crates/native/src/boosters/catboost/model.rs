//! What both of CatBoost's formats describe, and its trees as the engines' [`Tree`]s.
//!
//! A split's bit is set where `value > border` in f32; an oblivious tree's leaf is the number its
//! levels' bits make. Must not know bytes.

// The fields are called what CatBoost calls them.
#![allow(clippy::struct_field_names)]

use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::{Compare, Missing, Node, NumericSplit, Outputs, Tree};

/// A model in the terms both formats share.
pub(super) struct Parts {
    pub(super) features: Vec<Feature>,
    pub(super) n_outputs: usize,
    pub(super) trees: Vec<Tree>,
    pub(super) scale: f64,
    pub(super) bias: Vec<f64>,
    /// The loss function's name, where the model tells it.
    pub(super) loss: Option<String>,
    /// The JSON of the class labels, where there are any.
    pub(super) classes: Option<Classes>,
    /// Where `predict` of a binary model begins to answer the second class.
    pub(super) threshold: Option<f64>,
}

/// The labels of a classifier.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub(super) struct Classes {
    #[serde(default)]
    pub(super) class_label_type: String,
    #[serde(default)]
    pub(super) class_names: Vec<serde_json::Value>,
    #[serde(default)]
    pub(super) class_to_label: Vec<f64>,
    #[serde(default)]
    pub(super) classes_count: u32,
}

/// A numeric feature.
pub(super) struct Feature {
    /// Its column.
    pub(super) column: usize,
    pub(super) name: String,
    pub(super) borders: Vec<f32>,
    pub(super) missing: Missing,
}

/// One test: the bit is set where the value is greater than the border.
#[derive(Clone, Copy)]
pub(super) struct Split {
    pub(super) column: u32,
    pub(super) border: f32,
    pub(super) missing: Missing,
}

/// Trees deeper than this CatBoost does not grow symmetrically.
const DEPTH_MAX: usize = 16;

impl Feature {
    /// How missing values are treated: as in `NanValueTreatment` (as is, as false, as true), which
    /// counts only where there were some in training.
    pub(super) fn missing(had_nans: bool, treatment: u8) -> Result<Missing, Refused> {
        match treatment {
            // A comparison with NaN is false, and so is one with minus infinity.
            0 | 1 => Ok(Missing::NanLeft),
            2 if !had_nans => Ok(Missing::NanLeft),
            2 => Ok(Missing::NanRight),
            other => refuse!("the treatment {other} of missing values is not known"),
        }
    }

    pub(super) fn split(&self, border: f32) -> Split {
        Split { column: self.column as u32, border, missing: self.missing }
    }
}

impl Split {
    pub(super) fn node(self, left: usize, right: usize) -> Node {
        Node::Numeric(NumericSplit {
            feature: self.column,
            threshold: f64::from(self.border),
            compare: Compare::LessOrEqual,
            missing: self.missing,
            left: left as u32,
            right: right as u32,
        })
    }
}

/// The outputs of a tree whose leaves have one value for each.
pub(super) fn outputs(n_outputs: usize) -> Outputs {
    if n_outputs == 1 { Outputs::One(0) } else { Outputs::All }
}

/// An oblivious tree as a complete binary one: level `l` tests split `l`, and going right there adds
/// `1 << l` to the leaf's number.
pub(super) fn oblivious(
    splits: &[Split],
    leaf_values: &[f64],
    n_outputs: usize,
) -> Result<Tree, Refused> {
    if splits.len() > DEPTH_MAX {
        refuse!("{} levels, at most {DEPTH_MAX} are known", splits.len());
    }
    let n_leaves = 1 << splits.len();
    if leaf_values.len() != n_leaves * n_outputs {
        refuse!("{} values for {n_leaves} leaves of {n_outputs} outputs", leaf_values.len());
    }
    let mut nodes = Vec::with_capacity(2 * n_leaves - 1);
    for (level, split) in splits.iter().enumerate() {
        let next = (2 << level) - 1;
        nodes.extend((0..1 << level).map(|at| split.node(next + at, next + (at | 1 << level))));
    }
    nodes.extend((0..n_leaves as u32).map(Node::Leaf));
    Ok(Tree { nodes, leaf_values: leaf_values.to_vec(), outputs: outputs(n_outputs) })
}
