//! Which vector instructions this CPU has, found once. Knows nothing of who uses them.

use std::sync::OnceLock;

/// The instruction sets the kernels are written for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Isa {
    /// What every CPU of the architecture has.
    Portable,
    /// AVX2 and FMA with BMI and POPCNT.
    Avx2,
    /// AVX-512 F, BW, VL and VBMI (Ice Lake, Zen 4 and later), and all of `Avx2`.
    Avx512,
}

static DETECTED: OnceLock<Isa> = OnceLock::new();

impl Isa {
    /// This CPU's.
    #[inline]
    pub(crate) fn detect() -> Self {
        *DETECTED.get_or_init(Self::find)
    }

    /// Holds the process to this set and those below, to compare its answers with what a CPU with more
    /// instructions answers, and tells what is used. Once a model was read it is too late.
    #[must_use]
    pub fn limit(self) -> Self {
        *DETECTED.get_or_init(|| Self::find().min(self))
    }

    fn find() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            let avx2 = is_x86_feature_detected!("popcnt")
                && is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma");
            if avx2
                && is_x86_feature_detected!("avx512f")
                && is_x86_feature_detected!("avx512bw")
                && is_x86_feature_detected!("avx512vl")
                && is_x86_feature_detected!("avx512vbmi")
            {
                return Self::Avx512;
            }
            if avx2 {
                return Self::Avx2;
            }
        }
        Self::Portable
    }
}
