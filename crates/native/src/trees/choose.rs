//! Which engine answers for how many rows: by timing them on made-up rows when a model is loaded, or
//! by an estimate from the model's shape.
//!
//! Must not affect answers: every engine gives the same bits.

use std::time::{Duration, Instant};

use super::ensemble::{Ensemble, Node};
use super::forest::{Engine, Forest, Scratch};
use super::prepare::BLOCK;
use super::rows::Rows;
use super::walk::ROWS;

/// What engines cost, in nanoseconds or in units of an estimate.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    /// The engine for single rows.
    few: Engine,
    /// One row by `few`.
    row: f64,
    /// [`ROWS`] rows by `few`.
    rows: f64,
    /// The fastest block engine with what one block and what a whole run of blocks cost per block.
    blocks: Option<(Engine, f64, f64)>,
}

impl Default for Costs {
    fn default() -> Self {
        Self { few: Engine::Reference, row: 1.0, rows: ROWS as f64, blocks: None }
    }
}

/// Time spent per engine and batch size at most, beyond the first call.
const BUDGET: Duration = Duration::from_micros(800);

/// Rows of the long batch.
const LONG: usize = 4 * BLOCK;

impl Costs {
    /// The engine for this many rows and how many of them it takes; the rest is for [`Costs::few`].
    pub(super) fn split(&self, n_rows: usize) -> (Engine, usize) {
        let Some((engine, one, long)) = self.blocks else { return (self.few, n_rows) };
        let (whole, rest) = (n_rows / BLOCK, n_rows % BLOCK);
        let walk = |n: usize| (n / ROWS) as f64 * self.rows + (n % ROWS) as f64 * self.row;
        let block = if n_rows < 2 * BLOCK { one } else { long };
        if rest > 0 && block < walk(rest) {
            (engine, n_rows)
        } else if whole > 0 && block < walk(BLOCK) {
            (engine, whole * BLOCK)
        } else {
            (self.few, n_rows)
        }
    }

    /// The engine for what no block engine takes.
    pub(super) fn few(&self) -> Engine {
        self.few
    }

    /// Times every engine there is.
    pub(super) fn measure(forest: &Forest) -> Self {
        let engines = forest.engines();
        if !engines.contains(&Engine::Walk) {
            return Self::default();
        }
        let rows = made_up_rows(forest.ensemble(), LONG);
        let mut scratch = Scratch::default();
        let mut out = vec![0.0; LONG * forest.ensemble().n_outputs];
        let mut time = |engine, n| time(forest, engine, &rows, n, &mut out, &mut scratch);
        let (row, rows_of) = (time(Engine::Walk, 1), time(Engine::Walk, ROWS));
        let blocks = engines
            .into_iter()
            .filter(|e| e.takes_blocks())
            .map(|e| (e, time(e, BLOCK), time(e, LONG) * BLOCK as f64 / LONG as f64))
            .min_by(|a, b| (a.1 + a.2).total_cmp(&(b.1 + b.2)));
        Self { few: Engine::Walk, row, rows: rows_of, blocks }
    }

    /// Estimates from the model's shape: steps for the walk, tests and leaf look-ups for blocks.
    pub(super) fn estimate(forest: &Forest) -> Self {
        let engines = forest.engines();
        if !engines.contains(&Engine::Walk) {
            return Self::default();
        }
        let trees = &forest.ensemble().trees;
        let steps: f64 = trees.iter().map(|t| (t.nodes.len() as f64 + 1.0).log2() * 1.3).sum();
        let splits: f64 = trees.iter().map(|t| (t.nodes.len() / 2) as f64).sum();
        let look_ups = trees.len() as f64;
        let cost = |engine| match engine {
            Engine::SlicedAvx512 => 0.5 * splits + 20.0 * look_ups,
            Engine::SlicedAvx2 => 1.2 * splits + 60.0 * look_ups,
            Engine::ReachAvx512 => 1.0 * splits + 20.0 * look_ups,
            Engine::ReachAvx2 => 2.5 * splits + 40.0 * look_ups,
            Engine::Reference | Engine::Walk => f64::INFINITY,
        };
        let blocks = engines
            .into_iter()
            .filter(|e| e.takes_blocks())
            .map(|e| (e, cost(e), cost(e)))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let (row, rows) = (0.7 * steps, 0.5 * steps * ROWS as f64);
        Self { few: Engine::Walk, row, rows, blocks }
    }
}

/// The fastest of several runs of `n` rows; different rows each time where there are enough.
fn time(
    forest: &Forest,
    engine: Engine,
    rows: &[f64],
    n: usize,
    out: &mut [f64],
    scratch: &mut Scratch,
) -> f64 {
    let n_features = forest.ensemble().n_features;
    let out = &mut out[..n * forest.ensemble().n_outputs];
    let mut run = |first: usize| {
        let rows = Rows::f64(&rows[first * n_features..][..n * n_features], n_features, n);
        let start = Instant::now();
        forest.predict_with(engine, rows, out, scratch);
        start.elapsed()
    };
    run(0);
    let (mut least, mut spent, mut first) = (Duration::MAX, Duration::ZERO, 0);
    for _ in 0..32 {
        first = if first + 2 * n <= LONG { first + n } else { 0 };
        let took = run(first);
        least = least.min(took);
        spent += took;
        if spent > BUDGET {
            break;
        }
    }
    least.as_secs_f64()
}

/// Rows whose values are thresholds of the ensemble, so that walks take all ways.
fn made_up_rows(ensemble: &Ensemble, n: usize) -> Vec<f64> {
    let mut thresholds = vec![Vec::new(); ensemble.n_features];
    for split in ensemble.trees.iter().flat_map(|t| &t.nodes).step_by(7) {
        if let Node::Numeric(split) = split {
            thresholds[split.feature as usize].push(split.threshold);
        }
    }
    // A fixed sequence: the same rows on every load.
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut rows = Vec::with_capacity(n * ensemble.n_features);
    for _ in 0..n {
        for of_feature in &thresholds {
            rows.push(if of_feature.is_empty() { 0.0 } else { of_feature[next(of_feature.len())] });
        }
    }
    rows
}
