//! A model as the operator named it, checked: where it is, what it is, what it is called.
//!
//! Must not decide what runs it (that is [`crate::choose`]) and must not load it.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use pelton_core::system_words;

use crate::contents::{look_at, look_into};
use crate::format::Format;
use crate::name::{check_name, name_of, plain};
use crate::spec::{ModelSpec, PieceSpec, shown};

/// Entries of a directory looked at for one with a similar name.
const NEIGHBOURS_MAX: usize = 1000;

/// What is wrong with a model, for the operator: names the model and its path and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

/// A model that exists, can be read and has been recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What clients call it.
    pub name: String,
    /// What the operator wrote for its path, for messages.
    pub named_path: PathBuf,
    /// The files it is made of, in the order they are applied; at least one.
    pub pieces: Vec<Piece>,
}

/// A file of a model that has been recognised, and what of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What is to be loaded: the path named, or the one model file of a directory.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
    /// The key in a bundle; `None` is the whole.
    pub key: Option<String>,
}

impl Manifest {
    /// The version of every model that has none of its own.
    pub const VERSION: &'static str = "1";

    /// Looks at the model without loading it.
    ///
    /// # Errors
    /// When there is nothing readable at a path, when it is no model, when it cannot be a piece of
    /// one, or when it gives no name.
    pub fn check(spec: &ModelSpec) -> Result<Self, Problem> {
        let named_path = spec.base.join(&spec.written);
        let subject = match &spec.name {
            Some(name) => format!("model '{name}' ({})", named_path.display()),
            None => format!("model {}", named_path.display()),
        };
        let about = |what: String| Problem(format!("{subject} {what}"));
        let named = spec.pieces();
        let mut files = Vec::with_capacity(named.len());
        for piece in &named {
            files.push(File::find(spec, piece).map_err(|what| {
                if named.len() == 1 && piece.key.is_none() {
                    return about(what);
                }
                if piece.written.as_os_str().is_empty() {
                    return Problem(format!("{subject}: {what}"));
                }
                Problem(format!("{subject}: {} {what}", piece.written.display()))
            })?);
        }
        let name = match &spec.name {
            Some(name) => name.clone(),
            None => name_from(&files, &named_path).map_err(about)?,
        };
        let mut pieces = Vec::with_capacity(files.len());
        for (file, piece) in files.iter().zip(&named) {
            let one = file.piece(&name, piece.key.as_deref(), named.len());
            pieces.push(one.map_err(|what| match named.len() {
                1 => about(what),
                _ => Problem(format!("{subject}: {} {what}", piece.shown())),
            })?);
        }
        Ok(Self { name, named_path, pieces })
    }

    /// The model as one whole file or directory, if it is that: neither in pieces nor in a bundle.
    pub fn whole(&self) -> Option<&Piece> {
        match self.pieces.as_slice() {
            [piece] if piece.key.is_none() => Some(piece),
            _ => None,
        }
    }

    /// `model 'iris' (iris.pkl)`, the subject of a message.
    pub fn subject(&self) -> String {
        format!("model '{}' ({})", self.name, self.named_path.display())
    }
}

impl Piece {
    /// Its file's name and its key, for messages and logs: `bundle.pkl#model`.
    pub fn shown(&self) -> String {
        shown(Path::new(self.path.file_name().unwrap_or_default()), self.key.as_deref())
    }
}

/// A file or directory that is there.
struct File {
    path: PathBuf,
    is_directory: bool,
    is_plain: bool,
}

impl File {
    fn find(spec: &ModelSpec, piece: &PieceSpec) -> Result<Self, String> {
        if piece.written.as_os_str().is_empty() {
            return Err("a path before or behind '+' or '#' is empty; write FIRST+SECOND, each a \
                        file, perhaps with #KEY"
                .to_owned());
        }
        let path = spec.base.join(&piece.written);
        let metadata = fs::metadata(&path).map_err(|error| unreadable(&path, &error))?;
        Ok(Self { is_directory: metadata.is_dir(), is_plain: metadata.is_file(), path })
    }

    /// What it is, as one of `count` pieces of the model of this name.
    fn piece(&self, name: &str, key: Option<&str>, count: usize) -> Result<Piece, String> {
        let (path, format) = if self.is_directory {
            look_into(&self.path, name)?
        } else if self.is_plain {
            (self.path.clone(), look_at(&self.path)?)
        } else {
            return Err("is neither a file nor a directory".to_owned());
        };
        if key.is_some() && !format.holds_objects() {
            return Err(format!("is {format}, which has no keys; leave the # and the key away"));
        }
        if count > 1 && matches!(format, Format::PythonClass | Format::Onnx) {
            return Err(format!("is {format}, which cannot be a piece of a model; serve it alone"));
        }
        Ok(Piece { path, format, key: key.map(str::to_owned) })
    }
}

/// The name of the one file that all pieces are of.
fn name_from(files: &[File], named_path: &Path) -> Result<String, String> {
    let first = &files[0];
    if files.iter().any(|file| file.path != first.path) {
        return Err(format!(
            "is made of several files and has no name of its own; name it: NAME={}",
            named_path.display()
        ));
    }
    derive_name(&first.path, first.is_directory)
}

impl Problem {
    /// A problem in these words.
    pub fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Problem {}

fn derive_name(path: &Path, is_dir: bool) -> Result<String, String> {
    let resolved;
    // `.` and `..` have no name of their own.
    let named = if path.file_name().is_some() {
        path
    } else {
        resolved = path.canonicalize().map_err(|error| unreadable(path, &error))?;
        &resolved
    };
    let name = name_of(named, is_dir)
        .ok_or_else(|| format!("gives no name; write NAME={}", path.display()))?;
    check_name(&name).map_err(|why| {
        format!(
            "gives the name '{name}', which {why}; name it: {}={}",
            plain(&name).unwrap_or_else(|| "NAME".to_owned()),
            path.display()
        )
    })?;
    Ok(name)
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> String {
    if error.kind() != std::io::ErrorKind::NotFound {
        return format!("cannot be read: {}", system_words(error));
    }
    if let Ok(target) = fs::read_link(path) {
        return format!("is a link to {}, which does not exist", target.display());
    }
    match neighbour(path) {
        Some(other) => format!("does not exist; did you mean {}?", other.display()),
        None => "does not exist".to_owned(),
    }
}

/// An entry of the same directory whose name is close to the missing one.
fn neighbour(path: &Path) -> Option<PathBuf> {
    let wanted = path.file_name()?.to_str()?;
    let parent = path.parent()?;
    let directory = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
    fs::read_dir(directory)
        .ok()?
        .take(NEIGHBOURS_MAX)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .map(|name| (strsim::jaro_winkler(wanted, &name), name))
        .filter(|(likeness, _)| *likeness > 0.85)
        .max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(&a.1)))
        .map(|(_, name)| parent.join(name))
}
