//! The one error of the readers: what went wrong, where in the file or where in the object.
//!
//! Messages are lower case and name the offending thing; they hold no path of the file system.

use std::fmt;

/// Why a file could not be read, or why a value is not what the caller asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    path: Option<String>,
    offset: Option<u64>,
}

/// What sort of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file is something else: empty, a Git LFS pointer, HDF5, ONNX, ...
    NotAModel,
    /// The bytes break the rules of their own format.
    Malformed,
    /// The file ends before its content does.
    Truncated,
    /// Reading on would pass one of the [`Limits`](crate::Limits).
    Limit,
    /// A sound file that uses something these readers leave alone.
    Unsupported,
    /// A file that belongs beside this one is not there, or is not what it should be.
    Companion,
    /// A value is not of the kind the caller asked for.
    Mismatch,
    /// An attribute, key or item the caller asked for is not there.
    Missing,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), path: None, offset: None }
    }

    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Malformed, message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Limit, message)
    }

    pub(crate) fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    pub(crate) fn truncated(wanted: &str) -> Self {
        Self::new(ErrorKind::Truncated, format!("the file ends inside {wanted}"))
    }

    /// The same error, met at `path` of the object (`Pipeline.steps[1][1].coef_`).
    #[must_use]
    pub fn at(mut self, path: impl Into<String>) -> Self {
        self.path.get_or_insert_with(|| path.into());
        self
    }

    /// The same error, met at `offset` of the (decompressed) file; the first one given is kept.
    pub(crate) fn at_offset(mut self, offset: usize) -> Self {
        self.offset.get_or_insert(offset as u64);
        self
    }

    /// What sort of failure it is.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What went wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Where in the object, for errors about a value.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// Where in the decompressed file, in bytes, for errors about its bytes.
    pub fn offset(&self) -> Option<u64> {
        self.offset
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(path) = &self.path {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.message)?;
        match self.offset {
            Some(offset) => write!(f, " (at byte {offset})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}
