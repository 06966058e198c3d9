//! scikit-learn's estimators.
//!
//! Each file reads its classes from their pickled attributes and answers as they do.

mod chain;
mod column_transformer;
pub(crate) mod linear;
pub(crate) mod meta;
pub(crate) mod neighbors;
pub(crate) mod numeric;
mod outliers;
mod pipeline;
pub(crate) mod preprocessing;
mod promotion;
mod side_by_side;
mod stored;
pub(crate) mod svm;
pub(crate) mod text;
mod text_index;
mod ties;
mod transforms;
pub(crate) mod tree_models;

use crate::reader::Readers;

pub(crate) use pipeline::Pipeline;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[pipeline::READERS, column_transformer::READERS];
