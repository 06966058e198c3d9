//! scikit-learn's estimators whose answers are sums of products, distances or probabilities: nets,
//! projections, clusters, discriminants, naive Bayes.

pub(crate) mod dense;
mod discriminant;
mod kmeans;
mod likelihood;
mod mlp;
mod naive_bayes;
mod projection;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[
    discriminant::READERS,
    kmeans::READERS,
    mlp::READERS,
    naive_bayes::READERS,
    projection::READERS,
];
