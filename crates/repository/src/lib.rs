//! From what the operator named to what runs it: a path becomes a checked [`Manifest`], a manifest
//! becomes a [`LoadedModel`] with its executor.
//!
//! Reading a model file here never runs code from it: files are recognised by a bounded look at
//! their bytes, the native engine and ONNX Runtime read them as plain data, and whatever would execute
//! goes to a worker process. Must not read environment variables, open ports or know how requests
//! arrive.

mod bundle;
mod contents;
mod executor;
mod format;
mod golden;
mod manifest;
mod mlflow;
mod name;
mod native;
mod onnx;
mod open;
mod spec;

pub use executor::{Description, LoadedModel, WorkerSettings, check_python};
pub use format::{Alien, Compression, Content, Format, sniff};
pub use golden::{Closeness, Golden, Verified};
pub use manifest::{Manifest, Piece, Problem};
pub use name::{NAME_BYTES_MAX, check_name, name_of};
pub use onnx::{ONNX_WORKER, OnnxRunner, OnnxSettings, run_onnx_worker};
pub use open::{Choice, IN_PYTHON, Plan, Runner, Wish, choose};
pub use pelton_native::{Promise, Threads};
pub use pelton_onnx::LibrarySearch;
pub use spec::{ModelSpec, PieceSpec};
