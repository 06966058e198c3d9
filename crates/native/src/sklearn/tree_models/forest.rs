//! `DecisionTree*`, `ExtraTree*`, `RandomForest*` and `ExtraTrees*`, of one target or several.
//!
//! Source: `sklearn.tree._classes`, `sklearn.ensemble._forest` (0.2x to 1.9). A forest adds the
//! trees' probabilities or numbers in their order and divides by how many there are, which is what
//! Python does with `n_jobs=1`. Before 1.4 a node holds counts, which become probabilities tree by tree.

use pelton_pickle::Value;

use super::nodes::{FittedTree, allowed};
use super::sums::{greatest, numbers, sums, widths};
use crate::data::{Data, Finite, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Promise, Rejected, Shape,
};
use crate::math::pairwise_sum;
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Outputs, Sum, Tree, parallel};

pub(super) const READERS: Readers = &[
    ("sklearn", "DecisionTreeClassifier", read_one),
    ("sklearn", "DecisionTreeRegressor", read_one),
    ("sklearn", "ExtraTreeClassifier", read_one),
    ("sklearn", "ExtraTreeRegressor", read_one),
    ("sklearn", "RandomForestClassifier", read_many),
    ("sklearn", "RandomForestRegressor", read_many),
    ("sklearn", "ExtraTreesClassifier", read_many),
    ("sklearn", "ExtraTreesRegressor", read_many),
    ("imblearn", "BalancedRandomForestClassifier", read_many),
];

/// One tree or the mean of several.
struct Trees {
    forest: Forest,
    finite: Finite,
    /// Of a classifier, one set a target.
    labels: Vec<Labels>,
    widths: Vec<usize>,
    /// Targets of a regressor.
    targets: usize,
    /// Whether the sums are counts yet: those of a single tree before 1.4.
    counts: bool,
}

/// What the values of a classifier's nodes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Counts,
    Shares,
}

fn read_one(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = read_labels(fitted)?;
    let counts = !labels.is_empty() && Meaning::of(fitted.version()) == Meaning::Counts;
    let tree = FittedTree::read(fitted)?;
    let finite = allowed(fitted, false);
    let tree = match labels.as_slice() {
        [] => number_tree(fitted, &tree, None, targets(fitted))?,
        labels => class_tree(fitted, &tree, None, &widths(labels), false)?,
    };
    build(fitted, vec![tree], None, finite, labels, counts)
}

fn read_many(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = read_labels(fitted)?;
    let widths = widths(&labels);
    let listed = fitted.attr("estimators_")?;
    let listed = listed.items().map_err(|error| fitted.refuse(error))?;
    let mut members = Vec::with_capacity(listed.len());
    for value in listed {
        let member = fitted.member(value);
        members.push((member, FittedTree::read(&member)?));
    }
    let finite = members.first().map_or(Finite::OnlyAsF32, |(first, _)| allowed(first, true));
    let nodes = members.iter().map(|(_, tree)| tree.len()).sum();
    let trees = parallel::map(&members, nodes, |_, (member, tree)| match labels.as_slice() {
        [] => number_tree(fitted, tree, None, targets(fitted)),
        _ => class_tree(member, tree, None, &widths, true),
    });
    let trees = trees.into_iter().collect::<Result<Vec<_>, _>>()?;
    if trees.is_empty() {
        return Err(fitted.refuse(format!("{} has no trees", fitted.class())));
    }
    let count = trees.len() as f64;
    build(fitted, trees, Some(count), finite, labels, false)
}

/// The labels of every target of a classifier; none of a regressor.
fn read_labels(fitted: &Fitted<'_>) -> Result<Vec<Labels>, Refusal> {
    if !fitted.class().ends_with("Classifier") {
        return Ok(Vec::new());
    }
    let classes = fitted.attr("classes_")?;
    let labels: Vec<Labels> = if targets(fitted) == 1 {
        vec![fitted.labels_of("classes_", classes)?]
    } else {
        let sets = classes.items().map_err(|error| fitted.refuse(error))?;
        sets.map(|set| fitted.labels_of("classes_", set)).collect::<Result<_, _>>()?
    };
    if labels.is_empty() || labels.iter().any(Labels::is_empty) {
        return Err(fitted.refuse(format!("{} has no classes", fitted.class())));
    }
    Ok(labels)
}

impl Meaning {
    /// 1.4 began to keep shares.
    pub(super) fn of(version: Version) -> Self {
        if version < Version(1, 4) { Self::Counts } else { Self::Shares }
    }
}

/// A tree whose leaves hold the shares of all targets' classes; with counts left as they are unless
/// they are to be `share`d out.
///
/// # Errors
/// It has values for other targets or classes, or they are not what its version keeps.
pub(super) fn class_tree(
    fitted: &Fitted<'_>,
    tree: &FittedTree<'_>,
    features: Option<&[u32]>,
    widths: &[usize],
    share: bool,
) -> Result<Tree, Refusal> {
    let widest = widths.iter().copied().max().unwrap_or(0);
    if tree.targets() != widths.len() || tree.width() != widest {
        return Err(fitted.refuse(format!(
            "{} has a tree with values for {} targets of {} classes where {} of {widest} were wanted",
            fitted.class(),
            tree.targets(),
            tree.width(),
            widths.len(),
        )));
    }
    let meaning = Meaning::of(fitted.version());
    check_meaning(fitted, tree, widths, meaning)?;
    let mut shares = Vec::new();
    Ok(tree.tree(Outputs::All, features, |node, leaf| {
        for (target, width) in widths.iter().enumerate() {
            shares.clear();
            shares.extend(tree.values(node, target, *width));
            if meaning == Meaning::Counts && share {
                share_out(&mut shares);
            }
            leaf.extend_from_slice(&shares);
        }
    }))
}

