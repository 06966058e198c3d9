//! The Python side of the workers, carried in the binary and written out for the interpreter.
//!
//! So a model's environment needs nothing of Pelton's installed, and both sides of the protocol are
//! always of one version.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::fs::FlockOperation;
use tempfile::TempDir;

macro_rules! sources {
    ($($path:literal),* $(,)?) => {
        &[$(($path, include_str!(concat!("../../../python/", $path)))),*]
    };
}

const SOURCES: &[(&str, &str)] = sources![
    "run_worker.py",
    "pelton/__init__.py",
    "pelton/golden.py",
    "pelton/model.py",
    "pelton/worker/__init__.py",
    "pelton/worker/adapters.py",
    "pelton/worker/answers.py",
    "pelton/worker/categories.py",
    "pelton/worker/columns.py",
    "pelton/worker/errors.py",
    "pelton/worker/estimator.py",
    "pelton/worker/frames.py",
    "pelton/worker/loading.py",
    "pelton/worker/main.py",
    "pelton/worker/metadata.py",
    "pelton/worker/own_files.py",
    "pelton/worker/pieces.py",
    "pelton/worker/probe.py",
    "pelton/worker/process.py",
    "pelton/worker/rows.py",
    "pelton/worker/tensors.py",
];

const PREFIX: &str = "pelton-";
/// Locked for as long as its directory is used.
const LOCK: &str = "lock";
/// A directory younger than this may not have its lock yet.
const MIN_STALE_AGE: Duration = Duration::from_mins(1);

/// The sources in a private directory, which goes when this is dropped.
///
/// Machines clear their directory for temporary files of what is old, and a server may run for
/// months before it replaces a worker: what is gone is then written again, elsewhere.
#[derive(Debug)]
pub(crate) struct Package {
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    directory: TempDir,
    /// Device and inode: another directory of this name is not ours, and code is run from it.
    identity: (u64, u64),
    _lock: File,
}

impl Package {
    /// Writes the sources out. Directories that killed servers have left behind are removed.
    pub(crate) fn write() -> io::Result<Self> {
        remove_stale(&std::env::temp_dir(), MIN_STALE_AGE);
        Ok(Self { written: Mutex::new(Written::write()?) })
    }

    /// The script that starts a worker.
    pub(crate) fn script(&self) -> io::Result<PathBuf> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if !written.is_whole() {
            *written = Written::write()?;
        }
        Ok(written.directory.path().join("run_worker.py"))
    }
}

impl Written {
    fn write() -> io::Result<Self> {
        // Code is run from it, so nobody else may write there.
        let directory = tempfile::Builder::new()
            .prefix(PREFIX)
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()?;
        let lock = File::create(directory.path().join(LOCK))?;
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        for (path, source) in SOURCES {
            let target = directory.path().join(path);
            fs::create_dir_all(target.parent().expect("every source lies in the directory"))?;
            fs::write(target, source)?;
        }
        let identity = identity(directory.path())?;
        Ok(Self { directory, identity, _lock: lock })
    }

    fn is_whole(&self) -> bool {
        let directory = self.directory.path();
        identity(directory).is_ok_and(|identity| identity == self.identity)
            && SOURCES.iter().all(|(path, _)| directory.join(path).exists())
    }
}

fn identity(directory: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(directory)?;
    Ok((metadata.dev(), metadata.ino()))
}

/// Removes directories whose server is gone: their lock is free.
fn remove_stale(parent: &Path, min_age: Duration) {
    // What cannot be read or removed belongs to somebody else, or goes another time.
    let entries = fs::read_dir(parent).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PREFIX)) {
        let path = entry.path();
        let Ok(lock) = File::open(path.join(LOCK)) else { continue };
        let age = lock.metadata().and_then(|metadata| metadata.modified()).map(|at| at.elapsed());
        let old = matches!(age, Ok(Ok(age)) if age >= min_age);
        if old
            && path.join("run_worker.py").exists()
            && rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_ok()
        {
            let _ = fs::remove_dir_all(&path);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_source_of_the_worker_is_carried() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../python");
        let worker = root.join("pelton/worker");
        for entry in fs::read_dir(&worker).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if Path::new(&name).extension().is_some_and(|end| end == "py") {
                let path = format!("pelton/worker/{name}");
                assert!(
                    SOURCES.iter().any(|(carried, _)| *carried == path),
                    "{path} is missing in SOURCES"
                );
            }
        }
    }

    #[test]
    fn the_directory_is_private_and_goes_away() {
        let package = Package::write().unwrap();
        let script = package.script().unwrap();
        let directory = script.parent().unwrap().to_owned();
        let mode = fs::metadata(&directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(script.exists());
        drop(package);
        assert!(!directory.exists());
    }

    #[test]
    fn what_was_cleared_away_is_written_again() {
        let package = Package::write().unwrap();
        let first = package.script().unwrap();
        assert_eq!(package.script().unwrap(), first);
        let module = first.parent().unwrap().join("pelton/worker/rows.py");
        fs::remove_file(module).unwrap();
        let second = package.script().unwrap();
        assert!(second != first && second.parent().unwrap().join("pelton/worker/rows.py").exists());
        // Somebody else's directory of the same name is not run.
        let directory = second.parent().unwrap();
        fs::rename(directory, directory.with_extension("moved")).unwrap();
        fs::create_dir(directory).unwrap();
        assert!(package.script().unwrap() != second);
        fs::remove_dir_all(directory.with_extension("moved")).unwrap();
    }

    #[test]
    fn what_a_killed_server_left_is_removed_and_what_is_used_is_not() {
        let parent = tempfile::tempdir().unwrap();
        let package = |name: &str| {
            let path = parent.path().join(name);
            fs::create_dir(&path).unwrap();
            fs::write(path.join("run_worker.py"), "").unwrap();
            (File::create(path.join(LOCK)).unwrap(), path)
        };
        let (_, stale) = package("pelton-stale");
        let (_, other) = package("other-stale");
        let (lock, used) = package("pelton-used");
        rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
        remove_stale(parent.path(), MIN_STALE_AGE);
        assert!(stale.exists(), "too young");
        remove_stale(parent.path(), Duration::ZERO);
        assert!(!stale.exists() && other.exists() && used.exists());
    }
}
