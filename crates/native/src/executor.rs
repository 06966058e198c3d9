//! [`NativeExecutor`]: batches run in this process, on the caller's thread when they are quick and on
//! threads of its own when they are not.
//!
//! Must not know a runtime, a wire format or files.

use std::future::ready;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use futures_channel::oneshot;
use pelton_core::{Batch, Code, Error, ExecuteFuture, Executor, Result, Signature, State, Tensor};

use crate::emit;
use crate::ingest::with_rows;
use crate::model::{Model, Workspace};

/// A batch expected to take longer than this does not run on the caller's thread, which has
/// other requests to look after. A thread's wake-up costs some ten microseconds.
const QUICK_NS: u64 = 200_000;

/// Work worth a thread of its own when a batch is split.
const SHARE_NS: u64 = 250_000;

/// Bytes of a batch's answer at most: a wide encoder's rows are some megabytes each.
const ANSWER_BYTES_MAX: usize = 512 << 20;

/// Rows of a block of the tree engines.
const BLOCK: usize = 64;

/// The threads that long batches run on; shared by the models of a process.
#[derive(Clone)]
pub struct Threads(Arc<rayon::ThreadPool>);

/// Runs a [`Model`].
pub struct NativeExecutor {
    inner: Arc<Inner>,
    threads: Threads,
}

struct Inner {
    model: Model,
    workspaces: Mutex<Vec<Workspace>>,
    /// What a row has cost lately, in nanoseconds; 0 before the first batch.
    row_ns: AtomicU64,
}

impl Threads {
    /// This many threads; at least one.
    ///
    /// # Errors
    /// The operating system gives none.
    pub fn new(count: usize) -> std::result::Result<Self, String> {
        rayon::ThreadPoolBuilder::new()
            .num_threads(count.max(1))
            .thread_name(|index| format!("native-{index}"))
            .build()
            .map(|pool| Self(Arc::new(pool)))
            .map_err(|error| error.to_string())
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.current_num_threads()
    }
}

impl NativeExecutor {
    /// An executor for a model.
    pub fn new(model: Model, threads: Threads) -> Arc<Self> {
        let inner = Inner { model, workspaces: Mutex::default(), row_ns: AtomicU64::new(0) };
        Arc::new(Self { inner: Arc::new(inner), threads })
    }

    /// The model it runs.
    pub fn model(&self) -> &Model {
        &self.inner.model
    }

    /// Runs a long batch on the threads, in shares of rows where that is worth it.
    async fn run_shared(&self, batch: Batch, expected_ns: u64) -> Result<Vec<Tensor>> {
        let shares = (expected_ns / SHARE_NS).clamp(1, self.threads.count() as u64) as usize;
        let per_share = batch.rows.div_ceil(shares).max(1);
        // Tree engines work on blocks of rows; a share that ends within one wastes the rest of it.
        let per_share =
            if per_share < 4 * BLOCK { per_share } else { per_share.next_multiple_of(BLOCK) };
        let mut answers = Vec::with_capacity(shares);
        for start in (0..batch.rows).step_by(per_share) {
            let end = (start + per_share).min(batch.rows);
            let share = if end - start == batch.rows {
                batch.clone()
            } else {
                batch.slice_rows(start, end)
            };
            let (done, answer) = oneshot::channel();
            let inner = self.inner.clone();
            self.threads.0.spawn(move || {
                // Nobody listens when the batch was abandoned.
                let _ = done.send(inner.run(&share));
            });
            answers.push(answer);
        }
        let mut parts = Vec::with_capacity(answers.len());
        for answer in answers {
            let lost = |_| Error::new(Code::Internal, "a native thread was lost");
            parts.push(answer.await.map_err(lost)??);
        }
        joined(&parts)
    }
}

/// The shares' rows one after another, output by output.
fn joined(parts: &[Vec<Tensor>]) -> Result<Vec<Tensor>> {
    let outputs = parts.first().map_or(0, Vec::len);
    (0..outputs)
        .map(|output| {
            let column: Vec<&Tensor> = parts.iter().map(|part| &part[output]).collect();
            Tensor::concat_rows(&column)
        })
        .collect()
}

impl Inner {
    fn run(&self, batch: &Batch) -> Result<Vec<Tensor>> {
        let started = Instant::now();
        let mut workspace = self.lock().pop().unwrap_or_default();
        let run = catch_unwind(AssertUnwindSafe(|| self.answer(batch, &mut workspace)));
        let Ok(result) = run else {
            // The workspace may be in pieces: it is not kept.
            return Err(Error::new(Code::Internal, "the native engine failed on this batch"));
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

    fn expected_ns(&self, rows: usize) -> u64 {
        self.row_ns.load(Ordering::Relaxed).saturating_mul(rows as u64)
    }
}

impl Executor for NativeExecutor {
    fn signature(&self) -> &Signature {
        self.inner.model.signature()
    }

    fn kind(&self) -> &'static str {
        "native"
    }

    fn platform(&self) -> &str {
        &self.inner.model.about().platform
    }

    fn parallelism(&self) -> usize {
        self.threads.count()
    }

    fn state(&self) -> State {
        State::Ready
    }

    fn properties(&self) -> Vec<(String, String)> {
        let about = self.inner.model.about();
        let mut properties = vec![("class".to_owned(), about.class.clone())];
        properties.extend(about.libraries.iter().cloned());
        if !about.classes.is_empty() {
            // As JSON, as the Python workers tell them: labels may hold any text.
            properties.push((
                "classes".to_owned(),
                serde_json::Value::from(about.classes.clone()).to_string(),
            ));
        }
        properties
    }

    fn execute(&self, batch: Batch) -> ExecuteFuture<'_> {
        let expected_ns = self.inner.expected_ns(batch.rows);
        if expected_ns <= QUICK_NS {
            return Box::pin(ready(self.inner.run(&batch)));
        }
        Box::pin(self.run_shared(batch, expected_ns))
    }
}
