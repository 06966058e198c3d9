//! `GaussianMixture` and `BayesianGaussianMixture`: how likely each component made a row.
//!
//! Source: `sklearn.mixture` (0.24 to 1.9), `_estimate_log_gaussian_prob`. The products are BLAS's, so
//! Python varies in the last bits.

use super::dense::{best, wide};
use crate::data::{Data, Finite, Form, Labels, Pool, View};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Promise, Rejected, Shape,
};
use crate::math::{Affine, Rows, digamma, logsumexp, pairwise_sum};
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers = &[
    ("sklearn", "GaussianMixture", read_plain),
    ("sklearn", "BayesianGaussianMixture", read_bayesian),
];

struct Mixture {
    features: usize,
    distances: Distances,
    /// By component: half the logarithm of the precision's determinant.
    log_determinants: Vec<f64>,
    /// By component: what is added to the logarithm of its density, its weight's among it.
    log_weights: Vec<(f64, f64)>,
    labels: [Labels; 1],
    /// Whether squared distances of f32 rows are kept in f32.
    keeps_single: bool,
}

/// The squared distances of a row to the components, by their covariances.
enum Distances {
    /// Each component's products, or one for all, and the product of its mean.
    Rotated(Vec<Affine<f64>>, Vec<Vec<f64>>),
    /// -2 x m p, x^2 p, and m^2 p.
    Diagonal(Affine<f64>, Affine<f64>, Vec<f64>),
    /// x m, and m^2 p and p.
    Spherical(Affine<f64>, Vec<f64>, Vec<f64>),
}

fn read_plain(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let weights = fitted.numbers("weights_")?;
    read(fitted, weights.iter().map(|weight| (0.0, weight.ln())).collect())
}

fn read_bayesian(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let features = fitted.matrix("means_")?.2 as f64;
    let precision = fitted.numbers("mean_precision_")?;
    let mut freedom = fitted.numbers("degrees_of_freedom_")?;
    if freedom.len() == 1 {
        freedom.resize(precision.len(), freedom[0]);
    }
    let weights = match fitted.text("weight_concentration_prior_type")? {
        "dirichlet_process" => {
            let both = fitted.attr("weight_concentration_")?;
            let part = |at| {
                let part = both.item(at).map_err(|error| fitted.refuse(error))?;
                fitted.numbers_of("weight_concentration_", part)
            };
            stick_breaking(&part(0)?, &part(1)?)
        }
        "dirichlet_distribution" => {
            let all = fitted.numbers("weight_concentration_")?;
            let whole = digamma(pairwise_sum(&all));
            all.iter().map(|weight| digamma(*weight) - whole).collect()
        }
        other => {
            return Err(fitted.refuse_option(format!("weight_concentration_prior_type='{other}'")));
        }
    };
    if freedom.len() != weights.len() || precision.len() != weights.len() || features > 1e6 {
        return Err(fitted.refuse("its attributes are of different numbers of components"));
    }
    let shifts =
        freedom.iter().zip(&precision).zip(weights).map(|((freedom, precision), weight)| {
            let halves = (0..features as usize).map(|i| digamma(0.5 * (freedom - i as f64)));
            let log_lambda = features * 2.0_f64.ln() + halves.sum::<f64>();
            let shift = 0.5 * (log_lambda - features / precision) - 0.5 * features * freedom.ln();
            (shift, weight)
        });
    read(fitted, shifts.collect())
}

/// The expected logarithms of weights that are parts of what those before have left.
fn stick_breaking(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut left = 0.0;
    let each = a.iter().zip(b).map(|(a, b)| {
        let whole = digamma(a + b);
        let weight = digamma(*a) - whole + left;
        left += digamma(*b) - whole;
        weight
    });
    each.collect()
}

