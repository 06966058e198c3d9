//! A model loaded into ONNX Runtime, and batches run by it.

use std::path::Path;
use std::sync::Arc;

use ort::logging::LogLevel;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{RunOptions, Session};
use ort::value::{Outlet, TensorElementType, ValueType};
use pelton_core::{Batch, Code, DType, Error, Result, Tensor};

use crate::errors;
use crate::library::Library;
use crate::pool::{Brake, Lane};
use crate::signature::{Declared, Element, Plan};
use crate::{inputs, outputs};

/// Bytes that one input of a padded piece may take.
const PIECE_BYTES_MAX: usize = 1 << 30;

/// What a session is made from.
pub(crate) enum Source<'a> {
    /// The file itself, because others belong to it.
    File(&'a Path),
    /// Its bytes.
    Bytes(&'a [u8]),
}

/// A session that runs one batch at a time.
pub(crate) struct SessionLane {
    session: Session,
    brake: Arc<RunBrake>,
    plan: Arc<Plan>,
}

struct RunBrake(RunOptions);

/// Loads the model.
///
/// # Errors
/// ONNX Runtime's words.
pub(crate) fn load(
    library: &Library,
    source: &Source<'_>,
    threads: usize,
) -> std::result::Result<Session, String> {
    let mut builder = options(library, threads).map_err(|error| errors::plain(&error))?;
    let session = match source {
        Source::File(path) => builder.commit_from_file(path),
        Source::Bytes(bytes) => builder.commit_from_memory(bytes),
    };
    session.map_err(|error| errors::plain(&error))
}

fn options(library: &Library, threads: usize) -> ort::Result<SessionBuilder> {
    let builder = Session::builder(library.environment())?
        .with_optimization_level(GraphOptimizationLevel::All)?
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        // Threads that spin between runs take time from the other models.
        .with_intra_op_spinning(false)?
        // It keeps something for each number of rows met, and batches have any.
        .with_memory_pattern(false)?
        .with_log_level(LogLevel::Fatal)?;
    Ok(builder)
}

/// What the session takes, and what it answers.
pub(crate) fn declared(session: &Session) -> (Vec<Declared>, Vec<Declared>) {
    let of = |outlets: &[Outlet]| outlets.iter().map(outlet).collect();
    (of(session.inputs()), of(session.outputs()))
}

fn outlet(outlet: &Outlet) -> Declared {
    let shown = outlet.dtype().to_string();
    let (element, shape) = match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => {
            (element(*ty), shape.iter().map(|&size| usize::try_from(size).ok()).collect())
        }
        _ => (None, vec![None]),
    };
    Declared { name: outlet.name().to_owned(), element, shown, shape }
}

fn element(kind: TensorElementType) -> Option<Element> {
    Some(Element::Plain(match kind {
        TensorElementType::Bool => DType::Bool,
        TensorElementType::Uint8 => DType::Uint8,
        TensorElementType::Uint16 => DType::Uint16,
        TensorElementType::Uint32 => DType::Uint32,
        TensorElementType::Uint64 => DType::Uint64,
        TensorElementType::Int8 => DType::Int8,
        TensorElementType::Int16 => DType::Int16,
        TensorElementType::Int32 => DType::Int32,
        TensorElementType::Int64 => DType::Int64,
        TensorElementType::Float16 => DType::Fp16,
        TensorElementType::Float32 => DType::Fp32,
        TensorElementType::Float64 => DType::Fp64,
        TensorElementType::String => DType::Bytes,
        TensorElementType::Bfloat16 => return Some(Element::Bfloat16),
        _ => return None,
    }))
}

impl SessionLane {
    /// # Errors
    /// ONNX Runtime's words.
    pub(crate) fn new(session: Session, plan: Arc<Plan>) -> std::result::Result<Self, String> {
        let brake = Arc::new(RunBrake(RunOptions::new().map_err(|error| errors::plain(&error))?));
        Ok(Self { session, brake, plan })
    }

    fn run_once(&mut self, batch: &Batch) -> Result<Vec<Tensor>> {
        let values = inputs::values(&self.plan, batch)?;
        let answers = self
            .session
            .run_with_options(&values[..], &self.brake.0)
            .map_err(|error| errors::run_failed(&error))?;
        let answer = |name: &Arc<str>| {
            let output = self.plan.output(name).ok_or_else(|| {
                Error::new(Code::BadReply, format!("the model answered no output '{name}'"))
            })?;
            outputs::tensor(output, &answers[output.place], batch.rows)
        };
        if batch.outputs.is_empty() {
            return self.plan.signature.default_outputs.iter().map(answer).collect();
        }
        batch.outputs.iter().map(answer).collect()
    }

    /// Runs a batch in pieces of as many rows as the model insists on. The last is filled up with
    /// its last row again, and those answers are dropped.
    fn run_pieces(&mut self, batch: &Batch, rows: usize) -> Result<Vec<Tensor>> {
        let mut answers: Vec<Vec<Tensor>> = Vec::new();
        for start in (0..batch.rows).step_by(rows) {
            let piece = batch.slice_rows(start, batch.rows.min(start + rows));
            let wanted = piece.rows;
            let piece = if wanted < rows { padded(piece, rows)? } else { piece };
            let mut answer = self.run_once(&piece)?;
            if wanted < rows {
                answer = answer.iter().map(|tensor| tensor.slice_rows(0..wanted)).collect();
            }
            answers.push(answer);
        }
        let outputs = answers.first().map_or(0, Vec::len);
        (0..outputs)
            .map(|index| {
                Tensor::concat_rows(&answers.iter().map(|a| &a[index]).collect::<Vec<_>>())
            })
            .collect()
    }
}

fn padded(mut piece: Batch, rows: usize) -> Result<Batch> {
    for tensor in &mut piece.inputs {
        let last = tensor.slice_rows(piece.rows - 1..piece.rows);
        if last.data().len().saturating_mul(rows) > PIECE_BYTES_MAX {
            return Err(Error::invalid(format!(
                "input '{}' is too large: the model takes {rows} rows at a time, and so many as \
                 large as this do not fit",
                tensor.name()
            )));
        }
        let mut parts = vec![&*tensor];
        parts.extend(std::iter::repeat_n(&last, rows - piece.rows));
        *tensor = Tensor::concat_rows(&parts)?;
    }
    piece.rows = rows;
    Ok(piece)
}

impl Lane for SessionLane {
    fn run(&mut self, batch: Batch) -> Result<Vec<Tensor>> {
        match self.plan.fixed_rows {
            Some(rows) if rows != batch.rows => self.run_pieces(&batch, rows),
            _ => self.run_once(&batch),
        }
    }

    fn brake(&self) -> Arc<dyn Brake> {
        self.brake.clone()
    }

    fn release(&mut self) {
        // Whoever still holds the old one may pull it once more.
        match RunOptions::new() {
            Ok(options) => self.brake = Arc::new(RunBrake(options)),
            Err(error) => {
                tracing::warn!(
                    error = error.message(),
                    "a stopped run's lane is opened again as it was"
                );
                let _ = self.brake.0.unterminate();
            }
        }
    }
}

impl Brake for RunBrake {
    fn pull(&self) {
        if let Err(error) = self.0.terminate() {
            tracing::warn!(error = error.message(), "a run cannot be stopped");
        }
    }
}
