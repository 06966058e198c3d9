//! `AdaBoostClassifier`, by either algorithm, and imbalanced-learn's `RUSBoostClassifier`.
//!
//! Source: `sklearn.ensemble._weight_boosting` (1.2 to 1.9), whose answers `imblearn.ensemble` (0.10 to 0.14) gives. What an estimator adds to the scores of a
//! row depends on its answer alone, so over trees the whole is one forest whose leaves hold it.

use pelton_pickle::Value;

use super::bagging::template_takes_numbers;
use super::forest::{Meaning, class_tree, features, forest, share_out};
use super::nodes::FittedTree;
use super::sums::{add_up, greatest};
use crate::data::{Data, Finite, Labels, Numbers, Pool, check_finite, numeric};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::inputs::Evidence;
use crate::math::{argmax, pairwise_sum, softmax};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::meta::inner::{ask, position, scores, shape};
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Sum};

pub(super) const READERS: Readers =
    &[("sklearn", "AdaBoostClassifier", read), ("imblearn", "RUSBoostClassifier", read)];

struct AdaBoost {
    kind: Kind,
    features: usize,
    labels: [Labels; 1],
    /// Whether it is known to take numbers.
    numeric: bool,
}

enum Kind {
    Trees(Box<Forest>),
    Parts { parts: Vec<Part>, rule: Rule, total: f64 },
}

struct Part {
    estimator: Box<dyn Estimator>,
    weight: f64,
    /// Which class of the whole each of its own is.
    classes: Vec<usize>,
}

/// What an answer adds to the scores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// The weight for the predicted class, 0 for the others: before 1.3.
    Votes,
    /// The weight for the predicted class, a share of it off the others.
    Symmetric,
    /// Logarithms of probabilities: `SAMME.R`, before 1.6.
    Probabilities,
}

/// Values of all leaves of a tree; more are no model.
const MOST_VALUES: usize = 1 << 26;

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    if labels.len() < 2 {
        return Err(fitted.refuse_option("one class"));
    }
    let features = features(fitted)?;
    let rule = Rule::of(fitted)?;
    let weights = fitted.numbers("estimator_weights_")?;
    let listed = fitted.attr("estimators_")?;
    let values: Vec<_> = listed.items().map_err(|error| fitted.refuse(error))?.collect();
    if values.is_empty() || values.len() > weights.len() {
        return Err(fitted.refuse(format!(
            "AdaBoostClassifier has {} estimators and {} weights",
            values.len(),
            weights.len()
        )));
    }
    let total = pairwise_sum(&weights);
    let parts: Vec<_> = values.into_iter().zip(weights).collect();
    let kind = if parts.iter().all(|(value, _)| FittedTree::is_estimator(*value)) {
        Kind::Trees(Box::new(read_trees(fitted, &parts, features, &labels, rule, total)?))
    } else {
        let parts = parts.into_iter().enumerate().map(|(number, (value, weight))| {
            read_part(fitted, number, value, weight, features, &labels, rule)
        });
        Kind::Parts { parts: parts.collect::<Result<_, _>>()?, rule, total }
    };
    Ok(Box::new(AdaBoost {
        kind,
        features,
        labels: [labels],
        numeric: template_takes_numbers(fitted),
    }))
}

