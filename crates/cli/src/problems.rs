//! Everything that is wrong with one run, gathered so that it can be told at once; and what a command
//! found, told whole.

use std::fmt;
use std::io::{ErrorKind, Write as _, stderr, stdout};

use pelton_core::system_words;
use pelton_inspect::plain;

/// Problems in the order they were found, each once.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<String>);

impl Problems {
    /// This problem alone.
    pub(crate) fn one(problem: impl fmt::Display) -> Self {
        let mut problems = Self::default();
        problems.push(problem);
        problems
    }

    /// Names of files may hold anything, and a terminal obeys what it is sent.
    pub(crate) fn push(&mut self, problem: impl fmt::Display) {
        let problem = problem.to_string().split('\n').map(plain).collect::<Vec<_>>().join("\n");
        if !self.0.contains(&problem) {
            self.0.push(problem);
        }
    }

    /// The value, or the problem noted.
    pub(crate) fn take<T, E: fmt::Display>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|problem| self.push(problem)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A line for whoever reads standard error.
pub(crate) fn tell(line: impl fmt::Display) {
    // `2>&1 | head` closes it: nobody is left to be told, and that is no reason to die.
    let _ = writeln!(stderr(), "{line}");
}

/// What a command found, for whoever reads standard output.
///
/// # Errors
/// When it cannot be written. That whoever read it has had enough is none.
pub(crate) fn print(report: &str) -> Result<(), String> {
    let mut out = stdout();
    match out.write_all(report.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("cannot write the report: {}", system_words(&error)))
        }
        _ => Ok(()),
    }
}

impl fmt::Display for Problems {
    /// `error: what` or `error: 3 problems` and a list.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [problem] => write!(f, "error: {problem}"),
            problems => {
                write!(f, "error: {} problems", problems.len())?;
                for problem in problems {
                    write!(f, "\n  - {problem}")?;
                }
                Ok(())
            }
        }
    }
}
