//! Estimators made of others: search results, votes, stacks, calibration, one against the rest,
//! several targets, chains, transformed targets, imputation by estimators.

mod calibrated;
mod chains;
mod dummy;
pub(super) mod inner;
mod inverse;
mod iterative_imputer;
mod one_vs_one;
mod one_vs_rest;
mod output_code;
mod several_targets;
mod stacking;
mod target;
mod threshold;
mod voting;
mod wrappers;

use crate::reader::Readers;

pub(crate) const FAMILIES: &[Readers] = &[
    wrappers::READERS,
    calibrated::READERS,
    voting::READERS,
    stacking::READERS,
    one_vs_rest::READERS,
    one_vs_one::READERS,
    output_code::READERS,
    several_targets::READERS,
    chains::READERS,
    iterative_imputer::READERS,
    threshold::READERS,
    target::READERS,
    dummy::READERS,
];
