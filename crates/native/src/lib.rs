//! Models trained in Python, run in Rust with Python's answers.
//!
//! A [`Model`] is read from a pickle, joblib or skops document without running any of it, and answers
//! `predict`, `predict_proba`, `decision_function`, `score_samples` and `transform` as the library
//! that trained it does. [`NativeExecutor`] puts it behind the `Executor` trait. What is not
//! understood is refused when the model is read, with the exact reason.
//!
//! [`boosters`] reads the own files of XGBoost, LightGBM and CatBoost. [`trees`] holds the engines
//! under every tree model: readers describe what they found as a [`trees::Ensemble`], and a
//! [`trees::Forest`] answers for it.
//!
//! Must not know Python's file formats (`pelton-pickle` reads those), a wire format or a runtime.

#![allow(clippy::float_cmp, reason = "equality of floats is what this crate is about")]

mod about;
mod answers;
mod blame;
pub mod boosters;
mod data;
mod emit;
mod estimator;
mod executor;
mod ingest;
mod inputs;
mod isa;
mod libraries;
mod math;
mod model;
mod names;
mod pieces;
mod reader;
mod rejected;
mod signature;
mod sklearn;
mod stored_labels;
pub mod trees;

pub use about::About;
pub use answers::{Answers, Block, Predicted};
pub use data::{Column, Labels, Span, TextColumn};
pub use estimator::{Method, Methods, Output, Promise, Shape};
pub use executor::{NativeExecutor, Threads};
pub use isa::Isa;
pub use model::{Model, Rows, Workspace};
pub use pieces::{Content, Piece};
pub use reader::Refusal;
pub use rejected::Rejected;

/// The classes that can be read, by library.
const FAMILIES: &[&[reader::Readers]] = &[
    libraries::FAMILIES,
    sklearn::FAMILIES,
    sklearn::linear::FAMILIES,
    sklearn::meta::FAMILIES,
    sklearn::neighbors::FAMILIES,
    sklearn::numeric::FAMILIES,
    sklearn::preprocessing::FAMILIES,
    sklearn::svm::FAMILIES,
    sklearn::text::FAMILIES,
    sklearn::tree_models::FAMILIES,
];
