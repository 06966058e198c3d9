//! One tree of a LightGBM model text as the engines' [`Tree`].
//!
//! A row goes left where `value <= threshold` in f64, or where its category is listed. Splits come
//! first, leaves after them. Must not know objectives.

use super::text::Fields;
use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::{CategorySplit, Compare, Missing, Node, NumericSplit, Outputs, Tree};

/// Bits of `decision_type`.
const CATEGORICAL: u8 = 1;
const DEFAULT_LEFT: u8 = 2;

/// `kZeroThreshold`, an f32 constant compared as f64.
const ZERO: f64 = 1e-35_f32 as f64;

pub(super) fn tree(fields: &Fields<'_>, output: u32) -> Result<Tree, Refused> {
    if fields.get("is_linear").is_some_and(|flag| flag != "0") {
        refuse!("linear trees (linear_tree=true) are not supported natively");
    }
    let n_leaves: usize = fields.number("num_leaves")?;
    if n_leaves == 0 {
        refuse!("no leaves");
    }
    let leaf_values = fields.numbers("leaf_value", n_leaves)?;
    let mut nodes = if n_leaves == 1 { Vec::new() } else { splits(fields, n_leaves)? };
    nodes.extend((0..n_leaves as u32).map(Node::Leaf));
    Ok(Tree { nodes, leaf_values, outputs: Outputs::One(output) })
}

fn splits(fields: &Fields<'_>, n_leaves: usize) -> Result<Vec<Node>, Refused> {
    let n = n_leaves - 1;
    let features: Vec<u32> = fields.numbers("split_feature", n)?;
    let thresholds: Vec<f64> = fields.numbers("threshold", n)?;
    let decisions: Vec<u8> = fields.numbers("decision_type", n)?;
    let lefts: Vec<i32> = fields.numbers("left_child", n)?;
    let rights: Vec<i32> = fields.numbers("right_child", n)?;
    let categories = Categories::new(fields)?;
    let mut nodes = Vec::with_capacity(2 * n + 1);
    for at in 0..n {
        let (feature, threshold, decision) = (features[at], thresholds[at], decisions[at]);
        let (left, right) = (child(lefts[at], n)?, child(rights[at], n)?);
        nodes.push(if decision & CATEGORICAL != 0 {
            Node::Category(CategorySplit {
                feature,
                categories: categories.listed(threshold)?,
                listed_left: true,
                missing_left: false,
                left,
                right,
            })
        } else {
            let missing = missing(decision)?;
            let compare = Compare::LessOrEqual;
            let threshold = for_dense_rows(threshold);
            Node::Numeric(NumericSplit { feature, threshold, compare, missing, left, right })
        });
    }
    Ok(nodes)
}

/// A threshold for values as they stand in a row. LightGBM leaves values of dense rows out that it
/// calls zero (`|value| <= kZeroThreshold`; 4.7, `c_api.cpp`, `RowPairFunctionFromDenseMatric`), so that
/// its trees see 0 there; all of them must be on the side that 0 is on.
fn for_dense_rows(threshold: f64) -> f64 {
    if !(-ZERO..=ZERO).contains(&threshold) {
        threshold
    } else if threshold < 0.0 {
        (-ZERO).next_down()
    } else {
        ZERO
    }
}

/// A child as a node: a split where it is not negative, else the leaf that is its complement.
fn child(child: i32, n_splits: usize) -> Result<u32, Refused> {
    let node = if child >= 0 { child as usize } else { n_splits + !child as usize };
    if child >= 0 && node >= n_splits {
        refuse!("a child is split {child} of {n_splits}");
    }
    Ok(node as u32)
}

/// Bits 2 and 3 say what is missing: nothing, zero, or NaN.
fn missing(decision: u8) -> Result<Missing, Refused> {
    Ok(match (decision >> 2, decision & DEFAULT_LEFT != 0) {
        (0, _) => Missing::NanAsZero,
        (1, true) => Missing::ZeroLeft,
        (1, false) => Missing::ZeroRight,
        (2, true) => Missing::NanLeft,
        (2, false) => Missing::NanRight,
        _ => refuse!("the decision_type {decision} is not known"),
    })
}

/// The sets of categories, as bits.
struct Categories {
    boundaries: Vec<usize>,
    words: Vec<u32>,
}

impl Categories {
    fn new(fields: &Fields<'_>) -> Result<Self, Refused> {
        let n: usize = fields.number("num_cat")?;
        if n == 0 {
            return Ok(Self { boundaries: Vec::new(), words: Vec::new() });
        }
        let Some(boundaries) = n.checked_add(1) else { refuse!("num_cat is {n}") };
        let boundaries: Vec<usize> = fields.numbers("cat_boundaries", boundaries)?;
        let words = fields.numbers("cat_threshold", boundaries[n])?;
        Ok(Self { boundaries, words })
    }

    /// Where a split is categorical, its threshold is the number of its set.
    fn listed(&self, threshold: f64) -> Result<Vec<u32>, Refused> {
        let set = threshold as usize;
        let range = self.boundaries.get(set..).and_then(|rest| Some(*rest.first()?..*rest.get(1)?));
        let words = range.and_then(|range| self.words.get(range));
        let Some(words) = words.filter(|_| threshold.to_bits() == (set as f64).to_bits()) else {
            refuse!("a split refers to the set {threshold} of categories");
        };
        let words = words.iter().zip(0_u32..);
        let bits =
            words.flat_map(|(word, at)| (0..32).map(move |bit| (word >> bit & 1, 32 * at + bit)));
        Ok(bits.filter(|(set, _)| *set == 1).map(|(_, category)| category).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lightgbm_calls_zero_is_on_the_side_of_zero() {
        let goes_left = |value: f64, threshold| value <= for_dense_rows(threshold);
        for threshold in [-ZERO, -1e-36, -5e-324, -0.0, 0.0, 1e-40, ZERO, ZERO.next_up(), 1.0] {
            for value in [-ZERO, -1e-36, -0.0, 0.0, 5e-324, 1e-36, ZERO] {
                assert_eq!(goes_left(value, threshold), 0.0 <= threshold, "{value} {threshold}");
            }
            for value in [(-ZERO).next_down(), ZERO.next_up(), -1.0, 1.0] {
                assert_eq!(goes_left(value, threshold), value <= threshold, "{value} {threshold}");
            }
        }
    }
}
