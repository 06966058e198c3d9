//! The table behind `exp`: 128 powers of two between 1 and 2, each with its rounding error, as glibc has
//! them. Must not know vectors.

/// Steps of the table between powers of two.
pub(super) const STEPS: usize = 128;

/// 2^(i/128), less the exponent that adding n to its bits brings, and its relative rounding error.
pub(super) struct Table {
    pub(super) bits: [u64; STEPS],
    pub(super) errors: [f64; STEPS],
}

impl Table {
    /// 2^(1/128) is 2 with the root taken seven times, in twice the precision.
    pub(super) fn new() -> Self {
        let mut root = (2.0, 0.0);
        for _ in 0..7 {
            root = square_root(root);
        }
        let mut table = Self { bits: [0; STEPS], errors: [0.0; STEPS] };
        let mut power = (1.0_f64, 0.0_f64);
        for i in 0..STEPS {
            table.bits[i] = power.0.to_bits() - ((i as u64) << 45);
            table.errors[i] = power.1 / power.0;
            power = product(power, root);
        }
        table
    }
}

/// Numbers as sums of two.
type Double = (f64, f64);

fn product(a: Double, b: Double) -> Double {
    let high = a.0 * b.0;
    let low = a.0.mul_add(b.0, -high) + (a.0 * b.1 + a.1 * b.0);
    let sum = high + low;
    (sum, low - (sum - high))
}

fn square_root(a: Double) -> Double {
    let root = a.0.sqrt();
    let low = ((-root).mul_add(root, a.0) + a.1) / (2.0 * root);
    let sum = root + low;
    (sum, low - (sum - root))
}
