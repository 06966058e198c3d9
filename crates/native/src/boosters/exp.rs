//! The exponential CatBoost computes probabilities with: a table of 2048 powers of two and a cubic.
//!
//! The method and constants of fmath's `expd`. Its last bits are not the C library's, so that answers
//! agree with CatBoost's only if it is done the same way.

use std::sync::LazyLock;

const BITS: u32 = 11;
const LEN: usize = 1 << BITS;
/// Adding it leaves a number's nearest integer in the low bits of the mantissa.
const ROUND: f64 = (3_u64 << 51) as f64;
const LEAST: f64 = -708.396_418_532_264_1;
const MOST: f64 = 709.782_725_693_384;

struct Table {
    /// Mantissas of `2^(i / LEN)`.
    powers: Box<[u64]>,
    /// `LEN / ln 2`, and its inverse.
    scale: f64,
    unscale: f64,
}

static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let power = |i: usize| 2_f64.powf(i as f64 * (1.0 / LEN as f64)).to_bits() & ((1 << 52) - 1);
    let scale = LEN as f64 / 2_f64.ln();
    Table { powers: (0..LEN).map(power).collect(), scale, unscale: 1.0 / scale }
});

/// `exp(x)`, with `x` held within what a normal number can be the answer to.
pub(super) fn exp_by_table(x: f64) -> f64 {
    let table = &*TABLE;
    let x = x.clamp(LEAST, MOST);
    let shifted = x * table.scale + ROUND;
    let bits = shifted.to_bits();
    let rest = (shifted - ROUND) * table.unscale - x;
    let exponent = bits.wrapping_add((1 << (BITS + 10)) - (1 << BITS)) >> BITS << 52;
    let power = f64::from_bits(exponent | table.powers[bits as usize & (LEN - 1)]);
    let cubic = (3.000_000_002_795_539_4 - rest) * (rest * rest) * 0.166_666_666_852_278_35;
    (cubic - rest + 1.0) * power
}

/// `exp(x)` for `x` up to 0, and 0 where it would not be a normal number.
pub(super) fn exp_by_table_or_zero(x: f64) -> f64 {
    if x <= LEAST { 0.0 } else { exp_by_table(x) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_close_to_the_exponential() {
        for i in -7000..7000 {
            let x = f64::from(i) * 0.1003;
            let (ours, exact) = (exp_by_table(x), x.exp());
            let bound = 5e-16 * (1.0 + x.abs());
            assert!(((ours - exact) / exact).abs() < bound, "exp({x}) is {ours:?}, not {exact:?}");
        }
        assert_eq!(exp_by_table(0.0).to_bits(), 1_f64.to_bits());
        assert_eq!(exp_by_table_or_zero(-1000.0).to_bits(), 0);
        assert!(exp_by_table(-1000.0) > 0.0);
    }
}
