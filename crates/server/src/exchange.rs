//! A request on its way in and its answer on its way out: their bytes counted, their time limited.
//!
//! What a client sends is held until it is answered, what it is answered until it has left; both are
//! in one [`Ledger`] for the whole server, which refuses requests when it is full. A request that
//! does not arrive in time fails alone; an answer that is not taken in time is noted in the
//! connection's [`Conduct`]. Must not look into the bytes.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::Response;
use http_body::{Body, Frame, SizeHint};
use pelton_core::{Code, Error};
use pin_project_lite::pin_project;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::conduct::{Conduct, Slot};
use crate::status::status;

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// What a request takes beside its bytes: a stream, its headers, a task. Otherwise requests without
/// bytes would be free, and a client can have a thousand on each of thousands of connections.
const REQUEST_COST: usize = 8 << 10;

/// Bytes of requests and answers in memory.
#[derive(Debug)]
pub(crate) struct Ledger {
    held: AtomicUsize,
    limit: usize,
}

/// One request and its answer.
#[derive(Debug)]
pub(crate) struct Exchange {
    conduct: Arc<Conduct>,
    ledger: Arc<Ledger>,
    /// Bytes of the request that are in the ledger.
    held: AtomicUsize,
}

impl Ledger {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { held: AtomicUsize::new(0), limit }
    }

    /// Bytes held now.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }
}

impl Exchange {
    /// Begins when the head of the request is there.
    pub(crate) fn begin(conduct: &Arc<Conduct>, ledger: &Arc<Ledger>) -> Arc<Self> {
        conduct.request_begins();
        ledger.held.fetch_add(REQUEST_COST, Relaxed);
        Arc::new(Self {
            conduct: conduct.clone(),
            ledger: ledger.clone(),
            held: AtomicUsize::new(REQUEST_COST),
        })
    }

    fn takes(&self, bytes: usize) -> Result<(), Error> {
        self.conduct.piece_arrives(bytes);
        self.holds(bytes)
    }

    fn holds(&self, bytes: usize) -> Result<(), Error> {
        self.held.fetch_add(bytes, Relaxed);
        let held = self.ledger.held.fetch_add(bytes, Relaxed) + bytes;
        if held <= self.ledger.limit {
            return Ok(());
        }
        Err(Error::new(
            Code::QueueFull,
            format!(
                "the server holds {held} bytes of requests and answers and {} may be, send again later",
                self.ledger.limit
            ),
        ))
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        self.ledger.held.fetch_sub(*self.held.get_mut(), Relaxed);
        self.conduct.request_ends();
    }
}

pin_project! {
    /// A request's body.
    pub(crate) struct Arriving<B> {
        #[pin]
        body: B,
        exchange: Arc<Exchange>,
        // When there was first something to wait for: most requests are there at once.
        began: Option<Instant>,
        bytes: u64,
        late: Option<Pin<Box<Sleep>>>,
    }
}

impl<B> Arriving<B> {
    pub(crate) fn new(body: B, exchange: Arc<Exchange>) -> Self {
        Self { body, exchange, began: None, bytes: 0, late: None }
    }
}

impl<B> Body for Arriving<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.project();
        let frame = match this.body.poll_frame(context) {
            Poll::Ready(frame) => frame,
            Poll::Pending => {
                // One that does not come counts as well.
                this.exchange.holds(0).map_err(|error| refusal(&error))?;
                let limit = this.exchange.conduct.limits().transfer(*this.bytes);
                let at = *this.began.get_or_insert_with(Instant::now) + limit;
                let late = this.late.get_or_insert_with(|| Box::pin(sleep_until(at)));
                if late.deadline() != at {
                    late.as_mut().reset(at);
                }
                return late.as_mut().poll(context).map(|()| Some(Err(too_slow(limit))));
            }
        };
        let Some(frame) = frame else {
            return Poll::Ready(None);
        };
        let frame = frame.map_err(Into::into)?;
        if let Some(bytes) = frame.data_ref().map(Bytes::len) {
            *this.bytes += bytes as u64;
            this.exchange.takes(bytes).map_err(|error| refusal(&error))?;
        }
        Poll::Ready(Some(Ok(frame)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

fn too_slow(limit: Duration) -> BoxError {
    refusal(&Error::new(
        Code::DeadlineExceeded,
        format!("the request was not there after {} s, send it faster", limit.as_secs()),
    ))
}

fn refusal(error: &Error) -> BoxError {
    Box::new(status(error, "", ""))
}

pin_project! {
    /// An answer that is worked on; there is no other way from a request to what leaves.
    pub(crate) struct Answer<F> {
        #[pin]
        answer: F,
        unanswered: Option<Unanswered>,
    }
}

impl<F> Answer<F> {
    pub(crate) fn new(answer: F, exchange: Arc<Exchange>) -> Self {
        Self { answer, unanswered: Some(Unanswered(exchange)) }
    }
}

impl<F, B, E> Future for Answer<F>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<Leaving<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context))?;
        let unanswered = this.unanswered.take().expect("an answer is polled until it is there");
        let exchange = unanswered.0.clone();
        drop(unanswered);
        Poll::Ready(Ok(answer.map(|body| Leaving { body, exchange })))
    }
}

/// Counts as a request without an answer until it is dropped.
struct Unanswered(Arc<Exchange>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        self.0.conduct.request_is_answered();
    }
}

pin_project! {
    /// An answer's body.
    pub(crate) struct Leaving<B> {
        #[pin]
        body: B,
        exchange: Arc<Exchange>,
    }
}

