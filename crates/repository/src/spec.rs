//! A model as it was typed: `NAME=PATH`, where the path may be several files joined by `+`, each
//! perhaps with `#` and the key of what is meant in it.
//!
//! Must not look into files; whether one exists decides what a `+` or `#` means, nothing else.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use crate::manifest::Problem;
use crate::name::{check_name, name_of, plain};

/// Between the pieces of a model.
const JOIN: u8 = b'+';

/// Between a file and the key of what is meant in it.
const KEY: u8 = b'#';

/// A model as named on the command line: `PATH` or `NAME=PATH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSpec {
    /// The name, if one is given.
    pub name: Option<String>,
    /// What was written for its path: a file, a directory, or `scaler.pkl+bundle.pkl#model`.
    pub written: PathBuf,
    /// The directory that relative paths in it are relative to; empty is the working directory.
    pub base: PathBuf,
}

/// A file or directory of a model, and what of it is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PieceSpec {
    /// The path, as written.
    pub written: PathBuf,
    /// The key in a bundle; `None` is the whole.
    pub key: Option<String>,
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
        // Behind a `#` stands a key, which may be anything.
        if name.contains(&b'/') || name.contains(&KEY) {
            return Self::of_path(text, None);
        }
        let name = String::from_utf8_lossy(name).into_owned();
        check_name(&name).map_err(|why| {
            Problem::new(format!(
                "'{shown}': model name '{name}' {why} (a path with '=' in it can be written as \
                 ./{shown})"
            ))
        })?;
        Self::of_path(OsStr::from_bytes(path), Some(name))
    }

    /// A model of this path, relative to the working directory, without a name of its own.
    pub fn at(path: impl Into<PathBuf>) -> Self {
        Self { name: None, written: path.into(), base: PathBuf::new() }
    }

    /// The same model for a command that nobody asks by name: several files, and a file whose name is
    /// none that clients may use, get the nearest one of the last file.
    #[must_use]
    pub fn of_any_name(mut self) -> Self {
        let pieces = self.pieces();
        let Some(last) = pieces.last().filter(|_| self.name.is_none()) else { return self };
        let path = self.base.join(&last.written);
        let Some(name) = name_of(&path, path.is_dir()) else {
            // A name that is no text; `..` has none, and is asked where it leads.
            let shown = path.file_name().map(|name| Path::new(name).with_extension(""));
            let near = shown.map(|name| plain(&name.to_string_lossy()));
            self.name = near.map(|near| near.unwrap_or_else(|| "model".to_owned()));
            return self;
        };
        let several = pieces.iter().any(|piece| piece.written != last.written);
        if several || check_name(&name).is_err() {
            self.name = Some(plain(&name).unwrap_or_else(|| "model".to_owned()));
        }
        self
    }

    fn of_path(path: &OsStr, name: Option<String>) -> Result<Self, Problem> {
        if path.is_empty() {
            return Err(Problem::new(match name {
                Some(name) => format!("model '{name}' has no path, write {name}=PATH"),
                None => "a model's path is empty".to_owned(),
            }));
        }
        Ok(Self { name, ..Self::at(path) })
    }

    /// The pieces in the order they are applied; at least one.
    ///
    /// A path that exists is that path, whatever is in its name; so is the longest part of it that
    /// exists between two `+`. What does not exist is cut at every `+`, and at its first `#`.
    pub fn pieces(&self) -> Vec<PieceSpec> {
        let parts: Vec<&[u8]> =
            self.written.as_os_str().as_bytes().split(|byte| *byte == JOIN).collect();
        let mut pieces = Vec::new();
        let mut rest = &parts[..];
        while !rest.is_empty() {
            let (piece, used) = self.first_piece(rest);
            pieces.push(piece);
            rest = &rest[used..];
        }
        pieces
    }

    /// The piece that the parts begin with, and how many of them it takes.
    fn first_piece(&self, parts: &[&[u8]]) -> (PieceSpec, usize) {
        let joined = |count: usize| parts[..count].join(&JOIN);
        let counts = || (1..=parts.len()).rev();
        if let Some(count) = counts().find(|count| self.exists(&joined(*count))) {
            return (PieceSpec { written: path_of(&joined(count)), key: None }, count);
        }
        for count in counts() {
            // A key ends at the next `+`, so the `#` stands in the last of the parts.
            let (last, whole) = (parts[count - 1], joined(count));
            let before = whole.len() - last.len();
            let mut marks = (0..last.len()).rev().filter(|at| last[*at] == KEY);
            if let Some(at) = marks.find(|at| self.exists(&whole[..before + at])) {
                return (keyed(&whole, before + at), count);
            }
        }
        match parts[0].iter().position(|byte| *byte == KEY) {
            Some(at) => (keyed(parts[0], at), 1),
            None => (PieceSpec { written: path_of(parts[0]), key: None }, 1),
        }
    }

    fn exists(&self, path: &[u8]) -> bool {
        // A link to nothing is there, and what is wrong with it will be told.
        !path.is_empty() && self.base.join(OsStr::from_bytes(path)).symlink_metadata().is_ok()
    }

    /// The name the model has or would have, were its files in order: the one given, or that of the
    /// only file. A model of several files has none of its own.
    pub fn likely_name(&self) -> Option<String> {
        if self.name.is_some() {
            return self.name.clone();
        }
        let pieces = self.pieces();
        let first = &pieces[0].written;
        let path = self.base.join(first);
        let one = pieces.iter().all(|piece| piece.written == *first);
        one.then(|| name_of(&path, path.is_dir())).flatten()
    }
}

