//! scikit-learn's estimators whose answers are sums of products, distances or probabilities: nets,
//! projections, clusters, discriminants, naive Bayes.

mod agglomeration;
mod bisecting;
pub(crate) mod dense;
mod discriminant;
mod envelope;
mod factors;
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
    bisecting::READERS,
    discriminant::READERS,
    envelope::READERS,
    factors::READERS,
    isotonic::READERS,
    kernels::READERS,
    kmeans::READERS,
    mixture::READERS,
    mlp::READERS,
    naive_bayes::READERS,
    pls::READERS,
    projection::READERS,
];
