//! `KNeighborsClassifier` and `KNeighborsRegressor`, by brute force, k-d tree or ball tree.
//!
//! Source: `sklearn.neighbors` (1.2 to 1.9). The k nearest are found as scikit-learn finds them, tree node
//! by tree node and push by push, so that of equally near points the same are kept. Distances have
//! its bits but for brute force with the euclidean metric, which is products by BLAS.
//! Weights and metrics that are Python functions are refused.

mod brute;
mod classifier;
mod distances;
mod heap;
mod metric;
mod regressor;
mod search;
mod tree;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[classifier::READERS, regressor::READERS];
