//! [`Basis`]: splines of a degree over knots, and their values and slopes. Must not know what lies beyond
//! the knots.
//!
//! Source: the recurrences of de Boor; `scipy.interpolate._bspl` for the order of operations.

pub(super) struct Basis {
    knots: Vec<f64>,
    degree: usize,
    /// One row of `width` factors a spline of the knots.
    factors: Vec<f64>,
    width: usize,
    /// How many splines the knots have.
    count: usize,
    /// Whether the outermost pieces go on beyond the knots.
    goes_on: bool,
}

impl Basis {
    /// `splines` rows of `width` factors; `None` where the parts do not fit.
    pub(super) fn new(
        knots: Vec<f64>,
        degree: usize,
        factors: Vec<f64>,
        splines: usize,
        width: usize,
        goes_on: bool,
    ) -> Option<Self> {
        let count = knots.len().checked_sub(degree + 1)?;
        let rising = knots.windows(2).all(|pair| pair[0] <= pair[1]);
        let fits = count > degree && splines >= count && factors.len() == splines * width;
        (rising && fits && width > 0).then_some(Self {
            knots,
            degree,
            factors,
            width,
            count,
            goes_on,
        })
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn knots(&self) -> &[f64] {
        &self.knots
    }

    /// Whether the splines have a value at `x`.
    pub(super) fn has(&self, x: f64) -> bool {
        self.interval(x).is_some()
    }

    /// `x` moved into the base interval by whole periods, every number rounded on the way.
    pub(super) fn wrapped(&self, x: f64, round: impl Fn(f64) -> f64) -> f64 {
        let (first, last) = (self.knots[self.degree], self.knots[self.count]);
        let (first, period) = (round(first), round(last - first));
        if period <= 0.0 {
            return 0.0;
        }
        // Python's remainder: of the divisor's sign.
        let rest = round(x - first) % period;
        let rest = if rest < 0.0 { round(rest + period) } else { rest };
        round(first + rest)
    }

    /// The values at `x`; NaN where there are none.
    pub(super) fn values(&self, x: f64, out: &mut [f64]) {
        self.evaluate(x, 0, out);
    }

    /// The slopes at `x`; NaN where there are none.
    pub(super) fn slopes(&self, x: f64, out: &mut [f64]) {
        self.evaluate(x, 1.min(self.degree), out);
        if self.degree == 0 && self.has(x) {
            out.fill(0.0);
        }
    }

    fn evaluate(&self, x: f64, derivatives: usize, out: &mut [f64]) {
        let Some(interval) = self.interval(x) else { return out.fill(f64::NAN) };
        let pieces = self.pieces(x, interval, derivatives);
        out.fill(0.0);
        for (a, piece) in pieces[..=self.degree].iter().enumerate() {
            let row = interval - self.degree + a;
            let factors = &self.factors[row * self.width..][..self.width];
            out.iter_mut().zip(factors).for_each(|(out, factor)| *out += factor * piece);
        }
    }

    /// The knot before `x`: the last one that has an interval, for the end of all.
    fn interval(&self, x: f64) -> Option<usize> {
        let (first, last) = (self.knots[self.degree], self.knots[self.count]);
        let within = first <= x && x <= last;
        if x.is_nan() || !(self.goes_on || within) {
            return None;
        }
        let inner = &self.knots[self.degree + 1..self.count];
        Some(self.degree + inner.partition_point(|knot| *knot <= x))
    }

    /// The splines that are not zero at `x`, raised from degree 0 step by step; the last steps are those
    /// of derivatives.
    fn pieces(&self, x: f64, interval: usize, derivatives: usize) -> [f64; 65] {
        let (mut now, mut before) = ([0.0; 65], [0.0; 65]);
        now[0] = 1.0;
        for degree in 1..=self.degree {
            before[..degree].copy_from_slice(&now[..degree]);
            now[0] = 0.0;
            let derives = degree > self.degree - derivatives;
            for n in 1..=degree {
                let (right, left) = (self.knots[interval + n], self.knots[interval + n - degree]);
                if right == left {
                    now[n] = 0.0;
                    continue;
                }
                if derives {
                    let part = degree as f64 * before[n - 1] / (right - left);
                    now[n - 1] -= part;
                    now[n] = part;
                } else {
                    let part = before[n - 1] / (right - left);
                    now[n - 1] += part * (right - x);
                    now[n] = part * (x - left);
                }
            }
        }
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four splines of degree 1 over five equal intervals.
    fn hats(goes_on: bool) -> Basis {
        let factors = (0..16).map(|i| f64::from(u8::from(i % 5 == 0))).collect();
        let knots = vec![-1.0, 0.0, 1.0, 2.0, 3.0, 4.0];
        Basis::new(knots, 1, factors, 4, 4, goes_on).expect("a basis")
    }

    #[test]
    fn hats_add_up_to_one_and_rise_by_one() {
        let (basis, mut out) = (hats(false), [0.0; 4]);
        for (x, expected) in [
            (0.0, [1.0, 0.0, 0.0, 0.0]),
            (0.25, [0.75, 0.25, 0.0, 0.0]),
            (2.5, [0.0, 0.0, 0.5, 0.5]),
            (3.0, [0.0, 0.0, 0.0, 1.0]),
        ] {
            basis.values(x, &mut out);
            assert_eq!(out, expected, "at {x}");
        }
        basis.slopes(0.25, &mut out);
        assert_eq!(out, [-1.0, 1.0, 0.0, 0.0]);
    }

    #[test]
    fn beyond_the_knots_there_is_nothing_unless_it_goes_on() {
        let mut out = [0.0; 4];
        hats(false).values(3.5, &mut out);
        assert!(out.iter().all(|value| value.is_nan()));
        hats(true).values(3.5, &mut out);
        assert_eq!(out, [0.0, 0.0, -0.5, 1.5]);
        assert_eq!(hats(true).wrapped(-0.5, |x| x), 2.5);
        assert!(hats(true).wrapped(f64::NAN, |x| x).is_nan());
    }

    #[test]
    fn parts_that_do_not_fit_make_no_basis() {
        assert!(Basis::new(vec![0.0, 1.0], 1, vec![], 0, 1, false).is_none());
        assert!(Basis::new(vec![1.0, 0.0, 2.0, 3.0], 1, vec![1.0; 4], 2, 2, false).is_none());
    }
}
