//! The names of a zip archive's entries, read from its central directory within fixed bounds.
//! Must not inflate anything.

use std::io::{self, Read, Seek, SeekFrom};

/// The end record is 22 bytes and a comment of at most 65,535.
const TAIL_BYTES: u64 = 22 + 65_535;

/// Bytes of central directory looked at.
const DIRECTORY_BYTES: u64 = 256 * 1024;

/// Names of entries, as many as the bounds let see; empty if there is no readable directory.
pub(super) fn entry_names(
    reader: &mut (impl Read + Seek),
    length: u64,
) -> io::Result<Vec<Vec<u8>>> {
    let tail_start = length.saturating_sub(TAIL_BYTES);
    let tail = read_at(reader, tail_start, TAIL_BYTES)?;
    let Some(end) = tail
        .windows(4)
        .rposition(|window| window == b"PK\x05\x06")
        .and_then(|at| tail.get(at..at + 22))
    else {
        return Ok(Vec::new());
    };
    let size = u64::from(u32_at(end, 12)).min(DIRECTORY_BYTES);
    let start = u64::from(u32_at(end, 16));
    if start >= length {
        return Ok(Vec::new());
    }
    Ok(names(&read_at(reader, start, size)?))
}

fn names(directory: &[u8]) -> Vec<Vec<u8>> {
    let mut names = Vec::new();
    let mut rest = directory;
    while rest.len() >= 46 && rest.starts_with(b"PK\x01\x02") {
        let [name, extra, comment] = [28, 30, 32].map(|at| usize::from(u16_at(rest, at)));
        let Some(bytes) = rest.get(46..46 + name) else {
            break;
        };
        names.push(bytes.to_vec());
        rest = rest.get(46 + name + extra + comment..).unwrap_or_default();
    }
    names
}

fn read_at(reader: &mut (impl Read + Seek), start: u64, limit: u64) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    reader.by_ref().take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The caller has checked that the bytes are there.
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}
