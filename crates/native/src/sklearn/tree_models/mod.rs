//! scikit-learn's models made of trees: single trees, forests, boosting, bagging, isolation forests.
//!
//! Each reads its trees into one [`Forest`](crate::trees::Forest) wherever the sum of the trees is
//! what Python adds up, and answers from that sum. Must not walk a tree itself.

mod forest;
mod gradient;
mod histogram;
mod init;
mod nodes;
mod predictor;
mod sums;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[forest::READERS, gradient::READERS, histogram::READERS];
