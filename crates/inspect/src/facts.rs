//! What is worth telling of one estimator: its parameters, and what fitting left in it.
//!
//! Must not go into the estimators inside it: `tree` does.

use pelton_pickle::{Kind, Value};

use crate::describe::{scalar, short};

/// Trees counted at most: a forest of more is told as "more than".
const TREES_MAX: usize = 100_000;

/// Parameters told of one estimator.
const PARAMETERS_MAX: usize = 100;

/// What fitting leaves, with the name it is told by.
const FITTED: [(&str, &str); 26] = [
    ("coef_", "coefficients"),
    ("coefs_", "layers"),
    ("intercept_", "intercepts"),
    ("mean_", "means"),
    ("center_", "centres"),
    ("scale_", "scales"),
    ("min_", "minima"),
    ("statistics_", "statistics"),
    ("categories_", "columns of categories"),
    ("encodings_", "encodings"),
    ("vocabulary_", "words"),
    ("idf_", "weights of words"),
    ("components_", "components"),
    ("support_vectors_", "support vectors"),
    ("cluster_centers_", "clusters"),
    ("theta_", "means by class"),
    ("feature_log_prob_", "log probabilities"),
    ("scalings_", "scalings"),
    ("_fit_X", "training rows"),
    ("quantiles_", "quantiles"),
    ("bin_edges_", "bin edges"),
    ("lambdas_", "powers"),
    ("powers_", "powers"),
    ("scores_", "scores of features"),
    ("variances_", "variances"),
    ("classes_", "classes"),
];

/// The constructor's parameters with plain values, in the file's order.
pub(crate) fn parameters(value: Value<'_>) -> Vec<(String, String)> {
    let attrs = value.attrs().into_iter();
    attrs
        .filter(|(name, _)| !name.starts_with('_') && !name.ends_with('_'))
        .filter(|(_, value)| is_plain(*value))
        .take(PARAMETERS_MAX)
        .map(|(name, value)| (name.to_owned(), short(value)))
        .collect()
}

/// Shapes and counts.
pub(crate) fn fitted(value: Value<'_>) -> Vec<(String, String)> {
    let mut facts = Vec::new();
    trees(value, &mut facts);
    boosters(value, &mut facts);
    for (attribute, told) in FITTED {
        let Some(found) = value.get_attr(attribute) else { continue };
        let what = match found.kind() {
            Kind::Array => match found.as_array() {
                Some(array) if array.shape().is_empty() => "1".to_owned(),
                Some(array) => sizes(array.shape()),
                None => continue,
            },
            Kind::List | Kind::Tuple => match found.items() {
                Ok(items) => items.len().to_string(),
                Err(_) => continue,
            },
            Kind::Dict => match found.entries() {
                Ok(entries) => entries.len().to_string(),
                Err(_) => continue,
            },
            Kind::Object => short(found),
            _ => match scalar(found) {
                Some(text) if found.kind() != Kind::None => text,
                _ => continue,
            },
        };
        facts.push((told.to_owned(), what));
    }
    facts
}

/// `30`, `3 x 30`.
fn sizes(shape: &[usize]) -> String {
    shape.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

fn is_plain(value: Value<'_>) -> bool {
    match value.kind() {
        Kind::Tuple | Kind::List => value
            .items()
            .is_ok_and(|items| items.len() <= 64 && { items }.all(|item| scalar(item).is_some())),
        Kind::Object | Kind::Array | Kind::Dict | Kind::Persistent => false,
        _ => true,
    }
}

/// Trees, nodes and depth of a tree or an ensemble.
fn trees(value: Value<'_>, facts: &mut Vec<(String, String)>) {
    if let Some(tree) = value.get_attr("tree_") {
        if let Some((nodes, depth)) = tree_size(tree) {
            facts.push(("nodes".to_owned(), nodes.to_string()));
            facts.push(("depth".to_owned(), depth.to_string()));
        }
        return;
    }
    let mut count = Count::default();
    if let Some(members) = value.get_attr("estimators_").and_then(|v| v.items().ok()) {
        for member in members.take(TREES_MAX) {
            count.add(member.get_attr("tree_").and_then(tree_size));
        }
    }
    if let Some(stages) = value.get_attr("_predictors").and_then(|v| v.items().ok()) {
        for stage in stages.take(TREES_MAX) {
            for tree in stage.items().into_iter().flatten().take(TREES_MAX) {
                let nodes = tree.get_attr("nodes").and_then(Value::as_array);
                count.add(nodes.map(|nodes| (nodes.len() as u64, 0)));
            }
        }
    }
    if count.trees > 0 && count.trees == count.seen {
        facts.push(("trees".to_owned(), count.trees.to_string()));
        facts.push(("nodes".to_owned(), count.nodes.to_string()));
        if count.depth > 0 {
            facts.push(("depth".to_owned(), count.depth.to_string()));
        }
    }
}

#[derive(Default)]
struct Count {
    seen: u64,
    trees: u64,
    nodes: u64,
    depth: u64,
}

impl Count {
    fn add(&mut self, tree: Option<(u64, u64)>) {
        self.seen += 1;
        if let Some((nodes, depth)) = tree {
            self.trees += 1;
            self.nodes = self.nodes.saturating_add(nodes);
            self.depth = self.depth.max(depth);
        }
    }
}

fn tree_size(tree: Value<'_>) -> Option<(u64, u64)> {
    let number = |name| tree.get_attr(name)?.as_i64().and_then(|n| u64::try_from(n).ok());
    Some((number("node_count")?, number("max_depth").unwrap_or_default()))
}

/// The library's own form inside a Python object.
fn boosters(value: Value<'_>, facts: &mut Vec<(String, String)>) {
    let Some(booster) = value.get_attr("_Booster") else { return };
    let held = booster.get_attr("handle").or_else(|| booster.get_attr("_handle"));
    let bytes = held.and_then(|held| held.as_bytes().or_else(|| held.as_str().map(str::as_bytes)));
    if let Some(bytes) = bytes {
        facts.push(("booster".to_owned(), format!("{} bytes", bytes.len())));
        if let Some(trees) = crate::boosters::trees_in(bytes) {
            facts.push(("trees".to_owned(), trees.to_string()));
        }
    }
}
