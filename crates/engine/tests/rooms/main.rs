//! The rooms of the request path, through the engine's public door.
#![allow(clippy::pedantic, clippy::unwrap_used, missing_docs, unreachable_pub)]

mod batching;
mod faults;
mod scripted;
mod waiting;
