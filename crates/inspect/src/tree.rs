//! The parts of a model as a tree, and what its root tells of columns, classes and versions.
//!
//! Bounded in depth and in parts: a file may contain itself, or a million steps.

use std::collections::BTreeMap;

use pelton_pickle::{Kind, Value};

use crate::describe::{class, cut, list_of, name, scalar, short};
use crate::facts;
use crate::report::{Columns, Entry, Part};

/// Parts inside parts.
const DEPTH_MAX: usize = 24;

/// Parts in all.
const PARTS_MAX: usize = 2000;

/// Parts of one container that are listed; of an ensemble's members fewer make no sense.
const SIBLINGS_MAX: usize = 64;

/// Entries of a bundle, columns and classes told.
const NAMES_MAX: usize = 10_000;

/// Attributes that hold one fitted estimator, the most telling first.
const ONE: [&str; 12] = [
    "best_estimator_",
    "estimator_",
    "transformer_",
    "regressor_",
    "classifier_",
    "final_estimator_",
    "_preprocessor",
    "init_",
    "indicator_",
    "_label_encoder",
    "_label_binarizer",
    "_le",
];

/// Those of them that are not given the model's rows: a stack's last sees the others' answers.
const INNER: [&str; 4] = ["final_estimator_", "_label_encoder", "_label_binarizer", "_le"];

/// Attributes that hold several.
const SEVERAL: [&str; 4] =
    ["calibrated_classifiers_", "calibrators", "estimators_", "label_encoders"];

/// The model as a tree.
pub(crate) fn part(root: Value<'_>) -> Part {
    let mut left = PARTS_MAX;
    part_of(root, None, 0, &mut left)
}

fn part_of(value: Value<'_>, label: Option<String>, depth: usize, left: &mut usize) -> Part {
    *left = left.saturating_sub(1);
    let class_name = match value.kind() {
        Kind::Object => class(&value.describe()),
        _ => short(value),
    };
    let mut part = Part { label, class: class_name, ..Part::default() };
    if value.kind() != Kind::Object {
        return part;
    }
    part.parameters = facts::parameters(value);
    part.fitted = facts::fitted(value);
    let (children, more) = children(value);
    part.parts_left_out = more;
    for child in children {
        if depth >= DEPTH_MAX || *left == 0 {
            part.parts_left_out += 1;
            continue;
        }
        let mut inner = part_of(child.value, child.label, depth + 1, left);
        inner.columns = child.columns;
        part.parts.push(inner);
    }
    part
}

struct Child<'d> {
    label: Option<String>,
    value: Value<'d>,
    columns: Option<String>,
}

/// The parts inside one, and how many more of them there are than are worth listing.
fn children(value: Value<'_>) -> (Vec<Child<'_>>, usize) {
    let mut found = Vec::new();
    let mut more = 0;
    for attribute in ["transformers_", "steps", "transformer_list"] {
        if let Some(items) = value.get_attr(attribute).and_then(|list| list.items().ok()) {
            more += items.len().saturating_sub(SIBLINGS_MAX);
            found.extend(items.take(SIBLINGS_MAX).filter_map(named));
        }
    }
    for attribute in ONE {
        // Beside its members, an ensemble keeps the template they were made from.
        let template = attribute == "estimator_" && value.get_attr("estimators_").is_some();
        if let Some(inner) = value.get_attr(attribute).filter(|inner| is_part(*inner) && !template)
        {
            found.push(Child { label: Some(attribute.to_owned()), value: inner, columns: None });
        }
    }
    // The calibrated ones hold it themselves.
    let inner = value.get_attr("estimator").filter(|inner| is_part(*inner));
    if let Some(inner) = inner.filter(|_| value.get_attr("calibrators").is_some()) {
        found.push(Child { label: Some("estimator".to_owned()), value: inner, columns: None });
    }
    for attribute in SEVERAL {
        let (members, left_out) = members(value, attribute);
        more += left_out;
        found.extend(members);
    }
    (found, more)
}

