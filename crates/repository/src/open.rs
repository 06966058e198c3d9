//! What runs a model: the choice, and why.
//!
//! Must not look at bytes: the manifest has judged them, and the native engine reads its own.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use pelton_native::{NativeExecutor, Threads};

use crate::format::Format;
use crate::golden::Golden;
use crate::manifest::{Manifest, Piece, Problem};
use crate::native::{self, Failure};
use crate::onnx::{OnnxRunner, OnnxSettings};

/// What the operator wants to run a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Whatever can, in the order of [`choose`].
    Auto,
    /// The native engine or nothing.
    Native,
    /// ONNX Runtime or nothing.
    Onnx,
    /// Python workers or nothing.
    Python,
}

/// What the operator said about running a model.
#[derive(Clone)]
pub struct Wish<'a> {
    /// What is to run it.
    pub executor: Choice,
    /// The interpreter named for the model.
    pub interpreter: Option<&'a Path>,
    /// An interpreter that could be named. It is only ever suggested: running a model's code is the
    /// operator's decision.
    pub suggestion: Option<&'a Path>,
    /// What long batches of native models run on.
    pub threads: Threads,
    /// Whether golden rows beside the model are to be verified.
    pub verify: bool,
    /// How ONNX models are to run.
    pub onnx: &'a OnnxSettings,
}

/// How a model is to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What runs it.
    pub runner: Runner,
    /// Why it does not run natively, where that was tried: `step 'clf': ...`.
    pub not_native: Option<String>,
    /// How long reading it has taken already.
    pub reading: Duration,
    /// Rows to be verified before it is ready.
    pub golden: Option<Arc<Golden>>,
}

/// What [`choose`] says of a model that would run once an interpreter is named.
pub const IN_PYTHON: &str = "it can run as it is in a Python worker";

/// What is to run a model.
#[derive(Clone)]
pub enum Runner {
    /// The native engine, which has read it.
    Native(Arc<NativeExecutor>),
    /// ONNX Runtime, which is loaded; the model is not yet.
    Onnx(OnnxRunner),
    /// Worker processes started with this interpreter.
    Python {
        /// The interpreter.
        interpreter: PathBuf,
    },
}

