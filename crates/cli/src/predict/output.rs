//! Where the answers go: standard output, or a file that is there whole or not at all.

use std::fs::Permissions;
use std::io::{self, Stdout, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use pelton_core::system_words;
use tempfile::NamedTempFile;

/// An output that takes bytes.
pub(crate) enum Output {
    Stdout(Stdout),
    /// A pipe or a device: written as it comes.
    Stream(std::fs::File),
    /// A file beside the one that is wanted, renamed at the end and removed if that never comes.
    File(Box<NamedTempFile>, PathBuf),
}

impl Output {
    /// # Errors
    /// When it cannot be written, naming it.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, String> {
        let Some(path) = path else { return Ok(Self::Stdout(io::stdout())) };
        let about = |error: io::Error| about(path, &error);
        if path.is_dir() {
            return Err(format!("--output: {} is a directory", path.display()));
        }
        if path.exists() && !path.is_file() {
            return std::fs::File::options()
                .write(true)
                .open(path)
                .map(Self::Stream)
                .map_err(about);
        }
        // A link stays one: what it points to is replaced.
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let directory = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent,
            _ => Path::new("."),
        };
        let file = tempfile::Builder::new()
            .prefix(".pelton-")
            .suffix(".part")
            // What any new file may have; the umask takes from it.
            .permissions(Permissions::from_mode(0o666))
            .tempfile_in(directory)
            .map_err(about)?;
        Ok(Self::File(Box::new(file), path))
    }

    /// Makes the file what it is to be.
    ///
    /// # Errors
    /// When it cannot be.
    pub(crate) fn keep(self) -> Result<(), String> {
        match self {
            Self::Stdout(_) | Self::Stream(_) => Ok(()),
            Self::File(file, path) => {
                file.persist(&path).map(|_| ()).map_err(|error| about(&path, &error.error))
            }
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Stdout(output) => output.write(bytes),
            Self::Stream(output) => output.write(bytes),
            Self::File(output, _) => output.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Stdout(output) => output.flush(),
            Self::Stream(output) => output.flush(),
            Self::File(output, _) => output.flush(),
        }
    }
}

fn about(path: &Path, error: &io::Error) -> String {
    format!("--output: {} cannot be written: {}", path.display(), system_words(error))
}