/// A step `(name, estimator)` or `(name, estimator, columns)`.
fn named(step: Value<'_>) -> Option<Child<'_>> {
    let items: Vec<Value<'_>> = step.items().ok()?.take(4).collect();
    let (label, value) = (items.first()?, items.get(1)?);
    let columns = items.get(2).map(|columns| columns_of(*columns));
    Some(Child { label: Some(name(*label)), value: *value, columns })
}

/// The members of an ensemble; those of a forest are told by their number alone.
fn members<'d>(value: Value<'d>, attribute: &str) -> (Vec<Child<'d>>, usize) {
    let Some(items) = value.get_attr(attribute).and_then(|list| list.items().ok()) else {
        return (Vec::new(), 0);
    };
    let more = items.len().saturating_sub(SIBLINGS_MAX);
    let items: Vec<Value<'d>> = items.take(SIBLINGS_MAX).collect();
    let is_tree = |item: &Value<'_>| item.get_attr("tree_").is_some();
    if items.iter().all(is_tree) {
        return (Vec::new(), 0);
    }
    // Voting and stacking keep the names beside the templates.
    let templates = value.get_attr("estimators").and_then(|list| list.items().ok());
    let names: Vec<String> = templates
        .into_iter()
        .flatten()
        .take(SIBLINGS_MAX)
        .filter_map(|pair| pair.item(0).ok().map(name))
        .collect();
    let same = names.len() == items.len();
    let members =
        items.into_iter().enumerate().filter(|(_, item)| is_part(*item)).map(|(index, value)| {
            let label = if same { names[index].clone() } else { format!("{attribute}[{index}]") };
            Child { label: Some(label), value, columns: None }
        });
    (members.collect(), more)
}

fn is_part(value: Value<'_>) -> bool {
    value.kind() == Kind::Object && value.class().is_some()
}

/// Columns as a ColumnTransformer may be given them.
fn columns_of(value: Value<'_>) -> String {
    const SHOWN: usize = 12;
    if let Some([start, stop, step]) = value.as_slice() {
        let bound = |value: Value<'_>| if value.is_none() { String::new() } else { name(value) };
        let step = if step.is_none() { String::new() } else { format!(":{}", name(step)) };
        return format!("{}:{}{step}", bound(start), bound(stop));
    }
    let names: Option<Vec<String>> = match value.as_array() {
        Some(array) => match array.to_strings() {
            Ok(names) => Some(names.iter().map(|name| cut(name)).collect()),
            Err(_) => match array.to_bool_vec() {
                Ok(chosen) => Some(places_of(&chosen)),
                Err(_) => array.to_i64_vec().ok().map(|at| at.iter().map(i64::to_string).collect()),
            },
        },
        None => value.items().ok().and_then(|items| {
            let items: Vec<Value<'_>> = items.take(NAMES_MAX).collect();
            let mask: Option<Vec<bool>> = items.iter().map(|item| item.as_bool()).collect();
            mask.map(|chosen| places_of(&chosen)).or_else(|| {
                items.into_iter().map(|item| scalar(item).map(|_| name(item))).collect()
            })
        }),
    };
    match names {
        Some(names) if names.is_empty() => "none".to_owned(),
        Some(names) => list_of(&names, SHOWN),
        None => name(value),
    }
}

/// A mask of columns as their places.
fn places_of(chosen: &[bool]) -> Vec<String> {
    let places = chosen.iter().enumerate().filter(|(_, chosen)| **chosen);
    places.map(|(place, _)| place.to_string()).collect()
}

/// The entries of a dict.
pub(crate) fn entries(root: Value<'_>) -> Vec<Entry> {
    let entries = root.entries().into_iter().flatten().take(NAMES_MAX);
    entries.map(|(key, value)| Entry { key: name(key), what: short(value) }).collect()
}

/// The columns the model was fitted on: its own, or those of the first part that tells.
pub(crate) fn columns(model: Value<'_>) -> Option<Columns> {
    down(model, first_part, |value| {
        let names = value.get_attr("feature_names_in_").map(texts).unwrap_or_default();
        let count = value.get_attr("n_features_in_").and_then(Value::as_i64);
        let count = count.and_then(|count| usize::try_from(count).ok());
        if names.is_empty() && count.is_none() {
            return None;
        }
        let count = count.or(Some(names.len()));
        let names = names.into_iter().take(NAMES_MAX).map(|name| cut(&name)).collect();
        Some(Columns { count, names })
    })
}

