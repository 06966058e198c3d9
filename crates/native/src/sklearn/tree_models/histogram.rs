//! `HistGradientBoostingClassifier` and `HistGradientBoostingRegressor`.
//!
//! Source: `sklearn.ensemble._hist_gradient_boosting` (0.21 to 1.9). Since 1.4 categorical columns are
//! encoded and put first by a transformer of the model's own (`_preprocessor`).

use pelton_pickle::Value;

use super::forest::{features, forest};
use super::gradient::{old_softmax, two_classes};
use super::predictor::Predictors;
use super::sums::{greatest, numbers, sums};
use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::math::{expit, softmax};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::chain::Chain;
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Sum};

pub(super) const READERS: Readers = &[
    ("sklearn", "HistGradientBoostingClassifier", read),
    ("sklearn", "HistGradientBoostingRegressor", read),
];

struct Histogram {
    forest: Forest,
    categories: Categories,
    /// One set, or none of a regressor.
    labels: Vec<Labels>,
    link: Link,
    /// Before 1.5: labels are those of the probabilities, not of the scores.
    by_probability: bool,
}

/// What is done with columns of categories.
enum Categories {
    /// There are none.
    None,
    /// They are numbers already, as before 1.4.
    Numbers,
    /// They are encoded and put first.
    Encoded {
        first: Chain,
        /// The encoder once more, for what it tells about its columns.
        encoder: Box<dyn Estimator>,
        /// Of the model's columns, which are categories.
        mask: Vec<bool>,
    },
}

/// What scores become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Link {
    Identity,
    Exp,
    Expit,
    Softmax,
    OldSoftmax,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let is_classifier = fitted.class() == "HistGradientBoostingClassifier";
    let labels = if is_classifier { vec![fitted.labels("classes_")?] } else { Vec::new() };
    let link = link(fitted, is_classifier)?;
    let categories = categories(fitted)?;
    let n_features = match &categories {
        Categories::Encoded { first, .. } => first.width().unwrap_or(0),
        _ => features(fitted)?,
    };
    let initial = fitted.numbers("_baseline_prediction")?;
    let scores = initial.len();
    let wanted = match labels.first().map(Labels::len) {
        None | Some(2) => 1,
        Some(0 | 1) => return Err(fitted.refuse_option("less than two classes")),
        Some(classes) => classes,
    };
    if scores != wanted {
        return Err(fitted.refuse(format!("{} starts from {scores} scores", fitted.class())));
    }
    let predictors = Predictors::read(fitted)?;
    let mut trees = Vec::new();
    for stage in fitted.attr("_predictors")?.items().map_err(|error| fitted.refuse(error))? {
        let stage = stage.items().map_err(|error| fitted.refuse(error))?;
        if stage.len() != scores {
            return Err(fitted.refuse(format!(
                "{} has {} trees a stage",
                fitted.class(),
                stage.len()
            )));
        }
        for (output, tree) in stage.enumerate() {
            trees.push(predictors.tree(&fitted.with(tree), output as u32)?);
        }
    }
    let category_cast = if fitted.version() < Version(1, 2) {
        CategoryCast::OldHistGradientBoosting
    } else {
        CategoryCast::HistGradientBoosting
    };
    let forest = forest(
        fitted,
        Ensemble {
            n_features,
            n_outputs: scores,
            input: Input::F64,
            sum: Sum::F64,
            initial,
            divisor: None,
            category_cast,
            trees,
        },
    )?;
    let by_probability = fitted.version() < Version(1, 5);
    Ok(Box::new(Histogram { forest, categories, labels, link, by_probability }))
}

fn categories(fitted: &Fitted<'_>) -> Result<Categories, Refusal> {
    let Some(mask) = fitted.option("is_categorical_") else { return Ok(Categories::None) };
    let Some(value) = fitted.option("_preprocessor") else { return Ok(Categories::Numbers) };
    let mask = fitted.wanted("is_categorical_", mask.as_array(), "an array")?;
    let mask = mask.to_bool_vec().map_err(|error| fitted.refuse(error))?;
    let encoder = value
        .get_attr("transformers_")
        .and_then(|steps| steps.item(0).ok()?.item(1).ok())
        .ok_or_else(|| fitted.refuse(format!("{} has no encoder of categories", fitted.class())))?;
    let encoder = fitted.inner_transformer("the encoder of categories", encoder)?;
    let first = fitted.inner_transformer("the encoder of categories", value)?;
    Ok(Categories::Encoded { first: Chain::new(vec![first]), encoder, mask })
}

