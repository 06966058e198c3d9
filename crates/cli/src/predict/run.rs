//! Rows in, answers out, in order: blocks are read by one thread, prepared, scored and encoded by as
//! many tasks as the model runs batches at a time, and written in the order they came.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pelton_core::{Error, Signature};
use pelton_repository::LoadedModel;
use pelton_tables::{
    Answer, BadRow, Block, Encoded, Format, Input, Layout, Plan, Problem, Selection, Source,
    Writer, is_pandas_index,
};
use tokio::sync::{Semaphore, mpsc};
use tokio::task::JoinHandle;

use super::Ending;
use super::options::{OnError, Options};
use super::output::Output;
use super::progress::{Progress, told};
use crate::batches::Runner;
use crate::config::ModelConfig;
use crate::loading;
use crate::signals::Signals;

/// How long workers may take to end by themselves.
const STOP_LIMIT: Duration = Duration::from_secs(2);

/// Blocks in hand beyond those being scored: one being read, one being written.
const SPARE_BLOCKS: usize = 2;

pub(crate) fn run(model: &ModelConfig, options: Options) -> Ending {
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return Ending::Failed(format!("cannot start threads: {error}")),
    };
    let ending = runtime.block_on(scored(model, options));
    // The reading thread may wait for input for ever.
    runtime.shutdown_timeout(Duration::from_millis(100));
    ending
}

async fn scored(model: &ModelConfig, options: Options) -> Ending {
    // What is wrong with the input is found before the model is loaded. It may wait for input, so
    // signals are left alone until then.
    let source = match open(&options) {
        Ok(source) => source,
        Err(problem) => return Ending::Mistake(problem),
    };
    let mut signals = match Signals::catch() {
        Ok(signals) => signals,
        Err(error) => return Ending::Failed(format!("cannot catch signals: {error}")),
    };
    let loaded = tokio::select! {
        loaded = loading::load_one(model) => loaded,
        signal = signals.next() => return Ending::Stopped(number(signal)),
    };
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(failure) => return Ending::Failed(failure),
    };
    let ending = tokio::select! {
        ending = stream(&loaded, source, &options) => ending.unwrap_or_else(|ending| ending),
        signal = signals.next() => Ending::Stopped(number(signal)),
    };
    loaded.stop(STOP_LIMIT).await;
    ending
}

fn number(signal: &str) -> u8 {
    if signal == "SIGINT" { 2 } else { 15 }
}

fn open(options: &Options) -> Result<Source, String> {
    let input = match &options.input {
        Some(path) => Input::open(path).map_err(|problem| format!("--input: {problem}"))?,
        None => Input::stream(std::io::stdin()),
    };
    let name = options.input.as_deref().unwrap_or(Path::new("standard input"));
    Source::open(input, options.input_format, options.csv)
        .map_err(|problem| format!("{}: {problem}", name.display()))
}

/// One block, answered and encoded.
struct Done {
    rows: usize,
    bad: Vec<BadRow>,
    answer: Option<Answer>,
    encoded: Option<Encoded>,
}

/// What every block needs.
struct Scorer {
    plan: Plan,
    runner: Runner,
}

