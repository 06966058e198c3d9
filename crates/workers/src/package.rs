//! The Python side of the workers, carried in the binary and written out for the interpreter.
//!
//! So a model's environment needs nothing of Pelton's installed, and both sides of the protocol are
//! always of one version.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

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

/// The sources in a private directory, which goes when this is dropped.
#[derive(Debug)]
pub(crate) struct Package {
    directory: TempDir,
}

impl Package {
    /// Writes the sources out.
    pub(crate) fn write() -> io::Result<Self> {
        // Code is run from it, so nobody else may write there.
        let directory = tempfile::Builder::new()
            .prefix("pelton-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir()?;
        for (path, source) in SOURCES {
            let target = directory.path().join(path);
            fs::create_dir_all(target.parent().expect("every source lies in the directory"))?;
            fs::write(target, source)?;
        }
        Ok(Self { directory })
    }

    /// The script that starts a worker.
    pub(crate) fn script(&self) -> PathBuf {
        self.directory.path().join("run_worker.py")
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

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
}
