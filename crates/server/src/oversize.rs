//! Turns tonic's OUT_OF_RANGE for a message over the size limit into INVALID_ARGUMENT, with what to
//! do about it. Nothing else in the server answers OUT_OF_RANGE.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use http::{Request, Response};
use pin_project_lite::pin_project;
use tonic::body::Body;
use tonic::{Code, Status};
use tower::Service;

/// See the module.
#[derive(Clone)]
pub(crate) struct Oversize<S> {
    pub(crate) inner: S,
    pub(crate) limit_bytes: usize,
}

impl<S, B> Service<Request<B>> for Oversize<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = Judged<S::Future>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        Judged { answer: self.inner.call(request), limit_bytes: self.limit_bytes }
    }
}

pin_project! {
    /// An answer to come.
    pub(crate) struct Judged<F> {
        #[pin]
        answer: F,
        limit_bytes: usize,
    }
}

impl<F, E> Future for Judged<F>
where
    F: Future<Output = Result<Response<Body>, E>>,
{
    type Output = Result<Response<Body>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let answer = ready!(this.answer.poll(context))?;
        let status = answer.headers().get(Status::GRPC_STATUS);
        if status.is_none_or(|status| status.as_bytes() != b"11") {
            return Poll::Ready(Ok(answer));
        }
        let message = format!(
            "the message is larger than the {} bytes the server takes, send fewer rows a request \
             or start the server with a larger --max-message-bytes",
            this.limit_bytes
        );
        Poll::Ready(Ok(Status::new(Code::InvalidArgument, message).into_http()))
    }
}
