//! The file of rows that differ, to be given again.
//!
//! Must not decide which those are.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use pelton_core::system_words;

use super::report::Row;

/// Rows written at most.
const WRITTEN_MAX: usize = 10_000;

/// The file of rows that differ.
pub(super) struct Differing {
    path: Option<PathBuf>,
    lines: Vec<String>,
}

impl Differing {
    pub(super) fn new(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), lines: Vec::new() }
    }

    pub(super) fn add(&mut self, row: &Row) {
        if self.path.is_some() && self.lines.len() <= WRITTEN_MAX {
            if self.lines.is_empty() {
                self.lines.push(row.csv_header.clone());
            }
            self.lines.push(row.csv.clone());
        }
    }

    pub(super) fn finish(&self) -> Result<(), String> {
        let (Some(path), false) = (&self.path, self.lines.is_empty()) else { return Ok(()) };
        let about = |error: std::io::Error| {
            format!("--differences: {} cannot be written: {}", path.display(), system_words(&error))
        };
        let mut file = std::fs::File::create(path).map_err(about)?;
        file.write_all((self.lines.join("\n") + "\n").as_bytes()).map_err(about)
    }
}
