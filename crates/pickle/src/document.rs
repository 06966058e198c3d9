//! A whole file, read: what it is, its root, the names it would import.

use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;

use crate::companions::{Beside, Companions};
use crate::compression::Compression;
use crate::content::Content;
use crate::error::{Error, ErrorKind};
use crate::graph::{Graph, Id, Node, Span};
use crate::kind::Class;
use crate::limits::Limits;
use crate::value::{Origin, Step, Value};
use crate::{machine, npy, skops};

/// A model file as plain data. It owns the file's bytes; values and arrays borrow from it, from as
/// many threads as you like.
#[derive(Debug)]
pub struct Document {
    pub(crate) graph: Graph,
    pub(crate) root: Id,
    info: Info,
    companions: Vec<String>,
    /// Bytes copied out of it so far.
    copied: AtomicU64,
}

/// What a file is, as far as its bytes tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Info {
    /// Its format.
    pub format: Format,
    /// How it is compressed as a whole.
    pub compression: Option<Compression>,
    /// The protocol of pickle or skops.
    pub protocol: Option<u8>,
    /// Bytes of the file.
    pub file_bytes: usize,
    /// Bytes it unfolds to; the same when it is not compressed.
    pub unfolded_bytes: usize,
    /// Bytes of the files beside it that belong to it, as they are on disk.
    pub companion_bytes: usize,
    /// Values in the object graph.
    pub values: usize,
    /// Bytes behind the end of the pickle or npy, which Python ignores too: another pickle, maybe.
    pub trailing_bytes: usize,
}

/// The formats this crate reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// A pickle, protocol 0 to 5.
    Pickle,
    /// A pickle with joblib's arrays in it.
    Joblib,
    /// skops.
    Skops,
    /// numpy's npy.
    Npy,
}

impl Document {
    /// Reads a file with the default [`Limits`]. The format is told from its content. The bytes are
    /// kept, not copied: a `Vec`, or a mapped file by [`Bytes::from_owner`].
    ///
    /// # Errors
    /// [`ErrorKind::NotAModel`] for anything but a pickle, joblib, skops or npy file, saying what it
    /// is instead; otherwise what is wrong with the file and at which byte.
    pub fn read(bytes: impl Into<Bytes>) -> Result<Self, Error> {
        Self::read_within(bytes, &Limits::default())
    }

    /// Reads a file within other limits.
    ///
    /// # Errors
    /// As [`Document::read`].
    pub fn read_within(bytes: impl Into<Bytes>, limits: &Limits) -> Result<Self, Error> {
        Self::read_any(bytes.into(), Beside::none(), limits)
    }

    /// Reads a file that may have others beside it, as models of joblib before 0.10 do: each array
    /// that such a model keeps in a file of its own is asked of `companions`, by its plain name.
    ///
    /// # Errors
    /// As [`Document::read`], and [`ErrorKind::Companion`] naming the file beside it that is not
    /// there or is not what it should be.
    pub fn read_beside(
        bytes: impl Into<Bytes>,
        companions: &dyn Companions,
        limits: &Limits,
    ) -> Result<Self, Error> {
        Self::read_any(bytes.into(), Beside::new(companions, limits.max_companion_bytes), limits)
    }

    fn read_any(file: Bytes, beside: Beside<'_>, limits: &Limits) -> Result<Self, Error> {
        let file_bytes = file.len();
        let Content::Compressed(compression) = Content::of(&file) else {
            return Self::read_plain(&file, beside, limits, file_bytes, None);
        };
        let unfolded = compression.unfold(&file, limits)?;
        drop(file);
        Self::read_plain(&unfolded.into(), beside, limits, file_bytes, Some(compression))
    }

