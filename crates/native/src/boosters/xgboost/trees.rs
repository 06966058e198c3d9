//! XGBoost's trees as an [`Ensemble`].
//!
//! A row goes left where `value < condition` in f32, or where its category is not listed; the right
//! child is the left one's neighbour. Must not know objectives.

use super::schema::{self, Model, Tree};
use super::{Call, Category, number};
use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::{
    CategoryCast, CategorySplit, Compare, Ensemble, Input, Missing, Node, NumericSplit, Outputs,
    Sum, Tree as Neutral,
};

/// The trees of a gbtree or dart booster, and how they belong together.
pub(super) struct Trees {
    all: Vec<Neutral>,
    /// The first tree of each round, and the number of trees.
    rounds: Vec<usize>,
    /// A dart booster's factor for each tree.
    drops: Option<Vec<f32>>,
}

/// What the sum of a row's trees starts from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// The margin.
    Margin,
    /// 0; the margin is added to the whole sum. So it was before 1.3.
    Nothing,
}

/// What XGBoost calls a list of 64-bit integers.
const I64: i64 = 15;

/// Categories from here on are no category to XGBoost.
const CATEGORY_END: u32 = 1 << 24;

impl Trees {
    pub(super) fn new(
        model: Model,
        n_outputs: usize,
        drops: Option<Vec<f32>>,
    ) -> Result<Self, Refused> {
        let (Some(trees), Some(groups), Some(param)) =
            (model.trees, model.tree_info, model.gbtree_model_param)
        else {
            refuse!("the booster has no 'trees', 'tree_info' or 'gbtree_model_param'");
        };
        let n_trees: usize = number(&param.num_trees, "num_trees")?;
        if trees.len() != n_trees || groups.len() != n_trees {
            refuse!("{} trees and {} tree_info for num_trees {n_trees}", trees.len(), groups.len());
        }
        if n_trees == 0 {
            refuse!("the model has no trees: it was not fitted");
        }
        if drops.as_ref().is_some_and(|drops| drops.len() != n_trees) {
            refuse!("the dart booster has not one weight_drop for each of {n_trees} trees");
        }
        let rounds = match model.iteration_indptr {
            Some(indptr) => indptr.into_iter().map(|tree| tree as usize).collect(),
            None => equal_rounds(n_trees, &groups, param.num_parallel_tree.as_deref())?,
        };
        if rounds.first() != Some(&0) || rounds.last() != Some(&n_trees) || !rounds.is_sorted() {
            refuse!("iteration_indptr does not run from 0 to {n_trees} trees");
        }
        let trees = trees.into_iter().zip(groups).enumerate();
        let trees = trees.map(|(at, (tree, group))| {
            neutral(at, &tree, group, n_outputs)
                .map_err(|error| Refused::new(format!("tree {at}: {error}")))
        });
        Ok(Self { all: trees.collect::<Result<_, _>>()?, rounds, drops })
    }

    pub(super) fn n_iterations(&self) -> usize {
        self.rounds.len() - 1
    }

    pub(super) fn is_dart(&self) -> bool {
        self.drops.is_some()
    }

    /// The trees of the first rounds, to be added to the margins, or the other way round.
    pub(super) fn ensemble(
        &self,
        n_features: usize,
        margins: &[f32],
        (call, start): (Call, Start),
        iterations: Option<usize>,
    ) -> Result<Ensemble, Refused> {
        let rounds = iterations.unwrap_or(self.n_iterations());
        let Some(n_trees) = self.rounds.get(rounds).filter(|_| rounds > 0) else {
            refuse!("the first {rounds} rounds of {} are asked for", self.n_iterations());
        };
        let mut trees = self.all[..*n_trees].to_vec();
        for (tree, factor) in trees.iter_mut().zip(self.drops.iter().flatten()) {
            drop_out(tree, *factor, margins, call)?;
        }
        let mut initial: Vec<f64> = margins.iter().map(|margin| f64::from(*margin)).collect();
        if start == Start::Nothing {
            // A margin added last is one more tree, of nothing but a leaf.
            trees.extend(initial.iter().enumerate().map(|(output, margin)| Neutral {
                nodes: vec![Node::Leaf(0)],
                leaf_values: vec![*margin],
                outputs: Outputs::One(output as u32),
            }));
            initial.fill(0.0);
        }
        Ok(Ensemble {
            n_features,
            n_outputs: margins.len(),
            input: Input::F32,
            sum: Sum::F32,
            initial,
            divisor: None,
            category_cast: CategoryCast::XGBoost,
            trees,
        })
    }
}

