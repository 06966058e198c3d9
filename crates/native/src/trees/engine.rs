//! The engines by name. All give the same bits; which answers is told by `choose`.

/// An engine that can answer for an ensemble; all give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Engine {
    /// Node by node as described; takes every ensemble.
    Reference,
    /// Packed nodes, several walks in flight; every CPU.
    Walk,
    /// 64 rows by 8 trees, bit by bit, with AVX2.
    SlicedAvx2,
    /// 64 rows by 8 trees, bit by bit, with AVX-512.
    SlicedAvx512,
    /// 64 rows, every node of a tree, with AVX2.
    ReachAvx2,
    /// 64 rows, every node of a tree, with AVX-512.
    ReachAvx512,
}

impl Engine {
    /// Every engine, the plainest first.
    pub(super) const ALL: [Self; 6] = [
        Self::Reference,
        Self::Walk,
        Self::SlicedAvx2,
        Self::SlicedAvx512,
        Self::ReachAvx2,
        Self::ReachAvx512,
    ];

    /// Whether the engine works on blocks of 64 rows.
    pub(super) fn takes_blocks(self) -> bool {
        !matches!(self, Self::Reference | Self::Walk)
    }
}
