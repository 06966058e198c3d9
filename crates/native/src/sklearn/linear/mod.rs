//! Models whose scores are sums of products: classifiers and regressors.
//!
//! BLAS chooses the order of a sum by shape, CPU and release, so Python itself varies in the last
//! bits; labels are the same.

mod classifiers;
mod logistic;
mod probabilities;
mod regressors;
mod scores;

pub(crate) use scores::LinearScores;

use crate::reader::Readers;

pub(crate) const FAMILIES: &[Readers] =
    &[logistic::READERS, classifiers::READERS, regressors::READERS];
