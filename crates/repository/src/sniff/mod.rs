//! What a file is, by its bytes: a bounded look that runs nothing, whatever the file's name says.

mod pickle;
mod protobuf;
mod zip;

use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::format::{Alien, Compression, Content, Format};
use pickle::Pickle;

/// Bytes read from the beginning of a file, and bytes inflated from a compressed one.
pub const HEAD_BYTES: usize = 64 * 1024;

/// A Git LFS pointer is smaller than this by its specification.
const POINTER_BYTES_MAX: u64 = 1024;

/// Decides what `reader`, of `length` bytes, is.
///
/// # Errors
/// When reading fails.
///
/// # Example
/// ```
/// use pelton_repository::{Content, Format, sniff};
/// let bytes = b"\x80\x04N."; // pickle.dumps(None)
/// let content = sniff(&mut std::io::Cursor::new(bytes), bytes.len() as u64).unwrap();
/// assert_eq!(content, Content::Model(Format::Pickle { protocol: 4 }));
/// ```
pub fn sniff(reader: &mut (impl Read + Seek), length: u64) -> io::Result<Content> {
    reader.seek(SeekFrom::Start(0))?;
    let mut head = Vec::new();
    reader.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    // The file may have changed since its length was taken; what was read counts.
    let length = length.max(head.len() as u64);
    let whole = head.len() as u64 == length;
    if head.is_empty() {
        return Ok(Content::Alien(Alien::Empty));
    }
    if head.starts_with(b"PK\x03\x04") {
        return Ok(archive(&zip::entry_names(reader, length)?));
    }
    Ok(by_magic(&head)
        .or_else(|| pointer(&head, length))
        .or_else(|| compressed(&head))
        .or_else(|| pickled(&head, whole))
        .or_else(|| library(&head))
        .or_else(|| structured(&head, length))
        .unwrap_or(Content::Alien(Alien::Unknown)))
}

fn by_magic(head: &[u8]) -> Option<Content> {
    let alien = match head {
        [0x89, b'H', b'D', b'F', b'\r', b'\n', 0x1a, b'\n', ..] => Alien::KerasHdf5,
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Alien::NumpyArray,
        [b'P', b'A', b'R', b'1', ..] => Alien::Parquet,
        [b'b', b'i', b'n', b'f', ..] => Alien::OldXgboost,
        [b'Z', b'F', b'0', b'x', ..] => Alien::OldJoblib,
        [b'C', b'B', b'M', b'1', ..] => return Some(Content::Model(Format::Catboost)),
        _ => return None,
    };
    Some(Content::Alien(alien))
}

fn pointer(head: &[u8], length: u64) -> Option<Content> {
    if length > POINTER_BYTES_MAX {
        return None;
    }
    let text = std::str::from_utf8(head).ok()?;
    if text.starts_with("version https://git-lfs") || text.starts_with("version https://hawser") {
        let size = text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse().ok());
        return Some(Content::Alien(Alien::GitLfsPointer { size }));
    }
    text.starts_with("/annex/objects/").then_some(Content::Alien(Alien::GitAnnexPointer))
}

