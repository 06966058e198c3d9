//! The few facts at the surface of the boosters' own formats: XGBoost's JSON and UBJSON (as written
//! since 1.6) and its old binary form, LightGBM's text (v3 and v4), CatBoost's binary and
//! JSON (its name alone).
//!
//! Must not judge whether a file is sound: the readers that build models from them do.

use std::io::Cursor;

use bytes::Bytes;
use pelton_pickle::{Content, Look};
use serde::Deserialize;

use crate::describe::cut;
use crate::report::{Columns, Part};

/// Names of columns told.
const NAMES_MAX: usize = 10_000;

/// Bytes of LightGBM's text looked at for what stands before the first tree.
const HEAD_BYTES: usize = 4 << 20;

/// What is known of a booster's file.
pub(crate) struct Found {
    pub(crate) libraries: Vec<(String, String)>,
    pub(crate) columns: Option<Columns>,
    pub(crate) model: Part,
}

/// Reads what a file tells, if it is one of these.
pub(crate) fn read(bytes: &Bytes) -> Option<Found> {
    // What JSON is may be told by what stands far behind its beginning.
    let look = Look::at(&mut Cursor::new(bytes), bytes.len() as u64).ok()?;
    match look.content {
        Content::XgboostJson => xgboost_json(bytes),
        Content::XgboostUbj => Some(xgboost_ubj(bytes)),
        Content::XgboostBinary => Some(xgboost_binary(bytes)),
        Content::LightGbm => Some(lightgbm(bytes)),
        Content::CatBoost => Some(Found {
            libraries: Vec::new(),
            columns: None,
            model: booster("catboost.CatBoost", Vec::new(), Vec::new()),
        }),
        _ => None,
    }
}

/// The model in a booster's bytes: XGBoost before 1.6 put a mark and its length before it.
fn model_in(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"CONFIG-offset:").and_then(|rest| rest.get(8..)).unwrap_or(bytes)
}

/// The number of trees of a booster's bytes inside a pickle.
pub(crate) fn trees_in(bytes: &[u8]) -> Option<usize> {
    let bytes = model_in(bytes);
    match Content::of(bytes) {
        Content::XgboostUbj => ubj_text(bytes, "num_trees")?.parse().ok(),
        Content::XgboostBinary => {
            xgboost_binary(bytes).model.fitted.first().and_then(|(_, count)| count.parse().ok())
        }
        Content::LightGbm => Some(count_trees(bytes)),
        _ => None,
    }
}

/// The library of a booster's bytes inside a pickle, and its version.
pub(crate) fn version_in(bytes: &[u8]) -> Option<(&'static str, String)> {
    let bytes = model_in(bytes);
    match Content::of(bytes) {
        Content::XgboostUbj => Some(("xgboost", ubj_version(bytes)?)),
        Content::XgboostBinary => {
            xgboost_binary(bytes).libraries.pop().map(|(_, version)| ("xgboost", version))
        }
        Content::LightGbm => Some(("lightgbm", format!("format {}", line(bytes, "version")?))),
        _ => None,
    }
}

#[derive(Deserialize)]
struct XgboostFile {
    learner: Learner,
    #[serde(default)]
    version: Vec<u32>,
}

#[derive(Deserialize)]
struct Learner {
    #[serde(default)]
    feature_names: Vec<String>,
    gradient_booster: GradientBooster,
    #[serde(default)]
    #[serde(rename = "learner_model_param")]
    parameters: Parameters,
    objective: Objective,
}

#[derive(Deserialize)]
struct GradientBooster {
    #[serde(default)]
    name: String,
    /// Of gbtree; dart has another one inside `gbtree`.
    model: Option<Trees>,
    gbtree: Option<Box<GradientBooster>>,
}

#[derive(Deserialize)]
struct Trees {
    gbtree_model_param: Option<TreeParameters>,
}

#[derive(Deserialize)]
struct TreeParameters {
    #[serde(default)]
    num_trees: String,
}

#[derive(Deserialize, Default)]
struct Parameters {
    #[serde(default)]
    base_score: String,
    #[serde(default)]
    num_class: String,
    #[serde(default)]
    num_feature: String,
}

#[derive(Deserialize)]
struct Objective {
    name: String,
}

