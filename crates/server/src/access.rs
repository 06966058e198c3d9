//! Who may ask what: bearer tokens, and certificates where TLS did not demand them already.
//!
//! Open to everybody are the questions that probes ask: `grpc.health.v1.Health`, ServerLive and
//! ServerReady, `/v2/health/live` and `/v2/health/ready` (which names no model then). Everything else
//! needs whatever is configured. Must not log a token.

use std::fmt;
use std::future::Future;
use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll, ready};

use http::{HeaderMap, Request, Response, header};
use pin_project_lite::pin_project;
use sha2::{Digest, Sha256};
use tower::Service;

use crate::connection::Peer;
use crate::tally::{Port, Reason, Tally};

/// A shorter token can be guessed.
const TOKEN_BYTES_MIN: usize = 16;

/// What anybody may ask on the gRPC port, by the beginning of the path.
const OPEN_GRPC: [&str; 3] = [
    "/grpc.health.v1.Health/",
    "/inference.GRPCInferenceService/ServerLive",
    "/inference.GRPCInferenceService/ServerReady",
];

/// What anybody may ask on the HTTP port.
const OPEN_HTTP: [&str; 2] = ["/v2/health/live", "/v2/health/ready"];

type Hash = [u8; 32];

/// The tokens that are taken: those of a file, one a line. Only their hashes are kept, and compared,
/// so that neither memory nor the time that it takes tells anything about them.
pub struct Tokens {
    path: PathBuf,
    hashes: RwLock<Vec<Hash>>,
}

impl Tokens {
    /// Reads the file: a token a line, empty lines and those with a `#` in front left out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn load(path: PathBuf) -> Result<Self, String> {
        let hashes = RwLock::new(read(&path)?);
        Ok(Self { path, hashes })
    }

    /// Takes the file as it is now; says whether it has changed.
    ///
    /// # Errors
    /// What is wrong with it; the tokens read before are kept.
    pub(crate) fn reload(&self) -> Result<bool, String> {
        let fresh = read(&self.path)?;
        let mut hashes = self.hashes.write().unwrap_or_else(PoisonError::into_inner);
        let changed = *hashes != fresh;
        *hashes = fresh;
        Ok(changed)
    }

    fn knows(&self, token: &[u8]) -> bool {
        let presented = hash(token);
        let hashes = self.hashes.read().unwrap_or_else(PoisonError::into_inner);
        hashes.contains(&presented)
    }
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("path", &self.path).finish_non_exhaustive()
    }
}

fn hash(token: &[u8]) -> Hash {
    Sha256::digest(token).into()
}

fn read(path: &Path) -> Result<Vec<Hash>, String> {
    let name = path.display();
    let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("'{name}' does not exist"),
        io::ErrorKind::PermissionDenied => format!("'{name}' may not be read by this user"),
        io::ErrorKind::InvalidData => format!("'{name}' is not text"),
        _ => format!("'{name}' cannot be read: {error}"),
    })?;
    let mut hashes = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let token = line.trim();
        if token.is_empty() || token.starts_with('#') {
            continue;
        }
        let line = index + 1;
        if token.len() < TOKEN_BYTES_MIN {
            return Err(format!(
                "'{name}', line {line}: a token has at least {TOKEN_BYTES_MIN} characters"
            ));
        }
        // RFC 6750, 2.1, and a little more.
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(format!(
                "'{name}', line {line}: a token has no spaces and nothing beyond ASCII"
            ));
        }
        hashes.push(hash(token.as_bytes()));
    }
    if hashes.is_empty() {
        return Err(format!("'{name}' has no token; write one a line"));
    }
    Ok(hashes)
}

/// What a port asks of those who ask.
#[derive(Clone, Debug)]
pub(crate) struct Access {
    pub(crate) port: Port,
    pub(crate) tokens: Option<Arc<Tokens>>,
    /// Whether a certificate is needed that the handshake did not demand.
    pub(crate) certificates: bool,
    pub(crate) tally: Arc<Tally>,
}

/// Whether who asks may know everything; travels with requests of the HTTP port.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IsTrusted(pub(crate) bool);

impl Access {
    /// What is missing, if anything is.
    fn missing<B>(&self, request: &Request<B>) -> Option<&'static str> {
        if self.certificates {
            let peer = request.extensions().get::<Peer>().copied().unwrap_or_default();
            if !peer.is_certified {
                return Some("this needs a client certificate");
            }
        }
        match (&self.tokens, bearer(request.headers())) {
            (None, _) => None,
            (Some(_), None) => Some("this needs a token, send it as: authorization: Bearer TOKEN"),
            (Some(tokens), Some(token)) if tokens.knows(token) => None,
            (Some(_), Some(_)) => Some("the token is none of those that are taken here"),
        }
    }

    fn is_open(&self, path: &str) -> bool {
        match self.port {
            Port::Grpc => OPEN_GRPC.iter().any(|open| path.starts_with(open)),
            Port::Http => OPEN_HTTP.contains(&path),
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&[u8]> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.as_bytes().split_at_checked(7)?;
    scheme.eq_ignore_ascii_case(b"bearer ").then(|| token.trim_ascii())
}

/// Lets those in who may.
pub(crate) struct Guarded<S, B> {
    pub(crate) inner: S,
    pub(crate) access: Access,
    /// The answer to those who may not.
    pub(crate) refusal: fn(&'static str) -> Response<B>,
}

impl<S: Clone, B> Clone for Guarded<S, B> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), access: self.access.clone(), refusal: self.refusal }
    }
}

