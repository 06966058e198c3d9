//! What both of CatBoost's formats describe, and its trees as the engines' [`Tree`]s.
//!
//! A split's bit is set where `value > border` in f32, or where a category is the one compared with; an
//! oblivious tree's leaf is the number its levels' bits make. Must not know bytes.

// The fields are called what CatBoost calls them.
#![allow(clippy::struct_field_names)]

use super::features::{Category, Feature, Is};
use super::inputs::Inputs;
use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::{CategorySplit, Compare, Missing, Node, NumericSplit, Outputs, Tree};

/// A model in the terms both formats share.
pub(super) struct Parts {
    pub(super) inputs: Inputs,
    /// Names of the columns in their order.
    pub(super) names: Vec<String>,
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

/// One test, of a column of what the trees see.
#[derive(Clone, Copy)]
pub(super) enum Split {
    /// The bit is set where the value is greater than the border.
    Above { column: u32, border: f32, missing: Missing },
    /// The bit is set where the category has this place among those that are compared with.
    Is { column: u32, place: u32 },
}

/// Trees deeper than this CatBoost does not grow symmetrically.
const DEPTH_MAX: usize = 16;

impl Split {
    /// A number against one of the feature's borders.
    pub(super) fn above(feature: &Feature, border: f32) -> Self {
        Self::Above { column: feature.column as u32, border, missing: feature.missing }
    }

    pub(super) fn node(self, left: usize, right: usize) -> Node {
        let (left, right) = (left as u32, right as u32);
        match self {
            Self::Above { column, border, missing } => Node::Numeric(NumericSplit {
                feature: column,
                threshold: f64::from(border),
                compare: Compare::LessOrEqual,
                missing,
                left,
                right,
            }),
            Self::Is { column, place } => Node::Category(CategorySplit {
                feature: column,
                categories: vec![place],
                listed_left: false,
                missing_left: true,
                left,
                right,
            }),
        }
    }
}

/// The splits in the order files number them: those of the numeric features' borders, of the categories
/// compared with, of the CTRs' borders.
///
/// # Errors
/// A comparison is with none of the categorical features.
pub(super) fn splits(
    floats: &[Feature],
    categorical: &[Category],
    one_hot: &[Is],
    ctr_borders: &[Vec<f32>],
) -> Result<Vec<Split>, Refused> {
    let mut all: Vec<Split> = floats
        .iter()
        .flat_map(|feature| feature.borders.iter().map(|border| Split::above(feature, *border)))
        .collect();
    for Is { feature, values } in one_hot {
        let Some(Category { column, .. }) = categorical.get(*feature) else {
            refuse!("a categorical feature {feature} of {}", categorical.len());
        };
        let places = 0..values.len() as u32;
        all.extend(places.map(|place| Split::Is { column: *column as u32, place }));
    }
    let columns = (floats.len() + categorical.len()) as u32..;
    for (column, borders) in columns.zip(ctr_borders) {
        let above =
            |border: &f32| Split::Above { column, border: *border, missing: Missing::NanLeft };
        all.extend(borders.iter().map(above));
    }
    Ok(all)
}

/// The names in the order of the columns, each of which must be there once.
///
/// # Errors
/// One is not.
pub(super) fn names(floats: &[Feature], categorical: &[Category]) -> Result<Vec<String>, Refused> {
    let mut names = vec![None; floats.len() + categorical.len()];
    let floats = floats.iter().map(|feature| (feature.column, &feature.name));
    let categorical = categorical.iter().map(|feature| (feature.column, &feature.name));
    for (column, name) in floats.chain(categorical) {
        match names.get_mut(column) {
            Some(place @ None) => *place = Some(name.clone()),
            _ => refuse!("column {column} of {} features", names.len()),
        }
    }
    Ok(names.into_iter().flatten().collect())
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
