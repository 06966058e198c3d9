//! The common form the engines are built from: one test for every node, "go right iff code > cut".
//!
//! Each kind of comparison, missing rule and category set becomes a *slot*: a column prepared per
//! row by [`Prepare`](super::prepare::Prepare). A feature whose nodes send NaN both ways gets two
//! slots that differ in NaN's code only, so missing values cost a walk nothing. Must not know how
//! an engine stores nodes.

use super::columns::{Columns, Found, LEAF_SLOT, Slots, numeric_index};
use super::ensemble::{Ensemble, Input, Node, Outputs, Tree};
use super::keys::cut;
use super::parallel;

/// What a numeric node's cut is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cuts {
    /// Its rank among its column's cuts.
    Ranks,
    /// The ordered bits of an f32, as unsigned: for f32 ensembles that no engine wants ranks of.
    Keys,
}

/// An ensemble with its nodes reduced to slots and cuts.
pub(super) struct Plan {
    pub(super) cuts: Cuts,
    pub(super) columns: Columns,
    pub(super) trees: Vec<FlatTree>,
    /// "Goes right" per category code, a run of bits per categorical node.
    pub(super) category_bits: Vec<u32>,
}

/// A tree in breadth-first order; a node's right child follows its left child.
pub(super) struct FlatTree {
    pub(super) nodes: Vec<FlatNode>,
    pub(super) depth: u32,
    pub(super) outputs: Outputs,
}

/// A node: for splits `left` is the left child, for leaves the node itself.
#[derive(Clone, Copy)]
pub(super) struct FlatNode {
    pub(super) slot: u32,
    /// The cut as [`Plan::cuts`] says; for categories the first of its bits; for leaves the number
    /// of the leaf in the tree it came from.
    pub(super) cut: u32,
    pub(super) left: u32,
}

impl FlatNode {
    pub(super) fn is_leaf(self) -> bool {
        self.slot == LEAF_SLOT
    }
}

impl Plan {
    /// Reduces a checked ensemble; `None` if its category sets have more bits than 32-bit indices.
    pub(super) fn new(ensemble: &Ensemble) -> Option<Self> {
        let nodes = ensemble.trees.iter().map(|tree| tree.nodes.len()).sum();
        let found = parallel::map(&ensemble.trees, nodes, |_, tree| {
            let order = breadth_first(tree);
            (Found::new(ensemble, tree, &order), order)
        });
        let (mut all, mut orders) = (Found::empty(ensemble), Vec::with_capacity(found.len()));
        for (found, order) in found {
            all.add(found);
            orders.push(order);
        }
        let (columns, slots) = all.into_columns();
        let ranks = ensemble.input == Input::F64 || columns.fit_bytes();
        let cuts = if ranks { Cuts::Ranks } else { Cuts::Keys };
        let mut plan = Self { cuts, columns, trees: Vec::new(), category_bits: Vec::new() };
        let input = ensemble.input;
        if plan.columns.categories.is_empty() {
            let flat = parallel::map(&orders, nodes, |number, order| {
                plan.flatten(&ensemble.trees[number], order, &slots, input, &mut Vec::new())
            });
            plan.trees = flat.into_iter().collect::<Option<_>>()?;
            return Some(plan);
        }
        // The bits of all categorical nodes lie one behind the other.
        let mut bits = Vec::new();
        for (tree, order) in ensemble.trees.iter().zip(&orders) {
            let flat = plan.flatten(tree, order, &slots, input, &mut bits)?;
            plan.trees.push(flat);
        }
        plan.category_bits = bits;
        Some(plan)
    }

    fn flatten(
        &self,
        tree: &Tree,
        order: &[u32],
        slots: &Slots,
        input: Input,
        category_bits: &mut Vec<u32>,
    ) -> Option<FlatTree> {
        let mut next = 1;
        let mut depth = vec![0_u32; order.len()];
        let mut nodes = Vec::with_capacity(order.len());
        for (at, number) in order.iter().enumerate() {
            let node = match &tree.nodes[*number as usize] {
                Node::Leaf(leaf) => FlatNode { slot: LEAF_SLOT, cut: *leaf, left: at as u32 },
                Node::Numeric(split) => {
                    let index = slots.numeric[numeric_index(split)];
                    let column = &self.columns.numeric[index as usize];
                    let cut = cut(split, input);
                    let cut = match self.cuts {
                        Cuts::Keys => cut as i32 as u32 ^ 0x8000_0000,
                        Cuts::Ranks => column.cuts.partition_point(|c| *c < cut) as u32,
                    };
                    let left = split.missing_left();
                    let slot = if left { column.left_slot } else { column.right_slot };
                    FlatNode { slot, cut, left: next }
                }
                Node::Category(split) => {
                    let index = slots.categories[&split.feature];
                    let column = &self.columns.categories[index];
                    let right = |listed: bool| listed != split.listed_left;
                    let listed = |c: &u32| right(split.categories.binary_search(c).is_ok());
                    let codes = std::iter::once(right(false))
                        .chain(column.categories.iter().map(listed))
                        .chain([!split.missing_left]);
                    let cut = push_bits(category_bits, codes)?;
                    FlatNode { slot: column.slot, cut, left: next }
                }
            };
            if !node.is_leaf() {
                depth[next as usize] = depth[at] + 1;
                depth[next as usize + 1] = depth[at] + 1;
                next += 2;
            }
            nodes.push(node);
        }
        let depth = depth.into_iter().max().unwrap_or(0);
        Some(FlatTree { nodes, depth, outputs: tree.outputs })
    }
}

/// Appends a run of bits that starts at a whole 256-bit table, and returns the number of its first.
fn push_bits(words: &mut Vec<u32>, bits: impl Iterator<Item = bool>) -> Option<u32> {
    let first = words.len();
    for (i, bit) in bits.enumerate() {
        if i % 256 == 0 {
            words.extend([0; 8]);
        }
        words[first + i / 32] |= u32::from(bit) << (i % 32);
    }
    u32::try_from(words.len() * 32).ok().map(|_| first as u32 * 32)
}

fn breadth_first(tree: &Tree) -> Vec<u32> {
    let mut order = vec![0];
    let mut at = 0;
    while let Some(number) = order.get(at) {
        match &tree.nodes[*number as usize] {
            Node::Leaf(_) => {}
            Node::Numeric(split) => order.extend([split.left, split.right]),
            Node::Category(split) => order.extend([split.left, split.right]),
        }
        at += 1;
    }
    order
}
