//! Reads model files and says what they are, what is in them, and how long it took:
//! `cargo run --release -p pelton-pickle --example read -- model.pkl`.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use bytes::Bytes;
use pelton_pickle::{Document, Value};

const RUNS: usize = 20;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for path in std::env::args().skip(1) {
        let bytes = Bytes::from(std::fs::read(&path)?);
        let mut best = Duration::MAX;
        for _ in 0..RUNS {
            let started = Instant::now();
            let document = Document::read(bytes.clone())?;
            best = best.min(started.elapsed());
            drop(document);
        }
        let document = Document::read(bytes)?;
        println!("{path}: {:?}", document.info());
        println!("  root {:?}, read in {best:?} (best of {RUNS})", document.root());
        for name in document.globals() {
            println!("  names {name}");
        }
        if let Some(nodes) = tree_nodes(document.root()) {
            let started = Instant::now();
            let thresholds: usize = nodes.iter().map(|nodes| thresholds(*nodes)).sum();
            println!(
                "  {thresholds} thresholds of {} trees in {:?}",
                nodes.len(),
                started.elapsed()
            );
        }
    }
    Ok(())
}

/// The node arrays of a forest's trees.
fn tree_nodes(model: Value<'_>) -> Option<Vec<Value<'_>>> {
    let trees = model.get_attr("estimators_")?.items().ok()?;
    trees.map(|tree| tree.get_attr("tree_")?.get_attr("nodes")).collect()
}

fn thresholds(nodes: Value<'_>) -> usize {
    let field = nodes.array().and_then(|nodes| nodes.field("threshold")?.to_f64_vec());
    field.map_or(0, |thresholds| thresholds.len())
}
