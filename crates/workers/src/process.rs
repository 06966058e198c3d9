//! Starts worker processes and ends them. Must not know the protocol.
//!
//! A worker asks the kernel to kill it when its parent dies, and the kernel takes the *thread* that
//! started it for the parent. So all workers of a model are started by one thread that lives as long
//! as its [`Spawner`].

use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use rustix::process::{Pid, Signal};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::logs::{self, LastLine, Stream};
use crate::{Program, WorkerConfig, errors};

/// Variables that make an interpreter that is not the server's own start wrongly, or not at all.
const REMOVED_ENV: &[&str] =
    &["PYTHONHOME", "PYTHONSTARTUP", "PYTHONINSPECT", "PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__"];
/// Variables by which libraries learn how many threads to use.
const THREADS_ENV: &[&str] = &[
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "POLARS_MAX_THREADS",
    "RAYON_NUM_THREADS",
    // What joblib takes for the number of cores: `n_jobs=-1` starts threads for every single batch.
    "LOKY_MAX_CPU_COUNT",
];

/// How long the pipes of a dead worker may still be read.
const LAST_WORDS: Duration = Duration::from_millis(500);

type Job = (Command, oneshot::Sender<io::Result<Child>>);

/// The thread that starts processes. It ends, and the kernel then kills what it started, when this is
/// dropped.
#[derive(Debug)]
pub(crate) struct Spawner {
    jobs: mpsc::Sender<Job>,
}

impl Spawner {
    pub(crate) fn new(runtime: Handle) -> io::Result<Self> {
        let (jobs, waiting) = mpsc::channel::<Job>();
        std::thread::Builder::new().name("pelton-spawner".to_owned()).spawn(move || {
            let _entered = runtime.enter();
            while let Ok((mut command, answer)) = waiting.recv() {
                // Nobody waits any more: the child is killed as it is dropped.
                let _ = answer.send(command.spawn());
            }
        })?;
        Ok(Self { jobs })
    }

    /// Starts a worker; the stream is its standard input's other end.
    pub(crate) async fn start(
        &self,
        config: &WorkerConfig,
        script: Option<&Path>,
    ) -> io::Result<(Child, UnixStream)> {
        let (ours, theirs) = StdUnixStream::pair()?;
        ours.set_nonblocking(true)?;
        let stream = UnixStream::from_std(ours)?;
        let command = command(config, script, theirs.into())?;
        let (answer, child) = oneshot::channel();
        let gone = || io::Error::other("the thread that starts workers has ended");
        self.jobs.send((command, answer)).map_err(|_| gone())?;
        Ok((child.await.map_err(|_| gone())??, stream))
    }
}

fn command(config: &WorkerConfig, script: Option<&Path>, stdin: OwnedFd) -> io::Result<Command> {
    let mut command = match &config.program {
        Program::Python(interpreter) => {
            let mut command = Command::new(interpreter);
            command.arg("-u").args(script);
            command
        }
        Program::Other { path, arguments, .. } => {
            let mut command = Command::new(path);
            command.args(arguments);
            // Pelton's own allocator would reserve a gigabyte of addresses at the start, which a limit of memory counts.
            command.env("MIMALLOC_ARENA_RESERVE", "0");
            command
        }
    };
    command.arg("--parent").arg(std::process::id().to_string());
    for piece in &config.pieces {
        command.arg("--model").arg(std::path::absolute(&piece.path)?);
        if let Some(key) = &piece.key {
            // One argument, so that a key may begin with a hyphen.
            command.arg(format!("--key={key}"));
        }
    }
    if let Some(limit) = config.memory_limit_bytes {
        command.arg("--memory-limit-bytes").arg(limit.to_string());
    }
    for name in REMOVED_ENV {
        command.env_remove(name);
    }
    for name in THREADS_ENV {
        command.env(name, config.threads.to_string());
    }
    // What a model prints may hold anything, and must not fail for the server's locale.
    command.env("PYTHONIOENCODING", "utf-8:backslashreplace");
    command
        .envs(config.env.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::from(stdin))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    Ok(command)
}

/// A worker process and the tasks that read its pipes.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) pid: u32,
    pumps: Vec<JoinHandle<()>>,
    pub(crate) last_line: LastLine,
}

impl Process {
    /// Takes a child that was just started, and its pipes.
    pub(crate) fn new(mut child: Child, config: &WorkerConfig) -> Self {
        let pid = child.id().expect("a child that was not waited for has an id");
        let last_line = LastLine::default();
        let mut pumps = Vec::with_capacity(2);
        if let Some(pipe) = child.stdout.take() {
            let pump = logs::pump(pipe, Stream::Output, config.model.clone(), pid);
            pumps.push(tokio::spawn(pump));
        }
        if let Some(pipe) = child.stderr.take() {
            let stream = Stream::Error(last_line.clone());
            let pump = logs::pump(pipe, stream, config.model.clone(), pid);
            pumps.push(tokio::spawn(pump));
        }
        Self { child, pid, pumps, last_line }
    }

    /// Kills what is left of the worker and reaps it: whether it had died of itself, and how.
    pub(crate) async fn end(mut self) -> (bool, String) {
        // A worker that closes its connection is about to end; how it ends is worth knowing.
        let grace = tokio::time::timeout(Duration::from_millis(100), self.child.wait()).await;
        let died_alone = grace.is_ok();
        kill_group(self.pid);
        let exit = match self.child.wait().await {
            Ok(status) => errors::exit_words(status),
            Err(error) => format!("how it ended is unknown: {error}"),
        };
        // A process that left the group may hold the pipes; its words are not waited for.
        for mut pump in self.pumps {
            if tokio::time::timeout(LAST_WORDS, &mut pump).await.is_err() {
                pump.abort();
            }
        }
        (died_alone, exit)
    }
}

/// Kills a worker and whatever it started that stayed in its group.
pub(crate) fn kill_group(pid: u32) {
    if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
        // Fails only when nothing of the group is left.
        let _ = rustix::process::kill_process_group(pid, Signal::KILL);
    }
}
