//! `pelton verify`: what it finds, and what its exit code says.

use crate::harness::{Outcome, Place, python};

/// Changes the estimator in Python alone, before the worker loads the model.
fn change_python(place: &mut Place, body: &str) {
    let code = format!(
        "from sklearn.linear_model import LogisticRegression as Model\n\
         proba = Model.predict_proba\n\
         def changed(self, X):\n    answer = proba(self, X)\n{body}\n    return answer\n\
         Model.predict_proba = changed\n"
    );
    place.write("changes/sitecustomize.py", code);
    let path = place.path("changes").to_str().expect("UTF-8").to_owned();
    place.env("PYTHONPATH", &path);
}

#[track_caller]
fn verify(place: &Place, arguments: &[&str]) -> Outcome {
    place.run(&[&["verify", "iris.pkl", "--python", &python()], arguments].concat())
}

#[test]
fn a_promise_that_is_kept_is_success() {
    let place = Place::with_model();
    let outcome = verify(&place, &["--rows", "300", "--seed", "7"]);
    assert_eq!(outcome.code, Some(0), "{}{}", outcome.stdout, outcome.stderr);
    for words in [
        "iris\n  ours       native, ",
        "  rows       300 generated, seed 7\n",
        "  predict: ",
        "    every bit is equal\n",
        "times as fast",
        "  the promise, within 1e-12, labels equal, is kept\n",
    ] {
        assert!(outcome.stdout.contains(words), "{words} is missing:\n{}", outcome.stdout);
    }
    assert_eq!(outcome.stderr, "");
}

#[test]
fn the_same_seed_finds_the_same() {
    let place = Place::with_model();
    let found = || {
        let outcome = verify(&place, &["--rows", "200", "--json"]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
        let (found, speed) = outcome.stdout.split_once("\"speed\"").expect("the speed");
        assert!(speed.contains("\"within\": true"), "{speed}");
        found.to_owned()
    };
    let first = found();
    assert_eq!(first, found());
    assert!(first.contains("\"pelton_verify\": 1") && first.contains("\"promise\": \"close\""));
}

#[test]
fn a_difference_is_told_with_a_row_that_shows_it_again() {
    let mut place = Place::with_model();
    change_python(&mut place, "    answer = answer + 0.25 * (X[:, :1] > 2)");
    let outcome = verify(&place, &["--rows", "200", "--differences", "rows.csv"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    assert!(
        outcome.stdout.contains("    largest absolute difference 2.5e-1"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("  the first row that differs, row "), "{}", outcome.stdout);
    assert!(outcome.stdout.ends_with("is NOT kept\n"), "{}", outcome.stdout);
    let rows = std::fs::read_to_string(place.path("rows.csv")).expect("written");
    assert_eq!(rows.lines().next(), Some("f0,f1"));
    let count = rows.lines().count() - 1;
    let again = verify(&place, &["--data", "rows.csv", "--all", "--json"]);
    assert_eq!(again.code, Some(1), "{}", again.stderr);
    assert!(again.stdout.contains(&format!("\"rows_beyond\": {count}")), "{}", again.stdout);
}

#[test]
fn a_row_that_one_alone_refuses_is_a_difference() {
    let mut place = Place::with_model();
    change_python(
        &mut place,
        "    if (X[:, 0] == 2.5).any():\n        raise ValueError('no halves')",
    );
    place.write("rows.csv", "f0,f1\n1,2\n2.5,3\nnan,1\n");
    let outcome = verify(&place, &["--data", "rows.csv"]);
    assert_eq!(outcome.code, Some(1), "{}", outcome.stderr);
    let words = "  refused by theirs alone: 1 row, the first is row 2: ValueError: no halves\n";
    assert!(outcome.stdout.contains(words), "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("  refused by both: 1 row, the first is row "),
        "{}",
        outcome.stdout
    );
}

#[test]
fn rows_that_both_refuse_say_nothing_of_a_promise() {
    let place = Place::with_model();
    place.write("rows.csv", "f0,f1\nnan,2\n1,inf\n");
    let outcome = verify(&place, &["--data", "rows.csv"]);
    assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""), "{}", outcome.stderr);
    let words = "error: both refuse all 2 rows, row 1 because: ";
    assert!(outcome.stderr.starts_with(words), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("NaN"), "{}", outcome.stderr);
}

#[test]
fn what_cannot_be_run_is_another_exit_code() {
    let place = Place::with_model();
    place.write("own.pkl", b"cnot_a_module\nModel\n(tR.").write("bad.csv", "a\n1\n");
    let refuses = |arguments: &[&str], words: &str| {
        let outcome = place.run(&[&["verify"], arguments].concat());
        assert!(outcome.stderr.starts_with(words), "{}", outcome.stderr);
        assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
    };
    let python = python();
    refuses(&["iris.pkl"], "error: no Python to verify against; name one with --python\n");
    refuses(
        &["own.pkl", "--python", &python],
        "error: model 'own' (own.pkl) cannot run natively: not_a_module.Model is not supported \
         natively, so there is nothing to verify\n",
    );
    refuses(
        &["iris.pkl", "--python", &python, "--data", "none.csv"],
        "error: --data: cannot read none.csv: no such file or directory\n",
    );
    refuses(
        &["iris.pkl", "--python", &python, "--data", "bad.csv"],
        "error: --data: bad.csv: the model takes 2 features in order, and the input has 1 column: 'a'",
    );
    place.write("none.csv", "f0,f1\n");
    refuses(
        &["iris.pkl", "--python", &python, "--data", "none.csv"],
        "error: --data: none.csv has no rows to compare\n",
    );
    refuses(
        &["iris.pkl", "--python", &python, "--differences", "nowhere/rows.csv"],
        "error: --differences: nowhere is no directory\n",
    );
    refuses(
        &["iris.pkl", "--python", &python, "--outputs", "guess"],
        "error: --outputs: the model has no output 'guess'",
    );
}

#[test]
fn a_report_that_cannot_be_written_is_no_verdict() {
    let place = Place::with_model();
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let arguments = ["verify", "iris.pkl", "--python", &python(), "--rows", "20", "--json"];
    let output = place.command(&arguments).stdout(full).output().expect("pelton starts");
    let words = "error: cannot write the report: no space left on device\n";
    assert_eq!(String::from_utf8_lossy(&output.stderr), words);
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_worker_without_room_for_its_files_says_where_they_go() {
    let mut place = Place::with_model();
    place.env("TMPDIR", "/nowhere");
    let outcome = verify(&place, &["--rows", "20"]);
    let words = "the worker's files cannot be written below /nowhere: no such file or directory; set TMPDIR \
                 to a directory with room";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("trace"), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(2));
}

#[test]
fn a_library_that_python_lacks_is_told_without_a_trace() {
    let mut place = Place::with_model();
    place.write(
        "changes/sklearn/__init__.py",
        "raise ModuleNotFoundError(\"No module named 'sklearn'\", name='sklearn')\n",
    );
    let path = place.path("changes").to_str().expect("UTF-8").to_owned();
    place.env("PYTHONPATH", &path);
    let outcome = verify(&place, &["--rows", "20"]);
    assert!(outcome.stderr.contains("needs the Python module 'sklearn'"), "{}", outcome.stderr);
    assert!(!outcome.stderr.contains("race"), "{}", outcome.stderr);
}
