//! One question and its answer on a worker's socket.
//!
//! An [`Exchange`] keeps its own progress, so that it can be dropped by the one who waits and finished
//! by another: the stream never loses its place. Must not decide what a fault means.

use std::io::{self, IoSlice};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use bytes::{Buf, Bytes, BytesMut};
use tokio::net::UnixStream;
use tokio::sync::Notify;

use crate::frames::{self, HEADER_BYTES, Header, Kind};

/// Room made for an answer before anything is known about it.
const FIRST_READ_BYTES: usize = 2048;
/// The most that is reserved ahead of bytes that have not arrived: lengths may lie.
const MAX_RESERVE_BYTES: usize = 16 << 20;
const MAX_PIECES: usize = 64;

/// A running worker process, as those see it who talk to it.
#[derive(Debug)]
pub(crate) struct Worker {
    pub(crate) slot: usize,
    pub(crate) pid: u32,
    pub(crate) stream: UnixStream,
    condemned: OnceLock<Broken>,
    answered: AtomicBool,
    pub(crate) noticed: Notify,
}

impl Worker {
    pub(crate) fn new(slot: usize, pid: u32, stream: UnixStream) -> Self {
        Self {
            slot,
            pid,
            stream,
            condemned: OnceLock::new(),
            answered: AtomicBool::new(false),
            noticed: Notify::new(),
        }
    }

    /// Notes that the worker has answered a batch: it works, whatever ends it later.
    pub(crate) fn note_answer(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }

    /// Whether the worker has answered a batch.
    pub(crate) fn answered(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Marks the worker as one to be killed and replaced, for this reason.
    pub(crate) fn condemn(&self, reason: Broken) {
        if self.condemned.set(reason).is_ok() {
            self.close();
            self.noticed.notify_one();
        }
    }

    /// Why the worker is to be replaced, if it is.
    pub(crate) fn condemned(&self) -> Option<&Broken> {
        self.condemned.get()
    }

    /// Closes the conversation: the worker reads end of file, and so does whoever waits for it.
    pub(crate) fn close(&self) {
        // Fails only when the worker has closed it already.
        let _ = rustix::net::shutdown(&self.stream, rustix::net::Shutdown::Both);
    }
}

/// The right to talk to a worker; there is one per worker.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) worker: Arc<Worker>,
    next_id: u64,
    answer_bytes: usize,
    pub(crate) idle_since: Instant,
}

impl Connection {
    pub(crate) fn new(worker: Arc<Worker>) -> Self {
        Self { worker, next_id: 1, answer_bytes: FIRST_READ_BYTES, idle_since: Instant::now() }
    }

    /// An id no other question on this connection had.
    pub(crate) fn next_id(&mut self) -> u64 {
        let id = self.next_id;
        self.next_id += 1;
        id
    }

    /// Begins an exchange; nothing is written before it is driven.
    pub(crate) fn begin(&self, id: u64, pieces: Vec<Bytes>) -> Exchange {
        Exchange {
            pieces,
            piece: 0,
            id,
            answer: BytesMut::with_capacity(self.answer_bytes),
            header: None,
        }
    }

    /// Notes how large answers are, so that the next one is read at once.
    pub(crate) fn learn(&mut self, answer_bytes: usize) {
        let room = (answer_bytes + HEADER_BYTES + 64).next_power_of_two();
        self.answer_bytes = room.clamp(FIRST_READ_BYTES, 1 << 20);
    }
}

/// Why a connection is of no more use.
#[derive(Clone, Debug)]
pub(crate) enum Broken {
    /// The worker closed the connection or died; how its process ended tells more.
    Ended(String),
    /// The worker did what it must not.
    Fault(String),
}

impl Broken {
    pub(crate) fn reason(&self) -> &str {
        match self {
            Self::Ended(reason) | Self::Fault(reason) => reason,
        }
    }
}

