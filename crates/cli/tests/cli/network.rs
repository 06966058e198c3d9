//! TLS, tokens and limits of connections, as an operator sets them: what is wrong is told before a
//! port opens.

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::harness::Place;

/// A certificate that ended in 2021; that is seen before its key is looked at.
const EXPIRED: &str = include_str!("expired.pem");

#[test]
fn half_of_tls_is_none() {
    let place = Place::with_model();
    place.write("cert.pem", EXPIRED);
    place.refuses(
        &["iris.pkl", "--tls-cert", "cert.pem"],
        "error: --tls-cert is of no use without --tls-key",
    );
    place.refuses(
        &["iris.pkl", "--tls-client-ca", "cert.pem"],
        "error: --tls-client-ca is of no use without --tls-cert and --tls-key",
    );
}

#[test]
fn credentials_that_are_none_are_told_together() {
    let place = Place::with_model();
    place.write("cert.pem", EXPIRED).write("tokens", "short");
    place.refuses(
        &["iris.pkl", "--tls-cert=cert.pem", "--tls-key=cert.pem", "--token-file=tokens"],
        "error: 2 problems\n  - TLS: the certificate in '[DIR]/cert.pem' has expired: it was valid until \
         2021-01-01T00:00:00Z\n  - --token-file: '[DIR]/tokens', line 1: a token has at least 16 \
         characters",
    );
    place.refuses(
        &["iris.pkl", "--tls-cert=none.pem", "--tls-key=cert.pem"],
        "error: --tls-cert: 'none.pem' does not exist",
    );
}

#[test]
fn limits_that_contradict_each_other_are_refused() {
    Place::with_model().refuses(
        &["iris.pkl", "--max-bytes-in-flight=1MiB", "--max-header-bytes=1KiB"],
        "error: 2 problems\n  - --max-header-bytes: '1KiB' is not between 8.0 KiB and 1.0 MiB\n  - \
         --max-bytes-in-flight is less than the 67108864 bytes of one message (default of \
         max_message_bytes), so that it could never be taken",
    );
}

#[test]
fn a_token_opens_what_is_closed_without() {
    let place = Place::with_model();
    place.write("tokens", "a-token-of-the-tests\n");
    let server = place.serve(&["iris.pkl", "--token-file", "tokens"]);
    assert_eq!(server.get("/v2/health/ready"), "HTTP/1.1 200 OK");
    assert_eq!(server.get("/metrics"), "HTTP/1.1 401 Unauthorized");
    let mut stream = TcpStream::connect(server.address("http  ")).expect("it listens");
    let request = "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\
                   Authorization: Bearer a-token-of-the-tests\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
}

#[test]
fn a_silent_client_is_closed_when_the_operator_says() {
    let place = Place::with_model();
    let server = place.serve(&["iris.pkl", "--handshake-timeout", "50ms"]);
    let mut stream = TcpStream::connect(server.address("grpc  ")).expect("it listens");
    assert_eq!(stream.read(&mut [0; 16]).expect("it is closed"), 0);
    server.wait_for_log("the client did not say in time what it wants");
}
