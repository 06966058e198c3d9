//! The command line: made from the table of settings, with its help; turned into a layer.
//!
//! Values stay text here. They are judged in `config`, together with those of the environment and
//! the file, so that everything that is wrong is told at once.

use std::ffi::OsString;

use clap::builder::OsStringValueParser;
use clap::{Arg, ArgAction, ArgMatches, Command};

use crate::layers::{FlagLayer, Origin, Raw};
use crate::settings::{ALL, Group, Kind, Setting};
use crate::tool_commands;

const ABOUT: &str = "Serve models trained in Python over gRPC, with the Open Inference Protocol";

const SERVE_ABOUT: &str = "Serve models over gRPC until stopped";

const SERVE_LONG_ABOUT: &str = "\
Serve models over gRPC until stopped

Each MODEL is a file (pickle, joblib, skops, XGBoost's, LightGBM's or CatBoost's own, or Python source with a \
class deriving from pelton.Model) or a directory with one; pieces of a model are joined by + (scaler.pkl+model.pkl), and # names an entry of a bundle \
(bundle.pkl#model). What a file is, its content decides, not its name. Models run natively, without \
Python, where that is possible; what is not runs in worker processes, and only with an interpreter you name by --python.

Everything is checked before a port opens; once all models are ready, one block on standard output \
tells the addresses and what each model takes and answers. Logs go to standard error.";

const EXAMPLES: &str = "\
Examples:
  pelton serve iris.pkl --python .venv/bin/python
  pelton serve flights=models/2013-08.joblib fraud.pkl --python .venv --workers 4
  pelton serve 'churn=scaler.pkl+bundle.pkl#model' --python .venv
  pelton serve --config pelton.toml --host 0.0.0.0 --log-format json
  pelton serve iris.pkl --python .venv --grpc-port 0 --http-port 0   any free ports

Environment and file:
  Every flag is also a variable (--grpc-port is PELTON_GRPC_PORT, MODEL is PELTON_MODELS, separated
  by commas) and a key of the file (grpc_port). A flag goes before the variable, the variable before
  the file; a model's own table in the file goes before all of them:

    grpc_port = 8001
    [models.flights]
    path = \"models/flights.pkl\"
    python = \".venv\"
    memory_limit = \"2GiB\"

  Unknown keys and unknown PELTON_ variables are refused.

Exit codes:
  0  stopped as asked (SIGTERM or Ctrl-C)
  1  a model failed to load, a port cannot be had, or the server failed
  2  a mistake in the command line, the environment, the file, or a model's path";

/// The whole command line.
pub(crate) fn command() -> Command {
    Command::new("pelton")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(serve())
        .subcommands(tool_commands::all())
}

fn serve() -> Command {
    let models = Arg::new("models")
        .value_name("MODEL")
        .action(ArgAction::Append)
        .value_parser(OsStringValueParser::new())
        .help("A model: a file or a directory, or NAME=PATH; the name is the file's if none is given [env: PELTON_MODELS]");
    let mut command = Command::new("serve")
        .about(SERVE_ABOUT)
        .long_about(SERVE_LONG_ABOUT)
        .after_help(EXAMPLES)
        .arg(models);
    for group in Group::ALL {
        for setting in ALL.iter().filter(|setting| setting.group == group) {
            command = command.args(args(setting));
        }
    }
    command
}

/// The flags of a setting.
pub(crate) fn args(setting: &'static Setting) -> Vec<Arg> {
    let flag = setting.flag();
    let Kind::Switch(shown) = setting.kind else {
        return vec![
            Arg::new(setting.key)
                .long(flag)
                .value_name(setting.kind.placeholder())
                .value_parser(OsStringValueParser::new())
                .help(help(setting))
                .help_heading(setting.group.heading()),
        ];
    };
    // Only the one that changes something is shown: --no-batching, --keep-going.
    let on_by_default = setting.default == Some("true");
    let switch = |id: String, value: bool| {
        Arg::new(id.clone())
            .long(id)
            .action(ArgAction::SetTrue)
            .hide(value == on_by_default)
            .help(shown)
            .help_heading(setting.group.heading())
    };
    let (yes, no) = (flag.clone(), format!("no-{flag}"));
    vec![
        switch(yes.clone(), true).overrides_with(no.clone()),
        switch(no, false).overrides_with(yes),
    ]
}

fn help(setting: &Setting) -> String {
    match setting.default {
        Some(default) => format!("{} [default: {default}]", setting.help),
        None => setting.help.to_owned(),
    }
}

/// The flags of settings that were given, of those the command has.
pub(crate) fn layer(matches: &mut ArgMatches) -> FlagLayer {
    let mut layer = FlagLayer {
        models: matches
            .remove_many::<OsString>("models")
            .into_iter()
            .flatten()
            .map(|value| Raw { value, origin: Origin::Argument })
            .collect(),
        ..FlagLayer::default()
    };
    for setting in ALL {
        // A command that does not have the setting has not given it: clap says so by an error in some
        // builds and by nothing in others.
        let given = if setting.kind.is_switch() {
            switch(setting, matches)
        } else {
            let value = matches.try_remove_one::<OsString>(setting.key).ok().flatten();
            value.map(|value| (value, setting.flag()))
        };
        if let Some((value, flag)) = given {
            let origin = Origin::Flag(flag);
            layer.values.insert(setting.key, Raw { value, origin });
        }
    }
    layer
}

fn switch(setting: &Setting, matches: &ArgMatches) -> Option<(OsString, String)> {
    let (yes, no) = (setting.flag(), format!("no-{}", setting.flag()));
    let is_given = |flag: &str| matches.try_get_one::<bool>(flag).ok().flatten() == Some(&true);
    if is_given(&yes) {
        Some(("true".into(), yes))
    } else if is_given(&no) {
        Some(("false".into(), no))
    } else {
        None
    }
}

/// Where a setting may be given, for the reference page.
#[cfg(test)]
pub(crate) fn flags_shown(setting: &Setting) -> String {
    let flag = setting.flag();
    match setting.kind {
        Kind::Switch(_) => format!("`--{flag}`, `--no-{flag}`"),
        _ => format!("`--{flag} {}`", setting.kind.placeholder()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn the_last_of_a_switch_and_its_opposite_counts() {
        let values = |arguments: &[&str]| {
            let mut matches =
                command().try_get_matches_from([&["pelton", "serve"], arguments].concat()).unwrap();
            let (_, mut serve) = matches.remove_subcommand().unwrap();
            layer(&mut serve).values
        };
        assert_eq!(values(&["--no-batching"])["batching"].value, "false");
        let both = values(&["--no-batching", "--batching"]);
        assert_eq!(both["batching"].value, "true");
        assert!(values(&[]).is_empty());
    }
}
