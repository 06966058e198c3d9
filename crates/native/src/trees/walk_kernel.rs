//! The inner loops of the walk engine, without bounds checks.
//!
//! Invariants, established by [`Nodes::new`] and never changed after: from every node of a tree,
//! `left` and `left + 1` (for a leaf: `left` alone, since a leaf's test never succeeds) are nodes of
//! that tree; every slot is below `n_slots`; a categorical node's bits reach over every code of its
//! slot. Callers hand in keys as `Prepare` writes them; their number is checked here, once a call.
//! Checking every step instead was measured to take 1.1 to 1.25 times as long.
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
    /// The packed node; `None` if its fields are too big.
    fn pack(node: FlatNode) -> Option<Self>;
    fn cut(self) -> u32;
    /// Where the slot's key is, in keys.
    fn key(self) -> usize;
    fn left(self) -> u32;
    /// Whether this key is above the cut.
    fn is_below(self, key: u32) -> bool;
}

/// Eight bytes: from the top the left child, `SLOT_BITS` bits of slot times `STRIDE`, and the cut.
#[derive(Clone, Copy)]
pub(super) struct Packed<const SLOT_BITS: u32, const STRIDE: usize>(u64);

impl<const SLOT_BITS: u32, const STRIDE: usize> Pack for Packed<SLOT_BITS, STRIDE> {
    fn pack(node: FlatNode) -> Option<Self> {
        let (key, left) = (u64::from(node.slot) * STRIDE as u64, u64::from(node.left));
        let fits = key < 1 << SLOT_BITS && left < 1 << (32 - SLOT_BITS);
        fits.then_some(Self(left << (32 + SLOT_BITS) | key << 32 | u64::from(node.cut)))
    }

    #[inline(always)]
    fn cut(self) -> u32 {
        self.0 as u32
    }

    #[inline(always)]
    fn key(self) -> usize {
        (self.0 >> 32 & ((1 << SLOT_BITS) - 1)) as usize
    }

    #[inline(always)]
    fn left(self) -> u32 {
        (self.0 >> (32 + SLOT_BITS)) as u32
    }

    #[inline(always)]
    fn is_below(self, key: u32) -> bool {
        key > self.cut()
    }
}

/// Sixteen bytes, for ensembles with more slots and nodes than eight can tell apart.
#[derive(Clone, Copy)]
#[repr(align(16))]
pub(super) struct Wide<const STRIDE: usize>(FlatNode);

impl<const STRIDE: usize> Pack for Wide<STRIDE> {
    fn pack(node: FlatNode) -> Option<Self> {
        Some(Self(node))
    }

    #[inline(always)]
    fn cut(self) -> u32 {
        self.0.cut
    }

    #[inline(always)]
    fn key(self) -> usize {
        self.0.slot as usize * STRIDE
    }

    #[inline(always)]
    fn left(self) -> u32 {
        self.0.left
    }

    #[inline(always)]
    fn is_below(self, key: u32) -> bool {
        key > self.0.cut
    }
}

/// What the nodes' slots and categories rest on.
#[derive(Clone)]
pub(super) struct Ground {
    pub(super) n_slots: u32,
    pub(super) first_category_slot: u32,
    pub(super) category_bits: Vec<u32>,
}

/// The nodes of all trees, tree after tree, whose children are counted from the start of all.
pub(super) struct Nodes<N> {
    packed: Vec<N>,
    /// Where each tree starts, and an end.
    starts: Vec<u32>,
    ground: Ground,
    /// The first category slot's key.
    first_category_key: usize,
}

impl<N: Pack> Nodes<N> {
    /// Packs the nodes, checking what the loops rely on; `None` if this packing cannot hold them.
    /// Children are counted `within` their tree or from the start of all.
    pub(super) fn new(
        trees: &[Vec<FlatNode>],
        within: bool,
        stride: usize,
        ground: Ground,
    ) -> Option<Self> {
        let n_nodes: usize = trees.iter().map(Vec::len).sum();
        let (mut packed, mut starts) = (Vec::with_capacity(n_nodes), vec![0]);
        let n_bits = 32 * ground.category_bits.len();
        for nodes in trees {
            let start = packed.len() as u32;
            for node in nodes {
                let last = node.left as usize + usize::from(!node.is_leaf());
                assert!(last < nodes.len() && node.slot < ground.n_slots, "nodes are in bounds");
                assert!(
                    node.slot < ground.first_category_slot
                        || node.cut.is_multiple_of(256) && (node.cut as usize) < n_bits,
                    "categorical nodes have bits"
                );
                let left = if within { node.left } else { start + node.left };
                packed.push(N::pack(FlatNode { left, ..*node })?);
            }
            starts.push(u32::try_from(packed.len()).ok()?);
        }
        let first_category_key = ground.first_category_slot as usize * stride;
        Some(Self { packed, starts, ground, first_category_key })
    }

