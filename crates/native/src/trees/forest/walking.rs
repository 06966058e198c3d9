//! Rows by the walk: those that fill a group go through the trees side by side, the rest singly.

use super::{Forest, Scratch, Start, grow};
use crate::trees::prepare::Value;
use crate::trees::search::Search;
use crate::trees::walk::Real;
use crate::trees::walk_kernel::ROWS;

impl Forest {
    pub(super) fn run_walk<T: Value, S: Real>(
        &self,
        values: &[T],
        n_rows: usize,
        out: &mut [f64],
        scratch: &mut Scratch,
        sums: &mut Vec<S>,
        start: Start,
    ) {
        let walk = self.walk.as_ref().expect("the engine was checked to be there");
        let prepare = self.prepare.as_ref().expect("a walk comes with its preparation");
        let search = Search::of(self.isa);
        let (n_slots, n_outputs) = (prepare.columns().n_slots as usize, self.ensemble.n_outputs);
        let n_features = self.ensemble.n_features;
        grow(&mut scratch.keys, n_slots * n_rows, 0);
        grow(&mut scratch.found, walk.n_trees(), 0);
        grow(sums, n_rows * n_outputs, S::default());
        let sums = &mut sums[..n_rows * n_outputs];
        self.begin(start, out, sums);
        let row = |r: usize| &values[r * n_features..][..n_features];
        let side_by_side = n_rows - n_rows % ROWS;
        let (group_keys, row_keys) =
            scratch.keys[..n_rows * n_slots].split_at_mut(side_by_side * n_slots);
        for (group, keys) in group_keys.chunks_exact_mut(ROWS * n_slots).enumerate() {
            for w in 0..ROWS {
                prepare.keys::<T, ROWS>(row(group * ROWS + w), &mut keys[w..], search);
            }
        }
        let (whole, rest) = sums.split_at_mut(side_by_side * n_outputs);
        walk.rows(group_keys, whole, n_outputs);
        let keys = row_keys.chunks_exact_mut(n_slots).enumerate();
        for ((r, keys), sums) in keys.zip(rest.chunks_exact_mut(n_outputs)) {
            prepare.keys::<T, 1>(row(side_by_side + r), keys, search);
            walk.row(keys, &mut scratch.found, sums);
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            *out = sum.to_f64();
        }
    }

    /// Sets sums to what they start with.
    fn begin<S: Real>(&self, start: Start, out: &[f64], sums: &mut [S]) {
        let n_outputs = self.ensemble.n_outputs;
        for (sums, out) in sums.chunks_exact_mut(n_outputs).zip(out.chunks_exact(n_outputs)) {
            let first = if start == Start::Out { out } else { &self.ensemble.initial };
            for (sum, first) in sums.iter_mut().zip(first) {
                *sum = S::from_f64(*first);
            }
        }
    }
}
