//! Tells what a file is by its first bytes, never by its name.
//!
//! Pelton's other readers ask here too, so formats that this crate cannot read are recognised as
//! well, each with what to do about it.

use crate::compression::Compression;
use crate::npy;

/// What a file's first bytes say it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Content {
    /// A pickle, or a joblib file not compressed: they begin alike. Protocols 0 and 1 have no mark of
    /// their own, so this is a guess until the file is read.
    Pickle,
    /// numpy's npy.
    Npy,
    /// A zip archive: skops, npz, Keras, PyTorch. [`Look`](crate::Look) tells which.
    Zip,
    /// skops.
    Skops,
    /// numpy's npz.
    Npz,
    /// Keras's archive.
    Keras,
    /// A compressed file; joblib's, most likely.
    Compressed(Compression),
    /// Nothing at all.
    Empty,
    /// The pointer that Git LFS leaves in place of a file.
    GitLfsPointer,
    /// The pointer that git-annex leaves in place of a file.
    GitAnnexPointer,
    /// HDF5: Keras `.h5`, netCDF.
    Hdf5,
    /// ONNX.
    Onnx,
    /// TensorFlow's `SavedModel`.
    TensorFlow,
    /// PyTorch.
    Torch,
    /// XGBoost's JSON.
    XgboostJson,
    /// XGBoost's UBJSON.
    XgboostUbj,
    /// XGBoost's old binary form.
    XgboostBinary,
    /// LightGBM's text.
    LightGbm,
    /// CatBoost's cbm, or its JSON.
    CatBoost,
    /// Some other JSON.
    Json,
    /// XML: PMML perhaps.
    Xml,
    /// PMML.
    Pmml,
    /// A web page, such as an error page that was saved for the file.
    Html,
    /// Safetensors.
    Safetensors,
    /// GGUF.
    Gguf,
    /// TensorFlow Lite.
    Tflite,
    /// Parquet.
    Parquet,
    /// R's saved data.
    R,
    /// Java's serialized objects.
    Java,
    /// Zstandard.
    Zstd,
    /// A program: ELF, PE, Mach-O.
    Program,
    /// None of these.
    Unknown,
}

impl Content {
    /// Looks at a file's first bytes (all of it, or a few hundred).
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::Empty;
        }
        // Without a mark of its own in most versions, but with two known texts at a known place.
        if is_xgboost_binary(bytes) {
            return Self::XgboostBinary;
        }
        if let Some(content) = by_magic(bytes) {
            return content;
        }
        match Compression::of(bytes) {
            Some(compression) => Self::Compressed(compression),
            None => by_text(bytes),
        }
    }

    /// A clause on what it is and what to do, for messages.
    pub fn describe(self) -> String {
        let text = match self {
            Self::Pickle => "a pickle",
            Self::Npy => "a numpy array (npy)",
            Self::Zip => "a zip archive",
            Self::Skops => "a skops file",
            Self::Npz => "a zip archive of numpy arrays (npz)",
            Self::Keras => "a Keras archive; export it to ONNX",
            Self::Compressed(compression) => return format!("a {compression} file"),
            Self::Empty => "empty; copy or download it again",
            Self::GitLfsPointer => {
                "a Git LFS pointer, not the model itself; fetch the model with `git lfs pull`"
            }
            Self::GitAnnexPointer => {
                "a git-annex pointer, not the model itself; fetch the model with `git annex get`"
            }
            Self::Hdf5 => "HDF5, as Keras saves models; export it to ONNX",
            Self::Onnx => "an ONNX model",
            Self::TensorFlow => "a TensorFlow SavedModel; export it to ONNX",
            Self::Torch => "a PyTorch file; export it to ONNX",
            Self::XgboostJson => "an XGBoost model (JSON)",
            Self::XgboostUbj => "an XGBoost model (UBJSON)",
            Self::XgboostBinary => "an XGBoost model (old binary form)",
            Self::LightGbm => "a LightGBM model (text)",
            Self::CatBoost => "a CatBoost model",
            Self::Json => "JSON",
            Self::Xml => "XML",
            Self::Pmml => "a PMML document",
            Self::Html => "a web page, perhaps an error page saved in place of the model",
            Self::Safetensors => "safetensors: weights without a model; export it to ONNX",
            Self::Gguf => "GGUF, a language model",
            Self::Tflite => "a TensorFlow Lite model; export it to ONNX",
            Self::Parquet => "a Parquet table",
            Self::R => "data saved by R",
            Self::Java => "a serialized Java object",
            Self::Zstd => "Zstandard data; unfold it first",
            Self::Program => "a program",
            Self::Unknown => "of no known format",
        };
        text.into()
    }
}

