//! Real Python workers: what they answer, and what happens when they fail.
//!
//! They need an interpreter with numpy and scikit-learn: `PELTON_TEST_PYTHON`, or the project's
//! `.venv`, which `make setup` creates.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![allow(clippy::float_cmp, reason = "the answers must be right to the bit")]

mod answers;
mod faults;
mod lifetimes;
mod load;
mod support;
