//! One HTTP/2 connection kept full: reads what is there, answers with new requests, one read and
//! one write a turn.
//!
//! Only the part of HTTP/2 that unary calls of small messages need; anything else a server may
//! send is an error, never ignored. Must not know what is in a message.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::cases::Workload;
use super::headers::{Facts, RequestHeaders, ResponseHeaders};
use super::report::Tally;
use super::{LoadArgs, Protocol};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const END_STREAM: u8 = 0x1;
const ACK: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const WITH_PRIORITY: u8 = 0x20;
/// Receive window of the connection; topped up when half of it is used.
const WINDOW_BYTES: u32 = 1 << 26;
const READ_BYTES: usize = 1 << 18;
/// gRPC's UNKNOWN, for streams that end without a status.
const UNKNOWN: u8 = 2;
/// How long a server may stay silent before the run is given up.
const SILENCE: Duration = Duration::from_secs(30);

/// A request under way.
struct Call {
    stream: u32,
    request: usize,
    started: Instant,
    body: Vec<u8>,
    status: Option<u8>,
}

pub(crate) struct Connection {
    socket: TcpStream,
    workload: Arc<Workload>,
    headers: RequestHeaders,
    responses: ResponseHeaders,
    /// Slot of stream n: `n / 2` modulo the length, which is a power of two.
    calls: Vec<Option<Call>>,
    spare_bodies: Vec<Vec<u8>>,
    in_flight: usize,
    sent: usize,
    next_stream: u32,
    next_request: usize,
    check_every: u32,
    until_check: u32,
    send_window: i64,
    received: u32,
    out: Vec<u8>,
    tally: Tally,
    counting: bool,
}

impl Connection {
    /// Connects and exchanges settings; `index` makes connections start at different requests.
    pub(crate) fn open(
        args: &LoadArgs,
        workload: Arc<Workload>,
        in_flight: usize,
        index: usize,
    ) -> Result<Self, String> {
        let socket = TcpStream::connect(args.target)
            .map_err(|error| format!("cannot connect to {}: {error}", args.target))?;
        socket.set_nodelay(true).map_err(text)?;
        socket.set_read_timeout(Some(SILENCE)).map_err(text)?;
        let authority = args.target.to_string();
        let path = match args.protocol {
            Protocol::Oip => "/inference.GRPCInferenceService/ModelInfer",
            Protocol::Predict => "/prediction.PredictionService/Predict",
        };
        let deadline = format!("{}m", args.deadline_ms);
        let mut fields = vec![
            (":path", path),
            (":authority", &authority),
            ("te", "trailers"),
            ("content-type", "application/grpc"),
            ("user-agent", "pelton-bench"),
        ];
        if args.deadline_ms > 0 {
            fields.push(("grpc-timeout", &deadline));
        }
        let mut out = PREFACE.to_vec();
        let window = (WINDOW_BYTES).to_be_bytes();
        frame_head(&mut out, 12, SETTINGS, 0, 0);
        out.extend_from_slice(&[0, 2, 0, 0, 0, 0]);
        out.extend_from_slice(&[0, 4]);
        out.extend_from_slice(&window);
        frame_head(&mut out, 4, WINDOW_UPDATE, 0, 0);
        out.extend_from_slice(&(WINDOW_BYTES - 65_535).to_be_bytes());
        let next_request = index * 37 % workload.len();
        Ok(Self {
            socket,
            workload,
            headers: RequestHeaders::new(&fields),
            responses: ResponseHeaders::new(),
            calls: (0..(in_flight * 8).next_power_of_two()).map(|_| None).collect(),
            spare_bodies: Vec::new(),
            in_flight,
            sent: 0,
            next_stream: 1,
            next_request,
            check_every: args.check_every.max(1),
            until_check: 1,
            send_window: 65_535,
            received: 0,
            out,
            tally: Tally::new(),
            counting: false,
        })
    }