/// The link, by the name of the loss's class.
fn link(fitted: &Fitted<'_>, is_classifier: bool) -> Result<Link, Refusal> {
    let value = fitted.option("_loss").or_else(|| fitted.option("loss_"));
    let class = fitted.wanted("_loss", value.and_then(Value::class), "a loss")?;
    let link = match class.name {
        "HalfSquaredError"
        | "AbsoluteError"
        | "PinballLoss"
        | "LeastSquares"
        | "LeastAbsoluteDeviation" => Link::Identity,
        "HalfPoissonLoss" | "HalfGammaLoss" | "Poisson" => Link::Exp,
        "HalfBinomialLoss" | "BinaryCrossEntropy" => Link::Expit,
        "HalfMultinomialLoss" => Link::Softmax,
        "CategoricalCrossEntropy" => Link::OldSoftmax,
        _ => return Err(fitted.refuse_option(class)),
    };
    let known = class.module.starts_with("sklearn._loss")
        || class.module == "sklearn.ensemble._hist_gradient_boosting.loss";
    let of_classes = matches!(link, Link::Expit | Link::Softmax | Link::OldSoftmax);
    if !known || of_classes != is_classifier {
        return Err(fitted.refuse_option(class));
    }
    Ok(link)
}

impl Histogram {
    fn scores(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        match &self.categories {
            Categories::Encoded { first, .. } => {
                first.run(x, pool, |x, pool| sums(&self.forest, x, None, pool))
            }
            _ => sums(&self.forest, x, None, pool),
        }
    }

    fn probabilities(&self, scores: &[f64], pool: &mut Pool) -> Vec<f64> {
        let width = self.forest.ensemble().n_outputs;
        if width == 1 {
            return two_classes(scores, 1.0, pool);
        }
        let mut out = pool.take_f64(scores.len());
        out.copy_from_slice(scores);
        let of_row = if self.link == Link::Softmax { softmax } else { old_softmax };
        out.chunks_exact_mut(width).for_each(of_row);
        out
    }

    fn predicted(&self, scores: &[f64], pool: &mut Pool) -> Predicted {
        let width = self.forest.ensemble().n_outputs;
        if width > 1 && self.by_probability {
            let shares = self.probabilities(scores, pool);
            let labels = greatest(&shares, &[width], pool);
            pool.give_f64(shares);
            return labels;
        }
        if width > 1 {
            return greatest(scores, &[width], pool);
        }
        let mut labels = pool.take_u32(scores.len());
        for (label, score) in labels.iter_mut().zip(scores) {
            *label = u32::from(if self.by_probability {
                let p = expit(*score);
                p > 1.0 - p
            } else {
                *score > 0.0
            });
        }
        Predicted::Labels(labels)
    }
}

impl Estimator for Histogram {
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
        match &self.categories {
            Categories::Encoded { first, .. } => first.steps().first()?.features(),
            _ => Some(self.forest.ensemble().n_features),
        }
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let mut scores = self.scores(x, pool)?;
        if self.labels.is_empty() {
            if self.link == Link::Exp {
                scores.iter_mut().for_each(|score| *score = score.exp());
            }
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

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        let (encoder, mask) = match &self.categories {
            Categories::None => return evidence.add_numeric(columns),
            Categories::Numbers => return evidence.add_any(columns),
            Categories::Encoded { encoder, mask, .. } => (encoder, mask),
        };
        let of_kind = |kind: bool| {
            let columns = columns.iter().zip(mask).filter(move |(_, mask)| **mask == kind);
            columns.map(|(column, _)| *column).collect::<Vec<_>>()
        };
        encoder.judge(&of_kind(true), evidence);
        evidence.add_numeric(&of_kind(false));
    }

    fn takes_numbers(&self) -> bool {
        matches!(self.categories, Categories::None)
    }

    fn promise(&self) -> Promise {
        if matches!(self.link, Link::Identity | Link::Expit) {
            Promise::Bits
        } else {
            Promise::Close
        }
    }
}
