//! Logs on standard error: for people, or as JSON for machines.

use std::ffi::OsStr;
use std::io::{IsTerminal, stderr};

use tracing::Level;
use tracing_subscriber::EnvFilter;

use crate::log_lines::LogLines;
use crate::parse;

/// How to log.
#[derive(Debug)]
pub(crate) struct Settings {
    pub(crate) format: Option<Format>,
    pub(crate) level: Option<Level>,
    pub(crate) filter: Option<String>,
    /// No colours, whatever the terminal can do.
    pub(crate) no_color: bool,
}

/// How a line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Format {
    Human,
    Json,
}

pub(crate) fn format(value: &OsStr) -> Result<Format, String> {
    parse::word(value, &[("auto", Format::Human), ("human", Format::Human), ("json", Format::Json)])
}

pub(crate) fn level(value: &OsStr) -> Result<Level, String> {
    parse::word(
        value,
        &[
            ("error", Level::ERROR),
            ("warn", Level::WARN),
            ("info", Level::INFO),
            ("debug", Level::DEBUG),
            ("trace", Level::TRACE),
        ],
    )
}

pub(crate) fn filter(value: &OsStr) -> Result<String, String> {
    let value = parse::text(value)?;
    EnvFilter::try_new(value)
        .map(|_| value.to_owned())
        .map_err(|_| format!("'{value}' is not a filter; write it like info,pelton_server=debug"))
}

/// Parts that have a line for each frame of a flood; the server says once that there is one.
const QUIET: &str = ",h2=error";

/// Starts logging, for the life of the process.
///
/// # Errors
/// When no thread can be started.
pub(crate) fn start(settings: &Settings) -> std::io::Result<LogLines> {
    let lines = LogLines::start(stderr())?;
    let directives = settings.filter.clone().unwrap_or_else(|| {
        let level = settings.level.unwrap_or(Level::INFO);
        let directives = level.to_string().to_lowercase();
        if level > Level::INFO { directives } else { directives + QUIET }
    });
    let builder = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(directives))
        .with_writer(lines.clone());
    let started = match settings.format {
        Some(Format::Json) => builder.json().flatten_event(true).try_init(),
        _ => builder.with_ansi(stderr().is_terminal() && !settings.no_color).try_init(),
    };
    started.expect("nothing started logging before");
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let payload = panic.payload();
        let message = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("without a message");
        let backtrace = std::backtrace::Backtrace::force_capture();
        tracing::error!(place, %backtrace, "a task of the server panicked: {message}");
    }));
    Ok(lines)
}