    /// Keeps the connection full for both durations; counts in the second.
    pub(crate) fn run(mut self, warm_up: Duration, duration: Duration) -> Result<Tally, String> {
        let begin = Instant::now();
        let counted = begin + warm_up;
        let end = counted + duration;
        let mut input = vec![0; READ_BYTES];
        let mut filled = 0;
        let mut now = begin;
        let mut settled = false;
        loop {
            self.counting = now >= counted && now < end;
            if settled && now < end {
                while self.sent < self.in_flight && self.send(now)? {}
            }
            if !self.out.is_empty() {
                self.socket.write_all(&self.out).map_err(text)?;
                self.out.clear();
            }
            if now >= end && self.sent == 0 {
                return Ok(self.tally);
            }
            let read = self.socket.read(&mut input[filled..]).map_err(|error| {
                format!("no answer for {} requests in flight: {error}", self.sent)
            })?;
            if read == 0 {
                return Err("the server closed the connection".to_owned());
            }
            filled += read;
            now = Instant::now();
            self.counting = now >= counted && now < end;
            let mut used = 0;
            while let Some((kind, flags, stream, length)) = frame_at(&input[used..filled]) {
                if length > READ_BYTES - 9 {
                    return Err("a frame is larger than the generator reads".to_owned());
                }
                if filled - used < 9 + length {
                    break;
                }
                settled |= kind == SETTINGS && flags & ACK == 0;
                let payload = &input[used + 9..used + 9 + length];
                self.on_frame(kind, flags, stream, payload, now)?;
                used += 9 + length;
            }
            input.copy_within(used..filled, 0);
            filled -= used;
        }
    }

    /// Queues one request; false when the server's window has no room for it.
    fn send(&mut self, now: Instant) -> Result<bool, String> {
        let frame = self.workload.frame(self.next_request).clone();
        if self.send_window < frame.len() as i64 {
            return Ok(false);
        }
        while self.slot(self.next_stream).is_some() {
            // A straggler still has this slot; stream numbers may be left out.
            self.next_stream += 2;
        }
        let stream = self.next_stream;
        let block = if stream == 1 { &self.headers.first } else { &self.headers.later };
        frame_head(&mut self.out, block.len(), HEADERS, END_HEADERS, stream);
        self.out.extend_from_slice(block);
        frame_head(&mut self.out, frame.len(), DATA, END_STREAM, stream);
        self.out.extend_from_slice(&frame);
        self.send_window -= frame.len() as i64;
        let call = Call {
            stream,
            request: self.next_request,
            started: now,
            body: self.spare_bodies.pop().unwrap_or_default(),
            status: None,
        };
        *self.slot(stream) = Some(call);
        self.sent += 1;
        self.next_request = (self.next_request + 1) % self.workload.len();
        self.next_stream = stream
            .checked_add(2)
            .filter(|next| *next < 1 << 31)
            .ok_or("the connection has used up its stream numbers")?;
        Ok(true)
    }

    fn slot(&mut self, stream: u32) -> &mut Option<Call> {
        let mask = self.calls.len() - 1;
        &mut self.calls[(stream / 2) as usize & mask]
    }

    fn call(&mut self, stream: u32) -> Result<&mut Call, String> {
        match self.slot(stream) {
            Some(call) if call.stream == stream => Ok(call),
            _ => Err(format!("a frame for stream {stream}, which is not open")),
        }
    }

    fn on_frame(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
        now: Instant,
    ) -> Result<(), String> {
        match kind {
            DATA => {
                self.on_received(payload.len() as u32);
                let data = unpadded(flags, payload)?;
                self.call(stream)?.body.extend_from_slice(data);
                if flags & END_STREAM != 0 {
                    return self.finish(stream, now);
                }
            }
            HEADERS => {
                if flags & END_HEADERS == 0 {
                    return Err("headers are continued, which the generator does not read".into());
                }
                let block = unpadded(flags, payload)?;
                let block = if flags & WITH_PRIORITY == 0 { block } else { &block[5..] };
                let facts = self.responses.read(block)?;
                self.on_headers(stream, &facts)?;
                if flags & END_STREAM != 0 {
                    return self.finish(stream, now);
                }
            }
            RST_STREAM => {
                self.call(stream)?.status.get_or_insert(UNKNOWN);
                self.note_error("the stream was reset");
                return self.finish(stream, now);
            }
            SETTINGS if flags & ACK == 0 => {
                self.on_settings(payload)?;
                frame_head(&mut self.out, 0, SETTINGS, ACK, 0);
            }
            PING if flags & ACK == 0 => {
                frame_head(&mut self.out, payload.len(), PING, ACK, 0);
                self.out.extend_from_slice(payload);
            }
            WINDOW_UPDATE => {
                if stream == 0 {
                    self.send_window += i64::from(word(payload)? & 0x7fff_ffff);
                }
            }
            SETTINGS | PING | PRIORITY => {}
            GOAWAY => return Err("the server sent GOAWAY".to_owned()),
            other => {
                return Err(format!("a frame of type {other}, which the generator does not read"));
            }
        }
        Ok(())
    }

