//! scikit-learn's models made of trees: single trees, forests, boosting, bagging, isolation forests.
//!
//! Each reads its trees into one [`Forest`](crate::trees::Forest) wherever the sum of the trees is
//! what Python adds up, and answers from that sum. Must not walk a tree itself.

mod adaptive;
mod bagging;
mod embedding;
mod forest;
mod gradient;
mod histogram;
mod init;
mod isolation;
mod median;
mod nodes;
mod predictor;
mod subsets;
mod sums;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[
    adaptive::READERS,
    median::READERS,
    bagging::READERS,
    embedding::READERS,
    forest::READERS,
    gradient::READERS,
    histogram::READERS,
    isolation::READERS,
];
