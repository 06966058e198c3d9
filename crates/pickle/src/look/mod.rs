//! [`Look`]: what a file is, by a bounded look at its bytes that runs and builds nothing.
//!
//! [`Content::of`] tells formats by their marks; here the beginning is followed as far as it takes to
//! be sure. Must not read a whole file, whatever its size.

mod names;
mod opcodes;
mod protobuf;

use std::io::{self, Read, Seek, SeekFrom};

use flate2::read::{MultiGzDecoder, ZlibDecoder};

use crate::compression::Compression;
use crate::content::Content;
use crate::zfile;
use opcodes::Pickle;

/// Bytes read from the beginning of a file, and bytes inflated from a compressed one.
const HEAD_BYTES: usize = 64 * 1024;

/// A Git LFS pointer is smaller than this by its specification.
const POINTER_BYTES_MAX: u64 = 1024;

/// What a closer look at a file found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// What it is; of a compressed pickle, that it is a pickle.
    pub content: Content,
    /// How it is compressed as a whole.
    pub compression: Option<Compression>,
    /// The protocol of a pickle that is not compressed.
    pub protocol: Option<u8>,
    /// Whether a pickle has joblib's arrays in it, as far as was looked.
    pub is_joblib: bool,
    /// Bytes of the file that a Git LFS pointer stands for.
    pub pointer_bytes: Option<u64>,
}

impl Look {
    /// Looks at what `reader`, of `length` bytes, holds.
    ///
    /// # Errors
    /// When reading fails.
    ///
    /// # Example
    /// ```
    /// use pelton_pickle::{Content, Look};
    /// let bytes = b"\x80\x04N."; // pickle.dumps(None)
    /// let look = Look::at(&mut std::io::Cursor::new(bytes), bytes.len() as u64).unwrap();
    /// assert_eq!((look.content, look.protocol), (Content::Pickle, Some(4)));
    /// ```
    pub fn at(reader: &mut (impl Read + Seek), length: u64) -> io::Result<Self> {
        reader.seek(SeekFrom::Start(0))?;
        let mut head = Vec::new();
        reader.by_ref().take(HEAD_BYTES as u64).read_to_end(&mut head)?;
        // The file may have changed since its length was taken; what was read counts.
        let length = length.max(head.len() as u64);
        if head.starts_with(b"PK\x03\x04") {
            return Ok(Self::of(archive(&names::entry_names(reader, length)?)));
        }
        let whole = head.len() as u64 == length;
        Ok(match Content::of(&head) {
            Content::Pickle => Self::pickled(&head, whole),
            Content::Compressed(compression) => Self::compressed(&head, compression),
            Content::GitLfsPointer if length > POINTER_BYTES_MAX => Self::of(Content::Unknown),
            Content::GitLfsPointer => {
                Self { pointer_bytes: pointed(&head), ..Self::of(Content::GitLfsPointer) }
            }
            Content::XgboostJson | Content::XgboostUbj | Content::Json | Content::CatBoost => {
                Self::of(library(&head))
            }
            Content::LightGbm if !is_lightgbm(&head) => Self::of(Content::Unknown),
            Content::Xml if is_pmml(&head) => Self::of(Content::Pmml),
            _ if head.first() == Some(&0x08) => Self::of(messages(&head, length)),
            Content::Onnx => Self::of(Content::Unknown),
            content => Self::of(content),
        })
    }

    const fn of(content: Content) -> Self {
        Self { content, compression: None, protocol: None, is_joblib: false, pointer_bytes: None }
    }

    fn pickled(head: &[u8], whole: bool) -> Self {
        match opcodes::recognise(head, whole) {
            Some(Pickle::Plain { protocol }) => {
                Self { protocol: Some(protocol), ..Self::of(Content::Pickle) }
            }
            Some(Pickle::Joblib) => Self { is_joblib: true, ..Self::of(Content::Pickle) },
            Some(Pickle::Torch) => Self::of(Content::Torch),
            None => Self::of(Content::Unknown),
        }
    }

