//! The block engines' kernels for AVX-512 F, BW, VL and VBMI.
//!
//! Invariants: the CPU has these instructions (the engines are offered only where `Isa::Avx512` was
//! detected); `codes` holds `n_slots` lines for each block and `sums` a block's sum lines for each
//! block and output (asserted on entry); every test's slot is below `n_slots`, every categorical
//! test's table exists, masks and leaf tables are as `Reach::new` and `Sliced::new` lay them out.
#![allow(unsafe_code, clippy::wildcard_imports, clippy::cast_ptr_alignment)]
// 32 KiB of masks, on the stack so that no call allocates.
#![allow(clippy::large_stack_arrays)]

use std::arch::x86_64::*;

use super::block::{LeafTables, Leaves, Line, Test};
use super::ensemble::Sum;
use super::reach::{MASKS as REACH_MASKS, NOWHERE, Reach, ReachTree};
use super::sliced::{Group, LANES, MASKS as SLICED_MASKS, Sliced};

/// Adds the leaves of every tree to the sums of the blocks whose codes are given.
pub(super) fn sliced(engine: &Sliced, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    check(codes, engine.n_slots, sums, n_outputs * engine.tables.sum_lines());
    // SAFETY: see the module's comment.
    unsafe { sliced_avx512(engine, codes, sums, n_outputs) }
}

/// As [`sliced`].
pub(super) fn reach(engine: &Reach, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    check(codes, engine.n_slots, sums, n_outputs * engine.tables.sum_lines());
    // SAFETY: see the module's comment.
    unsafe { reach_avx512(engine, codes, sums, n_outputs) }
}

pub(super) fn check(codes: &[Line], n_slots: usize, sums: &[Line], lines_a_block: usize) {
    let n_blocks = codes.len() / n_slots;
    assert!(codes.len() == n_blocks * n_slots && sums.len() == n_blocks * lines_a_block);
}

#[repr(align(64))]
struct Masks([[u64; SLICED_MASKS]; TOGETHER]);

/// Blocks tested together, so that a node is fetched once for both.
const TOGETHER: usize = 2;

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn sliced_avx512(engine: &Sliced, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    let mut masks = Masks([[0; SLICED_MASKS]; TOGETHER]);
    for group in &engine.groups {
        // SAFETY: as the caller's.
        unsafe {
            match group.depth {
                1 => group_avx512::<1>(engine, group, codes, sums, n_outputs, &mut masks),
                2 => group_avx512::<2>(engine, group, codes, sums, n_outputs, &mut masks),
                3 => group_avx512::<3>(engine, group, codes, sums, n_outputs, &mut masks),
                4 => group_avx512::<4>(engine, group, codes, sums, n_outputs, &mut masks),
                5 => group_avx512::<5>(engine, group, codes, sums, n_outputs, &mut masks),
                6 => group_avx512::<6>(engine, group, codes, sums, n_outputs, &mut masks),
                7 => group_avx512::<7>(engine, group, codes, sums, n_outputs, &mut masks),
                _ => group_avx512::<8>(engine, group, codes, sums, n_outputs, &mut masks),
            }
        }
    }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn group_avx512<const D: usize>(
    engine: &Sliced,
    group: &Group,
    codes: &[Line],
    sums: &mut [Line],
    n_outputs: usize,
    masks: &mut Masks,
) {
    let lines_a_block = n_outputs * engine.tables.sum_lines();
    let mut pairs = codes.chunks_exact(TOGETHER * engine.n_slots);
    let mut pair_sums = sums.chunks_exact_mut(TOGETHER * lines_a_block);
    for (codes, sums) in pairs.by_ref().zip(pair_sums.by_ref()) {
        // SAFETY: as the caller's.
        unsafe { blocks_avx512::<D, TOGETHER>(engine, group, codes, sums, masks) }
    }
    if !pairs.remainder().is_empty() {
        let (codes, sums) = (pairs.remainder(), pair_sums.into_remainder());
        // SAFETY: as the caller's.
        unsafe { blocks_avx512::<D, 1>(engine, group, codes, sums, masks) }
    }
}

/// One group of trees for `B` blocks.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn blocks_avx512<const D: usize, const B: usize>(
    engine: &Sliced,
    group: &Group,
    codes: &[Line],
    sums: &mut [Line],
    masks: &mut Masks,
) {
    let numeric = &engine.numeric[group.numeric.0 as usize..group.numeric.1 as usize];
    let categorical =
        &engine.categorical[group.categorical.0 as usize..group.categorical.1 as usize];
    let trees = &engine.tables.trees[group.first_tree as usize..][..group.n_trees as usize];
    assert!(B <= TOGETHER && codes.len() == B * engine.n_slots);
    let lines_a_block = sums.len() / B;
    let masks = masks.0.as_mut_ptr().cast::<u64>();
    // SAFETY: tests, masks and tables are in bounds (see the module's comment).
    unsafe {
        let codes = codes.as_ptr();
        for node in numeric {
            for b in 0..B {
                let mask = numeric_test(codes.add(b * engine.n_slots), node.test);
                *masks.add(b * SLICED_MASKS + node.mask as usize) = mask;
            }
        }
        for node in categorical {
            for b in 0..B {
                let codes = codes.add(b * engine.n_slots);
                let mask = category_test(codes, node.test, &engine.categories);
                *masks.add(b * SLICED_MASKS + node.mask as usize) = mask;
            }
        }
        for (b, sums) in sums.chunks_exact_mut(lines_a_block).enumerate() {
            let mut bits = [[0_u64; LANES]; D];
            level_bits::<D>(masks.add(b * SLICED_MASKS), &mut bits);
            for (lane, leaves) in trees.iter().enumerate() {
                let mut leaf = _mm512_setzero_si512();
                for (level, bits) in bits.iter().enumerate() {
                    let step = _mm512_set1_epi8((1_u8 << (D - 1 - level)) as i8);
                    leaf = _mm512_mask_add_epi8(leaf, bits[lane], leaf, step);
                }
                add_leaves(&engine.tables, leaves, leaf, sums);
            }
        }
    }
}

