//! The doors, through real sockets and real clients, before an executor a test controls.
#![allow(clippy::pedantic, clippy::unwrap_used, missing_docs, unreachable_pub)]

mod connections;
mod frames;
mod hostile;
mod house;
mod infer;
mod reference;
mod secure;
mod state;
