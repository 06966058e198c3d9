//! `GaussianNB`, `MultinomialNB`, `ComplementNB`, `BernoulliNB` and `CategoricalNB`.
//!
//! Source: `sklearn.naive_bayes` (1.2 to 1.9). The class with the greatest joint logarithm is answered;
//! probabilities are exp(joint - logsumexp(joint)). Gaussian's sums are NumPy's own and equal it but
//! for NumPy's exp and log; the products of the others are BLAS's or SciPy's.

use crate::data::{
    Data, Finite, Form, Labels, Numbers, Pool, Real, check_finite, numeric, rounded,
};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Promise, Rejected, Shape,
};
use crate::math::{self, Functions, logsumexp, pairwise_sum, pairwise_sum_of};
use crate::reader::{Fitted, Readers, Refusal};
use pelton_pickle::Value;

use super::dense::{Products, best, wide};

pub(super) const READERS: Readers = &[
    ("sklearn", "GaussianNB", |fitted| read(fitted, gaussian)),
    ("sklearn", "MultinomialNB", |fitted| read(fitted, multinomial)),
    ("sklearn", "ComplementNB", |fitted| read(fitted, complement)),
    ("sklearn", "BernoulliNB", |fitted| read(fitted, bernoulli)),
    ("sklearn", "CategoricalNB", |fitted| read(fitted, categorical)),
];

struct NaiveBayes {
    features: usize,
    kind: Kind,
    labels: [Labels; 1],
}

enum Kind {
    Gaussian {
        wide: Vec<Normal<f64>>,
        single: Option<Vec<Normal<f32>>>,
    },
    /// Products with the features' logarithms; `threshold` makes the features 0 or 1 first.
    Discrete {
        products: Box<Products>,
        threshold: Option<f64>,
    },
    /// For each feature a row of logarithms a class.
    Categorical(Vec<Categories>),
}

/// A class's normal distribution of each feature.
struct Normal<T> {
    means: Vec<T>,
    variances: Vec<T>,
    /// What does not depend on the row: the prior's logarithm, and the distribution's.
    log_prior: T,
    log_scale: T,
}

struct Categories {
    count: usize,
    /// One row a class, the prior's logarithm added to the last feature's sum.
    logs: Vec<f64>,
    log_priors: Vec<f64>,
}

/// Reads what is particular to a class, and the number of features, given that of the classes.
type ReadKind = fn(&Fitted<'_>, usize) -> Result<(Kind, usize), Refusal>;

fn read(fitted: &Fitted<'_>, kind: ReadKind) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    if labels.is_empty() {
        return Err(fitted.refuse("there is no class"));
    }
    let (kind, features) = kind(fitted, labels.len())?;
    Ok(Box::new(NaiveBayes { features, kind, labels: [labels] }))
}

fn gaussian(fitted: &Fitted<'_>, classes: usize) -> Result<(Kind, usize), Refusal> {
    let (means, count, features) = fitted.matrix("theta_")?;
    // Until 0.24 the variances were called sigma_.
    let name = if fitted.option("var_").is_some() { "var_" } else { "sigma_" };
    let (variances, _, _) = fitted.matrix(name)?;
    let priors = fitted.numbers("class_prior_")?;
    if count != classes || variances.len() != means.len() || priors.len() != count || features == 0
    {
        return Err(fitted.refuse("its attributes are of different sizes"));
    }
    let class = |j: usize| {
        let range = j * features..(j + 1) * features;
        (&means[range.clone()], &variances[range], priors[j])
    };
    let single = fitted.is_single("theta_");
    let narrow: Vec<Normal<f32>> = (0..count)
        .map(|j| {
            let (means, variances, prior) = class(j);
            Normal::new(means, variances, prior, |value| value as f32)
        })
        .collect();
    let mut wide: Vec<Normal<f64>> = (0..count)
        .map(|j| {
            let (means, variances, prior) = class(j);
            Normal::new(means, variances, prior, |value| value)
        })
        .collect();
    if single {
        // NumPy reckons the constants in the type of the variances and of the priors.
        for (wide, narrow) in wide.iter_mut().zip(&narrow) {
            wide.log_scale = f64::from(narrow.log_scale);
            if fitted.is_single("class_prior_") {
                wide.log_prior = f64::from(narrow.log_prior);
            }
        }
    }
    Ok((Kind::Gaussian { wide, single: single.then_some(narrow) }, features))
}

