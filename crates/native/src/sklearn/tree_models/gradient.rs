//! `GradientBoostingClassifier` and `GradientBoostingRegressor`.
//!
//! Source: `sklearn.ensemble._gb` (0.17 to 1.9) and `_gb_losses` (before 1.4). Raw scores start with what
//! another model says ([`Init`]) and grow by the learning rate times a leaf, stage by stage.

use pelton_pickle::{Order, Value};

use super::forest::{features, forest};
use super::init::{Init, Link as StartLink};
use super::nodes::FittedTree;
use super::sums::{add_up, allowed_of, greatest, numbers, with_rows};
use crate::data::{Data, Finite, Labels, Pool, check_finite, numeric};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::{argmax, expit, pairwise_sum_of, softmax};
use crate::reader::{Fitted, Readers, Refusal};
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Outputs, Sum};

pub(super) const READERS: Readers = &[
    ("sklearn", "GradientBoostingClassifier", read),
    ("sklearn", "GradientBoostingRegressor", read),
];

struct GradientBoosting {
    forest: Forest,
    /// Where the scores start, when that is not the same for all rows.
    init: Option<Init>,
    /// One set, or none of a regressor.
    labels: Vec<Labels>,
    loss: Loss,
}

/// What scores become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Loss {
    Number,
    Binomial,
    Exponential,
    Multinomial,
    /// Before 1.4: labels are those of the probabilities.
    OldBinomial,
    /// Before 1.4: exp(score - log of the sum of exp).
    OldMultinomial,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let is_classifier = fitted.class() == "GradientBoostingClassifier";
    let labels = if is_classifier { vec![fitted.labels("classes_")?] } else { Vec::new() };
    let (loss, link) = loss(fitted)?;
    let rate = fitted.number("learning_rate")?;
    let grid = fitted.attr("estimators_")?;
    let array = fitted.wanted("estimators_", grid.as_array(), "an array")?;
    let [_, scores] = *array.shape() else {
        return Err(fitted.refuse(format!("{} has stages of another form", fitted.class())));
    };
    let wanted = match labels.first().map(Labels::len) {
        None | Some(2) => 1,
        Some(0 | 1) => return Err(fitted.refuse_option("less than two classes")),
        Some(classes) => classes,
    };
    if scores != wanted || scores > 1 && array.order() == Order::Fortran {
        return Err(fitted.refuse(format!("{} has {scores} trees a stage", fitted.class())));
    }
    let mut trees = Vec::with_capacity(array.len());
    for (number, value) in grid.items().map_err(|error| fitted.refuse(error))?.enumerate() {
        let tree = FittedTree::read(&fitted.with(value))?;
        if (tree.targets(), tree.width()) != (1, 1) {
            return Err(fitted.refuse(format!("{} has a tree of a classifier", fitted.class())));
        }
        let output = Outputs::One((number % scores) as u32);
        trees.push(tree.tree(output, None, |node, leaf| {
            leaf.extend(tree.values(node, 0, 1).map(|value| rate * value));
        }));
    }
    let n_features = features(fitted)?;
    let init = Init::read(fitted, link, n_features, scores)?;
    let initial = init.constant().unwrap_or_else(|| vec![0.0; scores]);
    let forest = forest(
        fitted,
        Ensemble {
            n_features,
            n_outputs: scores,
            input: Input::F32,
            sum: Sum::F64,
            initial,
            divisor: None,
            category_cast: CategoryCast::HistGradientBoosting,
            trees,
        },
    )?;
    let init = if init.constant().is_some() { None } else { Some(init) };
    Ok(Box::new(GradientBoosting { forest, init, labels, loss }))
}

/// The loss, by the name of its class: `_gb_losses` has one of its own for each until 1.3.
fn loss(fitted: &Fitted<'_>) -> Result<(Loss, StartLink), Refusal> {
    let value = fitted.option("_loss").or_else(|| fitted.option("loss_"));
    let class = value.and_then(Value::class);
    let class = fitted.wanted("_loss", class, "a loss")?;
    let unknown =
        || Err(fitted.refuse(format!("{} with {class} is not supported natively", fitted.class())));
    // In a module of their own since 0.21.
    let old = matches!(
        class.module,
        "sklearn.ensemble._gb_losses" | "sklearn.ensemble.gradient_boosting"
    );
    if !old && !class.module.starts_with("sklearn._loss") {
        return unknown();
    }
    Ok(match (class.name, old) {
        ("HalfBinomialLoss", false) => (Loss::Binomial, StartLink::Logit),
        ("ExponentialLoss", false) => (Loss::Exponential, StartLink::HalfLogit),
        ("HalfMultinomialLoss", false) => (Loss::Multinomial, StartLink::Centred),
        ("BinomialDeviance", true) => (Loss::OldBinomial, StartLink::LogOdds),
        ("ExponentialLoss", true) => (Loss::Exponential, StartLink::HalfLogOdds),
        ("MultinomialDeviance", true) => (Loss::OldMultinomial, StartLink::Log),
        ("HalfSquaredError" | "AbsoluteError" | "HuberLoss" | "PinballLoss", false)
        | (
            "LeastSquaresError"
            | "LeastAbsoluteError"
            | "HuberLossFunction"
            | "QuantileLossFunction",
            true,
        ) => (Loss::Number, StartLink::Identity),
        _ => return unknown(),
    })
}

