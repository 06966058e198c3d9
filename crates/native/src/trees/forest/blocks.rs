//! Rows by an engine that takes blocks of 64: their values become codes, and the sums, which lie as the
//! engine's vectors hold them, numbers again.

use super::{Forest, Scratch, grow};
use crate::trees::Engine;
use crate::trees::block::{BLOCK, Line, woven_position};
use crate::trees::ensemble::Sum;
use crate::trees::prepare::Value;
use crate::trees::search::Search;

impl Forest {
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn run_blocks<T: Value>(
        &self,
        _: Engine,
        _: &[T],
        _: usize,
        _: &mut [f64],
        _: &mut Scratch,
    ) {
        unreachable!("block engines are offered on x86-64 alone");
    }

    #[cfg(target_arch = "x86_64")]
    pub(super) fn run_blocks<T: Value>(
        &self,
        engine: Engine,
        values: &[T],
        n_rows: usize,
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        use crate::trees::{avx2, avx512};

        let prepare = self.prepare.as_ref().expect("a block engine comes with its preparation");
        let (n_slots, n_outputs) = (prepare.columns().n_slots as usize, self.ensemble.n_outputs);
        let (n_blocks, sum) = (n_rows.div_ceil(BLOCK), self.ensemble.sum);
        let n_features = self.ensemble.n_features;
        let lines = n_outputs * if sum == Sum::F32 { 4 } else { 8 };
        grow(&mut scratch.codes, n_blocks * n_slots, Line([0; BLOCK]));
        grow(&mut scratch.lines, n_blocks * lines, Line([0; BLOCK]));
        let codes = &mut scratch.codes[..n_blocks * n_slots];
        let sums = &mut scratch.lines[..n_blocks * lines];
        for (block, codes) in codes.chunks_exact_mut(n_slots).enumerate() {
            let n = BLOCK.min(n_rows - block * BLOCK);
            let rows = &values[block * BLOCK * n_features..][..n * n_features];
            prepare.codes(rows, n, codes, Search::of(self.isa));
        }
        for sums in sums.chunks_exact_mut(lines) {
            fill(sums, &self.ensemble.initial, sum);
        }
        let sliced = || self.sliced.as_ref().expect("the engine was checked to be there");
        let reach = || self.reach.as_ref().expect("the engine was checked to be there");
        match engine {
            Engine::SlicedAvx512 => avx512::sliced(sliced(), codes, sums, n_outputs),
            Engine::ReachAvx512 => avx512::reach(reach(), codes, sums, n_outputs),
            Engine::SlicedAvx2 => avx2::sliced(sliced(), codes, sums, n_outputs),
            Engine::ReachAvx2 => avx2::reach(reach(), codes, sums, n_outputs),
            Engine::Reference | Engine::Walk => unreachable!("they do not take blocks"),
        }
        let woven = matches!(engine, Engine::SlicedAvx512 | Engine::ReachAvx512);
        for (block, out) in out.chunks_mut(BLOCK * n_outputs).enumerate() {
            answers(&sums[block * lines..][..lines], sum, woven, n_outputs, out);
        }
    }
}

/// The answers of a block's rows from its sums, which vectors of 512 bits leave woven.
#[cfg(target_arch = "x86_64")]
fn answers(sums: &[Line], sum: Sum, woven: bool, n_outputs: usize, out: &mut [f64]) {
    for (r, out) in out.chunks_exact_mut(n_outputs).enumerate() {
        let position = if woven { woven_position(r, sum) } else { r };
        for (k, out) in out.iter_mut().enumerate() {
            *out = number(sums, k * BLOCK + position, sum);
        }
    }
}

/// Sets every row's sums of a block to the outputs' initial values.
fn fill(sums: &mut [Line], initial: &[f64], sum: Sum) {
    for (sums, initial) in sums.chunks_exact_mut(sums.len() / initial.len()).zip(initial) {
        for line in sums {
            match sum {
                Sum::F32 => line.0.as_chunks_mut().0.fill((*initial as f32).to_le_bytes()),
                Sum::F64 => line.0.as_chunks_mut().0.fill(initial.to_le_bytes()),
            }
        }
    }
}

/// Number `at` of a block's sums.
#[inline]
fn number(sums: &[Line], at: usize, sum: Sum) -> f64 {
    match sum {
        Sum::F32 => f64::from(f32::from_le_bytes(sums[at / 16].0.as_chunks().0[at % 16])),
        Sum::F64 => f64::from_le_bytes(sums[at / 8].0.as_chunks().0[at % 8]),
    }
}
