//! The digamma function, for loading. Must not know what it is used for.

/// The derivative of the gamma function's logarithm, for positive numbers: moved up by its recurrence
/// until the asymptotic series is exact (Abramowitz and Stegun 6.3.5, 6.3.18).
pub(crate) fn digamma(mut x: f64) -> f64 {
    let mut sum = 0.0;
    if x <= 0.0 || !x.is_finite() {
        return f64::NAN;
    }
    while x < 12.0 {
        sum -= 1.0 / x;
        x += 1.0;
    }
    let square = 1.0 / (x * x);
    let terms = [
        1.0 / 12.0,
        -1.0 / 120.0,
        1.0 / 252.0,
        -1.0 / 240.0,
        1.0 / 132.0,
        -691.0 / 32760.0,
        1.0 / 12.0,
    ];
    let series = terms.iter().rev().fold(0.0, |series, term| (series + term) * square);
    sum + x.ln() - 0.5 / x - series
}

#[cfg(test)]
mod tests {
    use super::digamma;

    #[test]
    fn known_values() {
        // From scipy.special.digamma 1.17.
        for (x, expected) in [
            (1.0, -0.577_215_664_901_532_9),
            (0.5, -1.963_510_026_021_423_5),
            (1e-3, -1_000.575_571_931_810_3),
            (11.5, 2.398_239_129_535_781_5),
            (100.0, 4.600_161_852_738_087),
        ] {
            let apart = (digamma(x) - expected) / expected;
            assert!(apart.abs() < 1e-14, "{x}: {} against {expected}", digamma(x));
        }
        assert!(digamma(0.0).is_nan());
    }
}
