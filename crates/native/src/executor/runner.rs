//! [`Runner`]: runs batches of one model on the thread that asks, in pieces where that is better, and learns
//! what a row costs. Must not know which thread that is, nor who waits.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use pelton_core::{Batch, Code, Culprit, Error, Result, Tensor};

use crate::blame::{Blame, blame};
use crate::emit;
use crate::ingest::with_rows;
use crate::model::{Model, Workspace};

/// How long a thread runs before it looks whether anybody still waits.
const LOOK_NS: u64 = 20_000_000;

/// Rows of which the cost of others is learnt.
pub(super) const FIRST_ROWS: usize = 16;

/// Bytes of a batch's answer at most: a wide encoder's rows are some megabytes each.
const ANSWER_BYTES_MAX: usize = 512 << 20;

/// Rows of a block of the tree engines.
pub(super) const BLOCK: usize = 64;

/// A model, room to run it in, and what its rows cost.
pub(super) struct Runner {
    pub(super) model: Model,
    workspaces: Mutex<Vec<Workspace>>,
    /// What a row has cost lately, in nanoseconds; 0 before the first batch.
    row_ns: AtomicU64,
}

impl Runner {
    pub(super) fn new(model: Model) -> Self {
        Self { model, workspaces: Mutex::default(), row_ns: AtomicU64::new(0) }
    }

    /// Runs a share as long as somebody waits for it: a model may be slow, and its batches large.
    pub(super) fn run_while(
        &self,
        share: &Batch,
        is_wanted: impl Fn() -> bool,
    ) -> Result<Vec<Tensor>> {
        let mut pieces = Vec::new();
        let mut start = 0;
        while start < share.rows {
            if !is_wanted() || share.deadline.is_some_and(|deadline| deadline <= Instant::now()) {
                return Err(Error::new(
                    Code::DeadlineExceeded,
                    "the deadline passed while the model was running",
                ));
            }
            let end = share.rows.min(start + self.rows_before_a_look());
            if end - start == share.rows {
                return self.run(share);
            }
            pieces.push(self.run(&share.slice_rows(start, end))?);
            start = end;
        }
        joined(&pieces)
    }

    fn rows_before_a_look(&self) -> usize {
        match self.row_ns.load(Ordering::Relaxed) {
            0 => FIRST_ROWS,
            row_ns => {
                let rows = (LOOK_NS / row_ns).max(1) as usize;
                if rows < BLOCK { rows } else { rows.next_multiple_of(BLOCK) }
            }
        }
    }

    pub(super) fn run(&self, batch: &Batch) -> Result<Vec<Tensor>> {
        let started = Instant::now();
        let mut workspace = self.lock().pop().unwrap_or_default();
        let run = catch_unwind(AssertUnwindSafe(|| self.answer(batch, &mut workspace)));
        let result = match run {
            Ok(result) => result,
            // The workspace may be in pieces: it is not kept. As with a model that raises, the batch
            // is worth splitting, so that the row which does it fails alone.
            Err(panic) => return Err(failed(&*panic)),
        };
        self.lock().push(workspace);
        self.note_cost(batch.rows, started);
        result
    }

    /// Answers a batch, in pieces where its rows become wide on the way.
    fn answer(&self, batch: &Batch, workspace: &mut Workspace) -> Result<Vec<Tensor>> {
        let at_once = self.model.rows_at_once();
        if batch.rows <= at_once {
            return self.answer_piece(batch, workspace);
        }
        let bytes = emit::answer_bytes(&self.model, &batch.outputs, batch.rows);
        if bytes > ANSWER_BYTES_MAX {
            return Err(Error::invalid(format!(
                "the answer would have {bytes} bytes, more than {ANSWER_BYTES_MAX}; send fewer rows \
                 than {} at a time",
                batch.rows
            )));
        }
        let mut pieces = Vec::with_capacity(batch.rows.div_ceil(at_once));
        for start in (0..batch.rows).step_by(at_once) {
            let end = (start + at_once).min(batch.rows);
            pieces.push(self.answer_piece(&batch.slice_rows(start, end), workspace)?);
        }
        joined(&pieces)
    }

    fn answer_piece(&self, batch: &Batch, workspace: &mut Workspace) -> Result<Vec<Tensor>> {
        let asked = emit::methods(&self.model, &batch.outputs)?;
        with_rows(&self.model, batch, |rows| {
            let answers = self
                .model
                .answer(rows, asked, workspace)
                .map_err(|why| Error::new(Code::ModelRejected, why.message().to_owned()))?;
            emit::tensors(&self.model, &batch.outputs, batch.rows, answers)
        })
    }

