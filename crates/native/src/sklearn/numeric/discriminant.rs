//! `LinearDiscriminantAnalysis` and `QuadraticDiscriminantAnalysis`.
//!
//! Source: `sklearn.discriminant_analysis` (1.2 to 1.9). The products are BLAS's, so Python varies in
//! the last bits.

use crate::data::{Data, Finite, Form, Labels, Pool, Real, Slot};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
    Transformer,
};
use crate::math::{self, Affine, Functions, Rows, expit, pairwise_sum, softmax};
use crate::reader::{Fitted, Readers, Refusal, Version};

use super::super::transforms::transformed;
use super::dense::{Products, best, both_classes, centred, second_where, wide};

pub(super) const READERS: Readers = &[
    ("sklearn", "LinearDiscriminantAnalysis", read_linear),
    ("sklearn", "QuadraticDiscriminantAnalysis", read_quadratic),
    // Their names until 0.18.
    ("sklearn", "LDA", read_linear),
    ("sklearn", "QDA", read_quadratic),
];

struct Linear {
    scores: Products,
    /// None for the solver `lsqr`, whose `transform` is there and fails.
    directions: Option<Directions>,
    most_directions: usize,
    /// Whether probabilities of many classes are each class's own, and its share of all: before 0.21.
    shares: bool,
    labels: [Labels; 1],
}

/// What `transform` does.
struct Directions {
    mean: Option<Vec<f64>>,
    products: Products,
}

struct Quadratic {
    features: usize,
    classes: Vec<Class>,
    labels: [Labels; 1],
}

struct Class {
    mean: Vec<f64>,
    /// Onto the axes of the class, each scaled to unit variance.
    rotation: Affine<f64>,
    /// The sum of the variances' logarithms, and the prior's.
    log_variance: f64,
    log_prior: f64,
}

fn read_linear(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (coefficients, count, features) = fitted.matrix("coef_")?;
    let intercepts = fitted.numbers("intercept_")?;
    let labels = fitted.labels("classes_")?;
    let expected = if labels.len() == 2 { 1 } else { labels.len() };
    if count != expected || intercepts.len() != count || labels.is_empty() {
        return Err(fitted.refuse(format!("there are {count} scores for {} classes", labels.len())));
    }
    let single = fitted.is_single("coef_");
    let scores =
        Products::new(single, features, &intercepts, |i, j| coefficients[j * features + i]);
    let directions = read_directions(fitted, features)?;
    let most_directions = most_directions(fitted, features)?;
    let shares = fitted.version() < Version(0, 21);
    Ok(Box::new(Linear { scores, directions, most_directions, shares, labels: [labels] }))
}

/// How many directions are kept: before 0.18 as many as were asked for, or as there are.
fn most_directions(fitted: &Fitted<'_>, features: usize) -> Result<usize, Refusal> {
    let old = fitted.version() < Version(0, 18) && fitted.option("_max_components").is_none();
    match fitted.option("n_components") {
        None if old => Ok(features),
        Some(_) if old => fitted.count("n_components"),
        _ => fitted.count("_max_components"),
    }
}

fn read_directions(fitted: &Fitted<'_>, features: usize) -> Result<Option<Directions>, Refusal> {
    let solver = fitted.text("solver")?;
    if solver == "lsqr" {
        return Ok(None);
    }
    let (scalings, rows, count) = fitted.matrix("scalings_")?;
    let mean = if solver == "svd" { Some(fitted.numbers("xbar_")?) } else { None };
    if rows != features || mean.as_ref().is_some_and(|mean| mean.len() != features) {
        return Err(fitted.refuse("the directions are of another width than the coefficients"));
    }
    let kept = count.min(most_directions(fitted, features)?);
    let single = fitted.is_single("scalings_");
    let products =
        Products::new(single, features, &vec![0.0; kept], |i, j| scalings[i * count + j]);
    Ok(Some(Directions { mean, products }))
}

fn read_quadratic(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    let (means, count, features) = fitted.matrix("means_")?;
    let priors = fitted.numbers("priors_")?;
    let items = |name: &str| {
        let value = fitted.attr(name)?;
        let items = value.items().map_err(|error| fitted.refuse(format!("{name}: {error}")))?;
        Ok(items.collect::<Vec<_>>())
    };
    let (rotations, scalings) = (items("rotations_")?, items("scalings_")?);
    let counts = [labels.len(), priors.len(), rotations.len(), scalings.len()];
    if counts.iter().any(|other| *other != count) || count < 2 || features == 0 {
        return Err(fitted.refuse("its attributes are of different numbers of classes"));
    }
    let mut classes = Vec::with_capacity(count);
    for (j, (rotation, scaling)) in rotations.into_iter().zip(scalings).enumerate() {
        let shape = fitted.wanted("rotations_", rotation.as_array(), "a list of matrices")?.shape();
        let single = rotation.as_array().is_some_and(|array| array.dtype().size() == 4);
        let &[rows, axes] = shape else {
            return Err(fitted.refuse("the rotation of a class is no matrix"));
        };
        let (rotation, scaling) =
            (fitted.numbers_of("rotations_", rotation)?, fitted.numbers_of("scalings_", scaling)?);
        if single {
            return Err(fitted.refuse_option("rows of float32 to fit"));
        }
        if rows != features || scaling.len() != axes {
            return Err(fitted.refuse("the rotation of a class is of another width than its mean"));
        }
        let inverse: Vec<f64> = scaling.iter().map(|variance| variance.powf(-0.5)).collect();
        let logs: Vec<f64> = scaling.iter().map(|variance| variance.ln()).collect();
        classes.push(Class {
            mean: means[j * features..][..features].to_vec(),
            rotation: Affine::new(features, vec![0.0; axes], |i, axis| {
                rotation[i * axes + axis] * inverse[axis]
            }),
            log_variance: pairwise_sum(&logs),
            log_prior: priors[j].ln(),
        });
    }
    Ok(Box::new(Quadratic { features, classes, labels: [labels] }))
}

