//! A worker written in Rust: the side of the protocol that Python's worker has in Python.
//!
//! It is run in a process that [`crate::WorkerExecutor`] started. Must not know what runs the model.

use std::ffi::OsString;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use bytes::{Buf, Bytes};
use pelton_core::{Code, Error, Executor};
use rustix::process::{Resource, Rlimit};
use tokio::runtime::Builder;

use crate::frames::{self, Fault, FrameError, HEADER_BYTES, Kind, Raised, answers};
use crate::hello::{self, Hello};

/// Room made for a frame before anything is known about it.
const FIRST_READ_BYTES: usize = 1 << 16;
/// The most that is reserved ahead of bytes that have not arrived.
const MAX_RESERVE_BYTES: usize = 16 << 20;

/// What every worker is told when it is started, after what it is told as the program it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerArguments {
    /// The server's process.
    pub parent: u32,
    /// The model's file.
    pub model: PathBuf,
    /// Address space it may use.
    pub memory_limit_bytes: Option<u64>,
}

/// The server, as a worker sees it.
#[derive(Debug)]
pub struct Server {
    socket: UnixStream,
    received: Vec<u8>,
}

impl WorkerArguments {
    /// Reads them.
    ///
    /// # Errors
    /// Which of them is missing or wrong: another program than Pelton started it.
    pub fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Self, String> {
        let (mut parent, mut model, mut memory_limit_bytes) = (None, None, None);
        while let Some(name) = arguments.next() {
            let value = arguments.next().ok_or("an argument has no value")?;
            let number = || value.to_str().and_then(|text| text.parse::<u64>().ok());
            match name.to_str() {
                Some("--parent") => parent = number().and_then(|id| u32::try_from(id).ok()),
                Some("--model") => model = Some(PathBuf::from(value)),
                Some("--memory-limit-bytes") => memory_limit_bytes = number(),
                _ => return Err(format!("unknown argument {}", name.display())),
            }
        }
        Ok(Self {
            parent: parent.ok_or("--parent is needed")?,
            model: model.ok_or("--model is needed")?,
            memory_limit_bytes,
        })
    }
}

impl Server {
    /// Takes the connection that standard input is, and binds the process to the server: it ends with
    /// it, and keeps to the limit of memory.
    ///
    /// # Errors
    /// What the system refused; the server is gone.
    pub fn connect(arguments: &WorkerArguments) -> io::Result<Self> {
        end_with(arguments.parent)?;
        if let Some(limit) = arguments.memory_limit_bytes {
            let limit = Rlimit { current: Some(limit), maximum: Some(limit) };
            rustix::process::setrlimit(Resource::As, limit)?;
        }
        let socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
        Ok(Self { socket, received: Vec::new() })
    }

    /// Says that the model cannot be loaded.
    ///
    /// # Errors
    /// The server is gone.
    pub fn refuse(mut self, why: &str) -> io::Result<()> {
        let raised = Raised {
            fault: Fault::Model,
            kind: String::new(),
            message: why.to_owned(),
            trace: String::new(),
        };
        self.send(&answers::encode_raised(Kind::Failed, 0, &raised).map_err(broken)?)
    }

    /// Says what the model is, and answers batches until the server closes the connection. `classes`
    /// are class labels as text; the executor's other properties are told as they are.
    ///
    /// # Errors
    /// The connection failed, or the server broke the protocol.
    pub fn serve(
        mut self,
        executor: &dyn Executor,
        classes: Option<Vec<String>>,
    ) -> io::Result<()> {
        let hello = Hello {
            python: String::new(),
            platform: executor.platform().to_owned(),
            class: String::new(),
            libraries: executor.properties().into_iter().collect(),
            classes,
            signature: executor.signature().clone(),
        };
        let hello = answers::encode(Kind::Hello, 0, &hello::encode(&hello));
        self.send(&hello.map_err(broken)?)?;
        let runtime = Builder::new_current_thread().build()?;
        while let Some((kind, id, payload)) = self.receive()? {
            let answer = match kind {
                Kind::Ping => frames::encode_empty(Kind::Pong, id),
                Kind::Execute => {
                    let batch = answers::decode_execute(&payload).map_err(broken)?;
                    let answer = runtime.block_on(executor.execute(batch));
                    answer_frame(id, answer).map_err(broken)?
                }
                other => return Err(broken(FrameError(format!("a frame of kind {other:?}")))),
            };
            self.send(&answer)?;
        }
        Ok(())
    }

    fn send(&mut self, pieces: &[Bytes]) -> io::Result<()> {
        pieces.iter().try_for_each(|piece| self.socket.write_all(piece))
    }

    /// The next frame; `None` once the server has closed the connection.
    fn receive(&mut self) -> io::Result<Option<(Kind, u64, Bytes)>> {
        let mut wanted = HEADER_BYTES;
        let mut header = None;
        loop {
            if header.is_none()
                && let Some(bytes) = self.received.first_chunk::<HEADER_BYTES>()
            {
                let read = frames::parse_header(bytes).map_err(broken)?;
                wanted = HEADER_BYTES + read.length;
                header = Some(read);
            }
            if let Some(header) = header
                && self.received.len() >= wanted
            {
                // One frame is under way at a time, so nothing is behind it.
                let mut payload = Bytes::from(std::mem::take(&mut self.received));
                payload.advance(HEADER_BYTES);
                payload.truncate(header.length);
                return Ok(Some((header.kind, header.id, payload)));
            }
            if self.read_some(wanted)? == 0 {
                return Ok(None);
            }
        }
    }

    fn read_some(&mut self, wanted: usize) -> io::Result<usize> {
        let missing = wanted.saturating_sub(self.received.len());
        let room = missing.clamp(FIRST_READ_BYTES, MAX_RESERVE_BYTES);
        if self.received.capacity() - self.received.len() < missing.min(room) {
            self.received.reserve(room);
        }
        loop {
            let spare = rustix::buffer::spare_capacity(&mut self.received);
            match rustix::io::read(&self.socket, spare) {
                Err(rustix::io::Errno::INTR) => {}
                read => return Ok(read?),
            }
        }
    }
}

/// Has the kernel end this process with the server's.
fn end_with(parent: u32) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let now = rustix::process::getppid().map(|pid| pid.as_raw_nonzero().get());
    if now.and_then(|now| u32::try_from(now).ok()) == Some(parent) {
        return Ok(());
    }
    Err(io::Error::other("the server that started this process is gone"))
}

fn answer_frame(
    id: u64,
    answer: pelton_core::Result<Vec<pelton_core::Tensor>>,
) -> Result<Vec<Bytes>, FrameError> {
    let raised = match answer.map(|tensors| answers::encode_result(id, &tensors)) {
        Ok(Ok(frame)) => return Ok(frame),
        Ok(Err(error)) => raised(&Error::new(Code::BadReply, error.0)),
        Err(error) => raised(&error),
    };
    answers::encode_raised(Kind::Error, id, &raised)
}

fn raised(error: &Error) -> Raised {
    let fault = match error.code() {
        Code::InvalidInput | Code::ModelRejected => Fault::Input,
        Code::BadReply => Fault::Answer,
        _ => Fault::Model,
    };
    Raised {
        fault,
        kind: String::new(),
        message: error.message().to_owned(),
        trace: error.detail().unwrap_or_default().to_owned(),
    }
}

fn broken(error: FrameError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error.0)
}
