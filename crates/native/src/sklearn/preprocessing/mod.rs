//! What comes before a model: scalers, imputers, encoders and what else maps columns.
//!
//! Each file reads its classes from their pickled attributes and transforms as they do. Must not know
//! estimators that predict.

mod basis;
mod bins;
mod categories;
mod category_encoders;
mod category_statistics;
mod column_scaling;
mod donors;
mod elimination;
mod function;
mod importances;
mod infrequent;
mod knn_imputer;
mod label_values;
mod labels;
mod missing;
mod one_hot;
mod ordinal;
mod polynomial;
mod power;
mod quantile;
mod row_scaling;
mod rows;
mod selection;
mod simple_imputer;
mod splines;
mod target_encoder;

pub(super) use function::Known;
pub(super) use missing::{Missing, indicated};
pub(super) use one_hot::dtype;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[
    category_encoders::READERS,
    category_statistics::READERS,
    column_scaling::READERS,
    row_scaling::READERS,
    bins::READERS,
    function::READERS,
    labels::READERS,
    polynomial::READERS,
    power::READERS,
    quantile::READERS,
    elimination::READERS,
    selection::READERS,
    simple_imputer::READERS,
    splines::READERS,
    knn_imputer::READERS,
    missing::READERS,
    one_hot::READERS,
    ordinal::READERS,
    target_encoder::READERS,
];