impl Linear {
    fn probabilities<T: math::Real + Functions + Real>(
        &self,
        scores: &[T],
        pool: &mut Pool,
    ) -> Vec<T> {
        if self.scores.outputs() == 1 {
            return both_classes(scores.iter().map(|score| expit(*score)), pool);
        }
        let mut out = T::take(pool, scores.len());
        out.copy_from_slice(scores);
        for row in out.chunks_exact_mut(self.scores.outputs()) {
            if !self.shares {
                softmax(row);
                continue;
            }
            row.iter_mut().for_each(|score| *score = expit(*score));
            let sum = pairwise_sum(row);
            row.iter_mut().for_each(|p| *p = *p / sum);
        }
        out
    }

    fn predict<T: math::Real>(&self, scores: &[T], pool: &mut Pool) -> Predicted {
        match self.scores.outputs() {
            1 => second_where(scores, |score| score > T::ZERO, pool),
            classes => best(scores, classes, pool),
        }
    }
}

impl Estimator for Linear {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.scores.outputs();
        let scores = if classes == 1 { Shape::Vector } else { Shape::Matrix(classes) };
        let directions = self.directions.as_ref();
        let width = directions.map_or(self.most_directions, |all| all.products.outputs());
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(classes.max(2))),
            Output::new(Method::DecisionFunction, scores),
            Output::new(Method::Transform, Shape::Matrix(width)),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.scores.inputs())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Transform) {
            let Some(directions) = &self.directions else {
                let why = "transform not implemented for 'lsqr' solver (use 'svd' or 'eigen').";
                return Err(Rejected::new(why));
            };
            answers.transform = Some(transformed(directions, x, pool)?);
        }
        if asked == Methods::only(Method::Transform) {
            return Ok(());
        }
        let scores = self.scores.apply(x, pool)?;
        if asked.has(Method::Predict) {
            answers.predict = Some(match &scores {
                Block::F32(scores) => self.predict(scores, pool),
                Block::F64(scores) => self.predict(scores, pool),
                _ => unreachable!("scores are numbers"),
            });
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(match &scores {
                Block::F32(scores) => Block::F32(self.probabilities(scores, pool)),
                Block::F64(scores) => Block::F64(self.probabilities(scores, pool)),
                _ => unreachable!("scores are numbers"),
            });
        }
        if asked.has(Method::DecisionFunction) {
            answers.decision_function = Some(scores);
        } else {
            scores.recycle(pool);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        self.directions.as_ref().map(|directions| directions as _)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for Directions {
    fn width(&self) -> usize {
        self.products.outputs()
    }

    fn form(&self, input: Form) -> Form {
        self.products.form(input)
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let Some(mean) = &self.mean else { return self.products.write(x, out, pool) };
        let form = self.products.form(x.form());
        centred(x, form, mean, pool, |x, pool| self.products.write(x, out, pool))
    }
}

impl Quadratic {
    /// The logarithm of each class's posterior but for a constant.
    fn scores(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        wide(x, Finite::Only, pool, |x, pool| {
            let classes = self.classes.len();
            let mut out = pool.take_f64(x.rows() * classes);
            let mut centred = pool.take_f64(self.features);
            for (row, out) in x.iter().zip(out.chunks_exact_mut(classes)) {
                for (class, out) in self.classes.iter().zip(out) {
                    for ((to, value), mean) in centred.iter_mut().zip(row).zip(&class.mean) {
                        *to = value - mean;
                    }
                    let mut axes = pool.take_f64(class.rotation.outputs());
                    class.rotation.apply(Rows::new(&centred, 1), &mut axes);
                    axes.iter_mut().for_each(|value| *value *= *value);
                    let norm = pairwise_sum(&axes);
                    pool.give_f64(axes);
                    *out = -0.5 * (norm + class.log_variance) + class.log_prior;
                }
            }
            pool.give_f64(centred);
            Ok(out)
        })
    }
}

impl Estimator for Quadratic {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.classes.len();
        let scores = if classes == 2 { Shape::Vector } else { Shape::Matrix(classes) };
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(classes)),
            Output::new(Method::DecisionFunction, scores),
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
        let scores = self.scores(x, pool)?;
        let classes = self.classes.len();
        if asked.has(Method::Predict) {
            answers.predict = Some(best(&scores, classes, pool));
        }
        if asked.has(Method::PredictProba) {
            let mut out = pool.take_f64(scores.len());
            out.copy_from_slice(&scores);
            out.chunks_exact_mut(classes).for_each(softmax);
            answers.predict_proba = Some(Block::F64(out));
        }
        if !asked.has(Method::DecisionFunction) {
            pool.give_f64(scores);
        } else if classes == 2 {
            let mut out = pool.take_f64(x.rows());
            for (out, scores) in out.iter_mut().zip(scores.chunks_exact(2)) {
                *out = scores[1] - scores[0];
            }
            pool.give_f64(scores);
            answers.decision_function = Some(Block::F64(out));
        } else {
            answers.decision_function = Some(Block::F64(scores));
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
