//! Pelton's doors: gRPC (Open Inference Protocol v2, the minimal prediction contract, health,
//! reflection) and HTTP (metrics, health).
//!
//! The only crate that knows a wire format: it converts requests to the engine's words and answers
//! back, and holds the one table from error codes to statuses. Must not know how a model runs.

mod contents;
mod convert;
mod gather;
mod health;
mod http_door;
mod inference;
mod oversize;
mod prediction;
mod serve;
mod status;

pub use serve::{ServerConfig, serve};
