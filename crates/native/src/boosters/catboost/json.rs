//! CatBoost's JSON (`save_model(format='json')`, 1.1 to 1.2).
//!
//! Must not know what answers are made of the sums.

// The fields are called what CatBoost calls them.
#![allow(clippy::struct_field_names)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::features::{Category, Feature, Is, displaced};
use super::inputs::{Ctrs, Inputs};
use super::json_ctr::{Ctr, Tables, tables};
use super::model::{Classes, Parts, Split, names, oblivious, outputs, splits};
use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::{Node, Tree};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    features_info: Features,
    model_info: BTreeMap<String, serde_json::Value>,
    oblivious_trees: Option<Vec<Oblivious>>,
    trees: Option<Vec<Branch>>,
    scale_and_bias: Option<(f64, Bias)>,
    ctr_data: Option<Tables>,
}

/// One number before 0.25, a list since.
#[derive(Deserialize)]
#[serde(untagged)]
enum Bias {
    One(f64),
    Each(Vec<f64>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Features {
    #[serde(default)]
    float_features: Vec<Float>,
    #[serde(default)]
    categorical_features: Vec<Categorical>,
    #[serde(default)]
    text_features: Vec<IgnoredAny>,
    #[serde(default)]
    embedding_features: Vec<IgnoredAny>,
    #[serde(default)]
    ctrs: Vec<Ctr>,
    /// The texts of the categories, for people.
    #[serde(rename = "cat_features_hash")]
    _texts: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Float {
    #[serde(default)]
    borders: Option<Vec<f64>>,
    #[serde(default)]
    feature_id: String,
    #[serde(rename = "feature_name")]
    _feature_name: Option<IgnoredAny>,
    feature_index: usize,
    flat_feature_index: usize,
    has_nans: bool,
    nan_value_treatment: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Categorical {
    #[serde(default)]
    feature_id: String,
    #[serde(rename = "feature_name")]
    _feature_name: Option<IgnoredAny>,
    feature_index: usize,
    flat_feature_index: usize,
    /// The categories that it is compared with.
    values: Option<Vec<i32>>,
    #[serde(rename = "string_values")]
    _string_values: Option<IgnoredAny>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Oblivious {
    leaf_values: Vec<f64>,
    #[serde(rename = "leaf_weights")]
    _leaf_weights: Option<IgnoredAny>,
    splits: Option<Vec<Test>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Branch {
    left: Option<Box<Branch>>,
    right: Option<Box<Branch>>,
    split: Option<Test>,
    value: Option<Value>,
    #[serde(rename = "weight")]
    _weight: Option<IgnoredAny>,
}

/// A leaf's: one number, or one an output.
#[derive(Deserialize)]
#[serde(untagged)]
enum Value {
    One(f64),
    Each(Vec<f64>),
}

#[derive(Deserialize)]
struct Test {
    split_type: String,
    border: Option<f64>,
    float_feature_index: Option<usize>,
    split_index: Option<usize>,
}

/// What splits are about: the numeric features, and all splits by number.
struct Splits {
    floats: Vec<Feature>,
    all: Vec<Split>,
}

pub(super) fn read(bytes: &[u8]) -> Result<Parts, Refused> {
    let document: Document = serde_json::from_slice(bytes)
        .map_err(|error| Refused::new(format!("the JSON is not as CatBoost writes it: {error}")))?;
    let found = document.features_info;
    for (kind, n) in
        [("text", found.text_features.len()), ("embedding", found.embedding_features.len())]
    {
        if n > 0 {
            refuse!("CatBoost's {kind} features ({n} in this model) are not supported natively");
        }
    }
    let (splits, names, inputs) = found.read(document.ctr_data)?;
    let (scale, bias) = match document.scale_and_bias {
        None => (1.0, Vec::new()),
        Some((scale, Bias::One(bias))) => (scale, vec![bias]),
        Some((scale, Bias::Each(bias))) => (scale, bias),
    };
    let info = document.model_info;
    let classes: Option<Classes> = field(&info, "class_params")?;
    let n_outputs = n_outputs(document.oblivious_trees.as_deref(), document.trees.as_deref())?;
    let trees = match (document.oblivious_trees, document.trees) {
        (Some(trees), None) => {
            trees.iter().map(|tree| tree.neutral(&splits, n_outputs)).collect::<Vec<_>>()
        }
        (None, Some(trees)) => trees.iter().map(|tree| tree.neutral(&splits, n_outputs)).collect(),
        _ => refuse!("wanted either 'oblivious_trees' or 'trees'"),
    };
    let trees = trees
        .into_iter()
        .enumerate()
        .map(|(at, tree)| tree.map_err(|error| Refused::new(format!("tree {at}: {error}"))));
    Ok(Parts {
        trees: trees.collect::<Result<_, _>>()?,
        names,
        inputs,
        n_outputs,
        scale,
        bias,
        loss: loss(info.get("params")),
        classes,
        threshold: field::<String>(&info, "binclass_probability_threshold")?
            .map(|text| threshold(&text))
            .transpose()?,
    })
}

impl Features {
    /// The splits, the columns' names, and what becomes of a row.
    fn read(self, data: Option<Tables>) -> Result<(Splits, Vec<String>, Inputs), Refused> {
        let floats = self.float_features.into_iter().enumerate();
        let floats: Vec<_> = floats.map(float).collect::<Result<_, _>>()?;
        let (mut categorical, mut one_hot) = (Vec::new(), Vec::new());
        for (at, feature) in self.categorical_features.into_iter().enumerate() {
            let Categorical { feature_index, flat_feature_index, feature_id, values, .. } = feature;
            if feature_index != at {
                return Err(displaced(feature_index));
            }
            categorical.push(Category { column: flat_feature_index, name: feature_id });
            one_hot.extend(values.map(|values| Is { feature: at, values }));
        }
        let (mut ctrs, mut borders) = (Ctrs::default(), Vec::new());
        for ctr in self.ctrs {
            let (feature, of_one) = ctr.read()?;
            ctrs.features.push(feature);
            borders.push(of_one);
        }
        if !ctrs.features.is_empty() {
            ctrs.tables = data.map_or(Ok(Vec::new()), tables)?;
        }
        let names = names(&floats, &categorical)?;
        let all = splits(&floats, &categorical, &one_hot, &borders)?;
        let columns = categorical.iter().map(|feature| feature.column).collect();
        let inputs = Inputs::new(&floats, columns, &one_hot, ctrs)?;
        Ok((Splits { floats, all }, names, inputs))
    }
}

/// The threshold, which is kept as a text.
pub(super) fn threshold(text: &str) -> Result<f64, Refused> {
    match text.parse() {
        Ok(threshold) => Ok(threshold),
        Err(_) => refuse!("binclass_probability_threshold is '{text}', a number was expected"),
    }
}

/// The loss function's name among the training parameters.
pub(super) fn loss(params: Option<&serde_json::Value>) -> Option<String> {
    Some(params?.get("loss_function")?.get("type")?.as_str()?.to_owned())
}

fn field<T: serde::de::DeserializeOwned>(
    info: &BTreeMap<String, serde_json::Value>,
    key: &str,
) -> Result<Option<T>, Refused> {
    let Some(value) = info.get(key) else { return Ok(None) };
    match serde_json::from_value(value.clone()) {
        Ok(value) => Ok(Some(value)),
        Err(error) => refuse!("the model's {key} are not as CatBoost writes them: {error}"),
    }
}

fn float((at, float): (usize, Float)) -> Result<Feature, Refused> {
    if float.feature_index != at {
        return Err(displaced(float.feature_index));
    }
    let treatment = match &*float.nan_value_treatment {
        "AsIs" => 0,
        "AsFalse" => 1,
        "AsTrue" => 2,
        other => refuse!("the treatment '{other}' of missing values is not known"),
    };
    Ok(Feature {
        column: float.flat_feature_index,
        name: float.feature_id,
        borders: float
            .borders
            .unwrap_or_default()
            .into_iter()
            .map(|border| border as f32)
            .collect(),
        missing: Feature::missing(float.has_nans, treatment)?,
    })
}

/// The formats tell the number of outputs by the number of a leaf's values alone.
fn n_outputs(oblivious: Option<&[Oblivious]>, trees: Option<&[Branch]>) -> Result<usize, Refused> {
    if let Some(tree) = oblivious.and_then(|trees| trees.first()) {
        let levels = tree.splits.as_ref().map_or(0, Vec::len);
        let n_leaves = 1_usize.checked_shl(levels as u32).unwrap_or(0);
        if n_leaves == 0 || tree.leaf_values.is_empty() || tree.leaf_values.len() % n_leaves != 0 {
            refuse!("tree 0: {} values for {levels} levels", tree.leaf_values.len());
        }
        return Ok(tree.leaf_values.len() / n_leaves);
    }
    let Some(mut branch) = trees.and_then(|trees| trees.first()) else {
        refuse!("the model has no trees: it was not fitted");
    };
    while let Some(left) = &branch.left {
        branch = left;
    }
    match &branch.value {
        Some(Value::One(_)) => Ok(1),
        Some(Value::Each(values)) if !values.is_empty() => Ok(values.len()),
        _ => refuse!("tree 0: a leaf has no value"),
    }
}

impl Test {
    fn split(&self, splits: &Splits) -> Result<Split, Refused> {
        match &*self.split_type {
            "FloatFeature" => {
                let feature = self.float_feature_index.and_then(|index| splits.floats.get(index));
                match feature.zip(self.border) {
                    Some((feature, border)) => Ok(Split::above(feature, border as f32)),
                    None => refuse!("a split has no feature or no border"),
                }
            }
            "OneHotFeature" | "OnlineCtr" => {
                match self.split_index.and_then(|index| splits.all.get(index)) {
                    Some(split) => Ok(*split),
                    None => refuse!("a split is none of the {} there are", splits.all.len()),
                }
            }
            other => refuse!("a split of the type '{other}' is not supported natively"),
        }
    }
}

impl Oblivious {
    fn neutral(&self, splits: &Splits, n_outputs: usize) -> Result<Tree, Refused> {
        let splits = self.splits.iter().flatten().map(|test| test.split(splits));
        oblivious(&splits.collect::<Result<Vec<_>, _>>()?, &self.leaf_values, n_outputs)
    }
}

impl Branch {
    fn neutral(&self, splits: &Splits, n_outputs: usize) -> Result<Tree, Refused> {
        let mut tree =
            Tree { nodes: Vec::new(), leaf_values: Vec::new(), outputs: outputs(n_outputs) };
        self.add(splits, n_outputs, &mut tree)?;
        Ok(tree)
    }

    /// Adds the branch to the tree; it is no deeper than the JSON's nesting is allowed to be.
    fn add(&self, splits: &Splits, n_outputs: usize, to: &mut Tree) -> Result<(), Refused> {
        let at = to.nodes.len();
        match (&self.left, &self.right, &self.split, &self.value) {
            (Some(left), Some(right), Some(test), None) => {
                to.nodes.push(Node::Leaf(0));
                let split = test.split(splits)?;
                left.add(splits, n_outputs, to)?;
                let after = to.nodes.len();
                right.add(splits, n_outputs, to)?;
                to.nodes[at] = split.node(at + 1, after);
            }
            (None, None, None, Some(value)) => {
                let before = to.leaf_values.len();
                match value {
                    Value::One(value) => to.leaf_values.push(*value),
                    Value::Each(values) => to.leaf_values.extend(values),
                }
                if to.leaf_values.len() - before != n_outputs {
                    refuse!("a leaf has not {n_outputs} values");
                }
                to.nodes.push(Node::Leaf((before / n_outputs) as u32));
            }
            _ => refuse!("a node is neither a split nor a leaf"),
        }
        Ok(())
    }
}
