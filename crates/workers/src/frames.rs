//! Frames as bytes: `docs/worker-protocol.md` in Rust. Reading never panics, whatever the bytes.
//!
//! Tensors that are read share the frame's memory; large tensors that are written keep theirs. Must
//! not know sockets.

pub(crate) mod answers;
mod reader;

use std::fmt;
use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use pelton_core::{Batch, DType, Tensor};

use self::reader::Reader;

pub(crate) const HEADER_BYTES: usize = 16;
pub(crate) const VERSION: u8 = 1;
/// The largest payload either side takes.
pub(crate) const MAX_PAYLOAD_BYTES: usize = 1 << 30;
/// Tensors below this size are copied next to their description: cheaper than a piece of their own.
const INLINE_BYTES: usize = 4096;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Hello = 1,
    Failed = 2,
    Execute = 3,
    Result = 4,
    Error = 5,
    Ping = 6,
    Pong = 7,
}

impl Kind {
    fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Hello,
            2 => Self::Failed,
            3 => Self::Execute,
            4 => Self::Result,
            5 => Self::Error,
            6 => Self::Ping,
            7 => Self::Pong,
            _ => return None,
        })
    }
}

/// The fixed part before every payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) kind: Kind,
    pub(crate) id: u64,
    pub(crate) length: usize,
}

/// Who is at fault, in an ERROR or FAILED frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The values were not to the model's liking.
    Input,
    /// The model raised.
    Model,
    /// The model answered with something that cannot be sent.
    Answer,
}

/// The payload of an ERROR or FAILED frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Raised {
    pub(crate) fault: Fault,
    /// The exception's type; empty if the message stands alone.
    pub(crate) kind: String,
    pub(crate) message: String,
    pub(crate) trace: String,
}

/// Bytes that are no frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FrameError(pub(crate) String);

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

type Result<T> = std::result::Result<T, FrameError>;

fn refuse<T>(reason: impl Into<String>) -> Result<T> {
    Err(FrameError(reason.into()))
}

/// Reads a header, refusing what no side of this version sends.
pub(crate) fn parse_header(bytes: &[u8; HEADER_BYTES]) -> Result<Header> {
    let mut reader = Reader { rest: bytes };
    let length = reader.u32()? as usize;
    let kind = reader.u8()?;
    let version = reader.u8()?;
    let reserved = reader.u16()?;
    let id = reader.u64()?;
    if version != VERSION {
        return refuse(format!("frame of protocol version {version}, the server speaks {VERSION}"));
    }
    let Some(kind) = Kind::from_code(kind) else {
        return refuse(format!("unknown frame kind {kind}"));
    };
    if reserved != 0 {
        return refuse(format!("reserved header field is {reserved}, not 0"));
    }
    if length > MAX_PAYLOAD_BYTES {
        return refuse(format!("frame of {length} bytes, the limit is {MAX_PAYLOAD_BYTES}"));
    }
    Ok(Header { kind, id, length })
}

/// A frame without payload.
pub(crate) fn encode_empty(kind: Kind, id: u64) -> Vec<Bytes> {
    let mut frame = BytesMut::with_capacity(HEADER_BYTES);
    put_header(&mut frame, kind, id, 0);
    vec![frame.freeze()]
}

/// An EXECUTE frame in pieces, to be written one after another.
pub(crate) fn encode_execute(id: u64, batch: &Batch) -> Result<Vec<Bytes>> {
    let mut head = BytesMut::with_capacity(describe_bytes(batch));
    put_header(&mut head, Kind::Execute, id, 0);
    head.put_u8(batch.form as u8);
    head.put_u16_le(count_u16(batch.outputs.len(), "outputs")?);
    for output in batch.outputs.iter() {
        put_string(&mut head, output)?;
    }
    put_tensors(head, &batch.inputs)
}

fn describe_bytes(batch: &Batch) -> usize {
    let outputs: usize = batch.outputs.iter().map(|name| 2 + name.len()).sum();
    let inputs: usize = batch
        .inputs
        .iter()
        .map(|tensor| {
            let data = tensor.data().len();
            let inline = if data < INLINE_BYTES { data + 8 } else { 8 };
            12 + tensor.name().len() + 8 * tensor.shape().len() + inline
        })
        .sum();
    HEADER_BYTES + 16 + outputs + inputs
}

