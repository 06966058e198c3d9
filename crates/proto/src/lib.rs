//! Generated gRPC code: the Open Inference Protocol v2 ([`inference`]) and the minimal prediction
//! contract ([`prediction`]), from the files in `proto/`.
//!
//! The generated files are committed, so that a build needs no protobuf compiler;
//! `tests/regenerate.rs` fails when they are not what the `.proto` files give, and rewrites them
//! with `PELTON_REGENERATE=1`. Only `pelton-server`, clients and benchmarks may use this crate.
#![allow(clippy::pedantic, missing_docs, unreachable_pub)]

pub mod codec;

/// Open Inference Protocol v2.
pub mod inference {
    include!("generated/inference.rs");
}

/// The minimal contract: numbers in, a number out.
pub mod prediction {
    include!("generated/prediction.rs");
}

/// All file descriptors, for gRPC reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");
