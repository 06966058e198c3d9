//! What runs a model: the choice, and why.
//!
//! Must not look at bytes: the manifest has judged them.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::format::Format;
use crate::manifest::{Manifest, Piece, Problem};

/// What the operator wants to run a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Whatever can, in the order of [`choose`].
    Auto,
    /// Python workers or nothing.
    Python,
}

/// What the operator said about running a model.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    /// What is to run it.
    pub executor: Choice,
    /// The interpreter named for the model.
    pub interpreter: Option<&'a Path>,
    /// An interpreter that could be named. It is only ever suggested: running a model's code is the
    /// operator's decision.
    pub suggestion: Option<&'a Path>,
}

/// How a model is to run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What runs it.
    pub runner: Runner,
}

/// What is to run a model.
#[derive(Clone, Debug)]
pub enum Runner {
    /// Worker processes started with this interpreter.
    Python {
        /// The interpreter.
        interpreter: PathBuf,
    },
}

impl Choice {
    /// Each choice by its word.
    pub const WORDS: [(&'static str, Self); 2] = [("auto", Self::Auto), ("python", Self::Python)];
}

/// Chooses what runs a model. The one place of that decision: an executor that can run a format
/// without code from the file goes before the workers here.
///
/// # Errors
/// When nothing can run it, with the reason and the way out.
pub fn choose(manifest: &Manifest, wish: &Wish<'_>) -> Result<Plan, Problem> {
    python(manifest, wish).map(|runner| Plan { runner })
}

fn python(manifest: &Manifest, wish: &Wish<'_>) -> Result<Runner, Problem> {
    let foreign = manifest.pieces.iter().find(|piece| !piece.format.runs_code());
    if let Some(piece) = foreign {
        return Err(Problem::new(format!(
            "{} is {}, which is not supported by this version of Pelton yet; serve a pickle of it, \
             or a Python class deriving from pelton.Model that loads it",
            subject_of(manifest, piece),
            piece.format
        )));
    }
    let Some(interpreter) = wish.interpreter else {
        let piece = &manifest.pieces[0];
        let subject = subject_of(manifest, piece);
        return Err(Problem::new(refusal(&subject, piece.format, wish.suggestion)));
    };
    Ok(Runner::Python { interpreter: interpreter.to_owned() })
}

impl fmt::Display for Runner {
    /// To follow "failed to load with".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Python { interpreter } => interpreter.display().fmt(f),
        }
    }
}

/// The model, and which of its pieces is meant if it has several.
fn subject_of(manifest: &Manifest, piece: &Piece) -> String {
    match manifest.pieces.len() {
        1 => manifest.subject(),
        _ => format!("{}: {}", manifest.subject(), piece.shown()),
    }
}

fn refusal(subject: &str, format: Format, suggestion: Option<&Path>) -> String {
    let why = match format {
        Format::PythonClass => "serving it runs that code",
        Format::Skops => "loading it in Python calls what the file names",
        _ => "loading it runs code from the file",
    };
    let way_out = match suggestion {
        Some(python) => format!(
            "add --python {} if that one can import the model's libraries, or name another",
            python.display()
        ),
        None => "add --python /path/to/python (one that can import the model's libraries)".into(),
    };
    format!(
        "{subject} is {format}: {why}, which happens only in a worker process with an interpreter \
         you name; {way_out}"
    )
}
