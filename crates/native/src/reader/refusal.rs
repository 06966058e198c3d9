//! Why a model cannot run natively, in words for whoever serves it: the place in the model and the reason.
//! What to do instead is said by who asked.

use std::fmt::{self, Display};

/// Why a model cannot run natively: `step 'clf': scikit-learn's X with y is not supported natively`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub(super) place: String,
    pub(super) reason: String,
}

impl Refusal {
    /// A refusal of the model as a whole.
    pub(crate) fn whole(reason: impl Into<String>) -> Self {
        Self { place: String::new(), reason: reason.into() }
    }

    /// A refusal of a piece of the model.
    pub(crate) fn at(piece: &str, reason: impl Into<String>) -> Self {
        Self { place: piece.to_owned(), reason: reason.into() }
    }

    /// The part of the model it is about, such as `step 'clf'`; empty for the whole.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The reason alone.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}
