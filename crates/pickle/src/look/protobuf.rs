//! Recognises an ONNX `ModelProto` and a TensorFlow `SavedModel` by their top-level fields.

/// Fields looked at.
const FIELDS_MAX: usize = 64;

const VARINT: u64 = 0;
const BYTES: u64 = 2;

/// The field numbers of `ModelProto`: version, producer, domain, graph, opset, metadata, functions.
const ONNX_FIELDS: [u64; 13] = [1, 2, 3, 4, 5, 6, 7, 8, 14, 20, 25, 26, 27];
const ONNX_GRAPH: u64 = 7;

/// `length` is the file's, of which `head` is the beginning.
pub(super) fn is_onnx(head: &[u8], length: u64) -> bool {
    let mut graph = false;
    let clean = each_field(head, length, |field, kind, value| {
        graph |= field == ONNX_GRAPH && kind == BYTES;
        let version = field != 1 || (kind == VARINT && (1..=1000).contains(&value));
        version && ONNX_FIELDS.contains(&field) && matches!(kind, VARINT | BYTES)
    });
    clean && graph && head.first() == Some(&0x08)
}

/// Schema version 1, then graphs.
pub(super) fn is_tensorflow(head: &[u8], length: u64) -> bool {
    head.starts_with(&[0x08, 0x01, 0x12])
        && each_field(head, length, |field, _, _| matches!(field, 1 | 2))
}

/// Whether every field that starts in `head` satisfies `check(number, wire type, value or length)`
/// and none reaches beyond the file.
fn each_field(head: &[u8], length: u64, mut check: impl FnMut(u64, u64, u64) -> bool) -> bool {
    let mut at = 0_u64;
    for _ in 0..FIELDS_MAX {
        if at == length {
            return true;
        }
        let Some(rest) = usize::try_from(at).ok().and_then(|at| head.get(at..)) else {
            return at <= length;
        };
        if rest.is_empty() {
            return at <= length;
        }
        let Some((tag, tag_bytes)) = varint(rest) else {
            return false;
        };
        let Some((value, value_bytes)) = varint(&rest[tag_bytes..]) else {
            return false;
        };
        if !check(tag >> 3, tag & 7, value) {
            return false;
        }
        let body = if tag & 7 == BYTES { value } else { 0 };
        let Some(next) = at.checked_add((tag_bytes + value_bytes) as u64 + body.min(length)) else {
            return false;
        };
        if body > length || next > length {
            return false;
        }
        at = next;
    }
    true
}

fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut value = 0_u64;
    for (index, byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f).checked_shl(7 * index as u32)?;
        if byte & 0x80 == 0 {
            return Some((value, index + 1));
        }
    }
    None
}
