//! A model answers the same bits whatever vector instructions the CPU has.
//!
//! Which ones are used is decided once a process, so each level answers in a process of its own.
//! `PELTON_CASES=folder` compares other models than a share of the golden ones.
#![allow(missing_docs)]
#![allow(dead_code, reason = "of the conformance test's modules only models and answers are used")]

#[path = "conformance/compare.rs"]
mod compare;
#[path = "conformance/golden.rs"]
mod golden;
#[path = "conformance/promises.rs"]
mod promises;
#[path = "conformance/run.rs"]
mod run;

use std::collections::hash_map::DefaultHasher;
use std::hash::Hasher;
use std::path::PathBuf;
use std::process::Command;

use pelton_native::{Isa, Threads};

/// Of the golden cases every so many are compared.
const EVERY: usize = 7;
const LEVEL: &str = "PELTON_LEVEL";
/// What a line begins with that tells a case's answers.
const TOLD: &str = "answers of ";

#[test]
fn every_level_answers_the_same_bits() {
    if std::env::var_os(LEVEL).is_some() {
        return; // asked for the test below alone
    }
    let portable = answered_at("portable");
    assert!(portable.len() > 1, "cases were answered");
    for level in ["avx2", "avx512"] {
        for (ours, portable) in answered_at(level).iter().zip(&portable) {
            assert_eq!(ours, portable, "{level} against portable");
        }
    }
}

/// Answers for a level; does nothing unless one is named.
#[test]
fn answer_at_a_level() {
    let Ok(level) = std::env::var(LEVEL) else { return };
    let wanted = match level.as_str() {
        "portable" => Isa::Portable,
        "avx2" => Isa::Avx2,
        _ => Isa::Avx512,
    };
    assert!(wanted.limit() <= wanted, "nothing looked at the CPU before");
    let threads = Threads::new(1).expect("a thread");
    for path in cases() {
        let golden = golden::read(&path).expect("a case");
        let Some(bytes) = run::answers(&golden, &threads) else { continue };
        let mut hasher = DefaultHasher::new();
        hasher.write(&bytes);
        println!("{TOLD}{}: {:016x} of {} bytes", golden.name, hasher.finish(), bytes.len());
    }
}

fn cases() -> Vec<PathBuf> {
    let (folder, every) = match std::env::var_os("PELTON_CASES") {
        Some(folder) => (PathBuf::from(folder), 1),
        None => (promises::folder().join("cases"), EVERY),
    };
    golden::found_in(&folder).into_iter().step_by(every).collect()
}

/// A line a case, from a process that is held to a level.
fn answered_at(level: &str) -> Vec<String> {
    let program = std::env::current_exe().expect("this test");
    let output = Command::new(program)
        .args(["answer_at_a_level", "--exact", "--nocapture"])
        .env(LEVEL, level)
        .output()
        .expect("this test runs");
    assert!(output.status.success(), "{level}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().filter(|line| line.starts_with(TOLD)).map(str::to_owned).collect()
}
