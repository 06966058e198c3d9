//! Runs models in Python processes of their own, and keeps those processes in order.
//!
//! [`PythonExecutor`] is the door: it starts the workers, gives each batch to an idle one over a Unix
//! socket (`docs/worker-protocol.md`), and replaces a worker that dies, hangs or breaks the protocol.
//! A fault of a worker costs its own batch and nothing else.
//!
//! This crate is the only one that starts processes. It must not retry a batch or split one: that is
//! the engine's work.

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

pub use config::{ModelPiece, RestartPolicy, WorkerConfig};
pub use executor::PythonExecutor;
pub use interpreter::{InterpreterError, PythonInfo, check_interpreter};
pub use stats::{WorkerPhase, WorkerStats, WorkerStatus};
