//! The model that a file is or that a directory holds.
//!
//! Must not know names of models beyond what its messages need.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use crate::format::{Alien, Compression, Content, Format, sniff};
use crate::manifest::unreadable;
use crate::mlflow;

/// Entries of a model directory looked at.
const DIRECTORY_ENTRIES_MAX: usize = 1000;

/// What joblib before 0.10 called files of arrays, as they are and compressed.
const ARRAY_ENDINGS: [&str; 2] = [".npy", ".npy.z"];

/// Names listed in one message; the rest is counted.
const NAMES_SHOWN: usize = 5;

/// The format of a model file; what it is instead, if it is no model.
pub(crate) fn look_at(path: &Path) -> Result<Format, String> {
    match recognise(path)? {
        // A worker imports what is called `.py`.
        Content::Model(format) if is_python(path) && format != Format::PythonClass => {
            Err(format!("is {format}, but its name ends in .py; give the file another name"))
        }
        Content::Model(format) => Ok(format),
        Content::Alien(Alien::Unknown) if file_name(path) == mlflow::DESCRIPTION => {
            Err(mlflow::instead_of(path))
        }
        Content::Alien(alien) => Err(alien.to_string()),
    }
}

fn recognise(path: &Path) -> Result<Content, String> {
    let failed = |error: std::io::Error| unreadable(path, &error);
    let mut file = File::open(path).map_err(failed)?;
    let length = file.metadata().map_err(failed)?.len();
    let content = sniff(&mut file, length).map_err(failed)?;
    // Python source has no mark of its own; its name counts only when nothing else was recognised.
    if content == Content::Alien(Alien::Unknown) && is_python(path) {
        return Ok(Content::Model(Format::PythonClass));
    }
    Ok(content)
}

/// The model in a directory: its `model.py`, or the one file that is a model.
pub(crate) fn look_into(directory: &Path, name: &str) -> Result<(PathBuf, Format), String> {
    if directory.join("model.py").is_file() {
        return Ok((directory.to_owned(), Format::PythonClass));
    }
    if directory.join("saved_model.pb").is_file() {
        return Err(Alien::TensorFlow.to_string());
    }
    if directory.join(mlflow::DESCRIPTION).is_file() && directory.join("python_model.pkl").is_file()
    {
        return Err(Alien::MlflowPyfunc.to_string());
    }
    let mut models = Vec::new();
    let mut aliens = Vec::new();
    for path in files_of(directory)? {
        if is_python(&path) {
            continue;
        }
        match recognise(&path)? {
            Content::Model(format) => models.push((path, format)),
            // Arrays beside a model, compressed or not, among other data.
            Content::Alien(
                Alien::Unknown
                | Alien::NumpyArray
                | Alien::Parquet
                | Alien::Compressed(Compression::ZFile),
            ) => {}
            Content::Alien(alien) => aliens.push((path, alien)),
        }
    }
    match (models.len(), aliens.as_slice()) {
        (1, _) => Ok(models.remove(0)),
        (0, []) if directory.join(mlflow::DESCRIPTION).is_file() => Err(mlflow::without(directory)),
        (0, [(path, alien)]) => Err(format!("holds no model: {} {alien}", file_name(path))),
        (0, _) => Err(
            "holds no model: expected model.py with a class deriving from pelton.Model, or one \
             model file"
                .to_owned(),
        ),
        (_, _) => Err(format!(
            "holds {} model files ({}); name the one to serve: {name}={}",
            models.len(),
            list(models.iter().map(|(path, _)| file_name(path))),
            models[0].0.display()
        )),
    }
}

/// The files that joblib before 0.10 wrote with a model of this path, an array in each: `m.pkl_01.npy`.
pub(crate) fn arrays_beside(model: &Path) -> Vec<PathBuf> {
    let directory = model.parent().filter(|parent| !parent.as_os_str().is_empty());
    let (Ok(files), begin) =
        (files_of(directory.unwrap_or(Path::new("."))), format!("{}_", file_name(model)))
    else {
        return Vec::new();
    };
    let is_one = |path: &PathBuf| {
        let name = file_name(path);
        name.starts_with(&begin) && ARRAY_ENDINGS.iter().any(|ending| name.ends_with(ending))
    };
    files.into_iter().filter(is_one).collect()
}

/// The plain files of a directory in the order of their names.
fn files_of(directory: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| unreadable(directory, &error);
    let mut files = Vec::new();
    for (index, entry) in fs::read_dir(directory).map_err(failed)?.enumerate() {
        if index >= DIRECTORY_ENTRIES_MAX {
            return Err(format!(
                "is a directory of more than {DIRECTORY_ENTRIES_MAX} entries; name the model file \
                 itself"
            ));
        }
        let path = entry.map_err(failed)?.path();
        let hidden = file_name(&path).starts_with('.');
        if !hidden && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn is_python(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "py")
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().display().to_string()
}

fn list(names: impl ExactSizeIterator<Item = String>) -> String {
    let count = names.len();
    let shown = names.take(NAMES_SHOWN).collect::<Vec<_>>().join(", ");
    if count > NAMES_SHOWN { format!("{shown} and {} more", count - NAMES_SHOWN) } else { shown }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrays_are_known_by_the_name_of_their_model() {
        let directory = tempfile::tempdir().expect("a temp directory");
        for name in ["m.pkl", "m.pkl_01.npy", "m.pkl_02.npy.z", "n.pkl_01.npy", "m.pkl_notes.txt"] {
            fs::write(directory.path().join(name), b"").expect("a file");
        }
        let found = arrays_beside(&directory.path().join("m.pkl"));
        let names: Vec<String> = found.iter().map(|path| file_name(path)).collect();
        assert_eq!(names, ["m.pkl_01.npy", "m.pkl_02.npy.z"]);
    }
}
