//! Unfolding of compressed files: zlib, gzip, bzip2, xz, lzma and lz4, each to a bounded size.
//!
//! Libraries of choice, all in Rust: `flate2` on zlib-rs, `bzip2` on libbz2-rs-sys, `lzma-rust2`
//! (it bounds the dictionary's memory), `lz4_flex`.

use std::fmt;
use std::io::{self, Read};

use bzip2::read::MultiBzDecoder;
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use lz4_flex::frame::FrameDecoder;
use lzma_rust2::{LzmaReader, XzReader};

use crate::error::Error;
use crate::limits::Limits;
use crate::zfile;

/// How a file is compressed, by its first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Compression {
    /// zlib, joblib's default.
    Zlib,
    /// zlib in a frame that joblib before 0.10 put around it.
    ZFile,
    /// gzip, also of several members.
    Gzip,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
    /// The older `.lzma` form.
    Lzma,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// Recognises a compressed file.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            _ if bytes.starts_with(zfile::MARK) => Some(Self::ZFile),
            [0x78, flags, ..] if (0x7800 + u16::from(*flags)) % 31 == 0 => Some(Self::Zlib),
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => Some(Self::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x5d, 0, 0, ..] => Some(Self::Lzma),
            [0x04, 0x22, 0x4d, 0x18, ..] => Some(Self::Lz4),
            _ => None,
        }
    }

    /// The bytes that `bytes` unfold to.
    pub(crate) fn unfold(self, bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, Error> {
        let dictionary_kib =
            u32::try_from(limits.max_dictionary_bytes >> 10).unwrap_or(u32::MAX - 1);
        let most = limits.decompressed(bytes.len());
        match self {
            Self::Zlib => drain(ZlibDecoder::new(bytes), most, self),
            Self::ZFile => unfold_zfile(bytes, most),
            Self::Gzip => drain(MultiGzDecoder::new(bytes), most, self),
            Self::Bzip2 => drain(MultiBzDecoder::new(bytes), most, self),
            Self::Xz => drain(XzReader::new_mem_limit(bytes, true, dictionary_kib), most, self),
            Self::Lzma => {
                let reader = LzmaReader::new_mem_limit(bytes, dictionary_kib, None);
                drain(reader.map_err(|error| refusal(self, &error))?, most, self)
            }
            Self::Lz4 => drain(FrameDecoder::new(bytes), most, self),
        }
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zlib => "zlib",
            Self::ZFile => "zlib (ZF)",
            Self::Gzip => "gzip",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
            Self::Lzma => "lzma",
            Self::Lz4 => "lz4",
        })
    }
}

/// joblib's old frame: what it tells of its length must be so.
fn unfold_zfile(bytes: &[u8], most: u64) -> Result<Vec<u8>, Error> {
    let what = Compression::ZFile;
    let (length, data) = zfile::framed(bytes)
        .ok_or_else(|| Error::malformed(format!("the {what} data does not tell its length")))?;
    let unfolded = drain(ZlibDecoder::new(data), most, what)?;
    if unfolded.len() as u64 == length {
        return Ok(unfolded);
    }
    Err(Error::malformed(format!(
        "the {what} data unfolds to {} bytes, not to {length} as it says",
        unfolded.len()
    )))
}

/// Reads all of `from`, at most `most` bytes.
pub(crate) fn drain(
    from: impl Read,
    most: u64,
    what: impl fmt::Display + Copy,
) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::new();
    from.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| refusal(what, &error))?;
    if bytes.len() as u64 > most {
        return Err(Error::limit(format!(
            "the {what} data unfolds to more than {most} bytes (max_decompressed_bytes, \
             max_decompression_ratio)"
        )));
    }
    Ok(bytes)
}

fn refusal(what: impl fmt::Display, error: &io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => Error::truncated(&format!("its {what} data")),
        io::ErrorKind::OutOfMemory => Error::limit(format!(
            "the {what} data wants a larger dictionary than is allowed (max_dictionary_bytes)"
        )),
        _ => Error::malformed(format!("the {what} data is damaged: {error}")),
    }
}