/// A dart tree's values times its factor, rounded as XGBoost's two ways of predicting round them:
/// the second adds the tree to the margin and takes the margin off again.
fn drop_out(tree: &mut Neutral, factor: f32, margins: &[f32], call: Call) -> Result<(), Refused> {
    let Outputs::One(output) = tree.outputs else {
        refuse!("dart with several outputs a leaf is not supported natively");
    };
    let margin = margins[output as usize];
    for value in &mut tree.leaf_values {
        let leaf = match call {
            Call::Booster => *value as f32,
            Call::InPlace => (margin + *value as f32) - margin,
        };
        *value = f64::from(leaf * factor);
    }
    Ok(())
}

/// Before 1.7 models did not tell where rounds begin: all have as many trees.
fn equal_rounds(
    n_trees: usize,
    groups: &[i32],
    parallel: Option<&str>,
) -> Result<Vec<usize>, Refused> {
    let n_groups = groups.iter().max().map_or(0, |most| i64::from(*most) + 1) as usize;
    let parallel: usize = number(parallel.unwrap_or("1"), "num_parallel_tree")?;
    match parallel.checked_mul(n_groups) {
        Some(round @ 1..) if n_trees.is_multiple_of(round) => {
            Ok((0..=n_trees).step_by(round).collect())
        }
        _ => refuse!("{n_trees} trees cannot be {n_groups} groups of {parallel} a round"),
    }
}

fn neutral(at: usize, tree: &Tree, group: i32, n_outputs: usize) -> Result<Neutral, Refused> {
    if tree.id.is_some_and(|id| id as usize != at) {
        refuse!("its id is {:?}", tree.id);
    }
    let n: usize = number(&tree.tree_param.num_nodes, "num_nodes")?;
    let lens = [
        tree.left_children.len(),
        tree.right_children.len(),
        tree.split_indices.len(),
        tree.split_conditions.len(),
        tree.default_left.len(),
        tree.split_type.as_ref().map_or(n, Vec::len),
    ];
    if n == 0 || lens.iter().any(|len| *len != n) {
        refuse!("its arrays have {lens:?} entries for {n} nodes");
    }
    let width: usize =
        number(tree.tree_param.size_leaf_vector.as_deref().unwrap_or("0"), "size_leaf_vector")?;
    let mut leaves = Leaves::new(tree, width, n_outputs)?;
    let mut listed = Listed::new(tree)?;
    let mut nodes = Vec::with_capacity(n);
    for node in 0..n {
        let categories = listed.of(node)?;
        nodes.push(match tree.left_children[node] {
            -1 => leaves.take(node)?,
            left => split(tree, node, left, categories)?,
        });
    }
    let outputs = match u32::try_from(group) {
        _ if width > 1 => Outputs::All,
        Ok(group) => Outputs::One(group),
        Err(_) => refuse!("it is for output {group}"),
    };
    Ok(Neutral { nodes, leaf_values: leaves.values, outputs })
}

fn split(tree: &Tree, node: usize, left: i32, listed: Option<Vec<u32>>) -> Result<Node, Refused> {
    let right = tree.right_children[node];
    let (Ok(left), true) = (u32::try_from(left), left.checked_add(1) == Some(right)) else {
        refuse!("the children {left} and {right} of node {node} are no neighbours");
    };
    let right = right as u32;
    let (feature, missing_left) = (tree.split_indices[node], tree.default_left[node].0);
    Ok(match listed {
        Some(categories) => Node::Category(CategorySplit {
            feature,
            categories,
            listed_left: false,
            missing_left,
            left,
            right,
        }),
        None => Node::Numeric(NumericSplit {
            feature,
            threshold: wide(tree.split_conditions[node]),
            compare: Compare::Less,
            missing: if missing_left { Missing::NanLeft } else { Missing::NanRight },
            left,
            right,
        }),
    })
}

/// A number that the file may have as NaN.
fn wide(number: Option<f32>) -> f64 {
    number.map_or(f64::NAN, f64::from)
}

/// Leaf values, kept at the leaves' conditions, or as vectors.
struct Leaves<'a> {
    tree: &'a Tree,
    width: usize,
    values: Vec<f64>,
    n: u32,
}

