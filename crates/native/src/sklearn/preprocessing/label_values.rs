//! [`Known`]: labels found by their values, and [`Cast`]: what is done to a value before.
//!
//! Must not know what becomes of a label.

use pelton_core::DType;

use crate::data::Labels;
use crate::sklearn::text_index::{TextIndex, UNKNOWN};

/// What is done to a value before it is looked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Cast {
    Nothing,
    /// Texts are cut to this many characters, and lose the NULs at their end.
    Text(usize),
    Integer(DType),
    Bool,
    Single,
}

/// The labels by their values.
pub(super) enum Known {
    Text(TextIndex),
    /// In ascending order.
    Integers(Vec<(i64, u32)>),
    /// In ascending order, and the number of NaN.
    Floats(Vec<(f64, u32)>, Option<u32>),
}

impl Known {
    pub(super) fn new(labels: &Labels) -> Self {
        let integers = |values: &mut dyn Iterator<Item = i64>| {
            let mut all: Vec<(i64, u32)> = values.zip(0..).collect();
            all.sort_unstable();
            Self::Integers(all)
        };
        match labels {
            Labels::Text(texts) => {
                let all = texts.iter().map(String::as_bytes).zip(0..texts.len() as u32);
                Self::Text(TextIndex::new(all))
            }
            Labels::Int { values, .. } => integers(&mut values.iter().copied()),
            Labels::Bool(values) => integers(&mut values.iter().map(|value| i64::from(*value))),
            Labels::Float { values, .. } => {
                let nan = values.iter().position(|value| value.is_nan());
                let mut all: Vec<(f64, u32)> = values.iter().copied().zip(0..).collect();
                all.retain(|(value, _)| !value.is_nan());
                all.sort_by(|a, b| a.0.total_cmp(&b.0));
                Self::Floats(all, nan.map(|nan| nan as u32))
            }
        }
    }

    pub(super) fn text(&self, text: &[u8]) -> Option<u32> {
        let Self::Text(index) = self else { return None };
        Some(index.get(text)).filter(|number| *number != UNKNOWN)
    }

    fn integer(&self, value: i64) -> Option<u32> {
        match self {
            Self::Integers(all) => {
                let at = all.binary_search_by_key(&value, |known| known.0).ok()?;
                Some(all[at].1)
            }
            Self::Floats(..) => self.float(value as f64),
            Self::Text(_) => None,
        }
    }

    fn float(&self, value: f64) -> Option<u32> {
        match self {
            Self::Floats(_, nan) if value.is_nan() => *nan,
            Self::Floats(all, _) => {
                let at = all.partition_point(|known| known.0 < value);
                all.get(at).filter(|known| known.0 == value).map(|known| known.1)
            }
            // An integer becomes a float to be compared.
            Self::Integers(all) => {
                let at = all.partition_point(|known| (known.0 as f64) < value);
                all.get(at).filter(|known| known.0 as f64 == value).map(|known| known.1)
            }
            Self::Text(_) => None,
        }
    }
}

impl Cast {
    pub(super) fn text(self, text: &[u8]) -> &[u8] {
        let Self::Text(longest) = self else { return text };
        let whole = std::str::from_utf8(text).unwrap_or_default();
        let end = whole.char_indices().nth(longest).map_or(text.len(), |(at, _)| at);
        let kept = text[..end].iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        &text[..kept]
    }

    pub(super) fn integer(self, known: &Known, value: i64) -> Option<u32> {
        match self {
            Self::Bool => known.integer(i64::from(value != 0)),
            Self::Integer(dtype) => known.integer(wrapped(value, dtype)),
            Self::Single => known.float(f64::from(value as f32)),
            Self::Text(_) | Self::Nothing => known.integer(value),
        }
    }

    pub(super) fn float(self, known: &Known, value: f64) -> Option<u32> {
        match self {
            Self::Bool => known.integer(i64::from(value != 0.0)),
            Self::Integer(dtype) => {
                // What C makes of numbers that do not fit is not defined.
                let wide = matches!(dtype, DType::Int64 | DType::Uint64);
                let limit = if wide { 9.2e18 } else { 2_147_483_648.0 };
                let fits = value.abs() < limit;
                fits.then(|| known.integer(wrapped(value as i64, dtype))).flatten()
            }
            Self::Single => known.float(f64::from(value as f32)),
            Self::Text(_) | Self::Nothing => known.float(value),
        }
    }
}

/// The low bits of an integer, as a cast to a narrower one keeps them.
fn wrapped(value: i64, dtype: DType) -> i64 {
    match dtype {
        DType::Int8 => i64::from(value as i8),
        DType::Int16 => i64::from(value as i16),
        DType::Int32 => i64::from(value as i32),
        DType::Uint8 => i64::from(value as u8),
        DType::Uint16 => i64::from(value as u16),
        DType::Uint32 => i64::from(value as u32),
        _ => value,
    }
}
