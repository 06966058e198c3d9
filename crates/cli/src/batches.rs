//! One block of rows through the model: whole if it can be, in halves around the rows it refuses.
//!
//! Must not know where rows come from or go to.

use std::sync::Arc;
use std::time::Duration;

use pelton_core::{Batch, Code, Error, Executor, State, Tensor};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

/// How long an executor that restarts is waited for.
const RESTART_LIMIT: Duration = Duration::from_mins(1);

/// How often it is asked meanwhile.
const RESTART_POLL: Duration = Duration::from_millis(50);

/// A model and how many batches it takes at a time.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) executor: Arc<dyn Executor>,
    pub(crate) turns: Arc<Semaphore>,
    pub(crate) outputs: Arc<[Arc<str>]>,
    /// The first refused row is enough.
    pub(crate) stop_at_first: bool,
    /// What the columns of the rows are called where they come from, in the model's order: a refusal
    /// names one. Empty where nobody wants to know.
    pub(crate) columns: Arc<[Arc<str>]>,
}

/// What became of a batch.
#[derive(Default)]
pub(crate) struct Answers {
    /// The outputs for the answered rows; empty if there are none.
    pub(crate) outputs: Vec<Tensor>,
    /// Places of the rows that were answered.
    pub(crate) answered: Vec<usize>,
    /// Places of the others, and why.
    pub(crate) refused: Vec<(usize, String)>,
}

impl Runner {
    /// Answers as many rows as the model does. Each row that it refuses has failed alone.
    ///
    /// # Errors
    /// When the fault is not with the rows.
    pub(crate) async fn run(&self, inputs: Vec<Tensor>) -> Result<Answers, Error> {
        let bound = self.executor.signature().bind(inputs)?;
        let whole = Batch {
            form: bound.form,
            inputs: bound.inputs,
            rows: bound.rows,
            outputs: self.outputs.clone(),
            deadline: None,
        };
        let mut parts: Vec<Vec<Tensor>> = Vec::new();
        let mut answers = Answers::default();
        // The part in front is on top, so that rows come in order.
        let mut waiting = vec![(0, whole.rows)];
        while let Some((start, end)) = waiting.pop() {
            let batch = if end - start == whole.rows {
                whole.clone()
            } else {
                whole.slice_rows(start, end)
            };
            match self.execute(batch).await {
                Ok(outputs) => {
                    parts.push(outputs);
                    answers.answered.extend(start..end);
                }
                Err(error) if !is_of_rows(error.code()) => return Err(error),
                Err(error) if end - start == 1 => {
                    let batch = whole.slice_rows(start, end);
                    answers.refused.push((start, self.reason(batch, &error).await));
                    if self.stop_at_first {
                        break;
                    }
                }
                Err(_) => {
                    let middle = start + (end - start) / 2;
                    waiting.push((middle, end));
                    waiting.push((start, middle));
                }
            }
        }
        answers.outputs = joined(&parts)?;
        Ok(answers)
    }

    /// Why a row was refused, by its column if that can be told.
    async fn reason(&self, batch: Batch, error: &Error) -> String {
        let known = error.code() == Code::ModelRejected && !self.columns.is_empty();
        let culprit = if known { self.executor.locate(batch).await } else { None };
        let Some(culprit) = culprit else { return error.message().to_owned() };
        match culprit.column.and_then(|column| self.columns.get(column)) {
            Some(name) => format!("column '{}': {}", name.escape_debug(), culprit.message),
            None => culprit.message,
        }
    }

    async fn execute(&self, batch: Batch) -> Result<Vec<Tensor>, Error> {
        let rows = batch.rows;
        let asked = self.outputs.len();
        let _turn = self.turns.acquire().await.expect("never closed");
        let until = Instant::now() + RESTART_LIMIT;
        let outputs = loop {
            let outcome = self.executor.execute(batch.clone()).await;
            let gone = matches!(&outcome, Err(error) if error.code() == Code::NotReady);
            if !gone || Instant::now() > until {
                break outcome?;
            }
            while self.executor.state() != State::Ready && Instant::now() < until {
                sleep(RESTART_POLL).await;
            }
        };
        let fits = outputs.iter().all(|tensor| tensor.rows() == rows);
        if !fits || (asked > 0 && outputs.len() != asked) {
            return Err(Error::new(
                Code::BadReply,
                format!(
                    "the model gave {} outputs that are not of {rows} rows each",
                    outputs.len()
                ),
            ));
        }
        Ok(outputs)
    }
}

/// Whether fewer rows may fare better. A worker that was lost may have been killed by one of them.
fn is_of_rows(code: Code) -> bool {
    code.is_model_fault() || code == Code::WorkerLost
}

fn joined(parts: &[Vec<Tensor>]) -> Result<Vec<Tensor>, Error> {
    let Some(first) = parts.first() else { return Ok(Vec::new()) };
    let output = |index: usize| -> Result<Tensor, Error> {
        let column = parts.iter().map(|part| {
            part.get(index).ok_or_else(|| Error::new(Code::BadReply, "the outputs differ by row"))
        });
        Tensor::concat_rows(&column.collect::<Result<Vec<_>, _>>()?)
    };
    (0..first.len()).map(output).collect()
}