fn read_trees(
    fitted: &Fitted<'_>,
    parts: &[(Value<'_>, f64)],
    n_features: usize,
    labels: &Labels,
    rule: Rule,
    total: f64,
) -> Result<Forest, Refusal> {
    let mut trees = Vec::with_capacity(parts.len());
    for (value, weight) in parts {
        let member = fitted.member(*value);
        let own = member.labels("classes_")?;
        let classes = classes_of(fitted, labels, &own, rule)?;
        let tree = FittedTree::read(&member)?;
        let mut made = class_tree(&member, &tree, None, &[own.len()], false)?;
        let counts = Meaning::of(member.version()) == Meaning::Counts;
        let count = made.leaf_values.len() / own.len();
        if count.saturating_mul(labels.len()) > MOST_VALUES {
            return Err(fitted.refuse("AdaBoostClassifier has too many leaves and classes"));
        }
        let mut leaves = Vec::with_capacity(count * labels.len());
        for values in made.leaf_values.chunks_exact_mut(own.len()) {
            let start = leaves.len();
            leaves.resize(start + labels.len(), 0.0);
            if rule == Rule::Probabilities {
                if counts {
                    share_out(values);
                }
                add_logarithms(values, &mut leaves[start..]);
            } else {
                rule.add_vote(classes[argmax(values)], *weight, &mut leaves[start..]);
            }
        }
        made.leaf_values = leaves;
        trees.push(made);
    }
    let n_outputs = labels.len();
    forest(
        fitted,
        Ensemble {
            n_features,
            n_outputs,
            input: Input::F32,
            sum: Sum::F64,
            initial: vec![0.0; n_outputs],
            divisor: Some(total),
            category_cast: CategoryCast::HistGradientBoosting,
            trees,
        },
    )
}

fn read_part(
    fitted: &Fitted<'_>,
    number: usize,
    value: Value<'_>,
    weight: f64,
    features: usize,
    labels: &Labels,
    rule: Rule,
) -> Result<Part, Refusal> {
    let estimator = fitted.inner(&format!("estimator {number} of AdaBoostClassifier"), value)?;
    let [own] = estimator.labels() else {
        return Err(fitted.refuse_option("an estimator of several targets"));
    };
    let classes = classes_of(fitted, labels, own, rule)?;
    let wide = shape(&*estimator, Method::PredictProba) == Some(Shape::Matrix(labels.len()));
    if rule == Rule::Probabilities && !wide {
        return Err(fitted.refuse_option("an estimator without probabilities"));
    }
    if estimator.features().is_some_and(|taken| taken != features) {
        return Err(fitted.refuse("AdaBoostClassifier has an estimator of other columns"));
    }
    Ok(Part { estimator, weight, classes })
}

/// Which class of the whole each class of an estimator is; with probabilities they must be the same.
fn classes_of(
    fitted: &Fitted<'_>,
    all: &Labels,
    own: &Labels,
    rule: Rule,
) -> Result<Vec<usize>, Refusal> {
    let classes: Option<Vec<usize>> = (0..own.len()).map(|at| position(all, own, at)).collect();
    let same = |classes: &Vec<usize>| {
        classes.len() == all.len() && classes.iter().enumerate().all(|(at, class)| at == *class)
    };
    let classes = classes.filter(|classes| rule != Rule::Probabilities || same(classes));
    classes
        .filter(|classes| !classes.is_empty())
        .ok_or_else(|| fitted.refuse("AdaBoostClassifier has an estimator of other classes"))
}

impl Rule {
    fn of(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let algorithm = fitted.option("algorithm").and_then(Value::as_str);
        // imbalanced-learn's does not tell the release of scikit-learn; what it is made of does.
        let first = fitted.attr("estimators_")?.items().ok().and_then(|mut items| items.next());
        let is_told = fitted.class() == "AdaBoostClassifier";
        let first = first.filter(|_| !is_told).map(|first| fitted.member(first));
        let version = first.map_or(fitted.version(), |first| first.version());
        if !is_told && version == Version::default() {
            // An estimator of another library: only releases for scikit-learn 1.3 and later write this word, or none.
            return match algorithm {
                None | Some("deprecated") => Ok(Self::Symmetric),
                Some(other) => Err(fitted.refuse_option(format!(
                    "algorithm='{other}' over an estimator that does not tell a release of scikit-learn"
                ))),
            };
        }
        Ok(match algorithm.unwrap_or("SAMME") {
            "SAMME.R" if version < Version(1, 6) => Self::Probabilities,
            "SAMME" if version < Version(0, 22) => {
                return Err(fitted.refuse_option("algorithm='SAMME' before scikit-learn 0.22"));
            }
            // 1.6 to 1.7 keep the word and have one algorithm.
            "SAMME" | "deprecated" if version < Version(1, 3) => Self::Votes,
            "SAMME" | "deprecated" => Self::Symmetric,
            other => return Err(fitted.refuse_option(format!("algorithm='{other}'"))),
        })
    }

    /// Adds a vote for a class to the scores.
    fn add_vote(self, class: usize, weight: f64, scores: &mut [f64]) {
        let others = -1.0 / (scores.len() as f64 - 1.0) * weight;
        let others = if self == Self::Votes { 0.0 } else { others };
        for (at, score) in scores.iter_mut().enumerate() {
            *score += if at == class { weight } else { others };
        }
    }
}

/// Adds what `SAMME.R` makes of probabilities to the scores.
fn add_logarithms(shares: &[f64], scores: &mut [f64]) {
    let classes = shares.len() as f64;
    let logs: Vec<f64> = shares.iter().map(|share| share.max(f64::EPSILON).ln()).collect();
    let mean = 1.0 / classes * pairwise_sum(&logs);
    for (score, log) in scores.iter_mut().zip(&logs) {
        *score += (classes - 1.0) * (log - mean);
    }
}

impl Part {
    fn add(
        &self,
        rule: Rule,
        x: Numbers<'_>,
        classes: usize,
        out: &mut [f64],
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let rows = out.chunks_exact_mut(classes);
        if rule == Rule::Probabilities {
            let shares = scores(&*self.estimator, Method::PredictProba, &x.data(), pool)?;
            for (row, scores) in rows.enumerate() {
                add_logarithms(shares.row(row), scores);
            }
            shares.give(pool);
            return Ok(());
        }
        let mut answers = ask(&*self.estimator, Method::Predict, &x.data(), pool)?;
        if let Some(Predicted::Labels(labels)) = answers.predict.take() {
            for (label, scores) in labels.iter().zip(rows) {
                rule.add_vote(self.classes[*label as usize], self.weight, scores);
            }
            pool.give_u32(labels);
        }
        Ok(())
    }
}

impl AdaBoost {
    /// Scores of all classes.
    fn scores(&self, x: Numbers<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let classes = self.labels[0].len();
        let mut out = pool.take_f64(x.rows() * classes);
        match &self.kind {
            Kind::Trees(forest) => {
                check_finite(x, Finite::OnlyAsF32)?;
                add_up(forest, x, &mut out, pool);
            }
            Kind::Parts { parts, rule, total } => {
                check_finite(x, Finite::Only)?;
                out.fill(0.0);
                for part in parts {
                    part.add(*rule, x, classes, &mut out, pool)?;
                }
                out.iter_mut().for_each(|score| *score /= total);
            }
        }
        Ok(out)
    }

    fn answer_numbers(
        &self,
        x: Numbers<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let classes = self.labels[0].len();
        let mut scores = self.scores(x, pool)?;
        if classes == 2 {
            let rows = scores.len() / 2;
            for row in 0..rows {
                scores[row] = -scores[2 * row] + scores[2 * row + 1];
            }
            scores.truncate(rows);
        }
        if asked.has(Method::Predict) {
            answers.predict = Some(if classes == 2 {
                let mut labels = pool.take_u32(scores.len());
                labels.iter_mut().zip(&scores).for_each(|(l, score)| *l = u32::from(*score > 0.0));
                Predicted::Labels(labels)
            } else {
                greatest(&scores, &[classes], pool)
            });
        }
        if asked.has(Method::PredictProba) {
            let mut shares = pool.take_f64(x.rows() * classes);
            if classes == 2 {
                for (shares, score) in shares.chunks_exact_mut(2).zip(&scores) {
                    shares.copy_from_slice(&[-score / 2.0, score / 2.0]);
                }
            } else {
                let others = classes as f64 - 1.0;
                shares.iter_mut().zip(&scores).for_each(|(share, score)| *share = score / others);
            }
            shares.chunks_exact_mut(classes).for_each(softmax);
            answers.predict_proba = Some(Block::F64(shares));
        }
        answers.decide(asked, scores, pool);
        Ok(())
    }
}

impl Estimator for AdaBoost {
    fn outputs(&self) -> Vec<Output> {
        let classes = self.labels[0].len();
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
        numeric(x, pool, |x, pool| self.answer_numbers(x, asked, answers, pool))
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_parts(columns, self.numeric);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn fed_sparse(&mut self) {
        if let Kind::Parts { parts, .. } = &mut self.kind {
            parts.iter_mut().for_each(|part| part.estimator.fed_sparse());
        }
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