fn xgboost_json(bytes: &[u8]) -> Option<Found> {
    let file: XgboostFile = serde_json::from_slice(bytes).ok()?;
    let learner = file.learner;
    let booster_of = &learner.gradient_booster;
    let inner = booster_of.gbtree.as_deref().unwrap_or(booster_of);
    let trees = inner.model.as_ref().and_then(|model| model.gbtree_model_param.as_ref());
    let version: Vec<String> = file.version.iter().map(u32::to_string).collect();
    let parameters = vec![
        ("objective", learner.objective.name),
        ("booster", booster_of.name.clone()),
        ("base_score", learner.parameters.base_score),
        ("num_class", learner.parameters.num_class),
    ];
    let fitted = vec![("trees", trees.map(|trees| trees.num_trees.clone()).unwrap_or_default())];
    Some(Found {
        libraries: versions("xgboost", version.join(".")),
        columns: columns(learner.parameters.num_feature.parse().ok(), learner.feature_names),
        model: booster("xgboost.core.Booster", parameters, fitted),
    })
}

fn xgboost_ubj(bytes: &[u8]) -> Found {
    let text = |key| ubj_text(bytes, key).unwrap_or_default();
    let parameters = vec![
        ("objective", ubj_objective(bytes).unwrap_or_default()),
        ("base_score", text("base_score")),
        ("num_class", text("num_class")),
    ];
    Found {
        libraries: versions("xgboost", ubj_version(bytes).unwrap_or_default()),
        columns: columns(text("num_feature").parse().ok(), Vec::new()),
        model: booster("xgboost.core.Booster", parameters, vec![("trees", text("num_trees"))]),
    }
}

/// The old binary form: parameters of 136 bytes, the names of objective and booster, the number of trees.
fn xgboost_binary(bytes: &[u8]) -> Found {
    const PARAMETERS: usize = 136;
    let bytes = bytes.strip_prefix(b"binf").unwrap_or(bytes);
    let word = |at: usize| {
        let word = bytes.get(at..).and_then(|rest| rest.first_chunk::<4>());
        word.map_or(0, |word| u32::from_le_bytes(*word))
    };
    let name = |at: usize| {
        let length = word(at) as usize;
        bytes.get(at + 8..).and_then(|rest| rest.get(..length)).unwrap_or_default()
    };
    let objective = name(PARAMETERS);
    let booster_at = PARAMETERS + 8 + objective.len();
    let kind = name(booster_at);
    let trees = match kind {
        b"gblinear" => Vec::new(),
        _ => vec![("trees", word(booster_at + 8 + kind.len()).to_string())],
    };
    let parameters = vec![
        ("objective", String::from_utf8_lossy(objective).into_owned()),
        ("booster", String::from_utf8_lossy(kind).into_owned()),
        ("base_score", f32::from_bits(word(0)).to_string()),
        ("num_class", word(8).to_string()),
    ];
    // Before 1.0 there was no version in it.
    let version = match (word(20), word(24)) {
        (0, _) => String::new(),
        (major, minor) => format!("{major}.{minor}"),
    };
    Found {
        libraries: versions("xgboost", version),
        columns: columns(Some(word(4) as usize), Vec::new()),
        model: booster("xgboost.core.Booster", parameters, trees),
    }
}

/// The text under a key: `L` and 8 bytes of length before each, high byte first.
fn ubj_text(bytes: &[u8], key: &str) -> Option<String> {
    text_at(&bytes[after_key(bytes, key)?..])
}

fn text_at(rest: &[u8]) -> Option<String> {
    let rest = rest.strip_prefix(b"SL")?;
    let (length, rest) = rest.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_be_bytes(*length)).ok()?;
    let text = std::str::from_utf8(rest.get(..length)?).ok()?;
    Some(cut(text))
}

fn after_key(bytes: &[u8], key: &str) -> Option<usize> {
    let mut pattern = vec![b'L'];
    pattern.extend_from_slice(&(key.len() as u64).to_be_bytes());
    pattern.extend_from_slice(key.as_bytes());
    find(bytes, &pattern).map(|start| start + pattern.len())
}