impl Choice {
    /// Each choice by its word.
    pub const WORDS: [(&'static str, Self); 4] = [
        ("auto", Self::Auto),
        ("native", Self::Native),
        ("onnx", Self::Onnx),
        ("python", Self::Python),
    ];
}

/// Chooses what runs a model: ONNX Runtime an ONNX model; any other the native engine where it can,
/// because it runs no code of the file and is faster; Python workers where it cannot and an
/// interpreter is named.
///
/// # Errors
/// When nothing can run it, with the reason and the way out.
pub fn choose(manifest: &Manifest, wish: &Wish<'_>) -> Result<Plan, Problem> {
    let golden = if wish.verify { golden_rows(manifest)? } else { None };
    choose_runner(manifest, wish).map(|plan| Plan { golden: golden.map(Arc::new), ..plan })
}

/// The golden rows beside a model.
fn golden_rows(manifest: &Manifest) -> Result<Option<Golden>, Problem> {
    Golden::beside(&manifest.pieces).map_err(|why| {
        let path = Golden::path_beside(&manifest.pieces);
        Problem::new(format!("{}: {} {why}", manifest.subject(), path.display()))
    })
}

fn choose_runner(manifest: &Manifest, wish: &Wish<'_>) -> Result<Plan, Problem> {
    let is_onnx = matches!(&manifest.pieces[..], [only] if only.format == Format::Onnx);
    match wish.executor {
        Choice::Auto | Choice::Onnx if is_onnx => return onnx(manifest, wish),
        Choice::Onnx => {
            return Err(Problem::new(format!(
                "{} is no ONNX model, and --executor onnx runs nothing else; leave it out",
                manifest.subject()
            )));
        }
        Choice::Native | Choice::Python if is_onnx => {
            return Err(Problem::new(format!(
                "{} is an ONNX model, which ONNX Runtime runs and nothing else; leave out \
                 --executor",
                manifest.subject()
            )));
        }
        Choice::Python => return python(manifest, wish, None),
        Choice::Auto | Choice::Native => {}
    }
    match native::read(manifest) {
        Ok(read) => Ok(Plan {
            runner: Runner::Native(NativeExecutor::new(read.model, wish.threads.clone())),
            not_native: None,
            reading: read.took,
            golden: None,
        }),
        Err(Failure::Wrong(why)) => Err(Problem::new(format!("{}: {why}", manifest.subject()))),
        Err(Failure::Refused(why)) if wish.executor == Choice::Native => {
            Err(Problem::new(format!(
                "{} cannot run natively: {why}; without --executor native it runs in a Python \
                 worker, with the interpreter that --python names",
                manifest.subject()
            )))
        }
        Err(Failure::Refused(why)) => python(manifest, wish, Some(why)),
    }
}

fn onnx(manifest: &Manifest, wish: &Wish<'_>) -> Result<Plan, Problem> {
    let runner = OnnxRunner::find(wish.onnx, wish.interpreter, wish.suggestion)
        .map_err(|why| Problem::new(format!("{} is an ONNX model: {why}", manifest.subject())))?;
    Ok(Plan {
        runner: Runner::Onnx(runner),
        not_native: None,
        reading: Duration::ZERO,
        golden: None,
    })
}

fn python(
    manifest: &Manifest,
    wish: &Wish<'_>,
    not_native: Option<String>,
) -> Result<Plan, Problem> {
    if let Some(interpreter) = wish.interpreter {
        let runner = Runner::Python { interpreter: interpreter.to_owned() };
        // That a class is code is no news.
        let is_class = manifest.pieces.iter().any(|piece| piece.format == Format::PythonClass);
        let not_native = not_native.filter(|_| !is_class);
        return Ok(Plan { runner, not_native, reading: Duration::ZERO, golden: None });
    }
    let piece = &manifest.pieces[0];
    let subject = subject_of(manifest, piece);
    let (format, suggestion) = (piece.format, wish.suggestion);
    Err(Problem::new(match not_native {
        Some(why) if format != Format::PythonClass => {
            let code =
                if format.runs_code() { ", where loading it runs code from the file" } else { "" };
            format!(
                "{} cannot run natively: {why}; {IN_PYTHON}{code}: {}",
                manifest.subject(),
                way_out(suggestion)
            )
        }
        _ => format!(
            "{subject} is {format}: {}, which happens only in a worker process with an interpreter \
             you name; {}",
            what_runs(format),
            way_out(suggestion)
        ),
    }))
}

fn what_runs(format: Format) -> &'static str {
    match format {
        Format::PythonClass => "serving it runs that code",
        _ if format.is_of_a_library() => "outside the native engine its library loads it",
        Format::Skops => "loading it in Python calls what the file names",
        _ => "loading it runs code from the file",
    }
}

fn way_out(suggestion: Option<&Path>) -> String {
    match suggestion {
        Some(python) => format!(
            "add --python {} if that one can import the model's libraries, or name another",
            python.display()
        ),
        None => "add --python /path/to/python (one that can import the model's libraries)".into(),
    }
}

/// The model, and which of its pieces is meant if it has several.
fn subject_of(manifest: &Manifest, piece: &Piece) -> String {
    match manifest.pieces.len() {
        1 => manifest.subject(),
        _ => format!("{}: {}", manifest.subject(), piece.shown()),
    }
}

impl fmt::Display for Runner {
    /// To follow "failed to load with".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Native(_) => f.write_str("the native engine"),
            Self::Onnx(onnx) => write!(f, "ONNX Runtime {}", onnx.version()),
            Self::Python { interpreter } => interpreter.display().fmt(f),
        }
    }
}

impl fmt::Debug for Runner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
