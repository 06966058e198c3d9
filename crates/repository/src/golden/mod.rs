//! Golden rows: sample rows with Python's answers, saved beside a model by `pelton.save`
//! (docs/golden-rows.md), read as plain data.
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
    model: JsonModel,
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
struct JsonModel {
    bytes: u64,
    sha256: String,
}

impl Golden {
    /// The rows beside a model's file; `None` if there are none.
    ///
    /// # Errors
    /// They cannot be read, or were saved with another file of that name. Follows the rows' path.
    pub fn beside(model: &Path) -> Result<Option<Self>, String> {
        let path = Self::path_beside(model);
        let content = match fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(format!("cannot be read: {error}")),
            Ok(metadata) if !metadata.is_file() => return Err("is not a file".to_owned()),
            Ok(metadata) if metadata.len() > FILE_BYTES_MAX => {
                return Err(format!("has more than {FILE_BYTES_MAX} bytes"));
            }
            Ok(_) => fs::read(&path).map_err(|error| format!("cannot be read: {error}"))?,
        };
        let (golden, saved_with) = Self::parse(path, &content)?;
        saved_with.check(model)?;
        Ok(Some(golden))
    }

    /// Where the rows of a model's file are, if there are any.
    pub fn path_beside(model: &Path) -> PathBuf {
        let mut name = model.as_os_str().to_owned();
        name.push(SUFFIX);
        PathBuf::from(name)
    }

    fn parse(path: PathBuf, content: &[u8]) -> Result<(Self, JsonModel), String> {
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
        Ok((golden, json.model))
    }

    /// `scikit-learn 1.9.1, numpy 2.4.6`: what answered.
    pub fn answered_by(&self) -> String {
        let mut libraries: Vec<String> =
            self.libraries.iter().map(|(name, version)| format!("{name} {version}")).collect();
        libraries.push(format!("Python {}", self.python));
        libraries.join(", ")
    }
}

impl JsonModel {
    /// Whether the file is the one that the rows were saved with.
    fn check(&self, model: &Path) -> Result<(), String> {
        let failed = |error: std::io::Error| format!("belongs to a model that is gone: {error}");
        let other = || {
            "was saved with another model of this name; save both anew with pelton.save, or remove \
             the golden rows"
                .to_owned()
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
