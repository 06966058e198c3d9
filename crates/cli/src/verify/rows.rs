//! The rows that both executors are given: made from what the model's files tell, or read from a table.
//!
//! Must not know how they are answered.

use std::path::Path;

use pelton_core::{Inputs, Signature, Tensor};
use pelton_pickle::{Document, Folder, Limits};
use pelton_repository::LoadedModel;
use pelton_tables::{CsvOptions, Input, Plan, Selection, Source};
use pelton_verify::{Generator, Hints};

use super::Options;
use crate::config::ModelConfig;
use crate::problems::tell;

/// Rows that both are given at once.
const BATCH_ROWS: usize = 1024;

/// Where rows come from.
pub(super) enum Rows {
    Made(Box<Generator>, u64),
    Read(Box<Source>, Box<Plan>, u64),
}

impl Rows {
    pub(super) fn new(
        model: &ModelConfig,
        ours: &LoadedModel,
        options: &Options,
    ) -> Result<Self, String> {
        let signature = ours.executor.signature();
        let Some(path) = &options.data else {
            let hints = hints(model, signature);
            let generator = Generator::new(signature, hints, options.seed)
                .map_err(|why| format!("{why}; give rows with --data"))?;
            return Ok(Self::Made(Box::new(generator), options.rows));
        };
        let input = if path == Path::new("-") {
            Input::stream(std::io::stdin())
        } else {
            Input::open(path).map_err(|problem| format!("--data: {problem}"))?
        };
        let about = |problem| format!("--data: {}: {problem}", path.display());
        let mut source = Source::open(input, None, CsvOptions::default()).map_err(about)?;
        let plan = Plan::new(signature, &mut source, &Selection::default()).map_err(about)?;
        Ok(Self::Read(Box::new(source), Box::new(plan), options.rows))
    }

    /// The next rows; none when there were enough or are no more.
    pub(super) fn next(&mut self, so_far: u64) -> Result<Option<Vec<Tensor>>, String> {
        match self {
            Self::Made(generator, wanted) => {
                let count = wanted.saturating_sub(so_far).min(BATCH_ROWS as u64) as usize;
                if count == 0 {
                    return Ok(None);
                }
                generator.rows(count).map(Some).map_err(|error| error.to_string())
            }
            Self::Read(source, plan, wanted) => loop {
                let count = wanted.saturating_sub(so_far).min(BATCH_ROWS as u64) as usize;
                if count == 0 {
                    return Ok(None);
                }
                let about = |problem| format!("--data: {problem}");
                let Some(block) = source.next_block(count).map_err(about)? else {
                    return Ok(None);
                };
                let prepared = plan.prepare(&block).map_err(about)?;
                for bad in &prepared.bad {
                    let (row, reason) = (bad.row, &bad.reason);
                    tell(format_args!("note: row {row} of the data is left out: {reason}"));
                }
                if prepared.inputs.is_empty() {
                    continue;
                }
                // What was read ahead may be more than was asked for.
                let inputs = prepared.inputs.into_iter();
                let keep = prepared.good.len().min(count);
                return Ok(Some(inputs.map(|tensor| tensor.slice_rows(0..keep)).collect()));
            },
        }
    }

    /// Columns that were made of known values, because the model refuses others.
    pub(super) fn known_only(&self) -> Vec<String> {
        match self {
            Self::Made(generator, _) => generator.closed(),
            Self::Read(..) => Vec::new(),
        }
    }

    pub(super) fn told(&self, options: &Options) -> String {
        match (self, &options.data) {
            (Self::Read(..), Some(path)) => path.display().to_string(),
            _ => "generated".to_owned(),
        }
    }
}

/// What the model's files tell of its columns; nothing where they are no pickles.
fn hints(model: &ModelConfig, signature: &Signature) -> Hints {
    let read = |path: &Path| {
        let (bytes, folder) = (std::fs::read(path).ok()?, Folder::of(path));
        Document::read_beside(bytes, &folder, &Limits::default()).ok()
    };
    let pieces = model.manifest.pieces.iter();
    let documents: Vec<(Document, Option<&String>)> =
        pieces.filter_map(|piece| Some((read(&piece.path)?, piece.key.as_ref()))).collect();
    let mut parts = Vec::with_capacity(documents.len());
    for (document, key) in &documents {
        parts.extend(key.map_or(Some(document.root()), |key| document.root().find(key)));
    }
    let specs = signature.input_specs();
    let names: Vec<String> = match &signature.inputs {
        Inputs::Columns(specs) => specs.iter().map(|spec| spec.name.to_string()).collect(),
        _ => Vec::new(),
    };
    let width = |shape: &[Option<usize>]| shape.get(1).copied().flatten().unwrap_or(1);
    let count = specs.iter().map(|spec| width(&spec.shape)).sum();
    Hints::read(&parts, &names, count)
}
