//! `CalibratedClassifierCV`: scores become probabilities by a fitted curve, averaged over the folds.
//!
//! Source: `sklearn.calibration` (1.2 to 1.9), `sklearn.isotonic`, `numpy.interp`.

use pelton_pickle::{DTypeKind, Value};

use super::inner::{Scores, features, has, position, promise, scores, shape, unwrap};
use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::math::{argmax, expit, interpolate, pairwise_sum, softmax};
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::numeric::isotonic::thresholds;
use crate::sklearn::svm::SCORED;

pub(super) const READERS: Readers = &[("sklearn", "CalibratedClassifierCV", read)];

struct Calibrated {
    folds: Vec<Fold>,
    estimators: Vec<Box<dyn Estimator>>,
    labels: [Labels; 1],
}

/// How one of the classifiers is calibrated.
struct Fold {
    method: Method,
    curves: Curves,
}

enum Curves {
    /// One curve a score, with the class it is for.
    Each(Vec<(usize, Curve)>),
    /// Softmax of the scores times this.
    Temperature(f64),
}

enum Curve {
    Sigmoid { a: f64, b: f64 },
    Isotonic { x: Vec<f64>, y: Vec<f64>, single: bool },
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    let (mut folds, mut estimators) = (Vec::new(), Vec::new());
    for value in super::inner::items(fitted, fitted.attr("calibrated_classifiers_")?)? {
        let one = fitted.with(value);
        let estimator = unwrap(&one, &["estimator", "base_estimator"])?;
        folds.push(fold(&one, &*estimator, &labels)?);
        estimators.push(estimator);
    }
    if folds.is_empty() {
        return Err(fitted.refuse("CalibratedClassifierCV has no calibrated classifiers"));
    }
    Ok(Box::new(Calibrated { folds, estimators, labels: [labels] }))
}

/// Whether the classifier inside is one that lets pairs of classes vote.
fn has_votes(one: &Fitted<'_>) -> bool {
    let inner = ["estimator", "base_estimator"].into_iter().find_map(|name| one.option(name));
    inner
        .and_then(Value::class)
        .is_some_and(|class| ["SVC", "NuSVC", "OneVsOneClassifier"].contains(&class.name))
}

fn fold(one: &Fitted<'_>, estimator: &dyn Estimator, labels: &Labels) -> Result<Fold, Refusal> {
    let method = [Method::DecisionFunction, Method::PredictProba]
        .into_iter()
        .find(|method| has(estimator, *method))
        .ok_or_else(|| one.refuse_option("a classifier without scores"))?;
    let [inner] = estimator.labels() else {
        return Err(one.refuse_option("a classifier of several targets"));
    };
    if method == Method::PredictProba && one.version() < SCORED && has_votes(one) {
        return Err(
            one.refuse_option("votes of pairs, whose scores depend on the batch before 0.21")
        );
    }
    let calibrators = match one.option("calibrators").or(one.option("calibrators_")) {
        Some(list) => super::inner::items(one, list)?,
        None => return Err(one.refuse("the calibrated classifier has no calibrators")),
    };
    if one.text("method")? == "temperature" {
        let beta = one.with(first(one, &calibrators)?).number("beta_")?;
        return Ok(Fold { method, curves: Curves::Temperature(beta) });
    }
    let scores = shape(estimator, method).map_or(1, |shape| shape.width());
    let scores = if labels.len() == 2 { 1 } else { scores };
    if calibrators.len() != scores {
        return Err(one.refuse(format!("{scores} scores are calibrated by {}", calibrators.len())));
    }
    let mut curves = Vec::new();
    for (index, calibrator) in calibrators.into_iter().enumerate() {
        let class = position(labels, inner, index)
            .ok_or_else(|| one.refuse("the calibrated classifier knows a class of its own"))?;
        let class = if labels.len() == 2 { 1 } else { class };
        curves.push((class, curve(&one.with(calibrator))?));
    }
    Ok(Fold { method, curves: Curves::Each(curves) })
}

