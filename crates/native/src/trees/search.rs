//! The rank of a key among a column's cuts: how many cuts lie below it.
//!
//! Columns of at most 255 cuts are searched in two steps of 16-way comparison, or by halving
//! without branches where the CPU has no AVX-512; longer ones by halving.

use super::block::{BLOCK, Line};
use super::ensemble::Input;
use super::keys::{key_f32, key_f64};
use crate::isa::Isa;

/// How to search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Search {
    Portable,
    /// Only where [`Isa::Avx512`](crate::isa::Isa) was detected.
    Avx512,
}

impl Search {
    pub(super) fn of(isa: Isa) -> Self {
        if isa == Isa::Avx512 { Self::Avx512 } else { Self::Portable }
    }
}

/// A column's cuts laid out for searching; empty where there are more than 255.
pub(super) struct Tables {
    f32: Option<Box<Table<i32>>>,
    f64: Option<Box<Table<i64>>>,
}

/// 256 cuts, the last ones padding that no key exceeds, and every 16th of them.
#[repr(C, align(64))]
pub(super) struct Table<K> {
    pub(super) cuts: [K; 256],
    pub(super) pivots: [K; 16],
}

impl<K: Copy + PartialOrd> Table<K> {
    fn new(cuts: impl ExactSizeIterator<Item = K>, most: K) -> Option<Box<Self>> {
        if cuts.len() > 255 {
            return None;
        }
        let mut table = Box::new(Self { cuts: [most; 256], pivots: [most; 16] });
        for (to, cut) in table.cuts.iter_mut().zip(cuts) {
            *to = cut;
        }
        for i in 0..16 {
            table.pivots[i] = table.cuts[16 * i + 15];
        }
        Some(table)
    }

    #[inline]
    fn rank(&self, key: K) -> u8 {
        let mut at = 0_u8;
        for step in [128, 64, 32, 16, 8, 4, 2, 1] {
            // The masked sum of distinct powers of two stays within 255.
            at += if self.cuts[usize::from(at + (step - 1))] < key { step } else { 0 };
        }
        at
    }
}

impl Tables {
    pub(super) fn new(cuts: &[i64], input: Input) -> Self {
        match input {
            Input::F32 => {
                Self { f32: Table::new(cuts.iter().map(|c| *c as i32), i32::MAX), f64: None }
            }
            Input::F64 => Self { f32: None, f64: Table::new(cuts.iter().copied(), i64::MAX) },
        }
    }

    /// One key's rank; `cuts` are the column's.
    #[inline]
    pub(super) fn rank_f64(&self, cuts: &[i64], key: i64, search: Search) -> u32 {
        match &self.f64 {
            #[cfg(target_arch = "x86_64")]
            Some(table) if search == Search::Avx512 => {
                u32::from(super::avx512_search::rank_i64(table, key))
            }
            Some(table) => u32::from(table.rank(key)),
            None => cuts.partition_point(|c| *c < key) as u32,
        }
    }

    /// The ranks of a block's first `n` values, and which values are NaN. Only for columns of at most
    /// 255 cuts of an f32 ensemble.
    pub(super) fn ranks_f32(&self, values: &[f32; BLOCK], n: usize, search: Search) -> (Line, u64) {
        let table = self.f32.as_ref().expect("byte codes are asked for only where they fit");
        #[cfg(target_arch = "x86_64")]
        if search == Search::Avx512 {
            return super::avx512_search::ranks_f32(table, values, n);
        }
        let mut ranks = Line([0; BLOCK]);
        for (rank, value) in ranks.0.iter_mut().zip(values).take(n) {
            *rank = table.rank(key_f32(*value));
        }
        (ranks, nans(values.map(f32::is_nan)))
    }

    /// The ranks of a block's first `n` values, and which values are NaN. Only for columns of at most
    /// 255 cuts of an f64 ensemble.
    pub(super) fn ranks_f64(&self, values: &[f64; BLOCK], n: usize, search: Search) -> (Line, u64) {
        let table = self.f64.as_ref().expect("byte codes are asked for only where they fit");
        #[cfg(target_arch = "x86_64")]
        if search == Search::Avx512 {
            return super::avx512_search::ranks_f64(table, values, n);
        }
        let mut ranks = Line([0; BLOCK]);
        for (rank, value) in ranks.0.iter_mut().zip(values).take(n) {
            *rank = table.rank(key_f64(*value));
        }
        (ranks, nans(values.map(f64::is_nan)))
    }
}

fn nans(is_nan: [bool; BLOCK]) -> u64 {
    is_nan.iter().rev().fold(0, |bits, nan| bits << 1 | u64::from(*nan))
}
