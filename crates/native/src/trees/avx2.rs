//! The block engines' kernels for AVX2: a block as two registers of 32 rows.
//!
//! Invariants: the CPU has AVX2 and POPCNT (the engines are offered only where `Isa::Avx2` or more
//! was detected); otherwise as in `avx512`. Sums lie in row order here.
#![allow(unsafe_code, clippy::wildcard_imports, clippy::cast_ptr_alignment)]
// 16 KiB of masks, on the stack so that no call allocates.
#![allow(clippy::large_stack_arrays)]

use std::arch::x86_64::*;

use super::avx512::check;
use super::block::{BLOCK, LeafTables, Leaves, Line, Test};
use super::ensemble::Sum;
use super::reach::{MASKS as REACH_MASKS, Reach, ReachTree};
use super::sliced::{Group, LANES, MASKS as SLICED_MASKS, Sliced};

/// Adds the leaves of every tree to the sums of the blocks whose codes are given.
pub(super) fn sliced(engine: &Sliced, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    check(codes, engine.n_slots, sums, n_outputs * engine.tables.sum_lines());
    // SAFETY: see the module's comment.
    unsafe { sliced_avx2(engine, codes, sums, n_outputs) }
}

/// As [`sliced`].
pub(super) fn reach(engine: &Reach, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    check(codes, engine.n_slots, sums, n_outputs * engine.tables.sum_lines());
    // SAFETY: see the module's comment.
    unsafe { reach_avx2(engine, codes, sums, n_outputs) }
}

/// A byte for each of 64 rows.
type Bytes = [__m256i; 2];

#[target_feature(enable = "avx2,popcnt")]
unsafe fn sliced_avx2(engine: &Sliced, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    let mut masks = [0; SLICED_MASKS];
    for group in &engine.groups {
        // SAFETY: as the caller's.
        unsafe {
            match group.depth {
                1 => group_avx2::<1>(engine, group, codes, sums, n_outputs, &mut masks),
                2 => group_avx2::<2>(engine, group, codes, sums, n_outputs, &mut masks),
                3 => group_avx2::<3>(engine, group, codes, sums, n_outputs, &mut masks),
                4 => group_avx2::<4>(engine, group, codes, sums, n_outputs, &mut masks),
                5 => group_avx2::<5>(engine, group, codes, sums, n_outputs, &mut masks),
                6 => group_avx2::<6>(engine, group, codes, sums, n_outputs, &mut masks),
                7 => group_avx2::<7>(engine, group, codes, sums, n_outputs, &mut masks),
                _ => group_avx2::<8>(engine, group, codes, sums, n_outputs, &mut masks),
            }
        }
    }
}

#[target_feature(enable = "avx2,popcnt")]
unsafe fn group_avx2<const D: usize>(
    engine: &Sliced,
    group: &Group,
    codes: &[Line],
    sums: &mut [Line],
    n_outputs: usize,
    masks: &mut [u64; SLICED_MASKS],
) {
    let numeric = &engine.numeric[group.numeric.0 as usize..group.numeric.1 as usize];
    let categorical =
        &engine.categorical[group.categorical.0 as usize..group.categorical.1 as usize];
    let trees = &engine.tables.trees[group.first_tree as usize..][..group.n_trees as usize];
    let lines_a_block = n_outputs * engine.tables.sum_lines();
    let masks = masks.as_mut_ptr();
    for (codes, sums) in
        codes.chunks_exact(engine.n_slots).zip(sums.chunks_exact_mut(lines_a_block))
    {
        // SAFETY: tests, masks and tables are in bounds (see the module's comment).
        unsafe {
            let codes = codes.as_ptr();
            for node in numeric {
                *masks.add(node.mask as usize) = bits(numeric_test(codes, node.test));
            }
            for node in categorical {
                let passed = category_test(codes, node.test, &engine.categories);
                *masks.add(node.mask as usize) = bits(passed);
            }
            let mut bits = [[0_u64; LANES]; D];
            for half in 0..2 {
                level_bits::<D>(masks.add(4 * half), &mut bits, 4 * half);
            }
            for (lane, leaves) in trees.iter().enumerate() {
                let mut leaf = [_mm256_setzero_si256(); 2];
                for (level, bits) in bits.iter().enumerate() {
                    let step = _mm256_set1_epi8((1_u8 << (D - 1 - level)) as i8);
                    for (half, leaf) in leaf.iter_mut().enumerate() {
                        let rows = spread((bits[lane] >> (32 * half)) as u32);
                        *leaf = _mm256_or_si256(*leaf, _mm256_and_si256(rows, step));
                    }
                }
                add_leaves(&engine.tables, leaves, leaf, sums);
            }
        }
    }
}