impl<'a> Leaves<'a> {
    fn new(tree: &'a Tree, width: usize, n_outputs: usize) -> Result<Self, Refused> {
        if width > 1 && width != n_outputs {
            refuse!("its leaves have {width} values for {n_outputs} outputs");
        }
        Ok(Self { tree, width: width.max(1), values: Vec::new(), n: 0 })
    }

    fn take(&mut self, node: usize) -> Result<Node, Refused> {
        if self.width == 1 {
            self.values.push(wide(self.tree.split_conditions[node]));
        } else {
            // Since 3.2 leaves have a list of their own, which their right child points into.
            let (list, at) = match &self.tree.leaf_weights {
                Some(list) => (list, self.tree.right_children[node] as usize),
                None => (&self.tree.base_weights, node),
            };
            let values =
                at.checked_mul(self.width).and_then(|at| list.get(at..)?.get(..self.width));
            let Some(values) = values else { refuse!("the leaf {node} has no values") };
            self.values.extend(values.iter().map(|value| wide(*value)));
        }
        self.n += 1;
        Ok(Node::Leaf(self.n - 1))
    }
}

/// The categories of the categorical nodes, which are listed in the order of the nodes.
struct Listed<'a> {
    tree: &'a Tree,
    next: usize,
}

impl<'a> Listed<'a> {
    fn new(tree: &'a Tree) -> Result<Self, Refused> {
        let (n, m) = (tree.categories_segments.len(), tree.categories_sizes.len());
        if tree.categories_nodes.len() != n || n != m {
            refuse!("its categorical nodes have {n} segments and {m} sizes");
        }
        Ok(Self { tree, next: 0 })
    }

    fn of(&mut self, node: usize) -> Result<Option<Vec<u32>>, Refused> {
        let kind = self.tree.split_type.as_ref().map_or(0, |kinds| kinds[node]);
        let listed = self.tree.categories_nodes.get(self.next).is_some_and(|n| *n as usize == node);
        match (kind, listed) {
            (0, false) => return Ok(None),
            (1, true) => {}
            _ => refuse!("node {node} is of split_type {kind}, its categories say otherwise"),
        }
        let (begin, len) =
            (self.tree.categories_segments[self.next], self.tree.categories_sizes[self.next]);
        self.next += 1;
        let categories = usize::try_from(begin)
            .ok()
            .zip(usize::try_from(len).ok())
            .and_then(|(begin, len)| self.tree.categories.get(begin..)?.get(..len));
        let Some(categories) = categories else { refuse!("node {node} has no categories") };
        let mut categories = categories.to_vec();
        categories.sort_unstable();
        if categories.last().is_some_and(|most| *most >= CATEGORY_END) {
            refuse!("node {node} lists the category {:?}", categories.last());
        }
        Ok(Some(categories))
    }
}

/// The categories the model was trained on, one entry a feature, or none.
pub(super) fn categories(
    found: Option<schema::Categories>,
    n_features: usize,
) -> Result<Vec<Option<Vec<Category>>>, Refused> {
    let Some(found) = found.filter(|found| !found.enc.is_empty()) else { return Ok(Vec::new()) };
    if found.enc.len() != n_features {
        refuse!("categories of {} features for {n_features}", found.enc.len());
    }
    found.enc.into_iter().map(encoding).collect()
}

fn encoding(found: schema::Encoding) -> Result<Option<Vec<Category>>, Refused> {
    let Some(offsets) = found.offsets else {
        if found.values.is_empty() {
            return Ok(None);
        }
        if found.kind != Some(I64) {
            refuse!(
                "categories that are neither texts nor 64-bit integers are not supported natively"
            );
        }
        return Ok(Some(found.values.into_iter().map(Category::Number).collect()));
    };
    let bytes: Vec<u8> = found.values.iter().map(|byte| *byte as u8).collect();
    if !bytes.is_ascii() {
        // Python cuts the bytes of all categories where their characters end, and those of a batch too.
        refuse!(
            "categories beyond ASCII are not supported natively: XGBoost takes their characters for \
             bytes, and what it answers depends on the other rows of the batch"
        );
    }
    let mut texts = Vec::new();
    for ends in offsets.windows(2) {
        let text = bytes.get(ends[0] as usize..ends[1] as usize);
        match text.map(std::str::from_utf8) {
            Some(Ok(text)) => texts.push(Category::Text(text.to_owned())),
            _ => refuse!("a category is no text"),
        }
    }
    Ok((!texts.is_empty()).then_some(texts))
}