fn read(fitted: &Fitted<'_>, log_weights: Vec<(f64, f64)>) -> Result<Box<dyn Estimator>, Refusal> {
    let (means, count, features) = fitted.matrix("means_")?;
    if fitted.is_single("means_") {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    let kind = fitted.text("covariance_type")?;
    let factors = fitted.numbers("precisions_cholesky_")?;
    let square = features.checked_mul(features);
    let wanted = match kind {
        "full" => square.and_then(|square| count.checked_mul(square)),
        "tied" => square,
        "diag" => count.checked_mul(features),
        "spherical" => Some(count),
        other => return Err(fitted.refuse_option(format!("covariance_type='{other}'"))),
    };
    if count == 0 || features == 0 || wanted != Some(factors.len()) || log_weights.len() != count {
        return Err(fitted.refuse("its means, precisions and weights do not fit together"));
    }
    let (distances, log_determinants) = read_distances(kind, &means, count, features, &factors);
    Ok(Box::new(Mixture {
        features,
        distances,
        log_determinants,
        log_weights,
        labels: [Labels::integers(0..count as i64)],
        keeps_single: fitted.version() >= Version(1, 7),
    }))
}

fn read_distances(
    kind: &str,
    means: &[f64],
    count: usize,
    features: usize,
    factors: &[f64],
) -> (Distances, Vec<f64>) {
    let mean = |j: usize, i: usize| means[j * features + i];
    match kind {
        "full" | "tied" => {
            let square = features * features;
            let factor =
                |j: usize| &factors[if kind == "full" { j * square } else { 0 }..][..square];
            let products = |j: usize| {
                let factor = factor(j);
                Affine::new(features, vec![0.0; features], move |i, to| factor[i * features + to])
            };
            let parts = if kind == "full" { count } else { 1 };
            let rotations: Vec<_> = (0..parts).map(products).collect();
            let rotated = |j: usize| {
                let mut out = vec![0.0; features];
                rotations[j.min(parts - 1)]
                    .apply(Rows::new(&means[j * features..][..features], 1), &mut out);
                out
            };
            let centres = (0..count).map(rotated).collect();
            let log_determinant =
                |j| (0..features).map(|i| factor(j)[i * features + i].ln()).sum::<f64>();
            (Distances::Rotated(rotations, centres), (0..count).map(log_determinant).collect())
        }
        "diag" => {
            let precision =
                |j: usize, i: usize| factors[j * features + i] * factors[j * features + i];
            let zeros = vec![0.0; count];
            let cross = Affine::new(features, zeros.clone(), |i, j| mean(j, i) * precision(j, i));
            let squares = Affine::new(features, zeros, |i, j| precision(j, i));
            let own = |j| (0..features).map(|i| mean(j, i) * mean(j, i) * precision(j, i)).sum();
            let log_determinant = |j: usize| {
                factors[j * features..][..features].iter().map(|factor| factor.ln()).sum::<f64>()
            };
            let own = (0..count).map(own).collect();
            let determinants = (0..count).map(log_determinant).collect();
            (Distances::Diagonal(cross, squares, own), determinants)
        }
        _ => {
            let products = Affine::new(features, vec![0.0; count], |i, j| mean(j, i));
            let precisions: Vec<f64> = factors.iter().map(|factor| factor * factor).collect();
            let own = |j: usize| {
                (0..features).map(|i| mean(j, i) * mean(j, i)).sum::<f64>() * precisions[j]
            };
            let own = (0..count).map(own).collect();
            let determinants = factors.iter().map(|factor| features as f64 * factor.ln()).collect();
            (Distances::Spherical(products, own, precisions), determinants)
        }
    }
}

impl Mixture {
    fn count(&self) -> usize {
        self.log_weights.len()
    }

    /// The logarithms of density times weight, row by row.
    fn scores(&self, x: View<'_, f64>, single: bool, pool: &mut Pool) -> Vec<f64> {
        let count = self.count();
        let mut out = pool.take_f64(x.rows() * count);
        let (mut room, mut squares) =
            (pool.take_f64(count.max(self.features)), pool.take_f64(self.features));
        let constant = self.features as f64 * (2.0 * std::f64::consts::PI).ln();
        for (row, out) in x.iter().zip(out.chunks_exact_mut(count)) {
            for (square, value) in squares.iter_mut().zip(row) {
                *square = value * value;
                if single {
                    *square = f64::from(*square as f32);
                }
            }
            self.distances.of(row, &squares, &mut room, out);
            for (j, out) in out.iter_mut().enumerate() {
                if single && self.keeps_single {
                    *out = f64::from(*out as f32);
                }
                let density = -0.5 * (constant + *out) + self.log_determinants[j];
                let (shift, weight) = self.log_weights[j];
                *out = (density + shift) + weight;
            }
        }
        pool.give_f64(room);
        pool.give_f64(squares);
        out
    }
}

impl Distances {
    fn of(&self, row: &[f64], squares: &[f64], room: &mut [f64], out: &mut [f64]) {
        let (row, count) = (Rows::new(row, 1), out.len());
        match self {
            Self::Rotated(rotations, centres) => {
                let room = &mut room[..squares.len()];
                for (j, (out, centre)) in out.iter_mut().zip(centres).enumerate() {
                    if let Some(rotation) = rotations.get(j) {
                        rotation.apply(row, room);
                    }
                    *out = room.iter().zip(centre).map(|(x, m)| (x - m) * (x - m)).sum();
                }
            }
            Self::Diagonal(cross, by_square, own) => {
                cross.apply(row, out);
                by_square.apply(Rows::new(squares, 1), &mut room[..count]);
                for ((out, square), own) in out.iter_mut().zip(&*room).zip(own) {
                    *out = (own - 2.0 * *out) + square;
                }
            }
            Self::Spherical(products, own, precisions) => {
                products.apply(row, out);
                let norm: f64 = squares.iter().sum();
                for ((out, own), precision) in out.iter_mut().zip(own).zip(precisions) {
                    *out = (own - 2.0 * (*out * precision)) + norm * precision;
                }
            }
        }
    }
}

impl Estimator for Mixture {
    fn outputs(&self) -> Vec<Output> {
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(self.count())),
            Output::new(Method::ScoreSamples, Shape::Vector),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let single = x.form().numeric() == Form::F32;
        let mut scores = wide(x, Finite::Only, pool, |x, pool| Ok(self.scores(x, single, pool)))?;
        if asked.has(Method::Predict) {
            answers.predict = Some(best(&scores, self.count(), pool));
        }
        if asked.has(Method::ScoreSamples) {
            let mut sums = pool.take_f64(x.rows());
            for (sum, scores) in sums.iter_mut().zip(scores.chunks_exact(self.count())) {
                *sum = logsumexp(scores);
            }
            answers.score_samples = Some(Block::F64(sums));
        }
        if asked.has(Method::PredictProba) {
            for scores in scores.chunks_exact_mut(self.count()) {
                let sum = logsumexp(scores);
                scores.iter_mut().for_each(|score| *score = (*score - sum).exp());
            }
            answers.predict_proba = Some(Block::F64(scores));
        } else {
            pool.give_f64(scores);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn classes(&self) -> Option<&Labels> {
        None
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
