//! The first bytes of a connection: what the client speaks. Must not answer.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};

/// What an HTTP/2 client begins with (RFC 9113, 3.4).
const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// What a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spoken {
    Http2,
    Http1,
    /// A TLS handshake.
    Tls,
    Unknown,
    /// It went without a word, as checks of a port do.
    Nothing,
}

/// Reads until it is clear what is spoken; what was read belongs before what follows.
///
/// # Errors
/// Those of reading.
pub(crate) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<(Spoken, Vec<u8>)> {
    let mut first = Vec::with_capacity(PREFACE.len());
    loop {
        let missing = PREFACE.len() - first.len();
        let more = (&mut *stream).take(missing as u64).read_buf(&mut first).await?;
        if !PREFACE.starts_with(&first) {
            return Ok((spoken(&first), first));
        }
        if first.len() == PREFACE.len() {
            return Ok((Spoken::Http2, first));
        }
        if more == 0 {
            let spoken = if first.is_empty() { Spoken::Nothing } else { Spoken::Unknown };
            return Ok((spoken, first));
        }
    }
}

fn spoken(first: &[u8]) -> Spoken {
    match first {
        // A handshake record of SSL 3 or any TLS (RFC 8446, 5.1).
        [0x16] | [0x16, 3, ..] => Spoken::Tls,
        [letter, ..] if letter.is_ascii_uppercase() => Spoken::Http1,
        _ => Spoken::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn hear(mut bytes: &[u8]) -> (Spoken, Vec<u8>) {
        read(&mut bytes).await.unwrap()
    }

    #[tokio::test]
    async fn protocols_are_told_apart() {
        assert_eq!(hear(b"").await.0, Spoken::Nothing);
        assert_eq!(hear(b"PRI * HT").await.0, Spoken::Unknown);
        assert_eq!(hear(b"GET / HTTP/1.1\r\n").await.0, Spoken::Http1);
        assert_eq!(hear(b"PUT / HTTP/1.1\r\n").await.0, Spoken::Http1);
        assert_eq!(hear(b"\x16\x03\x01\x00\xa5").await.0, Spoken::Tls);
        assert_eq!(hear(b"\xff\xff").await.0, Spoken::Unknown);
        let (spoken, first) = hear(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\nmore").await;
        assert_eq!((spoken, &*first), (Spoken::Http2, &PREFACE[..]), "no more is taken");
    }

    #[tokio::test]
    async fn a_trickle_is_put_together() {
        let mut trickle = tokio_test_io();
        let (spoken, first) = read(&mut trickle).await.unwrap();
        assert_eq!((spoken, &*first), (Spoken::Http2, &PREFACE[..]));
    }

    fn tokio_test_io() -> impl AsyncRead + Unpin {
        let (a, b) = PREFACE.split_at(5);
        AsyncReadExt::chain(a, b)
    }
}
