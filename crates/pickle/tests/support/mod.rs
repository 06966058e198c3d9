//! What the tests share: the golden files and small reference computations.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::unwrap_used, reason = "a test without its files must fail")]

use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use pelton_pickle::{Document, Error, Folder, Limits, Value};

pub(crate) struct Golden {
    /// `sk19/lr.p4.pkl`
    pub(crate) name: String,
    pub(crate) path: PathBuf,
    pub(crate) bytes: Bytes,
    pub(crate) expected: serde_json::Value,
}

impl Golden {
    /// Reads it with what lies beside it.
    pub(crate) fn read(&self) -> Result<Document, Error> {
        Document::read_beside(self.bytes.clone(), &Folder::of(&self.path), &Limits::default())
    }
}

/// Every golden file with its description.
pub(crate) fn goldens() -> Vec<Golden> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let mut found = Vec::new();
    for library in ["sk19", "sk15", "sk12", "sk20", "py27", "jl09", "jl08"] {
        found.extend(goldens_in(&root.join(library)));
    }
    found
}

/// The golden files of a folder, by name.
pub(crate) fn goldens_in(folder: &Path) -> Vec<Golden> {
    let library = folder.file_name().unwrap().to_str().unwrap();
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        // Of joblib before 0.10, arrays beside a model.
        if name.strip_suffix(".json").is_some() || name.contains(".joblib_") {
            continue;
        }
        let object = name.split('.').next().unwrap();
        let description = std::fs::read(folder.join(format!("{object}.json"))).unwrap();
        found.push(Golden {
            name: format!("{library}/{name}"),
            bytes: std::fs::read(&path).unwrap().into(),
            path,
            expected: serde_json::from_slice(&description).unwrap(),
        });
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// An integer of any width in decimal.
pub(crate) fn decimal(value: Value<'_>) -> Option<String> {
    if let Some(int) = value.as_i64() {
        return Some(int.to_string());
    }
    let mut bytes = value.as_big_int()?.to_vec();
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    if negative {
        let mut carry = true;
        for byte in &mut bytes {
            (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
        }
    }
    let mut digits = Vec::new();
    while bytes.iter().any(|b| *b != 0) {
        let mut rest = 0;
        for byte in bytes.iter_mut().rev() {
            let wide = rest * 256 + u32::from(*byte);
            (*byte, rest) = ((wide / 10) as u8, wide % 10);
        }
        digits.push(char::from(b'0' + rest as u8));
    }
    Some(negative.then_some('-').into_iter().chain(digits.into_iter().rev()).collect())
}

/// zlib's crc32.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = !0;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xedb8_8320 * (crc & 1));
        }
    }
    !crc
}

pub(crate) fn read(bytes: &[u8]) -> Result<Document, Error> {
    Document::read(bytes.to_vec())
}

pub(crate) fn refusal(bytes: &[u8]) -> Error {
    read(bytes).expect_err("the file is read")
}

/// A zip archive of these files, each with the same content.
pub(crate) fn archive(names: &[&str], content: &[u8]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for name in names {
        let options = zip::write::SimpleFileOptions::default()
            .compression_method(zip::CompressionMethod::Deflated);
        zip.start_file(*name, options).expect("an entry");
        zip.write_all(content).expect("its content");
    }
    zip.finish().expect("an archive").into_inner()
}
