//! [`Forest`]: an ensemble with its engines, and which of them answers.
//!
//! All engines give the same bits, so the choice is about speed alone. Must not know how an engine
//! works.

mod blocks;
mod walking;

use super::block::{BLOCK, Line, MOST_BLOCKS};
use super::check::{InvalidEnsemble, check};
use super::choose::Costs;
use super::engine::Engine;
use super::ensemble::{Ensemble, Sum};
use super::plan::Plan;
use super::prepare::{Prepare, Value};
use super::reach::Reach;
use super::reference;
use super::rows::{Rows, Values};
use super::sliced::Sliced;
use super::walk::Walk;
use crate::isa::Isa;

/// How a [`Forest`] finds the fastest engine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// Time the engines that can answer on made-up rows, for a few milliseconds.
    #[default]
    Measured,
    /// Estimate from the model's shape; the same on every run.
    Estimated,
}

/// A checked ensemble with the engines that can answer for it on this CPU.
///
/// Shared between threads freely; each brings its own [`Scratch`].
pub struct Forest {
    ensemble: Ensemble,
    prepare: Option<Prepare>,
    walk: Option<Walk>,
    sliced: Option<Sliced>,
    reach: Option<Reach>,
    isa: Isa,
    costs: Costs,
    has_reference: bool,
}

/// Room a prediction works in; grows to what the largest batch needs and stays so.
#[derive(Default)]
pub struct Scratch {
    keys: Vec<u32>,
    found: Vec<u32>,
    sums_f32: Vec<f32>,
    sums_f64: Vec<f64>,
    codes: Vec<Line>,
    lines: Vec<Line>,
}

/// What sums start with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Start {
    /// The ensemble's initial values.
    Initial,
    /// What the caller left in the place of the answers; not with engines that take blocks.
    Out,
}

/// Rows the walk takes together: their keys stay in the second-level cache.
const WALK_ROWS: usize = 1024;

impl Forest {
    /// Checks the ensemble and lays out its engines, choosing between them by measurement.
    ///
    /// # Errors
    /// The ensemble refers to a feature, node, leaf or output it does not have, or is no tree.
    pub fn new(ensemble: Ensemble) -> Result<Self, InvalidEnsemble> {
        Self::with_choice(ensemble, Choice::Measured)
    }

    /// [`Forest::new`] with the way of choosing given.
    ///
    /// # Errors
    /// As [`Forest::new`].
    pub fn with_choice(ensemble: Ensemble, choice: Choice) -> Result<Self, InvalidEnsemble> {
        check(&ensemble)?;
        let isa = Isa::detect();
        let plan = Plan::new(&ensemble);
        let walk = plan.as_ref().and_then(|plan| Walk::new(&ensemble, plan));
        let (mut sliced, mut reach, mut prepare) = (None, None, None);
        if let Some(plan) = plan {
            let bytes = isa > Isa::Portable && plan.columns.fit_bytes();
            sliced = (bytes && Sliced::takes(&plan)).then(|| Sliced::new(&ensemble, &plan));
            reach = (bytes && Reach::takes(&plan)).then(|| Reach::new(&ensemble, &plan));
            let Ensemble { input, category_cast, n_features, .. } = ensemble;
            prepare = Some(Prepare::new(plan.columns, input, category_cast, n_features));
        }
        let costs = Costs::default();
        let mut forest =
            Self { ensemble, prepare, walk, sliced, reach, isa, costs, has_reference: true };
        forest.costs = match choice {
            Choice::Measured => Costs::measure(&forest),
            Choice::Estimated => Costs::estimate(&forest),
        };
        Ok(forest)
    }

    /// The forest without the trees as they were described: they take more memory than all engines
    /// hold, and only [`Engine::Reference`] walks them. Unchanged where nothing else can answer.
    #[must_use]
    pub fn without_reference(mut self) -> Self {
        if self.walk.is_some() {
            self.ensemble.trees = Vec::new();
            self.has_reference = false;
        }
        self
    }

    /// The ensemble as it was described; without its trees after [`Forest::without_reference`].
    pub fn ensemble(&self) -> &Ensemble {
        &self.ensemble
    }

    /// The engines that can answer here, the plainest first.
    pub fn engines(&self) -> Vec<Engine> {
        Engine::ALL.into_iter().filter(|engine| self.has(*engine)).collect()
    }

    fn has(&self, engine: Engine) -> bool {
        let wide = self.isa == Isa::Avx512;
        match engine {
            Engine::Reference => self.has_reference,
            Engine::Walk => self.walk.is_some(),
            Engine::SlicedAvx2 => self.sliced.is_some(),
            Engine::SlicedAvx512 => self.sliced.is_some() && wide,
            Engine::ReachAvx2 => self.reach.is_some(),
            Engine::ReachAvx512 => self.reach.is_some() && wide,
        }
    }

