//! `KNeighborsClassifier`, `KNeighborsRegressor` and `LocalOutlierFactor`, by brute force, k-d tree or ball
//! tree; and estimators that look for the nearest of a few centres.
//!
//! Source: `sklearn.neighbors` (1.2 to 1.9). The k nearest are found as scikit-learn finds them, tree node
//! by tree node and push by push, so that of equally near points the same are kept. Distances have
//! its bits but for brute force with the euclidean metric, which is products by BLAS.
//! Weights and metrics that are Python functions are refused.

mod brute;
mod centres;
mod classifier;
mod distances;
mod heap;
mod local_outliers;
mod metric;
mod regressor;
mod scan;
mod search;
mod tree;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] =
    &[centres::READERS, classifier::READERS, local_outliers::READERS, regressor::READERS];
