//! Trees trained by the real libraries: every engine gives the library's own raw answers, bit for bit.
//!
//! `goldens/generate.py` wrote the files; each carries its rows and the library's answers.

#![allow(missing_docs)]

mod dump;

use std::path::Path;

use dump::Dump;
use pelton_native::trees::{Choice, Engine, Forest, Scratch};

#[test]
fn every_engine_answers_as_the_library_that_trained_the_trees() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/goldens");
    let mut files = 0;
    let mut engines_seen = Vec::new();
    for entry in std::fs::read_dir(directory).expect("the goldens are there") {
        let path = entry.expect("the goldens can be listed").path();
        if path.extension().is_none_or(|e| e != "trees") {
            continue;
        }
        files += 1;
        let dump = Dump::read(&path);
        let forest = Forest::with_choice(dump.ensemble.clone(), Choice::Estimated).expect("valid");
        let mut scratch = Scratch::default();
        let mut out = vec![0.0; dump.expected.len()];
        for engine in forest.engines() {
            forest.predict_with(engine, dump.rows(0, dump.len()), &mut out, &mut scratch);
            let differing = |(a, b): &(&f64, &f64)| a.to_bits() != b.to_bits();
            let first =
                out.iter().zip(&dump.expected).position(|pair| differing(&(pair.0, pair.1)));
            assert_eq!(first, None, "{}: first differing value by {engine:?}", path.display());
            engines_seen.push(engine);
        }
    }
    assert!(files >= 15, "only {files} goldens were found");
    assert!(engines_seen.contains(&Engine::Walk));
}