impl<S, R, B> Service<Request<R>> for Guarded<S, B>
where
    S: Service<Request<R>, Response = Response<B>>,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = Admission<S::Future, B>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<R>) -> Self::Future {
        let access = &self.access;
        let missing = access.missing(&request);
        match missing {
            Some(missing) if !access.is_open(request.uri().path()) => {
                access.tally.refused_because(access.port, Reason::Unauthenticated, &missing);
                Admission::Refused { answer: Some((self.refusal)(missing)) }
            }
            _ => {
                if access.port == Port::Http {
                    request.extensions_mut().insert(IsTrusted(missing.is_none()));
                }
                Admission::Admitted { answer: self.inner.call(request) }
            }
        }
    }
}

pin_project! {
    /// An answer to come, or a refusal.
    #[project = AdmissionProjected]
    pub(crate) enum Admission<F, B> {
        Admitted { #[pin] answer: F },
        Refused { answer: Option<Response<B>> },
    }
}

impl<F, B, E> Future for Admission<F, B>
where
    F: Future<Output = Result<Response<B>, E>>,
{
    type Output = Result<Response<B>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AdmissionProjected::Admitted { answer } => Poll::Ready(ready!(answer.poll(context))),
            AdmissionProjected::Refused { answer } => {
                Poll::Ready(Ok(answer.take().expect("a refusal is polled once")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn access(port: Port, tokens: &str, certificates: bool) -> Access {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("tokens");
        std::fs::write(&path, format!("# ours\n\n  {tokens}\nanother-secret-token\n")).unwrap();
        let tokens = Some(Arc::new(Tokens::load(path).unwrap()));
        Access { port, tokens, certificates, tally: Arc::new(Tally::new()) }
    }

    fn request(path: &str, authorization: &str) -> Request<()> {
        let mut request = Request::builder().uri(path);
        if !authorization.is_empty() {
            request = request.header("authorization", authorization);
        }
        request.body(()).unwrap()
    }

    #[test]
    fn a_token_has_to_be_one_of_the_file_s() {
        let access = access(Port::Grpc, "0123456789abcdef", false);
        let missing = |authorization| access.missing(&request("/x", authorization));
        assert_eq!(missing("Bearer 0123456789abcdef"), None);
        assert_eq!(missing("bearer another-secret-token"), None);
        for wrong in
            ["", "0123456789abcdef", "Bearer ", "Bearer 0123456789abcde", "Basic 0123456789abcdef"]
        {
            assert!(missing(wrong).is_some(), "{wrong}");
        }
        assert!(!format!("{access:?}").contains("0123"));
    }

    #[test]
    fn a_certificate_is_needed_beside_a_token_where_one_is_asked_for() {
        let access = access(Port::Http, "0123456789abcdeX", true);
        let mut request = request("/metrics", "Bearer 0123456789abcdeX");
        assert!(access.missing(&request).is_some());
        request.extensions_mut().insert(Peer { is_certified: true });
        assert_eq!(access.missing(&request), None);
    }

    #[test]
    fn only_what_probes_ask_is_open() {
        let (grpc, http) = (
            access(Port::Grpc, "0123456789abcdeY", false),
            access(Port::Http, "0123456789abcdeZ", false),
        );
        assert!(grpc.is_open("/grpc.health.v1.Health/Check"));
        assert!(grpc.is_open("/inference.GRPCInferenceService/ServerReady"));
        for closed in ["ModelInfer", "ModelReady", "ModelMetadata", "ServerMetadata"] {
            assert!(!grpc.is_open(&format!("/inference.GRPCInferenceService/{closed}")));
        }
        assert!(!grpc.is_open("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"));
        assert!(http.is_open("/v2/health/ready"));
        for closed in ["/metrics", "/v2/models/x/ready", "/v2/health/ready/../../metrics", "/"] {
            assert!(!http.is_open(closed), "{closed}");
        }
    }

    #[test]
    fn a_file_of_tokens_has_to_make_sense() {
        let directory = tempfile::tempdir().unwrap();
        for (index, (text, words)) in [
            ("", "has no token"),
            ("short\n", "line 1: a token has at least 16 characters"),
            ("\nwith a space in the middle\n", "line 2: a token has no spaces"),
        ]
        .iter()
        .enumerate()
        {
            let path = directory.path().join(index.to_string());
            std::fs::write(&path, text).unwrap();
            let problem = Tokens::load(path).unwrap_err();
            assert!(problem.contains(words), "{problem}");
        }
    }
}
