//! What a library's file tells: its version, and whether it can be loaded on this machine. It is asked
//! before the system's loader is given it, which makes the end of the process of a library that was cut
//! short, and has few words for others.
//!
//! Looks at ELF files (System V ABI, chapters 4 and 5); any other is the loader's to judge. Must not load
//! anything.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

/// Bytes of a header, and of the description of a segment, in a file of 64 bits.
const HEADER_BYTES: usize = 64;
const SEGMENT_BYTES: usize = 56;

/// What the loader maps into memory.
const LOADED: u32 = 1;

/// The kinds of processors there are libraries for.
const MACHINES: [(u16, &str); 6] =
    [(3, "x86"), (21, "powerpc64"), (22, "s390x"), (40, "arm"), (62, "x86_64"), (183, "aarch64")];

/// What the version of its symbols begins with.
const VERSION_MARK: &[u8] = b"VERS_";

/// Where a file's names of symbols are, at the latest.
const NAMES_BYTES_MAX: u64 = 8 << 20;

/// ONNX Runtime's version, `1.17.3`, as its file tells: its symbols are of the version `VERS_1.17.3`.
pub(crate) fn version(path: &Path) -> Option<String> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(NAMES_BYTES_MAX).read_to_end(&mut bytes).ok()?;
    version_in(&bytes)
}

fn version_in(bytes: &[u8]) -> Option<String> {
    let marks = bytes.windows(VERSION_MARK.len()).enumerate();
    let mut versions = marks.filter(|(_, word)| *word == VERSION_MARK).map(|(at, word)| {
        let rest = &bytes[at + word.len()..];
        let end = rest.iter().position(|letter| !b"0123456789.".contains(letter));
        str::from_utf8(&rest[..end.unwrap_or(rest.len())]).unwrap_or_default()
    });
    versions.find(|version| version.contains('.')).map(str::to_owned)
}

/// Judges the file.
///
/// # Errors
/// Why it cannot be loaded, to follow its name.
pub(crate) fn judge(path: &Path) -> Result<(), String> {
    let file = File::open(path).map_err(|error| format!("cannot be opened: {error}"))?;
    let length = file.metadata().map_err(|error| format!("cannot be read: {error}"))?.len();
    judge_elf(file, length).map_err(|why| match why {
        Why::Told(why) => why,
        Why::Io(error) => format!("cannot be read: {error}"),
    })
}

enum Why {
    Told(String),
    Io(io::Error),
}

fn judge_elf(mut file: impl Read + Seek, length: u64) -> Result<(), Why> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header).map_err(Why::Io)?;
    // 64 bits, little-endian.
    if !header.starts_with(b"\x7fELF\x02\x01") {
        return Ok(());
    }
    let cut = |needed: u64| {
        Why::Told(format!("is cut short: it has {length} bytes and needs {needed} at least"))
    };
    if header.len() < HEADER_BYTES {
        return Err(cut(HEADER_BYTES as u64));
    }
    let machine = u16::try_from(number(&header, 18, 2)).unwrap_or_default();
    let name = |(number, name): &(u16, &'static str)| (*number == machine).then_some(*name);
    let built_for = MACHINES.iter().find_map(name);
    if let Some(other) = built_for.filter(|name| *name != std::env::consts::ARCH) {
        return Err(Why::Told(format!(
            "is built for another processor: {other}, and this is {}",
            std::env::consts::ARCH
        )));
    }
    let (table, segments) = (number(&header, 32, 8), number(&header, 56, 2));
    let needed = table.saturating_add(segments * SEGMENT_BYTES as u64);
    if needed > length {
        return Err(cut(needed));
    }
    file.seek(SeekFrom::Start(table)).map_err(Why::Io)?;
    let mut needed = 0;
    for _ in 0..segments {
        let mut segment = [0; SEGMENT_BYTES];
        file.read_exact(&mut segment).map_err(Why::Io)?;
        if number(&segment, 0, 4) == u64::from(LOADED) {
            needed = needed.max(number(&segment, 8, 8).saturating_add(number(&segment, 32, 8)));
        }
    }
    if needed > length { Err(cut(needed)) } else { Ok(()) }
}

/// A little-endian number of so many bytes.
fn number(bytes: &[u8], at: usize, size: usize) -> u64 {
    bytes[at..at + size].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn judged(bytes: &[u8]) -> Result<(), String> {
        judge_elf(Cursor::new(bytes), bytes.len() as u64).map_err(|why| match why {
            Why::Told(why) => why,
            Why::Io(error) => error.to_string(),
        })
    }

    /// A library of one segment that is the whole file, for this processor.
    fn library(machine: u16) -> Vec<u8> {
        let mut bytes = vec![0; 500];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18..20].copy_from_slice(&machine.to_le_bytes());
        (bytes[32], bytes[56]) = (64, 1);
        bytes[64] = LOADED as u8;
        bytes[64 + 32..][..2].copy_from_slice(&500_u16.to_le_bytes());
        bytes
    }

    fn own() -> u16 {
        MACHINES.iter().find(|(_, name)| *name == std::env::consts::ARCH).map_or(0, |one| one.0)
    }

    #[test]
    fn what_the_loader_would_stumble_over_is_told() {
        let whole = library(own());
        assert_eq!(judged(&whole), Ok(()));
        for length in [6, 63, 64, 119, 120, 499] {
            let why = judged(&whole[..length]).unwrap_err();
            assert!(why.starts_with(&format!("is cut short: it has {length} bytes and")), "{why}");
        }
        let other = MACHINES.iter().find(|(_, name)| *name != std::env::consts::ARCH);
        let (number, name) = other.expect("there are several");
        let why = judged(&library(*number)).unwrap_err();
        assert!(why.starts_with(&format!("is built for another processor: {name}, and")), "{why}");
    }

    #[test]
    fn what_is_no_such_library_is_the_loaders_to_judge() {
        for bytes in [&b""[..], b"text", b"\x7fELF\x01\x01 32 bits"] {
            assert_eq!(judged(bytes), Ok(()));
        }
    }

    #[test]
    fn a_version_is_told_by_the_symbols() {
        assert_eq!(version_in(b"\0VERS_\0VERS_1.17.3\0OrtGetApiBase"), Some("1.17.3".to_owned()));
        assert_eq!(version_in(b"\0VERS_x1.17"), None);
        assert_eq!(version_in(b"VERS"), None);
    }

    proptest::proptest! {
        #[test]
        fn any_header_is_judged(at in 0_usize..120, byte: u8) {
            let mut bytes = library(own());
            bytes[at] = byte;
            let _ = judged(&bytes);
        }
    }
}
