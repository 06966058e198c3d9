//! The one table from error codes to gRPC statuses, and what travels beside a status.
//!
//! Must not word messages: they come with the error. The error's detail goes to the log only.

use std::borrow::Cow;
use std::time::Duration;

use pelton_core::{Code, Error};
use tonic::{Code as Grpc, Status};
use tonic_types::{ErrorDetails, StatusExt};

/// Metadata key under which every failed answer carries Pelton's stable code name.
pub(crate) const CODE_KEY: &str = "pelton-code";

/// The longest message sent: percent-encoded, and once more in the details, it must stay below the
/// 8 KiB of headers that clients take.
const MAX_MESSAGE_BYTES: usize = 1024;

/// How long a client should wait before it sends again.
const RETRY_DELAY: Duration = Duration::from_millis(20);

/// The status of a code (`serving` contract: UNAVAILABLE and RESOURCE_EXHAUSTED are retryable).
pub(crate) const fn grpc_code(code: Code) -> Grpc {
    match code {
        Code::InvalidInput | Code::ModelRejected => Grpc::InvalidArgument,
        Code::UnknownModel => Grpc::NotFound,
        Code::Unsupported => Grpc::FailedPrecondition,
        Code::QueueFull => Grpc::ResourceExhausted,
        Code::DeadlineExceeded => Grpc::DeadlineExceeded,
        Code::Cancelled => Grpc::Cancelled,
        Code::WorkerLost | Code::NotReady | Code::ShuttingDown => Grpc::Unavailable,
        Code::ModelRaised | Code::BadReply | Code::Internal => Grpc::Internal,
    }
}

/// The status of an error, logged with the request's id where the server or the model is at fault.
pub(crate) fn status(error: &Error, model: &str, request_id: &str) -> Status {
    let code = error.code();
    let (name, message) = (code.name(), error.message());
    let detail = error.detail().unwrap_or_default();
    match grpc_code(code) {
        Grpc::Internal | Grpc::Unavailable => {
            tracing::warn!(request_id, model, code = name, detail, "request failed: {message}");
        }
        _ => tracing::debug!(request_id, model, code = name, detail, "request refused: {message}"),
    }
    let message = shortened(message);
    let mut status = if code.is_retryable() {
        let details = ErrorDetails::with_retry_info(Some(RETRY_DELAY));
        Status::with_error_details(grpc_code(code), &*message, details)
    } else {
        Status::new(grpc_code(code), &*message)
    };
    status.metadata_mut().insert(CODE_KEY, tonic::metadata::MetadataValue::from_static(name));
    status
}

/// The message, or its beginning and how much is left out: names in it come from the client.
fn shortened(message: &str) -> Cow<'_, str> {
    if message.len() <= MAX_MESSAGE_BYTES {
        return Cow::Borrowed(message);
    }
    let end = (0..=MAX_MESSAGE_BYTES).rev().find(|&end| message.is_char_boundary(end));
    let kept = &message[..end.unwrap_or(0)];
    Cow::Owned(format!("{kept}... ({} bytes more)", message.len() - kept.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_messages_are_cut_between_characters() {
        assert_eq!(shortened("x is missing"), "x is missing");
        let cut = shortened(&"ø".repeat(1000)).into_owned();
        assert_eq!(cut, format!("{}... (976 bytes more)", "ø".repeat(512)));
    }

    #[test]
    fn retryable_codes_and_only_they_have_retryable_statuses() {
        for code in Code::ALL {
            let retryable = matches!(grpc_code(code), Grpc::Unavailable | Grpc::ResourceExhausted);
            assert_eq!(retryable, code.is_retryable(), "{}", code.name());
        }
    }

    #[test]
    fn details_stay_in_the_log() {
        let error = Error::new(Code::ModelRaised, "KeyError: 'x'").with_detail("File /srv/m.py");
        let status = status(&error, "m", "1");
        assert_eq!(status.code(), Grpc::Internal);
        assert!(!format!("{status:?}").contains("/srv"));
    }
}
