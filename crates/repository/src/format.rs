//! The kinds of file that are met where a model was expected, and what to tell people about each.
//!
//! Must not judge bytes: `pelton-pickle` does, and here is what its findings mean for whoever serves.

use std::fmt;
use std::io::{self, Read, Seek};

pub use pelton_pickle::Compression;
use pelton_pickle::Look;

/// What a file turned out to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// A model, or a container that models come in.
    Model(Format),
    /// Something else, known or not.
    Alien(Alien),
}

/// The formats models come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A plain pickle of this protocol.
    Pickle {
        /// 0 to 5.
        protocol: u8,
    },
    /// A pickle as joblib writes it: arrays behind the pickle or in files beside it, or the whole
    /// compressed.
    Joblib {
        /// How the file is compressed as a whole.
        compression: Option<Compression>,
    },
    /// A Python file with a class deriving from `pelton.Model`, or a directory with `model.py`.
    PythonClass,
    /// skops: a zip with `schema.json`.
    Skops,
    /// An ONNX `ModelProto`.
    Onnx,
    /// XGBoost's JSON.
    XgboostJson,
    /// XGBoost's UBJSON.
    XgboostUbj,
    /// XGBoost's old binary form.
    XgboostBinary,
    /// LightGBM's text.
    Lightgbm,
    /// CatBoost's binary, or its JSON.
    Catboost,
}

/// What is found in place of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "`describe` says it, for people")]
pub enum Alien {
    Empty,
    GitLfsPointer {
        size: Option<u64>,
    },
    GitAnnexPointer,
    Html,
    KerasHdf5,
    KerasZip,
    PyTorch,
    TensorFlow,
    NumpyArray,
    Compressed(Compression),
    Zip,
    Pmml,
    Parquet,
    MlflowPyfunc,
    /// Some other kind that has a name.
    Other(pelton_pickle::Content),
    Unknown,
}

/// Decides what `reader`, of `length` bytes, is.
///
/// # Errors
/// When reading fails.
///
/// # Example
/// ```
/// use pelton_repository::{Content, Format, sniff};
/// let bytes = b"\x80\x04N."; // pickle.dumps(None)
/// let content = sniff(&mut std::io::Cursor::new(bytes), bytes.len() as u64).unwrap();
/// assert_eq!(content, Content::Model(Format::Pickle { protocol: 4 }));
/// ```
pub fn sniff(reader: &mut (impl Read + Seek), length: u64) -> io::Result<Content> {
    Look::at(reader, length).map(Content::found)
}

impl Content {
    fn found(look: Look) -> Self {
        use pelton_pickle::Content as Found;
        let alien = match look.content {
            Found::Pickle => {
                let joblib = Format::Joblib { compression: look.compression };
                let plain = look.protocol.map(|protocol| Format::Pickle { protocol });
                return Self::Model(plain.unwrap_or(joblib));
            }
            Found::Skops => return Self::Model(Format::Skops),
            Found::Onnx => return Self::Model(Format::Onnx),
            Found::XgboostJson => return Self::Model(Format::XgboostJson),
            Found::XgboostUbj => return Self::Model(Format::XgboostUbj),
            Found::XgboostBinary => return Self::Model(Format::XgboostBinary),
            Found::LightGbm => return Self::Model(Format::Lightgbm),
            Found::CatBoost => return Self::Model(Format::Catboost),
            Found::Empty => Alien::Empty,
            Found::GitLfsPointer => Alien::GitLfsPointer { size: look.pointer_bytes },
            Found::GitAnnexPointer => Alien::GitAnnexPointer,
            Found::Html => Alien::Html,
            Found::Hdf5 => Alien::KerasHdf5,
            Found::Keras => Alien::KerasZip,
            Found::Torch => Alien::PyTorch,
            Found::TensorFlow => Alien::TensorFlow,
            Found::Npy | Found::Npz => Alien::NumpyArray,
            Found::Compressed(compression) => Alien::Compressed(compression),
            Found::Zip => Alien::Zip,
            Found::Pmml => Alien::Pmml,
            Found::Parquet => Alien::Parquet,
            // Text of any kind: its name may tell more.
            Found::Json | Found::Xml | Found::Unknown => Alien::Unknown,
            other => Alien::Other(other),
        };
        Self::Alien(alien)
    }
}