/// Class labels as text.
pub(crate) fn classes(model: Value<'_>) -> Vec<String> {
    let found = down(model, last_part, |value| {
        let classes = value.get_attr("classes_")?;
        let array = classes.as_array();
        let texts = array.and_then(|array| array.to_strings().ok());
        let bools = || {
            let bools = array?.to_bool_vec().ok()?;
            Some(bools.into_iter().map(|b| if b { "True" } else { "False" }.to_owned()).collect())
        };
        let numbers =
            || array?.to_i64_vec().ok().map(|all| all.iter().map(i64::to_string).collect());
        let floats = || {
            array?
                .to_f64_vec()
                .ok()
                .map(|all| all.into_iter().map(crate::describe::float).collect())
        };
        texts.or_else(bools).or_else(numbers).or_else(floats)
    });
    let mut classes: Vec<String> = found.unwrap_or_default();
    classes.truncate(NAMES_MAX);
    classes.iter().map(|class| cut(class)).collect()
}

/// Texts of an array, or of a list, which is what category_encoders keeps.
fn texts(value: Value<'_>) -> Vec<String> {
    if let Some(array) = value.as_array() {
        return array.to_strings().unwrap_or_default();
    }
    let items = value.items().into_iter().flatten().take(NAMES_MAX);
    items.map(|item| item.as_str().map(str::to_owned)).collect::<Option<_>>().unwrap_or_default()
}

/// The first answer on a way from the outside in.
fn down<'d, T>(
    mut value: Value<'d>,
    next: impl Fn(Value<'d>) -> Option<Value<'d>>,
    ask: impl Fn(Value<'d>) -> Option<T>,
) -> Option<T> {
    for _ in 0..=DEPTH_MAX {
        if let Some(answer) = ask(value) {
            return Some(answer);
        }
        value = next(value)?;
    }
    None
}

/// The part that takes the rows as they come.
fn first_part(value: Value<'_>) -> Option<Value<'_>> {
    let takes_rows =
        |child: &Child<'_>| !INNER.iter().any(|name| child.label.as_deref() == Some(name));
    children(value).0.into_iter().find(takes_rows).map(|child| child.value)
}

/// The part that answers.
fn last_part(value: Value<'_>) -> Option<Value<'_>> {
    match value.get_attr("steps").and_then(|steps| steps.items().ok()?.last()) {
        Some(step) => step.item(1).ok(),
        None => children(value).0.into_iter().next().map(|child| child.value),
    }
}

/// Versions that parts carry: scikit-learn's stamp, and what boosters say of themselves.
pub(crate) fn libraries(root: Value<'_>) -> Vec<(String, String)> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut left = PARTS_MAX;
    stamps(root, 0, &mut left, &mut found);
    found.into_iter().map(|(library, versions)| (library, versions.join(", "))).collect()
}

fn stamps(
    value: Value<'_>,
    depth: usize,
    left: &mut usize,
    found: &mut BTreeMap<String, Vec<String>>,
) {
    if *left == 0 || depth > DEPTH_MAX {
        return;
    }
    *left -= 1;
    let mut add = |library: &str, version: String| {
        let versions = found.entry(library.to_owned()).or_default();
        if !versions.contains(&version) && versions.len() < 8 {
            versions.push(version);
        }
    };
    if let Some(version) = value.get_attr("_sklearn_version").and_then(Value::as_str) {
        add("scikit-learn", cut(version));
    }
    if let Some(booster) = value.get_attr("_Booster") {
        let held = booster.get_attr("handle").or_else(|| booster.get_attr("_handle"));
        let bytes = held.and_then(|v| v.as_bytes().or_else(|| v.as_str().map(str::as_bytes)));
        if let Some((library, version)) = bytes.and_then(crate::boosters::version_in) {
            add(library, version);
        }
    }
    if value.kind() == Kind::Dict {
        for (_, entry) in value.entries().into_iter().flatten().take(PARTS_MAX) {
            stamps(entry, depth + 1, left, found);
        }
    }
    for child in children(value).0 {
        stamps(child.value, depth + 1, left, found);
    }
}
