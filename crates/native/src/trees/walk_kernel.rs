//! The inner loops of the walk engine, without bounds checks.
//!
//! Invariants, established by [`Nodes::new`] and never changed after: every node's `left` and
//! `left + 1` (for a leaf: `left` alone, since a leaf's test never succeeds) are nodes; every slot
//! is below `n_slots`; a categorical node's bits reach over every code of its slot. Callers hand in
//! keys as `Prepare` writes them; their number is checked here, once a call.
//! Checking every step instead was measured to cost 1.2 to 1.4 times the time.
#![allow(unsafe_code)]
// A step is a handful of instructions; a call to it would be as many again.
#![allow(clippy::inline_always)]

use super::plan::FlatNode;

/// Trees walked side by side for one row.
pub(super) const TREES: usize = 16;

/// Rows walked side by side through one tree.
pub(super) const ROWS: usize = 16;

/// How a node is packed.
pub(super) trait Pack: Copy {
    /// Bits a slot may take, for this number of nodes; `None` if it cannot count them.
    fn pack(node: FlatNode, shape: Shape) -> Self;
    fn shape(n_nodes: usize, n_slots: u32) -> Option<Shape>;
    fn cut(self) -> u32;
    fn slot(self, shape: Shape) -> usize;
    fn left(self, shape: Shape) -> u32;
}

/// Where the fields of a packed node are.
#[derive(Clone, Copy)]
pub(super) struct Shape {
    slot_shift: u32,
    left_mask: u32,
}

/// Eight bytes: cut, then left child, then as many high bits as the slots need.
#[derive(Clone, Copy)]
pub(super) struct Packed(u64);

impl Pack for Packed {
    fn shape(n_nodes: usize, n_slots: u32) -> Option<Shape> {
        let slot_bits = 32 - (n_slots - 1).leading_zeros().min(31);
        let left_bits = 32 - slot_bits;
        let fits = (n_nodes as u64) < 1 << left_bits;
        fits.then_some(Shape {
            slot_shift: 32 + left_bits,
            left_mask: (1_u64 << left_bits).wrapping_sub(1) as u32,
        })
    }

    fn pack(node: FlatNode, shape: Shape) -> Self {
        let (slot, left, cut) = (u64::from(node.slot), u64::from(node.left), u64::from(node.cut));
        Self(slot << shape.slot_shift | left << 32 | cut)
    }

    #[inline(always)]
    fn cut(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    fn slot(self, shape: Shape) -> usize {
        (self.0 >> shape.slot_shift) as usize
    }

    #[inline(always)]
    fn left(self, shape: Shape) -> u32 {
        (self.0 >> 32) as u32 & shape.left_mask
    }
}

/// Sixteen bytes, for ensembles with more slots and nodes than eight can tell apart.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(super) struct Wide(FlatNode);

impl Pack for Wide {
    fn shape(_: usize, _: u32) -> Option<Shape> {
        Some(Shape { slot_shift: 0, left_mask: 0 })
    }

    fn pack(node: FlatNode, _: Shape) -> Self {
        Self(node)
    }

    #[inline(always)]
    fn cut(self) -> u32 {
        self.0.cut
    }

    #[inline(always)]
    fn slot(self, _: Shape) -> usize {
        self.0.slot as usize
    }

    #[inline(always)]
    fn left(self, _: Shape) -> u32 {
        self.0.left
    }
}

/// The nodes of all trees.
pub(super) struct Nodes<N> {
    packed: Vec<N>,
    shape: Shape,
    n_slots: usize,
    first_category_slot: usize,
    category_bits: Vec<u32>,
}

impl<N: Pack> Nodes<N> {
    /// Packs the nodes, checking what the loops rely on; `None` if this packing cannot hold them.
    pub(super) fn new(
        flat: &[FlatNode],
        n_slots: u32,
        first_category_slot: u32,
        category_bits: Vec<u32>,
    ) -> Option<Self> {
        let shape = N::shape(flat.len(), n_slots)?;
        for node in flat {
            let last = node.left as usize + usize::from(!node.is_leaf());
            assert!(last < flat.len() && node.slot < n_slots, "a plan's nodes are in bounds");
            assert!(
                node.slot < first_category_slot
                    || node.cut.is_multiple_of(256)
                        && (node.cut as usize) < 32 * category_bits.len(),
                "a plan's categorical nodes have bits"
            );
        }
        let packed = flat.iter().map(|n| N::pack(*n, shape)).collect();
        let first_category_slot = first_category_slot as usize;
        Some(Self { packed, shape, n_slots: n_slots as usize, first_category_slot, category_bits })
    }