/// A worker that sent what it must not.
pub(crate) fn violation(reason: impl std::fmt::Display) -> Broken {
    Broken::Fault(format!("it broke the worker protocol: {reason}"))
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) kind: Kind,
    pub(crate) payload: Bytes,
}

/// A question on its way out, or an answer on its way in.
#[derive(Debug)]
pub(crate) struct Exchange {
    pieces: Vec<Bytes>,
    piece: usize,
    id: u64,
    answer: BytesMut,
    header: Option<Header>,
}

impl Exchange {
    /// Waits for a frame, having sent nothing.
    pub(crate) fn awaiting(id: u64) -> Self {
        Self {
            pieces: Vec::new(),
            piece: 0,
            id,
            answer: BytesMut::with_capacity(FIRST_READ_BYTES),
            header: None,
        }
    }

    /// Goes on from wherever it is until the answer is there. May be dropped and called again.
    pub(crate) async fn drive(&mut self, stream: &UnixStream) -> Result<Answer, Broken> {
        self.write(stream).await?;
        loop {
            if let Some(answer) = self.complete()? {
                return Ok(answer);
            }
            self.make_room();
            match stream.try_read_buf(&mut self.answer) {
                Ok(0) => {
                    return Err(Broken::Ended("it closed the connection".to_owned()));
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    stream.readable().await.map_err(ended)?;
                }
                Err(error) => return Err(ended(error)),
            }
        }
    }

    async fn write(&mut self, stream: &UnixStream) -> Result<(), Broken> {
        while self.piece < self.pieces.len() {
            match self.try_write(stream) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    stream.writable().await.map_err(ended)?;
                }
                Err(error) => return Err(ended(error)),
            }
        }
        Ok(())
    }

    fn try_write(&mut self, stream: &UnixStream) -> io::Result<()> {
        let waiting = &mut self.pieces[self.piece..];
        let mut written = if let [only] = waiting {
            stream.try_write(only)?
        } else {
            let mut slices = [IoSlice::new(&[]); MAX_PIECES];
            let count = waiting.len().min(MAX_PIECES);
            for (slice, piece) in slices.iter_mut().zip(waiting.iter()) {
                *slice = IoSlice::new(piece);
            }
            stream.try_write_vectored(&slices[..count])?
        };
        for piece in waiting {
            let taken = written.min(piece.len());
            piece.advance(taken);
            written -= taken;
            if !piece.is_empty() {
                break;
            }
            self.piece += 1;
        }
        Ok(())
    }

    fn make_room(&mut self) {
        let wanted = self.header.map_or(HEADER_BYTES, |header| HEADER_BYTES + header.length);
        let missing = wanted.saturating_sub(self.answer.len()).max(1);
        if self.answer.capacity() - self.answer.len() < missing.min(MAX_RESERVE_BYTES) {
            self.answer.reserve(missing.min(MAX_RESERVE_BYTES));
        }
    }

    fn complete(&mut self) -> Result<Option<Answer>, Broken> {
        if self.header.is_none() {
            let Some(header) = self.answer.first_chunk::<HEADER_BYTES>() else {
                return Ok(None);
            };
            let header = frames::parse_header(header).map_err(violation)?;
            if header.id != self.id {
                return Err(violation(format!(
                    "it answered frame {} instead of {}",
                    header.id, self.id
                )));
            }
            self.header = Some(header);
        }
        let header = self.header.expect("it was just read");
        let whole = HEADER_BYTES + header.length;
        if self.answer.len() < whole {
            return Ok(None);
        }
        if self.answer.len() > whole {
            return Err(violation("it sent more than it was asked for".to_owned()));
        }
        let mut payload = std::mem::take(&mut self.answer).freeze();
        payload.advance(HEADER_BYTES);
        Ok(Some(Answer { kind: header.kind, payload }))
    }
}

#[expect(clippy::needless_pass_by_value, reason = "used as a function for map_err")]
fn ended(error: io::Error) -> Broken {
    Broken::Ended(format!("the connection failed: {error}"))
}