    /// Settings that would change what the generator sends.
    fn on_settings(&mut self, payload: &[u8]) -> Result<(), String> {
        for setting in payload.chunks_exact(6) {
            let value = word(&setting[2..])?;
            match u16::from_be_bytes([setting[0], setting[1]]) {
                1 if value < 4096 => {
                    return Err("the server's header table is smaller than usual".to_owned());
                }
                3 if (value as usize) < self.in_flight => {
                    return Err(format!("the server allows {value} streams a connection"));
                }
                4 if value < 65_535 => {
                    return Err("the server's stream window is smaller than usual".to_owned());
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn on_received(&mut self, bytes: u32) {
        self.received += bytes;
        if self.received > WINDOW_BYTES / 2 {
            frame_head(&mut self.out, 4, WINDOW_UPDATE, 0, 0);
            self.out.extend_from_slice(&self.received.to_be_bytes());
            self.received = 0;
        }
    }

    fn on_headers(&mut self, stream: u32, facts: &Facts) -> Result<(), String> {
        let call = self.call(stream)?;
        if facts.http_status != 0 && facts.http_status != 200 {
            return Err(format!("the server answered HTTP {}", facts.http_status));
        }
        if let Some(status) = facts.grpc_status {
            call.status = Some(status);
            if status != 0 {
                self.note_error(&facts.grpc_message);
            }
        }
        Ok(())
    }

    fn note_error(&mut self, message: &str) {
        if self.tally.first_error.is_none() {
            self.tally.first_error = Some(message.to_owned());
        }
    }

    fn finish(&mut self, stream: u32, now: Instant) -> Result<(), String> {
        self.call(stream)?;
        let mut call = self.slot(stream).take().expect("the call was found just now");
        self.sent -= 1;
        let status = call.status.unwrap_or(UNKNOWN);
        if status == 0 {
            self.until_check -= 1;
            let outcome = if !Workload::is_whole(&call.body) {
                Err("the answer is not one whole message".to_owned())
            } else if self.until_check == 0 {
                self.until_check = self.check_every;
                self.tally.checked += 1;
                self.workload.check(call.request, &call.body)
            } else {
                Ok(())
            };
            if let Err(reason) = outcome {
                self.until_check = self.until_check.max(1);
                self.tally.wrong += 1;
                self.tally.first_wrong.get_or_insert(reason);
            }
        }
        if self.counting {
            if status == 0 {
                self.tally.answered += 1;
                self.tally.record((now - call.started).as_nanos() as u64);
            } else {
                *self.tally.errors.entry(status).or_default() += 1;
            }
        }
        call.body.clear();
        self.spare_bodies.push(call.body);
        Ok(())
    }
}

fn frame_head(out: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    let length = (length as u32).to_be_bytes();
    let stream = stream.to_be_bytes();
    out.extend_from_slice(&[
        length[1], length[2], length[3], kind, flags, stream[0], stream[1], stream[2], stream[3],
    ]);
}

/// Type, flags, stream and payload length of the frame the bytes begin with.
fn frame_at(bytes: &[u8]) -> Option<(u8, u8, u32, usize)> {
    let head: &[u8; 9] = bytes.first_chunk()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]) & 0x7fff_ffff;
    Some((head[3], head[4], stream, length))
}

fn unpadded(flags: u8, payload: &[u8]) -> Result<&[u8], String> {
    if flags & PADDED == 0 {
        return Ok(payload);
    }
    let padding = usize::from(*payload.first().ok_or("an empty padded frame")?);
    payload.get(1..payload.len() - padding).ok_or_else(|| "more padding than frame".to_owned())
}

fn word(payload: &[u8]) -> Result<u32, String> {
    payload
        .first_chunk()
        .map(|bytes| u32::from_be_bytes(*bytes))
        .ok_or_else(|| "a frame that is too short".to_owned())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