/// For every level, the bit each row of each lane goes by there.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn level_bits<const D: usize>(masks: *const u64, bits: &mut [[u64; LANES]; D]) {
    let mut chosen = [_mm512_setzero_si512(); D];
    let mut pick = [_mm512_setzero_si512(); 64];
    for level in 0..D {
        // SAFETY: level `level` of a complete tree of depth `D` starts at position 2^level - 1.
        unsafe {
            let first = masks.add(((1 << level) - 1) * LANES).cast::<__m512i>();
            if level == 0 {
                chosen[0] = _mm512_load_si512(first);
            } else {
                let mut width = 1 << (level - 1);
                for (i, pick) in pick[..width].iter_mut().enumerate() {
                    let left = _mm512_load_si512(first.add(2 * i));
                    let right = _mm512_load_si512(first.add(2 * i + 1));
                    *pick = select(chosen[level - 1], right, left);
                }
                for above in (0..level - 1).rev() {
                    width /= 2;
                    for i in 0..width {
                        pick[i] = select(chosen[above], pick[2 * i + 1], pick[2 * i]);
                    }
                }
                chosen[level] = pick[0];
            }
            _mm512_storeu_si512(bits[level].as_mut_ptr().cast(), chosen[level]);
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
fn select(mask: __m512i, yes: __m512i, no: __m512i) -> __m512i {
    _mm512_ternarylogic_epi64::<0xCA>(mask, yes, no)
}

/// SAFETY: the test's slot is one of `codes`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn numeric_test(codes: *const Line, test: Test) -> u64 {
    // SAFETY: as the caller's; a line is 64-byte aligned.
    let codes = unsafe { _mm512_load_si512(codes.add(test.slot as usize).cast()) };
    _mm512_cmpge_epu8_mask(codes, _mm512_set1_epi32(test.least as i32))
}

/// SAFETY: the test's slot is one of `codes`.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn category_test(codes: *const Line, test: Test, tables: &[[u8; 32]]) -> u64 {
    // SAFETY: as the caller's; a line is 64-byte aligned.
    let codes = unsafe { _mm512_load_si512(codes.add(test.slot as usize).cast()) };
    // SAFETY: a table is 32 bytes.
    let table = unsafe { _mm256_loadu_si256(tables[test.least as usize].as_ptr().cast()) };
    let byte = _mm512_and_si512(_mm512_srli_epi16::<3>(codes), _mm512_set1_epi8(31));
    let table = _mm512_permutexvar_epi8(byte, _mm512_broadcast_i64x4(table));
    let bit_of = _mm512_set1_epi64(0x8040_2010_0804_0201_u64 as i64);
    let bit = _mm512_shuffle_epi8(bit_of, _mm512_and_si512(codes, _mm512_set1_epi8(7)));
    _mm512_test_epi8_mask(table, bit)
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn reach_avx512(engine: &Reach, codes: &[Line], sums: &mut [Line], n_outputs: usize) {
    let lines_a_block = n_outputs * engine.tables.sum_lines();
    const ABREAST: usize = 4;
    let mut masks = [[0_u64; ABREAST]; REACH_MASKS];
    for (tree, leaves) in engine.trees.iter().zip(&engine.tables.trees) {
        let mut blocks = codes.chunks_exact(engine.n_slots * ABREAST);
        let mut block_sums = sums.chunks_exact_mut(lines_a_block * ABREAST);
        for (codes, sums) in blocks.by_ref().zip(block_sums.by_ref()) {
            // SAFETY: as the caller's.
            let found = unsafe { find::<ABREAST>(engine, *tree, codes, &mut masks) };
            for (leaf, sums) in found.iter().zip(sums.chunks_exact_mut(lines_a_block)) {
                // SAFETY: as the caller's.
                unsafe { add_leaves(&engine.tables, leaves, *leaf, sums) }
            }
        }
        let codes = blocks.remainder().chunks_exact(engine.n_slots);
        for (codes, sums) in codes.zip(block_sums.into_remainder().chunks_exact_mut(lines_a_block))
        {
            let masks = masks.as_flattened_mut().as_chunks_mut::<1>().0;
            // SAFETY: as the caller's.
            unsafe {
                let found = find::<1>(engine, *tree, codes, masks);
                add_leaves(&engine.tables, leaves, found[0], sums);
            }
        }
    }
}

/// The leaf numbers of `B` blocks in one tree.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn find<const B: usize>(
    engine: &Reach,
    tree: ReachTree,
    codes: &[Line],
    masks: &mut [[u64; B]],
) -> [__m512i; B] {
    assert!(masks.len() > NOWHERE as usize && codes.len() == B * engine.n_slots);
    let nodes = &engine.nodes[tree.first as usize..][..tree.count as usize];
    let mut found = [_mm512_set1_epi8(tree.start as i8); B];
    let masks = masks.as_mut_ptr();
    let codes = codes.as_ptr();
    // SAFETY: masks are at most `NOWHERE`, slots below `n_slots`, tables exist.
    unsafe {
        *masks = [u64::MAX; B];
        for (at, node) in nodes.iter().enumerate() {
            let here = *masks.add(at);
            let leaf = _mm512_set1_epi32(node.leaf as i32);
            let least = _mm512_set1_epi32(node.test.least as i32);
            let (mut left, mut right) = ([0; B], [0; B]);
            for b in 0..B {
                let codes = codes.add(b * engine.n_slots);
                right[b] = if node.test.slot < engine.first_category_slot {
                    let codes = _mm512_load_si512(codes.add(node.test.slot as usize).cast());
                    _mm512_mask_cmpge_epu8_mask(here[b], codes, least)
                } else {
                    here[b] & category_test(codes, node.test, &engine.categories)
                };
                left[b] = here[b] & !right[b];
                found[b] = _mm512_mask_mov_epi8(found[b], right[b], leaf);
            }
            *masks.add(node.left_mask as usize) = left;
            *masks.add(node.right_mask as usize) = right;
        }
    }
    found
}