    /// Finds what a refused batch's refusal is about.
    pub(super) fn locate(&self, batch: &Batch) -> Option<Culprit> {
        let mut workspace = self.lock().pop().unwrap_or_default();
        let found = catch_unwind(AssertUnwindSafe(|| blame(&self.model, batch, &mut workspace)));
        let found = found.ok()?;
        self.lock().push(workspace);
        let Blame { row, column, message } = found?;
        Some(Culprit { row, column, message })
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Workspace>> {
        self.workspaces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the cost of a row: half the old figure, half the new. On a busy machine a run that was
    /// interrupted seems to cost a hundred times more; a row that does is believed after a few runs.
    fn note_cost(&self, rows: usize, started: Instant) {
        let now = (started.elapsed().as_nanos() as u64 / rows.max(1) as u64).max(1);
        let before = self.row_ns.load(Ordering::Relaxed);
        let believed = now.min(before.saturating_mul(3));
        let next = if before == 0 { now } else { u64::midpoint(before, believed) };
        self.row_ns.store(next.max(1), Ordering::Relaxed);
    }

    pub(super) fn expected_ns(&self, rows: usize) -> u64 {
        self.row_ns.load(Ordering::Relaxed).saturating_mul(rows as u64)
    }
}

fn failed(panic: &(dyn std::any::Any + Send)) -> Error {
    let words = panic.downcast_ref::<&str>().copied();
    let words = words.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    Error::new(Code::ModelRaised, "the native engine failed on these rows, which is a fault of it")
        .with_detail(words.unwrap_or("a panic without words"))
}

/// The shares' rows one after another, output by output.
pub(super) fn joined(parts: &[Vec<Tensor>]) -> Result<Vec<Tensor>> {
    let outputs = parts.first().map_or(0, Vec::len);
    (0..outputs)
        .map(|output| {
            let column: Vec<&Tensor> = parts.iter().map(|part| &part[output]).collect();
            Tensor::concat_rows(&column)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::sync::Arc;
    use std::time::Duration;

    use bytes::Bytes;
    use pelton_core::{DType, Form};
    use pelton_pickle::Document;

    use super::*;

    fn runner() -> Arc<Runner> {
        let goldens = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pickle/tests/goldens");
        let file = std::fs::read(goldens.join("sk19/lr.p4.pkl")).expect("a committed file");
        let model = Model::read(&Document::read(file).expect("a pickle")).expect("a model");
        Arc::new(Runner::new(model))
    }

    fn batch(runner: &Runner, rows: usize) -> Batch {
        let features = runner.model.features().expect("a matrix");
        let values: Vec<u8> =
            (0..rows * features).flat_map(|value| (value as f64).sin().to_le_bytes()).collect();
        let input = Tensor::new("input", DType::Fp64, vec![rows, features], Bytes::from(values));
        Batch {
            form: Form::Matrix,
            inputs: vec![input.expect("a tensor")],
            rows,
            outputs: Arc::from([Arc::from("predict_proba")]),
            deadline: None,
        }
    }

    #[test]
    fn a_batch_that_nobody_waits_for_is_not_run_to_its_end() {
        let runner = runner();
        let code = |answer: Result<Vec<Tensor>>| answer.map_err(|error| error.code()).err();
        let mut late = batch(&runner, 1000);
        late.deadline = Some(Instant::now());
        assert_eq!(code(runner.run_while(&late, || true)), Some(Code::DeadlineExceeded));
        assert_eq!(runner.row_ns.load(Ordering::Relaxed), 0, "nothing was run");
        // A row seems to take 10 s: there is a look after each.
        let looks = AtomicU64::new(0);
        let third = || looks.fetch_add(1, Ordering::Relaxed) < 3;
        runner.row_ns.store(10_000_000_000, Ordering::Relaxed);
        let abandoned = runner.run_while(&batch(&runner, 1000), third);
        assert_eq!(code(abandoned), Some(Code::DeadlineExceeded));
        assert_eq!(looks.load(Ordering::Relaxed), 4);
    }

    #[test]
    fn pieces_between_looks_have_the_bits_of_the_whole() {
        let runner = runner();
        let mut whole = batch(&runner, 1000);
        whole.deadline = Some(Instant::now() + Duration::from_hours(1));
        let at_once = runner.run(&whole).expect("an answer");
        for row_ns in [0, 1_000_000, 150_000] {
            runner.row_ns.store(row_ns, Ordering::Relaxed);
            let pieces = runner.run_while(&whole, || true).expect("an answer");
            assert_eq!(pieces[0].data(), at_once[0].data(), "{row_ns}");
        }
    }

    #[test]
    fn a_panic_costs_its_workspace_and_nothing_else() {
        let runner = runner();
        runner.run(&batch(&runner, 10)).expect("an answer");
        assert_eq!(runner.lock().len(), 1);
        // More rows than there are bytes of: no request is bound so.
        let mut impossible = batch(&runner, 10);
        impossible.rows = 1000;
        let error = runner.run(&impossible).expect_err("it cannot be answered");
        assert_eq!(error.code(), Code::ModelRaised);
        assert!(error.code().is_model_fault(), "the batch is split, so that it fails alone");
        assert!(runner.lock().is_empty(), "a workspace in pieces is not kept");
        runner.run(&batch(&runner, 10)).expect("an answer");
    }
}
