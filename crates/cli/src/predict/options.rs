//! What `pelton predict` was told beside the settings of the model.

use std::io::{IsTerminal, stdin};
use std::path::{Path, PathBuf};

use clap::ArgMatches;
use pelton_tables::{CsvOptions, Format, Selection};

/// What to read, ask and write.
#[derive(Debug)]
pub(crate) struct Options {
    /// `None` is standard input.
    pub(crate) input: Option<PathBuf>,
    pub(crate) input_format: Option<Format>,
    pub(crate) csv: CsvOptions,
    pub(crate) selection: Selection,
    /// `None` is standard output.
    pub(crate) output: Option<PathBuf>,
    pub(crate) output_format: Option<Format>,
    pub(crate) outputs: Vec<String>,
    pub(crate) on_error: OnError,
    pub(crate) batch_rows: usize,
    pub(crate) quiet: bool,
}

/// What becomes of a row that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnError {
    Fail,
    Skip,
    Null,
}

impl Options {
    /// # Errors
    /// What is wrong with them.
    pub(crate) fn take(arguments: &mut ArgMatches) -> Result<Self, String> {
        let input = path(arguments, "input");
        if input.is_none() && stdin().is_terminal() {
            return Err("no rows to score; name a file with --input, or pipe them in".to_owned());
        }
        let output = path(arguments, "output");
        if let (Some(input), Some(output)) = (&input, &output)
            && is_same(input, output)
        {
            return Err(format!("--output: {} is the input; name another", output.display()));
        }
        let separator = arguments.remove_one::<String>("separator");
        let separator = separator.as_deref().map(separator_of).transpose()?;
        let on_error = match arguments.remove_one::<String>("on_error").as_deref() {
            Some("skip") => OnError::Skip,
            Some("null") => OnError::Null,
            _ => OnError::Fail,
        };
        let batch_rows = arguments.remove_one::<u32>("batch_rows").unwrap_or(4096);
        Ok(Self {
            input,
            input_format: format(arguments, "input_format"),
            csv: CsvOptions { separator, headless: arguments.get_flag("no_header") },
            selection: Selection {
                keep: list(arguments, "keep"),
                columns: list(arguments, "columns"),
                missing: list(arguments, "missing"),
            },
            output,
            output_format: format(arguments, "output_format"),
            outputs: list(arguments, "outputs"),
            on_error,
            batch_rows: batch_rows as usize,
            quiet: arguments.get_flag("quiet"),
        })
    }

    /// What the output is: as said, as its name says, or as the input; but Parquet is nothing for
    /// standard output unless somebody says so.
    pub(crate) fn format_out(&self, input: Format) -> Format {
        let named = self.output.as_deref().and_then(Format::of_name);
        self.output_format.or(named).unwrap_or(match input {
            Format::Parquet if self.output.is_none() => Format::Csv,
            other => other,
        })
    }
}

fn path(arguments: &mut ArgMatches, id: &str) -> Option<PathBuf> {
    arguments.remove_one::<PathBuf>(id).filter(|path| path != Path::new("-"))
}

fn is_same(input: &Path, output: &Path) -> bool {
    matches!((input.canonicalize(), output.canonicalize()), (Ok(input), Ok(output)) if input == output && input.is_file())
}

fn separator_of(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"tab" | b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err(format!("--separator: '{text}' is not one ASCII character; write ; or tab")),
    }
}

fn format(arguments: &mut ArgMatches, id: &str) -> Option<Format> {
    let word = arguments.remove_one::<String>(id)?;
    Format::WORDS.iter().find(|(known, _)| *known == word).map(|(_, format)| *format)
}

fn list(arguments: &mut ArgMatches, id: &str) -> Vec<String> {
    arguments.remove_many::<String>(id).into_iter().flatten().collect()
}
