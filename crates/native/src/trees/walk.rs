//! The walk engine: breadth-first nodes of eight bytes, many walks in flight.
//!
//! One step of a walk is `at = left + (key > cut)` without a branch; leaves test a slot whose key is
//! always 0 and so stay where they are. For one row, trees walk side by side; for many, rows do. A
//! walk waits for memory most of the time, so several at once cost little more than one. Runs on
//! every CPU and takes every ensemble whose nodes fit its packing, categories and missing values
//! included. Must not prepare rows or know input types.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use super::ensemble::{Ensemble, Input, Outputs};
use super::plan::{FlatNode, Plan};
use super::walk_kernel::{Nodes, Packed, Wide};

/// Trees in flight for one row.
pub(super) const TREES: usize = 16;
/// Rows in flight in one tree.
pub(super) const ROWS: usize = 16;

/// An ensemble ready to be walked.
pub(super) struct Walk {
    nodes: Kind,
    trees: Vec<WalkTree>,
    /// Trees by depth, padded with the last one to whole groups of [`TREES`].
    order: Vec<u32>,
    /// Whether all trees speak for output 0 alone.
    single: bool,
    values_f32: Vec<f32>,
    values_f64: Vec<f64>,
}

enum Kind {
    Narrow(Nodes<Packed>),
    Wide(Nodes<Wide>),
}

struct WalkTree {
    root: u32,
    depth: u32,
    outputs: Outputs,
}

/// The precision of a sum.
pub(super) trait Real: Copy + std::ops::AddAssign + Default {
    fn values(walk: &Walk) -> &[Self];
    fn from_f64(value: f64) -> Self;
    fn to_f64(self) -> f64;
}

impl Real for f32 {
    fn values(walk: &Walk) -> &[Self] {
        &walk.values_f32
    }
    fn from_f64(value: f64) -> Self {
        value as Self
    }
    fn to_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    fn values(walk: &Walk) -> &[Self] {
        &walk.values_f64
    }
    fn from_f64(value: f64) -> Self {
        value
    }
    fn to_f64(self) -> f64 {
        self
    }
}

impl Walk {
    /// Lays out a plan; `None` if it has more nodes than the indices can count.
    pub(super) fn new(ensemble: &Ensemble, plan: &Plan) -> Option<Self> {
        let (mut trees, mut flat, mut leaves) = (Vec::new(), Vec::new(), LeafValues::default());
        for (tree, source) in plan.trees.iter().zip(&ensemble.trees) {
            let root = u32::try_from(flat.len()).ok()?;
            trees.push(WalkTree { root, depth: tree.depth, outputs: tree.outputs });
            let width = if tree.outputs == Outputs::All { ensemble.n_outputs } else { 1 };
            for node in &tree.nodes {
                let cut = if node.is_leaf() {
                    let first = node.cut as usize * width;
                    leaves.position(&source.leaf_values[first..first + width])
                } else {
                    walk_cut(ensemble.input, plan, *node)
                };
                flat.push(FlatNode { slot: node.slot, cut, left: root.checked_add(node.left)? });
            }
        }
        let n_slots = plan.columns.n_slots;
        let category = plan.columns.first_category_slot;
        let bits = plan.category_bits.clone();
        let nodes = match Nodes::<Packed>::new(&flat, n_slots, category, bits.clone()) {
            Some(nodes) => Kind::Narrow(nodes),
            None => Kind::Wide(Nodes::<Wide>::new(&flat, n_slots, category, bits)?),
        };
        let mut order: Vec<u32> = (0..trees.len() as u32).collect();
        order.sort_by_key(|t| trees[*t as usize].depth);
        if let Some(last) = order.last().copied() {
            order.resize(order.len().next_multiple_of(TREES), last);
        }
        let single = trees.iter().all(|t| t.outputs == Outputs::One(0));
        let values_f32 = leaves.values.iter().map(|v| *v as f32).collect();
        Some(Self { nodes, trees, order, single, values_f32, values_f64: leaves.values })
    }

    /// Adds one row's leaves to `sums`; `keys` are the row's, `found` is room for one number a tree.
    pub(super) fn row<S: Real>(&self, keys: &[u32], found: &mut [u32], sums: &mut [S]) {
        match &self.nodes {
            Kind::Narrow(nodes) => self.find_leaves(nodes, keys, found),
            Kind::Wide(nodes) => self.find_leaves(nodes, keys, found),
        }
        let values = S::values(self);
        if self.single {
            let mut sum = sums[0];
            for leaf in &found[..self.trees.len()] {
                sum += values[*leaf as usize];
            }
            sums[0] = sum;
            return;
        }
        for (tree, leaf) in self.trees.iter().zip(found.iter()) {
            add(tree.outputs, &values[*leaf as usize..], sums);
        }
    }