impl PieceSpec {
    /// The file's name and its key, for messages: `bundle.pkl#model`.
    pub fn shown(&self) -> String {
        shown(&self.written, self.key.as_deref())
    }
}

pub(crate) fn shown(path: &Path, key: Option<&str>) -> String {
    match key {
        Some(key) => format!("{}#{key}", path.display()),
        None => path.display().to_string(),
    }
}

fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from(OsStr::from_bytes(bytes)))
}

fn keyed(bytes: &[u8], at: usize) -> PieceSpec {
    let key = String::from_utf8_lossy(&bytes[at + 1..]).into_owned();
    PieceSpec { written: path_of(&bytes[..at]), key: Some(key) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(directory: &Path, written: &str) -> Vec<(String, Option<String>)> {
        let spec = ModelSpec { base: directory.to_owned(), ..ModelSpec::at(written) };
        let pieces = spec.pieces().into_iter();
        pieces.map(|piece| (piece.written.display().to_string(), piece.key)).collect()
    }

    fn plain(path: &str) -> (String, Option<String>) {
        (path.to_owned(), None)
    }

    fn key(path: &str, key: &str) -> (String, Option<String>) {
        (path.to_owned(), Some(key.to_owned()))
    }

    #[test]
    fn what_exists_is_the_path_whatever_is_in_its_name() {
        let directory = tempfile::tempdir().unwrap();
        for name in ["a.pkl", "b.pkl", "a+b.pkl", "c#1.pkl", "d#1"] {
            std::fs::write(directory.path().join(name), "").unwrap();
        }
        let spec = |written| spec(directory.path(), written);
        assert_eq!(spec("a.pkl+b.pkl"), [plain("a.pkl"), plain("b.pkl")]);
        assert_eq!(spec("a+b.pkl"), [plain("a+b.pkl")]);
        assert_eq!(spec("a.pkl+a+b.pkl+b.pkl#k").len(), 3);
        assert_eq!(spec("a+b.pkl#k"), [key("a+b.pkl", "k")]);
        assert_eq!(spec("c#1.pkl"), [plain("c#1.pkl")]);
        assert_eq!(spec("c#1.pkl#k"), [key("c#1.pkl", "k")]);
        assert_eq!(spec("d#1#2"), [key("d#1", "2")]);
        assert_eq!(spec("a.pkl#x+a.pkl#y#z"), [key("a.pkl", "x"), key("a.pkl", "y#z")]);
        assert_eq!(spec("a.pkl#"), [key("a.pkl", "")]);
    }

    #[test]
    fn what_does_not_exist_is_cut_at_every_mark() {
        let directory = tempfile::tempdir().unwrap();
        let spec = |written| spec(directory.path(), written);
        assert_eq!(spec("x.pkl"), [plain("x.pkl")]);
        assert_eq!(spec("x.pkl+y.pkl#k#l"), [plain("x.pkl"), key("y.pkl", "k#l")]);
        assert_eq!(spec("+"), [plain(""), plain("")]);
    }
}
