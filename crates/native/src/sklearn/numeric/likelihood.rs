//! The logarithm of a row's likelihood under the normal distribution that a `PCA` or a `FactorAnalysis` stands for.
//!
//! Source: `score_samples` and `get_precision` of `sklearn.decomposition.PCA` and `FactorAnalysis` (1.2 to 1.9). The
//! inverse is LAPACK's there, so Python varies in the last bits.

use std::sync::OnceLock;

use super::dense::wide;
use crate::data::{Data, Finite, Pool};
use crate::estimator::{Block, Rejected};
use crate::math::{Affine, Lu, Rows, pairwise_sum_of};
use crate::reader::{Fitted, Refusal};

/// Features up to which the distribution's matrix is made; of more it would take gigabytes.
const MOST_FEATURES: usize = 8192;

/// What the distribution is made of; made when it is first asked for, as few models are.
pub(super) struct Likelihood {
    features: usize,
    mean: Vec<f64>,
    /// One row a direction, whitened ones as they were.
    components: Vec<f64>,
    /// Variance of each direction beyond the noise's.
    variances: Vec<f64>,
    /// Variance of each feature's noise.
    noise: Vec<f64>,
    made: OnceLock<Made>,
}

struct Made {
    precision: Affine<f64>,
    constant: f64,
}

impl Likelihood {
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let (mut components, count, features) = fitted.matrix("components_")?;
        let mean = fitted.numbers("mean_")?;
        let explained = fitted.numbers("explained_variance_")?;
        let noise = fitted.number("noise_variance_")?;
        if features == 0 || mean.len() != features || explained.len() != count {
            return Err(fitted.refuse("the components, variances and the mean do not fit together"));
        }
        if fitted.flag("whiten", false)? {
            for (component, variance) in components.chunks_exact_mut(features).zip(&explained) {
                component.iter_mut().for_each(|value| *value *= variance.sqrt());
            }
        }
        let variances = explained.iter().map(|variance| (variance - noise).max(0.0)).collect();
        let noise = vec![noise; features];
        Ok(Self { features, mean, components, variances, noise, made: OnceLock::new() })
    }

    /// That of a `FactorAnalysis`: factors of variance 1, noise of each feature's own.
    pub(super) fn of_factors(mean: Vec<f64>, components: Vec<f64>, noise: Vec<f64>) -> Self {
        let features = mean.len();
        let variances = vec![1.0; components.len() / features];
        Self { features, mean, components, variances, noise, made: OnceLock::new() }
    }

    fn make(&self) -> Made {
        let precision = self.precision();
        let constant = self.features as f64 * (2.0 * std::f64::consts::PI).ln()
            - Lu::new(self.features, precision.clone()).log_determinant();
        let n = self.features;
        Made { precision: Affine::new(n, vec![0.0; n], |i, j| precision[i * n + j]), constant }
    }

    fn precision(&self) -> Vec<f64> {
        let (n, count) = (self.features, self.variances.len());
        let row = |k: usize| &self.components[k * n..(k + 1) * n];
        if count > 0 && self.noise.iter().all(|noise| *noise == 0.0) {
            let mut covariance = vec![0.0; n * n];
            for (k, variance) in self.variances.iter().enumerate() {
                add_outer(&mut covariance, row(k), row(k), *variance);
            }
            return Lu::new(n, covariance).inverse();
        }
        let mut precision = vec![0.0; n * n];
        if count > 0 {
            let mut inner = vec![0.0; count * count];
            for a in 0..count {
                for b in 0..count {
                    let products = row(a).iter().zip(row(b)).zip(&self.noise);
                    inner[a * count + b] = products.map(|((a, b), noise)| a * b / noise).sum();
                }
                inner[a * count + a] += 1.0 / self.variances[a];
            }
            let inner = Lu::new(count, inner).inverse();
            let over_noise = |values: &[f64]| -> Vec<f64> {
                values.iter().zip(&self.noise).map(|(value, noise)| value / noise).collect()
            };
            for a in 0..count {
                let mut sum = vec![0.0; n];
                for b in 0..count {
                    sum.iter_mut().zip(row(b)).for_each(|(s, c)| *s += inner[a * count + b] * c);
                }
                add_outer(&mut precision, &over_noise(row(a)), &over_noise(&sum), -1.0);
            }
        }
        for (i, noise) in self.noise.iter().enumerate() {
            precision[i * n + i] += 1.0 / noise;
        }
        precision
    }

    /// Of each row; `single` says that Python reckons in f32.
    pub(super) fn scores(
        &self,
        x: &Data<'_>,
        single: bool,
        pool: &mut Pool,
    ) -> Result<Block, Rejected> {
        if self.features > MOST_FEATURES {
            return Err(Rejected::new(format!(
                "score_samples of {} features is more than {MOST_FEATURES}",
                self.features
            )));
        }
        let made = self.made.get_or_init(|| self.make());
        if !made.constant.is_finite() {
            return Err(Rejected::new("the covariance matrix of the model is singular"));
        }
        wide(x, Finite::Only, pool, |x, pool| {
            let (mut centred, mut product) =
                (pool.take_f64(self.features), pool.take_f64(self.features));
            let mut out = pool.take_f64(x.rows());
            for (row, out) in x.iter().zip(&mut out) {
                for ((to, value), mean) in centred.iter_mut().zip(row).zip(&self.mean) {
                    *to = value - mean;
                }
                made.precision.apply(Rows::new(&centred, 1), &mut product);
                let sum = pairwise_sum_of(0, self.features, &|i| centred[i] * product[i]);
                *out = -0.5 * sum - 0.5 * made.constant;
            }
            pool.give_f64(centred);
            pool.give_f64(product);
            if !single {
                return Ok(Block::F64(out));
            }
            let mut narrow = pool.take_f32(out.len());
            narrow.iter_mut().zip(&out).for_each(|(to, value)| *to = *value as f32);
            pool.give_f64(out);
            Ok(Block::F32(narrow))
        })
    }
}

/// matrix += factor * a * b^T.
fn add_outer(matrix: &mut [f64], a: &[f64], b: &[f64], factor: f64) {
    for (row, a) in matrix.chunks_exact_mut(b.len()).zip(a) {
        row.iter_mut().zip(b).for_each(|(value, b)| *value += factor * a * b);
    }
}
