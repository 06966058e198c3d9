//! What the cases say in words: the summary of a run, and `docs/parity.md`.
//!
//! Must not judge a case.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use super::compare::Nearness;
use super::golden::Golden;
use super::promises::{Promises, folder};
use super::run::{Measured, Outcome};

type Ran = [(Golden, Outcome)];

/// What was seen of one class.
#[derive(Default)]
struct Seen {
    cases: usize,
    refused: usize,
    faulty: usize,
    versions: BTreeSet<String>,
    /// By output, of the cases whose own class it is.
    outputs: BTreeMap<String, Extent>,
}

#[derive(Default)]
struct Extent {
    ours: f64,
    python: f64,
    /// Whether every answer was equal in every bit.
    bits: bool,
    /// Whether nothing less was promised of any case.
    promised_bits: bool,
}

/// Cases by class: run, refused, faulty.
pub(crate) fn summary(ran: &Ran) -> String {
    let mut text = format!("{:48} {:>6} {:>8} {:>7}\n", "class", "cases", "refused", "faulty");
    for (class, seen) in by_class(ran) {
        let _ = writeln!(text, "{class:48} {:6} {:8} {:7}", seen.cases, seen.refused, seen.faulty);
    }
    let refused = ran.iter().filter(|(_, outcome)| matches!(outcome, Outcome::Refused(_))).count();
    let equal = ran.iter().filter(|(_, outcome)| is_equal(outcome)).count();
    let _ = write!(text, "{} cases: {equal} as promised, {refused} refused", ran.len());
    text
}

fn is_equal(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Ran { faults, .. } if faults.is_empty())
}

fn by_class(ran: &Ran) -> BTreeMap<String, Seen> {
    let mut classes: BTreeMap<String, Seen> = BTreeMap::new();
    for (golden, outcome) in ran {
        let public = golden.covers.iter().filter(|class| !class.contains("._"));
        for class in public {
            let seen = classes.entry(class.clone()).or_default();
            seen.cases += 1;
            match outcome {
                Outcome::Refused(_) => seen.refused += 1,
                Outcome::Ran { faults, measured } => {
                    seen.faulty += usize::from(!faults.is_empty());
                    seen.versions.extend(version_of(class, golden));
                    if *class == golden.covers[0] && !golden.is_single() {
                        measured.iter().for_each(|one| seen.note(one));
                    }
                }
            }
        }
    }
    classes
}

impl Seen {
    fn note(&mut self, measured: &Measured) {
        if measured.single && measured.nearness != Nearness::Bits {
            return;
        }
        let name = measured.output.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
        let extent = self.outputs.entry(name.to_owned()).or_insert(Extent {
            ours: 0.0,
            python: 0.0,
            bits: true,
            promised_bits: true,
        });
        extent.ours = extent.ours.max(measured.difference);
        extent.python = extent.python.max(measured.python);
        extent.bits &= measured.bits;
        extent.promised_bits &= measured.nearness == Nearness::Bits;
    }
}

fn version_of(class: &str, golden: &Golden) -> Option<String> {
    let library = match class.split('.').next()? {
        "sklearn" => "scikit-learn",
        "imblearn" => "imbalanced-learn",
        "category_encoders" => "category-encoders",
        other => other,
    };
    let (_, version) = golden.libraries.iter().find(|(name, _)| name == library)?;
    Some(version.clone())
}

/// The table of the docs, from what was measured.
fn docs(ran: &Ran) -> String {
    let promises = Promises::read();
    let mut text = String::from(HEAD);
    let mut refused = Vec::new();
    for (class, seen) in by_class(ran) {
        if seen.refused == seen.cases {
            refused.push(class);
            continue;
        }
        let versions: Vec<&str> = seen.versions.iter().map(String::as_str).collect();
        let (versions, cases) = (versions.join(", "), seen.cases - seen.refused);
        if seen.outputs.is_empty() {
            let _ = writeln!(
                text,
                "| `{class}` | in others | as the whole | | | {versions} | {cases} | |"
            );
        }
        for (output, extent) in &seen.outputs {
            let (limit, note) = promises.of(&class, output);
            let promise = match limit {
                Some(limit) => format!("{limit:e}"),
                None if extent.promised_bits => "bits".to_owned(),
                None => "as its parts".to_owned(),
            };
            let ours = if extent.bits { "0".to_owned() } else { size(extent.ours) };
            let python = size(extent.python);
            let _ = writeln!(
                text,
                "| `{class}` | {output} | {promise} | {ours} | {python} | {versions} | {cases} | {note} |"
            );
        }
    }
    if !refused.is_empty() {
        let refused: Vec<String> = refused.iter().map(|class| format!("`{class}`")).collect();
        let _ = writeln!(
            text,
            "\nIn the cases and not run natively (a Python worker runs them): {}.",
            refused.join(", ")
        );
    }
    text
}

/// A difference by its order of magnitude, so that another machine's last bits do not change the docs.
fn size(difference: f64) -> String {
    if difference == 0.0 {
        return "0".to_owned();
    }
    if difference.is_infinite() {
        return "other labels".to_owned();
    }
    format!("< 1e{}", difference.log10().floor() as i32 + 1)
}

fn docs_path() -> PathBuf {
    folder().join("../../../docs/parity.md")
}

/// Writes the table.
pub(crate) fn write_docs(ran: &Ran) {
    std::fs::write(docs_path(), docs(ran)).expect("docs/parity.md is written");
}

/// Says that the table is not what was measured.
pub(crate) fn docs_are_stale(ran: &Ran) -> Option<String> {
    let held = std::fs::read_to_string(docs_path()).unwrap_or_default();
    (held != docs(ran)).then(|| {
        "docs/parity.md is not what was measured: PELTON_WRITE=1 cargo test -p pelton-native --test conformance".to_owned()
    })
}

/// Writes a line for every reason, for whatever case has it.
pub(crate) fn write_refusals(ran: &Ran) {
    let mut text = String::from(REFUSALS);
    let reasons: BTreeSet<&str> = ran
        .iter()
        .filter_map(|(_, outcome)| match outcome {
            Outcome::Refused(reason) => Some(&**reason),
            Outcome::Ran { .. } => None,
        })
        .collect();
    for reason in reasons {
        let _ = writeln!(text, "*: {reason}");
    }
    std::fs::write(folder().join("expected-refusals.txt"), text).expect("it is written");
}

const REFUSALS: &str = "\
# Models that the native engine does not read: CASES: REASON, * standing for anything, and of the reason a part.
# PELTON_WRITE=1 cargo test -p pelton-native --test conformance writes this file anew.
";

const HEAD: &str = "\
# Parity with Python

Models of these classes, written by the libraries themselves, run natively and are compared with Python row by row:
`tests/conformance/native` holds the models, the inputs (thresholds met exactly, gaps, infinities, denormals, unknown
categories) and Python's answers; `cargo test -p pelton-native --test conformance` compares them and writes this table
(`PELTON_WRITE=1`).

*Promise*: `bits` means equal in every bit; a number is the largest difference allowed, absolute below 1 and relative above
(2e-6 where rows are float32), with equal labels. *Native* is the largest difference seen in float64; *Python* is how far Python is from
itself when it answers the same rows in one batch and one by one, with one thread. A model is promised what its least exact
part is. What Python refuses, row by row, is refused. A batch is its rows alone, in every bit, always.

| class | output | promise | native | Python | versions | cases | |
|---|---|---|---|---|---|--:|---|
";
