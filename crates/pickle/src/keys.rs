//! What a key means in a file that holds several things: `model`, `0`, `parts.model`.
//!
//! Must not judge what is found.

use crate::kind::Kind;
use crate::value::Value;

/// Dots of a key that are looked at; a key of more has no meaning.
const DOTS_MAX: usize = 16;

impl<'d> Value<'d> {
    /// The entries of a dict by their keys as text, or the items of a list or tuple by their numbers;
    /// nothing of anything else. Keys that nobody would type are left out.
    pub fn keyed(self) -> Vec<(String, Value<'d>)> {
        if let Kind::List | Kind::Tuple = self.kind() {
            let items = self.items().into_iter().flatten();
            return items.enumerate().map(|(index, item)| (index.to_string(), item)).collect();
        }
        if self.kind() != Kind::Dict {
            return Vec::new();
        }
        let pairs = self.entries().into_iter().flatten();
        pairs.filter_map(|(key, held)| Some((key_text(key)?, held))).collect()
    }

    /// What a key means: an entry of a dict, an item of a list by its number, `a.b` one in the other.
    pub fn find(self, key: &str) -> Option<Value<'d>> {
        find(self, key, DOTS_MAX)
    }
}

fn find<'d>(value: Value<'d>, key: &str, dots: usize) -> Option<Value<'d>> {
    let held = value.keyed();
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

/// A key as Python's `str` shows it; `None` for what nobody would type.
fn key_text(key: Value<'_>) -> Option<String> {
    key.as_str().map(str::to_owned).or_else(|| key.as_i64().map(|number| number.to_string()))
}