/// gzip and zlib are cheap to look into, and their magic numbers are short; the others are judged
/// by their headers, and the worker finds out what is inside.
fn compressed(head: &[u8]) -> Option<Content> {
    let joblib = |compression| Content::Model(Format::Joblib { compression: Some(compression) });
    match head {
        [0x1f, 0x8b, 8, ..] => Some(inside(Compression::Gzip, MultiGzDecoder::new(head))),
        // CMF and FLG as a big-endian number are a multiple of 31.
        [0x78, flags, ..] if (0x7800 + u16::from(*flags)).is_multiple_of(31) => {
            match inside(Compression::Zlib, ZlibDecoder::new(head)) {
                Content::Alien(Alien::Unknown) => None,
                content => Some(content),
            }
        }
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => {
            Some(joblib(Compression::Bzip2))
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(joblib(Compression::Xz)),
        [0x5d, 0, 0, _, _, size @ ..] if is_lzma_size(size) => Some(joblib(Compression::Lzma)),
        [0x04, 0x22, 0x4d, 0x18, ..] => Some(joblib(Compression::Lz4)),
        _ => None,
    }
}

/// What the compressed bytes hold. `Unknown` when they do not inflate at all.
fn inside(compression: Compression, decoder: impl Read) -> Content {
    let mut bytes = Vec::new();
    // The input is cut at HEAD_BYTES, so an unexpected end is the normal case; what was inflated
    // before it counts.
    let outcome = decoder.take(HEAD_BYTES as u64).read_to_end(&mut bytes);
    if bytes.is_empty() && outcome.is_err() && compression == Compression::Zlib {
        return Content::Alien(Alien::Unknown);
    }
    match pickle::recognise(&bytes, false) {
        Some(Pickle::Plain { .. } | Pickle::Joblib) => {
            Content::Model(Format::Joblib { compression: Some(compression) })
        }
        Some(Pickle::Torch) => Content::Alien(Alien::PyTorch),
        None => Content::Alien(Alien::Compressed(compression)),
    }
}

/// A classic LZMA header: a dictionary size, then the size of the content or -1.
fn is_lzma_size(size: &[u8]) -> bool {
    let Some(size) = size.first_chunk::<8>() else {
        return false;
    };
    let size = u64::from_le_bytes(*size);
    size == u64::MAX || size < 1 << 40
}

fn pickled(head: &[u8], whole: bool) -> Option<Content> {
    Some(match pickle::recognise(head, whole)? {
        Pickle::Plain { protocol } => Content::Model(Format::Pickle { protocol }),
        Pickle::Joblib => Content::Model(Format::Joblib { compression: None }),
        Pickle::Torch => Content::Alien(Alien::PyTorch),
    })
}

/// The formats of the boosting libraries.
fn library(head: &[u8]) -> Option<Content> {
    if head.starts_with(b"tree\nversion=") || head.starts_with(b"tree\r\nversion=") {
        return Some(Content::Model(Format::Lightgbm));
    }
    let object = head.trim_ascii_start().strip_prefix(b"{")?;
    let key = object.trim_ascii_start();
    if key.starts_with(b"\"learner\"")
        || (key.starts_with(b"\"version\"") && contains(key, b"\"learner\""))
    {
        return Some(Content::Model(Format::XgboostJson));
    }
    if key.starts_with(b"\"features_info\"")
        || (key.starts_with(b"\"ctr_data\"") && contains(key, b"\"features_info\""))
    {
        return Some(Content::Model(Format::Catboost));
    }
    // The length of the key in one of UBJSON's integer types.
    let ([b'i' | b'U', 7, key @ ..]
    | [b'I', 0, 7, key @ ..]
    | [b'l', 0, 0, 0, 7, key @ ..]
    | [b'L', 0, 0, 0, 0, 0, 0, 0, 7, key @ ..]) = object
    else {
        return None;
    };
    (key.starts_with(b"learner") || key.starts_with(b"version"))
        .then_some(Content::Model(Format::XgboostUbj))
}

fn structured(head: &[u8], length: u64) -> Option<Content> {
    if protobuf::is_onnx(head, length) {
        return Some(Content::Model(Format::Onnx));
    }
    if protobuf::is_tensorflow(head, length) {
        return Some(Content::Alien(Alien::TensorFlow));
    }
    let text = head.trim_ascii_start();
    let start = text[..text.len().min(16)].to_ascii_lowercase();
    if start.starts_with(b"<!doctype html") || start.starts_with(b"<html") {
        return Some(Content::Alien(Alien::Html));
    }
    let beginning = &text[..text.len().min(1024)];
    (start.starts_with(b"<") && contains(beginning, b"<PMML"))
        .then_some(Content::Alien(Alien::Pmml))
}

fn archive(names: &[Vec<u8>]) -> Content {
    let has = |wanted: &[u8]| names.iter().any(|name| name == wanted);
    if has(b"schema.json") {
        return Content::Model(Format::Skops);
    }
    if has(b"model.weights.h5") && has(b"config.json") {
        return Content::Alien(Alien::KerasZip);
    }
    if names.iter().any(|name| name.ends_with(b"/data.pkl")) {
        return Content::Alien(Alien::PyTorch);
    }
    if !names.is_empty() && names.iter().all(|name| name.ends_with(b".npy")) {
        return Content::Alien(Alien::NumpyArray);
    }
    Content::Alien(Alien::Zip)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
