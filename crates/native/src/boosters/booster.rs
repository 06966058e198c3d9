//! [`Booster`]: an engine and a link, answering as the library that trained it.
//!
//! Must not know file formats.

use crate::boosters::{Link, Refused};
use crate::trees::{Choice, Ensemble, Forest, Rows, Scratch, rows::Values};

/// A checked model of a boosting library. Shared between threads freely.
pub struct Booster {
    scores: Scores,
    link: Link,
    n_features: usize,
    n_raw: usize,
    /// What raw scores are divided by before the link.
    divisor: Option<f64>,
    /// What the trees' sums become before they are raw scores.
    scaled: Option<Scaled>,
}

/// CatBoost's factor for all outputs, and what is then added to each.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scaled {
    pub(crate) scale: f64,
    pub(crate) bias: Vec<f64>,
}

/// What makes the raw scores.
pub enum Scores {
    /// Trees.
    Trees(Box<Forest>),
    /// A weighted sum of the features.
    Linear(Linear),
}

/// XGBoost's linear booster: sums in f32 in the order of the features, missing values left out.
#[derive(Clone, Debug, PartialEq)]
pub struct Linear {
    /// Where each output's sum starts.
    pub initial: Vec<f32>,
    /// By feature, one weight an output.
    pub weights: Vec<f32>,
}

impl Booster {
    /// A booster over trees.
    ///
    /// # Errors
    /// The trees are broken.
    #[allow(unexpected_cfgs, reason = "cargo fuzz sets it")]
    pub(crate) fn trees(ensemble: Ensemble, link: Link) -> Result<Self, Refused> {
        let (n_features, n_raw) = (ensemble.n_features, ensemble.n_outputs);
        // A fuzzer reads many models, and none of them long enough to be worth a measurement.
        let choice = if cfg!(fuzzing) { Choice::Estimated } else { Choice::Measured };
        let forest = Forest::with_choice(ensemble, choice)?;
        Ok(Self {
            scores: Scores::Trees(Box::new(forest)),
            link,
            n_features,
            n_raw,
            divisor: None,
            scaled: None,
        })
    }

    /// A linear booster; `weights` are `n_features` rows of one weight an output.
    pub(crate) fn linear(linear: Linear, link: Link, n_features: usize) -> Self {
        let n_raw = linear.initial.len();
        assert_eq!(linear.weights.len(), n_features * n_raw, "weights against features x outputs");
        Self {
            scores: Scores::Linear(linear),
            link,
            n_features,
            n_raw,
            divisor: None,
            scaled: None,
        }
    }

    /// The same with answers from averages: LightGBM's random forests, whose raw scores are sums.
    #[must_use]
    pub(crate) fn averaged_over(self, divisor: f64) -> Self {
        Self { divisor: Some(divisor), ..self }
    }

    /// The same with raw scores that are scaled sums.
    #[must_use]
    pub(crate) fn scaled(self, scaled: Scaled) -> Self {
        assert_eq!(scaled.bias.len(), self.n_raw, "biases against outputs");
        Self { scaled: Some(scaled), ..self }
    }

    /// The same with another link.
    #[must_use]
    pub(crate) fn linked(self, link: Link) -> Self {
        Self { link, ..self }
    }

    /// Features a row has.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    /// Raw scores a row gets.
    pub fn n_raw(&self) -> usize {
        self.n_raw
    }

    /// Answers a row gets.
    pub fn n_answers(&self) -> usize {
        self.link.n_answers(self.n_raw)
    }

    /// What turns raw scores into answers.
    pub fn link(&self) -> Link {
        self.link
    }

    /// What makes the raw scores.
    pub fn scores(&self) -> &Scores {
        &self.scores
    }

    /// Raw scores (margins) into `out`, [`Booster::n_raw`] values a row.
    ///
    /// # Panics
    /// The rows are not as wide as the model, or `out` does not fit them.
    pub fn predict_raw(&self, rows: Rows<'_>, out: &mut [f64], scratch: &mut Scratch) {
        match &self.scores {
            Scores::Trees(forest) => forest.predict(rows, out, scratch),
            Scores::Linear(linear) => {
                assert_eq!(rows.n_features(), self.n_features, "features given against wanted");
                assert_eq!(out.len(), rows.len() * self.n_raw, "values to write against rows");
                match rows.values() {
                    Values::F32(values) => linear.predict(values, |x| *x, out),
                    Values::F64(values) => linear.predict(values, |x| *x as f32, out),
                }
            }
        }
        if let Some(Scaled { scale, bias }) = &self.scaled {
            for out in out.chunks_exact_mut(self.n_raw) {
                for (out, bias) in out.iter_mut().zip(bias) {
                    *out = *out * scale + bias;
                }
            }
        }
    }

    /// Answers of raw scores, [`Booster::n_answers`] values a row. The raw scores are used up.
    ///
    /// # Panics
    /// The two are not for the same number of rows.
    pub fn answer(&self, raw: &mut [f64], answers: &mut [f64]) {
        let rows = raw.len() / self.n_raw;
        assert_eq!(answers.len(), rows * self.n_answers(), "answers against rows");
        if let Some(divisor) = self.divisor {
            raw.iter_mut().for_each(|score| *score /= divisor);
        }
        self.link.apply(raw, self.n_raw, answers);
    }
}

impl Linear {
    fn predict<T>(&self, values: &[T], f32_of: impl Fn(&T) -> f32, out: &mut [f64]) {
        let n_raw = self.initial.len();
        let n_features = self.weights.len() / n_raw;
        for (r, out) in out.chunks_exact_mut(n_raw).enumerate() {
            let row = &values[r * n_features..][..n_features];
            for (k, out) in out.iter_mut().enumerate() {
                let mut sum = self.initial[k];
                for (x, weights) in row.iter().zip(self.weights.chunks_exact(n_raw)) {
                    let x = f32_of(x);
                    if !x.is_nan() {
                        sum += x * weights[k];
                    }
                }
                *out = f64::from(sum);
            }
        }
    }
}
