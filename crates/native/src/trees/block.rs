//! What the block engines share: how they see trees, and where leaf values and sums lie.
//!
//! A block is 64 rows; a row's code for a slot is one byte. Must not know vector instructions.

use super::ensemble::{Ensemble, Outputs, Sum};
use super::plan::{FlatNode, FlatTree, Plan};

/// Rows of a block.
pub(super) const BLOCK: usize = 64;

/// A cache line: the codes of one slot for the 64 rows of a block.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(super) struct Line(pub(super) [u8; BLOCK]);

/// The most leaves a tree of a block engine may have: leaf numbers are bytes.
pub(super) const MOST_LEAVES: usize = 256;

/// Blocks run together, so that a tree's nodes and values are read from memory once for all of them.
pub(super) const MOST_BLOCKS: usize = 16;

/// A numeric test of 64 rows: code >= `least`, for the codes at line `slot`.
#[derive(Clone, Copy)]
#[repr(C)]
pub(super) struct Test {
    /// The line of codes.
    pub(super) slot: u32,
    /// The least code that goes right, four times over; for categories the line of 256 bits.
    pub(super) least: u32,
}

impl Test {
    /// The test of a split of a plan whose codes fit bytes.
    pub(super) fn new(node: FlatNode, plan: &Plan) -> Self {
        let categorical = node.slot >= plan.columns.first_category_slot;
        // A numeric cut is a rank below 255 here, so one more still is a byte.
        let least = if categorical { node.cut / 256 } else { (node.cut + 1) * 0x0101_0101 };
        Self { slot: node.slot, least }
    }
}

/// The bits of categorical tests, 32 bytes each.
pub(super) fn category_tables(plan: &Plan) -> Vec<[u8; 32]> {
    let bytes = |words: &[u32; 8]| {
        let mut table = [0; 32];
        for (to, word) in table.as_chunks_mut::<4>().0.iter_mut().zip(words) {
            *to = word.to_le_bytes();
        }
        table
    };
    plan.category_bits.as_chunks::<8>().0.iter().map(bytes).collect()
}

/// The leaf values of one tree, by leaf number as the engine counts them.
#[derive(Clone, Copy)]
pub(super) struct Leaves {
    /// First entry of `values`, `width` times `size` of them.
    pub(super) first: u32,
    /// First line of `planes`.
    pub(super) first_line: u32,
    /// 64, 128 or 256.
    pub(super) size: u32,
    /// The output of the first run of `size` values; runs after it are for the outputs after it.
    pub(super) output: u32,
    /// Runs: 1, or all outputs.
    pub(super) width: u32,
}

/// Leaf values of all trees.
///
/// `planes` holds them byte by byte: `size` lowest bytes, then `size` next ones, and so on, which is
/// what a byte permutation can look up; `values_*` holds them whole.
pub(super) struct LeafTables {
    pub(super) trees: Vec<Leaves>,
    pub(super) planes: Vec<Line>,
    pub(super) values_f32: Vec<f32>,
    pub(super) values_f64: Vec<f64>,
    pub(super) sum: Sum,
}

impl LeafTables {
    pub(super) fn new(sum: Sum) -> Self {
        let (trees, planes) = (Vec::new(), Vec::new());
        Self { trees, planes, values_f32: Vec::new(), values_f64: Vec::new(), sum }
    }

    /// Appends tree `number` with its leaves in the order of `leaves` (numbers of the ensemble's).
    pub(super) fn push(&mut self, ensemble: &Ensemble, number: usize, leaves: &[u32]) {
        let tree = &ensemble.trees[number];
        let (output, width) = match tree.outputs {
            Outputs::One(output) => (output, 1),
            Outputs::All => (0, ensemble.n_outputs),
        };
        let size = leaves.len().next_power_of_two().max(64);
        let first = self.values_f32.len().max(self.values_f64.len()) as u32;
        let first_line = self.planes.len() as u32;
        for run in 0..width {
            let value = |at: usize| {
                leaves.get(at).map_or(0.0, |leaf| tree.leaf_values[*leaf as usize * width + run])
            };
            match self.sum {
                Sum::F32 => self.push_run(size, |at| (value(at) as f32).to_le_bytes()),
                Sum::F64 => self.push_run(size, |at| value(at).to_le_bytes()),
            }
            match self.sum {
                Sum::F32 => self.values_f32.extend((0..size).map(|at| value(at) as f32)),
                Sum::F64 => self.values_f64.extend((0..size).map(value)),
            }
        }
        let (size, width) = (size as u32, width as u32);
        self.trees.push(Leaves { first, first_line, size, output, width });
    }

    fn push_run<const BYTES: usize>(&mut self, size: usize, bytes: impl Fn(usize) -> [u8; BYTES]) {
        for byte in 0..BYTES {
            for first in (0..size).step_by(BLOCK) {
                self.planes.push(Line(std::array::from_fn(|i| bytes(first + i)[byte])));
            }
        }
    }

    /// Lines a block's sums take per output.
    pub(super) fn sum_lines(&self) -> usize {
        match self.sum {
            Sum::F32 => 4,
            Sum::F64 => 8,
        }
    }
}

/// A tree's leaves in the order they are met, and a number for each node that is one.
pub(super) fn number_leaves(tree: &FlatTree) -> (Vec<u32>, Vec<u32>) {
    let mut order = Vec::new();
    let mut numbers = vec![0; tree.nodes.len()];
    for (number, node) in numbers.iter_mut().zip(&tree.nodes) {
        if node.is_leaf() {
            *number = order.len() as u32;
            order.push(node.cut);
        }
    }
    (order, numbers)
}

/// Where a row's sum lies in its block's lines as the AVX-512 engines leave them: byte planes are
/// woven into numbers within each quarter of a register.
pub(super) fn woven_position(row: usize, sum: Sum) -> usize {
    let (quarter, inside) = (row / 16, row % 16);
    match sum {
        Sum::F32 => 16 * (inside / 4) + 4 * quarter + inside % 4,
        Sum::F64 => 8 * (inside / 2) + 2 * quarter + inside % 2,
    }
}
