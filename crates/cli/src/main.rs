//! The binary `pelton`: reads what it is told, checks all of it, serves. Glue only.

mod batches;
mod command;
mod config;
mod descriptors;
mod doors;
mod environment;
mod file;
mod inspect;
mod layers;
mod loading;
mod log_lines;
mod logging;
mod network;
mod parse;
mod predict;
mod problems;
mod python;
#[cfg(test)]
mod reference;
mod report;
mod serve;
mod settings;
mod signals;
mod tool_commands;
mod verify;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use config::Config;
use layers::Layers;
use problems::Problems;

/// Small things are made on one thread and dropped on another all the time here.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A mistake in the command line, the environment, the file, or a model's path.
const USAGE: u8 = 2;

/// A model failed to load, a port cannot be had, or the server failed.
const FAILURE: u8 = 1;

fn main() -> ExitCode {
    let mut own = std::env::args_os().skip(1);
    if own.next().is_some_and(|name| name == pelton_repository::ONNX_WORKER) {
        return onnx_worker(own);
    }
    let mut matches = command::command().get_matches();
    let (name, mut arguments) = matches.remove_subcommand().expect("clap requires a subcommand");
    match name.as_str() {
        "inspect" => inspect::run(&mut arguments),
        "predict" => predict::run(&mut arguments),
        "verify" => verify::run(&mut arguments),
        _ => serve(&mut arguments),
    }
}

/// What `serve` starts for ONNX models that are to run in processes of their own. No command of
/// people's, so the command line does not tell of it.
fn onnx_worker(arguments: impl Iterator<Item = std::ffi::OsString>) -> ExitCode {
    match pelton_repository::run_onnx_worker(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => fail(FAILURE, &Problems::one(format_args!("{why}"))),
    }
}

/// This program, to be started again.
pub(crate) fn own_program() -> PathBuf {
    if cfg!(target_os = "linux") {
        // Also when the file was replaced by a newer one since.
        PathBuf::from("/proc/self/exe")
    } else {
        std::env::current_exe().unwrap_or_default()
    }
}

fn serve(arguments: &mut clap::ArgMatches) -> ExitCode {
    let config = match configure(arguments) {
        Ok(config) => config,
        Err(problems) => return fail(USAGE, &problems),
    };
    let log = match logging::start(&config.logging) {
        Ok(log) => log,
        Err(error) => {
            return fail(FAILURE, &Problems::one(format_args!("cannot start threads: {error}")));
        }
    };
    let outcome = serve::run(&config);
    if let Err(problems) = &outcome {
        // Behind the log, and like it never waiting for ever.
        log.add(format!("{problems}\n").as_bytes());
    }
    log.flush();
    outcome.map_or(ExitCode::from(FAILURE), |()| ExitCode::SUCCESS)
}

fn fail(code: u8, problems: &Problems) -> ExitCode {
    problems::tell(problems);
    ExitCode::from(code)
}

/// Reads all layers and checks everything, files and interpreters included.
fn configure(arguments: &mut clap::ArgMatches) -> Result<Config, Problems> {
    let mut problems = Problems::default();
    let flags = command::layer(arguments);
    let environment = environment::read(&mut problems);
    let mut layers = Layers { flags, environment, ..Layers::default() };
    if let Some(path) = layers.find(&settings::CONFIG, None) {
        layers.file = file::read(Path::new(&path.value), &mut problems);
    }
    let mut check_python = check_python();
    Config::build(&layers, &mut check_python, &mut problems).ok_or(problems)
}

/// Tries interpreters, each once: many models may share one, and starting it takes a tenth of a
/// second.
fn check_python() -> impl FnMut(&Path) -> Result<(), String> {
    let mut checked: BTreeMap<PathBuf, Result<(), String>> = BTreeMap::new();
    move |python| {
        checked
            .entry(python.to_owned())
            .or_insert_with(|| {
                pelton_repository::check_python(python).map_err(|problem| problem.to_string())
            })
            .clone()
    }
}
