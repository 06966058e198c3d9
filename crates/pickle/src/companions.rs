//! The files beside a model that belong to it: joblib before 0.10 keeps each array in one.
//!
//! A model names them, and a model may be hostile: only plain names with joblib's endings are asked
//! for, each once, within a bound of bytes, and only of a source that the caller gave. Must not know
//! what is in them.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use bytes::Bytes;

use crate::error::{Error, ErrorKind};
use crate::graph::Id;

/// Where the files beside a model are to be had.
///
/// Asked only for plain names: no separators, no `..`, an ending that joblib gives.
pub trait Companions {
    /// The content of the file of this name, `None` where there is no such file. A file of more than
    /// `most` bytes is an error, and is not to be read.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn content(&self, name: &str, most: u64) -> io::Result<Option<Bytes>>;
}

/// The folder that a model's file is in: its companions are there, as joblib has it.
///
/// ```no_run
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use pelton_pickle::{Document, Folder, Limits};
/// let path = std::path::Path::new("models/old.pkl");
/// let bytes = std::fs::read(path)?;
/// let document = Document::read_beside(bytes, &Folder::of(path), &Limits::default())?;
/// println!("{:?} belong to it", document.companions());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder(PathBuf);

impl Folder {
    /// The folder of the model at this path.
    pub fn of(model: &Path) -> Self {
        Self(model.parent().map(Path::to_owned).unwrap_or_default())
    }
}

impl Companions for Folder {
    fn content(&self, name: &str, most: u64) -> io::Result<Option<Bytes>> {
        let path = self.0.join(name);
        let metadata = match fs::metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            metadata => metadata?,
        };
        // Whatever else has the name: opening a pipe would wait for its other end.
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a file"));
        }
        let mut bytes = Vec::new();
        File::open(&path)?.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most {
            return Err(io::Error::new(
                io::ErrorKind::FileTooLarge,
                format!("it has more than {most} bytes (max_companion_bytes)"),
            ));
        }
        Ok(Some(bytes.into()))
    }
}

/// The companions of the document that is being read: those asked for so far, and what may be asked
/// for yet.
pub(crate) struct Beside<'c> {
    source: Option<&'c dyn Companions>,
    /// Bytes that companions may take from here on, unfolded ones included.
    left: u64,
    /// What was made of each, so that a model that names one a million times has it read once.
    held: HashMap<String, Held>,
    /// Their names, in the order they were met.
    names: Vec<String>,
    bytes: usize,
}

/// What a companion holds.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Held {
    /// An array.
    Array(Id),
    /// A buffer with the bytes of an array.
    Bytes(u32),
}

impl<'c> Beside<'c> {
    /// Nothing beside: for documents that are only bytes.
    pub(crate) fn none() -> Self {
        Self { source: None, left: 0, held: HashMap::new(), names: Vec::new(), bytes: 0 }
    }

    /// What this source has, within `most` bytes.
    pub(crate) fn new(source: &'c dyn Companions, most: u64) -> Self {
        Self { source: Some(source), left: most, ..Self::none() }
    }

    /// What a companion held, if it was read before.
    pub(crate) fn known(&self, name: &str) -> Option<Held> {
        self.held.get(name).copied()
    }

    /// The content of a companion that was not read before.
    pub(crate) fn content(&mut self, name: &str, ending: &str) -> Result<Bytes, Error> {
        if !is_plain(name) || !name.ends_with(ending) {
            return Err(Error::malformed(format!(
                "an array is said to be in the file {name:?}, which is no name that joblib gives"
            )));
        }
        let wrong = |why: String| Error::new(ErrorKind::Companion, why);
        let Some(source) = self.source else {
            return Err(wrong(format!(
                "the array '{name}' is in a file of its own, as joblib before 0.10 saved models, \
                 and only the model's bytes were given; give the folder as well, or save the model \
                 again with a newer joblib"
            )));
        };
        match source.content(name, self.left) {
            Ok(Some(bytes)) => {
                self.spend(bytes.len())?;
                self.names.push(name.to_owned());
                self.bytes = self.bytes.saturating_add(bytes.len());
                Ok(bytes)
            }
            Ok(None) => Err(wrong(format!(
                "the array '{name}' is in a file of its own, as joblib before 0.10 saved models, \
                 and there is no such file beside the model; copy all its .npy files there, by the \
                 names they were saved with"
            ))),
            Err(error) => Err(wrong(format!("'{name}' beside the model cannot be read: {error}"))),
        }
    }

    /// Bytes that what a companion holds may unfold to.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Counts bytes that a companion unfolded to, or has.
    pub(crate) fn spend(&mut self, bytes: usize) -> Result<(), Error> {
        let left = self.left.checked_sub(bytes as u64);
        self.left = left.ok_or_else(|| {
            Error::limit("the files beside the model are too large (max_companion_bytes)")
        })?;
        Ok(())
    }

    /// Remembers what a companion held.
    pub(crate) fn keep(&mut self, name: &str, held: Held) {
        self.held.insert(name.to_owned(), held);
    }

    /// Names of what was read, and the bytes of all.
    pub(crate) fn into_read(self) -> (Vec<String>, usize) {
        (self.names, self.bytes)
    }
}

/// Whether it names a file of a folder and nothing else, on any system.
fn is_plain(name: &str) -> bool {
    let mut parts = Path::new(name).components();
    let one = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    one && name.len() <= 255 && !name.contains(['/', '\\', ':', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_names_are_names() {
        for name in ["model.pkl_01.npy", "a b.npy", "..npy", "é.npy"] {
            assert!(is_plain(name), "{name}");
        }
        for name in
            ["", ".", "..", "/a.npy", "a/b.npy", "../a.npy", "a\\b.npy", "C:a.npy", "a\0.npy"]
        {
            assert!(!is_plain(name), "{name}");
        }
    }

    #[test]
    fn a_folder_gives_files_within_a_bound() {
        let folder = std::env::temp_dir().join(format!("pelton-companions-{}", std::process::id()));
        fs::create_dir_all(folder.join("folder.npy")).expect("a folder");
        fs::write(folder.join("a.npy"), b"12345").expect("a file");
        let beside = Folder::of(&folder.join("model.pkl"));
        assert_eq!(beside.content("a.npy", 5).expect("read").as_deref(), Some(&b"12345"[..]));
        assert!(beside.content("a.npy", 4).is_err());
        assert!(beside.content("folder.npy", 99).is_err());
        assert_eq!(beside.content("b.npy", 5).expect("read"), None);
        fs::remove_dir_all(folder).expect("removed");
    }
}