    /// What the leaf at this node holds.
    #[inline]
    pub(super) fn leaf(&self, at: u32) -> u32 {
        self.packed[at as usize].cut()
    }

    /// Walks [`TREES`] trees for one row, `depth` steps each.
    #[inline]
    pub(super) fn walk_trees(&self, at: &mut [u32; TREES], depth: u32, keys: &[u32]) {
        assert!(keys.len() >= self.n_slots && self.are_nodes(at));
        // SAFETY: `keys` has a key for every slot, every index is a node's (checked above).
        unsafe { self.steps::<TREES, 1, 0>(at, depth, keys.as_ptr()) }
    }

    /// Walks one tree for [`ROWS`] rows, `depth` steps each; `keys` holds the rows' keys slot by slot.
    #[inline]
    pub(super) fn walk_rows(&self, at: &mut [u32; ROWS], depth: u32, keys: &[u32]) {
        assert!(keys.len() >= self.n_slots * ROWS && self.are_nodes(at));
        // Eight indices stay in registers, and the CPU runs one half into the other by itself.
        for (half, at) in at.as_chunks_mut::<{ ROWS / 2 }>().0.iter_mut().enumerate() {
            let keys = keys[half * ROWS / 2..].as_ptr();
            // SAFETY: `keys` has a key for every slot and row, every index is a node's (checked above).
            unsafe { self.steps::<{ ROWS / 2 }, ROWS, 1>(at, depth, keys) }
        }
    }

    fn are_nodes(&self, at: &[u32]) -> bool {
        at.iter().all(|a| (*a as usize) < self.packed.len())
    }

    /// SAFETY: `keys` holds `STRIDE` keys for every slot, that of walk `w` at `w * BESIDE`, written by
    /// `Prepare`; each of `at` is a node.
    #[inline(always)]
    unsafe fn steps<const W: usize, const STRIDE: usize, const BESIDE: usize>(
        &self,
        at: &mut [u32; W],
        depth: u32,
        keys: *const u32,
    ) {
        let mut here = *at;
        // SAFETY: as the caller's; a step leads from a node to a node (see the module's comment).
        unsafe {
            if self.category_bits.is_empty() {
                for _ in 0..depth {
                    for (w, here) in here.iter_mut().enumerate() {
                        *here = self.step::<STRIDE>(*here, keys.add(w * BESIDE));
                    }
                }
            } else {
                for _ in 0..depth {
                    for (w, here) in here.iter_mut().enumerate() {
                        *here = self.step_with_categories::<STRIDE>(*here, keys.add(w * BESIDE));
                    }
                }
            }
        }
        *at = here;
    }

    /// SAFETY: as [`Nodes::steps`].
    #[inline(always)]
    unsafe fn step<const STRIDE: usize>(&self, at: u32, row: *const u32) -> u32 {
        // SAFETY: `at` is a node, its slot is below `n_slots`.
        unsafe {
            let node = *self.packed.as_ptr().add(at as usize);
            let key = *row.add(node.slot(self.shape) * STRIDE);
            node.left(self.shape) + u32::from(key > node.cut())
        }
    }

    /// SAFETY: as [`Nodes::steps`].
    #[inline(always)]
    unsafe fn step_with_categories<const STRIDE: usize>(&self, at: u32, row: *const u32) -> u32 {
        // SAFETY: as in `step`; a categorical node's cut plus any code of its slot is one of its
        // bits, and bit 0 exists since there are bits at all.
        unsafe {
            let node = *self.packed.as_ptr().add(at as usize);
            let slot = node.slot(self.shape);
            let (key, cut) = (*row.add(slot * STRIDE), node.cut());
            let categorical = slot >= self.first_category_slot;
            let bit = if categorical { cut + key } else { 0 };
            let word = *self.category_bits.as_ptr().add(bit as usize / 32);
            let listed = word >> (bit % 32) & 1;
            node.left(self.shape) + if categorical { listed } else { u32::from(key > cut) }
        }
    }
}