impl<T: math::Real + Functions> Normal<T> {
    fn new(means: &[f64], variances: &[f64], prior: f64, real: impl Fn(f64) -> T) -> Self {
        let round = |values: &[f64]| values.iter().map(|value| real(*value)).collect::<Vec<T>>();
        let (means, variances) = (round(means), round(variances));
        let two_pi = real(2.0 * std::f64::consts::PI);
        let logs: Vec<T> = variances.iter().map(|v| Functions::ln(two_pi.mul(*v))).collect();
        let log_scale = real(-0.5).mul(pairwise_sum(&logs));
        Self { means, variances, log_prior: Functions::ln(real(prior)), log_scale }
    }

    fn score(&self, row: &[T], half: T) -> T {
        let sum = pairwise_sum_of(0, row.len(), &|i| {
            let difference = row[i].sub(self.means[i]);
            math::Real::div(difference.mul(difference), self.variances[i])
        });
        self.log_prior.add(self.log_scale.sub(half.mul(sum)))
    }
}

fn multinomial(fitted: &Fitted<'_>, classes: usize) -> Result<(Kind, usize), Refusal> {
    let (logs, features) = feature_logs(fitted, classes)?;
    let priors = priors(fitted, classes)?;
    Ok((discrete(features, &priors, None, |i, j| logs[j * features + i]), features))
}

fn complement(fitted: &Fitted<'_>, classes: usize) -> Result<(Kind, usize), Refusal> {
    let (logs, features) = feature_logs(fitted, classes)?;
    let shifts = if classes == 1 { priors(fitted, classes)? } else { vec![0.0; classes] };
    Ok((discrete(features, &shifts, None, |i, j| logs[j * features + i]), features))
}

fn bernoulli(fitted: &Fitted<'_>, classes: usize) -> Result<(Kind, usize), Refusal> {
    let (logs, features) = feature_logs(fitted, classes)?;
    let absent: Vec<f64> = logs.iter().map(|log| (1.0 - log.exp()).ln()).collect();
    let mut shifts = priors(fitted, classes)?;
    for (shift, absent) in shifts.iter_mut().zip(absent.chunks_exact(features)) {
        *shift += pairwise_sum(absent);
    }
    let threshold = fitted.option("binarize").and_then(Value::as_f64);
    let weight = |i: usize, j: usize| logs[j * features + i] - absent[j * features + i];
    Ok((discrete(features, &shifts, threshold, weight), features))
}

fn feature_logs(fitted: &Fitted<'_>, classes: usize) -> Result<(Vec<f64>, usize), Refusal> {
    let (logs, count, features) = fitted.matrix("feature_log_prob_")?;
    if count != classes || features == 0 {
        return Err(fitted.refuse("its logarithms are of another number of classes"));
    }
    Ok((logs, features))
}

fn priors(fitted: &Fitted<'_>, classes: usize) -> Result<Vec<f64>, Refusal> {
    let priors = fitted.numbers("class_log_prior_")?;
    if priors.len() != classes {
        return Err(fitted.refuse("its priors are of another number of classes"));
    }
    Ok(priors)
}

fn discrete(
    features: usize,
    shifts: &[f64],
    threshold: Option<f64>,
    weight: impl Fn(usize, usize) -> f64,
) -> Kind {
    let products = Box::new(Products::new(false, features, shifts, weight));
    Kind::Discrete { products, threshold }
}

fn categorical(fitted: &Fitted<'_>, classes: usize) -> Result<(Kind, usize), Refusal> {
    let value = fitted.attr("feature_log_prob_")?;
    let items = value.items().map_err(|error| fitted.refuse(error))?;
    let mut features = Vec::new();
    for item in items {
        let shape =
            fitted.wanted("feature_log_prob_", item.as_array(), "a list of matrices")?.shape();
        let &[rows, count] = shape else {
            return Err(fitted.refuse("the logarithms of a feature are no matrix"));
        };
        if rows != classes || count == 0 {
            return Err(fitted.refuse("its logarithms are of another number of classes"));
        }
        let logs = fitted.numbers_of("feature_log_prob_", item)?;
        features.push(Categories { count, logs, log_priors: Vec::new() });
    }
    let Some(last) = features.last_mut() else {
        return Err(fitted.refuse("there is no feature"));
    };
    last.log_priors = priors(fitted, classes)?;
    let count = features.len();
    Ok((Kind::Categorical(features), count))
}

