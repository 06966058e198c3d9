//! Whether a model's files are still those it was first loaded from.
//!
//! A version of a model never changes: a worker that is restarted must not load what somebody has put
//! in the old file's place. Sizes and times are compared, not contents. Files that appear later (logs,
//! caches) do not count.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// Files beyond this number are not watched; what is loaded lies near the top.
const MAX_FILES: usize = 10_000;

/// The model's files at a moment.
#[derive(Debug)]
pub(crate) struct Fingerprint {
    files: Vec<(PathBuf, Option<State>)>,
}

type State = (u64, Option<SystemTime>);

impl Fingerprint {
    /// Of these files, and of all files in those of them that are directories.
    pub(crate) fn take<'a>(paths: impl Iterator<Item = &'a Path>) -> Self {
        let mut found = Vec::new();
        let mut waiting: Vec<PathBuf> = paths.map(Path::to_owned).collect();
        while let Some(path) = waiting.pop() {
            if found.len() >= MAX_FILES {
                break;
            }
            if path.is_dir() {
                // A directory that cannot be read holds nothing the model could have loaded.
                let entries = fs::read_dir(&path).into_iter().flatten().flatten();
                waiting.extend(entries.filter_map(|entry| {
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    let followed = entry.file_type().is_ok_and(|kind| !kind.is_symlink());
                    (followed && name != "__pycache__" && !name.starts_with('.'))
                        .then(|| entry.path())
                }));
            } else {
                found.push((path.clone(), state(&path).ok()));
            }
        }
        Self { files: found }
    }

    /// The first file that is not what it was.
    pub(crate) fn changed(&self) -> Option<&Path> {
        self.files
            .iter()
            .find(|(path, before)| state(path).ok() != *before)
            .map(|(path, _)| path.as_path())
    }
}

fn state(path: &Path) -> io::Result<State> {
    let metadata = fs::metadata(path)?;
    Ok((metadata.len(), metadata.modified().ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_are_seen_and_new_files_are_not() {
        let directory = tempfile::tempdir().unwrap();
        let inner = directory.path().join("inner");
        fs::create_dir(&inner).unwrap();
        let weights = inner.join("weights.bin");
        fs::write(&weights, "1").unwrap();
        let print = Fingerprint::take([directory.path()].into_iter());
        fs::write(directory.path().join("new.log"), "x").unwrap();
        assert_eq!(print.changed(), None);
        fs::write(&weights, "22").unwrap();
        assert_eq!(print.changed(), Some(weights.as_path()));
        let print = Fingerprint::take([&*weights].into_iter());
        assert_eq!(print.changed(), None);
        fs::remove_file(&weights).unwrap();
        assert_eq!(print.changed(), Some(weights.as_path()));
    }
}
