//! Pelton's doors: gRPC (Open Inference Protocol v2, the minimal prediction contract, health,
//! reflection) and HTTP (metrics, health).
//!
//! The only crate that knows a wire format: it converts requests to the engine's words and answers
//! back, and holds the one table from error codes to statuses. Must not know how a model runs.

mod access;
mod conduct;
mod connection;
mod contents;
mod convert;
mod exchange;
mod gather;
mod greeting;
mod health;
mod http_door;
mod inference;
mod limits;
mod oversize;
mod places;
mod prediction;
mod serve;
mod services;
mod status;
mod tally;
mod tls;

pub use access::Tokens;
pub use limits::ConnectionLimits;
pub use serve::{ServerConfig, serve};
pub use tls::{Tls, TlsFiles};
