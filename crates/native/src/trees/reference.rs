//! The plain walk, node by node as the libraries describe it: the oracle of the tests, and the
//! engine for ensembles no other engine takes.
//!
//! Must stay obvious; speed is the other engines' business.

use super::ensemble::{Category, Ensemble, Input, Node, Outputs, Sum, Tree, is_zero};

/// Answers for one row, already widened to f64; sums start with what is in `out`.
pub(super) fn predict_row(ensemble: &Ensemble, value: impl Fn(usize) -> f64, out: &mut [f64]) {
    let cast = |feature: u32| match ensemble.input {
        Input::F32 => f64::from(value(feature as usize) as f32),
        Input::F64 => value(feature as usize),
    };
    match ensemble.sum {
        Sum::F64 => {
            for tree in &ensemble.trees {
                add(tree, leaf(ensemble, tree, &cast), |k, v| out[k] += v, ensemble.n_outputs);
            }
        }
        Sum::F32 => {
            for out in out.iter_mut() {
                *out = f64::from(*out as f32);
            }
            for tree in &ensemble.trees {
                let add_f32 = |k: usize, v: f64| out[k] = f64::from(out[k] as f32 + v as f32);
                add(tree, leaf(ensemble, tree, &cast), add_f32, ensemble.n_outputs);
            }
        }
    }
    ensemble.divide(out);
}

fn add(tree: &Tree, leaf: usize, mut add: impl FnMut(usize, f64), n_outputs: usize) {
    match tree.outputs {
        Outputs::One(output) => add(output as usize, tree.leaf_values[leaf]),
        Outputs::All => {
            for k in 0..n_outputs {
                add(k, tree.leaf_values[leaf * n_outputs + k]);
            }
        }
    }
}

fn leaf(ensemble: &Ensemble, tree: &Tree, value: &impl Fn(u32) -> f64) -> usize {
    let mut at = 0;
    loop {
        let (left, children) = match &tree.nodes[at as usize] {
            Node::Leaf(leaf) => return *leaf as usize,
            Node::Numeric(split) => {
                let value = value(split.feature);
                let missing = value.is_nan() || split.zero_is_missing() && is_zero(value);
                let left = if missing { split.missing_left() } else { split.passes(value) };
                (left, (split.left, split.right))
            }
            Node::Category(split) => {
                let left = match ensemble.category_cast.category(value(split.feature)) {
                    Category::Missing => split.missing_left,
                    Category::None => !split.listed_left,
                    Category::Number(n) => {
                        split.categories.binary_search(&n).is_ok() == split.listed_left
                    }
                };
                (left, (split.left, split.right))
            }
        };
        at = if left { children.0 } else { children.1 };
    }
}
