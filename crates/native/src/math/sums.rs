//! Sums and extremes of a row in NumPy's order. Must not know what is summed.
//!
//! Source: NumPy 1.24 and 2.4, `np.sum` along the last axis of a C-ordered array (pairwise) and
//! `np.argmax`. Along other axes NumPy adds left to right.

use super::lanes::Real;

/// Values that are summed without halving them.
const BLOCK: usize = 128;

/// `np.sum` of values that lie side by side: fewer than 8 from left to right; up to 128 in eight running
/// sums, joined in pairs, and what is left over after them; more by halves.
pub(crate) fn pairwise_sum<T: Real>(values: &[T]) -> T {
    if values.len() < 8 {
        return values.iter().fold(T::ZERO, |sum, value| sum.add(*value));
    }
    pairwise_sum_of(0, values.len(), &|i| values[i])
}

/// The sum of `value(i)` for `n` indices from `first` on, in the same order.
pub(crate) fn pairwise_sum_of<T: Real>(first: usize, n: usize, value: &impl Fn(usize) -> T) -> T {
    if n < 8 {
        return (first..first + n).fold(T::ZERO, |sum, i| sum.add(value(i)));
    }
    if n > BLOCK {
        let half = n / 2 / 8 * 8;
        let left = pairwise_sum_of(first, half, value);
        return left.add(pairwise_sum_of(first + half, n - half, value));
    }
    let mut s: [T; 8] = std::array::from_fn(|lane| value(first + lane));
    let eights = n / 8 * 8;
    for eight in (8..eights).step_by(8) {
        for (lane, s) in s.iter_mut().enumerate() {
            *s = s.add(value(first + eight + lane));
        }
    }
    let joined = (s[0].add(s[1]).add(s[2].add(s[3]))).add(s[4].add(s[5]).add(s[6].add(s[7])));
    (first + eights..first + n).fold(joined, |sum, i| sum.add(value(i)))
}

/// |x|^2, square by square, as BLAS adds fewer than 16 of them and compiled loops all.
pub(crate) fn sum_of_squares(x: &[f64]) -> f64 {
    x.iter().fold(0.0, |sum, x| sum + x * x)
}

/// `np.argmax`: the first of the greatest, or the first NaN; 0 of nothing.
pub(crate) fn argmax<T: Real>(values: &[T]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if is_nan(values[best]) {
            break;
        }
        if *value > values[best] || is_nan(*value) {
            best = i;
        }
    }
    best
}

/// `np.max`: the greatest, or NaN if there is one; `None` of nothing.
pub(crate) fn max<T: Real>(values: &[T]) -> Option<T> {
    let first = *values.first()?;
    let (mut best, mut numbers) = (first, true);
    for value in values {
        numbers &= !is_nan(*value);
        best = if *value > best { *value } else { best };
    }
    if numbers { Some(best) } else { values.get(argmax(values)).copied() }
}

fn is_nan<T: Real>(value: T) -> bool {
    value.partial_cmp(&value).is_none()
}

/// The order in which NumPy sorts: NaN of either sign last, zeros of either sign equal.
pub(crate) fn ascending(a: f64, b: f64) -> std::cmp::Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::number;
    use super::*;

    /// From NumPy 2.4: the sums of the first n of `number(0), number(1), ...`.
    const SUMS: [(usize, u64); 13] = [
        (0, 0x0000_0000_0000_0000),
        (3, 0x4080_82b7_6e33_e1c8),
        (7, 0x4087_e133_7bdd_89bf),
        (8, 0xc05e_bac0_d987_3b50),
        (9, 0xc05e_babf_f420_671c),
        (16, 0x4090_d47d_2a2b_9d41),
        (31, 0x408b_a808_c590_456e),
        (127, 0xc08a_40fc_60f3_5bf2),
        (128, 0x4055_e13a_6391_4bd0),
        (129, 0x4055_e139_f3c9_db64),
        (200, 0xc093_30c0_c604_4b85),
        (1000, 0xc0a4_a388_7f4c_a29c),
        (3000, 0x40a1_ba28_cfc9_8e2e),
    ];

    #[test]
    fn sums_are_numpys() {
        for (n, bits) in SUMS {
            let values: Vec<f64> = (0..n).map(number).collect();
            assert_eq!(pairwise_sum(&values).to_bits(), bits, "{n}");
        }
    }

    #[test]
    fn the_first_of_ties_or_the_first_nan_is_chosen() {
        let nan = f64::NAN;
        assert_eq!(argmax(&[1.0, 3.0, 3.0, 2.0]), 1);
        assert_eq!(argmax(&[1.0, nan, 3.0, nan]), 1);
        assert_eq!(argmax(&[nan, 3.0]), 0);
        assert_eq!(argmax::<f64>(&[]), 0);
        assert!(max(&[1.0, nan]).is_some_and(f64::is_nan));
        assert_eq!(max::<f64>(&[]), None);
    }
}
