//! [`Init`]: where the scores of gradient boosting start.
//!
//! Source: `_init_raw_predictions` (1.4 and later) and `get_init_raw_predictions` (before) of
//! `sklearn.ensemble`; `sklearn.dummy`. SciPy's logit changed its form for probabilities near one half
//! in 1.14 or later, and no file tells SciPy's version: there scores may differ by an ulp.

use crate::data::{Data, Matrix, Numbers, Pool, copy_into};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Predicted, Promise, Rejected, Shape,
};
use crate::math::pairwise_sum;
use crate::reader::{Fitted, Refusal, Version};

/// Scores before the first tree.
pub(super) struct Init {
    source: Source,
    link: Link,
    eps: f64,
    scores: usize,
}

enum Source {
    /// The same for every row.
    Constant(Vec<f64>),
    /// An estimator's probabilities or numbers, this many a row.
    Estimator(Box<dyn Estimator>, usize),
}

/// How a start's probabilities become scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    Identity,
    /// SciPy's logit.
    Logit,
    HalfLogit,
    /// log(p / geometric mean).
    Centred,
    /// log(p / (1 - p)).
    LogOdds,
    HalfLogOdds,
    Log,
}

impl Init {
    /// Reads `init_` of a fitted model.
    ///
    /// # Errors
    /// It is not understood, or answers something else than `scores` scores.
    pub(super) fn read(
        fitted: &Fitted<'_>,
        link: Link,
        features: usize,
        scores: usize,
    ) -> Result<Self, Refusal> {
        let eps =
            if fitted.version() < Version(1, 8) { f64::from(f32::EPSILON) } else { f64::EPSILON };
        let start = |source| Self { source, link, eps, scores };
        let init = fitted.attr("init_")?;
        if init.as_str() == Some("zero") {
            return Ok(start(Source::Constant(vec![0.0; scores])));
        }
        let name = init.class().map_or("", |class| class.name);
        let wanted = match link {
            Link::Identity => 1,
            _ if scores == 1 => 2,
            _ => scores,
        };
        if let Some(first) = before_dummies(&fitted.with(init), name, scores)? {
            return Ok(start(Source::Constant(first)));
        }
        if init.class().is_some() && fitted.version() < Version(0, 21) {
            return Err(fitted.refuse_option(format!("init={name}() before scikit-learn 0.21")));
        }
        if name == "DummyClassifier" || name == "DummyRegressor" {
            let told = dummy(&fitted.with(init))?;
            if told.len() != wanted {
                return Err(fitted.refuse(format!(
                    "{} starts from {} values where {wanted} were wanted",
                    fitted.class(),
                    told.len()
                )));
            }
            let init = start(Source::Constant(Vec::new()));
            let mut first = vec![0.0; scores];
            init.linked(&told, &mut first);
            return Ok(start(Source::Constant(first)));
        }
        let estimator = fitted.inner("init", init)?;
        let method = if link == Link::Identity { Method::Predict } else { Method::PredictProba };
        let outputs = estimator.outputs();
        let shape =
            outputs.iter().find(|output| output.method == method).map(|output| &output.shape);
        let fits = match shape {
            Some(Shape::Vector) => wanted == 1 && estimator.labels().is_empty(),
            Some(Shape::Matrix(width)) => *width == wanted,
            _ => false,
        };
        if !fits || estimator.features().is_some_and(|taken| taken != features) {
            return Err(
                fitted.refuse(format!("{} starts from a model of another kind", fitted.class()))
            );
        }
        Ok(start(Source::Estimator(estimator, wanted)))
    }

    /// The start, when it is the same for all rows.
    pub(super) fn constant(&self) -> Option<Vec<f64>> {
        match &self.source {
            Source::Constant(scores) => Some(scores.clone()),
            Source::Estimator(..) => None,
        }
    }

    /// How near the start is to Python's.
    pub(super) fn promise(&self) -> Promise {
        match &self.source {
            Source::Constant(_) => Promise::Bits,
            Source::Estimator(estimator, _) => estimator.promise(),
        }
    }

