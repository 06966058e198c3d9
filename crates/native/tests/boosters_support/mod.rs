//! Reads what `tests/goldens/boosters.py` writes: model files, rows, and the libraries' answers.

// A golden that is not as written fails the test that reads it.
#![allow(clippy::unwrap_used, dead_code)]

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use pelton_native::trees::Rows;

/// A model file with its rows and answers.
pub(crate) struct Golden {
    pub(crate) name: String,
    pub(crate) model: Vec<u8>,
    pub(crate) raw: Vec<f64>,
    pub(crate) answers: Vec<f64>,
    x: Vec<f64>,
    width: usize,
    meta: HashMap<String, String>,
}

/// The model files below `goldens/boosters`, whether they have rows or not.
pub(crate) fn model_files() -> Vec<PathBuf> {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens/boosters");
    let mut files = Vec::new();
    for stack in std::fs::read_dir(directory).unwrap() {
        for entry in std::fs::read_dir(stack.unwrap().path()).unwrap() {
            files.push(entry.unwrap().path());
        }
    }
    files.retain(|path| path.extension().is_some_and(|extension| extension != "rows"));
    files.sort();
    files
}

/// All models that have rows.
pub(crate) fn goldens() -> Vec<Golden> {
    let files = model_files().into_iter();
    files
        .filter(|path| path.with_extension("rows").exists())
        .map(|path| Golden::read(&path))
        .collect()
}

impl Golden {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path.with_extension("rows")).unwrap();
        let header_len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let mut header: HashMap<String, serde_json::Value> =
            serde_json::from_slice(&bytes[8..8 + header_len]).unwrap();
        let meta = serde_json::from_value(header.remove("__metadata__").unwrap()).unwrap();
        let data = &bytes[8 + header_len..];
        let array = |name: &str| {
            let offset = |i: usize| header[name]["data_offsets"][i].as_u64().unwrap() as usize;
            let data = &data[offset(0)..offset(1)];
            match header[name]["dtype"].as_str().unwrap() {
                "F32" => {
                    data.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect()
                }
                _ => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            }
        };
        Self {
            name: path
                .strip_prefix(path.ancestors().nth(2).unwrap())
                .unwrap()
                .display()
                .to_string(),
            model: std::fs::read(path).unwrap(),
            raw: array("raw"),
            answers: array("answers"),
            x: array("x"),
            width: header["x"]["shape"][1].as_u64().unwrap() as usize,
            meta,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.x.len() / self.width
    }

    /// All rows, one after the other.
    pub(crate) fn values(&self) -> &[f64] {
        &self.x
    }

    pub(crate) fn meta(&self, key: &str) -> &str {
        self.meta.get(key).map_or("", String::as_str)
    }

    pub(crate) fn rows(&self, first: usize, n: usize) -> Rows<'_> {
        Rows::f64(&self.x[first * self.width..][..n * self.width], self.width, n)
    }
}
