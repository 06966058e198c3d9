//! `FactorAnalysis`: the mean of a row's factors, and how usual the row is.
//!
//! Source: `sklearn.decomposition.FactorAnalysis.transform` (1.2 to 1.9): the row less the mean, projected on the components
//! over the noise, then on the factors' covariance. All of it is in f64, whatever the rows are. The products are BLAS's
//! and the inverse LAPACK's, so Python varies in the last bits.

use super::super::transforms::transformed;
use super::dense::{Products, centred};
use super::likelihood::Likelihood;
use crate::data::{Data, Form, Pool, Slot};
use crate::estimator::{
    Answers, Estimator, Method, Methods, Output, Promise, Rejected, Shape, Transformer,
};
use crate::math::{Affine, Lu, Rows};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "FactorAnalysis", read)];

/// Products up to which the covariance of factors is made: some seconds.
const MOST_PRODUCTS: usize = 1 << 32;

struct Factors {
    mean: Vec<f64>,
    /// The components over the noise.
    weighed: Products,
    covariance: Affine<f64>,
    likelihood: Likelihood,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (components, count, features) = fitted.matrix("components_")?;
    let (mean, noise) = (fitted.numbers("mean_")?, fitted.numbers("noise_variance_")?);
    if features == 0 || mean.len() != features || noise.len() != features {
        return Err(fitted.refuse("the components, the noise and the mean do not fit together"));
    }
    let products = count.saturating_mul(count).saturating_mul(features);
    if count == 0 || products > MOST_PRODUCTS {
        return Err(fitted.refuse_option(format!("{count} factors of {features} columns")));
    }
    let over_noise = components.iter().enumerate().map(|(at, one)| one / noise[at % features]);
    let over_noise: Vec<f64> = over_noise.collect();
    let mut inner = vec![0.0; count * count];
    for a in 0..count {
        let weighed = &over_noise[a * features..(a + 1) * features];
        for b in 0..count {
            let row = &components[b * features..(b + 1) * features];
            let sum: f64 = weighed.iter().zip(row).map(|(weighed, value)| weighed * value).sum();
            inner[a * count + b] = sum + f64::from(u8::from(a == b));
        }
    }
    let inverse = Lu::new(count, inner).inverse();
    Ok(Box::new(Factors {
        weighed: Products::new(false, features, &vec![0.0; count], |i, k| {
            over_noise[k * features + i]
        }),
        covariance: Affine::new(count, vec![0.0; count], |i, j| inverse[i * count + j]),
        likelihood: Likelihood::of_factors(mean.clone(), components, noise),
        mean,
    }))
}

impl Transformer for Factors {
    fn width(&self) -> usize {
        self.weighed.outputs()
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let count = self.width();
        centred(x, Form::F64, &self.mean, pool, |x, pool| {
            let products = self.weighed.apply_wide(x, pool)?;
            let mut values = pool.take_f64(products.len());
            self.covariance.apply(Rows::new(&products, x.rows()), &mut values);
            for (row, values) in values.chunks_exact(count).enumerate() {
                values.iter().enumerate().for_each(|(at, value)| out.set(row, at, *value));
            }
            pool.give_f64(products);
            pool.give_f64(values);
            Ok(())
        })
    }
}

impl Estimator for Factors {
    fn outputs(&self) -> Vec<Output> {
        vec![
            Output::new(Method::ScoreSamples, Shape::Vector),
            Output::new(Method::Transform, Shape::Matrix(self.width())),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.mean.len())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::ScoreSamples) {
            answers.score_samples = Some(self.likelihood.scores(x, false, pool)?);
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(self, x, pool)?);
        }
        Ok(())
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(self)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
