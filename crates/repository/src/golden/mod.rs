//! Golden rows: sample rows with Python's answers, saved beside a model by `pelton.save` and
//! `pelton.save_rows` (docs/golden-rows.md), read as plain data.
//!
//! Must not run a model: [`verify`] gives the rows to an executor.

mod tensors;
mod verify;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use pelton_core::Tensor;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::manifest::Piece;

pub(crate) use verify::verify;
pub use verify::{Closeness, Verified};

/// What stands behind the model's file name.
const SUFFIX: &str = ".golden.json";

/// A file of golden rows is a few hundred rows; more is something else.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Rows in a file at most, as `pelton.save` has it.
const ROWS_MAX: usize = 10_000;

/// The format that this version reads.
const FORMAT: u32 = 1;

/// Sample rows and Python's answers to them.
#[derive(Clone, Debug)]
pub struct Golden {
    /// Where they were read from.
    pub path: PathBuf,
    /// The class of the model that answered, with its module.
    pub class: String,
    /// The version of Python.
    pub python: String,
    /// Versions of the libraries, by the names they are installed under.
    pub libraries: BTreeMap<String, String>,
    /// How many rows.
    pub rows: usize,
    /// How far numbers may be off, where whoever saved the rows said so.
    pub tolerance: Option<f64>,
    /// The rows.
    pub(crate) inputs: Vec<Tensor>,
    /// The answers.
    pub(crate) outputs: Vec<Tensor>,
}

#[derive(Deserialize)]
struct Json {
    pelton_golden: u32,
    /// The one file of a model.
    #[serde(default)]
    model: Option<JsonFile>,
    /// The pieces of a model, in their order.
    #[serde(default)]
    pieces: Vec<JsonPiece>,
    #[serde(default)]
    class: String,
    #[serde(default)]
    python: String,
    #[serde(default)]
    libraries: BTreeMap<String, String>,
    rows: usize,
    #[serde(default)]
    tolerance: Option<f64>,
    inputs: Vec<tensors::Json>,
    outputs: Vec<tensors::Json>,
}

#[derive(Deserialize)]
struct JsonFile {
    bytes: u64,
    sha256: String,
}

#[derive(Deserialize)]
struct JsonPiece {
    #[serde(flatten)]
    file: JsonFile,
    #[serde(default)]
    key: Option<String>,
}

impl Golden {
    /// The rows beside a model's pieces; `None` if there are none.
    ///
    /// # Errors
    /// They cannot be read, or were saved with other files of these names. Follows the rows' path.
    pub fn beside(pieces: &[Piece]) -> Result<Option<Self>, String> {
        use std::io::ErrorKind::{InvalidFilename, NotFound};
        let path = Self::path_beside(pieces);
        let content = match fs::metadata(&path) {
            // Names of many pieces may together be longer than a name can be.
            Err(error) if matches!(error.kind(), NotFound | InvalidFilename) => return Ok(None),
            Err(error) => return Err(format!("cannot be read: {error}")),
            Ok(metadata) if !metadata.is_file() => return Err("is not a file".to_owned()),
            Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
                return Err(format!("has more than {FILE_BYTES_MAX} bytes"));
            }
            Ok(_) => fs::read(&path).map_err(|error| format!("cannot be read: {error}"))?,
        };
        let (golden, saved_with) = Self::parse(path, &content)?;
        check(&saved_with, pieces)?;
        Ok(Some(golden))
    }

    /// Where the rows of a model are, if there are any: beside its file, or beside the last of its
    /// pieces under the names and keys of all.
    pub fn path_beside(pieces: &[Piece]) -> PathBuf {
        let mut name = pieces.iter().map(Piece::shown).collect::<Vec<_>>().join("+");
        name.push_str(SUFFIX);
        let last = pieces.last().map_or(Path::new(""), |piece| piece.path.as_path());
        // A key may have any letter.
        last.with_file_name(name.replace(['/', '\0'], "_"))
    }

    fn parse(path: PathBuf, content: &[u8]) -> Result<(Self, Vec<JsonPiece>), String> {
        let json: Json = serde_json::from_slice(content)
            .map_err(|error| format!("holds no golden rows: {error}"))?;
        if json.pelton_golden != FORMAT {
            return Err(format!(
                "is of format {}, this version of Pelton reads {FORMAT}",
                json.pelton_golden
            ));
        }
        if !(1..=ROWS_MAX).contains(&json.rows) {
            return Err(format!("has {} rows, 1 to {ROWS_MAX} can be verified", json.rows));
        }
        if json.tolerance.is_some_and(|tolerance| !(tolerance > 0.0 && tolerance.is_finite())) {
            return Err("has a tolerance that is no number above 0".to_owned());
        }
        let read = |tensors: Vec<tensors::Json>| -> Result<Vec<Tensor>, String> {
            tensors.into_iter().map(|tensor| tensor.into_tensor(json.rows)).collect()
        };
        let golden = Self {
            inputs: read(json.inputs)?,
            outputs: read(json.outputs)?,
            path,
            class: json.class,
            python: json.python,
            libraries: json.libraries,
            rows: json.rows,
            tolerance: json.tolerance,
        };
        let whole = json.model.map(|file| JsonPiece { file, key: None });
        let saved_with: Vec<JsonPiece> = whole.into_iter().chain(json.pieces).collect();
        if saved_with.is_empty() {
            return Err("holds no golden rows: missing field `model`".to_owned());
        }
        Ok((golden, saved_with))
    }

    /// `scikit-learn 1.9.1, numpy 2.4.6`: what answered.
    pub fn answered_by(&self) -> String {
        let mut libraries: Vec<String> =
            self.libraries.iter().map(|(name, version)| format!("{name} {version}")).collect();
        libraries.push(format!("Python {}", self.python));
        libraries.join(", ")
    }
}

/// Whether these are the pieces that rows were saved with.
fn check(saved_with: &[JsonPiece], pieces: &[Piece]) -> Result<(), String> {
    let keys = |piece: &JsonPiece| piece.key.clone();
    if !saved_with.iter().map(keys).eq(pieces.iter().map(|piece| piece.key.clone())) {
        return Err(
            "was saved with other pieces; save it anew with pelton.save_rows, or remove it"
                .to_owned(),
        );
    }
    saved_with.iter().zip(pieces).try_for_each(|(saved, piece)| saved.file.check(&piece.path))
}

impl JsonFile {
    /// Whether the file is the one that the rows were saved with.
    fn check(&self, model: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("belongs to a model that is gone: {error}");
        let other = || {
            format!(
                "was saved with another {}; save the golden rows anew with pelton.save or \
                 pelton.save_rows, or remove them",
                model.file_name().unwrap_or_default().display()
            )
        };
        let mut file = File::open(model).map_err(failed)?;
        if file.metadata().map_err(failed)?.len() != self.bytes {
            return Err(other());
        }
        let mut hash = Sha256::new();
        let mut block = vec![0; 1 << 18];
        loop {
            let read = file.read(&mut block).map_err(failed)?;
            if read == 0 {
                break;
            }
            hash.update(&block[..read]);
        }
        let mut found = String::with_capacity(64);
        for byte in hash.finalize() {
            let _ = write!(found, "{byte:02x}"); // writing to a String cannot fail
        }
        if found == self.sha256 { Ok(()) } else { Err(other()) }
    }
}
