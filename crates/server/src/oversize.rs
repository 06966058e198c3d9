//! Turns tonic's OUT_OF_RANGE for a message over the size limit into INVALID_ARGUMENT, with what to
//! do about it. Nothing else in the server answers OUT_OF_RANGE.

use std::task::{Context, Poll};

use http::{Request, Response};
use tonic::body::Body;
use tonic::{Code, Status};
use tower::{Layer, Service};

/// See the module.
#[derive(Clone)]
pub(crate) struct OversizeLayer {
    pub(crate) limit_bytes: usize,
}

impl<S> Layer<S> for OversizeLayer {
    type Service = Oversize<S>;

    fn layer(&self, inner: S) -> Oversize<S> {
        Oversize { inner, limit_bytes: self.limit_bytes }
    }
}

/// See the module.
#[derive(Clone)]
pub(crate) struct Oversize<S> {
    inner: S,
    limit_bytes: usize,
}

impl<S, B> Service<Request<B>> for Oversize<S>
where
    S: Service<Request<B>, Response = Response<Body>>,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = S::Error;
    type Future = std::pin::Pin<
        Box<dyn std::future::Future<Output = Result<Self::Response, Self::Error>> + Send>,
    >;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let limit_bytes = self.limit_bytes;
        let answer = self.inner.call(request);
        Box::pin(async move {
            let response = answer.await?;
            let out_of_range = response
                .headers()
                .get(Status::GRPC_STATUS)
                .is_some_and(|value| value.as_bytes() == b"11");
            if !out_of_range {
                return Ok(response);
            }
            let message = format!(
                "the message is larger than the {limit_bytes} bytes the server takes, send fewer \
                 rows a request or start the server with a larger --max-message-bytes"
            );
            Ok(Status::new(Code::InvalidArgument, message).into_http())
        })
    }
}