impl GradientBoosting {
    fn scores(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let mut scores = pool.take_f64(x.rows() * self.forest.ensemble().n_outputs);
        let finite = allowed_of(x, Finite::OnlyAsF32);
        numeric(x, pool, |x, pool| {
            check_finite(x, finite)?;
            let Some(init) = &self.init else {
                add_up(&self.forest, x, &mut scores, pool);
                return Ok(());
            };
            init.write(x, &mut scores, pool)?;
            with_rows(x, pool, |rows, pool| {
                self.forest.predict_from(rows, &mut scores, &mut pool.trees);
            });
            Ok(())
        })?;
        Ok(scores)
    }

    fn label(&self, score: f64) -> u32 {
        match self.loss {
            // The first greatest of [1 - p, p].
            Loss::OldBinomial => {
                let p = expit(score);
                u32::from(p > 1.0 - p)
            }
            _ => u32::from(score >= 0.0),
        }
    }

    fn predicted(&self, scores: &[f64], pool: &mut Pool) -> Predicted {
        let width = self.forest.ensemble().n_outputs;
        if width > 1 {
            if self.loss != Loss::OldMultinomial {
                return greatest(scores, &[width], pool);
            }
            let mut labels = pool.take_u32(scores.len() / width);
            let mut shares = pool.take_f64(width);
            for (label, scores) in labels.iter_mut().zip(scores.chunks_exact(width)) {
                shares.copy_from_slice(scores);
                old_softmax(&mut shares);
                *label = argmax(&shares) as u32;
            }
            pool.give_f64(shares);
            return Predicted::Labels(labels);
        }
        let mut labels = pool.take_u32(scores.len());
        labels.iter_mut().zip(scores).for_each(|(label, score)| *label = self.label(*score));
        Predicted::Labels(labels)
    }

    fn probabilities(&self, scores: &[f64], pool: &mut Pool) -> Vec<f64> {
        let width = self.forest.ensemble().n_outputs;
        if width > 1 {
            let mut out = pool.take_f64(scores.len());
            out.copy_from_slice(scores);
            let of_row = if self.loss == Loss::OldMultinomial { old_softmax } else { softmax };
            out.chunks_exact_mut(width).for_each(of_row);
            return out;
        }
        let factor = if self.loss == Loss::Exponential { 2.0 } else { 1.0 };
        two_classes(scores, factor, pool)
    }
}

/// [1 - expit(score), expit(score)] of every score, times a factor.
pub(super) fn two_classes(scores: &[f64], factor: f64, pool: &mut Pool) -> Vec<f64> {
    let mut out = pool.take_f64(2 * scores.len());
    for (out, score) in out.chunks_exact_mut(2).zip(scores) {
        out[1] = expit(factor * score);
        out[0] = 1.0 - out[1];
    }
    out
}

/// exp(score - log of the sum of exp) as SciPy computed it then; what is no number becomes one.
pub(super) fn old_softmax(row: &mut [f64]) {
    let greatest = row[argmax(row)];
    let greatest = if greatest.is_finite() { greatest } else { 0.0 };
    let log = pairwise_sum_of(0, row.len(), &|at| (row[at] - greatest).exp()).ln() + greatest;
    for score in row {
        let share = (*score - log).exp();
        *score = if share.is_nan() { 0.0 } else { share.min(f64::MAX) };
    }
}

impl Estimator for GradientBoosting {
    fn outputs(&self) -> Vec<Output> {
        let mut outputs = vec![Output::new(Method::Predict, Shape::Vector)];
        if let [labels] = self.labels.as_slice() {
            let classes = labels.len();
            let scores = if classes == 2 { Shape::Vector } else { Shape::Matrix(classes) };
            outputs.push(Output::new(Method::PredictProba, Shape::Matrix(classes)));
            outputs.push(Output::new(Method::DecisionFunction, scores));
        }
        outputs
    }

    fn features(&self) -> Option<usize> {
        Some(self.forest.ensemble().n_features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let scores = self.scores(x, pool)?;
        if self.labels.is_empty() {
            answers.predict = Some(numbers(scores));
            return Ok(());
        }
        if asked.has(Method::Predict) {
            answers.predict = Some(self.predicted(&scores, pool));
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(Block::F64(self.probabilities(&scores, pool)));
        }
        answers.decide(asked, scores, pool);
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        match (&self.init, self.loss) {
            (Some(init), Loss::Number) => init.promise(),
            (None, Loss::Number) => Promise::Bits,
            _ => Promise::Close,
        }
    }
}