    fn read_plain(
        bytes: &Bytes,
        beside: Beside<'_>,
        limits: &Limits,
        file_bytes: usize,
        compression: Option<Compression>,
    ) -> Result<Self, Error> {
        let content = Content::of(bytes);
        let unfolded_bytes = bytes.len();
        let mut graph = Graph::new(*limits);
        graph.budget.unfold_left = limits.decompressed(unfolded_bytes);
        let buffer = graph.add_buffer(bytes.clone());
        let mut companions = (Vec::new(), 0);
        let (format, root, end, protocol) = match content {
            Content::Pickle => {
                let outcome = machine::read(&mut graph, beside, buffer, 0, 0)
                    .map_err(|error| doubt(error, bytes))?;
                companions = outcome.companions;
                let format =
                    if outcome.has_joblib_arrays { Format::Joblib } else { Format::Pickle };
                (format, outcome.root, outcome.end, Some(outcome.protocol))
            }
            Content::Npy => {
                let (root, end) = npy::read(&mut graph, buffer, 0, unfolded_bytes)?;
                (Format::Npy, root, end, None)
            }
            Content::Zip => {
                let span = Span { buffer, start: 0, len: unfolded_bytes };
                let (root, protocol) = skops::read(&mut graph, span)?;
                (Format::Skops, root, unfolded_bytes, Some(protocol))
            }
            other => return Err(foreign(other, compression)),
        };
        let info = Info {
            format,
            compression,
            protocol,
            file_bytes,
            unfolded_bytes,
            companion_bytes: companions.1,
            values: graph.len(),
            trailing_bytes: unfolded_bytes - end,
        };
        Ok(Self { graph, root, info, companions: companions.0, copied: AtomicU64::new(0) })
    }

    /// The object that was saved.
    pub fn root(&self) -> Value<'_> {
        let origin = Origin { parent: self.root, step: Step::Root };
        Value { doc: self, id: self.root, origin }
    }

    /// Counts bytes that are copied out of it, or what was made for a value of it beside them.
    ///
    /// # Errors
    /// [`ErrorKind::Limit`] when they are more than [`Limits::max_copies`] allows.
    pub(crate) fn copy_out(&self, bytes: usize) -> Result<(), Error> {
        let before = self.copied.fetch_add(bytes as u64, Ordering::Relaxed);
        let most = self.graph.budget.limits.copies(self.graph.buffered());
        if before.saturating_add(bytes as u64) <= most {
            return Ok(());
        }
        Err(Error::limit(format!(
            "what is in the file is used so often that {most} bytes do not hold it (max_copies)"
        )))
    }

    /// What the file is.
    pub fn info(&self) -> Info {
        self.info
    }

    /// Names of the files beside it that belong to it and were read, in the order they were met.
    pub fn companions(&self) -> &[String] {
        &self.companions
    }

    /// Every class and function the file names, each once, in the file's order: what Python would
    /// import to load it, and might call. Whether a name is harmless is the reader's judgement.
    pub fn globals(&self) -> Vec<Class<'_>> {
        let mut seen = HashSet::new();
        let nodes = (0..self.graph.len() as Id).filter_map(|id| match self.graph.node(id) {
            Node::Global { .. } => self.graph.global(id),
            _ => None,
        });
        nodes
            .filter(|name| seen.insert(*name))
            .map(|(module, name)| Class { module, name })
            .collect()
    }
}

/// A file without a mark of its own that fails at once was no pickle to begin with.
fn doubt(error: Error, bytes: &[u8]) -> Error {
    let has_mark = bytes.first() == Some(&0x80);
    let fails_at_once = error.offset().is_some_and(|offset| offset < 16);
    let is_refusal = matches!(error.kind(), ErrorKind::Malformed | ErrorKind::Truncated);
    if has_mark || !fails_at_once || !is_refusal {
        return error;
    }
    let head = &bytes[..bytes.len().min(256)];
    let is_text = head.iter().all(|b| matches!(b, b'\t' | b'\n' | b'\r' | b' '..=b'~' | 0x80..));
    let what = if is_text { "text" } else { "of no known format" };
    Error::new(
        ErrorKind::NotAModel,
        format!("the file is {what}, not a pickle, joblib, skops or npy file"),
    )
}

fn foreign(content: Content, compression: Option<Compression>) -> Error {
    let what = content.describe();
    let message = match compression {
        Some(outer) => format!("the file is {outer} data that unfolds to something else: {what}"),
        None => format!("the file is {what}"),
    };
    Error::new(ErrorKind::NotAModel, message)
}
