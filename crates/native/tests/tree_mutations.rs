//! Files of tree models with bytes changed: read or refused, answered or refused, never a panic.
#![allow(missing_docs, clippy::unwrap_used)]

use std::io::Read;
use std::path::{Path, PathBuf};

use pelton_native::{Methods, Model, Rows, Workspace};
use pelton_pickle::Document;

/// Changes tried of every file.
const CHANGES: usize = 30;

fn models() -> Vec<PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/native/cases");
    let kinds = [
        "tree_classifier",
        "forest_regressor",
        "extra_trees",
        "gradient_",
        "histogram_",
        "isolation_",
        "adaboost_",
        "bagging_",
    ];
    let mut found: Vec<PathBuf> = ["sk12", "sk15", "sk19"]
        .iter()
        .flat_map(|stack| std::fs::read_dir(cases.join(stack)).unwrap())
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "model"))
        .filter(|path| {
            let name = path.file_stem().unwrap().to_string_lossy();
            kinds.iter().any(|kind| name.starts_with(kind))
        })
        .collect();
    found.sort();
    found
}

/// A fixed sequence: the same changes on every run.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }
}

/// The pickle stream itself: a changed compressed file fails before any reader of models sees it.
fn plain(bytes: Vec<u8>) -> Option<Vec<u8>> {
    if bytes.starts_with(b"\x78") {
        let mut out = Vec::new();
        flate2::read::ZlibDecoder::new(&bytes[..]).read_to_end(&mut out).unwrap();
        return Some(out);
    }
    bytes.starts_with(b"\x80").then_some(bytes)
}

fn try_it(bytes: Vec<u8>) -> bool {
    let Ok(document) = Document::read(bytes) else { return false };
    let Ok(model) = Model::read(&document) else { return false };
    let Some(features) = model.features().filter(|features| *features < 100) else { return true };
    let asked = model.outputs().iter().fold(Methods::NONE, |all, one| all.with(one.method));
    let values: Vec<f64> = (0..3 * features).map(|at| (at as f64 * 0.7).sin() * 3.0).collect();
    // Refused rows are fine.
    let _ = model.answer(Rows::F64 { values: &values, rows: 3 }, asked, &mut Workspace::default());
    true
}

#[test]
fn changed_files_never_panic() {
    let mut sequence = Sequence(0x9e37_79b9_7f4a_7c15);
    let (mut tried, mut read) = (0, 0);
    for path in models().into_iter().step_by(12) {
        let Some(bytes) = plain(std::fs::read(&path).unwrap()) else { continue };
        for _ in 0..CHANGES {
            let mut changed = bytes.clone();
            for _ in 0..=sequence.below(3) {
                let at = sequence.below(changed.len());
                changed[at] = match sequence.below(4) {
                    0 => 0,
                    1 => 0xff,
                    2 => changed[at].wrapping_add(1),
                    _ => sequence.below(256) as u8,
                };
            }
            tried += 1;
            read += usize::from(try_it(changed));
        }
    }
    assert!(tried > 400, "only {tried} changes were tried");
    assert!(
        read > tried / 20,
        "{read} of {tried} changed files were read: they are changed too much"
    );
}
