//! Real Python workers: what they answer, and what happens when they fail.
//!
//! They need an interpreter with numpy and scikit-learn: `PELTON_TEST_PYTHON`, or the project's
//! `.venv`, which `make setup` creates.

mod answers;
mod faults;
mod support;
