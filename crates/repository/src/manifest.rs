//! A model as the operator named it, checked: where it is, what it is, what it is called.
//!
//! Must not decide what runs it (that is [`crate::choose`]) and must not load it.

use std::ffi::OsStr;
use std::fmt;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::contents::{look_at, look_into};
use crate::format::Format;
use crate::name::{check_name, name_of};

/// Entries of a directory looked at for one with a similar name.
const NEIGHBOURS_MAX: usize = 1000;

/// What is wrong with a model, for the operator: names the model and its path and says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(String);

/// A model as named on the command line: `PATH` or `NAME=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSpec {
    /// The name, if one is given.
    pub name: Option<String>,
    /// The file or directory.
    pub path: PathBuf,
}

/// A model that exists, can be read and has been recognised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// What clients call it.
    pub name: String,
    /// The path the operator named, for messages.
    pub named_path: PathBuf,
    /// What is to be loaded: the same, or the one model file of a directory.
    pub path: PathBuf,
    /// What it is.
    pub format: Format,
}

impl ModelSpec {
    /// Splits `NAME=PATH`. What stands before the first `=` is a name only if it has no `/`, so
    /// that `./a=b.pkl` is a path.
    ///
    /// # Errors
    /// When the name may not be one, or either side is empty.
    pub fn parse(text: &OsStr) -> Result<Self, Problem> {
        let bytes = text.as_bytes();
        let shown = text.display();
        let Some(equals) = bytes.iter().position(|byte| *byte == b'=') else {
            return Self::of_path(text, None);
        };
        let (name, path) = (&bytes[..equals], &bytes[equals + 1..]);
        if name.contains(&b'/') {
            return Self::of_path(text, None);
        }
        let name = String::from_utf8_lossy(name).into_owned();
        check_name(&name).map_err(|why| {
            Problem(format!(
                "'{shown}': model name '{name}' {why} (a path with '=' in it can be written as \
                 ./{shown})"
            ))
        })?;
        Self::of_path(OsStr::from_bytes(path), Some(name))
    }

    fn of_path(path: &OsStr, name: Option<String>) -> Result<Self, Problem> {
        if path.is_empty() {
            return Err(Problem(match name {
                Some(name) => format!("model '{name}' has no path, write {name}=PATH"),
                None => "a model's path is empty".to_owned(),
            }));
        }
        Ok(Self { name, path: PathBuf::from(path) })
    }
}

impl Manifest {
    /// The version of every model that has none of its own.
    pub const VERSION: &'static str = "1";

    /// Looks at the model without loading it.
    ///
    /// # Errors
    /// When there is nothing readable at the path, when it is no model, or when it gives no name.
    pub fn check(spec: &ModelSpec) -> Result<Self, Problem> {
        let shown = spec.path.display();
        let subject = spec
            .name
            .as_ref()
            .map_or_else(|| format!("model {shown}"), |name| format!("model '{name}' ({shown})"));
        let about = |what: String| Problem(format!("{subject} {what}"));
        let metadata =
            fs::metadata(&spec.path).map_err(|error| about(unreadable(&spec.path, &error)))?;
        let name = match &spec.name {
            Some(name) => name.clone(),
            None => derive_name(&spec.path, metadata.is_dir()).map_err(about)?,
        };
        let (path, format) = if metadata.is_dir() {
            look_into(&spec.path, &name)
        } else if metadata.is_file() {
            look_at(&spec.path).map(|format| (spec.path.clone(), format))
        } else {
            Err("is neither a file nor a directory".to_owned())
        }
        .map_err(about)?;
        Ok(Self { name, named_path: spec.path.clone(), path, format })
    }

    /// Whether it runs only with an interpreter the operator names.
    pub const fn needs_interpreter(&self) -> bool {
        self.format.runs_code()
    }

    /// `model 'iris' (iris.pkl)`, the subject of a message.
    pub fn subject(&self) -> String {
        format!("model '{}' ({})", self.name, self.named_path.display())
    }
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
            plain(&name),
            path.display()
        )
    })?;
    Ok(name)
}

/// The nearest permitted name.
fn plain(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|c| match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '-',
        })
        .collect();
    let plain = plain.trim_start_matches(['.', '_', '-']);
    if plain.is_empty() || check_name(plain).is_err() {
        "NAME".to_owned()
    } else {
        plain.to_owned()
    }
}

pub(crate) fn unreadable(path: &Path, error: &std::io::Error) -> String {
    if error.kind() != std::io::ErrorKind::NotFound {
        return format!("cannot be read: {}", plain_error(error));
    }
    match neighbour(path) {
        Some(other) => format!("does not exist; did you mean {}?", other.display()),
        None => "does not exist".to_owned(),
    }
}

/// The operating system's words without Rust's `(os error 13)`.
fn plain_error(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
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
