//! Rows that a model refuses, in one word for the path that answers and in Python's words for the client.

use std::borrow::Cow;
use std::fmt;

/// Rows the model refuses, in the words it would use. Python raises `ValueError` there.
#[derive(Clone, Debug, PartialEq, Eq)]
// A box, so that the result of an answer is one word.
pub struct Rejected(Box<Cow<'static, str>>);

impl Rejected {
    /// Rows refused for this reason: lower case, no full stop.
    pub(crate) fn new(why: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(why.into()))
    }

    /// The reason.
    pub fn message(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Rejected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Rejected {}