impl<B: Body<Data = Bytes>> Body for Leaving<B> {
    type Data = Piece;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Piece>, B::Error>>> {
        let this = self.project();
        let frame = this.body.poll_frame(context);
        frame.map_ok(|frame| frame.map_data(|bytes| Piece::new(bytes, this.exchange.clone())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Bytes of an answer; the transport drops them when they have left, or never will.
#[derive(Debug)]
pub(crate) struct Piece {
    bytes: Bytes,
    size: usize,
    slot: Option<Slot>,
    exchange: Arc<Exchange>,
}

impl Piece {
    fn new(bytes: Bytes, exchange: Arc<Exchange>) -> Self {
        let size = bytes.len();
        exchange.ledger.held.fetch_add(size, Relaxed);
        let slot = exchange.conduct.piece_leaves(size);
        Self { bytes, size, slot: Some(slot), exchange }
    }
}

impl Drop for Piece {
    fn drop(&mut self) {
        self.exchange.ledger.held.fetch_sub(self.size, Relaxed);
        if let Some(slot) = self.slot.take() {
            self.exchange.conduct.piece_left(slot);
        }
    }
}

impl Buf for Piece {
    fn remaining(&self) -> usize {
        self.bytes.len()
    }

    fn chunk(&self) -> &[u8] {
        &self.bytes
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio_stream::wrappers::ReceiverStream;
    use tonic::Status;

    use super::*;
    use crate::limits::ConnectionLimits;

    struct Desk {
        conduct: Arc<Conduct>,
        ledger: Arc<Ledger>,
    }

    impl Desk {
        fn with(max_bytes_in_flight: usize) -> Self {
            let limits = ConnectionLimits { max_bytes_in_flight, ..ConnectionLimits::default() };
            Self {
                conduct: Arc::new(Conduct::new(Arc::new(limits))),
                ledger: Arc::new(Ledger::new(max_bytes_in_flight)),
            }
        }

        fn begin(&self) -> Arc<Exchange> {
            Exchange::begin(&self.conduct, &self.ledger)
        }
    }

    type Pieces = tokio::sync::mpsc::Sender<Result<Frame<Bytes>, Status>>;

    fn arriving(
        desk: &Desk,
    ) -> (Pieces, Arriving<impl Body<Data = Bytes, Error = Status> + Unpin>) {
        let (send, receive) = tokio::sync::mpsc::channel(8);
        let body = http_body_util::StreamBody::new(ReceiverStream::new(receive));
        (send, Arriving::new(body, desk.begin()))
    }

    fn data(size: usize) -> Frame<Bytes> {
        Frame::data(Bytes::from(vec![0; size]))
    }

    fn code(error: &BoxError) -> tonic::Code {
        error.downcast_ref::<Status>().expect("a status").code()
    }

    #[tokio::test]
    async fn bytes_are_held_until_all_of_the_exchange_is_over() {
        let desk = Desk::with(REQUEST_COST + 1000);
        let (send, mut body) = arriving(&desk);
        send.send(Ok(data(600))).await.unwrap();
        body.frame().await.unwrap().unwrap();
        assert_eq!(desk.ledger.held(), REQUEST_COST + 600);
        let answer = Piece::new(Bytes::from_static(b"answer"), body.exchange.clone());
        drop(body);
        assert_eq!(desk.ledger.held(), REQUEST_COST + 606, "the answer has not left");
        assert_eq!(desk.conduct.idle(), None);
        drop(answer);
        assert_eq!(desk.ledger.held(), 0);
        assert!(desk.conduct.idle().is_some());
    }

    #[tokio::test]
    async fn more_than_may_be_held_is_refused_and_given_back() {
        let desk = Desk::with(2 * REQUEST_COST + 1000);
        let (send, mut first) = arriving(&desk);
        send.send(Ok(data(600))).await.unwrap();
        first.frame().await.unwrap().unwrap();
        let (send, mut second) = arriving(&desk);
        send.send(Ok(data(401))).await.unwrap();
        let refused = second.frame().await.unwrap().unwrap_err();
        assert_eq!(code(&refused), tonic::Code::ResourceExhausted);
        drop(second);
        let (send, mut third) = arriving(&desk);
        send.send(Ok(data(400))).await.unwrap();
        third.frame().await.unwrap().unwrap();
        let (_send, mut fourth) = arriving(&desk);
        let refused = fourth.frame().await.unwrap().unwrap_err();
        assert_eq!(code(&refused), tonic::Code::ResourceExhausted, "before anything comes");
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_that_trickles_in_has_an_end() {
        let desk = Desk::with(1 << 30);
        let (send, mut body) = arriving(&desk);
        let began = Instant::now();
        let trickle = tokio::spawn(async move {
            while send.send(Ok(data(1))).await.is_ok() {
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let refused = loop {
            if let Err(refused) = body.frame().await.unwrap() {
                break refused;
            }
        };
        assert_eq!(code(&refused), tonic::Code::DeadlineExceeded);
        assert_eq!(began.elapsed().as_secs(), 30);
        drop(body);
        trickle.await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_large_request_on_a_slow_line_arrives() {
        let desk = Desk::with(1 << 30);
        let (send, mut body) = arriving(&desk);
        tokio::spawn(async move {
            for _ in 0..120 {
                send.send(Ok(data(512 << 10))).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
            }
        });
        let mut pieces = 0;
        while let Some(piece) = body.frame().await {
            piece.unwrap();
            pieces += 1;
        }
        assert_eq!(pieces, 120);
    }
}