fn ubj_objective(bytes: &[u8]) -> Option<String> {
    let rest = &bytes[after_key(bytes, "objective")?..];
    let name = after_key(rest, "name")?;
    text_at(&rest[name..])
}

/// Three small integers in an array.
fn ubj_version(bytes: &[u8]) -> Option<String> {
    let rest = bytes[after_key(bytes, "version")?..].strip_prefix(b"[#L")?;
    let (count, mut rest) = rest.split_first_chunk::<8>()?;
    if u64::from_be_bytes(*count) != 3 {
        return None;
    }
    let mut parts = Vec::new();
    while parts.len() < 3 {
        let [b'i' | b'U', value, tail @ ..] = rest else { return None };
        parts.push(value.to_string());
        rest = tail;
    }
    Some(parts.join("."))
}

fn lightgbm(bytes: &[u8]) -> Found {
    let text = |key| line(bytes, key).unwrap_or_default();
    let names: Vec<String> =
        text("feature_names").split(' ').filter(|name| !name.is_empty()).map(cut).collect();
    let count = text("max_feature_idx").parse::<usize>().ok().and_then(|last| last.checked_add(1));
    let parameters = vec![("objective", text("objective")), ("num_class", text("num_class"))];
    Found {
        libraries: versions("lightgbm", format!("format {}", text("version"))),
        columns: columns(count, names),
        model: booster(
            "lightgbm.basic.Booster",
            parameters,
            vec![("trees", count_trees(bytes).to_string())],
        ),
    }
}

/// The value of a `key=value` line before the first tree.
fn line(bytes: &[u8], key: &str) -> Option<String> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let head = &head[..find(head, b"\nTree=").unwrap_or(head.len())];
    let pattern = format!("\n{key}=");
    let start = find(head, pattern.as_bytes())? + pattern.len();
    let rest = &head[start..];
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    Some(String::from_utf8_lossy(&rest[..end]).trim_end().to_owned())
}

fn count_trees(bytes: &[u8]) -> usize {
    let mut rest = bytes;
    let mut count = 0;
    while let Some(start) = find(rest, b"\nTree=") {
        count += 1;
        rest = &rest[start + 6..];
    }
    count
}

fn find(bytes: &[u8], pattern: &[u8]) -> Option<usize> {
    // The first byte is rare enough in these files to be looked for alone.
    let first = *pattern.first()?;
    let mut from = 0;
    while let Some(step) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        if bytes[from + step..].starts_with(pattern) {
            return Some(from + step);
        }
        from += step + 1;
    }
    None
}

fn versions(library: &str, version: String) -> Vec<(String, String)> {
    if version.is_empty() { Vec::new() } else { vec![(library.to_owned(), version)] }
}

fn columns(count: Option<usize>, names: Vec<String>) -> Option<Columns> {
    if count.is_none() && names.is_empty() {
        return None;
    }
    let names = names.into_iter().take(NAMES_MAX).map(|name| cut(&name)).collect();
    Some(Columns { count, names })
}

fn booster(class: &str, parameters: Vec<(&str, String)>, fitted: Vec<(&str, String)>) -> Part {
    let told = |facts: Vec<(&str, String)>| {
        let facts = facts.into_iter().filter(|(_, value)| !value.is_empty());
        facts.map(|(name, value)| (name.to_owned(), cut(&value))).collect()
    };
    Part {
        class: class.to_owned(),
        parameters: told(parameters),
        fitted: told(fitted),
        ..Part::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_stand_before_the_first_tree() {
        let text = b"tree\nversion=v4\nfeature_names=a b\n\nTree=0\nnum_leaves=1\n\nTree=1\n";
        assert_eq!(line(text, "version").as_deref(), Some("v4"));
        assert_eq!(line(text, "num_leaves"), None);
        assert_eq!(count_trees(text), 2);
    }

    #[test]
    fn lying_lengths_are_no_text() {
        let mut bytes = b"L\0\0\0\0\0\0\0\x09num_treesSL".to_vec();
        bytes.extend_from_slice(&u64::MAX.to_be_bytes());
        bytes.extend_from_slice(b"12");
        assert_eq!(ubj_text(&bytes, "num_trees"), None);
        assert_eq!(ubj_text(b"", "num_trees"), None);
    }
}
