//! The reach engine: every node of a tree tested for 64 rows at once, whatever the tree's shape.
//!
//! A mask per node says which rows get there. Rows that arrive and pass the test go right and take
//! the number of the right child's leftmost leaf; what stands at the end is each row's leaf. One
//! byte comparison a node, so deep leaf-wise trees of few leaves cost what their nodes cost and not
//! what their depth would. For trees of at most 256 leaves whose codes fit bytes. Must not prepare
//! rows.

use super::block::{LeafTables, MOST_LEAVES, Test, category_tables, number_leaves};
use super::ensemble::Ensemble;
use super::plan::{FlatTree, Plan};

/// An ensemble laid out for the reach engine.
pub(super) struct Reach {
    pub(super) trees: Vec<ReachTree>,
    pub(super) nodes: Vec<ReachNode>,
    pub(super) tables: LeafTables,
    pub(super) categories: Vec<[u8; 32]>,
    pub(super) n_slots: usize,
    pub(super) first_category_slot: u32,
}

/// A tree's splits: `nodes[first..first + count]`.
#[derive(Clone, Copy)]
pub(super) struct ReachTree {
    pub(super) first: u32,
    pub(super) count: u32,
    /// The leaf rows are at before any test: the leftmost.
    pub(super) start: u8,
}

/// A split; masks are counted within the tree, the root's is 0, and [`NOWHERE`] takes leaves' masks.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct ReachNode {
    pub(super) test: Test,
    pub(super) left_mask: u16,
    pub(super) right_mask: u16,
    /// The leftmost leaf below the right child, four times over.
    pub(super) leaf: u32,
}

/// The mask nobody reads.
pub(super) const NOWHERE: u16 = MOST_LEAVES as u16;

/// Masks a tree may need, with [`NOWHERE`].
pub(super) const MASKS: usize = MOST_LEAVES + 1;

impl Reach {
    /// Whether this engine takes the plan's trees.
    pub(super) fn takes(plan: &Plan) -> bool {
        plan.trees.iter().all(|t| t.nodes.len() < 2 * MOST_LEAVES)
    }

    /// Lays out a plan that [`Reach::takes`] and whose codes fit bytes.
    pub(super) fn new(ensemble: &Ensemble, plan: &Plan) -> Self {
        let (mut trees, mut nodes) = (Vec::new(), Vec::new());
        let mut tables = LeafTables::new(ensemble.sum);
        for (number, tree) in plan.trees.iter().enumerate() {
            let (order, leaf_numbers) = number_leaves(tree);
            let leftmost = leftmost_leaves(tree, &leaf_numbers);
            let first = nodes.len() as u32;
            let mut masks = vec![NOWHERE; tree.nodes.len()];
            let splits = || tree.nodes.iter().enumerate().filter(|(_, n)| !n.is_leaf());
            for (mask, (at, _)) in splits().enumerate() {
                masks[at] = mask as u16;
            }
            for (_, node) in splits() {
                let left = node.left as usize;
                nodes.push(ReachNode {
                    test: Test::new(*node, plan),
                    left_mask: masks[left],
                    right_mask: masks[left + 1],
                    leaf: u32::from(leftmost[left + 1]) * 0x0101_0101,
                });
            }
            let count = nodes.len() as u32 - first;
            trees.push(ReachTree { first, count, start: leftmost[0] });
            tables.push(ensemble, number, &order);
        }
        let n_slots = plan.columns.n_slots as usize;
        let first_category_slot = plan.columns.first_category_slot;
        let categories = category_tables(plan);
        Self { trees, nodes, tables, categories, n_slots, first_category_slot }
    }
}

/// For every node the number of its leftmost leaf.
fn leftmost_leaves(tree: &FlatTree, leaf_numbers: &[u32]) -> Vec<u8> {
    let mut leftmost = vec![0; tree.nodes.len()];
    // Children come after their parents, so backwards every child is known before its parent.
    for (at, node) in tree.nodes.iter().enumerate().rev() {
        leftmost[at] =
            if node.is_leaf() { leaf_numbers[at] as u8 } else { leftmost[node.left as usize] };
    }
    leftmost
}
