//! What a person at a terminal sees while rows are scored, and the words at the end.

use std::io::{IsTerminal, stderr, stdout};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressStyle};
use pelton_tables::{BadRow, Source};

use crate::problems::tell;

/// Rows without an answer told one by one; the rest is counted.
const TOLD: u64 = 20;

/// A run as it goes.
pub(crate) struct Progress {
    bar: ProgressBar,
    read: Arc<AtomicU64>,
    started: Instant,
    rows: u64,
    bad: u64,
    quiet: bool,
}

impl Progress {
    pub(crate) fn new(source: &Source, quiet: bool, to_stdout: bool) -> Self {
        let seen = stderr().is_terminal() && !(to_stdout && stdout().is_terminal());
        let bar = match (quiet || !seen, source.size()) {
            (true, _) => ProgressBar::hidden(),
            (false, Some(size)) => ProgressBar::new(size).with_style(
                ProgressStyle::with_template("{bar:30} {percent:>3}%  {msg}  {eta} left")
                    .expect("a template that a test draws"),
            ),
            (false, None) => ProgressBar::new_spinner(),
        };
        bar.enable_steady_tick(Duration::from_millis(200));
        Self { bar, read: source.progress(), started: Instant::now(), rows: 0, bad: 0, quiet }
    }

    /// Counts a block, and tells of its rows without an answer.
    pub(crate) fn add(&mut self, rows: usize, bad: &[BadRow]) {
        self.rows += rows as u64;
        for row in bad {
            self.bad += 1;
            if self.bad <= TOLD {
                self.bar.suspend(|| tell(told(row)));
            }
        }
        self.bar.set_position(self.read.load(Ordering::Relaxed));
        self.bar.set_message(format!(
            "{} rows, {}/s",
            HumanCount(self.rows),
            HumanCount(self.rate())
        ));
    }

    pub(crate) const fn bad(&self) -> u64 {
        self.bad
    }

    fn rate(&self) -> u64 {
        (self.rows as f64 / self.started.elapsed().as_secs_f64().max(1e-6)) as u64
    }

    /// Clears the bar and sums up.
    pub(crate) fn finish(&self, how: &str) {
        self.bar.finish_and_clear();
        if self.bad > TOLD {
            tell(format_args!("and {} more rows without an answer", HumanCount(self.bad - TOLD)));
        }
        if self.quiet {
            return;
        }
        let bad = match self.bad {
            0 => String::new(),
            bad => format!(", {} without an answer", HumanCount(bad)),
        };
        let plural = if self.rows == 1 { "" } else { "s" };
        tell(format_args!(
            "{} row{plural} in {:.1} s, {}/s{bad} ({how})",
            HumanCount(self.rows),
            self.started.elapsed().as_secs_f64(),
            HumanCount(self.rate())
        ));
    }

    /// Says something while it goes on.
    pub(crate) fn note(&self, text: &str) {
        if !self.quiet {
            self.bar.suspend(|| tell(format_args!("note: {text}")));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// `row 17 (line 18): column 'age' holds 'old', and the model takes numbers`.
pub(crate) fn told(bad: &BadRow) -> String {
    let line = bad.line.map(|line| format!(" (line {line})")).unwrap_or_default();
    format!("row {}{line}: {}", bad.row, bad.reason)
}
