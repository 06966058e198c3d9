//! Which engine answers for how many rows: by timing them on made-up rows when a model is loaded, or
//! by an estimate from the model's shape.
//!
//! Must not affect answers: every engine gives the same bits.

use std::time::{Duration, Instant};

use super::block::BLOCK;
use super::engine::Engine;
use super::ensemble::{Ensemble, Node};
use super::forest::{Forest, Scratch};
use super::rows::Rows;
use super::walk_kernel::ROWS;

/// What engines cost, in seconds or in units of an estimate.
#[derive(Clone, Debug)]
pub(super) struct Costs {
    /// The engine for few rows.
    few: Engine,
    /// One row by `few`.
    row: f64,
    /// [`ROWS`] rows by `few`.
    rows: f64,
    /// The best block engine, with what one block costs alone and among others.
    blocks: Option<(Engine, f64, f64)>,
}

impl Default for Costs {
    fn default() -> Self {
        Self { few: Engine::Reference, row: 1.0, rows: ROWS as f64, blocks: None }
    }
}

/// After this long no further turn is begun.
const BUDGET: Duration = Duration::from_millis(8);

const MOST_TURNS: usize = 12;

/// Rows of the long batch.
const LONG: usize = 4 * BLOCK;

impl Costs {
    /// The engine for this many rows and how many of them it takes; the rest is for [`Costs::few`].
    pub(super) fn split(&self, n_rows: usize) -> (Engine, usize) {
        let Some((engine, one, long)) = self.blocks else { return (self.few, n_rows) };
        let walk = |n: usize| (n / ROWS) as f64 * self.rows + (n % ROWS) as f64 * self.row;
        let rest = n_rows % BLOCK;
        let block = if n_rows < 2 * BLOCK { one } else { long };
        if rest > 0 && block < walk(rest) {
            (engine, n_rows)
        } else if n_rows > rest && block < walk(BLOCK) {
            (engine, n_rows - rest)
        } else {
            (self.few, n_rows)
        }
    }

    /// The engine for what no block engine takes.
    pub(super) fn few(&self) -> Engine {
        self.few
    }

    /// Times the walk and the block engines of this CPU's widest instructions, in turns, so that what
    /// disturbs one disturbs all; the least time of each counts.
    pub(super) fn measure(forest: &Forest) -> Self {
        let engines = forest.engines();
        if !engines.contains(&Engine::Walk) {
            return Self::default();
        }
        if widest(&engines).next().is_none() {
            return Self { few: Engine::Walk, ..Self::default() };
        }
        let mut cases = vec![(Engine::Walk, 1), (Engine::Walk, 4 * ROWS)];
        cases.extend(widest(&engines).flat_map(|e| [(e, BLOCK), (e, LONG)]));
        let least = time_in_turns(forest, &cases);
        let per_block = |i: usize| least[i] * BLOCK as f64 / cases[i].1 as f64;
        let blocks = (2..cases.len())
            .step_by(2)
            .map(|i| (cases[i].0, per_block(i), per_block(i + 1)))
            .min_by(|a, b| weigh(a).total_cmp(&weigh(b)));
        Self { few: Engine::Walk, row: least[0], rows: least[1] / 4.0, blocks }
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
        let blocks =
            widest(&engines).map(|e| (e, cost(e), cost(e))).min_by(|a, b| a.1.total_cmp(&b.1));
        let (row, rows) = (0.7 * steps, 0.5 * steps * ROWS as f64);
        Self { few: Engine::Walk, row, rows, blocks }
    }
}

/// What block engines are chosen by. The sliced engine is the first choice for trees it takes: the
/// other one has to be better by more than what measuring is off by.
fn weigh((engine, one, long): &(Engine, f64, f64)) -> f64 {
    let doubt = if matches!(engine, Engine::ReachAvx2 | Engine::ReachAvx512) { 1.1 } else { 1.0 };
    doubt * (one + long)
}

/// The block engines of the widest instructions there are: the narrower ones do the same in more.
fn widest(engines: &[Engine]) -> impl Iterator<Item = Engine> {
    let is_avx512 = |e: &Engine| matches!(e, Engine::SlicedAvx512 | Engine::ReachAvx512);
    let has_avx512 = engines.iter().any(is_avx512);
    engines.iter().copied().filter(move |e| e.takes_blocks() && is_avx512(e) == has_avx512)
}

/// The least seconds each case (an engine and a number of rows) took.
fn time_in_turns(forest: &Forest, cases: &[(Engine, usize)]) -> Vec<f64> {
    let (n_features, n_outputs) = (forest.ensemble().n_features, forest.ensemble().n_outputs);
    let rows = made_up_rows(forest.ensemble(), LONG);
    let mut scratch = Scratch::default();
    let mut out = vec![0.0; LONG * n_outputs];
    let mut least = vec![f64::INFINITY; cases.len()];
    let begin = Instant::now();
    for turn in 0..MOST_TURNS {
        for ((engine, n), least) in cases.iter().zip(&mut least) {
            // Single rows are timed several at a time, each another row.
            let repeats = if *n == 1 { BLOCK } else { 1 };
            let start = Instant::now();
            for repeat in 0..repeats {
                let first = (turn + repeat) % (LONG / n);
                let rows = &rows[first * n * n_features..][..n * n_features];
                let rows = Rows::f64(rows, n_features, *n);
                forest.predict_with(*engine, rows, &mut out[..n * n_outputs], &mut scratch);
            }
            // The first turn warms up.
            if turn > 0 {
                *least = least.min(start.elapsed().as_secs_f64() / repeats as f64);
            }
        }
        if turn > 1 && begin.elapsed() > BUDGET {
            break;
        }
    }
    least
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
