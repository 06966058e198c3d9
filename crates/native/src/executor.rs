//! [`NativeExecutor`]: batches run in this process, on the caller's thread when they are quick and on
//! threads of its own when they are not.
//!
//! Must not know a runtime, a wire format or files.

mod runner;

use std::future::ready;
use std::sync::Arc;

use futures_channel::oneshot;
use pelton_core::{
    Batch, Code, Error, ExecuteFuture, Executor, LocateFuture, Result, Signature, State, Tensor,
};

use crate::model::Model;
use runner::{BLOCK, FIRST_ROWS, Runner, joined};

/// A batch expected to take longer than this does not run on the caller's thread, which has
/// other requests to look after. A thread's wake-up costs some ten microseconds.
const QUICK_NS: u64 = 200_000;

/// Work worth a thread of its own when a batch is split.
const SHARE_NS: u64 = 250_000;

/// The threads that long batches run on; shared by the models of a process.
#[derive(Clone)]
pub struct Threads(Arc<rayon::ThreadPool>);

/// Runs a [`Model`].
pub struct NativeExecutor {
    runner: Arc<Runner>,
    threads: Threads,
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
        Arc::new(Self { runner: Arc::new(Runner::new(model)), threads })
    }

    /// The model it runs.
    pub fn model(&self) -> &Model {
        &self.runner.model
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
            let runner = self.runner.clone();
            self.threads.0.spawn(move || {
                let answer = runner.run_while(&share, || !done.is_canceled());
                // Nobody listens when the batch was abandoned.
                let _ = done.send(answer);
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

impl Executor for NativeExecutor {
    fn signature(&self) -> &Signature {
        self.runner.model.signature()
    }

    fn kind(&self) -> &'static str {
        "native"
    }

    fn platform(&self) -> &str {
        &self.runner.model.about().platform
    }

    fn parallelism(&self) -> usize {
        self.threads.count()
    }

    fn state(&self) -> State {
        State::Ready
    }

    fn properties(&self) -> Vec<(String, String)> {
        let about = self.runner.model.about();
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
        let expected_ns = self.runner.expected_ns(batch.rows);
        let is_known = expected_ns > 0 || batch.rows <= FIRST_ROWS;
        if is_known && expected_ns <= QUICK_NS {
            return Box::pin(ready(self.runner.run(&batch)));
        }
        Box::pin(self.run_shared(batch, expected_ns))
    }

    fn locate(&self, batch: Batch) -> LocateFuture<'_> {
        // About as many rows again as the batch has.
        if self.runner.expected_ns(batch.rows) <= QUICK_NS {
            return Box::pin(ready(self.runner.locate(&batch)));
        }
        let (done, answer) = oneshot::channel();
        let runner = self.runner.clone();
        self.threads.0.spawn(move || {
            let _ = done.send(runner.locate(&batch));
        });
        Box::pin(async move { answer.await.ok().flatten() })
    }
}
