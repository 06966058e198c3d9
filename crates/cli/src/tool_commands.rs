//! The command lines of the commands that serve nothing, with their help.
//!
//! Values of settings stay text here, as in `command`; what only one command knows is typed by clap.

use std::path::PathBuf;

use clap::builder::{OsStringValueParser, PossibleValuesParser};
use clap::{Arg, ArgAction, Command, value_parser};

use crate::command::args;
use crate::settings::{self, Setting};

/// The settings that say how a model runs.
static RUNNING: [&Setting; 13] = [
    &settings::EXECUTOR,
    &settings::VERIFY,
    &settings::NATIVE_THREADS,
    &settings::ONNX_LIBRARY,
    &settings::ONNX_THREADS,
    &settings::ONNX_SESSIONS,
    &settings::ONNX_ISOLATED,
    &settings::PYTHON,
    &settings::WORKERS,
    &settings::THREADS_PER_WORKER,
    &settings::MEMORY_LIMIT,
    &settings::STARTUP_TIMEOUT,
    &settings::RUN_TIMEOUT,
];

/// The settings that decide what runs a model.
static CHOOSING: [&Setting; 4] =
    [&settings::EXECUTOR, &settings::NATIVE_THREADS, &settings::PYTHON, &settings::ONNX_LIBRARY];

/// The settings of the log.
static LOGGING: [&Setting; 3] = [&settings::LOG_FORMAT, &settings::LOG_LEVEL, &settings::LOG];

const PREDICT_ABOUT: &str = "Score the rows of a file with a model";

const PREDICT_LONG_ABOUT: &str = "\
Score the rows of a file with a model

Reads CSV, JSON lines or Parquet, writes any of them, in the order of the rows and with memory that does not \
grow with the file. Columns go to a model by their names, in whatever order; a model of a plain matrix takes \
them in order, or by names that are numbered (f0, f1, ...).";

const PREDICT_EXAMPLES: &str = "\
Examples:
  pelton predict flights.pkl --input december.csv --output late.csv --keep id,origin
  pelton predict flights.pkl --input december.parquet --output late.parquet --outputs predict_proba
  zcat rows.jsonl.gz | pelton predict fraud.pkl --on-error null > answers.jsonl
  pelton predict iris.pkl --python .venv --input iris.csv --columns sl,sw,pl,pw

Rows that cannot be answered are told on standard error with their number and the reason. By default the first
one ends the run, and an output file is not written; with --on-error skip or null the others are answered.

Exit codes:
  0  every row was answered
  1  a row could not be answered, the model failed to load, or the output cannot be written
  2  a mistake in the command line, the environment, a path, or the columns of the input
  3  with --on-error skip or null: some rows have no answer";

const INSPECT_ABOUT: &str = "Tell what is in a model file, without running any of it";

const INSPECT_LONG_ABOUT: &str = "\
Tell what is in a model file, without running any of it

The parts of the model as a tree, the library versions that wrote it, its columns, classes and outputs; what \
would run it and why; and what Python would import if it loaded the file. That last list is information, not \
protection: whether a name is harmless nobody can tell from the name alone.";

const INSPECT_EXAMPLES: &str = "\
Examples:
  pelton inspect churn.pkl
  pelton inspect 'bundle.pkl#model'
  pelton inspect churn.onnx --python .venv
  pelton inspect churn.pkl --json | jq '.pieces[].imports[] | select(.danger != \"usual\")'

Exit codes:
  0  inspected
  1  the file is damaged, or passes a limit; what could be told is told
  2  a mistake in the command line, the environment or the path, or the file is no model";

const VERIFY_ABOUT: &str = "Hold the native engine's answers against Python's";

const VERIFY_LONG_ABOUT: &str = "\
Hold the native engine's answers against Python's

Runs the model natively and in a Python worker on the same rows, and tells the largest differences, the labels \
that differ, the rows that only one of them refused, and how fast each is. Without --data, rows are made from \
what the model tells of itself: thresholds of its trees and the numbers beside them, known and unknown \
categories, ranges of its scalers, and now and then NaN, infinities, -0.0 and numbers too small or too large.";

const VERIFY_EXAMPLES: &str = "\
Examples:
  pelton verify churn.pkl --python .venv
  pelton verify churn.pkl --python .venv --rows 100000 --seed 7 --json
  pelton verify churn.pkl --python .venv --data december.parquet --differences rows.csv

Exit codes:
  0  every answer is within the promise: equal in every bit, or within 1e-12 with equal labels where Python
     itself varies
  1  some are not, or only one of the two refused a row
  2  it could not be run: a mistake in the command line, a path or the data, the model does not run natively, or
     not in Python";

/// All of them.
pub(crate) fn all() -> [Command; 3] {
    [inspect(), predict(), verify()]
}

fn inspect() -> Command {
    Command::new("inspect")
        .about(INSPECT_ABOUT)
        .long_about(INSPECT_LONG_ABOUT)
        .after_help(INSPECT_EXAMPLES)
        .arg(model())
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print JSON, in the form of docs/commands.md"),
        )
        .args(CHOOSING.into_iter().flat_map(args))
}