/// Appends tensors to a frame that is begun, and writes its length.
fn put_tensors(mut head: BytesMut, tensors: &[Tensor]) -> Result<Vec<Bytes>> {
    head.put_u16_le(count_u16(tensors.len(), "tensors")?);
    let mut data_bytes = 0_usize;
    for tensor in tensors {
        put_string(&mut head, tensor.name())?;
        head.put_u8(tensor.dtype().code());
        head.put_u8(tensor.shape().len() as u8); // at most 8, checked by Tensor
        for &size in tensor.shape() {
            head.put_u64_le(size as u64);
        }
        head.put_u64_le(tensor.data().len() as u64);
        data_bytes += tensor.data().len().next_multiple_of(8);
    }
    put_padding(&mut head);
    let length = head.len() - HEADER_BYTES + data_bytes;
    if length > MAX_PAYLOAD_BYTES {
        return refuse(format!("the batch takes {length} bytes, the limit is {MAX_PAYLOAD_BYTES}"));
    }
    head[..4].copy_from_slice(&(length as u32).to_le_bytes());
    let mut pieces = Vec::with_capacity(1 + 2 * tensors.len().min(16));
    let mut written = 0_usize; // of the frame, modulo 8 all that matters: the head is padded
    for tensor in tensors {
        let data = tensor.data();
        if data.len() < INLINE_BYTES {
            head.extend_from_slice(data);
        } else {
            pieces.push(head.split().freeze());
            pieces.push(data.clone());
        }
        written += data.len();
        let padded = written.next_multiple_of(8);
        head.put_bytes(0, padded - written);
        written = padded;
    }
    if !head.is_empty() {
        pieces.push(head.freeze());
    }
    Ok(pieces)
}

fn put_header(frame: &mut BytesMut, kind: Kind, id: u64, length: u32) {
    frame.put_u32_le(length);
    frame.put_u8(kind as u8);
    frame.put_u8(VERSION);
    frame.put_u16_le(0);
    frame.put_u64_le(id);
}

fn put_padding(frame: &mut BytesMut) {
    let padded = frame.len().next_multiple_of(8);
    frame.put_bytes(0, padded - frame.len());
}

fn put_string(frame: &mut BytesMut, value: &str) -> Result<()> {
    let Ok(length) = u16::try_from(value.len()) else {
        return refuse(format!("a name of {} bytes, the limit is {}", value.len(), u16::MAX));
    };
    frame.put_u16_le(length);
    frame.put_slice(value.as_bytes());
    Ok(())
}

fn count_u16(count: usize, noun: &str) -> Result<u16> {
    u16::try_from(count).or_else(|_| refuse(format!("{count} {noun}, the limit is {}", u16::MAX)))
}

/// The tensors of a RESULT payload, sharing its memory. `expected` names are reused, not copied.
pub(crate) fn decode_result(payload: &Bytes, expected: &[Arc<str>]) -> Result<Vec<Tensor>> {
    decode_tensors(payload, 0, expected)
}

struct Description<'a> {
    name: &'a str,
    dtype: DType,
    shape: Vec<usize>,
    bytes: usize,
}

fn decode_tensors(payload: &Bytes, at: usize, expected: &[Arc<str>]) -> Result<Vec<Tensor>> {
    let mut reader = Reader { rest: &payload[at..] };
    let count = reader.u16()? as usize;
    let mut described = Vec::with_capacity(count.min(64));
    for _ in 0..count {
        described.push(describe(&mut reader)?);
    }
    let mut offset = payload.len() - reader.rest.len();
    let mut tensors = Vec::with_capacity(count);
    for (place, one) in described.into_iter().enumerate() {
        offset = offset.next_multiple_of(8);
        let end = offset.checked_add(one.bytes).filter(|&end| end <= payload.len());
        let Some(end) = end else {
            return refuse(format!(
                "tensor '{}' of {} bytes reaches past the end of the frame",
                one.name, one.bytes
            ));
        };
        let name = match expected.get(place) {
            Some(name) if **name == *one.name => name.clone(),
            _ => Arc::from(one.name),
        };
        let data = payload.slice(offset..end);
        let tensor = Tensor::new(name, one.dtype, one.shape, data)
            .map_err(|error| FrameError(error.message().to_owned()))?;
        tensors.push(tensor);
        offset = end;
    }
    if offset.next_multiple_of(8) != payload.len() {
        return refuse(format!(
            "the last tensor ends at byte {offset} of a payload of {}",
            payload.len()
        ));
    }
    Ok(tensors)
}

fn describe<'a>(reader: &mut Reader<'a>) -> Result<Description<'a>> {
    let name = reader.string()?;
    let code = reader.u8()?;
    let Some(dtype) = DType::from_code(code) else {
        return refuse(format!("tensor '{name}' has unknown dtype code {code}"));
    };
    let dimensions = reader.u8()?;
    if !(1..=8).contains(&dimensions) {
        return refuse(format!("tensor '{name}' has {dimensions} dimensions"));
    }
    let mut shape = Vec::with_capacity(dimensions as usize);
    for _ in 0..dimensions {
        shape.push(reader.size()?);
    }
    let bytes = reader.size()?;
    Ok(Description { name, dtype, shape, bytes })
}

/// The payload of an ERROR or FAILED frame.
pub(crate) fn decode_raised(payload: &[u8]) -> Result<Raised> {
    let mut reader = Reader { rest: payload };
    let fault = match reader.u8()? {
        1 => Fault::Input,
        2 => Fault::Model,
        3 => Fault::Answer,
        other => return refuse(format!("unknown fault {other} in an error frame")),
    };
    let kind = reader.string()?.to_owned();
    let message = reader.text()?.to_owned();
    let trace = reader.text()?.to_owned();
    if !reader.rest.is_empty() {
        return refuse(format!("{} surplus bytes at the end of an error frame", reader.rest.len()));
    }
    Ok(Raised { fault, kind, message, trace })
}

#[cfg(test)]
mod tests;
