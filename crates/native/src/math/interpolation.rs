//! `numpy.interp` of one value. Must not know what the curve is.

/// The value of a curve through points with ascending `x` (NumPy 2.4, `arr_interp`); outside, that
/// of the nearest end. NaN stays.
///
/// # Panics
/// There is no point, or not one `y` a point.
pub(crate) fn interpolate(value: f64, x: &[f64], y: &[f64]) -> f64 {
    assert!(!x.is_empty() && x.len() == y.len(), "points of a curve");
    if value.is_nan() {
        return value;
    }
    let last = x.len() - 1;
    if value > x[last] {
        return y[last];
    }
    if value < x[0] {
        return y[0];
    }
    let below = x.partition_point(|known| *known <= value).saturating_sub(1);
    if below == last {
        return y[last];
    }
    if x[below] == value {
        return y[below];
    }
    let slope = (y[below + 1] - y[below]) / (x[below + 1] - x[below]);
    let result = slope * (value - x[below]) + y[below];
    if !result.is_nan() {
        return result;
    }
    // NumPy tries from the other side.
    let result = slope * (value - x[below + 1]) + y[below + 1];
    if result.is_nan() && y[below] == y[below + 1] { y[below] } else { result }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_points_and_steps() {
        let (x, y) = ([0.0, 1.0, 1.0, 3.0], [5.0, 6.0, 7.0, 11.0]);
        for (value, expected) in
            [(-1.0, 5.0), (0.0, 5.0), (0.5, 5.5), (1.0, 7.0), (2.0, 9.0), (3.0, 11.0), (9.0, 11.0)]
        {
            assert_eq!(interpolate(value, &x, &y), expected, "at {value}");
        }
        assert!(interpolate(f64::NAN, &x, &y).is_nan());
        assert_eq!(interpolate(2.0, &[1.0], &[4.0]), 4.0);
    }
}