/// For every level, the bit each row of four lanes goes by there.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn level_bits<const D: usize>(masks: *const u64, bits: &mut [[u64; LANES]; D], lane: usize) {
    let mut chosen = [_mm256_setzero_si256(); D];
    let mut pick = [_mm256_setzero_si256(); 64];
    for level in 0..D {
        // SAFETY: level `level` of a complete tree of depth `D` starts at position 2^level - 1.
        unsafe {
            let mask =
                |i: usize| _mm256_loadu_si256(masks.add(((1 << level) - 1 + i) * LANES).cast());
            if level == 0 {
                chosen[0] = mask(0);
            } else {
                let mut width = 1 << (level - 1);
                for (i, pick) in pick[..width].iter_mut().enumerate() {
                    *pick = select(chosen[level - 1], mask(2 * i + 1), mask(2 * i));
                }
                for above in (0..level - 1).rev() {
                    width /= 2;
                    for i in 0..width {
                        pick[i] = select(chosen[above], pick[2 * i + 1], pick[2 * i]);
                    }
                }
                chosen[level] = pick[0];
            }
            _mm256_storeu_si256(bits[level].as_mut_ptr().add(lane).cast(), chosen[level]);
        }
    }
}

#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn select(mask: __m256i, yes: __m256i, no: __m256i) -> __m256i {
    _mm256_xor_si256(no, _mm256_and_si256(mask, _mm256_xor_si256(yes, no)))
}

/// The sign bits of 64 bytes.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn bits(bytes: Bytes) -> u64 {
    let half = |i: usize| u64::from(_mm256_movemask_epi8(bytes[i]) as u32);
    half(0) | half(1) << 32
}

/// 32 bits as bytes of all ones or zeros.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
fn spread(bits: u32) -> __m256i {
    let byte_of =
        _mm256_setr_epi64x(0, 0x0101_0101_0101_0101, 0x0202_0202_0202_0202, 0x0303_0303_0303_0303);
    let bit_of = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    let bytes = _mm256_shuffle_epi8(_mm256_set1_epi32(bits as i32), byte_of);
    _mm256_cmpeq_epi8(_mm256_and_si256(bytes, bit_of), bit_of)
}

/// SAFETY: `codes` leads to a line for every slot.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn load(codes: *const Line, slot: u32) -> Bytes {
    // SAFETY: as the caller's.
    unsafe {
        let at = codes.add(slot as usize).cast::<__m256i>();
        [_mm256_load_si256(at), _mm256_load_si256(at.add(1))]
    }
}

/// SAFETY: the test's slot is one of `codes`.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn numeric_test(codes: *const Line, test: Test) -> Bytes {
    let least = _mm256_set1_epi32(test.least as i32);
    // SAFETY: as the caller's.
    unsafe { load(codes, test.slot) }
        .map(|codes| _mm256_cmpeq_epi8(_mm256_max_epu8(codes, least), codes))
}

/// SAFETY: the test's slot is one of `codes`.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn category_test(codes: *const Line, test: Test, tables: &[[u8; 32]]) -> Bytes {
    let table = tables[test.least as usize].as_ptr().cast::<__m128i>();
    // SAFETY: a table is 32 bytes.
    let (low, high) = unsafe {
        let half = |i: usize| _mm256_broadcastsi128_si256(_mm_loadu_si128(table.add(i)));
        (half(0), half(1))
    };
    let bit_of = _mm256_set1_epi64x(0x8040_2010_0804_0201_u64 as i64);
    // SAFETY: as the caller's.
    unsafe { load(codes, test.slot) }.map(|codes| {
        let byte = _mm256_and_si256(_mm256_srli_epi16::<3>(codes), _mm256_set1_epi8(15));
        let (low, high) = (_mm256_shuffle_epi8(low, byte), _mm256_shuffle_epi8(high, byte));
        // Bit 7 of the code says which half of the table its byte is in.
        let byte = _mm256_blendv_epi8(low, high, codes);
        let bit = _mm256_shuffle_epi8(bit_of, _mm256_and_si256(codes, _mm256_set1_epi8(7)));
        _mm256_cmpeq_epi8(_mm256_and_si256(byte, bit), bit)
    })
}

