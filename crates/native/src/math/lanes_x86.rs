//! The vectors of AVX2 with FMA, and of AVX-512 F. Must not know a kernel.
//!
//! Invariant: a value of these types exists only on a CPU that has the instructions, as making one
//! from nothing is unsafe (see `Lanes`); so operations on values are safe.
#![allow(unsafe_code, clippy::wildcard_imports)]

use std::arch::x86_64::*;

use super::exp_table::{STEPS, Table};
use super::lanes::{ExpLanes, Lanes};

/// The rest of a [`Lanes`] implementation; `$ops` are add, sub, mul, fused multiply-add and max.
macro_rules! lanes {
    ($name:ident, $inner:ty, $scalar:ty, $count:literal, $registers:literal, $splat:ident,
     $load:ident, $store:ident, [$($op:ident = $intrinsic:ident),+], $fma:ident,
     $load_first:expr, $store_first:expr, $abs:expr, $sum:expr) => {
        #[derive(Clone, Copy)]
        pub(crate) struct $name($inner);

        impl Lanes for $name {
            type Scalar = $scalar;
            const COUNT: usize = $count;
            const REGISTERS: usize = $registers;

            #[inline(always)]
            unsafe fn splat(value: $scalar) -> Self {
                // SAFETY: as the caller's.
                Self(unsafe { $splat(value) })
            }

            #[inline(always)]
            unsafe fn load(from: *const $scalar) -> Self {
                // SAFETY: as the caller's.
                Self(unsafe { $load(from) })
            }

            #[inline(always)]
            unsafe fn load_first(from: *const $scalar, count: usize) -> Self {
                // SAFETY: as the caller's; lanes that are masked out are not read.
                Self(unsafe { $load_first(from, count) })
            }

            #[inline(always)]
            unsafe fn store(self, to: *mut $scalar) {
                // SAFETY: as the caller's.
                unsafe { $store(to, self.0) }
            }

            #[inline(always)]
            unsafe fn store_first(self, to: *mut $scalar, count: usize) {
                // SAFETY: as the caller's; lanes that are masked out are not written.
                unsafe { $store_first(to, count, self.0) }
            }

            $(#[inline(always)]
            fn $op(self, other: Self) -> Self {
                // SAFETY: there is a value, so there are the instructions.
                Self(unsafe { $intrinsic(self.0, other.0) })
            })+

            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: there is a value, so there are the instructions.
                Self(unsafe { $fma(self.0, b.0, c.0) })
            }

            #[inline(always)]
            fn abs(self) -> Self {
                // SAFETY: there is a value, so there are the instructions.
                Self(unsafe { $abs(self.0) })
            }

            #[inline(always)]
            fn sum(self) -> $scalar {
                // SAFETY: there is a value, so there are the instructions.
                unsafe { $sum(self.0) }
            }
        }
    };
}

lanes!(
    F64x8,
    __m512d,
    f64,
    8,
    32,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    [
        add = _mm512_add_pd,
        sub = _mm512_sub_pd,
        mul = _mm512_mul_pd,
        div = _mm512_div_pd,
        max = _mm512_max_pd
    ],
    _mm512_fmadd_pd,
    |from, count: usize| _mm512_maskz_loadu_pd((1 << count) - 1, from),
    |to, count: usize, v| _mm512_mask_storeu_pd(to, (1 << count) - 1, v),
    |v| _mm512_abs_pd(v),
    |v| sum_f64x4(_mm256_add_pd(_mm512_castpd512_pd256(v), _mm512_extractf64x4_pd::<1>(v)))
);

lanes!(
    F32x16,
    __m512,
    f32,
    16,
    32,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    [
        add = _mm512_add_ps,
        sub = _mm512_sub_ps,
        mul = _mm512_mul_ps,
        div = _mm512_div_ps,
        max = _mm512_max_ps
    ],
    _mm512_fmadd_ps,
    |from, count: usize| _mm512_maskz_loadu_ps((1 << count) - 1, from),
    |to, count: usize, v| _mm512_mask_storeu_ps(to, (1 << count) - 1, v),
    |v| _mm512_abs_ps(v),
    |v| {
        let high = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(v)));
        sum_f32x8(_mm256_add_ps(_mm512_castps512_ps256(v), high))
    }
);

lanes!(
    F64x4,
    __m256d,
    f64,
    4,
    16,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    [
        add = _mm256_add_pd,
        sub = _mm256_sub_pd,
        mul = _mm256_mul_pd,
        div = _mm256_div_pd,
        max = _mm256_max_pd
    ],
    _mm256_fmadd_pd,
    |from, count: usize| _mm256_maskload_pd(from, first_i64x4(count)),
    |to, count: usize, v| _mm256_maskstore_pd(to, first_i64x4(count), v),
    |v| _mm256_andnot_pd(_mm256_set1_pd(-0.0), v),
    |v| sum_f64x4(v)
);