fn first<'p>(one: &Fitted<'p>, calibrators: &[Value<'p>]) -> Result<Value<'p>, Refusal> {
    calibrators.first().copied().ok_or_else(|| one.refuse("there is no calibrator"))
}

fn curve(calibrator: &Fitted<'_>) -> Result<Curve, Refusal> {
    match calibrator.class() {
        "_SigmoidCalibration" => {
            Ok(Curve::Sigmoid { a: calibrator.number("a_")?, b: calibrator.number("b_")? })
        }
        "IsotonicRegression" => {
            if calibrator.text("out_of_bounds")? != "clip" {
                return Err(calibrator.refuse_option("out_of_bounds other than 'clip'"));
            }
            let [x_name, y_name] = thresholds(calibrator);
            let (x, y) = (calibrator.numbers(x_name)?, calibrator.numbers(y_name)?);
            if x.is_empty() || x.len() != y.len() || x.windows(2).any(|pair| pair[0] > pair[1]) {
                return Err(calibrator.refuse("IsotonicRegression has thresholds out of order"));
            }
            let single = calibrator.attr(x_name)?.as_array().is_some_and(|array| {
                array.dtype().kind() == DTypeKind::Float && array.dtype().size() == 4
            });
            Ok(Curve::Isotonic { x, y, single })
        }
        other => {
            Err(calibrator.refuse(format!("the calibrator {other} is not supported natively")))
        }
    }
}

impl Curve {
    fn at(&self, score: f64) -> f64 {
        match self {
            Self::Sigmoid { a, b } => expit(-(a * score + b)),
            // Fitted on f32 scores it takes and answers such.
            Self::Isotonic { x, y, single: true } => {
                f64::from(interpolate(f64::from(score as f32), x, y) as f32)
            }
            Self::Isotonic { x, y, single: false } => interpolate(score, x, y),
        }
    }
}

impl Fold {
    /// Isotonic regression checks what it is given; the sigmoid takes anything.
    fn takes(&self, scores: &[f64]) -> bool {
        let Curves::Each(curves) = &self.curves else { return true };
        let scores = &scores[scores.len() - curves.len()..];
        curves.iter().zip(scores).all(|((_, curve), score)| match curve {
            Curve::Isotonic { single: true, .. } => (*score as f32).is_finite(),
            Curve::Isotonic { .. } => score.is_finite(),
            Curve::Sigmoid { .. } => true,
        })
    }

    /// Adds a row's probabilities to `sums`; `room` has one place a class.
    fn add(&self, scores: &[f64], room: &mut [f64], sums: &mut [f64]) {
        room.fill(0.0);
        let classes = room.len();
        match &self.curves {
            Curves::Temperature(beta) => self.temperature(*beta, scores, room),
            Curves::Each(curves) => {
                let skip = scores.len() - curves.len();
                for ((class, curve), score) in curves.iter().zip(&scores[skip..]) {
                    room[*class] = curve.at(*score);
                }
                if classes == 2 {
                    room[0] = 1.0 - room[1];
                } else {
                    let sum = pairwise_sum(room);
                    if sum == 0.0 {
                        room.fill(1.0 / classes as f64);
                    } else {
                        room.iter_mut().for_each(|value| *value /= sum);
                    }
                }
            }
        }
        for (sum, value) in sums.iter_mut().zip(room) {
            // A little above one is one.
            if 1.0 < *value && *value <= 1.0 + 1e-5 {
                *value = 1.0;
            }
            *sum += *value;
        }
    }

    fn temperature(&self, beta: f64, scores: &[f64], room: &mut [f64]) {
        let of_probability = self.method == Method::PredictProba;
        match scores {
            [score] => room.copy_from_slice(&[-score, *score]),
            scores if of_probability => {
                let scores = scores.iter().enumerate();
                let two = room.len() == 2;
                for (index, score) in scores {
                    // Of two classes the first is one minus the second.
                    room[index] = *score;
                    if two && index == 1 {
                        room[0] = 1.0 - score;
                    }
                }
                room.iter_mut().for_each(|value| *value = (*value + 1e-12).ln());
            }
            scores => room.copy_from_slice(scores),
        }
        room.iter_mut().for_each(|value| *value *= beta);
        softmax(room);
    }
}

impl Estimator for Calibrated {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.labels[0].len();
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(classes)),
        ]
    }

    fn features(&self) -> Option<usize> {
        features(&self.estimators)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let classes = self.labels[0].len();
        let mut sums = pool.take_f64(x.rows() * classes);
        sums.fill(0.0);
        let mut room = pool.take_f64(classes);
        for (fold, estimator) in self.folds.iter().zip(&self.estimators) {
            let answer: Scores = scores(&**estimator, fold.method, x, pool)?;
            for (row, sums) in sums.chunks_exact_mut(classes).enumerate() {
                if !fold.takes(answer.row(row)) {
                    return Err(Rejected::new(
                        "a score to be calibrated by isotonic regression is not finite",
                    ));
                }
                fold.add(answer.row(row), &mut room, sums);
            }
            answer.give(pool);
        }
        pool.give_f64(room);
        let folds = self.folds.len() as f64;
        sums.iter_mut().for_each(|sum| *sum /= folds);
        if asked.has(Method::Predict) {
            let mut labels = pool.take_u32(x.rows());
            let rows = sums.chunks_exact(classes);
            labels.iter_mut().zip(rows).for_each(|(label, row)| *label = argmax(row) as u32);
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(Block::F64(sums));
        } else {
            pool.give_f64(sums);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.estimators[0].judge(columns, evidence);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn fed_sparse(&mut self) {
        self.estimators.iter_mut().for_each(|part| part.fed_sparse());
    }

    fn promise(&self) -> Promise {
        promise(&self.estimators).max(Promise::Close)
    }
}
