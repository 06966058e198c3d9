//! One connection, from its first byte to its last.
//!
//! Finds out what the client speaks, in bounded time, and has hyper speak it; hands each request to
//! the door's service as an [`Exchange`]. Must not know what the requests are about.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body::Body;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;
use tower::Service;

use crate::conduct::{Conduct, Order};
use crate::exchange::{Answer, Arriving, BoxError, Exchange, Leaving, Ledger};
use crate::gather::Gathering;
use crate::greeting::{self, Spoken};
use crate::limits::ConnectionLimits;
use crate::places::{Place, Places};
use crate::tally::{Port, Reason, Tally};
use crate::tls::Tls;

/// Batches are hundreds of kilobytes: the default windows of 64 KiB would cost round trips.
const STREAM_WINDOW: u32 = 1 << 20;
const CONNECTION_WINDOW: u32 = 8 << 20;

/// What may wait in a stream beside the piece that is leaving.
const SEND_BUFFER: usize = 64 << 10;

/// hyper's least.
const HTTP1_BUFFER_MIN: usize = 8 << 10;

/// How long who is on the wrong port is listened to, so that the answer is not lost in a reset.
const FAREWELL: Duration = Duration::from_secs(1);

const WRONG_PORT: &str =
    "this port speaks gRPC, which is HTTP/2; metrics and health are on the HTTP port\n";

/// A port and what its connections share.
pub(crate) struct Door {
    pub(crate) port: Port,
    pub(crate) limits: Arc<ConnectionLimits>,
    pub(crate) max_concurrent_streams: u32,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) places: Arc<Places>,
    pub(crate) tally: Arc<Tally>,
    pub(crate) tls: Option<Arc<Tls>>,
}

/// What is known of the client; travels with each request.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Peer {
    /// It has shown a certificate that was verified.
    pub(crate) is_certified: bool,
}

type Stream = Either<TcpStream, Box<TlsStream<TcpStream>>>;

/// What answers the requests of a port.
pub(crate) trait Answering:
    Service<
        Request<Arriving<Incoming>>,
        Response = Response<Self::Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + 'static
{
    /// The bodies of its answers.
    type Body: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static;
}

impl<S, B> Answering for S
where
    S: Service<Request<Arriving<Incoming>>, Response = Response<B>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
    B: Body<Data = Bytes, Error: Into<BoxError>> + Send + 'static,
{
    type Body = B;
}

/// Makes requests exchanges.
struct Exchanges<S> {
    // One call at a time, but hyper has only a reference for it, and a service is not cloned for
    // nothing.
    service: RefCell<S>,
    peer: Peer,
    conduct: Arc<Conduct>,
    ledger: Arc<Ledger>,
}

/// A connection that has said what it wants.
struct Greeted {
    stream: Stream,
    first: Vec<u8>,
    spoken: Spoken,
    peer: Peer,
}

impl Door {
    /// Serves a connection until it ends.
    pub(crate) async fn serve(
        self: Arc<Self>,
        stream: TcpStream,
        place: Place,
        service: impl Answering,
    ) {
        let conduct = place.conduct().clone();
        let greeted = tokio::select! {
            greeted = timeout(self.limits.handshake_timeout, self.greet(stream)) => greeted,
            // To make room, or because the server stops: it has not asked for anything.
            _ = conduct.ordered() => return,
        };
        let greeted = match greeted {
            Ok(Ok(greeted)) => greeted,
            Ok(Err(error)) => return tracing::debug!(%error, "a connection broke"),
            Err(_) => return self.tally.refused(self.port, Reason::Handshake),
        };
        match (greeted.spoken, self.port) {
            (Spoken::Http2, _) => self.http2(greeted, &conduct, service).await,
            (Spoken::Http1, Port::Http) => self.http1(greeted, &conduct, service).await,
            _ => self.turn_away(greeted).await,
        }
    }

    async fn greet(&self, stream: TcpStream) -> io::Result<Greeted> {
        stream.set_nodelay(true)?;
        let (mut stream, peer) = match &self.tls {
            None => (Either::Left(stream), Peer::default()),
            Some(tls) => {
                let accepted = tls.acceptor(self.port).accept(stream).await;
                let stream = accepted.inspect_err(|error| {
                    // Who only looks whether the port is there does not begin one.
                    if error.kind() != io::ErrorKind::UnexpectedEof {
                        self.tally.refused_because(self.port, Reason::Tls, error);
                    }
                })?;
                let certificates = stream.get_ref().1.peer_certificates();
                let peer = Peer { is_certified: certificates.is_some_and(|all| !all.is_empty()) };
                (Either::Right(Box::new(stream)), peer)
            }
        };
        let (spoken, first) = greeting::read(&mut stream).await?;
        Ok(Greeted { stream, first, spoken, peer })
    }