impl NaiveBayes {
    /// The joint logarithm of each row and class.
    fn joint(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Block, Rejected> {
        let classes = self.labels[0].len();
        match &self.kind {
            Kind::Gaussian { single: Some(single), .. } if x.form().numeric() == Form::F32 => {
                numeric(x, pool, |numbers, pool| {
                    check_finite(numbers, Finite::Only)?;
                    let Numbers::F32(rows) = numbers else { unreachable!("f32 rows stay f32") };
                    let mut out = pool.take_f32(rows.rows() * classes);
                    for (row, out) in rows.iter().zip(out.chunks_exact_mut(classes)) {
                        out.iter_mut()
                            .zip(single)
                            .for_each(|(o, class)| *o = class.score(row, 0.5));
                    }
                    Ok(Block::F32(out))
                })
            }
            Kind::Gaussian { wide: normals, .. } => wide(x, Finite::Only, pool, |rows, pool| {
                let mut out = pool.take_f64(rows.rows() * classes);
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(classes)) {
                    out.iter_mut().zip(normals).for_each(|(o, class)| *o = class.score(row, 0.5));
                }
                Ok(Block::F64(out))
            }),
            Kind::Discrete { products, threshold: None } => products.apply(x, pool),
            Kind::Discrete { products, threshold: Some(threshold) } => {
                binarised(products, *threshold, x, pool)
            }
            Kind::Categorical(features) => wide(x, Finite::Only, pool, |rows, pool| {
                let mut out = pool.take_f64(rows.rows() * classes);
                out.fill(0.0);
                for (row, out) in rows.iter().zip(out.chunks_exact_mut(classes)) {
                    categories(features, row, out)?;
                }
                Ok(Block::F64(out))
            }),
        }
    }
}

/// The products of rows whose values are 1 above the threshold and 0 elsewhere.
fn binarised(
    products: &Products,
    threshold: f64,
    x: &Data<'_>,
    pool: &mut Pool,
) -> Result<Block, Rejected> {
    // NumPy compares f32 rows with the threshold in f32.
    let threshold = rounded(threshold, x.form().numeric() == Form::F32);
    if let Data::Sparse(rows) = x {
        if threshold < 0.0 {
            return Err(Rejected::new("cannot binarize a sparse matrix with threshold < 0"));
        }
        super::dense::check_sparse(*rows)?;
        let mut ones = pool.take_sparse(rows.cols(), x.form());
        for (columns, values) in rows.iter() {
            for (column, value) in columns.iter().zip(values) {
                if *value > threshold {
                    ones.push(*column, 1.0);
                }
            }
            ones.end_row();
        }
        let result = products.apply(&Data::Sparse(ones.view()), pool);
        pool.give_sparse(ones);
        return result;
    }
    wide(x, Finite::Only, pool, |rows, pool| {
        let mut ones = crate::data::Matrix::<f64>::take(pool, rows.rows(), rows.cols());
        ones.view_mut().for_each_row(|row, to| {
            for (to, value) in to.iter_mut().zip(rows.row(row)) {
                *to = f64::from(u8::from(*value > threshold));
            }
        });
        let result = products.apply(&ones.data(), pool);
        ones.give(pool);
        result
    })
}

fn categories(features: &[Categories], row: &[f64], out: &mut [f64]) -> Result<(), Rejected> {
    for (feature, value) in features.iter().zip(row) {
        let category = value.trunc();
        if category < 0.0 {
            return Err(Rejected::new("Negative values in data passed to CategoricalNB (input X)"));
        }
        if category >= feature.count as f64 {
            return Err(Rejected::new(format!(
                "index {category} is out of bounds for axis 1 with size {}",
                feature.count
            )));
        }
        for (sum, logs) in out.iter_mut().zip(feature.logs.chunks_exact(feature.count)) {
            *sum += logs[category as usize];
        }
        for (sum, prior) in out.iter_mut().zip(&feature.log_priors) {
            *sum += prior;
        }
    }
    Ok(())
}

fn probabilities<T: math::Real + Functions + Real>(joint: &[T], classes: usize, out: &mut [T]) {
    for (joint, out) in joint.chunks_exact(classes).zip(out.chunks_exact_mut(classes)) {
        let whole = logsumexp(joint);
        for (out, joint) in out.iter_mut().zip(joint) {
            *out = Functions::exp(math::Real::sub(*joint, whole));
        }
    }
}

impl Estimator for NaiveBayes {
    fn outputs(&self) -> Vec<Output> {
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(self.labels[0].len())),
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
        let joint = self.joint(x, pool)?;
        let classes = self.labels[0].len();
        if asked.has(Method::Predict) {
            answers.predict = Some(match &joint {
                Block::F32(joint) => best(joint, classes, pool),
                Block::F64(joint) => best(joint, classes, pool),
                _ => unreachable!("logarithms are numbers"),
            });
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(match &joint {
                Block::F32(joint) => {
                    let mut out = pool.take_f32(joint.len());
                    probabilities(joint, classes, &mut out);
                    Block::F32(out)
                }
                Block::F64(joint) => {
                    let mut out = pool.take_f64(joint.len());
                    probabilities(joint, classes, &mut out);
                    Block::F64(out)
                }
                _ => unreachable!("logarithms are numbers"),
            });
        }
        joint.recycle(pool);
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