impl Format {
    /// Whether Python can load it, which runs code that the file brings or names. skops is meant
    /// to ask first which types are trusted; a worker trusts them all, so it counts.
    pub const fn runs_code(self) -> bool {
        matches!(self, Self::Pickle { .. } | Self::Joblib { .. } | Self::PythonClass | Self::Skops)
    }

    /// Whether it is a boosting library's own format, which holds no code.
    pub const fn is_of_a_library(self) -> bool {
        matches!(
            self,
            Self::XgboostJson
                | Self::XgboostUbj
                | Self::XgboostBinary
                | Self::Lightgbm
                | Self::Catboost
        )
    }

    /// Whether it holds Python's objects, so that one of several can be meant by a key.
    pub const fn holds_objects(self) -> bool {
        matches!(self, Self::Pickle { .. } | Self::Joblib { .. } | Self::Skops)
    }
}

impl fmt::Display for Format {
    /// With its article, to follow "is".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pickle { .. } => f.write_str("a pickle"),
            Self::Joblib { compression: None } => f.write_str("a joblib file (a pickle)"),
            Self::Joblib { compression: Some(compression) } => {
                write!(f, "a joblib file (a pickle compressed with {compression})")
            }
            Self::PythonClass => f.write_str("a Python class"),
            Self::Skops => f.write_str("a skops file"),
            Self::Onnx => f.write_str("an ONNX model"),
            Self::XgboostJson => f.write_str("an XGBoost model (JSON)"),
            Self::XgboostUbj => f.write_str("an XGBoost model (UBJSON)"),
            Self::XgboostBinary => f.write_str("an XGBoost model (old binary form)"),
            Self::Lightgbm => f.write_str("a LightGBM model (text)"),
            Self::Catboost => f.write_str("a CatBoost model"),
        }
    }
}

impl fmt::Display for Alien {
    /// What it is and what to do about it, to follow the file's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("is empty: was the copy or the download cut short?"),
            Self::GitLfsPointer { size } => {
                f.write_str("is a Git LFS pointer, not the file itself")?;
                if let Some(size) = size {
                    write!(f, " (which has {size} bytes)")?;
                }
                f.write_str("; fetch it with `git lfs pull`")
            }
            Self::GitAnnexPointer => f.write_str(
                "is a git-annex pointer, not the file itself; fetch it with `git annex get`",
            ),
            Self::Html => f.write_str(
                "is an HTML page, not a model; download the raw file, not the page that shows it",
            ),
            Self::KerasHdf5 => f.write_str(
                "is an HDF5 file (Keras .h5), which Pelton does not serve; export it to ONNX, or \
                 wrap it in a class deriving from pelton.Model",
            ),
            Self::KerasZip => f.write_str(
                "is a Keras archive, which Pelton does not serve; export it to ONNX, or wrap it \
                 in a class deriving from pelton.Model",
            ),
            Self::PyTorch => f.write_str(
                "is a PyTorch file, which Pelton does not serve; export it to ONNX, or wrap it in \
                 a class deriving from pelton.Model",
            ),
            Self::TensorFlow => f.write_str(
                "is a TensorFlow SavedModel, which Pelton does not serve; export it to ONNX, or \
                 wrap it in a class deriving from pelton.Model",
            ),
            Self::NumpyArray => f.write_str("is a NumPy array, not a model"),
            Self::Compressed(Compression::ZFile) => f.write_str(
                "is what joblib before 0.10 compressed, but no model: an array that a model keeps \
                 beside it, perhaps; name the model's own file",
            ),
            Self::Compressed(compression) => {
                write!(f, "is compressed with {compression} and holds no pickle")
            }
            Self::Zip => f.write_str("is a zip archive without a model that Pelton knows"),
            Self::Pmml => f.write_str(
                "is a PMML document, which Pelton does not serve; serve the pickle it was made from",
            ),
            Self::Parquet => f.write_str("is a Parquet file: data, not a model"),
            Self::MlflowPyfunc => f.write_str(
                "is an MLflow directory with a Python model of its own (python_model.pkl), which \
                 this version of Pelton does not support yet; wrap it in a class deriving from \
                 pelton.Model",
            ),
            Self::Other(content) => write!(f, "is {}", content.describe()),
            Self::Unknown => f.write_str(
                "is not a model that Pelton knows: expected a pickle, a joblib, skops or ONNX \
                 file, one of XGBoost, LightGBM or CatBoost, or a Python file with a class deriving from pelton.Model",
            ),
        }
    }
}
