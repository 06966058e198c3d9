//! What is added up of a row and a column: one step of a sum, in vectors. Must not know where rows and
//! columns lie.

use super::lanes::Lanes;

/// What is added up: one step of a sum.
pub(crate) trait Step: Copy {
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V;
}

/// x * w, added without rounding in between, as BLAS does in products of matrices.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product;

/// x * w, rounded before it is added: BLAS's dot product of fewer than 16 numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RoundedProduct;

/// (x - w)^2, rounded before it is added, as compiled loops without fused instructions do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Squared;

/// |x - w|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Absolute;

/// The greatest |x - w|.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Greatest;

impl Step for Product {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        x.mul_add(column, sum)
    }
}

impl Step for RoundedProduct {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        sum.add(x.mul(column))
    }
}

impl Step for Squared {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        let difference = x.sub(column);
        sum.add(difference.mul(difference))
    }
}

impl Step for Absolute {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        sum.add(x.sub(column).abs())
    }
}

impl Step for Greatest {
    #[inline(always)]
    fn step<V: Lanes>(sum: V, x: V, column: V) -> V {
        sum.max(x.sub(column).abs())
    }
}
