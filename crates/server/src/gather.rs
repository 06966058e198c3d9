//! Gathers the answers that are about to be ready on a connection into one write.
//!
//! tokio runs a connection right after each answer that wakes it, so that by itself every answer
//! would be written, and the client woken, alone; a write costs as much as all the rest of a small
//! request. A [`Gathering`] connection that has other requests lets the tasks go first that can run
//! now, once, and writes then. It never waits for anything: with nothing else to run, it writes at
//! once.
//!
//! Reading, it stands back after [`FAIR_BYTES`], so that a connection on which more comes than can be
//! dealt with does not keep the others waiting.
//!
//! Must not look at what is read or written.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::task::yield_now;

use crate::conduct::Conduct;

/// A write of this many bytes is worth its system call.
const ENOUGH_BYTES: usize = 16 << 10;

/// More than this read lately is taken for several requests, whose tasks may not have begun yet; a
/// single one of that size can bear the microsecond.
const ONE_REQUEST_BYTES: usize = 512;

/// Read in a row at most: a fraction of a millisecond's work, even where all of it is small frames.
const FAIR_BYTES: usize = 64 << 10;

/// A connection that gathers. See the module.
pub(crate) struct Gathering<S> {
    stream: S,
    /// What was read of it before.
    first: Vec<u8>,
    conduct: Arc<Conduct>,
    read_lately: usize,
    read_in_a_row: usize,
    /// Set while standing back from writing.
    turn: Option<Arc<Turn>>,
    /// Set while standing back from reading.
    reading_turn: Option<Arc<Turn>>,
}

impl<S> Gathering<S> {
    /// A connection of which `first` was read.
    pub(crate) fn new(stream: S, first: Vec<u8>, conduct: Arc<Conduct>) -> Self {
        Self {
            stream,
            first,
            conduct,
            read_lately: 0,
            read_in_a_row: 0,
            turn: None,
            reading_turn: None,
        }
    }

    /// Lets the others run when much was read in a row.
    fn pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.read_in_a_row < FAIR_BYTES {
            return Poll::Ready(());
        }
        match &self.reading_turn {
            None => self.reading_turn = Some(Turn::wait(context)),
            Some(turn) if !turn.has_come.load(Ordering::Acquire) => {}
            Some(_) => {
                self.reading_turn = None;
                self.read_in_a_row = 0;
                return Poll::Ready(());
            }
        }
        Poll::Pending
    }

    /// Lets those run first that can run now, once a write.
    fn stand_back(&mut self, bytes: usize, context: &mut Context<'_>) -> Poll<()> {
        let others_come = self.read_lately > ONE_REQUEST_BYTES || self.conduct.has_unanswered();
        if others_come && bytes < ENOUGH_BYTES {
            match &self.turn {
                None => self.turn = Some(Turn::wait(context)),
                // Polled because of another answer, which is in the buffer by now.
                Some(turn) if !turn.has_come.load(Ordering::Acquire) => {}
                Some(_) => return self.go(),
            }
            return Poll::Pending;
        }
        self.go()
    }

    fn go(&mut self) -> Poll<()> {
        self.turn = None;
        // Not all that was read need be answered by this write.
        self.read_lately /= 4;
        Poll::Ready(())
    }
}

/// Comes when all tasks that could run have run. Wakes the connection then, not before: woken as
/// itself, the connection would go first again.
struct Turn {
    has_come: AtomicBool,
    connection: Waker,
}

impl Turn {
    fn wait(context: &Context<'_>) -> Arc<Self> {
        let connection = context.waker().clone();
        let turn = Arc::new(Self { has_come: AtomicBool::new(false), connection });
        let waker = Waker::from(turn.clone());
        // The first poll has the runtime wake it after everybody else.
        let _ = pin!(yield_now()).poll(&mut Context::from_waker(&waker));
        turn
    }
}

impl Wake for Turn {
    fn wake(self: Arc<Self>) {
        self.has_come.store(true, Ordering::Release);
        self.connection.wake_by_ref();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.first.is_empty() {
            let count = self.first.len().min(buffer.remaining());
            buffer.put_slice(&self.first[..count]);
            self.first.drain(..count);
            return Poll::Ready(Ok(()));
        }
        ready!(self.pause(context));
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        self.conduct.has_read(read);
        self.read_lately += read;
        self.read_in_a_row = if done.is_ready() { self.read_in_a_row + read } else { 0 };
        done
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.stand_back(bytes.len(), context));
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.stand_back(parts.iter().map(|part| part.len()).sum(), context));
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::{TcpListener, TcpStream};

    use super::*;

    fn gathering<S>(stream: S) -> Gathering<S> {
        Gathering::new(stream, Vec::new(), Arc::new(Conduct::new(Arc::default())))
    }

    async fn pair() -> (Gathering<TcpStream>, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (gathering(listener.accept().await.unwrap().0), client)
    }

    fn write(connection: &mut Gathering<TcpStream>, bytes: &[u8]) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(connection).poll_write(&mut context, bytes).is_ready()
    }

    #[tokio::test]
    async fn stands_back_for_others_until_all_have_run() {
        let (mut connection, mut client) = pair().await;
        assert!(write(&mut connection, b"alone"));
        connection.conduct.request_begins();
        assert!(!write(&mut connection, b"together"));
        assert!(!write(&mut connection, b"together"), "polled again, but its turn has not come");
        yield_now().await;
        assert!(write(&mut connection, b"together"));
        assert!(write(&mut connection, &[0; ENOUGH_BYTES]), "that much is not held up");
        assert!(!write(&mut connection, b"alone"));
        connection.conduct.request_is_answered();
        assert!(write(&mut connection, b"alone"), "there is nobody left to stand back for");
        drop(connection);
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        assert!(got.starts_with(b"alonetogether\0") && got.ends_with(b"\0alone"));
    }

    #[tokio::test]
    async fn is_woken_when_its_turn_comes() {
        let (mut connection, mut client) = pair().await;
        connection.conduct.request_begins();
        tokio::io::AsyncWriteExt::write_all(&mut connection, b"answer").await.unwrap();
        let mut got = [0; 6];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"answer");
    }

    #[tokio::test]
    async fn much_that_comes_is_read_with_pauses_and_what_was_read_before_comes_first() {
        let sent = vec![7; 3 * FAIR_BYTES];
        let mut connection = gathering(&sent[..]);
        connection.first = vec![1, 2];
        let mut context = Context::from_waker(Waker::noop());
        let (mut got, mut pauses) = (Vec::new(), 0);
        while got.len() < sent.len() + 2 {
            let mut space = [0; 16 << 10];
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut connection).poll_read(&mut context, &mut buffer) {
                Poll::Ready(read) => read.unwrap(),
                Poll::Pending => {
                    pauses += 1;
                    yield_now().await;
                }
            }
            got.extend_from_slice(buffer.filled());
        }
        assert_eq!((&got[..3], pauses), (&[1, 2, 7][..], 2));
    }
}