fn predict() -> Command {
    let command = Command::new("predict")
        .about(PREDICT_ABOUT)
        .long_about(PREDICT_LONG_ABOUT)
        .after_help(PREDICT_EXAMPLES)
        .arg(model())
        .args(rows_in())
        .args(rows_out())
        .arg(
            Arg::new("on_error")
                .long("on-error")
                .value_name("fail|skip|null")
                .value_parser(PossibleValuesParser::new(["fail", "skip", "null"]))
                .hide_possible_values(true)
                .default_value("fail")
                .help("What becomes of a row that cannot be answered: fail ends the run, skip leaves it out, null leaves its answer empty and says why in a column 'error'"),
        )
        .arg(
            Arg::new("batch_rows")
                .long("batch-rows")
                .value_name("N")
                .value_parser(value_parser!(u32).range(1..=1_000_000))
                .default_value("4096")
                .help("Rows the model is given at once; 1 answers each as it comes"),
        )
        .arg(
            Arg::new("quiet")
                .long("quiet")
                .short('q')
                .action(ArgAction::SetTrue)
                .help("No progress and no summary on standard error, only errors"),
        );
    with_settings(command, &RUNNING)
}

fn verify() -> Command {
    let number = |id: &'static str, default: &'static str, help: &'static str| {
        Arg::new(id)
            .long(id)
            .value_name("N")
            .value_parser(value_parser!(u64))
            .default_value(default)
            .help(help)
    };
    let command = Command::new("verify")
        .about(VERIFY_ABOUT)
        .long_about(VERIFY_LONG_ABOUT)
        .after_help(VERIFY_EXAMPLES)
        .arg(model())
        .arg(
            Arg::new("input")
                .long("data")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Rows to compare, in CSV, JSON lines or Parquet; - is standard input"),
        )
        .arg(
            number("rows", "2000", "Rows to make, or to read of the data at most")
                .conflicts_with("all"),
        )
        .arg(number("seed", "1", "Another one makes other rows"))
        .arg(
            Arg::new("all")
                .long("all")
                .action(ArgAction::SetTrue)
                .requires("input")
                .help("Compare all rows of the data"),
        )
        .arg(list("outputs", "NAMES", "What to compare; all that both have if not said"))
        .arg(
            Arg::new("differences")
                .long("differences")
                .value_name("FILE")
                .value_parser(value_parser!(PathBuf))
                .help("Write the rows that differ to this CSV file, to be given by --data again"),
        )
        .arg(
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print JSON, in the form of docs/commands.md"),
        );
    with_settings(command, &[&settings::PYTHON, &settings::STARTUP_TIMEOUT, &settings::RUN_TIMEOUT])
}

fn rows_in() -> Vec<Arg> {
    vec![
        Arg::new("input")
            .long("input")
            .short('i')
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .default_value("-")
            .hide_default_value(true)
            .help("The rows; - or nothing is standard input"),
        format_of("input_format", "What the input is, where its content does not tell"),
        list("columns", "NAMES", "The columns a model of a plain matrix takes, in its order"),
        list(
            "missing",
            "TEXTS",
            "Texts that stand for a missing value, such as NA or ?; an empty one always does",
        ),
        Arg::new("separator")
            .long("separator")
            .value_name("CHARACTER")
            .help("What separates values in CSV, such as ; or tab; found out if not said"),
        Arg::new("no_header")
            .long("no-header")
            .action(ArgAction::SetTrue)
            .help("The CSV has no line of names: columns are taken in order"),
    ]
}

fn rows_out() -> Vec<Arg> {
    vec![
        Arg::new("output")
            .long("output")
            .short('o')
            .value_name("FILE")
            .value_parser(value_parser!(PathBuf))
            .default_value("-")
            .hide_default_value(true)
            .help("Where the answers go; - or nothing is standard output. A file is there whole or not at all"),
        format_of("output_format", "What the output is, where its name does not tell; else what the input is"),
        list("outputs", "NAMES", "What the model is asked for, such as predict,predict_proba"),
        list("keep", "COLUMNS", "Columns of the input to copy to the output; * is all"),
    ]
}

fn model() -> Arg {
    Arg::new("models")
        .value_name("MODEL")
        .required(true)
        .value_parser(OsStringValueParser::new())
        .help("The model: a file or a directory, as for pelton serve")
}

fn format_of(id: &'static str, help: &'static str) -> Arg {
    Arg::new(id)
        .long(id.replace('_', "-"))
        .value_name("csv|jsonl|parquet")
        .value_parser(PossibleValuesParser::new(["csv", "jsonl", "parquet", "tsv", "ndjson"]))
        .hide_possible_values(true)
        .help(help)
}

fn list(id: &'static str, shown: &'static str, help: &'static str) -> Arg {
    Arg::new(id)
        .long(id)
        .value_name(shown)
        .value_delimiter(',')
        .action(ArgAction::Append)
        .help(help)
}

fn with_settings(command: Command, running: &[&'static Setting]) -> Command {
    command.args(running.iter().chain(&LOGGING).flat_map(|setting| args(setting)))
}
