//! `pelton predict`: rows in, answers out, and what becomes of rows that have none.

use std::io::Write;
use std::process::Stdio;

use crate::harness::{Outcome, Place, python};

/// A model that refuses negative numbers, and dies of the number 13.
const FUSSY: &str = "\
import os
import numpy as np
import pelton

class Fussy(pelton.Model):
    inputs = {'x': ('FP64', [-1]), 'name': ('BYTES', [-1])}
    outputs = {'double': ('FP64', [-1]), 'pair': ('FP64', [-1, 2]), 'shout': ('BYTES', [-1])}

    def predict(self, inputs):
        x = inputs['x']
        if (x == 13).any():
            os._exit(13)
        if (x < 0).any():
            raise ValueError('negative')
        shout = np.array([name.upper() for name in inputs['name'].astype(str)], dtype=object)
        return {'double': 2 * x, 'pair': np.stack([x, -x], axis=1), 'shout': shout}
";

const ROWS: &str = "name,x,id\na,1,7\nb,-1,8\nc,oops,9\nd,4.5,10\n";

fn place() -> Place {
    let place = Place::new();
    place.write("fussy.py", FUSSY).write("rows.csv", ROWS);
    place
}

#[track_caller]
fn predict(place: &Place, arguments: &[&str]) -> Outcome {
    place.run(&[&["predict", "fussy.py", "--python", &python(), "--quiet"], arguments].concat())
}

#[track_caller]
fn refuses(place: &Place, arguments: &[&str], code: i32, words: &str) {
    let outcome = predict(place, arguments);
    assert_eq!(outcome.stderr.trim_end(), words);
    assert_eq!(outcome.code, Some(code));
}

