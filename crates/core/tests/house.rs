//! The house keeps its shape: which crate may know which, who may know processes, the environment
//! and the wire, and that every file says what it is and stays short enough to read.
#![allow(missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate, the crates of this workspace it may depend on, and the outside words it may know.
/// An arrow that is not here is a change of the architecture: make it in ARCHITECTURE.md first.
const HOUSE: [(&str, &[&str], &[&str]); 7] = [
    ("core", &[], &[]),
    ("proto", &[], &["tonic", "prost"]),
    ("engine", &["core"], &["tokio"]),
    ("workers", &["core"], &["tokio", "std::process"]),
    ("repository", &["core", "workers"], &["tokio"]),
    ("server", &["core", "engine", "proto"], &["tokio", "tonic", "prost"]),
    (
        "cli",
        &["core", "engine", "workers", "repository", "server"],
        &["tokio", "clap", "std::env", "std::process"],
    ),
];

/// Words that only the crates named above may know, as dependencies or in code.
const GUARDED_CRATES: [&str; 4] = ["tokio", "tonic", "prost", "clap"];
const GUARDED_PATHS: [&str; 2] = ["std::env::", "std::process::Command"];

/// Lines a file may have; a longer one has two purposes.
const LINES_MAX: usize = 450;

#[test]
fn arrows_go_down_only() {
    for (name, may_know, words) in HOUSE {
        let manifest = read(&crates().join(name).join("Cargo.toml"));
        let manifest: toml::Table = manifest.parse().expect("a manifest is TOML");
        let dependencies: BTreeSet<String> = manifest
            .get("dependencies")
            .and_then(toml::Value::as_table)
            .map(|table| table.keys().cloned().collect())
            .unwrap_or_default();
        for dependency in &dependencies {
            if let Some(inner) = dependency.strip_prefix("pelton-") {
                assert!(may_know.contains(&inner), "crate {name} must not know {dependency}");
            }
            for guarded in GUARDED_CRATES {
                let known =
                    *dependency == guarded || dependency.starts_with(&format!("{guarded}-"));
                assert!(!known || words.contains(&guarded), "crate {name} must not know {guarded}");
            }
        }
    }
}

#[test]
fn processes_and_the_environment_are_known_to_few() {
    for (name, _, words) in HOUSE {
        for file in sources(name) {
            let text = read(&file);
            for path in GUARDED_PATHS {
                let word = path.trim_end_matches("::Command").trim_end_matches("::");
                assert!(
                    words.contains(&word) || !text.contains(path),
                    "{} must not use {path}",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    for (name, ..) in HOUSE {
        for file in sources(name) {
            let text = read(&file);
            assert!(text.starts_with("//!"), "{} must start with what it is", file.display());
            let lines = text.split("#[cfg(test)]").next().map_or(0, |code| code.lines().count());
            assert!(lines <= LINES_MAX, "{} has {lines} lines, split it", file.display());
        }
    }
}

#[test]
fn every_crate_has_its_place() {
    let found: BTreeSet<String> = fs::read_dir(crates())
        .expect("the crates' folder")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .collect();
    let placed: BTreeSet<String> = HOUSE.iter().map(|(name, ..)| (*name).to_owned()).collect();
    let strangers: Vec<&String> = found.difference(&placed).collect();
    assert!(strangers.is_empty(), "give {strangers:?} a place in this test and in ARCHITECTURE.md");
}

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn sources(name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![crates().join(name).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).expect("a source folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() && !path.ends_with("generated") {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "rs") && !path.ends_with("tests.rs") {
                found.push(path);
            }
        }
    }
    found
}
