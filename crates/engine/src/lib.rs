//! The rooms a request walks through: admission, queue, batcher, dispatch, reply.
//!
//! [`Engine::infer`] is the hall: it names the rooms in request order. Every queue has a bound, every
//! wait a deadline, and every admitted request is answered exactly once. The engine knows no wire
//! format, no file and no process; the clock is tokio's, so tests can pause it.

mod admission;
mod batcher;
mod dispatch;
mod hall;
mod metrics;
mod model;
mod queue;
mod reply;

pub use hall::{Engine, Request, Response};
pub use model::{Limits, Model};
