//! Runs models in processes of their own, most of them Python's, and keeps those processes in order.
//!
//! [`WorkerExecutor`] is the door: it starts the workers, gives each batch to an idle one over a Unix
//! socket (`docs/worker-protocol.md`), and replaces a worker that dies, hangs or breaks the protocol.
//! A fault of a worker costs its own batch and nothing else.
//!
//! This crate is the only one that starts processes. It must not retry a batch or split one: that is
//! the engine's work.

mod answering;
mod config;
mod connection;
mod errors;
mod executor;
mod fingerprint;
mod frames;
mod hello;
mod interpreter;
mod logs;
mod package;
mod pool;
mod process;
mod reply;
mod restart;
mod stats;
mod supervisor;

pub use answering::{Server, WorkerArguments};
pub use config::{ModelPiece, Program, RestartPolicy, WorkerConfig};
pub use executor::WorkerExecutor;
pub use interpreter::{InterpreterError, PythonInfo, check_interpreter};
pub use stats::{WorkerPhase, WorkerStats, WorkerStatus};
