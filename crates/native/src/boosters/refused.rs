//! [`Refused`]: why a booster's file is not answered for natively.

use std::fmt;

use crate::trees::InvalidEnsemble;

/// Why a file was refused; the message names the field, tree or option that stood in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused(String);

impl Refused {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl From<InvalidEnsemble> for Refused {
    fn from(error: InvalidEnsemble) -> Self {
        Self(error.to_string())
    }
}

/// Leaves the function with a [`Refused`].
macro_rules! refuse {
    ($($message:tt)*) => {
        return Err($crate::boosters::Refused::new(format!($($message)*)))
    };
}
pub(crate) use refuse;