/// Runs with these bytes on standard input.
#[track_caller]
fn piped(place: &Place, arguments: &[&str], input: &[u8]) -> Outcome {
    let python = python();
    let mut child = place
        .command(&[&["predict", "fussy.py", "--python", &python, "--quiet"], arguments].concat())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pelton starts");
    // It may end without reading.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("it ends");
    Outcome {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

fn lines(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect::<Vec<_>>().join("\n") + "\n"
}

#[test]
fn the_first_bad_row_ends_the_run_and_leaves_no_file() {
    let place = place();
    let words = "error: row 3 (line 4): column 'x' holds 'oops', and the model takes numbers; \
                 --on-error skip or null answers the others";
    refuses(&place, &["--input", "rows.csv", "--output", "out.csv"], 1, words);
    let left = std::fs::read_dir(place.path("")).expect("a directory");
    let left: Vec<_> = left.map(|entry| entry.expect("an entry").file_name()).collect();
    let part =
        left.iter().any(|name| name == "out.csv" || name.to_string_lossy().contains(".part"));
    assert!(!part, "{left:?}");
    place.write("rows.csv", "x,name\n1,a\n2,b\n-3,c\n-4,d\n");
    let words =
        "error: row 3 (line 4): ValueError: negative; --on-error skip or null answers the others";
    refuses(&place, &["--input", "rows.csv"], 1, words);
}

#[test]
fn skipped_rows_are_left_out_and_told() {
    let place = place();
    let arguments =
        ["--input", "rows.csv", "--on-error", "skip", "--outputs", "double,pair", "--keep", "id"];
    let outcome = predict(&place, &arguments);
    assert_eq!(outcome.stdout, "id,double,pair_0,pair_1\n7,2.0,1.0,-1.0\n10,9.0,4.5,-4.5\n");
    assert_eq!(
        outcome.stderr,
        "row 2 (line 3): ValueError: negative\n\
         row 3 (line 4): column 'x' holds 'oops', and the model takes numbers\n"
    );
    assert_eq!(outcome.code, Some(3));
}

#[test]
fn null_rows_stay_with_their_reason() {
    let place = place();
    let arguments = ["-i", "rows.csv", "--on-error", "null", "--outputs", "shout,pair"];
    let outcome = predict(&place, &[&arguments[..], &["--output-format", "jsonl"]].concat());
    assert_eq!(
        outcome.stdout,
        "{\"shout\": \"A\", \"pair\": [1.0, -1.0], \"error\": null}\n\
         {\"shout\": null, \"pair\": null, \"error\": \"ValueError: negative\"}\n\
         {\"shout\": null, \"pair\": null, \"error\": \"column 'x' holds 'oops', and the model takes numbers\"}\n\
         {\"shout\": \"D\", \"pair\": [4.5, -4.5], \"error\": null}\n"
    );
    assert_eq!(outcome.code, Some(3));
}

#[test]
fn a_row_that_kills_its_worker_fails_alone() {
    let place = place();
    place.write("rows.csv", "name,x\na,1\nb,13\nc,3\n");
    let arguments =
        ["-i", "rows.csv", "--on-error", "skip", "--outputs", "double", "--workers", "1"];
    let outcome = predict(&place, &[&arguments[..], &["--log", "off"]].concat());
    assert_eq!(outcome.stdout, "double\n2.0\n6.0\n", "{}", outcome.stderr);
    assert!(outcome.stderr.starts_with("row 2 (line 3): "), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(3));
}

#[test]
fn streams_keep_their_order_in_any_format() {
    let place = place();
    let rows = lines(1000, |n| format!("{{\"name\": \"n{n}\", \"x\": {n}.5}}"));
    let answers = lines(1000, |n| format!("{{\"double\": {}.0}}", 2 * n + 1));
    let arguments = ["--outputs", "double", "--batch-rows", "7"];
    let outcome = piped(&place, &arguments, rows.as_bytes());
    assert_eq!(outcome.stderr, "");
    assert_eq!(outcome.stdout, answers);
    let file = ["--output", "answers.parquet"];
    let outcome = piped(&place, &[&arguments[..], &file].concat(), rows.as_bytes());
    assert_eq!((outcome.code, &*outcome.stdout, &*outcome.stderr), (Some(0), "", ""));
    assert_eq!(&std::fs::read(place.path("answers.parquet")).expect("written")[..4], b"PAR1");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let place = place();
    let python = python();
    let rows = lines(20_000, |n| format!("a,{}", n + 14));
    place.write("rows.csv", format!("name,x\n{rows}"));
    let mut child = place
        .command(&[
            "predict",
            "fussy.py",
            "--python",
            &python,
            "-i",
            "rows.csv",
            "--batch-rows",
            "10",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("pelton starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn an_empty_table_has_a_header_and_no_rows() {
    let outcome = piped(&place(), &["--outputs", "double,pair"], b"name,x\n");
    assert_eq!((outcome.code, &*outcome.stdout), (Some(0), "double,pair_0,pair_1\n"));
}

#[test]
fn mistakes_are_told_before_the_first_row() {
    let place = place();
    let refuses = |arguments: &[&str], words: &str| {
        refuses(&place, arguments, 2, &format!("error: {words}"));
    };
    refuses(&["-i", "none.csv"], "--input: cannot read none.csv: no such file or directory");
    refuses(
        &["-i", "rows.csv", "-o", "./rows.csv"],
        "--output: ./rows.csv is the input; name another",
    );
    refuses(
        &["-i", "rows.csv", "-o", "no/x"],
        "--output: no/x cannot be written: no such file or directory",
    );
    refuses(
        &["-i", "rows.csv", "--outputs", "treble"],
        "--outputs: the model has no output 'treble', it has 'double', 'pair', 'shout'",
    );
    refuses(
        &["-i", "rows.csv", "--keep", "key"],
        "--keep names the column 'key', which the input does not have; it has 'name', 'x', 'id'",
    );
    refuses(
        &["-i", "rows.csv", "--separator", "ab"],
        "--separator: 'ab' is not one ASCII character; write ; or tab",
    );
    place.write("rows.csv", "Name,x\na,1\n");
    refuses(
        &["-i", "rows.csv"],
        "the input lacks 1 of the model's 2 columns: 'name'; it has these that the model does not \
         know: 'Name'",
    );
}

#[test]
fn the_summary_and_the_notes_are_on_standard_error() {
    let place = place();
    place.write("rows.csv", "name,x,id\na,1,7\n");
    let python = python();
    let outcome = place.run(&[
        "predict",
        "fussy.py",
        "--python",
        &python,
        "-i",
        "rows.csv",
        "--outputs",
        "double",
    ]);
    assert_eq!(outcome.stdout, "double\n2.0\n");
    let lines: Vec<&str> = outcome.stderr.lines().collect();
    assert_eq!(lines[0], "note: the model does not use 'id'");
    assert!(lines[1].starts_with("1 row in ") && lines[1].contains("(python 3."), "{}", lines[1]);
}
