//! AVX-512 search of a column's cuts: 16 pivots, then the 16 cuts between two of them.
//!
//! Every function here is called only after AVX-512 F and BW were detected: `Search::Avx512` is
//! made by [`Isa`](crate::isa::Isa) alone. All loads stay inside the table: a bucket is at most 15,
//! because the last pivot is padding that no key exceeds.
#![allow(unsafe_code, clippy::wildcard_imports, clippy::cast_ptr_alignment)]

use std::arch::x86_64::*;

use super::block::{BLOCK, Line};
use super::keys::{key_f32, key_f64};
use super::search::Table;

pub(super) fn ranks_f32(table: &Table<i32>, values: &[f32; BLOCK], n: usize) -> (Line, u64) {
    // SAFETY: called only where AVX-512 was detected (see the module's comment).
    unsafe { ranks_f32_avx512(table, values, n) }
}

pub(super) fn ranks_f64(table: &Table<i64>, values: &[f64; BLOCK], n: usize) -> (Line, u64) {
    // SAFETY: as above.
    unsafe { ranks_f64_avx512(table, values, n) }
}

#[inline]
pub(super) fn rank_i64(table: &Table<i64>, key: i64) -> u8 {
    // SAFETY: as above.
    unsafe { rank_i64_avx512(table, key) }
}

#[target_feature(enable = "avx512f,avx512bw,popcnt")]
fn ranks_f32_avx512(table: &Table<i32>, values: &[f32; BLOCK], n: usize) -> (Line, u64) {
    let mut ranks = Line([0; BLOCK]);
    // Compiled for these features, this loop runs sixteen keys at a time.
    let mut keys = [0; BLOCK];
    for (key, value) in keys.iter_mut().zip(values) {
        *key = key_f32(*value);
    }
    // SAFETY: the table is 64-byte aligned and holds 256 + 16 keys; `bucket` is at most 15.
    unsafe {
        let cuts = table.cuts.as_ptr();
        let pivots = _mm512_load_si512(table.pivots.as_ptr().cast());
        for (rank, key) in ranks.0.iter_mut().zip(&keys).take(n) {
            let key = _mm512_set1_epi32(*key);
            let bucket = u32::from(_mm512_cmpgt_epi32_mask(key, pivots)).count_ones();
            let run = _mm512_load_si512(cuts.add(16 * bucket as usize).cast());
            let inside = u32::from(_mm512_cmpgt_epi32_mask(key, run)).count_ones();
            *rank = (16 * bucket + inside) as u8;
        }
    }
    let mut nans = 0;
    for (i, values) in values.as_chunks::<16>().0.iter().enumerate() {
        // SAFETY: a chunk is sixteen values.
        let values = unsafe { _mm512_loadu_ps(values.as_ptr()) };
        nans |= u64::from(_mm512_cmp_ps_mask::<_CMP_UNORD_Q>(values, values)) << (16 * i);
    }
    (ranks, nans)
}

#[target_feature(enable = "avx512f,avx512bw,popcnt")]
fn ranks_f64_avx512(table: &Table<i64>, values: &[f64; BLOCK], n: usize) -> (Line, u64) {
    let mut ranks = Line([0; BLOCK]);
    let mut keys = [0; BLOCK];
    for (key, value) in keys.iter_mut().zip(values) {
        *key = key_f64(*value);
    }
    for (rank, key) in ranks.0.iter_mut().zip(&keys).take(n) {
        *rank = rank_i64_avx512(table, *key);
    }
    let mut nans = 0;
    for (i, values) in values.as_chunks::<8>().0.iter().enumerate() {
        // SAFETY: a chunk is eight values.
        let values = unsafe { _mm512_loadu_pd(values.as_ptr()) };
        nans |= u64::from(_mm512_cmp_pd_mask::<_CMP_UNORD_Q>(values, values)) << (8 * i);
    }
    (ranks, nans)
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,popcnt")]
fn rank_i64_avx512(table: &Table<i64>, key: i64) -> u8 {
    // SAFETY: the table is 64-byte aligned and holds 256 + 16 keys; `bucket` is at most 15.
    unsafe {
        let key = _mm512_set1_epi64(key);
        let above = |at: *const i64| {
            let low = _mm512_cmpgt_epi64_mask(key, _mm512_load_si512(at.cast()));
            let high = _mm512_cmpgt_epi64_mask(key, _mm512_load_si512(at.add(8).cast()));
            u32::from(low).count_ones() + u32::from(high).count_ones()
        };
        let bucket = above(table.pivots.as_ptr());
        let inside = above(table.cuts.as_ptr().add(16 * bucket as usize));
        (16 * bucket + inside) as u8
    }
}
