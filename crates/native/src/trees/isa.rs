//! Which vector instructions this CPU has, found once.

use super::search::Search;

/// The instruction sets the block engines are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Isa {
    Portable,
    /// AVX2 with BMI and POPCNT.
    Avx2,
    /// AVX-512 F, BW, VL and VBMI (Ice Lake, Zen 4 and later).
    Avx512,
}

impl Isa {
    pub(super) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let popcnt = is_x86_feature_detected!("popcnt");
            if popcnt
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi")
            {
                return Self::Avx512;
            }
            if popcnt && is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    pub(super) fn search(self) -> Search {
        if self == Self::Avx512 { Search::Avx512 } else { Search::Portable }
    }
}