/// Adds each row's leaf values to the block's sums.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn add_leaves(tables: &LeafTables, leaves: &Leaves, leaf: __m512i, sums: &mut [Line]) {
    // SAFETY: as the callers'.
    unsafe {
        match (tables.sum, leaves.size) {
            (Sum::F32, 64) => add_f32::<1>(tables, leaves, leaf, sums),
            (Sum::F32, 128) => add_f32::<2>(tables, leaves, leaf, sums),
            (Sum::F32, _) => add_f32::<4>(tables, leaves, leaf, sums),
            (Sum::F64, 64) => add_f64::<1>(tables, leaves, leaf, sums),
            (Sum::F64, 128) => add_f64::<2>(tables, leaves, leaf, sums),
            (Sum::F64, _) => add_f64::<4>(tables, leaves, leaf, sums),
        }
    }
}

/// One byte plane's bytes at these leaf numbers; the plane is `LINES` lines long.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn look_up<const LINES: usize>(plane: *const Line, leaf: __m512i) -> __m512i {
    // SAFETY: the caller's plane has `LINES` lines.
    unsafe {
        let line = |i: usize| _mm512_load_si512(plane.add(i).cast());
        if LINES == 1 {
            return _mm512_permutexvar_epi8(leaf, line(0));
        }
        let low = _mm512_permutex2var_epi8(line(0), leaf, line(1));
        if LINES == 2 {
            return low;
        }
        let high = _mm512_permutex2var_epi8(line(2), leaf, line(3));
        _mm512_mask_blend_epi8(_mm512_movepi8_mask(leaf), low, high)
    }
}

