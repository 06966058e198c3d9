//! Both executors on the same rows.
//!
//! Must not judge what is found beyond adding it up.

use std::sync::Arc;
use std::time::Duration;

use pelton_core::{Error, Tensor};
use pelton_repository::{LoadedModel, Promise};
use pelton_verify::{Comparison, Tolerance, beside, csv_header, csv_row};
use tokio::sync::Semaphore;

use super::Options;
use super::differing::Differing;
use super::report::{Refusals, Report, Row};
use super::rows::Rows;
use super::speed;
use crate::batches::{Answers, Runner};
use crate::config::ModelConfig;
use crate::loading;

/// Rows beyond the promise that are asked of Python once more at most.
const ASKED_AGAIN_MAX: usize = 500;

/// How long the worker may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Runs both; an error is why it could not be.
pub(crate) fn run(
    native: &ModelConfig,
    mut python: ModelConfig,
    options: &Options,
) -> Result<Report, String> {
    // One worker is asked at a time.
    python.settings.workers = 1;
    let runtime =
        tokio::runtime::Runtime::new().map_err(|error| format!("cannot start threads: {error}"))?;
    runtime.block_on(async {
        let ours = loading::load_one(native).await?;
        let theirs = loading::load_one(&python).await?;
        let report = compared(native, &ours, &theirs, options).await;
        theirs.stop(STOP_LIMIT).await;
        report
    })
}

async fn compared(
    model: &ModelConfig,
    ours: &LoadedModel,
    theirs: &LoadedModel,
    options: &Options,
) -> Result<Report, String> {
    let (outputs, only_ours, only_theirs) = outputs(ours, theirs, options)?;
    let mut rows = Rows::new(model, ours, options)?;
    let description = ours.description();
    let promise = description.promise.unwrap_or(Promise::Close);
    let tolerance = if promise == Promise::Bits { Tolerance::Bits } else { Tolerance::Close };
    let mut work = Work {
        ours: runner(ours, &outputs),
        theirs: runner(theirs, &outputs),
        comparison: Comparison::new(&outputs, tolerance),
        refusals: Refusals::default(),
        first: None,
        differing: Differing::new(options.differences.as_deref()),
        patience: if promise == Promise::Bits { 0 } else { ASKED_AGAIN_MAX },
        sample: Vec::new(),
    };
    let mut count = 0;
    while let Some(inputs) = rows.next(count)? {
        let taken = inputs[0].rows() as u64;
        work.add(inputs, count).await?;
        count += taken;
    }
    if count == 0 {
        return Err(match &options.data {
            Some(path) => format!("--data: {} has no rows to compare", path.display()),
            None => "there are no rows to compare".to_owned(),
        });
    }
    if let Some(first) = work.refusals.first_both.as_ref().filter(|_| work.refusals.both == count) {
        let message = &first.message;
        return Err(match options.data {
            Some(_) => format!("both refuse all {count} rows, row 1 because: {message}"),
            None => format!(
                "both refuse all {count} rows that were made, row 1 because: {message}; give rows \
                 with --data"
            ),
        });
    }
    work.differing.finish()?;
    let speed = if work.sample.is_empty() {
        Vec::new()
    } else {
        speed::measure(&ours.executor, &theirs.executor, &work.sample).await?
    };
    let within = work.comparison.is_within() && work.refusals.agree();
    Ok(Report {
        pelton_verify: 1,
        model: model.manifest.name.clone(),
        ours: description.how,
        theirs: theirs.description().how,
        rows: count,
        rows_from: rows.told(options),
        known_only: rows.known_only(),
        seed: options.data.is_none().then_some(options.seed),
        promise: if promise == Promise::Bits { "bits" } else { "close" },
        outputs: work.comparison.outputs,
        only_ours,
        only_theirs,
        refusals: work.refusals,
        first_differing_row: work.first,
        speed,
        within,
    })
}

type Names = Vec<String>;

/// What both can be asked for, and what only one can.
fn outputs(
    ours: &LoadedModel,
    theirs: &LoadedModel,
    options: &Options,
) -> Result<(Names, Names, Names), String> {
    let names = |model: &LoadedModel| -> Names {
        model.executor.signature().outputs.iter().map(|spec| spec.name.to_string()).collect()
    };
    let (our_names, their_names) = (names(ours), names(theirs));
    if !options.outputs.is_empty() {
        for model in [ours, theirs] {
            let signature = model.executor.signature();
            signature
                .select_outputs(&options.outputs)
                .map_err(|why| format!("--outputs: {why}"))?;
        }
        return Ok((options.outputs.clone(), Vec::new(), Vec::new()));
    }
    let without = |names: &Names, others: &Names| -> Names {
        names.iter().filter(|name| !others.contains(name)).cloned().collect()
    };
    let both: Names = our_names.iter().filter(|name| their_names.contains(name)).cloned().collect();
    if both.is_empty() {
        return Err("the two have no output in common".to_owned());
    }
    let only = (without(&our_names, &their_names), without(&their_names, &our_names));
    Ok((both, only.0, only.1))
}

