//! How the machine takes bytes from its source: every length is checked against what is left, so a
//! lie costs an error, never memory.

use super::Machine;
use crate::error::{Error, ErrorKind};
use crate::graph::Span;

impl Machine<'_> {
    pub(crate) fn take_u8(&mut self, what: &str) -> Result<u8, Error> {
        let byte = *self.source.get(self.at).ok_or_else(|| Error::truncated(what))?;
        self.at += 1;
        Ok(byte)
    }

    pub(crate) fn take_array<const N: usize>(&mut self, what: &str) -> Result<[u8; N], Error> {
        let rest = self.source.get(self.at..).unwrap_or_default();
        let bytes = *rest.first_chunk().ok_or_else(|| Error::truncated(what))?;
        self.at += N;
        Ok(bytes)
    }

    /// A little-endian length of `width` bytes.
    pub(crate) fn take_len(&mut self, width: usize, what: &str) -> Result<usize, Error> {
        let mut bytes = [0; 8];
        for byte in &mut bytes[..width] {
            *byte = self.take_u8(what)?;
        }
        usize::try_from(u64::from_le_bytes(bytes))
            .map_err(|_| Error::malformed(format!("{what} is longer than memory")))
    }

    /// The next `len` bytes, left where they are.
    pub(crate) fn take_span(&mut self, len: usize, what: &str) -> Result<Span, Error> {
        let span = self.graph.span(self.buffer, self.at, len);
        let span = span.ok_or_else(|| {
            let left = self.source.len() - self.at;
            let message = format!("{what} claims {len} bytes, the file has {left} left");
            Error::new(ErrorKind::Truncated, message)
        })?;
        self.at += len;
        Ok(span)
    }

    /// The bytes up to the next line end, which is skipped.
    pub(crate) fn take_line(&mut self, what: &str) -> Result<&[u8], Error> {
        let rest = &self.source[self.at..];
        let len = rest.iter().position(|b| *b == b'\n').ok_or_else(|| Error::truncated(what))?;
        self.at += len + 1;
        Ok(&rest[..len])
    }
}
