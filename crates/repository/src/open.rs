//! What runs a model: the choice, and why.
//!
//! Must not look at bytes: the manifest has judged them.

use std::path::{Path, PathBuf};

use crate::format::Format;
use crate::manifest::{Manifest, Piece, Problem};

/// What is to run a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Runner {
    /// Worker processes started with this interpreter.
    Python {
        /// The interpreter.
        interpreter: PathBuf,
    },
}

/// Chooses what runs a model. The one place of that decision: an executor that can run a format
/// without code from the file goes before the workers here.
///
/// `interpreter` is the one the operator named for the model, `suggestion` one that could be
/// named. It is only ever suggested: running a model's code is the operator's decision.
///
/// # Errors
/// When nothing can run it, with the reason and the way out.
pub fn choose(
    manifest: &Manifest,
    interpreter: Option<&Path>,
    suggestion: Option<&Path>,
) -> Result<Runner, Problem> {
    let foreign = manifest.pieces.iter().find(|piece| !piece.format.runs_code());
    if let Some(piece) = foreign {
        return Err(Problem::new(format!(
            "{} is {}, which is not supported by this version of Pelton yet; serve a pickle of it, \
             or a Python class deriving from pelton.Model that loads it",
            subject_of(manifest, piece),
            piece.format
        )));
    }
    match interpreter {
        Some(interpreter) => Ok(Runner::Python { interpreter: interpreter.to_owned() }),
        None => {
            let piece = &manifest.pieces[0];
            let subject = subject_of(manifest, piece);
            Err(Problem::new(refusal(&subject, piece.format, suggestion)))
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
