//! `IsolationForest`.
//!
//! Source: `sklearn.ensemble._iforest` (0.20 to 1.9). A row's depth is the length of its way through
//! every tree, plus what a tree over the rows of its last leaf would add on average.

use pelton_pickle::Value;

use super::forest::{features, forest};
use super::nodes::FittedTree;
use super::subsets::subsets;
use super::sums::sums;
use crate::data::{Data, Finite, Labels, Pool};
use crate::estimator::{Answers, Estimator, Methods, Output, Promise, Rejected};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::outliers::Outliers;
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Outputs, Sum};

pub(super) const READERS: Readers = &[("sklearn", "IsolationForest", read)];

struct IsolationForest {
    /// Sums of depths.
    forest: Forest,
    finite: Option<Finite>,
    /// The depth of all trees that a row is expected to have.
    usual: f64,
    outliers: Outliers,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if fitted.version() < Version(0, 20) {
        return Err(fitted.refuse_option("the decisions of releases before 0.20"));
    }
    let lone = if fitted.version() < Version(0, 21) { Lone::Counts } else { Lone::Nothing };
    // Until 0.21 labels went by a threshold of their own, unless told otherwise.
    let behaviour = fitted.option("behaviour").and_then(Value::as_str);
    let is_new = fitted.version() >= Version(0, 22) || behaviour == Some("new");
    let least = if is_new { 0.0 } else { fitted.number("_threshold_")? };
    let n_features = features(fitted)?;
    let listed = fitted.attr("estimators_")?;
    let listed = listed.items().map_err(|error| fitted.refuse(error))?;
    let subsets = subsets(fitted, listed.len(), n_features)?;
    let averages = fitted.option("_average_path_length_per_tree");
    let mut trees = Vec::with_capacity(listed.len());
    for (number, value) in listed.enumerate() {
        let tree = FittedTree::read(&fitted.with(value))?;
        let average = match averages {
            Some(averages) => {
                let average = averages.item(number).map_err(|error| fitted.refuse(error))?;
                fitted.numbers_of("_average_path_length_per_tree", average)?
            }
            None => {
                (0..tree.len()).map(|node| average_path(tree.samples(node) as f64, lone)).collect()
            }
        };
        let lengths = tree.path_lengths();
        if average.len() != lengths.len() {
            return Err(fitted.refuse("IsolationForest has path lengths of other trees"));
        }
        let subset = subsets.as_ref().map(|subsets| subsets[number].as_slice());
        trees.push(tree.tree(Outputs::One(0), subset, |node, leaf| {
            leaf.push(f64::from(lengths[node]) + average[node] - 1.0);
        }));
    }
    let samples = fitted.option("_max_samples").or_else(|| fitted.option("max_samples_"));
    let samples = fitted.wanted("max_samples_", samples.and_then(Value::as_f64), "a number")?;
    let usual = trees.len() as f64 * average_path(samples, lone);
    let forest = forest(
        fitted,
        Ensemble {
            n_features,
            n_outputs: 1,
            input: Input::F32,
            sum: Sum::F64,
            initial: vec![0.0],
            divisor: None,
            category_cast: CategoryCast::HistGradientBoosting,
            trees,
        },
    )?;
    // From 1.6 on nothing is checked: trees take gaps, infinities and what is too large.
    let finite = (fitted.version() < Version(1, 6)).then_some(Finite::OnlyAsF32);
    let outliers = Outliers::new(fitted.number("offset_")?, true).from(least);
    Ok(Box::new(IsolationForest { forest, finite, usual, outliers }))
}

/// Euler's constant, as NumPy has it.
const EULER_GAMMA: f64 = 0.577_215_664_901_532_9;

/// The depth of a row on its own, and of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Lone {
    /// One adds nothing, two add one.
    Nothing,
    /// One adds one, two what the formula says: before 0.21.
    Counts,
}

/// The average depth of an isolation tree over this many rows.
fn average_path(rows: f64, lone: Lone) -> f64 {
    if rows <= 1.0 {
        f64::from(u8::from(lone == Lone::Counts))
    } else if rows == 2.0 && lone == Lone::Nothing {
        1.0
    } else {
        2.0 * ((rows - 1.0).ln() + EULER_GAMMA) - 2.0 * (rows - 1.0) / rows
    }
}

impl IsolationForest {
    fn score(&self, depth: f64) -> f64 {
        // Where training had a single row, there is no usual depth and Python takes 1.
        let share = if self.usual == 0.0 { 1.0 } else { depth / self.usual };
        -(2_f64.powf(-share))
    }
}

impl Estimator for IsolationForest {
    fn outputs(&self) -> Vec<Output> {
        Outliers::outputs()
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
        let mut scores = sums(&self.forest, x, self.finite, pool)?;
        scores.iter_mut().for_each(|depth| *depth = self.score(*depth));
        self.outliers.answer(scores, asked, answers, pool);
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        self.outliers.labels()
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
