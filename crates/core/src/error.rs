//! The one error of the request path: a stable code, a message for the client, a detail for the log.
//!
//! Must not know a wire format: `pelton-server` holds the one table from [`Code`] to a status.

use std::borrow::Cow;
use std::fmt;

/// Why a request was refused or failed. The names ([`Code::name`]) are stable: metrics and logs
/// carry them, and clients may match on them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request contradicts the protocol or the model's signature.
    InvalidInput,
    /// The model looked at the values and refused them (Python `ValueError`, `TypeError`).
    ModelRejected,
    /// The model raised anything else.
    ModelRaised,
    /// No model of that name or version.
    UnknownModel,
    /// The model cannot do what was asked, whatever the values (say, strings through `Predict`).
    Unsupported,
    /// The model's queue is full.
    QueueFull,
    /// The deadline passed before an answer was there.
    DeadlineExceeded,
    /// The client went away.
    Cancelled,
    /// The worker running the batch was lost (killed, crashed, hung, out of memory).
    WorkerLost,
    /// The model is loading, restarting or in a crash loop.
    NotReady,
    /// The server is stopping.
    ShuttingDown,
    /// The model answered with something that is no answer (wrong row count, unknown type).
    BadReply,
    /// A fault of Pelton itself.
    Internal,
}

impl Code {
    /// Every code.
    pub const ALL: [Self; 13] = [
        Self::InvalidInput,
        Self::ModelRejected,
        Self::ModelRaised,
        Self::UnknownModel,
        Self::Unsupported,
        Self::QueueFull,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::WorkerLost,
        Self::NotReady,
        Self::ShuttingDown,
        Self::BadReply,
        Self::Internal,
    ];

    /// The stable name, in snake case.
    pub const fn name(self) -> &'static str {
        match self {
            Self::InvalidInput => "invalid_input",
            Self::ModelRejected => "model_rejected",
            Self::ModelRaised => "model_raised",
            Self::UnknownModel => "unknown_model",
            Self::Unsupported => "unsupported",
            Self::QueueFull => "queue_full",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::Cancelled => "cancelled",
            Self::WorkerLost => "worker_lost",
            Self::NotReady => "not_ready",
            Self::ShuttingDown => "shutting_down",
            Self::BadReply => "bad_reply",
            Self::Internal => "internal",
        }
    }

    /// Whether the same request may succeed if sent again.
    pub const fn is_retryable(self) -> bool {
        matches!(self, Self::QueueFull | Self::WorkerLost | Self::NotReady | Self::ShuttingDown)
    }

    /// Whether the model itself raised, so that a batch is worth splitting to find the culprit.
    pub const fn is_model_fault(self) -> bool {
        matches!(self, Self::ModelRejected | Self::ModelRaised | Self::BadReply)
    }
}

/// A failed request: what the client is told, and what only the log is told.
#[derive(Clone, Debug)]
pub struct Error {
    code: Code,
    message: Cow<'static, str>,
    detail: Option<Box<str>>,
}

impl Error {
    /// An error with a message for the client: lower case, no full stop, no path, no trace.
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), detail: None }
    }

    /// Shorthand for [`Code::InvalidInput`].
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Code::InvalidInput, message)
    }

    /// Adds what only the log may carry (paths, traces, exit codes).
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Box<str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// The same error in better words.
    #[must_use]
    pub fn with_message(mut self, message: impl Into<Cow<'static, str>>) -> Self {
        self.message = message.into();
        self
    }

    /// The stable code.
    pub const fn code(&self) -> Code {
        self.code
    }

    /// What the client is told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What only the log is told.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// The operating system's words for an error, in lower case, without Rust's additions: the number, the path.
///
/// ```
/// let error = std::fs::read("/nowhere").unwrap_err();
/// assert_eq!(pelton_core::system_words(&error), "no such file or directory");
/// ```
pub fn system_words(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.split(" at path").next().unwrap_or_default().to_lowercase()
}
