//! Gathers the answers that are about to be ready on a connection into one write.
//!
//! tokio runs a connection right after each answer that wakes it, so that by itself every answer
//! would be written, and the client woken, alone; a write costs as much as all the rest of a small
//! request. A [`Gathering`] connection that has other requests lets the tasks go first that can run
//! now, once, and writes then. It never waits for anything: with nothing else to run, it writes at
//! once.
//!
//! Must not look at what is read or written.

use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker, ready};

use http::Request;
use pin_project_lite::pin_project;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::task::yield_now;
use tonic::transport::server::Connected;
use tower::{Layer, Service};

/// A write of this many bytes is worth its system call.
const ENOUGH_BYTES: usize = 16 << 10;

/// More than this read lately is taken for several requests, whose tasks may not have begun yet; a
/// single one of that size can bear the microsecond.
const ONE_REQUEST_BYTES: usize = 512;

/// Requests of one connection that are not answered yet; travels with each of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct InProgress(Arc<AtomicUsize>);

/// A connection that gathers. See the module.
pub(crate) struct Gathering {
    stream: TcpStream,
    in_progress: InProgress,
    read_lately: usize,
    /// Set while standing back.
    turn: Option<Arc<Turn>>,
}

impl Gathering {
    pub(crate) fn new(stream: TcpStream) -> Self {
        Self { stream, in_progress: InProgress::default(), read_lately: 0, turn: None }
    }

    /// Lets those run first that can run now, once a write.
    fn stand_back(&mut self, bytes: usize, context: &mut Context<'_>) -> Poll<()> {
        let others_come =
            self.read_lately > ONE_REQUEST_BYTES || self.in_progress.0.load(Ordering::Relaxed) > 0;
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

impl Connected for Gathering {
    type ConnectInfo = InProgress;

    fn connect_info(&self) -> InProgress {
        self.in_progress.clone()
    }
}

impl AsyncRead for Gathering {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.read_lately += buffer.filled().len() - before;
        done
    }
}

impl AsyncWrite for Gathering {
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

/// Counts each request from its arrival to its answer.
#[derive(Clone)]
pub(crate) struct InProgressLayer;

impl<S> Layer<S> for InProgressLayer {
    type Service = Counted<S>;

    fn layer(&self, inner: S) -> Counted<S> {
        Counted { inner }
    }
}

/// See [`InProgressLayer`].
#[derive(Clone)]
pub(crate) struct Counted<S> {
    inner: S,
}

impl<S, B> Service<Request<B>> for Counted<S>
where
    S: Service<Request<B>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let place = request.extensions().get::<InProgress>().cloned().map(Place::take);
        Answer { answer: self.inner.call(request), place }
    }
}

/// One request's share of the count.
struct Place(InProgress);

impl Place {
    fn take(count: InProgress) -> Self {
        count.0.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.0.fetch_sub(1, Ordering::Relaxed);
    }
}

pin_project! {
    /// An answer to come, which gives its place back when it is there or nobody wants it any more.
    pub(crate) struct Answer<F> {
        #[pin]
        answer: F,
        place: Option<Place>,
    }
}

impl<F: Future> Future for Answer<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context));
        *this.place = None;
        Poll::Ready(answer)
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;
    use tokio::net::TcpListener;

    use super::*;

    async fn pair() -> (Gathering, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        (Gathering::new(listener.accept().await.unwrap().0), client)
    }

    fn write(connection: &mut Gathering, bytes: &[u8]) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        Pin::new(connection).poll_write(&mut context, bytes).is_ready()
    }

    #[tokio::test]
    async fn stands_back_for_others_until_all_have_run() {
        let (mut connection, mut client) = pair().await;
        assert!(write(&mut connection, b"alone"));
        let place = Place::take(connection.connect_info());
        assert!(!write(&mut connection, b"together"));
        assert!(!write(&mut connection, b"together"), "polled again, but its turn has not come");
        yield_now().await;
        assert!(write(&mut connection, b"together"));
        assert!(write(&mut connection, &[0; ENOUGH_BYTES]), "that much is not held up");
        assert!(!write(&mut connection, b"alone"));
        drop(place);
        assert!(write(&mut connection, b"alone"), "there is nobody left to stand back for");
        drop(connection);
        let mut got = Vec::new();
        client.read_to_end(&mut got).await.unwrap();
        assert!(got.starts_with(b"alonetogether\0") && got.ends_with(b"\0alone"));
    }

    #[tokio::test]
    async fn is_woken_when_its_turn_comes() {
        let (mut connection, mut client) = pair().await;
        let _others = Place::take(connection.connect_info());
        tokio::io::AsyncWriteExt::write_all(&mut connection, b"answer").await.unwrap();
        let mut got = [0; 6];
        client.read_exact(&mut got).await.unwrap();
        assert_eq!(&got, b"answer");
    }

    #[tokio::test]
    async fn a_request_counts_until_it_is_answered_or_dropped() {
        let count = InProgress::default();
        let mut service = InProgressLayer.layer(tower::service_fn(|_: Request<()>| async {
            tokio::task::yield_now().await;
            Ok::<_, std::convert::Infallible>(())
        }));
        let mut request = || {
            let mut request = Request::new(());
            request.extensions_mut().insert(count.clone());
            service.call(request)
        };
        let (answered, dropped) = (request(), request());
        assert_eq!(count.0.load(Ordering::Relaxed), 2);
        answered.await.unwrap();
        assert_eq!(count.0.load(Ordering::Relaxed), 1);
        drop(dropped);
        assert_eq!(count.0.load(Ordering::Relaxed), 0);
    }
}