lanes!(
    F32x8,
    __m256,
    f32,
    8,
    16,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    [
        add = _mm256_add_ps,
        sub = _mm256_sub_ps,
        mul = _mm256_mul_ps,
        div = _mm256_div_ps,
        max = _mm256_max_ps
    ],
    _mm256_fmadd_ps,
    |from, count: usize| _mm256_maskload_ps(from, first_i32x8(count)),
    |to, count: usize, v| _mm256_maskstore_ps(to, first_i32x8(count), v),
    |v| _mm256_andnot_ps(_mm256_set1_ps(-0.0), v),
    |v| sum_f32x8(v)
);

impl ExpLanes for F64x8 {
    #[inline(always)]
    fn power(self, table: &Table) -> (Self, Self) {
        // SAFETY: there is a value, so there are the instructions; indices are below the steps.
        unsafe {
            let n = _mm512_castpd_si512(self.0);
            let at = _mm512_and_si512(n, _mm512_set1_epi64(STEPS as i64 - 1));
            let bits = _mm512_i64gather_epi64::<8>(at, table.bits.as_ptr().cast());
            let bits = _mm512_add_epi64(bits, _mm512_slli_epi64::<45>(n));
            let errors = _mm512_i64gather_pd::<8>(at, table.errors.as_ptr());
            (Self(_mm512_castsi512_pd(bits)), Self(errors))
        }
    }

    #[inline(always)]
    fn within(self, limit: f64) -> bool {
        // SAFETY: there is a value, so there are the instructions.
        unsafe {
            let size = _mm512_abs_pd(self.0);
            _mm512_cmp_pd_mask::<_CMP_LT_OQ>(size, _mm512_set1_pd(limit)) == u8::MAX
        }
    }

    #[inline(always)]
    fn with_sign_of(self, other: Self) -> Self {
        // SAFETY: there is a value, so there are the instructions.
        unsafe {
            let sign = _mm512_set1_epi64(i64::MIN);
            let (size, other) = (_mm512_castpd_si512(self.0), _mm512_castpd_si512(other.0));
            // Bits of the second where the mask has ones, else of the third.
            let mixed = _mm512_ternarylogic_epi64::<0xca>(sign, other, size);
            Self(_mm512_castsi512_pd(mixed))
        }
    }
}

impl ExpLanes for F64x4 {
    #[inline(always)]
    fn power(self, table: &Table) -> (Self, Self) {
        // SAFETY: there is a value, so there are the instructions; indices are below the steps.
        unsafe {
            let n = _mm256_castpd_si256(self.0);
            let at = _mm256_and_si256(n, _mm256_set1_epi64x(STEPS as i64 - 1));
            let bits = _mm256_i64gather_epi64::<8>(table.bits.as_ptr().cast(), at);
            let bits = _mm256_add_epi64(bits, _mm256_slli_epi64::<45>(n));
            let errors = _mm256_i64gather_pd::<8>(table.errors.as_ptr(), at);
            (Self(_mm256_castsi256_pd(bits)), Self(errors))
        }
    }

    #[inline(always)]
    fn within(self, limit: f64) -> bool {
        // SAFETY: there is a value, so there are the instructions.
        unsafe {
            let size = _mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0);
            let less = _mm256_cmp_pd::<_CMP_LT_OQ>(size, _mm256_set1_pd(limit));
            _mm256_movemask_pd(less) == 0b1111
        }
    }

    #[inline(always)]
    fn with_sign_of(self, other: Self) -> Self {
        // SAFETY: there is a value, so there are the instructions.
        unsafe {
            let sign = _mm256_and_pd(_mm256_set1_pd(-0.0), other.0);
            Self(_mm256_or_pd(_mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0), sign))
        }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn first_i64x4(count: usize) -> __m256i {
    _mm256_cmpgt_epi64(_mm256_set1_epi64x(count as i64), _mm256_setr_epi64x(0, 1, 2, 3))
}

#[inline]
#[target_feature(enable = "avx2")]
fn first_i32x8(count: usize) -> __m256i {
    let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    _mm256_cmpgt_epi32(_mm256_set1_epi32(count as i32), lanes)
}

#[inline]
#[target_feature(enable = "avx2")]
fn sum_f64x4(v: __m256d) -> f64 {
    let v = _mm_add_pd(_mm256_castpd256_pd128(v), _mm256_extractf128_pd::<1>(v));
    _mm_cvtsd_f64(_mm_add_sd(v, _mm_unpackhi_pd(v, v)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn sum_f32x8(v: __m256) -> f32 {
    let v = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps::<1>(v));
    let v = _mm_add_ps(v, _mm_movehl_ps(v, v));
    _mm_cvtss_f32(_mm_add_ss(v, _mm_shuffle_ps::<1>(v, v)))
}
