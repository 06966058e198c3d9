//! What is promised of each estimator (`tests/conformance/native/promises.txt`), and which models are
//! known to be refused (`expected-refusals.txt`).
//!
//! Must not know how a case is run.

use std::path::{Path, PathBuf};

use super::compare::Nearness;
use super::golden::Golden;

/// What is near without more being said.
const CLOSE: f64 = 1e-12;

/// A class's outputs that are not promised in every bit.
struct Promise {
    class: String,
    outputs: Vec<String>,
    limit: f64,
    note: String,
}

/// The promises.
pub(crate) struct Promises(Vec<Promise>);

/// A line of the expected refusals.
pub(crate) struct Refusal {
    pub(crate) line: String,
    cases: String,
    reason: String,
}

/// The folder of the cases and what is said about them.
pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/conformance/native")
}

impl Promises {
    /// Reads `CLASS OUTPUTS close[:LIMIT] [NOTE]` lines.
    pub(crate) fn read() -> Self {
        Self(lines("promises.txt").iter().map(|line| Self::parse(line)).collect())
    }

    fn parse(line: &str) -> Promise {
        let mut words = line.split_whitespace();
        let (class, outputs, nearness) = (words.next(), words.next(), words.next());
        let limit = match nearness.and_then(|word| word.strip_prefix("close")) {
            Some("") => CLOSE,
            Some(limit) => limit[1..].parse().expect("promises.txt: a number after close:"),
            None => panic!("promises.txt: '{line}' must be CLASS OUTPUTS close[:LIMIT] [NOTE]"),
        };
        Promise {
            class: class.expect("a class").to_owned(),
            outputs: outputs.expect("outputs").split(',').map(str::to_owned).collect(),
            limit,
            note: words.collect::<Vec<_>>().join(" "),
        }
    }

    /// How near an output of a case must be. What a close part feeds is close.
    pub(crate) fn nearness(&self, golden: &Golden, output: &str) -> Nearness {
        let limit = self
            .0
            .iter()
            .filter(|promise| golden.covers.contains(&promise.class))
            .filter(|promise| promise.class != golden.last || promise.names(output))
            .map(|promise| promise.limit)
            .reduce(f64::max);
        let limit = limit.into_iter().chain(golden.tolerance).reduce(f64::max);
        limit.map_or(Nearness::Bits, |limit| Nearness::Within(limit.max(golden.sensitivity)))
    }

    /// What is said of a class's output in the table: the limit, if not bits, and the note.
    pub(crate) fn of(&self, class: &str, output: &str) -> (Option<f64>, &str) {
        let found = self.0.iter().find(|promise| promise.class == class && promise.names(output));
        found.map_or((None, ""), |promise| (Some(promise.limit), &promise.note))
    }
}

impl Promise {
    fn names(&self, output: &str) -> bool {
        self.outputs.iter().any(|one| {
            one == "*"
                || one == output
                || output
                    .strip_prefix(&**one)
                    .is_some_and(|rest| rest.starts_with('_') && rest[1..].parse::<u8>().is_ok())
        })
    }
}

impl Refusal {
    /// Reads `CASES: REASON` lines; `*` in the cases stands for anything.
    pub(crate) fn read() -> Vec<Self> {
        let parse = |line: &String| {
            let (cases, reason) =
                line.split_once(": ").expect("expected-refusals.txt: CASES: REASON");
            Self { line: line.clone(), cases: cases.to_owned(), reason: reason.trim().to_owned() }
        };
        lines("expected-refusals.txt").iter().map(parse).collect()
    }

    /// Whether it expects this case to be refused.
    pub(crate) fn expects(&self, case: &str) -> bool {
        matches(&self.cases, case)
    }

    /// Whether it expects this case to be refused with this reason.
    pub(crate) fn explains(&self, case: &str, reason: &str) -> bool {
        self.expects(case) && reason.contains(&self.reason)
    }
}

/// Cases known to differ from Python: a debt to be paid, not a promise.
pub(crate) fn known_differences() -> Vec<String> {
    lines("known-differences.txt")
}

fn lines(file: &str) -> Vec<String> {
    let text = std::fs::read_to_string(folder().join(file)).expect("a file beside the cases");
    let lines = text.lines().map(str::trim);
    lines.filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn matches(pattern: &str, text: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == text,
        Some((start, rest)) => text.strip_prefix(start).is_some_and(|text| {
            (0..=text.len())
                .filter(|at| text.is_char_boundary(*at))
                .any(|at| matches(rest, &text[at..]))
        }),
    }
}
