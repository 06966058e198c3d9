//! The binary `pelton`: reads what it is told, checks all of it, serves. Glue only.

mod command;
mod config;
mod environment;
mod file;
mod layers;
mod logging;
mod parse;
mod problems;
mod python;
#[cfg(test)]
mod reference;
mod settings;

use std::path::Path;
use std::process::ExitCode;

use config::Config;
use layers::Layers;
use problems::Problems;

/// A mistake in the command line, the environment, the file, or a model's path.
const USAGE: u8 = 2;

fn main() -> ExitCode {
    let mut matches = command::command().get_matches();
    let (_, mut serve) = matches
        .remove_subcommand()
        .expect("clap requires a subcommand");
    match configure(&mut serve) {
        Ok(_config) => {
            eprintln!("error: this build checks its configuration and serves nothing");
            ExitCode::FAILURE
        }
        Err(problems) => {
            eprintln!("{problems}");
            ExitCode::from(USAGE)
        }
    }
}

fn configure(matches: &mut clap::ArgMatches) -> Result<Config, Problems> {
    let mut problems = Problems::default();
    let flags = command::layer(matches);
    let environment = environment::read(&mut problems);
    let mut layers = Layers {
        flags,
        environment,
        ..Layers::default()
    };
    if let Some(path) = layers.find(&settings::CONFIG, None) {
        layers.file = file::read(Path::new(&path.value), &mut problems);
    }
    Config::build(&layers, &mut |_| Ok(()), &mut problems).ok_or(problems)
}
