//! Models trained in Python, run in Rust with Python's answers.
//!
//! Must not know a file format's bytes (`pelton-pickle` reads those), a wire format or a runtime.
//!
//! [`trees`] holds the engines under every tree model: readers describe what they found as a
//! [`trees::Ensemble`], and a [`trees::Forest`] answers for it.

mod isa;
// Not every kernel has its estimator yet.
#[allow(dead_code, unused_imports)]
mod math;
pub mod trees;
