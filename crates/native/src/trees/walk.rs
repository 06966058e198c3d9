//! The walk engine: breadth-first nodes of eight bytes, many walks in flight.
//!
//! One step of a walk is `at = left + (key > cut)` without a branch; leaves test a slot whose key is
//! always 0 and so stay where they are. For one row, trees walk side by side; for many, rows do. A
//! walk waits for memory most of the time, so several at once cost little more than one. Runs on
//! every CPU and takes every ensemble whose nodes fit its packing, categories and missing values
//! included. Must not prepare rows or know input types.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::ensemble::{Ensemble, Input, Outputs};
use super::parallel;
use super::plan::{Cuts, FlatNode, Plan};
use super::walk_kernel::{Ground, Nodes, Pack, Packed, ROWS, TREES, Wide};

/// An ensemble ready to be walked.
pub(super) struct Walk {
    for_row: ForRow,
    for_rows: ForRows,
    trees: Vec<WalkTree>,
    /// Trees by depth, padded with the last one to whole groups of [`TREES`].
    order: Vec<u32>,
    n_slots: usize,
    /// Whether all trees speak for output 0 alone.
    single: bool,
    values_f32: Vec<f32>,
    values_f64: Vec<f64>,
}

/// Nodes as they are walked for one row: the narrowest packing that holds them.
enum ForRow {
    /// Up to 256 slots and 2^24 nodes.
    Narrow(Nodes<Packed<8, 1>>),
    /// Up to 4096 slots and 2^20 nodes.
    Middle(Nodes<Packed<12, 1>>),
    Wide(Nodes<Wide<1>>),
}

/// Nodes as they are walked for many rows: a slot's place is ready-made, children are counted
/// within the tree.
enum ForRows {
    /// Up to 4096 slots, and 65536 nodes a tree.
    Narrow(Nodes<Packed<16, ROWS>>),
    Wide(Nodes<Wide<ROWS>>),
}

struct WalkTree {
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
        let columns = columns_of_slots(plan);
        for (tree, source) in plan.trees.iter().zip(&ensemble.trees) {
            trees.push(WalkTree { depth: tree.depth, outputs: tree.outputs });
            let width = if tree.outputs == Outputs::All { ensemble.n_outputs } else { 1 };
            let cut = |node: &FlatNode| {
                if !node.is_leaf() {
                    return walk_cut(ensemble.input, plan, &columns, *node);
                }
                let first = node.cut as usize * width;
                leaves.position(&source.leaf_values[first..first + width])
            };
            let mut cut = cut;
            let nodes = tree.nodes.iter().map(|node| FlatNode { cut: cut(node), ..*node });
            flat.push(nodes.collect::<Vec<_>>());
        }
        let ground = || Ground {
            n_slots: plan.columns.n_slots,
            first_category_slot: plan.columns.first_category_slot,
            category_bits: plan.category_bits.clone(),
        };
        let for_row = || {
            Nodes::new(&flat, false, 1, ground())
                .map(ForRow::Narrow)
                .or_else(|| Nodes::new(&flat, false, 1, ground()).map(ForRow::Middle))
                .or_else(|| Nodes::new(&flat, false, 1, ground()).map(ForRow::Wide))
        };
        let for_rows = || {
            Nodes::new(&flat, true, ROWS, ground())
                .map(ForRows::Narrow)
                .or_else(|| Nodes::new(&flat, true, ROWS, ground()).map(ForRows::Wide))
        };
        let nodes = flat.iter().map(Vec::len).sum();
        let (for_row, for_rows) = parallel::both(nodes, for_row, for_rows);
        let (for_row, for_rows) = (for_row?, for_rows?);
        let mut order: Vec<u32> = (0..trees.len() as u32).collect();
        order.sort_by_key(|t| trees[*t as usize].depth);
        if let Some(last) = order.last().copied() {
            order.resize(order.len().next_multiple_of(TREES), last);
        }
        let single = trees.iter().all(|t| t.outputs == Outputs::One(0));
        let values_f32 = leaves.values.iter().map(|v| *v as f32).collect();
        let n_slots = plan.columns.n_slots as usize;
        let values_f64 = leaves.values;
        Some(Self { for_row, for_rows, trees, order, n_slots, single, values_f32, values_f64 })
    }

    /// Adds one row's leaves to `sums`; `keys` are the row's, `found` is room for one number a tree.
    pub(super) fn row<S: Real>(&self, keys: &[u32], found: &mut [u32], sums: &mut [S]) {
        match &self.for_row {
            ForRow::Narrow(nodes) => self.find_leaves(nodes, keys, found),
            ForRow::Middle(nodes) => self.find_leaves(nodes, keys, found),
            ForRow::Wide(nodes) => self.find_leaves(nodes, keys, found),
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
            let depth = self.trees[group[TREES - 1] as usize].depth;
            for (tree, leaf) in group.iter().zip(nodes.walk_trees(group, depth, keys)) {
                found[*tree as usize] = leaf;
            }
        }
    }

    /// Adds the leaves of a multiple of [`ROWS`] rows to `sums` (`n_outputs` a row); `keys` holds
    /// the keys of each [`ROWS`] rows slot by slot.
    pub(super) fn rows<S: Real>(&self, keys: &[u32], sums: &mut [S], n_outputs: usize) {
        match &self.for_rows {
            ForRows::Narrow(nodes) => self.walk_rows(nodes, keys, sums, n_outputs),
            ForRows::Wide(nodes) => self.walk_rows(nodes, keys, sums, n_outputs),
        }
    }

    fn walk_rows<N: Pack, S: Real>(
        &self,
        nodes: &Nodes<N>,
        keys: &[u32],
        sums: &mut [S],
        n_outputs: usize,
    ) {
        let (values, far) = (S::values(self), nodes.are_far());
        for (number, tree) in self.trees.iter().enumerate() {
            let groups = keys.chunks_exact(ROWS * self.n_slots);
            let sums = sums.chunks_exact_mut(ROWS * n_outputs);
            for (group, (keys, sums)) in groups.zip(sums).enumerate() {
                if far {
                    nodes.prefetch(number + 1, group);
                }
                let found = nodes.walk_rows(number, tree.depth, keys);
                add_rows(tree.outputs, values, &found, sums, n_outputs);
            }
        }
    }

    pub(super) fn n_trees(&self) -> usize {
        self.trees.len()
    }
}

