//! Checks a described ensemble once, so that engines may index without asking.
//!
//! What passes here: every feature, child, leaf and output index is in bounds, no node has two
//! parents (hence no cycle), no threshold is NaN, and all counts fit the engines' 32-bit indices.

use std::fmt;

use super::ensemble::{Ensemble, Node, Outputs, Tree};
use super::parallel;

/// Why an ensemble cannot be run; the message names the tree and the node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvalidEnsemble(String);

impl fmt::Display for InvalidEnsemble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InvalidEnsemble {}

macro_rules! invalid {
    ($($message:tt)*) => { return Err(InvalidEnsemble(format!($($message)*))) };
}

/// Features and outputs beyond this are a broken file, not a model.
const MOST: usize = 1 << 22;

pub(super) fn check(ensemble: &Ensemble) -> Result<(), InvalidEnsemble> {
    let Ensemble { n_features, n_outputs, initial, divisor, trees, .. } = ensemble;
    if *n_features > MOST || *n_outputs > MOST || *n_outputs == 0 {
        invalid!(
            "{n_features} features and {n_outputs} outputs: wanted up to {MOST} and at least one output"
        );
    }
    if initial.len() != *n_outputs {
        invalid!("{} initial values for {n_outputs} outputs", initial.len());
    }
    if divisor.is_some_and(|d| d == 0.0 || d.is_nan()) {
        invalid!("the sum of the trees is to be divided by {divisor:?}");
    }
    let nodes: usize = trees.iter().map(|t| t.nodes.len()).sum();
    let values: usize = trees.iter().map(|t| t.leaf_values.len()).sum();
    if nodes >= 1 << 31 || values >= 1 << 31 || trees.len() >= 1 << 31 {
        invalid!("{} trees with {nodes} nodes and {values} leaf values are too many", trees.len());
    }
    let checked = parallel::map(trees, nodes, |number, tree| check_tree(ensemble, number, tree));
    checked.into_iter().collect()
}

fn check_tree(ensemble: &Ensemble, number: usize, tree: &Tree) -> Result<(), InvalidEnsemble> {
    let width = match tree.outputs {
        Outputs::One(output) if output as usize >= ensemble.n_outputs => {
            invalid!("tree {number}: output {output} of {}", ensemble.n_outputs)
        }
        Outputs::One(_) => 1,
        Outputs::All => ensemble.n_outputs,
    };
    if tree.nodes.is_empty() {
        invalid!("tree {number}: no nodes");
    }
    let mut seen = vec![false; tree.nodes.len()];
    seen[0] = true;
    let mut waiting = vec![0_u32];
    while let Some(at) = waiting.pop() {
        let (feature, left, right) = match &tree.nodes[at as usize] {
            Node::Leaf(leaf) => {
                if (*leaf as usize + 1).saturating_mul(width) > tree.leaf_values.len() {
                    invalid!("tree {number}: node {at}: leaf {leaf} has no value");
                }
                continue;
            }
            Node::Numeric(split) => {
                if split.threshold.is_nan() {
                    invalid!("tree {number}: node {at}: the threshold is NaN");
                }
                (split.feature, split.left, split.right)
            }
            Node::Category(split) => {
                if !split.categories.is_sorted() {
                    invalid!("tree {number}: node {at}: the categories are not ascending");
                }
                (split.feature, split.left, split.right)
            }
        };
        if feature as usize >= ensemble.n_features {
            invalid!("tree {number}: node {at}: feature {feature} of {}", ensemble.n_features);
        }
        for child in [left, right] {
            match seen.get_mut(child as usize) {
                None => {
                    invalid!(
                        "tree {number}: node {at}: child {child} of {} nodes",
                        tree.nodes.len()
                    )
                }
                Some(true) => invalid!("tree {number}: node {child} has two parents"),
                Some(first) => *first = true,
            }
            waiting.push(child);
        }
    }
    Ok(())
}
