//! HTTP/2 by hand (RFC 9113): a client that does what no client library lets one do.

use std::net::SocketAddr;

use prost::Message;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::house::raw;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

const INITIAL_WINDOW: u16 = 4;

pub struct Frame {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

pub struct Raw {
    pub socket: TcpStream,
    /// Whether pings are answered.
    pub is_alive: bool,
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = (payload.len() as u32).to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// A header that no table has (RFC 7541, 6.2.2).
pub fn header(name: &str, value: &str) -> Vec<u8> {
    let text = |text: &str| [&[text.len() as u8], text.as_bytes()].concat();
    assert!(name.len() < 127 && value.len() < 127);
    [vec![0], text(name), text(value)].concat()
}

/// The headers of a call of ModelInfer.
pub fn call() -> Vec<u8> {
    // `:method: POST` and `:scheme: http` of the static table.
    let mut block = vec![0x83, 0x86];
    block.extend(header(":path", "/inference.GRPCInferenceService/ModelInfer"));
    block.extend(header(":authority", "x"));
    block.extend(header("content-type", "application/grpc"));
    block.extend(header("te", "trailers"));
    block
}

/// A gRPC message that asks `sum` for these many rows.
pub fn question(rows: usize) -> Vec<u8> {
    let message = raw("sum", &vec![[1., 2., 3.]; rows]).encode_to_vec();
    let mut bytes = vec![0];
    bytes.extend((message.len() as u32).to_be_bytes());
    bytes.extend(message);
    bytes
}

impl Raw {
    /// A connection on which nothing was said.
    pub async fn silent(address: SocketAddr) -> Self {
        let socket = TcpStream::connect(address).await.unwrap();
        // What is on its way is nothing a paused clock waits for.
        socket.set_nodelay(true).unwrap();
        Self { socket, is_alive: true }
    }

    /// One that speaks HTTP/2 and takes so many bytes an answer.
    pub async fn open(address: SocketAddr, window: u32) -> Self {
        let mut client = Self::silent(address).await;
        let mut setting = INITIAL_WINDOW.to_be_bytes().to_vec();
        setting.extend(window.to_be_bytes());
        client.send(&[PREFACE, &frame(SETTINGS, 0, 0, &setting)].concat()).await;
        // The server's windows hold once its settings are acknowledged and this is read.
        client.until(WINDOW_UPDATE).await.expect("it is open");
        client
    }

    pub async fn send(&mut self, bytes: &[u8]) {
        self.socket.write_all(bytes).await.unwrap();
    }

    pub async fn ask(&mut self, stream: u32, question: &[u8]) {
        self.send(&frame(HEADERS, END_HEADERS, stream, &call())).await;
        for part in question.chunks(16 << 10) {
            self.send(&frame(DATA, 0, stream, part)).await;
        }
        self.send(&frame(DATA, END_STREAM, stream, &[])).await;
    }

    /// The next frame; settings are acknowledged and pings answered. `None` once it is closed.
    pub async fn next(&mut self) -> Option<Frame> {
        let mut head = [0; 9];
        self.socket.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let mut payload = vec![0; length];
        self.socket.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes(head[5..].try_into().unwrap());
        let frame = Frame { kind: head[3], flags: head[4], stream, payload };
        if frame.kind == SETTINGS && frame.flags & ACK == 0 {
            self.reply(SETTINGS, &[]).await;
        }
        if frame.kind == PING && frame.flags & ACK == 0 && self.is_alive {
            self.reply(PING, &frame.payload).await;
        }
        Some(frame)
    }

    async fn reply(&mut self, kind: u8, payload: &[u8]) {
        // A connection that ends in between is told by the next read.
        let _ = self.socket.write_all(&frame(kind, ACK, 0, payload)).await;
    }

    /// The next frame of that kind; `None` if the connection closes before.
    pub async fn until(&mut self, kind: u8) -> Option<Frame> {
        loop {
            let frame = self.next().await?;
            if frame.kind == kind {
                return Some(frame);
            }
        }
    }

    /// Waits for the end of the connection.
    pub async fn end(mut self) {
        while self.next().await.is_some() {}
    }
}
