//! Zip archives, entry by entry: stored entries stay where they are, folded ones are unfolded to a
//! bounded size. The `zip` crate reads the directory; bytes are handed out by name alone, so no path
//! in an archive ever touches the file system.

use std::io::Cursor;

use bytes::Bytes;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use crate::compression;
use crate::error::Error;
use crate::graph::{Graph, Span};

/// What an archive's directory spends on an entry, at least.
const DIRECTORY_ENTRY_BYTES: usize = 46;

pub(crate) struct Archive {
    zip: ZipArchive<Cursor<Bytes>>,
    /// The buffer that the archive is, and its place there.
    buffer: u32,
    start: usize,
}

impl Archive {
    /// Opens the archive that a range of a buffer is.
    pub(crate) fn open(graph: &mut Graph, span: Span) -> Result<Self, Error> {
        graph.budget.spend(span.len / DIRECTORY_ENTRY_BYTES)?;
        let bytes = graph.buffer(span.buffer).slice(span.start..span.start + span.len);
        let zip = ZipArchive::new(Cursor::new(bytes)).map_err(refusal)?;
        let limits = &graph.budget.limits;
        if zip.len() > limits.max_zip_entries {
            return Err(Error::limit(format!(
                "the archive has {} entries, more than {} (max_zip_entries)",
                zip.len(),
                limits.max_zip_entries
            )));
        }
        Ok(Self { zip, buffer: span.buffer, start: span.start })
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.zip.file_names()
    }

    /// The bytes of an entry, at most `most` of them.
    pub(crate) fn entry(
        &mut self,
        graph: &mut Graph,
        name: &str,
        most: u64,
    ) -> Result<Span, Error> {
        let file = self.zip.by_name(name).map_err(|error| match error {
            ZipError::FileNotFound => Error::malformed(format!("the archive lacks '{name}'")),
            error => refusal(error),
        })?;
        if file.compression() == CompressionMethod::Stored {
            let start = file.data_start().and_then(|start| usize::try_from(start).ok());
            let len = usize::try_from(file.size()).ok();
            let span = start.zip(len).and_then(|(start, len)| {
                graph.span(self.buffer, self.start.checked_add(start)?, len)
            });
            return match span {
                Some(span) if span.len as u64 <= most => Ok(span),
                Some(_) => Err(Error::limit(format!("'{name}' has more than {most} bytes"))),
                None => Err(Error::truncated(&format!("the entry '{name}'"))),
            };
        }
        // An entry that unfolds to nothing takes time too.
        let folded = file.compressed_size();
        let left = graph.budget.unfold_left.saturating_sub(folded);
        let bytes = compression::drain(file, most.min(left), "zip")?;
        graph.budget.unfold_left = left - bytes.len() as u64;
        let len = bytes.len();
        let buffer = graph.add_buffer(bytes.into());
        Ok(Span { buffer, start: 0, len })
    }
}

fn refusal(error: ZipError) -> Error {
    match error {
        ZipError::UnsupportedArchive(what) => Error::unsupported(format!("the archive: {what}")),
        error => Error::malformed(format!("the archive is damaged: {error}")),
    }
}
