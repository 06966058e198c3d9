//! The bit-sliced engine: 64 rows by 8 trees, for trees of depth 8 at most.
//!
//! Each node of eight trees is tested for 64 rows at once into a 64-bit mask. Level by level, the
//! masks of the levels above then pick one of a level's masks per row, bit by bit, for all eight
//! trees side by side: what is left per level is a bit of each row's leaf number. Every tree counts
//! as complete: a leaf above the deepest level stands in all places below it, so what lies at the
//! missing nodes does not matter. Needs codes that fit bytes. Must not prepare rows.

use super::block::{LeafTables, Test, category_tables};
use super::ensemble::Ensemble;
use super::plan::{FlatTree, Plan};

/// Trees side by side.
pub(super) const LANES: usize = 8;

/// The deepest trees taken.
pub(super) const MOST_DEPTH: u32 = 8;

/// Masks of a group: a complete tree's inner nodes, for each of its trees.
pub(super) const MASKS: usize = LANES << MOST_DEPTH;

/// An ensemble laid out for the bit-sliced engine.
pub(super) struct Sliced {
    pub(super) groups: Vec<Group>,
    pub(super) numeric: Vec<SlicedNode>,
    pub(super) categorical: Vec<SlicedNode>,
    pub(super) tables: LeafTables,
    pub(super) categories: Vec<[u8; 32]>,
    pub(super) n_slots: usize,
}

/// Up to eight trees in a row.
#[derive(Clone, Copy)]
pub(super) struct Group {
    pub(super) first_tree: u32,
    pub(super) n_trees: u32,
    /// 1 to 8, of the deepest of its trees.
    pub(super) depth: u32,
    pub(super) numeric: (u32, u32),
    pub(super) categorical: (u32, u32),
}

/// A node: its test, and where its mask goes (heap position times eight plus lane).
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct SlicedNode {
    pub(super) test: Test,
    pub(super) mask: u32,
}

impl Sliced {
    /// Whether this engine takes the plan's trees.
    pub(super) fn takes(plan: &Plan) -> bool {
        plan.trees.iter().all(|t| t.depth <= MOST_DEPTH)
    }

    /// Lays out a plan that [`Sliced::takes`] and whose codes fit bytes.
    pub(super) fn new(ensemble: &Ensemble, plan: &Plan) -> Self {
        let (mut numeric, mut categorical, mut groups) = (Vec::new(), Vec::new(), Vec::new());
        let mut tables = LeafTables::new(ensemble.sum);
        for (number, trees) in plan.trees.chunks(LANES).enumerate() {
            let first_tree = number * LANES;
            let depth = trees.iter().map(|t| t.depth).max().unwrap_or(0).max(1);
            let (numeric_from, categorical_from) = (numeric.len() as u32, categorical.len() as u32);
            for (lane, tree) in trees.iter().enumerate() {
                let (positions, leaves) = complete(tree, depth);
                for (node, position) in tree.nodes.iter().zip(positions) {
                    if !node.is_leaf() {
                        let mask = position * LANES as u32 + lane as u32;
                        let node_of = SlicedNode { test: Test::new(*node, plan), mask };
                        let category = node.slot >= plan.columns.first_category_slot;
                        if category { &mut categorical } else { &mut numeric }.push(node_of);
                    }
                }
                tables.push(ensemble, first_tree + lane, &leaves);
            }
            groups.push(Group {
                first_tree: first_tree as u32,
                n_trees: trees.len() as u32,
                depth,
                numeric: (numeric_from, numeric.len() as u32),
                categorical: (categorical_from, categorical.len() as u32),
            });
        }
        let n_slots = plan.columns.n_slots as usize;
        let categories = category_tables(plan);
        Self { groups, numeric, categorical, tables, categories, n_slots }
    }
}

/// Each node's position in the complete tree of this depth, and the leaf in each of its last places.
fn complete(tree: &FlatTree, depth: u32) -> (Vec<u32>, Vec<u32>) {
    let mut positions = vec![0; tree.nodes.len()];
    let mut levels = vec![0; tree.nodes.len()];
    let mut leaves = vec![0; 1 << depth];
    for (at, node) in tree.nodes.iter().enumerate() {
        if node.is_leaf() {
            // The leaf's descendants on the last level, as numbers from that level's start.
            let below = depth - levels[at];
            let first = ((positions[at] + 1) << below) - (1 << depth);
            leaves[first as usize..(first + (1 << below)) as usize].fill(node.cut);
        } else {
            for (side, child) in [node.left as usize, node.left as usize + 1].iter().enumerate() {
                positions[*child] = 2 * positions[at] + 1 + side as u32;
                levels[*child] = levels[at] + 1;
            }
        }
    }
    (positions, leaves)
}