    /// What [`Forest::predict`] uses for most of a batch of this many rows.
    pub fn engine_for(&self, n_rows: usize) -> Engine {
        self.costs.split(n_rows).0
    }

    /// Answers for `rows` into `out`, `n_outputs` values a row; f32 sums are widened.
    ///
    /// Allocates nothing once `scratch` has grown. A row's answer does not depend on the rows
    /// beside it, bit for bit.
    ///
    /// # Panics
    /// `rows` are not as wide as the ensemble's, or `out` is not `n_outputs` values a row.
    pub fn predict(&self, rows: Rows<'_>, out: &mut [f64], scratch: &mut Scratch) {
        let n_outputs = self.ensemble.n_outputs;
        assert_eq!(out.len(), rows.len() * n_outputs, "values to write against rows to answer");
        let (engine, n) = self.costs.split(rows.len());
        let (first, rest) = rows.split_at(n);
        let (out, rest_out) = out.split_at_mut(n * n_outputs);
        self.predict_with(engine, first, out, scratch);
        self.predict_with(self.costs.few(), rest, rest_out, scratch);
    }

    /// [`Forest::predict`] whose sums start with what is in `out`, not with the ensemble's initial
    /// values: boosting that starts from another model's answers.
    ///
    /// # Panics
    /// As [`Forest::predict`].
    pub fn predict_from(&self, rows: Rows<'_>, out: &mut [f64], scratch: &mut Scratch) {
        self.check_call(rows, out);
        self.run_rows(self.costs.few(), rows, out, scratch, Start::Out);
    }

    /// [`Forest::predict`] by one engine, for tests and measurements.
    ///
    /// # Panics
    /// As [`Forest::predict`], or the engine is not one of [`Forest::engines`].
    pub fn predict_with(
        &self,
        engine: Engine,
        rows: Rows<'_>,
        out: &mut [f64],
        scratch: &mut Scratch,
    ) {
        self.check_call(rows, out);
        self.run_rows(engine, rows, out, scratch, Start::Initial);
    }

    fn check_call(&self, rows: Rows<'_>, out: &[f64]) {
        assert_eq!(rows.n_features(), self.ensemble.n_features, "features given against wanted");
        assert_eq!(out.len(), rows.len() * self.ensemble.n_outputs, "values to write against rows");
    }

    fn run_rows(
        &self,
        engine: Engine,
        rows: Rows<'_>,
        out: &mut [f64],
        scratch: &mut Scratch,
        start: Start,
    ) {
        match rows.values() {
            _ if rows.is_empty() => {}
            Values::F32(values) => self.run(engine, values, rows.len(), out, scratch, start),
            Values::F64(values) => self.run(engine, values, rows.len(), out, scratch, start),
        }
    }

    fn run<T: Value>(
        &self,
        engine: Engine,
        values: &[T],
        n_rows: usize,
        out: &mut [f64],
        scratch: &mut Scratch,
        start: Start,
    ) {
        let n_outputs = self.ensemble.n_outputs;
        let n_features = self.ensemble.n_features;
        assert!(self.has(engine), "{engine:?} cannot answer for this ensemble");
        if engine == Engine::Reference {
            for (r, out) in out.chunks_exact_mut(n_outputs).enumerate() {
                if start == Start::Initial {
                    out.copy_from_slice(&self.ensemble.initial);
                }
                let row = &values[r * n_features..][..n_features];
                reference::predict_row(&self.ensemble, |f| row[f].f64(), out);
            }
            return;
        }
        let together = if engine.takes_blocks() { MOST_BLOCKS * BLOCK } else { WALK_ROWS };
        for first in (0..n_rows).step_by(together) {
            let n = together.min(n_rows - first);
            let values = &values[first * n_features..][..n * n_features];
            let out = &mut out[first * n_outputs..][..n * n_outputs];
            match (engine.takes_blocks(), self.ensemble.sum) {
                (true, _) => self.run_blocks(engine, values, n, out, scratch),
                (false, Sum::F32) => {
                    let mut sums = std::mem::take(&mut scratch.sums_f32);
                    self.run_walk(values, n, out, scratch, &mut sums, start);
                    scratch.sums_f32 = sums;
                }
                (false, Sum::F64) => {
                    let mut sums = std::mem::take(&mut scratch.sums_f64);
                    self.run_walk(values, n, out, scratch, &mut sums, start);
                    scratch.sums_f64 = sums;
                }
            }
        }
        self.ensemble.divide(out);
    }
}

fn grow<T: Copy>(buffer: &mut Vec<T>, len: usize, blank: T) {
    if buffer.len() < len {
        buffer.resize(len, blank);
    }
}