    /// Who speaks what cannot be answered here.
    async fn turn_away(&self, mut greeted: Greeted) {
        let reason = match greeted.spoken {
            Spoken::Nothing => return,
            Spoken::Http1 => Reason::Http1,
            Spoken::Tls => Reason::TlsOnPlain,
            Spoken::Http2 | Spoken::Unknown => Reason::Unknown,
        };
        self.tally.refused(self.port, reason);
        if greeted.spoken != Spoken::Http1 {
            return;
        }
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\
             content-length: {}\r\n\r\n{WRONG_PORT}",
            WRONG_PORT.len()
        );
        let farewell = async {
            greeted.stream.write_all(answer.as_bytes()).await?;
            greeted.stream.shutdown().await?;
            let mut rest = (&mut greeted.stream).take(SEND_BUFFER as u64);
            tokio::io::copy(&mut rest, &mut tokio::io::sink()).await
        };
        // The client may well be gone.
        let _ = timeout(FAREWELL, farewell).await;
    }

    async fn http2(&self, greeted: Greeted, conduct: &Arc<Conduct>, service: impl Answering) {
        let mut builder = http2::Builder::new(TokioExecutor::new());
        builder
            .timer(TokioTimer::new())
            .max_concurrent_streams(self.max_concurrent_streams)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_send_buf_size(SEND_BUFFER)
            .max_header_list_size(self.limits.max_header_bytes)
            .keep_alive_interval(self.limits.keepalive_interval)
            .keep_alive_timeout(self.limits.keepalive_timeout);
        let (stream, service) = self.open(greeted, conduct, service);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        drive(pin!(connection), http2::Connection::graceful_shutdown, conduct).await;
    }

    async fn http1(&self, greeted: Greeted, conduct: &Arc<Conduct>, service: impl Answering) {
        let mut builder = http1::Builder::new();
        builder
            .timer(TokioTimer::new())
            // Between requests as well.
            .header_read_timeout(self.limits.handshake_timeout)
            .max_buf_size((self.limits.max_header_bytes as usize).max(HTTP1_BUFFER_MIN));
        let (stream, service) = self.open(greeted, conduct, service);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        drive(pin!(connection), http1::Connection::graceful_shutdown, conduct).await;
    }

    /// The connection as hyper is to see it, and what it is to do with a request.
    fn open<S>(
        &self,
        greeted: Greeted,
        conduct: &Arc<Conduct>,
        service: S,
    ) -> (Gathering<Stream>, Exchanges<S>) {
        let Greeted { stream, first, peer, .. } = greeted;
        let stream = Gathering::new(stream, first, conduct.clone());
        let exchanges = Exchanges {
            service: RefCell::new(service),
            peer,
            conduct: conduct.clone(),
            ledger: self.ledger.clone(),
        };
        (stream, exchanges)
    }
}

impl<S: Answering> hyper::service::Service<Request<Incoming>> for Exchanges<S> {
    type Response = Response<Leaving<S::Body>>;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let exchange = Exchange::begin(&self.conduct, &self.ledger);
        let mut request = request.map(|body| Arriving::new(body, exchange.clone()));
        // Most have none, and an extension costs more than the rest of this.
        if self.peer.is_certified {
            request.extensions_mut().insert(self.peer);
        }
        // Routers and their layers are always ready.
        Answer::new(self.service.borrow_mut().call(request), exchange)
    }
}

/// Runs a connection, and does with it what it is told.
async fn drive<C>(mut connection: Pin<&mut C>, end: fn(Pin<&mut C>), conduct: &Conduct)
where
    C: Future<Output = hyper::Result<()>>,
{
    loop {
        let order = tokio::select! {
            biased;
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "a connection broke");
                }
                return;
            }
            order = conduct.ordered() => order,
        };
        match order {
            Order::End => end(connection.as_mut()),
            Order::Leave => {
                end(connection.as_mut());
                // Once, so that the client is told; nobody waits for it to listen.
                poll_fn(|context| {
                    let _ = connection.as_mut().poll(context);
                    Poll::Ready(())
                })
                .await;
                return;
            }
            Order::Cut => return,
        }
    }
}
