//! The order of the house: who may know whom, who may know what, and that every file says what it is
//! and stays short. A new arrow is a decision: make it in ARCHITECTURE.md, then here.
#![allow(missing_docs)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Which of our crates each crate knows. Arrows go down only.
const ARROWS: [(&str, &[&str]); 13] = [
    ("core", &[]),
    ("proto", &[]),
    ("pickle", &[]),
    ("native", &["core", "pickle"]),
    ("onnx", &["core"]),
    ("engine", &["core"]),
    ("workers", &["core"]),
    ("repository", &["core", "native", "onnx", "pickle", "workers"]),
    ("tables", &["core"]),
    ("inspect", &["pickle"]),
    ("verify", &["core", "pickle"]),
    ("server", &["core", "engine", "proto"]),
    ("cli", &["core", "engine", "repository", "server", "tables", "inspect", "pickle", "verify"]),
];

/// What only these crates know.
const SECRETS: [(&str, &[&str]); 9] = [
    ("ort", &["onnx"]),
    ("csv", &["tables"]),
    ("parquet", &["tables"]),
    ("tonic", &["proto", "server"]),
    ("prost", &["proto", "server"]),
    ("axum", &["server"]),
    ("clap", &["cli"]),
    ("toml", &["cli"]),
    ("tokio", &["engine", "workers", "server", "cli"]),
];

/// What only these source files may say, below `crates/`.
const WORDS: [(&str, &[&str]); 4] = [
    ("env::var", &["cli/src/environment.rs", "cli/src/reference.rs"]),
    // The command line's is clap's.
    (
        "Command::new(",
        &[
            "cli/src/command.rs",
            "cli/src/tool_commands.rs",
            "workers/src/interpreter.rs",
            "workers/src/process.rs",
        ],
    ),
    ("unbounded_channel", &[]),
    // Tells of unknown arguments in debug builds alone, so that a release build goes another way.
    ("try_contains_id(", &[]),
];

/// Lines a file may have before its tests; a longer one has two purposes.
const LINES_MAX: usize = 430;

/// Crates whose files are shorter than that by now, and stay so.
const SHORTER: [(&str, usize); 4] =
    [("core", 300), ("pickle", 300), ("onnx", 350), ("native", 400)];

fn crates() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The dependencies of each crate, those of its tests left out.
fn dependencies() -> BTreeMap<String, Vec<String>> {
    let mut all = BTreeMap::new();
    for entry in fs::read_dir(crates()).expect("the crates") {
        let directory = entry.expect("an entry").path();
        let text = fs::read_to_string(directory.join("Cargo.toml")).expect("a manifest");
        let manifest: toml::Table = text.parse().expect("a manifest is TOML");
        let names = manifest["dependencies"].as_table().expect("a table").keys().cloned();
        let name = directory.file_name().expect("a name").to_str().expect("UTF-8");
        all.insert(name.to_owned(), names.collect());
    }
    all
}

fn sources(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() && !path.ends_with("generated") {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs")
            && !path.ends_with("tests.rs")
        {
            found.push(path);
        }
    }
}

#[test]
fn arrows_go_down_only() {
    let arrows: BTreeMap<&str, &[&str]> = ARROWS.into();
    for (name, dependencies) in dependencies() {
        let allowed = arrows.get(&*name).unwrap_or_else(|| panic!("crate {name} has no place"));
        for other in dependencies.iter().filter_map(|other| other.strip_prefix("pelton-")) {
            assert!(allowed.contains(&other), "crate {name} must not know {other}");
        }
    }
}

#[test]
fn what_few_may_know_few_know() {
    for (name, dependencies) in dependencies() {
        for (secret, knowing) in SECRETS {
            assert!(
                !dependencies.iter().any(|known| known == secret) || knowing.contains(&&*name),
                "crate {name} must not know {secret}"
            );
        }
    }
}

#[test]
fn what_few_may_say_few_say() {
    let crates = crates();
    let mut files = Vec::new();
    for (name, _) in ARROWS {
        sources(&crates.join(name).join("src"), &mut files);
    }
    for path in files {
        let name = path.strip_prefix(&crates).expect("below it").to_str().expect("UTF-8");
        let text = fs::read_to_string(&path).expect("a source");
        for (word, allowed) in WORDS {
            assert!(!text.contains(word) || allowed.contains(&name), "{name} must not use {word}");
        }
    }
}

#[test]
fn every_file_says_what_it_is_and_stays_short() {
    for (name, _) in ARROWS {
        let mut files = Vec::new();
        sources(&crates().join(name).join("src"), &mut files);
        let shorter = SHORTER.iter().find(|(shorter, _)| *shorter == name);
        let most = shorter.map_or(LINES_MAX, |(_, most)| *most);
        for file in files {
            let text = fs::read_to_string(&file).expect("a source");
            assert!(text.starts_with("//!"), "{} must start with what it is", file.display());
            let lines = text.split("#[cfg(test)]").next().map_or(0, |code| code.lines().count());
            assert!(lines <= most, "{} has {lines} lines, split it", file.display());
        }
    }
}
