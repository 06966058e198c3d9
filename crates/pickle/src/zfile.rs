//! The frame that joblib before 0.10 put around zlib data ("ZF"): a mark and the length of what unfolds.
//! From joblib 0.9 and its `numpy_pickle_compat`.

/// What a file in the frame begins with.
pub(crate) const MARK: &[u8] = b"ZF0x";

/// Behind "ZF", the length in hexadecimal is padded to this; Python 2's is a letter longer.
const LENGTH_BYTES: usize = 19;

/// The length that a frame tells for its content, and the zlib data behind it.
pub(crate) fn framed(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (length, data) = bytes.strip_prefix(b"ZF")?.split_at_checked(LENGTH_BYTES)?;
    let digits = std::str::from_utf8(length).ok()?.trim().strip_prefix("0x")?;
    let length = u64::from_str_radix(digits.trim_end_matches('L'), 16).ok()?;
    // zlib data never begins with a space.
    Some((length, data.strip_prefix(b" ").unwrap_or(data)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_tells_its_length() {
        let three = b"ZF0x1a2b             \x78\x01rest";
        assert_eq!(framed(three), Some((0x1a2b, &b"\x78\x01rest"[..])));
        let two = b"ZF0x1a2b              \x78\x01rest";
        assert_eq!(framed(two), Some((0x1a2b, &b"\x78\x01rest"[..])));
        for bytes in
            [&b"ZF0x1a2b"[..], b"ZF0xzz               \x78\x01", b"ZF                   \x78"]
        {
            assert_eq!(framed(bytes), None, "{}", bytes.escape_ascii());
        }
    }
}
