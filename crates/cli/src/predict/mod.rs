//! `pelton predict`: a run from its command line to its exit code.
//!
//! Must not know formats (the tables' crate does) or executors (the repository's does).

mod options;
mod output;
mod progress;
mod run;

use std::process::ExitCode;

use clap::ArgMatches;

use crate::layers::Layers;
use crate::problems::Problems;
use crate::{FAILURE, USAGE, command, config, environment, fail, logging};
use options::Options;

/// Some rows have no answer, as was asked for.
const INCOMPLETE: u8 = 3;

/// How a run ended.
pub(crate) enum Ending {
    /// Every row was answered.
    Complete,
    /// Some were not, and the others were.
    Incomplete,
    /// Whoever read the output has had enough.
    ReaderGone,
    /// A mistake that was found before the first row.
    Mistake(String),
    /// It failed.
    Failed(String),
    /// Asked to stop by this signal number.
    Stopped(u8),
}

pub(crate) fn run(arguments: &mut ArgMatches) -> ExitCode {
    let mut problems = Problems::default();
    let options = Options::take(arguments);
    let options = problems.take(options);
    let flags = command::layer(arguments);
    let environment = environment::read(&mut problems);
    let layers = Layers { flags, environment, ..Layers::default() };
    let mut check_python = crate::check_python();
    let model = config::one_model(&layers, &mut check_python, &mut problems);
    let (Some(options), Some((model, logging))) = (options, model) else {
        return fail(USAGE, &problems);
    };
    let log = match logging::start(&logging) {
        Ok(log) => log,
        Err(error) => {
            return fail(FAILURE, &Problems::one(format_args!("cannot start threads: {error}")));
        }
    };
    let ending = run::run(&model, options);
    let (code, message) = match ending {
        Ending::Complete | Ending::ReaderGone => (0, None),
        Ending::Incomplete => (INCOMPLETE, None),
        Ending::Mistake(message) => (USAGE, Some(message)),
        Ending::Failed(message) => (FAILURE, Some(message)),
        Ending::Stopped(signal) => (128 + signal, None),
    };
    if let Some(message) = message {
        log.add(format!("{}\n", Problems::one(message)).as_bytes());
    }
    log.flush();
    ExitCode::from(code)
}
