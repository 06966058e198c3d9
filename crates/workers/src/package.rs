//! The Python side of the workers, carried in the binary and written out for the interpreter.
//!
//! So a model's environment needs nothing of Pelton's installed, and both sides of the protocol are
//! always of one version.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
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
    "pelton/worker/probe.py",
    "pelton/worker/process.py",
    "pelton/worker/rows.py",
    "pelton/worker/tensors.py",
];

const PREFIX: &str = "pelton-";
/// Locked for as long as its directory is used.
const LOCK: &str = "lock";
/// A directory younger than this may not have its lock yet.
const MIN_STALE_AGE: Duration = Duration::from_secs(60);

/// The sources in a private directory, which goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Package {
    directory: TempDir,
    _lock: File,
}

impl Package {
    /// Writes the sources out. Directories that killed servers have left behind are removed.
    pub(crate) fn write() -> io::Result<Self> {
        remove_stale(&std::env::temp_dir(), MIN_STALE_AGE);
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
        Ok(Self { directory, _lock: lock })
    }

    /// The script that starts a worker.
    pub(crate) fn script(&self) -> PathBuf {
        self.directory.path().join("run_worker.py")
    }
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
        let script = package.script();
        let directory = script.parent().unwrap().to_owned();
        let mode = fs::metadata(&directory).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(script.exists());
        drop(package);
        assert!(!directory.exists());
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
