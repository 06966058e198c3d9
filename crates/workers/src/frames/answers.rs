//! The frames as a worker reads and writes them that is written in Rust: the other side of the parent
//! module. Must not know sockets.

use std::sync::Arc;

use bytes::{BufMut, Bytes, BytesMut};
use pelton_core::{Batch, Form, Tensor};

use super::reader::Reader;
use super::{
    HEADER_BYTES, Kind, MAX_PAYLOAD_BYTES, Raised, Result, decode_tensors, put_header, put_string,
    put_tensors, refuse,
};

/// Bytes of a message or a trace that are sent.
const TEXT_BYTES_MAX: usize = 1 << 16;

/// The batch of an EXECUTE payload; its tensors share the payload's memory. That they have as many rows
/// each is the server's to see to.
pub(crate) fn decode_execute(payload: &Bytes) -> Result<Batch> {
    let mut reader = Reader { rest: payload };
    let form = match reader.u8()? {
        1 => Form::Matrix,
        2 => Form::Columns,
        3 => Form::Tensors,
        other => return refuse(format!("unknown form {other}")),
    };
    let count = reader.u16()?;
    let outputs: Arc<[Arc<str>]> =
        (0..count).map(|_| reader.string().map(Arc::from)).collect::<Result<_>>()?;
    let inputs = decode_tensors(payload, payload.len() - reader.rest.len(), &[])?;
    let rows = inputs.first().map_or(0, Tensor::rows);
    Ok(Batch { form, inputs, rows, outputs, deadline: None })
}

/// A RESULT frame in pieces, to be written one after another.
pub(crate) fn encode_result(id: u64, tensors: &[Tensor]) -> Result<Vec<Bytes>> {
    let mut head = BytesMut::with_capacity(HEADER_BYTES + 128 * (1 + tensors.len()));
    put_header(&mut head, Kind::Result, id, 0);
    put_tensors(head, tensors)
}

/// An ERROR or FAILED frame.
pub(crate) fn encode_raised(kind: Kind, id: u64, raised: &Raised) -> Result<Vec<Bytes>> {
    let mut payload = BytesMut::new();
    payload.put_u8(raised.fault as u8 + 1);
    put_string(&mut payload, &raised.kind)?;
    put_text(&mut payload, &raised.message);
    put_text(&mut payload, &raised.trace);
    encode(kind, id, &payload)
}

/// A frame of these bytes.
pub(crate) fn encode(kind: Kind, id: u64, payload: &[u8]) -> Result<Vec<Bytes>> {
    if payload.len() > MAX_PAYLOAD_BYTES {
        return refuse(format!(
            "a payload of {} bytes, the limit is {MAX_PAYLOAD_BYTES}",
            payload.len()
        ));
    }
    let mut frame = BytesMut::with_capacity(HEADER_BYTES + payload.len());
    put_header(&mut frame, kind, id, payload.len() as u32);
    frame.put_slice(payload);
    Ok(vec![frame.freeze()])
}

fn put_text(payload: &mut BytesMut, text: &str) {
    let text = &text[..text.floor_char_boundary(TEXT_BYTES_MAX)];
    payload.put_u32_le(text.len() as u32);
    payload.put_slice(text.as_bytes());
}