fn by_magic(bytes: &[u8]) -> Option<Content> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    Some(match bytes {
        [0x80, 2, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, ..] => Content::Torch,
        [0x80, 0..=5, ..] => Content::Pickle,
        [0x80, _, ..] if bytes.get(1).is_some_and(|protocol| *protocol < 32) => Content::Pickle,
        [b'P', b'K', 3, 4, ..] | [b'P', b'K', 5, 6, ..] => Content::Zip,
        [0x89, b'H', b'D', b'F', ..] => Content::Hdf5,
        [0x28, 0xb5, 0x2f, 0xfd, ..] => Content::Zstd,
        [0xac, 0xed, 0, 5, ..] => Content::Java,
        [0x7f, b'E', b'L', b'F', ..] | [b'M', b'Z', 0x90, 0, ..] | [0xcf, 0xfa, 0xed, 0xfe, ..] => {
            Content::Program
        }
        [_, _, _, _, b'T', b'F', b'L', b'3', ..] => Content::Tflite,
        [0x08, 1..=32, 0x12 | 0x1a | 0x22 | 0x28 | 0x32 | 0x3a | 0x42, ..] => Content::Onnx,
        [b'{', b'L' | b'l' | b'i' | b'U' | b'I', _, ..] => Content::XgboostUbj,
        _ if starts(npy::MAGIC) => Content::Npy,
        _ if starts(b"CBM1") => Content::CatBoost,
        _ if starts(b"GGUF") => Content::Gguf,
        _ if starts(b"PAR1") => Content::Parquet,
        _ if starts(b"RDX") || starts(b"X\n\0\0\0") => Content::R,
        [_, _, _, _, _, 0, 0, 0, b'{', b'"', ..] => Content::Safetensors,
        _ => return None,
    })
}

/// Whether XGBoost's old binary form begins here: parameters of 136 bytes, the objective's name and the
/// booster's, each behind its length.
fn is_xgboost_binary(bytes: &[u8]) -> bool {
    const PARAMETERS: usize = 136;
    if bytes.starts_with(b"binf") {
        return true;
    }
    let Some((objective, rest)) = bytes.get(PARAMETERS..).and_then(counted_name) else {
        return false;
    };
    let booster = counted_name(rest).map(|(booster, _)| booster);
    objective.len() > 2 && matches!(booster, Some(b"gbtree" | b"dart" | b"gblinear"))
}

/// A short name behind its length, and what follows.
fn counted_name(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<8>()?;
    let length = u64::from_le_bytes(*length);
    let (name, rest) = rest.split_at_checked(usize::try_from(length.min(65)).ok()?)?;
    (length <= 64 && name.iter().all(u8::is_ascii_graphic)).then_some((name, rest))
}

fn by_text(bytes: &[u8]) -> Content {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let head = &bytes[..bytes.len().min(512)];
    let has =
        |word: &[u8]| head.windows(word.len()).any(|window| window.eq_ignore_ascii_case(word));
    let trimmed = head.trim_ascii_start();
    match trimmed {
        _ if head.starts_with(b"version https://git-lfs")
            || head.starts_with(b"version https://hawser") =>
        {
            Content::GitLfsPointer
        }
        _ if head.starts_with(b"/annex/objects/") => Content::GitAnnexPointer,
        _ if (head.starts_with(b"tree\n") || head.starts_with(b"tree\r\n"))
            && (has(b"version=") || has(b"num_class=")) =>
        {
            Content::LightGbm
        }
        [b'{', ..] if has(b"\"learner\"") => Content::XgboostJson,
        [b'{' | b'[', ..] => Content::Json,
        [b'<', ..] if has(b"<html") || has(b"<!doctype html") => Content::Html,
        [b'<', ..] => Content::Xml,
        // What a pickle of protocol 0 or 1 may begin with.
        [
            b'(' | b')' | b']' | b'}' | b'c' | b'I' | b'L' | b'F' | b'S' | b'V' | b'U' | b'T'
            | b'X' | b'K' | b'J' | b'M' | b'G' | b'N',
            ..,
        ] => Content::Pickle,
        _ => Content::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_decides() {
        for (bytes, content) in [
            (&b""[..], Content::Empty),
            (b"version https://git-lfs.github.com/spec/v1\noid sha256:00", Content::GitLfsPointer),
            (b"\x80\x04\x95", Content::Pickle),
            (b"ccopy_reg\n_reconstructor\n", Content::Pickle),
            (b"\x93NUMPY\x01\0", Content::Npy),
            (b"PK\x03\x04\x14\0", Content::Zip),
            (b"\x78\x9c\0\0", Content::Compressed(Compression::Zlib)),
            (b"\x1f\x8b\x08\0", Content::Compressed(Compression::Gzip)),
            (b"BZh91AY&SY", Content::Compressed(Compression::Bzip2)),
            (b"\xfd7zXZ\0\0", Content::Compressed(Compression::Xz)),
            (b"\x5d\0\0\x80\0", Content::Compressed(Compression::Lzma)),
            (b"\x04\x22\x4d\x18\x44", Content::Compressed(Compression::Lz4)),
            (b"ZF0x1a2b", Content::Compressed(Compression::ZFile)),
            (b"\x89HDF\r\n\x1a\n", Content::Hdf5),
            (b"\x08\x09\x12\x07skl2onn", Content::Onnx),
            (b"{\"version\":[3,2,0],\"learner\":{", Content::XgboostJson),
            (b"{L\0\0\0\0\0\0\0\x02L", Content::XgboostUbj),
            (b"tree\nversion=v4\n", Content::LightGbm),
            (b"tree\nnum_class=1\n", Content::LightGbm),
            (b"CBM1\0\0\0\0", Content::CatBoost),
            (b"\n<!DOCTYPE html><html>", Content::Html),
            (b"<?xml version=\"1.0\"?><PMML>", Content::Xml),
            (b"{\"a\": 1}", Content::Json),
            (b"PAR1\x15", Content::Parquet),
            (b"hello, world", Content::Unknown),
        ] {
            assert_eq!(Content::of(bytes), content, "{}", bytes.escape_ascii());
        }
    }
}
