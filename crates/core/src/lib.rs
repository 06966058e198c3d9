//! The words Pelton's rooms share: [`Tensor`], [`Batch`], [`Signature`], [`Executor`], [`Error`].
//!
//! This crate knows no wire format, no async runtime, no file and no clock: whoever needs one of
//! those converts at its own border. A tensor's bytes are a reference-counted [`bytes::Bytes`], so
//! that they travel from a socket to an executor without being copied.

mod batch;
mod bind;
mod dtype;
mod error;
mod executor;
mod signature;
mod tensor;

pub use batch::Batch;
pub use dtype::DType;
pub use error::{Code, Error, system_words};
pub use executor::{Culprit, ExecuteFuture, Executor, LocateFuture, State};
pub use signature::{Accepts, Bound, Form, Inputs, MATRIX, Signature, TensorSpec, VALID_SUFFIX};
pub use tensor::{StringElements, Tensor};

/// What every fallible function of Pelton's request path returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
