//! [`Codes`]: the categories a column was trained on as pandas categories, and their codes.
//!
//! Must not know what becomes of codes.

use std::collections::HashMap;

use crate::boosters::xgboost;
use crate::data::Column;
use crate::estimator::Rejected;

/// A column's categories; the code of each is its position.
pub(super) enum Codes {
    /// Looked up by equality; what is no category is missing (LightGBM).
    LookedUp {
        texts: HashMap<Box<[u8]>, u32>,
        numbers: HashMap<u64, u32>,
        /// A category, where all are text.
        example: Option<String>,
    },
    /// Searched in the order of their bytes as signed numbers (XGBoost 3.1 and 3.2).
    Texts(Vec<(Box<[i8]>, u32)>),
    /// Searched in their order (XGBoost 3.1 and 3.2).
    Integers(Vec<(i64, u32)>),
}

/// A category that is looked up.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Category {
    Text(String),
    Number(f64),
}

impl Codes {
    pub(super) fn looked_up(categories: &[Category]) -> Self {
        let (mut texts, mut numbers) = (HashMap::new(), HashMap::new());
        for (category, code) in categories.iter().zip(0..) {
            match category {
                Category::Text(text) => drop(texts.insert(text.as_bytes().into(), code)),
                Category::Number(number) => drop(numbers.insert(key(*number), code)),
            }
        }
        let example = match categories.first() {
            Some(Category::Text(text)) if numbers.is_empty() => Some(text.clone()),
            _ => None,
        };
        Self::LookedUp { texts, numbers, example }
    }

    pub(super) fn sorted(categories: &[xgboost::Category]) -> Self {
        let (mut texts, mut integers) = (Vec::new(), Vec::new());
        for (category, code) in categories.iter().zip(0..) {
            match category {
                xgboost::Category::Text(text) => texts.push((signed(text.as_bytes()), code)),
                xgboost::Category::Number(number) => integers.push((*number, code)),
            }
        }
        texts.sort();
        integers.sort_unstable();
        if texts.is_empty() { Self::Integers(integers) } else { Self::Texts(texts) }
    }

    /// A plausible value, where it is known that all categories are text.
    pub(super) fn example(&self) -> Option<&str> {
        if let Self::LookedUp { example, .. } = self { example.as_deref() } else { None }
    }

    /// The code of a row's value; NaN where it is missing.
    ///
    /// # Errors
    /// It is none of the categories, or of another type, and that is refused.
    pub(super) fn code(&self, column: Column<'_>, row: usize) -> Result<f64, Rejected> {
        let code = match (self, column) {
            (Self::LookedUp { texts, .. }, Column::Text(column)) => {
                return Ok(number_or_nan(column.get(row).and_then(|text| texts.get(text))));
            }
            (Self::LookedUp { numbers, .. }, column) => {
                let number = column.number(row).filter(|number| !number.is_nan());
                return Ok(number_or_nan(number.and_then(|number| numbers.get(&key(number)))));
            }
            (Self::Texts(texts), Column::Text(column)) => match column.get(row) {
                None => return Ok(f64::NAN),
                Some(text) => search(texts, &signed(text)),
            },
            (Self::Integers(integers), Column::I64(values)) => search(integers, &values[row]),
            (Self::Texts(_), _) => return Err(Rejected::new("a category is no text")),
            (Self::Integers(_), _) => return Err(Rejected::new("a category is no integer")),
        };
        match code {
            Some(code) => Ok(f64::from(code)),
            None => Err(Rejected::new("found a category that was not in the training set")),
        }
    }
}

/// The code of the first category that is not less: XGBoost does not look whether it is equal, so a
/// value it never saw counts as the next category, and is refused only behind the last.
fn search<T: Ord>(sorted: &[(T, u32)], value: &T) -> Option<u32> {
    let at = sorted.partition_point(|(category, _)| category < value);
    sorted.get(at).map(|(_, code)| *code)
}

fn signed(bytes: &[u8]) -> Box<[i8]> {
    bytes.iter().map(|byte| byte.cast_signed()).collect()
}

fn number_or_nan(code: Option<&u32>) -> f64 {
    code.map_or(f64::NAN, |code| f64::from(*code))
}

/// A number's bits; both zeros are one number.
fn key(number: f64) -> u64 {
    (number + 0.0).to_bits()
}
