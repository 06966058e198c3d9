//! What a key means in a file that holds several things, and words for what it holds: the same as the
//! Python worker's (`python/pelton/worker/pieces.py`), so that one model is named alike whatever runs it.
//!
//! Must not read files.

use pelton_pickle::{Kind, Value};

/// Entries listed in one message; the rest is counted.
const SHOWN: usize = 12;

/// Dots of a key that are looked at; a key of more has no meaning.
const DOTS_MAX: usize = 16;

/// What the key means: an entry of a dict, an item of a list by its number, `a.b` one in the other.
///
/// # Errors
/// There is none; says which there are, to follow the file's name.
pub(crate) fn picked<'d>(value: Value<'d>, key: &str) -> Result<Value<'d>, String> {
    if let Some(found) = find(value, key, DOTS_MAX) {
        return Ok(found);
    }
    if !is_bundle(value) {
        return Err(format!(
            "holds {}, which has no keys: leave '#{key}' away to serve it",
            described(value)
        ));
    }
    Err(format!("has no '{key}'; it holds {}", contents(value)))
}

/// A collection is no model: says how to serve what is in it, to follow the file's name.
///
/// # Errors
/// It is a collection.
pub(crate) fn refuse(value: Value<'_>, shown: &str) -> Result<(), String> {
    if !is_bundle(value) {
        return Ok(());
    }
    let held = entries(value);
    if !held.iter().any(|(_, value)| is_object(*value) || is_bundle(*value)) {
        return Err(format!("holds {} without a model: {}", described(value), contents(value)));
    }
    let likely = held.iter().find(|(key, _)| key.contains("model") || key.contains("clf"));
    let object = held.iter().find(|(_, value)| is_object(*value));
    let key = likely.or(object).or(held.first()).map_or("KEY", |(key, _)| key);
    let step = if shown.contains('#') { '.' } else { '#' };
    Err(format!(
        "holds {}, not a model; name the entry that is one by its key, such as '{shown}{step}{key}': \
         it holds {}",
        described(value),
        contents(value)
    ))
}

fn find<'d>(value: Value<'d>, key: &str, dots: usize) -> Option<Value<'d>> {
    let held = entries(value);
    let named = |name: &str| held.iter().rfind(|(key, _)| key == name).map(|(_, value)| *value);
    if let Some(found) = named(key) {
        return Some(found);
    }
    if dots == 0 {
        return None;
    }
    // The longest name first, so that a dot in a name is no step into it.
    key.rmatch_indices('.')
        .take(DOTS_MAX)
        .find_map(|(at, _)| find(named(&key[..at])?, &key[at + 1..], dots - 1))
}

fn is_bundle(value: Value<'_>) -> bool {
    matches!(value.kind(), Kind::Dict | Kind::List | Kind::Tuple)
}

fn is_object(value: Value<'_>) -> bool {
    value.kind() == Kind::Object
}

/// What a bundle holds, by the keys that mean it.
fn entries(value: Value<'_>) -> Vec<(String, Value<'_>)> {
    if let Kind::List | Kind::Tuple = value.kind() {
        let items = value.items().into_iter().flatten();
        return items.enumerate().map(|(index, item)| (index.to_string(), item)).collect();
    }
    if value.kind() != Kind::Dict {
        return Vec::new();
    }
    let pairs = value.entries().into_iter().flatten();
    pairs.filter_map(|(key, held)| Some((key_text(key)?, held))).collect()
}

/// A key as Python's `str` shows it; `None` for what nobody would type.
fn key_text(key: Value<'_>) -> Option<String> {
    key.as_str().map(str::to_owned).or_else(|| key.as_i64().map(|number| number.to_string()))
}

/// The keys of a bundle with what each holds.
fn contents(value: Value<'_>) -> String {
    let held = entries(value);
    if held.is_empty() {
        return "nothing".to_owned();
    }
    let shown: Vec<String> = held
        .iter()
        .take(SHOWN)
        .map(|(key, value)| format!("'{key}' ({})", described(*value)))
        .collect();
    let shown = shown.join(", ");
    if held.len() > SHOWN { format!("{shown} and {} more", held.len() - SHOWN) } else { shown }
}

/// A value in a few words.
fn described(value: Value<'_>) -> String {
    match value.kind() {
        Kind::None => "None".to_owned(),
        Kind::Array => {
            let shape = value.as_array().map(|array| array.shape().to_vec()).unwrap_or_default();
            format!("an array of shape {shape:?}")
        }
        kind @ (Kind::Dict | Kind::List | Kind::Tuple) => {
            let name = match kind {
                Kind::Dict => "dict",
                Kind::List => "list",
                _ => "tuple",
            };
            format!("a {name} of {}", entries(value).len())
        }
        _ => value.describe(),
    }
}