async fn stream(model: &LoadedModel, source: Source, options: &Options) -> Result<Ending, Ending> {
    let signature = model.executor.signature();
    let all: Vec<String> = signature.outputs.iter().map(|spec| spec.name.to_string()).collect();
    let every = options.outputs.iter().any(|name| name == "*") && !all.is_empty();
    let outputs = signature
        .select_outputs(if every { &all } else { &options.outputs })
        .map_err(|error| Ending::Mistake(format!("--outputs: {error}")))?;
    let (plan, source) = plan(signature.clone(), source, options.selection.clone()).await?;
    let output = Output::open(options.output.as_deref()).map_err(Ending::Mistake)?;
    let mut progress = Progress::new(&source, options.quiet, options.output.is_none());
    if !plan.unused().is_empty() {
        let names: Vec<&str> = plan.unused().iter().map(|name| &**name).collect();
        let index = names.iter().find(|name| is_pandas_index(name));
        let index = index.map_or_else(String::new, |name| {
            format!("; '{name}' looks like an index that pandas wrote (index=False leaves it out)")
        });
        progress.note(&format!("the model does not use {}{index}", shown(&names)));
    }
    let format = options.format_out(source.format());
    let lanes = model.executor.parallelism().max(1);
    let runner = Runner {
        executor: model.executor.clone(),
        turns: Arc::new(Semaphore::new(lanes)),
        outputs,
        stop_at_first: options.on_error == OnError::Fail,
        columns: plan.columns().into(),
    };
    let scorer = Arc::new(Scorer { plan, runner });
    let mut blocks = read(source, options.batch_rows)?;
    // The first block says what the output's columns are.
    let first = match blocks.recv().await {
        Some(block) => Some(scorer.score(block.map_err(failed)?, None).await.map_err(fault)?),
        None => None,
    };
    let layout = layout(model, &scorer, first.as_ref(), options)?;
    let mut sink = Sink::new(output, format, layout, options.on_error, &mut progress)?;
    if let Some(first) = first {
        sink.take(first)?;
    }
    let layout = Some((sink.layout.clone(), format));
    let mut running: VecDeque<JoinHandle<Result<Done, Fault>>> = VecDeque::new();
    let mut ended = false;
    while !(ended && running.is_empty()) {
        tokio::select! {
            block = blocks.recv(), if !ended && running.len() < lanes + SPARE_BLOCKS => match block {
                Some(block) => {
                    let (scorer, layout) = (scorer.clone(), layout.clone());
                    let block = block.map_err(failed)?;
                    running.push_back(tokio::spawn(async move { scorer.score(block, layout).await }));
                }
                None => ended = true,
            },
            done = front(&mut running), if !running.is_empty() => {
                running.pop_front();
                let done = done.map_err(|error| Ending::Failed(format!("a task failed: {error}")))?;
                sink.take(done.map_err(fault)?)?;
            }
        }
    }
    sink.end(&model.description().how)
}

/// It may look at the first rows, and wait for them.
async fn plan(
    signature: Signature,
    mut source: Source,
    selection: Selection,
) -> Result<(Plan, Source), Ending> {
    let planned = tokio::task::spawn_blocking(move || {
        Plan::new(&signature, &mut source, &selection).map(|plan| (plan, source))
    });
    let planned =
        planned.await.map_err(|error| Ending::Failed(format!("a task failed: {error}")))?;
    planned.map_err(|problem| Ending::Mistake(problem.to_string()))
}

async fn front(
    running: &mut VecDeque<JoinHandle<Result<Done, Fault>>>,
) -> Result<Result<Done, Fault>, tokio::task::JoinError> {
    match running.front_mut() {
        Some(done) => done.await,
        None => std::future::pending().await,
    }
}