    fn find_leaves<N: Pack>(&self, nodes: &Nodes<N>, keys: &[u32], found: &mut [u32]) {
        for group in self.order.as_chunks::<TREES>().0 {
            let mut at = group.map(|tree| self.trees[tree as usize].root);
            let depth = self.trees[group[TREES - 1] as usize].depth;
            nodes.walk_trees(&mut at, depth, keys);
            for (tree, leaf) in group.iter().zip(at) {
                found[*tree as usize] = nodes.leaf(leaf);
            }
        }
    }

    /// Adds the leaves of [`ROWS`] rows at a time to `sums` (`n_outputs` a row); `keys` holds the
    /// rows' keys, `n_slots` apart.
    pub(super) fn rows<S: Real>(&self, keys: &[u32], n_rows: usize, sums: &mut [S]) {
        debug_assert!(n_rows.is_multiple_of(ROWS));
        match &self.nodes {
            Kind::Narrow(nodes) => self.walk_rows(nodes, keys, n_rows, sums),
            Kind::Wide(nodes) => self.walk_rows(nodes, keys, n_rows, sums),
        }
    }

    fn walk_rows<N: Pack, S: Real>(
        &self,
        nodes: &Nodes<N>,
        keys: &[u32],
        n_rows: usize,
        sums: &mut [S],
    ) {
        let values = S::values(self);
        let n_outputs = sums.len() / n_rows.max(1);
        for tree in &self.trees {
            for first in (0..n_rows).step_by(ROWS) {
                let mut at = [tree.root; ROWS];
                nodes.walk_rows(&mut at, tree.depth, keys, first);
                let sums = &mut sums[first * n_outputs..(first + ROWS) * n_outputs];
                match tree.outputs {
                    Outputs::All if n_outputs == 2 => {
                        for (sums, at) in sums.as_chunks_mut::<2>().0.iter_mut().zip(at) {
                            let leaf = nodes.leaf(at) as usize;
                            let pair = &values[leaf..leaf + 2];
                            sums[0] += pair[0];
                            sums[1] += pair[1];
                        }
                    }
                    outputs => {
                        for (sums, at) in sums.chunks_exact_mut(n_outputs).zip(at) {
                            add(outputs, &values[nodes.leaf(at) as usize..], sums);
                        }
                    }
                }
            }
        }
    }

    pub(super) fn n_trees(&self) -> usize {
        self.trees.len()
    }
}

use super::walk_kernel::Pack;

#[inline]
fn add<S: Real>(outputs: Outputs, values: &[S], sums: &mut [S]) {
    match outputs {
        Outputs::One(output) => sums[output as usize] += values[0],
        Outputs::All => {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum += *value;
            }
        }
    }
}

/// The cut as the walk compares it: f32 inputs are compared by key, f64 inputs by rank.
fn walk_cut(input: Input, plan: &Plan, node: FlatNode) -> u32 {
    if input == Input::F64 || node.slot >= plan.columns.first_category_slot {
        return node.cut;
    }
    let slot = node.slot;
    let column = plan
        .columns
        .numeric
        .binary_search_by(|c| {
            // Slots are handed out in order; a column has one or both of them.
            let last = if c.right_slot < plan.columns.first_category_slot {
                c.right_slot
            } else {
                c.left_slot
            };
            if last < slot {
                std::cmp::Ordering::Less
            } else if c.left_slot == slot || c.right_slot == slot {
                std::cmp::Ordering::Equal
            } else {
                std::cmp::Ordering::Greater
            }
        })
        .expect("every slot below the first category's belongs to a numeric column");
    plan.columns.numeric[column].cuts[node.cut as usize] as i32 as u32 ^ 0x8000_0000
}

/// Leaf values of all trees, equal ones kept once: most leaves of a classification forest are pure,
/// so the table shrinks from megabytes to what fits a cache.
#[derive(Default)]
struct LeafValues {
    values: Vec<f64>,
    single: HashMap<u64, u32>,
    several: HashMap<Vec<u64>, u32>,
}

impl LeafValues {
    fn position(&mut self, leaf: &[f64]) -> u32 {
        let next = self.values.len() as u32;
        if let [value] = leaf {
            return match self.single.entry(value.to_bits()) {
                Entry::Occupied(at) => *at.get(),
                Entry::Vacant(at) => {
                    self.values.push(*value);
                    *at.insert(next)
                }
            };
        }
        match self.several.entry(leaf.iter().map(|v| v.to_bits()).collect()) {
            Entry::Occupied(at) => *at.get(),
            Entry::Vacant(at) => {
                self.values.extend(leaf);
                *at.insert(next)
            }
        }
    }
}
