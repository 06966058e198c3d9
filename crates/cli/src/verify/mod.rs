//! `pelton verify`: from its command line to its exit code.
//!
//! Must not know how rows are made or answers compared: the crate of that name does.

mod differing;
mod report;
mod rows;
mod run;
mod speed;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::ArgMatches;

use crate::layers::Layers;
use crate::problems::{Problems, print};
use crate::{FAILURE, USAGE, command, config, environment, fail, logging};

/// What to compare.
pub(crate) struct Options {
    /// `-` is standard input; `None` makes rows.
    pub(crate) data: Option<PathBuf>,
    pub(crate) rows: u64,
    pub(crate) seed: u64,
    pub(crate) outputs: Vec<String>,
    pub(crate) differences: Option<PathBuf>,
}

pub(crate) fn run(arguments: &mut ArgMatches) -> ExitCode {
    let mut problems = Problems::default();
    let json = arguments.get_flag("json");
    let all = arguments.get_flag("all");
    let rows = arguments.remove_one::<u64>("rows").unwrap_or_default();
    let options = Options {
        data: arguments.remove_one::<PathBuf>("input"),
        rows: if all { u64::MAX } else { rows },
        seed: arguments.remove_one::<u64>("seed").unwrap_or_default(),
        outputs: arguments.remove_many::<String>("outputs").into_iter().flatten().collect(),
        differences: arguments.remove_one::<PathBuf>("differences"),
    };
    let below = options.differences.as_ref().and_then(|path| path.parent());
    if let Some(missing) = below.filter(|below| !below.as_os_str().is_empty() && !below.is_dir()) {
        problems.push(format_args!("--differences: {} is no directory", missing.display()));
    }
    if options.rows == 0 {
        problems.push("--rows: 0 rows show nothing; give at least 1");
    }
    let flags = command::layer(arguments);
    let environment = environment::read(&mut problems);
    let mut layers = Layers { flags, environment, ..Layers::default() };
    let mut check_python = crate::check_python();
    let models = config::both(&mut layers, &mut check_python, &mut problems);
    let Some((native, python, logging)) = models.filter(|_| problems.is_empty()) else {
        return fail(USAGE, &problems);
    };
    let log = match logging::start(&logging) {
        Ok(log) => log,
        Err(error) => {
            return fail(FAILURE, &Problems::one(format_args!("cannot start threads: {error}")));
        }
    };
    let told = run::run(&native, python, &options).and_then(|report| {
        print(&if json { report.to_json() } else { report.to_text() })?;
        Ok(u8::from(!report.within))
    });
    let code = match told {
        Ok(code) => code,
        Err(problem) => {
            log.add(format!("{}\n", Problems::one(problem)).as_bytes());
            USAGE
        }
    };
    log.flush();
    ExitCode::from(code)
}
