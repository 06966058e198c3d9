//! The native engine against Python, case by case (`tests/conformance/native`).
//!
//! `PELTON_CASE=part-of-a-name` runs some cases, `PELTON_CASES=folder` those of another folder (the
//! fuzzer's, or larger ones that are not committed), `PELTON_WRITE=1` writes what the docs and the
//! expected refusals say anew. Where any of that is stale, the test fails.
#![allow(missing_docs)]

#[path = "conformance/compare.rs"]
mod compare;
#[path = "conformance/golden.rs"]
mod golden;
#[path = "conformance/promises.rs"]
mod promises;
#[path = "conformance/report.rs"]
mod report;
#[path = "conformance/run.rs"]
mod run;

use std::path::PathBuf;

use pelton_native::Threads;

use golden::Golden;
use promises::{Promises, Refusal, folder};
use run::{Outcome, run};

/// Faulty cases told, unless `PELTON_CASES` names a folder of others.
const TOLD: usize = 25;

#[test]
fn native_answers_are_pythons() {
    let filter = std::env::var("PELTON_CASE").unwrap_or_default();
    let other = std::env::var_os("PELTON_CASES").map(PathBuf::from);
    let whole = filter.is_empty() && other.is_none();
    let most = if other.is_none() { TOLD } else { usize::MAX };
    let cases = golden::found_in(&other.unwrap_or_else(|| folder().join("cases")));
    let cases: Vec<PathBuf> =
        cases.into_iter().filter(|path| golden::name_of(path).contains(&filter)).collect();
    assert!(!cases.is_empty(), "no case has '{filter}' in its name");
    let ran = run_all(&cases);
    println!("{}", report::summary(&ran));
    let refusals = Refusal::read();
    if whole && std::env::var_os("PELTON_WRITE").is_some() {
        report::write_refusals(&ran);
        report::write_docs(&ran);
        return;
    }
    let mut wrong = differing(&ran, &promises::known_differences());
    wrong.extend(unexpected(&ran, &refusals));
    if whole {
        wrong.extend(mended(&ran, &promises::known_differences()));
        wrong.extend(needless(&ran, &refusals));
        wrong.extend(report::docs_are_stale(&ran));
    }
    let told: Vec<&str> = wrong.iter().map(String::as_str).take(most).collect();
    assert!(wrong.is_empty(), "{} of {} cases:\n{}", wrong.len(), ran.len(), told.join("\n"));
}

/// The cases with what came of each; on as many threads as there are processors.
fn run_all(cases: &[PathBuf]) -> Vec<(Golden, Outcome)> {
    let promises = Promises::read();
    let threads = Threads::new(1).expect("a thread");
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let shares: Vec<_> = (0..workers)
            .map(|share| {
                let (promises, threads) = (&promises, &threads);
                scope.spawn(move || {
                    let cases = cases.iter().enumerate().skip(share).step_by(workers);
                    cases
                        .map(|(place, path)| {
                            let golden = golden::read(path)
                                .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
                            let outcome = run(&golden, promises, threads);
                            (place, golden, outcome)
                        })
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        let mut ran: Vec<_> =
            shares.into_iter().flat_map(|share| share.join().expect("a share's thread")).collect();
        ran.sort_by_key(|(place, ..)| *place);
        ran.into_iter().map(|(_, golden, outcome)| (golden, outcome)).collect()
    })
}

/// Cases whose answers are not as promised, those known to be so left out.
fn differing(ran: &[(Golden, Outcome)], known: &[String]) -> Vec<String> {
    let faulty = |(golden, outcome): &(Golden, Outcome)| match outcome {
        Outcome::Ran { faults, .. } if !faults.is_empty() && !known.contains(&golden.name) => {
            Some(format!("{}\n    {}", golden.name, faults.join("\n    ")))
        }
        _ => None,
    };
    ran.iter().filter_map(faulty).collect()
}

/// Cases listed as differing that do no more.
fn mended(ran: &[(Golden, Outcome)], known: &[String]) -> Vec<String> {
    let equal = |name: &&String| {
        ran.iter().any(|(golden, outcome)| {
            golden.name == **name
                && matches!(outcome, Outcome::Ran { faults, .. } if faults.is_empty())
        })
    };
    let mended = known.iter().filter(equal);
    mended.map(|name| format!("known-differences.txt: {name} is equal now")).collect()
}

/// Models that are refused and not expected to be.
fn unexpected(ran: &[(Golden, Outcome)], refusals: &[Refusal]) -> Vec<String> {
    let unexpected = |(golden, outcome): &(Golden, Outcome)| match outcome {
        Outcome::Refused(reason)
            if !refusals.iter().any(|refusal| refusal.explains(&golden.name, reason)) =>
        {
            Some(format!("{}: refused: {reason}", golden.name))
        }
        _ => None,
    };
    ran.iter().filter_map(unexpected).collect()
}

/// Lines of the expected refusals that no case needs any more.
fn needless(ran: &[(Golden, Outcome)], refusals: &[Refusal]) -> Vec<String> {
    let needed = |refusal: &Refusal| {
        ran.iter().any(|(golden, outcome)| {
            matches!(outcome, Outcome::Refused(reason) if refusal.explains(&golden.name, reason))
        })
    };
    let needless = refusals.iter().filter(|refusal| !needed(refusal));
    needless
        .map(|refusal| format!("expected-refusals.txt: no case is refused so: {}", refusal.line))
        .collect()
}
