//! The normal distribution's probability and quantile. Must not know which estimator asks.
//!
//! Source: `scipy.special.ndtri` (SciPy 1.17), which is Cephes' (S. Moshier, Methods and Programs for
//! Mathematical Functions, 1989): a rational function of (y - 1/2)^2 in the middle, and of
//! 1 / sqrt(-2 ln y) in the tails.

/// sqrt(2 pi).
const SQRT_2PI: f64 = 2.506_628_274_631_000_7;
/// exp(-2), where the tails begin.
const TAIL: f64 = 0.135_335_283_236_612_7;

const MIDDLE: [f64; 5] = [
    -5.996_335_010_141_079e1,
    9.800_107_541_859_997e1,
    -5.667_628_574_690_703e1,
    1.393_126_093_872_796_8e1,
    -1.239_165_838_673_812_5,
];
const MIDDLE_BELOW: [f64; 8] = [
    1.954_488_583_381_417_6,
    4.676_279_128_988_815,
    8.636_024_213_908_905e1,
    -2.254_626_878_541_193_7e2,
    2.002_602_123_800_606_6e2,
    -8.203_722_561_683_334e1,
    1.590_562_251_262_117e1,
    -1.183_316_211_213_3,
];
/// For sqrt(-2 ln y) from 2 to 8.
const NEAR: [f64; 9] = [
    4.055_448_923_059_624_5,
    3.152_510_945_998_938_8e1,
    5.716_281_922_464_213e1,
    4.408_050_738_932_008e1,
    1.468_495_619_288_580_3e1,
    2.186_633_068_507_902_5,
    -1.402_560_791_713_545e-1,
    -3.504_246_268_278_482e-2,
    -8.574_567_851_546_854e-4,
];
const NEAR_BELOW: [f64; 8] = [
    1.577_998_832_564_667_5e1,
    4.539_076_351_288_792e1,
    4.131_720_382_546_72e1,
    1.504_253_856_929_075e1,
    2.504_649_462_083_094,
    -1.421_829_228_547_877_9e-1,
    -3.808_064_076_915_783e-2,
    -9.332_594_808_954_574e-4,
];
/// For sqrt(-2 ln y) above 8.
const FAR: [f64; 9] = [
    3.237_748_917_769_460_3,
    6.915_228_890_689_842,
    3.938_810_252_924_744_4,
    1.333_034_608_158_075_5,
    2.014_853_895_491_790_8e-1,
    1.237_166_348_178_200_3e-2,
    3.015_815_535_082_354_3e-4,
    2.658_069_746_867_375_5e-6,
    6.239_745_391_849_833e-9,
];
const FAR_BELOW: [f64; 8] = [
    6.024_270_393_647_42,
    3.679_835_638_561_608_7,
    1.377_020_994_890_813_2,
    2.162_369_935_944_966_3e-1,
    1.342_040_060_885_431_8e-2,
    3.280_144_646_821_277_4e-4,
    2.892_478_647_453_806_8e-6,
    6.790_194_080_099_813e-9,
];

/// The probability that a standard normal value lies below `x`. The error function is the `libm`
/// crate's, within an ulp of the one SciPy uses.
pub(crate) fn ndtr(x: f64) -> f64 {
    let scaled = x * std::f64::consts::FRAC_1_SQRT_2;
    if scaled.abs() < std::f64::consts::FRAC_1_SQRT_2 {
        return 0.5 + 0.5 * libm::erf(scaled);
    }
    let tail = 0.5 * libm::erfc(scaled.abs());
    if scaled > 0.0 { 1.0 - tail } else { tail }
}

/// The x below which a standard normal value lies with probability `y`; infinite at 0 and 1, NaN outside.
pub(crate) fn ndtri(y: f64) -> f64 {
    if y == 0.0 {
        return f64::NEG_INFINITY;
    }
    if y == 1.0 {
        return f64::INFINITY;
    }
    if !(y > 0.0 && y < 1.0) {
        return f64::NAN;
    }
    let upper = y > 1.0 - TAIL;
    let y = if upper { 1.0 - y } else { y };
    if y > TAIL {
        let y = y - 0.5;
        let y2 = y * y;
        let x = y + y * (y2 * polynomial(y2, &MIDDLE) / monic(y2, &MIDDLE_BELOW));
        return x * SQRT_2PI;
    }
    let x = (-2.0 * y.ln()).sqrt();
    let z = 1.0 / x;
    let (above, below) = if x < 8.0 { (&NEAR, &NEAR_BELOW) } else { (&FAR, &FAR_BELOW) };
    let x = x - x.ln() / x - z * polynomial(z, above) / monic(z, below);
    if upper { x } else { -x }
}

/// Coefficients from the highest power down.
fn polynomial(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(0.0, |sum, c| sum * x + c)
}

/// A polynomial whose highest coefficient, not listed, is 1.
fn monic(x: f64, coefficients: &[f64]) -> f64 {
    coefficients.iter().fold(1.0, |sum, c| sum * x + c)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From SciPy 1.17.
    const QUANTILES: [(f64, u64); 17] = [
        (0.5, 0x0000_0000_0000_0000),
        (0.3, 0xbfe0_c7e3_9582_c5fc),
        (0.7, 0x3fe0_c7e3_9582_c5fa),
        (0.135_335_283_236_612_7, 0xbff1_9fd3_0bc4_de02),
        (0.14, 0xbff1_48fc_eee0_958f),
        (0.87, 0x3ff2_05b2_b45b_9e5f),
        (0.05, 0xbffa_5152_0967_6abe),
        (0.95, 0x3ffa_5152_0967_6abb),
        (1e-05, 0xc011_0f3f_8843_a3d9),
        (0.99999, 0x4011_0f3f_8843_a851),
        (1e-07, 0xc014_cc1f_26b1_8706),
        (0.999_999_9, 0x4014_cc1f_26b3_3559),
        (1e-15, 0xc01f_c3f0_0778_966a),
        (1e-20, 0xc022_8651_70b4_3a4d),
        (1e-100, 0xc035_4601_0d75_5220),
        (1e-300, 0xc042_8607_4064_c26e),
        (0.999_999, 0x4013_0381_a979_85ef),
    ];

    #[test]
    fn quantiles_are_scipys() {
        for (y, bits) in QUANTILES {
            assert_eq!(ndtri(y).to_bits(), bits, "{y}: {} {}", ndtri(y), f64::from_bits(bits));
        }
    }

    #[test]
    fn the_ends_are_infinite() {
        assert_eq!(ndtri(0.0), f64::NEG_INFINITY);
        assert_eq!(ndtri(1.0), f64::INFINITY);
        assert!(ndtri(-0.1).is_nan() && ndtri(1.1).is_nan() && ndtri(f64::NAN).is_nan());
    }
}
