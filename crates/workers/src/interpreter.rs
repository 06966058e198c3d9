//! Whether an interpreter can run a worker, asked before anything is started with it.

use std::fmt;
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde::Deserialize;

/// How long an interpreter may take to say its version; importing numpy from a cold disk is slow.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// Characters of what a program said that are told.
const SAID_MAX: usize = 120;

const MIN_VERSION: (u32, u32) = (3, 9);

/// Runs on any Python since 2.7, so that an old one is told apart from none.
const QUESTION: &str = r#"
import json, sys
try:
    import numpy
    found = numpy.__version__
    why = None
except Exception as error:
    found = None
    why = type(error).__name__ + ": " + str(error)
print(json.dumps({"version": list(sys.version_info[:3]), "executable": sys.executable, "numpy": found, "why": why}))
"#;

/// An interpreter that can run workers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonInfo {
    /// The interpreter, as it names itself.
    pub executable: PathBuf,
    /// Its version, such as `3.11.7`.
    pub version: String,
    /// The version of its numpy.
    pub numpy: String,
}

/// Why an interpreter cannot run workers; the message says what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterpreterError(String);

impl fmt::Display for InterpreterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for InterpreterError {}

#[derive(Deserialize)]
struct Found {
    version: (u32, u32, u32),
    executable: PathBuf,
    numpy: Option<String>,
    why: Option<String>,
}

/// Runs the interpreter once, and says whether it is recent enough and has numpy.
///
/// Blocks for as long as that takes, at most 30 seconds. The messages hold the path as it was given:
/// they are for the operator, not for clients.
///
/// # Errors
/// When it does not exist, does not run, is no Python, is older than 3.9 or has no numpy.
pub fn check_interpreter(python: &Path) -> Result<PythonInfo, InterpreterError> {
    let shown = python.display();
    let refuse = |reason: String| InterpreterError(format!("python '{shown}' {reason}"));
    let mut child = start(python).map_err(|error| {
        refuse(match error.kind() {
            std::io::ErrorKind::NotFound => {
                "does not exist: give the path of an interpreter, such as .venv/bin/python"
                    .to_owned()
            }
            std::io::ErrorKind::PermissionDenied => "cannot be executed".to_owned(),
            _ => format!("cannot be run: {error}"),
        })
    })?;
    let (output, problems, success) = finish(&mut child).map_err(refuse)?;
    let found: Option<Found> =
        output.lines().rev().find_map(|line| serde_json::from_str(line).ok());
    let Some(found) = found.filter(|_| success) else {
        let last = problems.lines().rfind(|line| !line.trim().is_empty());
        return Err(refuse(format!(
            "is no working Python interpreter ({}): give the path of one, such as .venv/bin/python",
            said(last.unwrap_or("it did not answer"))
        )));
    };
    let (major, minor, patch) = found.version;
    let version = format!("{major}.{minor}.{patch}");
    if (major, minor) < MIN_VERSION {
        return Err(refuse(format!("is version {version}: Pelton needs 3.9 or later")));
    }
    let Some(numpy) = found.numpy else {
        return Err(refuse(format!(
            "has no usable numpy ({}): run '{shown} -m pip install numpy'",
            found.why.unwrap_or_default()
        )));
    };
    Ok(PythonInfo { executable: found.executable, version, numpy })
}

/// A line of a program that may be anything, short enough for a message.
fn said(line: &str) -> String {
    match line.char_indices().nth(SAID_MAX) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None => line.to_owned(),
    }
}

fn start(python: &Path) -> std::io::Result<Child> {
    Command::new(python)
        .args(["-c", QUESTION])
        .env_remove("PYTHONHOME")
        .env_remove("PYTHONINSPECT")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .spawn()
}

/// What the child wrote, and whether it ended well; kills it when the time is over.
fn finish(child: &mut Child) -> Result<(String, String, bool), String> {
    let output = read_all(child.stdout.take().expect("the output is piped"));
    let problems = read_all(child.stderr.take().expect("the errors are piped"));
    let started = Instant::now();
    let status = loop {
        match child.try_wait() {
            Ok(Some(status)) => break status,
            Ok(None) if started.elapsed() < TIME_LIMIT => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Ok(None) => {
                crate::process::kill_group(child.id());
                let _ = child.wait(); // reaped; how it ended is known
                return Err(format!("did not say its version within {} s", TIME_LIMIT.as_secs()));
            }
            Err(error) => return Err(format!("cannot be waited for: {error}")),
        }
    };
    // A process it left behind may hold the pipes open; what is written is there already.
    crate::process::kill_group(child.id());
    let text = |reader: std::thread::JoinHandle<String>| reader.join().unwrap_or_default();
    Ok((text(output), text(problems), status.success()))
}

fn read_all(pipe: impl Read + Send + 'static) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // A read that fails ends the text; the status tells the rest.
        let _ = pipe.take(1 << 20).read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
