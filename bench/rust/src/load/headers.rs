//! HPACK as the generator needs it: the same request headers again and again, and the status out
//! of response headers and trailers.
//!
//! Must not grow into a general HPACK coder; the decoder is a library's.

use loona_hpack::Decoder;

/// The static table's entries `:method POST` and `:scheme http`, as indexed fields.
const STATIC_POST: u8 = 0x83;
const STATIC_HTTP: u8 = 0x86;
/// The first dynamic entry has this index.
const FIRST_DYNAMIC: u8 = 62;
/// Blocks remembered at most; servers answer with two or three different ones.
const REMEMBERED: usize = 16;

/// The request's header block, as any client sends it: spelled out and put into the table by the
/// first request of a connection, one byte a field afterwards.
pub(crate) struct RequestHeaders {
    pub(crate) first: Vec<u8>,
    pub(crate) later: Vec<u8>,
}

impl RequestHeaders {
    pub(crate) fn new(fields: &[(&str, &str)]) -> Self {
        let mut first = vec![STATIC_POST, STATIC_HTTP];
        let mut later = first.clone();
        for (index, (name, value)) in fields.iter().enumerate() {
            first.push(0x40);
            for text in [name, value] {
                assert!(text.len() < 127, "header text fits the one-byte length");
                first.push(text.len() as u8);
                first.extend_from_slice(text.as_bytes());
            }
            later.push(0x80 | (FIRST_DYNAMIC + (fields.len() - 1 - index) as u8));
        }
        Self { first, later }
    }
}

/// What the generator wants to know of a block of response headers or trailers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    /// `:status`, 0 if absent.
    pub(crate) http_status: u16,
    /// `grpc-status`, if present.
    pub(crate) grpc_status: Option<u8>,
    /// `grpc-message`, empty if absent.
    pub(crate) grpc_message: String,
}

/// Decodes blocks. A block of nothing but table references changes no state, so its meaning is
/// remembered until a block that may change the table.
pub(crate) struct ResponseHeaders {
    decoder: Decoder<'static>,
    remembered: Vec<(Vec<u8>, Facts)>,
}

impl ResponseHeaders {
    pub(crate) fn new() -> Self {
        Self { decoder: Decoder::new(), remembered: Vec::new() }
    }

    pub(crate) fn read(&mut self, block: &[u8]) -> Result<Facts, String> {
        let only_references = block.iter().all(|&byte| byte > 0x80 && byte < 0xff);
        if only_references
            && let Some((_, facts)) = self.remembered.iter().find(|(seen, _)| seen == block)
        {
            return Ok(facts.clone());
        }
        let fields = self
            .decoder
            .decode(block)
            .map_err(|error| format!("undecodable headers: {error:?}"))?;
        let mut facts = Facts::default();
        for (name, value) in fields {
            let value = String::from_utf8_lossy(&value).into_owned();
            match &*name {
                b":status" => facts.http_status = value.parse().unwrap_or(0),
                b"grpc-status" => facts.grpc_status = value.parse().ok(),
                b"grpc-message" => facts.grpc_message = value,
                _ => {}
            }
        }
        if only_references {
            if self.remembered.len() == REMEMBERED {
                self.remembered.clear();
            }
            self.remembered.push((block.to_vec(), facts.clone()));
        } else {
            self.remembered.clear();
        }
        Ok(facts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_short_block_means_the_long_one() {
        let fields = [(":path", "/a.B/C"), ("te", "trailers"), ("x", "y")];
        let headers = RequestHeaders::new(&fields);
        let mut decoder = Decoder::new();
        let first = decoder.decode(&headers.first).unwrap();
        assert_eq!(first.len(), 5);
        assert_eq!(decoder.decode(&headers.later).unwrap(), first);
    }

    #[test]
    fn a_remembered_block_is_read_anew_when_the_table_changed() {
        let mut headers = ResponseHeaders::new();
        let status = |value: &str| {
            let mut block = vec![0x40, 11];
            block.extend_from_slice(b"grpc-status");
            block.push(value.len() as u8);
            block.extend_from_slice(value.as_bytes());
            block
        };
        assert_eq!(headers.read(&status("0")).unwrap().grpc_status, Some(0));
        assert_eq!(headers.read(&[0xbe]).unwrap().grpc_status, Some(0));
        assert_eq!(headers.read(&[0xbe]).unwrap().grpc_status, Some(0));
        assert_eq!(headers.read(&status("14")).unwrap().grpc_status, Some(14));
        assert_eq!(headers.read(&[0xbe]).unwrap().grpc_status, Some(14));
        assert_eq!(headers.read(&[0xbf]).unwrap().grpc_status, Some(0));
    }
}
