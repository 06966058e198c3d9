//! The arithmetic of the estimators that are not trees. Must not know an estimator or a file.
//!
//! Two rules hold for everything here. *A row's result does not depend on the rows beside it*: for
//! each result the operations and their order are fixed by the model's shape alone. *Nor on the CPU*:
//! vectors of all widths do the same operations in the same order (see `lanes`), so results have
//! the same bits everywhere. No general matrix product gives either: they take another path for one
//! row, and cut long sums by the size of the caches.
// A vector's operation that is not inlined where its instructions are enabled is a call.
#![allow(clippy::inline_always)]
// What is compared for equality here has to be equal in every bit.
#![allow(clippy::float_cmp)]

mod affine;
mod aligned;
mod digamma;
mod dot;
mod elementwise;
mod exp;
mod exp_table;
mod interpolation;
mod lanes;
#[cfg(target_arch = "x86_64")]
mod lanes_x86;
mod lu;
mod normal;
mod panels;
mod scaling;
mod steps;
mod sums;

pub(crate) use crate::isa::Isa;
pub(crate) use affine::Affine;
pub(crate) use digamma::digamma;
pub(crate) use dot::dot;
pub(crate) use elementwise::{
    Functions, expit, expit_all, expit_into, logsumexp, relu, softmax, softmax_rows,
};
pub(crate) use exp::exp_all;
pub(crate) use interpolation::interpolate;
pub(crate) use lanes::Real;
pub(crate) use lu::Lu;
pub(crate) use normal::{ndtr, ndtri};
pub(crate) use panels::Panels;
pub(crate) use scaling::{Scaling, divide, multiply_add, scale_into, subtract_divide};
pub(crate) use steps::{Absolute, Greatest, Product, RoundedProduct, Squared};
pub(crate) use sums::{argmax, ascending, max, pairwise_sum, pairwise_sum_of, sum_of_squares};

/// Rows of a matrix: row `i` starts at `values[i * stride]`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rows<'a, T> {
    pub(crate) values: &'a [T],
    pub(crate) count: usize,
    pub(crate) stride: usize,
}

/// A place for rows of a matrix, as [`Rows`].
#[derive(Debug)]
pub(crate) struct RowsMut<'a, T> {
    pub(crate) values: &'a mut [T],
    pub(crate) count: usize,
    pub(crate) stride: usize,
}

impl<'a, T> Rows<'a, T> {
    /// `count` rows one behind the other.
    pub(crate) fn new(values: &'a [T], count: usize) -> Self {
        Self { values, count, stride: values.len() / count.max(1) }
    }

    pub(crate) fn row(&self, i: usize, width: usize) -> &'a [T] {
        &self.values[i * self.stride..][..width]
    }

    /// The rows `from..to`.
    pub(crate) fn part(&self, from: usize, to: usize) -> Self {
        let values = if from < to { &self.values[from * self.stride..] } else { &[] };
        Self { values, count: to - from, stride: self.stride }
    }

    /// What the kernels rely on.
    fn check(&self, width: usize) {
        let needed = self.count.checked_sub(1).map_or(0, |last| last * self.stride + width);
        let wide = self.stride >= width || self.count <= 1;
        assert!(wide && self.values.len() >= needed, "rows lie in their matrix");
    }
}

#[cfg(test)]
mod tests {
    use crate::isa::Isa;

    /// Numbers that are not round, of several sizes, some of them zero.
    pub(super) fn number(seed: usize) -> f64 {
        let bits = (seed as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let value = ((bits ^ (bits >> 29)) % 2_000_003) as f64 / 999_983.7 - 1.0;
        if seed % 11 == 3 { 0.0 } else { value * [1.0, 1e3, 1e-4][seed % 3] }
    }

    /// Those this CPU has.
    pub(super) fn isas() -> Vec<Isa> {
        let all = [Isa::Portable, Isa::Avx2, Isa::Avx512];
        all.into_iter().filter(|isa| *isa <= Isa::detect()).collect()
    }
}