    /// Writes the start of every row. The estimator sees 32-bit floats, as in Python.
    ///
    /// # Errors
    /// The estimator refuses a row.
    pub(super) fn write(
        &self,
        x: Numbers<'_>,
        scores: &mut [f64],
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let (estimator, width) = match &self.source {
            Source::Constant(first) => {
                scores.chunks_exact_mut(self.scores).for_each(|row| row.copy_from_slice(first));
                return Ok(());
            }
            Source::Estimator(estimator, width) => (estimator, *width),
        };
        let mut rows = Matrix::<f32>::take(pool, x.rows(), x.cols());
        copy_into(&x.data(), rows.slot())?;
        let method =
            if self.link == Link::Identity { Method::Predict } else { Method::PredictProba };
        let mut answers = Answers::default();
        let asked = Methods::only(method);
        estimator.answer(&Data::F32(rows.view()), asked, &mut answers, pool)?;
        rows.give(pool);
        let block = match method {
            Method::Predict => answers.predict.and_then(|predicted| match predicted {
                Predicted::Numbers(block) => Some(block),
                Predicted::Labels(_) => None,
            }),
            _ => answers.predict_proba,
        };
        let told = block.and_then(|block| Block::into_f64(block, pool));
        let told = told.ok_or_else(|| Rejected::new("the initial estimator gave no numbers"))?;
        for (told, scores) in told.chunks_exact(width).zip(scores.chunks_exact_mut(self.scores)) {
            self.linked(told, scores);
        }
        pool.give_f64(told);
        Ok(())
    }

    /// Scores of what the start says about a row.
    fn linked(&self, told: &[f64], scores: &mut [f64]) {
        let clip = |p: f64| p.clamp(self.eps, 1.0 - self.eps);
        match self.link {
            Link::Identity => scores.copy_from_slice(told),
            Link::Logit => scores[0] = logit(clip(told[1])),
            Link::HalfLogit => scores[0] = 0.5 * logit(clip(told[1])),
            Link::LogOdds => scores[0] = log_odds(clip(told[1])),
            Link::HalfLogOdds => scores[0] = 0.5 * log_odds(clip(told[1])),
            Link::Log => scores.iter_mut().zip(told).for_each(|(s, p)| *s = clip(*p).ln()),
            Link::Centred => {
                scores.iter_mut().zip(told).for_each(|(s, p)| *s = clip(*p).ln());
                let mean = (pairwise_sum(scores) / scores.len() as f64).exp();
                scores.iter_mut().zip(told).for_each(|(s, p)| *s = (clip(*p) / mean).ln());
            }
        }
    }
}

/// The start of releases before 0.21, whose estimators of it say the scores themselves.
fn before_dummies(
    init: &Fitted<'_>,
    name: &str,
    scores: usize,
) -> Result<Option<Vec<f64>>, Refusal> {
    let first = match name {
        "LogOddsEstimator" | "ScaledLogOddsEstimator" => vec![init.number("prior")?],
        "PriorProbabilityEstimator" => init.numbers("priors")?,
        "MeanEstimator" => vec![init.number("mean")?],
        "QuantileEstimator" => vec![init.number("quantile")?],
        "ZeroEstimator" => vec![0.0; scores],
        _ => return Ok(None),
    };
    if first.len() != scores {
        return Err(init.refuse(format!("{name} starts from {} scores", first.len())));
    }
    Ok(Some(first))
}

fn log_odds(p: f64) -> f64 {
    (p / (1.0 - p)).ln()
}

/// SciPy's logit: another form near one half, where the plain one loses digits.
fn logit(p: f64) -> f64 {
    if !(0.3..=0.65).contains(&p) {
        return log_odds(p);
    }
    let s = 2.0 * (p - 0.5);
    s.ln_1p() - (-s).ln_1p()
}

/// What a dummy says about every row: probabilities of the classes, or a number.
fn dummy(fitted: &Fitted<'_>) -> Result<Vec<f64>, Refusal> {
    if fitted.class() == "DummyRegressor" {
        return fitted.numbers("constant_");
    }
    let prior = fitted.numbers("class_prior_")?;
    let strategy = ["_strategy", "strategy"].iter().find_map(|name| fitted.option(name)?.as_str());
    match strategy.unwrap_or_default() {
        "prior" => Ok(prior),
        "uniform" => Ok(vec![1.0 / prior.len() as f64; prior.len()]),
        "most_frequent" => {
            let most = crate::math::argmax(&prior);
            Ok((0..prior.len()).map(|class| f64::from(u8::from(class == most))).collect())
        }
        other => Err(fitted.refuse_option(format!("strategy='{other}'"))),
    }
}