#[target_feature(enable = "avx2,popcnt")]
unsafe fn reach_avx2(engine: &Reach, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    let lines_a_block = n_outputs * engine.tables.sum_lines();
    let mut masks = [[_mm256_setzero_si256(); 2]; REACH_MASKS];
    for (tree, leaves) in engine.trees.iter().zip(&engine.tables.trees) {
        let codes = codes.chunks_exact(engine.n_slots);
        for (codes, sums) in codes.zip(sums.chunks_exact_mut(lines_a_block)) {
            // SAFETY: as the caller's.
            unsafe {
                let leaf = find(engine, *tree, codes.as_ptr(), &mut masks);
                add_leaves(&engine.tables, leaves, leaf, sums);
            }
        }
    }
}

/// The leaf numbers of a block in one tree.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn find(
    engine: &Reach,
    tree: ReachTree,
    codes: *const Line,
    masks: &mut [Bytes; REACH_MASKS],
) -> Bytes {
    let nodes = &engine.nodes[tree.first as usize..][..tree.count as usize];
    let mut found = [_mm256_set1_epi8(tree.start as i8); 2];
    let masks = masks.as_mut_ptr();
    // SAFETY: masks are at most `NOWHERE`, slots below `n_slots`, tables exist.
    unsafe {
        *masks = [_mm256_set1_epi8(-1); 2];
        for (at, node) in nodes.iter().enumerate() {
            let here = *masks.add(at);
            let passed = if node.test.slot < engine.first_category_slot {
                numeric_test(codes, node.test)
            } else {
                category_test(codes, node.test, &engine.categories)
            };
            let leaf = _mm256_set1_epi32(node.leaf as i32);
            let (mut left, mut right) = (here, here);
            for half in 0..2 {
                right[half] = _mm256_and_si256(here[half], passed[half]);
                left[half] = _mm256_andnot_si256(passed[half], here[half]);
                found[half] = _mm256_blendv_epi8(found[half], leaf, right[half]);
            }
            *masks.add(node.left_mask as usize) = left;
            *masks.add(node.right_mask as usize) = right;
        }
    }
    found
}

/// Adds each row's leaf values to the block's sums, in row order.
#[inline]
#[target_feature(enable = "avx2,popcnt")]
unsafe fn add_leaves(tables: &LeafTables, leaves: &Leaves, leaf: Bytes, sums: &mut [Line]) {
    let mut numbers = Line([0; BLOCK]);
    // SAFETY: a line is two registers; the tables have `size` values a run, and leaf numbers are
    // below `size`; a run's sums are 64 numbers in 64-byte aligned lines.
    unsafe {
        let at = numbers.0.as_mut_ptr().cast::<__m256i>();
        _mm256_store_si256(at, leaf[0]);
        _mm256_store_si256(at.add(1), leaf[1]);
        for run in 0..leaves.width as usize {
            let first = leaves.first as usize + run * leaves.size as usize;
            let lines = tables.sum_lines();
            let sums = &mut sums[lines * (leaves.output as usize + run)..][..lines];
            match tables.sum {
                Sum::F32 => {
                    let sums = &mut *sums.as_mut_ptr().cast::<[f32; BLOCK]>();
                    let values = tables.values_f32.as_ptr().add(first);
                    for (sum, leaf) in sums.iter_mut().zip(numbers.0) {
                        *sum += *values.add(leaf as usize);
                    }
                }
                Sum::F64 => {
                    let sums = &mut *sums.as_mut_ptr().cast::<[f64; BLOCK]>();
                    let values = tables.values_f64.as_ptr().add(first);
                    for (sum, leaf) in sums.iter_mut().zip(numbers.0) {
                        *sum += *values.add(leaf as usize);
                    }
                }
            }
        }
    }
}
