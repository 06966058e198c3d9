//! Runs `pelton` in a directory of its own with an environment of its own.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long anything may take before a test gives up; nothing waits for it when all is well.
const PATIENCE: Duration = Duration::from_mins(1);

/// A directory with models, and what the next run is given.
pub(crate) struct Place {
    directory: TempDir,
    environment: Vec<(String, String)>,
}

/// What a finished run left.
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A run that serves; it is killed when this is dropped.
pub(crate) struct Server {
    child: Child,
    /// The block on standard output, as far as it has been read.
    pub(crate) block: String,
    stdout: BufReader<std::process::ChildStdout>,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// The interpreter of the tests.
pub(crate) fn python() -> String {
    let python = std::env::var_os("PELTON_TEST_PYTHON").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"),
        PathBuf::from,
    );
    assert!(
        python.exists(),
        "no interpreter for the tests at {}: run `make setup`",
        python.display()
    );
    std::path::absolute(&python).expect("a path").to_str().expect("a path in UTF-8").to_owned()
}

/// A file that one of the libraries wrote.
pub(crate) fn sample(name: &str) -> Vec<u8> {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../repository/tests/files");
    std::fs::read(files.join(name)).expect("a committed file")
}

impl Place {
    pub(crate) fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temp directory"), environment: Vec::new() }
    }

    /// One with a small scikit-learn model, `iris.pkl`.
    pub(crate) fn with_model() -> Self {
        let place = Self::new();
        place.write("iris.pkl", sample("pickle5.bin"));
        place
    }

    /// The same, and models run in Python workers unless a flag says otherwise.
    pub(crate) fn of_workers() -> Self {
        let mut place = Self::with_model();
        place.env("PELTON_EXECUTOR", "python");
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> &Self {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("create");
        std::fs::write(path, content).expect("write");
        self
    }

    pub(crate) fn env(&mut self, name: &str, value: &str) -> &mut Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Runs `pelton` to its end.
    #[track_caller]
    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().expect("pelton starts");
        let text = |bytes: Vec<u8>| self.plain(&String::from_utf8(bytes).expect("UTF-8"));
        Outcome {
            code: output.status.code(),
            stdout: text(output.stdout),
            stderr: text(output.stderr),
        }
    }

    /// Runs `pelton serve` and expects it to refuse with exactly these words.
    #[track_caller]
    pub(crate) fn refuses(&self, arguments: &[&str], words: &str) {
        let outcome = self.run(&[&["serve"], arguments].concat());
        assert_eq!(outcome.stderr.trim_end(), words);
        assert_eq!((outcome.code, &*outcome.stdout), (Some(2), ""));
    }

    /// Starts `pelton serve` without waiting for it to be ready.
    pub(crate) fn start(&self, arguments: &[&str]) -> Server {
        let mut server = self.start_unread(arguments);
        server.read_log();
        server
    }

    /// The same, and nobody reads its log, though the pipe is open.
    pub(crate) fn start_unread(&self, arguments: &[&str]) -> Server {
        let mut child = self
            .command(&[&["serve"], arguments].concat())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("pelton starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        Server { child, block: String::new(), stdout, log: Arc::default(), reader: None }
    }

    /// Starts `pelton serve` on free ports and waits for the block.
    #[track_caller]
    pub(crate) fn serve(&self, arguments: &[&str]) -> Server {
        let ports = ["--grpc-port", "0", "--http-port", "0"];
        let mut server = self.start(&[&ports, arguments].concat());
        server.read_block();
        server
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pelton"));
        command
            .args(arguments)
            .current_dir(self.directory.path())
            .env_clear()
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn plain(&self, text: &str) -> String {
        text.replace(self.directory.path().to_str().expect("UTF-8"), "[DIR]")
    }
}

impl Server {
    fn read_log(&mut self) {
        let mut stderr = BufReader::new(self.child.stderr.take().expect("piped"));
        let written = self.log.clone();
        self.reader = Some(std::thread::spawn(move || {
            let mut line = String::new();
            while stderr.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                written.lock().expect("no reader panics").push_str(&line);
                line.clear();
            }
        }));
    }

    /// Waits until it is ready, and reads up to the addresses. The models stand after them, and the
    /// pipe stays open: they are read when the process has ended.
    #[track_caller]
    pub(crate) fn read_block(&mut self) {
        let mut line = String::new();
        while !self.block.contains("\nhttp  ") {
            line.clear();
            let bytes = self.stdout.read_line(&mut line).expect("UTF-8");
            assert!(bytes > 0, "it ended before it was ready:\n{}", self.log());
            self.block.push_str(&line);
        }
    }

    /// The rest of standard output, once the process has ended.
    pub(crate) fn rest_of_block(&mut self) -> String {
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).expect("UTF-8");
        rest
    }

    /// An address of the block.
    #[track_caller]
    pub(crate) fn address(&self, door: &str) -> String {
        let line = self.block.lines().find_map(|line| line.strip_prefix(door));
        line.expect("the block has this address").trim().to_owned()
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().expect("no reader panics").clone()
    }

    #[track_caller]
    pub(crate) fn wait_for_log(&self, words: &str) {
        wait_for(words, || self.log().contains(words).then_some(()));
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill").args(["-s", name, &self.child.id().to_string()]).status();
        assert!(sent.expect("kill is there").success());
    }

    /// Waits for the process to end; its log is whole then.
    #[track_caller]
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let status = wait_for("the end", || self.child.try_wait().expect("a child"));
        if let Some(reader) = self.reader.take() {
            reader.join().expect("the reader ends with the pipe");
        }
        status
    }

    /// What `GET path` answers on the HTTP port: the status line.
    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> String {
        use std::io::Write;
        let mut stream = std::net::TcpStream::connect(self.address("http  ")).expect("it listens");
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            .expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        answer.lines().next().unwrap_or_default().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which is no fault here.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Asks until there is an answer.
#[track_caller]
pub(crate) fn wait_for<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(started.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}
