//! The Python classes of XGBoost, LightGBM and CatBoost, and their own files, as estimators.
//!
//! `crate::boosters` knows the libraries' formats and arithmetic; here is what their Python packages do
//! around a booster: labels, shapes, missing values, categories. Must not know how a file is laid out.

mod boosted;
mod catboost;
mod categories;
mod features;
mod lightgbm;
mod own_files;
mod rows;
mod xgboost;

pub(crate) use own_files::read_own_file;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[xgboost::READERS, lightgbm::READERS, catboost::READERS];
