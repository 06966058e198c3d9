//! Real models in the real ONNX Runtime: Python's answers bit for bit, models that are served in a
//! special way, and files that are damaged.
//!
//! They need the `onnxruntime` package: in the environment of `PELTON_TEST_PYTHON`, or in the
//! project's `.venv`, which `make setup` creates.
#![allow(missing_docs, clippy::unwrap_used)]

mod corners;
mod damaged;
mod parity;
mod refused;
mod support;
