//! Names of the columns a model takes, as the Python worker finds them (`python/pelton/worker/metadata.py`).
//!
//! Must not read what an estimator computes with.

use pelton_pickle::Value;

use crate::reader::Version;

/// Nesting of pipelines looked into.
const MAX_NESTING: usize = 24;

/// The columns' names; `None` where the model does not tell them.
pub(crate) fn feature_names(value: Value<'_>) -> Option<Vec<String>> {
    names_in(value, 0)
}

fn names_in(value: Value<'_>, depth: usize) -> Option<Vec<String>> {
    let names = value.get_attr("feature_names_in_").and_then(|names| names.to_strings().ok());
    if let Some(names) = names.filter(|names| !names.is_empty()) {
        return Some(names);
    }
    if let Some(names) = names_before_2_6(value) {
        return Some(names);
    }
    if depth >= MAX_NESTING {
        return None;
    }
    if let Some(steps) = value.get_attr("steps") {
        let steps = steps.items().ok()?.filter_map(|step| step.item(1).ok());
        let first = { steps }.find(|step| !step.is_none() && step.as_str().is_none())?;
        return names_in(first, depth + 1);
    }
    if value.class().is_some_and(|class| class.name == "FeatureUnion") && tells_names(value) {
        let first = value.get_attr("transformer_list")?.item(0).ok()?.item(1).ok()?;
        return names_in(first, depth + 1);
    }
    names_in(value.get_attr("best_estimator_")?, depth + 1)
}

/// What an encoder of category_encoders before 2.6 gives, where it is as many columns as it takes.
fn names_before_2_6(value: Value<'_>) -> Option<Vec<String>> {
    value.class().filter(|class| class.module.starts_with("category_encoders."))?;
    let names = value.get_attr("feature_names")?.to_strings().ok()?;
    (i64::try_from(names.len()).ok()? == value.get_attr("_dim")?.as_i64()?).then_some(names)
}

/// `FeatureUnion` tells the names of its first part since 1.3.
fn tells_names(value: Value<'_>) -> bool {
    Version::told_by(value).is_some_and(|version| version >= Version(1, 3))
}