    /// gzip and zlib are cheap to look into, and their marks are short; the others are judged by
    /// their headers, and whoever reads the file finds out what is inside.
    fn compressed(head: &[u8], compression: Compression) -> Self {
        let pickle = Self { compression: Some(compression), ..Self::of(Content::Pickle) };
        let inside = match compression {
            Compression::Gzip if head.get(2) == Some(&8) => beginning(MultiGzDecoder::new(head)),
            Compression::Gzip => return Self::of(Content::Unknown),
            Compression::Zlib => match beginning(ZlibDecoder::new(head)) {
                // Two bytes that text may begin with as well.
                bytes if bytes.is_empty() => return Self::of(Content::Unknown),
                bytes => bytes,
            },
            // Of an array beside a model, what unfolds is no pickle.
            Compression::ZFile => {
                let data = zfile::framed(head).map_or(&[][..], |(_, data)| data);
                beginning(ZlibDecoder::new(data))
            }
            Compression::Lzma if !is_lzma_size(head.get(5..).unwrap_or_default()) => {
                return Self::of(Content::Unknown);
            }
            _ => return pickle,
        };
        match opcodes::recognise(&inside, false) {
            Some(Pickle::Torch) => Self::of(Content::Torch),
            Some(_) => pickle,
            None => Self {
                compression: Some(compression),
                ..Self::of(Content::Compressed(compression))
            },
        }
    }
}

/// The first bytes that a decoder gives. Its input is cut, so an unexpected end is the normal case;
/// what came before it counts.
fn beginning(decoder: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = decoder.take(HEAD_BYTES as u64).read_to_end(&mut bytes);
    bytes
}

/// A classic LZMA header: behind the dictionary's size, the size of the content or -1.
fn is_lzma_size(size: &[u8]) -> bool {
    let Some(size) = size.first_chunk::<8>() else {
        return false;
    };
    let size = u64::from_le_bytes(*size);
    size == u64::MAX || size < 1 << 40
}

/// The size that a Git LFS pointer tells.
fn pointed(head: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(head).ok()?;
    text.lines().find_map(|line| line.strip_prefix("size ")?.trim().parse().ok())
}

/// The second line is the version, which releases before 2.1 did not write.
fn is_lightgbm(head: &[u8]) -> bool {
    let second = head.strip_prefix(b"tree\n").or_else(|| head.strip_prefix(b"tree\r\n"));
    second.is_some_and(|line| line.starts_with(b"version=") || line.starts_with(b"num_class="))
}

/// What begins with a brace, and CatBoost's binary.
fn library(head: &[u8]) -> Content {
    if head.starts_with(b"CBM1") {
        return Content::CatBoost;
    }
    let Some(object) = head.trim_ascii_start().strip_prefix(b"{") else {
        return Content::Json;
    };
    let key = object.trim_ascii_start();
    if key.starts_with(b"\"learner\"")
        || (key.starts_with(b"\"version\"") && contains(key, b"\"learner\""))
    {
        return Content::XgboostJson;
    }
    if key.starts_with(b"\"features_info\"")
        || (key.starts_with(b"\"ctr_data\"") && contains(key, b"\"features_info\""))
    {
        return Content::CatBoost;
    }
    // The length of the key in one of UBJSON's integer types.
    let ([b'i' | b'U', 7, key @ ..]
    | [b'I', 0, 7, key @ ..]
    | [b'l', 0, 0, 0, 7, key @ ..]
    | [b'L', 0, 0, 0, 0, 0, 0, 0, 7, key @ ..]) = object
    else {
        return Content::Json;
    };
    let known = key.starts_with(b"learner") || key.starts_with(b"version");
    if known { Content::XgboostUbj } else { Content::Unknown }
}

/// What begins like a message of protobuf's.
fn messages(head: &[u8], length: u64) -> Content {
    if protobuf::is_onnx(head, length) {
        Content::Onnx
    } else if protobuf::is_tensorflow(head, length) {
        Content::TensorFlow
    } else {
        Content::Unknown
    }
}

fn is_pmml(head: &[u8]) -> bool {
    let text = head.trim_ascii_start();
    contains(&text[..text.len().min(1024)], b"<PMML")
}

fn archive(names: &[Vec<u8>]) -> Content {
    let has = |wanted: &[u8]| names.iter().any(|name| name == wanted);
    if has(b"schema.json") {
        return Content::Skops;
    }
    if has(b"model.weights.h5") && has(b"config.json") {
        return Content::Keras;
    }
    if names.iter().any(|name| name.ends_with(b"/data.pkl")) {
        return Content::Torch;
    }
    if !names.is_empty() && names.iter().all(|name| name.ends_with(b".npy")) {
        return Content::Npz;
    }
    Content::Zip
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