/// A tree whose leaves hold a number for every target.
///
/// # Errors
/// It has several values for a target.
pub(super) fn number_tree(
    fitted: &Fitted<'_>,
    tree: &FittedTree<'_>,
    features: Option<&[u32]>,
    targets: usize,
) -> Result<Tree, Refusal> {
    if (tree.targets(), tree.width()) != (targets, 1) {
        return Err(fitted.refuse(format!(
            "{} has a tree with {} values for each of {} targets where one for each of {targets} was wanted",
            fitted.class(),
            tree.width(),
            tree.targets(),
        )));
    }
    Ok(tree.tree(Outputs::All, features, |node, leaf| {
        for target in 0..targets {
            leaf.extend(tree.values(node, target, 1));
        }
    }))
}

/// Divides counts by their sum, as `predict_proba` did before 1.4.
pub(super) fn share_out(counts: &mut [f64]) {
    let sum = pairwise_sum(counts);
    let sum = if sum == 0.0 { 1.0 } else { sum };
    counts.iter_mut().for_each(|count| *count /= sum);
}

/// The root's values must be what the version says, or every answer would be wrong.
fn check_meaning(
    fitted: &Fitted<'_>,
    tree: &FittedTree<'_>,
    widths: &[usize],
    meaning: Meaning,
) -> Result<(), Refusal> {
    if tree.len() == 0 {
        return Ok(());
    }
    let wanted = if meaning == Meaning::Counts { tree.weight(0) } else { 1.0 };
    for (target, width) in widths.iter().enumerate() {
        let sum: f64 = tree.values(0, target, *width).sum();
        if (sum - wanted).abs() > 1e-6 * wanted.abs().max(1.0) {
            return Err(fitted.refuse(format!(
                "{} has a tree whose root holds {sum} in all where its version keeps {wanted}",
                fitted.class()
            )));
        }
    }
    Ok(())
}

fn build(
    fitted: &Fitted<'_>,
    trees: Vec<Tree>,
    divisor: Option<f64>,
    finite: Finite,
    labels: Vec<Labels>,
    counts: bool,
) -> Result<Box<dyn Estimator>, Refusal> {
    let n_features = features(fitted)?;
    let widths = widths(&labels);
    let targets = targets(fitted);
    let n_outputs = if labels.is_empty() { targets } else { widths.iter().sum() };
    let forest = forest(
        fitted,
        Ensemble {
            n_features,
            n_outputs,
            input: Input::F32,
            sum: Sum::F64,
            initial: vec![0.0; n_outputs],
            divisor,
            category_cast: CategoryCast::HistGradientBoosting,
            trees,
        },
    )?;
    Ok(Box::new(Trees { forest, finite, labels, widths, targets, counts }))
}

/// Targets of a regressor.
fn targets(fitted: &Fitted<'_>) -> usize {
    let told = fitted.option("n_outputs_").and_then(Value::as_i64);
    told.map_or(1, |targets| usize::try_from(targets).unwrap_or(0))
}

/// The columns a model of trees takes.
///
/// # Errors
/// It does not tell.
pub(super) fn features(fitted: &Fitted<'_>) -> Result<usize, Refusal> {
    // Until 0.22 some leave it to the first of theirs to tell.
    let first = || fitted.value.get_attr("estimators_")?.items().ok()?.next();
    let told = fitted.features().or_else(|| fitted.with(first()?).features());
    told.ok_or_else(|| {
        fitted.refuse(format!("{} does not tell how many columns it takes", fitted.class()))
    })
}

/// The engines for an ensemble.
///
/// # Errors
/// It refers to what it does not have.
pub(super) fn forest(fitted: &Fitted<'_>, ensemble: Ensemble) -> Result<Forest, Refusal> {
    let forest = Forest::new(ensemble).map(Forest::without_reference);
    forest.map_err(|why| fitted.refuse(format!("{}: {why}", fitted.class())))
}

impl Estimator for Trees {
    /// Sparse rows never have gaps.
    fn fed_sparse(&mut self) {
        if self.finite == Finite::OrNanAsF32 {
            self.finite = Finite::OnlyAsF32;
        }
    }

    fn outputs(&self) -> Vec<Output> {
        let shape = |targets| if targets == 1 { Shape::Vector } else { Shape::Matrix(targets) };
        match self.widths.as_slice() {
            [] => vec![Output::new(Method::Predict, shape(self.targets))],
            [classes] => vec![
                Output::new(Method::Predict, Shape::Vector),
                Output::new(Method::PredictProba, Shape::Matrix(*classes)),
            ],
            widths => vec![
                Output::new(Method::Predict, shape(widths.len())),
                Output::new(Method::PredictProba, Shape::Several(widths.to_vec())),
            ],
        }
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
        let mut sums = sums(&self.forest, x, Some(self.finite), pool)?;
        if self.labels.is_empty() {
            answers.predict = Some(numbers(sums));
            return Ok(());
        }
        if asked.has(Method::Predict) {
            answers.predict = Some(greatest(&sums, &self.widths, pool));
        }
        if asked.has(Method::PredictProba) {
            if self.counts {
                let width = self.forest.ensemble().n_outputs;
                for mut row in sums.chunks_exact_mut(width) {
                    for width in &self.widths {
                        let (target, rest) = row.split_at_mut(*width);
                        share_out(target);
                        row = rest;
                    }
                }
            }
            answers.predict_proba = Some(Block::F64(sums));
        } else {
            pool.give_f64(sums);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Bits
    }
}
