//! The fields of an XGBoost model (JSON or UBJ; 1.0 to 3.x) that a prediction depends on.
//!
//! Where a new field could change what a model answers, unknown fields are errors; those known not
//! to are skipped unread. Must not check what the values mean.

// The fields are called what XGBoost calls them.
#![allow(clippy::struct_field_names)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny};

/// A model, or a serialized booster as pickles hold it: a model with its training configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Document {
    pub(super) version: Option<Vec<u32>>,
    pub(super) learner: Option<Learner>,
    #[serde(rename = "Model")]
    pub(super) model: Option<Box<Document>>,
    #[serde(rename = "Config")]
    pub(super) _config: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Learner {
    pub(super) learner_model_param: ModelParam,
    pub(super) gradient_booster: GradientBooster,
    pub(super) objective: Objective,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    #[serde(default)]
    pub(super) feature_types: Vec<String>,
}

/// All numbers are texts.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct ModelParam {
    pub(super) base_score: String,
    pub(super) num_feature: String,
    pub(super) num_class: String,
    pub(super) num_target: Option<String>,
    #[serde(rename = "boost_from_average")]
    pub(super) _boost_from_average: Option<IgnoredAny>,
}

/// Parameters beside the name shape the loss, not the answers.
#[derive(Deserialize)]
pub(super) struct Objective {
    pub(super) name: String,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct GradientBooster {
    pub(super) name: String,
    pub(super) model: Option<Model>,
    /// In a dart booster: its trees.
    pub(super) gbtree: Option<Box<GradientBooster>>,
    /// In a dart booster: one factor a tree.
    pub(super) weight_drop: Option<Vec<f32>>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Model {
    pub(super) gbtree_model_param: Option<TreesParam>,
    pub(super) trees: Option<Vec<Tree>>,
    pub(super) tree_info: Option<Vec<i32>>,
    pub(super) iteration_indptr: Option<Vec<u32>>,
    /// Since 3.1.
    pub(super) cats: Option<Categories>,
    /// Of a linear booster.
    pub(super) weights: Option<Vec<f32>>,
    #[serde(rename = "boosted_rounds")]
    pub(super) _boosted_rounds: Option<IgnoredAny>,
}

#[derive(Deserialize)]
pub(super) struct TreesParam {
    pub(super) num_trees: String,
    pub(super) num_parallel_tree: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
pub(super) struct Tree {
    pub(super) id: Option<u32>,
    pub(super) tree_param: TreeParam,
    pub(super) left_children: Vec<i32>,
    pub(super) right_children: Vec<i32>,
    pub(super) split_indices: Vec<u32>,
    /// `None` is NaN.
    pub(super) split_conditions: Vec<Option<f32>>,
    pub(super) default_left: Vec<Flag>,
    pub(super) split_type: Option<Vec<u8>>,
    #[serde(default)]
    pub(super) categories: Vec<u32>,
    #[serde(default)]
    pub(super) categories_nodes: Vec<u32>,
    #[serde(default)]
    pub(super) categories_segments: Vec<u64>,
    #[serde(default)]
    pub(super) categories_sizes: Vec<u64>,
    /// Also the leaf values of a tree with several outputs, before 3.2.
    #[serde(default)]
    pub(super) base_weights: Vec<Option<f32>>,
    /// The leaf values of a tree with several outputs.
    pub(super) leaf_weights: Option<Vec<Option<f32>>>,
    #[serde(rename = "parents")]
    pub(super) _parents: Option<IgnoredAny>,
    #[serde(rename = "loss_changes")]
    pub(super) _loss_changes: Option<IgnoredAny>,
    #[serde(rename = "sum_hessian")]
    pub(super) _sum_hessian: Option<IgnoredAny>,
    #[serde(rename = "leaf_child_counts")]
    pub(super) _leaf_child_counts: Option<IgnoredAny>,
}

#[derive(Deserialize, Default)]
pub(super) struct TreeParam {
    pub(super) num_nodes: String,
    pub(super) size_leaf_vector: Option<String>,
}

/// The categories a model was trained on, by feature.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Categories {
    pub(super) enc: Vec<Encoding>,
    #[serde(rename = "feature_segments")]
    pub(super) _feature_segments: Option<IgnoredAny>,
    #[serde(rename = "sorted_idx")]
    pub(super) _sorted_idx: Option<IgnoredAny>,
}

/// Texts (`offsets` into the bytes of `values`) or numbers (`type` says which).
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Encoding {
    pub(super) offsets: Option<Vec<u32>>,
    #[serde(rename = "type")]
    pub(super) kind: Option<i64>,
    pub(super) values: Vec<i64>,
}

/// A bool, which some versions write as a number.
#[derive(Clone, Copy)]
pub(super) struct Flag(pub(super) bool);

impl<'de> Deserialize<'de> for Flag {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Flag;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a flag")
            }

            fn visit_bool<E>(self, flag: bool) -> Result<Flag, E> {
                Ok(Flag(flag))
            }

            fn visit_u64<E: serde::de::Error>(self, flag: u64) -> Result<Flag, E> {
                if flag > 1 {
                    return Err(E::custom(format!("{flag} is no flag")));
                }
                Ok(Flag(flag == 1))
            }

            fn visit_i64<E: serde::de::Error>(self, flag: i64) -> Result<Flag, E> {
                self.visit_u64(flag as u64)
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}