    /// The leaf values' positions that [`TREES`] trees lead to for one row, `depth` steps each;
    /// for nodes counted from the start of all.
    #[inline]
    pub(super) fn walk_trees(
        &self,
        trees: &[u32; TREES],
        depth: u32,
        keys: &[u32],
    ) -> [u32; TREES] {
        assert!(keys.len() >= self.ground.n_slots as usize);
        let mut at = trees.map(|tree| self.starts[tree as usize] as usize);
        assert!(at.iter().all(|at| *at < self.packed.len()));
        // SAFETY: there is a key for every slot, every index is a node's (checked above).
        unsafe { self.steps::<TREES, 0>(&mut at, 0, depth, keys.as_ptr()) }
        at.map(|at| self.packed[at].cut())
    }

    /// The leaf values' positions that one tree leads to for [`ROWS`] rows, `depth` steps each;
    /// `keys` holds the rows' keys slot by slot; for nodes counted within their tree.
    #[inline]
    pub(super) fn walk_rows(&self, tree: usize, depth: u32, keys: &[u32]) -> [u32; ROWS] {
        assert!(keys.len() >= self.ground.n_slots as usize * ROWS);
        let start = self.starts[tree] as usize;
        let mut at = [0; ROWS];
        assert!(start < self.packed.len());
        // Eight indices stay in registers, and the CPU runs one half into the other by itself.
        for (half, at) in at.as_chunks_mut::<{ ROWS / 2 }>().0.iter_mut().enumerate() {
            let keys = keys[half * ROWS / 2..].as_ptr();
            // SAFETY: there is a key for every slot and row, a tree's first node is one (checked above).
            unsafe { self.steps::<{ ROWS / 2 }, 1>(at, start, depth, keys) }
        }
        at.map(|at| self.packed[start + at].cut())
    }

    /// Whether the nodes are too many to stay in a core's own caches.
    pub(super) fn are_far(&self) -> bool {
        size_of_val(&*self.packed) > 1 << 20
    }

    /// Asks for one part of a tree's nodes ahead of its turn, where they [`Nodes::are_far`]: the rows
    /// would wait for them tree by tree otherwise.
    #[inline]
    pub(super) fn prefetch(&self, tree: usize, part: usize) {
        const LINES: usize = 12;
        const LINE: usize = 64;
        let Some([start, end]) = self.starts.get(tree..tree + 2) else { return };
        let nodes_a_line = LINE / size_of::<N>();
        let first = *start as usize + part * LINES * nodes_a_line;
        let nodes = &self.packed[first.min(*end as usize)..*end as usize];
        for node in nodes.iter().step_by(nodes_a_line).take(LINES) {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a prefetch of a node that is there; it reads nothing as far as Rust goes.
            unsafe {
                use std::arch::x86_64::{_MM_HINT_T1, _mm_prefetch};
                _mm_prefetch::<_MM_HINT_T1>(std::ptr::from_ref(node).cast());
            }
            #[cfg(not(target_arch = "x86_64"))]
            let _ = node;
        }
    }

    /// SAFETY: walk `w` finds the key of every slot that `Prepare` wrote at its place `w * BESIDE`
    /// keys on; each of `at`, counted from `start`, is a node whose tree's children are counted so.
    #[inline(always)]
    unsafe fn steps<const W: usize, const BESIDE: usize>(
        &self,
        at: &mut [usize; W],
        start: usize,
        depth: u32,
        keys: *const u32,
    ) {
        let mut here = *at;
        // SAFETY: as the caller's; a step leads from a node to a node (see the module's comment).
        unsafe {
            let nodes = self.packed.as_ptr().add(start);
            if self.ground.category_bits.is_empty() {
                for _ in 0..depth {
                    for (w, here) in here.iter_mut().enumerate() {
                        let node = *nodes.add(*here);
                        let key = *keys.add(w * BESIDE + node.key());
                        *here = node.left() as usize + usize::from(node.is_below(key));
                    }
                }
            } else {
                for _ in 0..depth {
                    for (w, here) in here.iter_mut().enumerate() {
                        let node = *nodes.add(*here);
                        let key = *keys.add(w * BESIDE + node.key());
                        *here = node.left() as usize + usize::from(self.goes_right(node, key));
                    }
                }
            }
        }
        *at = here;
    }

    /// Whether a row with this key goes right, at a node of either kind.
    ///
    /// SAFETY: `key` is one that `Prepare` wrote for the node's slot, and there are category bits.
    #[inline(always)]
    unsafe fn goes_right(&self, node: N, key: u32) -> bool {
        let categorical = node.key() >= self.first_category_key;
        let bit = if categorical { node.cut() + key } else { 0 };
        // SAFETY: a categorical node's cut plus any code of its slot is one of its bits, and bit 0
        // exists since there are bits at all.
        let word = unsafe { *self.ground.category_bits.as_ptr().add(bit as usize / 32) };
        if categorical { word >> (bit % 32) & 1 == 1 } else { node.is_below(key) }
    }
}