/// Reads on a thread of its own, a block ahead.
fn read(mut source: Source, rows: usize) -> Result<mpsc::Receiver<Result<Block, Problem>>, Ending> {
    let (sender, receiver) = mpsc::channel(1);
    let reader = move || {
        while let Some(block) = source.next_block(rows).transpose() {
            let damaged = block.is_err();
            if sender.blocking_send(block).is_err() || damaged {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("pelton-read".to_owned())
        .spawn(reader)
        .map_err(|error| Ending::Failed(format!("cannot start threads: {error}")))?;
    Ok(receiver)
}

fn layout(
    model: &LoadedModel,
    scorer: &Scorer,
    first: Option<&Done>,
    options: &Options,
) -> Result<Layout, Ending> {
    let classes = model.description().classes;
    let nulls = options.on_error == OnError::Null;
    let outputs = first.and_then(|done| done.answer.as_ref()).map(|answer| &*answer.outputs);
    let layout = match outputs {
        Some(outputs) if !outputs.is_empty() => Layout::new(&scorer.plan, outputs, &classes, nulls),
        _ => {
            let asked = &scorer.runner.outputs;
            let known = model.executor.signature().outputs.iter();
            let specs = known.filter(|spec| asked.contains(&spec.name)).cloned();
            Layout::expected(&scorer.plan, &specs.collect::<Vec<_>>(), &classes, nulls)
        }
    };
    layout.map_err(|problem| Ending::Mistake(problem.to_string()))
}

/// Why a block could not be scored, the rows not being at fault.
enum Fault {
    Table(Problem),
    Model(Error),
}

fn fault(fault: Fault) -> Ending {
    match fault {
        Fault::Table(problem) => failed(problem),
        Fault::Model(error) => Ending::Failed(error.message().to_owned()),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn failed(problem: Problem) -> Ending {
    if problem.is_reader_gone() { Ending::ReaderGone } else { Ending::Failed(problem.to_string()) }
}

impl Scorer {
    /// Prepares, scores and, where the output is known, encodes a block.
    async fn score(
        &self,
        block: Block,
        layout: Option<(Arc<Layout>, Format)>,
    ) -> Result<Done, Fault> {
        let prepared = self.plan.prepare(&block).map_err(Fault::Table)?;
        let mut bad = prepared.bad;
        let mut answer = Answer {
            rows: block.len(),
            kept: prepared.kept,
            outputs: Vec::new(),
            answered: Vec::new(),
            bad: Vec::new(),
        };
        // With the first bad row the run ends, and what stands behind it needs no answer.
        let needless = self.runner.stop_at_first && !bad.is_empty();
        if !prepared.good.is_empty() && !needless {
            let answers = self.runner.run(prepared.inputs).await.map_err(Fault::Model)?;
            let place = |row: usize| prepared.good[row];
            answer.answered = answers.answered.into_iter().map(place).collect();
            answer.outputs = answers.outputs;
            bad.extend(
                answers.refused.into_iter().map(|(row, reason)| block.bad_row(place(row), reason)),
            );
            bad.sort_by_key(|bad| bad.index);
        }
        answer.bad.clone_from(&bad);
        let done = Done { rows: block.len(), bad, answer: None, encoded: None };
        Ok(match layout {
            Some((layout, format)) => {
                let encoded = layout.encode(format, &answer).map_err(Fault::Table)?;
                Done { encoded: Some(encoded), ..done }
            }
            None => Done { answer: Some(answer), ..done },
        })
    }
}

/// Writes answers in their order.
struct Sink<'a> {
    writer: Writer<Output>,
    layout: Arc<Layout>,
    format: Format,
    on_error: OnError,
    progress: &'a mut Progress,
}

impl<'a> Sink<'a> {
    fn new(
        output: Output,
        format: Format,
        layout: Layout,
        on_error: OnError,
        progress: &'a mut Progress,
    ) -> Result<Self, Ending> {
        let writer = Writer::new(output, format, &layout).map_err(failed)?;
        Ok(Self { writer, layout: Arc::new(layout), format, on_error, progress })
    }

    fn take(&mut self, done: Done) -> Result<(), Ending> {
        if let (OnError::Fail, Some(bad)) = (self.on_error, done.bad.first()) {
            return Err(Ending::Failed(format!(
                "{}; --on-error skip or null answers the others",
                told(bad)
            )));
        }
        let encoded = match (done.encoded, done.answer) {
            (Some(encoded), _) => Some(encoded),
            (None, Some(answer)) => Some(self.layout.encode(self.format, &answer).map_err(failed)?),
            (None, None) => None,
        };
        if let Some(encoded) = encoded {
            tokio::task::block_in_place(|| self.writer.write(&encoded)).map_err(failed)?;
        }
        self.progress.add(done.rows, &done.bad);
        Ok(())
    }

    fn end(self, how: &str) -> Result<Ending, Ending> {
        let output = self.writer.finish().map_err(failed)?;
        output.keep().map_err(Ending::Failed)?;
        self.progress.finish(how);
        Ok(if self.progress.bad() == 0 { Ending::Complete } else { Ending::Incomplete })
    }
}

fn shown(names: &[&str]) -> String {
    const SHOWN: usize = 8;
    let first: Vec<String> =
        names.iter().take(SHOWN).map(|name| format!("'{}'", name.escape_debug())).collect();
    let first = first.join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}
