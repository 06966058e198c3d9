//! Models trained in Python, run in Rust with Python's answers.
//!
//! Must not know Python's file formats (`pelton-pickle` reads those), a wire format or a runtime.
//!
//! [`boosters`] reads the own files of XGBoost, LightGBM and CatBoost. [`trees`] holds the engines
//! under every tree model: readers describe what they found as a [`trees::Ensemble`], and a
//! [`trees::Forest`] answers for it.

pub mod boosters;
mod isa;
// Not every kernel has its estimator yet.
#[allow(dead_code, unused_imports)]
mod math;
pub mod trees;
