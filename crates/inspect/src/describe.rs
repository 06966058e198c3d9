//! A value of a file in a few words, whatever it is.
//!
//! Must not follow values further than one level: a file may contain itself.

use pelton_pickle::{Kind, Value};

/// Items of a list that are shown.
const ITEMS: usize = 6;

/// Characters of a text that are shown.
const CHARACTERS: usize = 60;

/// Characters of a class or module that are shown.
const CLASS_CHARACTERS: usize = 200;

/// A value as a parameter: `0.5`, `'median'`, `(100, 50)`, `array of float64 [3, 4]`.
pub(crate) fn short(value: Value<'_>) -> String {
    scalar(value).unwrap_or_else(|| match value.kind() {
        Kind::Tuple | Kind::List | Kind::Set | Kind::FrozenSet => list(value),
        Kind::Dict => match value.entries() {
            Ok(entries) => format!("a dict of {}", entries.len()),
            Err(_) => "a dict".to_owned(),
        },
        Kind::Array => match value.as_array() {
            Some(array) => format!("array of {} {:?}", array.dtype(), array.shape()),
            None => "an array".to_owned(),
        },
        Kind::Bytes | Kind::ByteArray => {
            format!("{} bytes", value.as_bytes().map_or(0, <[u8]>::len))
        }
        _ => class(&value.describe()),
    })
}

/// A plain value; `None` for everything with something inside.
pub(crate) fn scalar(value: Value<'_>) -> Option<String> {
    Some(match value.kind() {
        Kind::None => "None".to_owned(),
        Kind::Bool => if value.as_bool()? { "True" } else { "False" }.to_owned(),
        Kind::Int => match value.as_i64() {
            Some(int) => int.to_string(),
            None => "an integer of more than 64 bits".to_owned(),
        },
        Kind::Float => float(value.as_f64()?),
        Kind::Str => format!("'{}'", cut(value.as_str().unwrap_or("not UTF-8"))),
        Kind::Scalar => {
            if let Some(flag) = value.as_bool() {
                if flag { "True" } else { "False" }.to_owned()
            } else if let Some(int) = value.as_i64() {
                int.to_string()
            } else {
                float(value.as_f64()?)
            }
        }
        Kind::DType => value.as_dtype()?.to_string(),
        Kind::Global => class(&value.as_global()?.to_string()),
        _ => return None,
    })
}

/// A text without its quotes, anything else in short.
pub(crate) fn name(value: Value<'_>) -> String {
    value.as_str().map_or_else(|| short(value), cut)
}

/// A number as Python writes it.
pub(crate) fn float(number: f64) -> String {
    if number.is_nan() { "nan".to_owned() } else { format!("{number:?}") }
}

pub(crate) fn cut(text: &str) -> String {
    cut_at(text, CHARACTERS)
}

/// The name of a class, whole unless it is absurd.
pub(crate) fn class(text: &str) -> String {
    cut_at(text, CLASS_CHARACTERS)
}

fn cut_at(text: &str, characters: usize) -> String {
    match text.char_indices().nth(characters) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// `'a', 'b', 'c' and 7 more`.
pub(crate) fn list_of(items: &[String], shown: usize) -> String {
    let first = items.iter().take(shown).cloned().collect::<Vec<_>>().join(", ");
    match items.len().saturating_sub(shown) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

fn list(value: Value<'_>) -> String {
    let Ok(items) = value.items() else { return value.describe() };
    let count = items.len();
    let words: Option<Vec<String>> = items.take(ITEMS).map(scalar).collect();
    let (open, close) = if value.kind() == Kind::Tuple { ("(", ")") } else { ("[", "]") };
    match words {
        Some(words) if count <= ITEMS => format!("{open}{}{close}", words.join(", ")),
        Some(words) => format!("{open}{}, ... {count} in all{close}", words[..3].join(", ")),
        None => format!("{} of {count}", value.describe()),
    }
}