fn runner(model: &LoadedModel, outputs: &[String]) -> Runner {
    Runner {
        executor: model.executor.clone(),
        turns: Arc::new(Semaphore::new(model.executor.parallelism().max(1))),
        outputs: outputs.iter().map(|name| Arc::from(name.as_str())).collect(),
        stop_at_first: false,
        columns: Arc::from([]),
    }
}

struct Work {
    ours: Runner,
    theirs: Runner,
    comparison: Comparison,
    refusals: Refusals,
    first: Option<Row>,
    differing: Differing,
    /// Rows that may still be asked of Python alone.
    patience: usize,
    /// Rows that both answer, to measure the speed with.
    sample: Vec<Tensor>,
}

impl Work {
    async fn add(&mut self, inputs: Vec<Tensor>, start: u64) -> Result<(), String> {
        let asked = |who: &'static str| move |error: Error| format!("{who} failed: {error}");
        let ours = self.ours.run(inputs.clone()).await.map_err(asked("the native engine"))?;
        let theirs = self.asked_of_theirs(&inputs, &ours).await.map_err(asked("Python"))?;
        let rows = inputs[0].rows();
        let mut suspects = self.refusals.add(&ours, &theirs, start);
        let places = places(&theirs, rows);
        let pairs: Vec<(usize, usize, u64)> = ours
            .answered
            .iter()
            .enumerate()
            .filter_map(|(our, row)| Some((our, places[*row]?, start + *row as u64)))
            .collect();
        if !pairs.is_empty() {
            let beyond = self.comparison.add(&ours.outputs, &theirs.outputs, &pairs);
            suspects
                .extend(self.unexplained(&inputs, (&ours, &theirs), &pairs, start, beyond).await?);
        }
        suspects.sort_unstable();
        suspects.dedup();
        for row in suspects {
            let local = (row - start) as usize;
            let row = Row {
                number: row + 1,
                csv_header: csv_header(&inputs),
                csv: csv_row(&inputs, local),
            };
            self.differing.add(&row);
            self.first.get_or_insert(row);
        }
        if self.sample.is_empty() && !pairs.is_empty() {
            let good: Vec<usize> = pairs.iter().map(|pair| (pair.2 - start) as usize).collect();
            self.sample = some_rows(&inputs, &good).map_err(|error| error.to_string())?;
        }
        Ok(())
    }

    /// Of rows beyond the promise, those that Python answers alike when it is asked again, of the row and
    /// of such as are one bit beside it. What promises all bits has no such excuse.
    async fn unexplained(
        &mut self,
        inputs: &[Tensor],
        (ours, theirs): (&Answers, &Answers),
        pairs: &[(usize, usize, u64)],
        start: u64,
        beyond: Vec<u64>,
    ) -> Result<Vec<u64>, String> {
        let mut unexplained = Vec::new();
        for row in beyond {
            let pair = pairs.iter().find(|pair| pair.2 == row).filter(|_| self.patience > 0);
            let Some(pair) = pair else {
                unexplained.push(row);
                continue;
            };
            self.patience -= 1;
            let rows = some_rows(inputs, &[(row - start) as usize]).and_then(|one| beside(&one));
            let again = self.theirs.run(rows.map_err(|error| error.to_string())?).await;
            let again = again.map_err(|error| format!("Python failed: {error}"))?;
            let places = (pair.0, pair.1);
            let explained = !again.answered.is_empty()
                && self.comparison.asked_again(
                    &ours.outputs,
                    &theirs.outputs,
                    places,
                    &again.outputs,
                );
            if !explained {
                unexplained.push(row);
            }
        }
        Ok(unexplained)
    }

    /// The rows that the native engine answered are most likely fine with Python too, so they go
    /// together; those that it refused go one by one, or each would be looked for by halving.
    async fn asked_of_theirs(&self, inputs: &[Tensor], ours: &Answers) -> Result<Answers, Error> {
        let mut theirs = Answers::default();
        if !ours.answered.is_empty() {
            theirs = self.theirs.run(some_rows(inputs, &ours.answered)?).await?;
            let place = |row: usize| ours.answered[row];
            theirs.answered = theirs.answered.into_iter().map(place).collect();
            theirs.refused =
                theirs.refused.into_iter().map(|(row, why)| (place(row), why)).collect();
        }
        for (row, _) in &ours.refused {
            let alone = self.theirs.run(some_rows(inputs, &[*row])?).await?;
            theirs.refused.extend(alone.refused.into_iter().map(|(_, why)| (*row, why)));
        }
        Ok(theirs)
    }
}

/// The place of each row's answer.
fn places(answers: &Answers, rows: usize) -> Vec<Option<usize>> {
    let mut places = vec![None; rows];
    for (place, row) in answers.answered.iter().enumerate() {
        places[*row] = Some(place);
    }
    places
}

fn some_rows(inputs: &[Tensor], rows: &[usize]) -> Result<Vec<Tensor>, Error> {
    let one = |tensor: &Tensor| {
        let parts: Vec<Tensor> = rows.iter().map(|row| tensor.slice_rows(*row..row + 1)).collect();
        Tensor::concat_rows(&parts.iter().collect::<Vec<_>>())
    };
    inputs.iter().map(one).collect()
}
