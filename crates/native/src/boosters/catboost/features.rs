//! The features of a CatBoost model, numeric and categorical, as its files describe them.

use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::Missing;

/// A numeric feature.
pub(super) struct Feature {
    /// Its column.
    pub(super) column: usize,
    pub(super) name: String,
    pub(super) borders: Vec<f32>,
    pub(super) missing: Missing,
}

/// A categorical feature.
pub(super) struct Category {
    /// Its column.
    pub(super) column: usize,
    pub(super) name: String,
}

/// The categories that a categorical feature is compared with.
pub(super) struct Is {
    /// The feature's number among the categorical ones.
    pub(super) feature: usize,
    pub(super) values: Vec<i32>,
}

impl Feature {
    /// How missing values are treated: as in `NanValueTreatment` (as is, as false, as true), which
    /// counts only where there were some in training.
    pub(super) fn missing(had_nans: bool, treatment: u8) -> Result<Missing, Refused> {
        match treatment {
            // A comparison with NaN is false, and so is one with minus infinity.
            0 | 1 => Ok(Missing::NanLeft),
            2 if !had_nans => Ok(Missing::NanLeft),
            2 => Ok(Missing::NanRight),
            other => refuse!("the treatment {other} of missing values is not known"),
        }
    }
}

/// Why a feature that is not at the place of its number is refused: others are left out before it, so
/// nobody knows how many columns a row has.
pub(super) fn displaced(number: impl std::fmt::Display) -> Refused {
    Refused::new(format!(
        "the features up to number {number} are not all in the file (CatBoost's drop_unused_features \
         leaves some out); save the model without calling that"
    ))
}