/// Adds one tree's leaves to the sums of some rows.
#[inline]
fn add_rows<S: Real>(
    outputs: Outputs,
    values: &[S],
    found: &[u32; ROWS],
    sums: &mut [S],
    n_outputs: usize,
) {
    match outputs {
        Outputs::One(0) if n_outputs == 1 => {
            for (sum, leaf) in sums.iter_mut().zip(found) {
                *sum += values[*leaf as usize];
            }
        }
        Outputs::All if n_outputs == 2 => {
            for (sums, leaf) in sums.as_chunks_mut::<2>().0.iter_mut().zip(found) {
                let pair = &values[*leaf as usize..*leaf as usize + 2];
                sums[0] += pair[0];
                sums[1] += pair[1];
            }
        }
        outputs => {
            for (sums, leaf) in sums.chunks_exact_mut(n_outputs).zip(found) {
                add(outputs, &values[*leaf as usize..], sums);
            }
        }
    }
}

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

/// The cut as the walk compares it: f32 inputs are compared by key, f64 inputs by rank. `columns` says
/// which numeric column a slot belongs to.
fn walk_cut(input: Input, plan: &Plan, columns: &[u32], node: FlatNode) -> u32 {
    if input == Input::F64
        || plan.cuts == Cuts::Keys
        || node.slot >= plan.columns.first_category_slot
    {
        return node.cut;
    }
    let column = &plan.columns.numeric[columns[node.slot as usize] as usize];
    column.cuts[node.cut as usize] as i32 as u32 ^ 0x8000_0000
}

/// For every slot the numeric column it belongs to, if any.
fn columns_of_slots(plan: &Plan) -> Vec<u32> {
    let mut columns = vec![0; plan.columns.n_slots as usize];
    for (number, column) in plan.columns.numeric.iter().enumerate() {
        columns[column.left_slot as usize] = number as u32;
        columns[column.right_slot as usize] = number as u32;
    }
    columns
}

/// Leaf values of all trees, equal ones kept once: most leaves of a classification forest are pure,
/// so the table shrinks from megabytes to what fits a cache.
#[derive(Default)]
struct LeafValues {
    values: Vec<f64>,
    /// Positions by the values' bits, mixed; two leaves that mix alike are kept twice.
    known: HashMap<u64, u32, BuildHasherDefault<Mixed>>,
}

impl LeafValues {
    fn position(&mut self, leaf: &[f64]) -> u32 {
        let mix = |hash: u64, v: &f64| {
            (hash.rotate_left(23) ^ v.to_bits()).wrapping_mul(0x9e37_79b9_7f4a_7c15)
        };
        let hash = leaf.iter().fold(leaf.len() as u64, mix);
        let next = self.values.len() as u32;
        let at = *self.known.entry(hash ^ hash >> 32).or_insert(next);
        let same = |(a, b): (&f64, &f64)| a.to_bits() == b.to_bits();
        let there = self.values.get(at as usize..at as usize + leaf.len());
        if there.is_some_and(|there| there.iter().zip(leaf).all(same)) {
            return at;
        }
        self.values.extend(leaf);
        next
    }
}

/// A hasher for keys that are mixed already.
#[derive(Default)]
struct Mixed(u64);

impl Hasher for Mixed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        unreachable!("keys are u64, not {} bytes", bytes.len());
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
