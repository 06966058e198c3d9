//! scikit-learn's estimators whose answers are sums of products, distances or probabilities: nets,
//! projections, clusters, discriminants, naive Bayes.

mod agglomeration;
pub(crate) mod dense;
mod discriminant;
mod envelope;
pub(crate) mod isotonic;
mod kernel;
mod kernels;
mod kmeans;
mod likelihood;
mod mixture;
mod mlp;
mod naive_bayes;
mod pls;
mod projection;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[
    agglomeration::READERS,
    discriminant::READERS,
    envelope::READERS,
    isotonic::READERS,
    kernels::READERS,
    kmeans::READERS,
    mixture::READERS,
    mlp::READERS,
    naive_bayes::READERS,
    pls::READERS,
    projection::READERS,
];
