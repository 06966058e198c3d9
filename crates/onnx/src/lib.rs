//! ONNX models behind [`pelton_core::Executor`], run by ONNX Runtime in this process.
//!
//! The runtime is a shared library that Pelton loads and does not bring: from a path, from beside
//! the program, from the `onnxruntime` wheel of a Python environment or from the system. No type
//! of it, nor of the crate that binds it, leaves this crate. Must not read environment variables,
//! know how requests arrive, or know an asynchronous runtime: what may take long runs on threads
//! of its own.
#![cfg_attr(not(target_endian = "little"), allow(unused))]

#[cfg(not(target_endian = "little"))]
compile_error!("tensors are little-endian and are given to ONNX Runtime as they are");

mod cost;
mod errors;
mod executor;
mod external;
mod inputs;
mod job;
mod library;
mod library_file;
mod model_file;
mod numbers;
mod oneshot;
mod onnx_proto;
mod outputs;
mod pool;
mod protobuf;
mod rewrite;
mod search;
mod session;
mod signature;

pub use executor::{OnnxConfig, OnnxExecutor};
pub use library::Library;
pub use search::LibrarySearch;