/// Four planes' bytes woven into 32-bit numbers.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn weave<const LINES: usize>(planes: *const Line, leaf: __m512i) -> [__m512i; 4] {
    // SAFETY: the caller's four planes are `LINES` lines each.
    let plane = |i: usize| unsafe { look_up::<LINES>(planes.add(i * LINES), leaf) };
    let (p0, p1, p2, p3) = (plane(0), plane(1), plane(2), plane(3));
    let (low, high) = (_mm512_unpacklo_epi8(p0, p1), _mm512_unpackhi_epi8(p0, p1));
    let (low2, high2) = (_mm512_unpacklo_epi8(p2, p3), _mm512_unpackhi_epi8(p2, p3));
    [
        _mm512_unpacklo_epi16(low, low2),
        _mm512_unpackhi_epi16(low, low2),
        _mm512_unpacklo_epi16(high, high2),
        _mm512_unpackhi_epi16(high, high2),
    ]
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn add_f32<const LINES: usize>(
    tables: &LeafTables,
    leaves: &Leaves,
    leaf: __m512i,
    sums: &mut [Line],
) {
    for run in 0..leaves.width as usize {
        let sums = &mut sums[4 * (leaves.output as usize + run)..][..4];
        // SAFETY: a run has four planes of `LINES` lines; `sums` is four lines.
        unsafe {
            let planes = tables.planes.as_ptr().add(leaves.first_line as usize + run * 4 * LINES);
            for (sum, value) in sums.iter_mut().zip(weave::<LINES>(planes, leaf)) {
                let sum = std::ptr::from_mut(sum).cast::<f32>();
                _mm512_store_ps(
                    sum,
                    _mm512_add_ps(_mm512_load_ps(sum), _mm512_castsi512_ps(value)),
                );
            }
        }
    }
}

#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vbmi,popcnt")]
unsafe fn add_f64<const LINES: usize>(
    tables: &LeafTables,
    leaves: &Leaves,
    leaf: __m512i,
    sums: &mut [Line],
) {
    for run in 0..leaves.width as usize {
        let sums = &mut sums[8 * (leaves.output as usize + run)..][..8];
        // SAFETY: a run has eight planes of `LINES` lines; `sums` is eight lines.
        unsafe {
            let planes = tables.planes.as_ptr().add(leaves.first_line as usize + run * 8 * LINES);
            let low = weave::<LINES>(planes, leaf);
            let high = weave::<LINES>(planes.add(4 * LINES), leaf);
            for (pair, (low, high)) in
                sums.as_chunks_mut::<2>().0.iter_mut().zip(low.into_iter().zip(high))
            {
                let values = [_mm512_unpacklo_epi32(low, high), _mm512_unpackhi_epi32(low, high)];
                for (sum, value) in pair.iter_mut().zip(values) {
                    let sum = std::ptr::from_mut(sum).cast::<f64>();
                    _mm512_store_pd(
                        sum,
                        _mm512_add_pd(_mm512_load_pd(sum), _mm512_castsi512_pd(value)),
                    );
                }
            }
        }
    }
}
