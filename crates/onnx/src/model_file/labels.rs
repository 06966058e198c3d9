//! The class labels that a model carries, and how they are told.

use std::fmt::Write as _;

/// Class labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Labels {
    Numbers(Vec<i64>),
    Texts(Vec<String>),
}

impl Labels {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// As a JSON list.
    pub(crate) fn json(&self) -> String {
        let items = match self {
            Self::Numbers(_) => self.shown(),
            Self::Texts(texts) => texts.iter().map(|text| quoted(text)).collect(),
        };
        format!("[{}]", items.join(","))
    }

    /// As text, for people.
    pub(crate) fn shown(&self) -> Vec<String> {
        match self {
            Self::Numbers(numbers) => numbers.iter().map(i64::to_string).collect(),
            Self::Texts(texts) => texts.clone(),
        }
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            '\0'..='\x1f' => {
                let _ = write!(json, "\\u{:04x}", u32::from(letter));
            }
            _ => json.push(letter),
        }
    }
    json.push('"');
    json
}
