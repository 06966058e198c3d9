//! From text to values: each parser says what is wrong in words that follow the setting's name.

use std::ffi::OsStr;
use std::time::Duration;

use bytesize::ByteSize;

/// Worker processes or threads beyond this are a slip of the finger, and would be felt.
const COUNT_OF_PROCESSES_MAX: usize = 1024;

/// Durations beyond this overflow nothing but make no sense; 0 is refused too.
const DURATION_MAX: Duration = Duration::from_hours(168);

/// gRPC counts message bytes in a u32.
const MESSAGE_BYTES_MAX: u64 = u32::MAX as u64;

/// Clients send some hundreds of bytes, and tokens some kilobytes.
const HEADER_BYTES_MIN: u64 = 8 * 1024;
const HEADER_BYTES_MAX: u64 = 1024 * 1024;

/// Below this not even an interpreter with numpy starts.
const MEMORY_BYTES_MIN: u64 = 64 * 1024 * 1024;

pub(crate) fn text(value: &OsStr) -> Result<&str, String> {
    value.to_str().ok_or_else(|| format!("'{}' is not valid UTF-8", value.display()))
}

pub(crate) fn switch(value: &OsStr) -> Result<bool, String> {
    match text(value)? {
        "true" | "1" => Ok(true),
        "false" | "0" => Ok(false),
        other => Err(format!("'{other}' is neither true nor false")),
    }
}

pub(crate) fn count(value: &OsStr) -> Result<usize, String> {
    let value = text(value)?;
    match value.parse::<usize>() {
        Ok(0) => Err("must be at least 1, not 0".to_owned()),
        Ok(count) if u32::try_from(count).is_ok() => Ok(count),
        _ => Err(format!("'{value}' is not a whole number from 1 to {}", u32::MAX)),
    }
}

pub(crate) fn processes(value: &OsStr) -> Result<usize, String> {
    match count(value)? {
        count if count > COUNT_OF_PROCESSES_MAX => {
            Err(format!("must be at most {COUNT_OF_PROCESSES_MAX}, not {count}"))
        }
        count => Ok(count),
    }
}

pub(crate) fn port(value: &OsStr) -> Result<u16, String> {
    let value = text(value)?;
    value.parse().map_err(|_| format!("'{value}' is not a port, which is a number from 0 to 65535"))
}

fn size(value: &OsStr) -> Result<u64, String> {
    let value = text(value)?;
    let wrong = || format!("'{value}' is not a size; write it like 512MiB, 2GiB or 1000000");
    // The parser takes fractions and exponents; of bytes there are neither negative nor NaN ones.
    if !value.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(wrong());
    }
    match value.parse::<ByteSize>().map_err(|_| wrong())?.as_u64() {
        0 => Err("must be more than 0".to_owned()),
        u64::MAX => Err(wrong()),
        bytes => Ok(bytes),
    }
}

pub(crate) fn memory(value: &OsStr) -> Result<u64, String> {
    match size(value)? {
        bytes if bytes < MEMORY_BYTES_MIN => Err(format!(
            "'{}' is too little for a Python worker, give it at least {}",
            value.display(),
            ByteSize(MEMORY_BYTES_MIN)
        )),
        bytes => Ok(bytes),
    }
}

/// Bytes held in memory.
pub(crate) fn bytes(value: &OsStr) -> Result<usize, String> {
    let bytes = size(value)?;
    usize::try_from(bytes)
        .map_err(|_| format!("'{}' is more than this machine can address", value.display()))
}

pub(crate) fn message_bytes(value: &OsStr) -> Result<usize, String> {
    match size(value)? {
        bytes if bytes > MESSAGE_BYTES_MAX => Err(format!(
            "'{}' is more than a gRPC message can have, which is 4 GiB",
            value.display()
        )),
        bytes => Ok(bytes as usize),
    }
}

/// A list of headers: no less than clients send, no more than a connection should hold.
pub(crate) fn header_bytes(value: &OsStr) -> Result<u32, String> {
    match size(value)? {
        bytes if !(HEADER_BYTES_MIN..=HEADER_BYTES_MAX).contains(&bytes) => Err(format!(
            "'{}' is not between {} and {}",
            value.display(),
            ByteSize(HEADER_BYTES_MIN),
            ByteSize(HEADER_BYTES_MAX)
        )),
        bytes => Ok(bytes as u32),
    }
}

pub(crate) fn duration(value: &OsStr) -> Result<Duration, String> {
    let value = text(value)?;
    let duration = humantime::parse_duration(value).map_err(|_| {
        if value.parse::<u64>().is_ok_and(|number| number > 0) {
            format!("'{value}' has no unit; write {value}s or {value}ms")
        } else {
            format!("'{value}' is not a time; write it like 500ms, 30s or 2min")
        }
    })?;
    if duration.is_zero() {
        return Err("must be more than 0".to_owned());
    }
    if duration > DURATION_MAX {
        return Err(format!("'{value}' is more than a week"));
    }
    Ok(duration)
}

/// An IP address or a host name, which may or may not have an address.
pub(crate) fn host(value: &OsStr) -> Result<String, String> {
    let value = text(value)?;
    let bare = value.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(value);
    if bare.parse::<std::net::IpAddr>().is_ok() {
        return Ok(bare.to_owned());
    }
    if value.contains("://") {
        return Err(format!("'{value}' is a URL; give the host alone, such as 127.0.0.1"));
    }
    if let Some((host, port)) = value.rsplit_once(':')
        && port.parse::<u16>().is_ok()
    {
        return Err(format!(
            "'{value}' has a port in it; write --host {host} and --grpc-port {port}"
        ));
    }
    let plain = !value.is_empty()
        && value.len() <= 253
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_'))
        // What is all digits and dots was meant as an address.
        && value.chars().any(|c| c.is_ascii_alphabetic());
    if plain {
        Ok(value.to_owned())
    } else {
        Err(format!("'{value}' is neither an IP address nor a host name"))
    }
}

/// One of these words.
pub(crate) fn word<T: Copy>(value: &OsStr, words: &[(&str, T)]) -> Result<T, String> {
    let value = text(value)?;
    words.iter().find(|(word, _)| *word == value).map(|(_, meaning)| *meaning).ok_or_else(|| {
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("'{value}' is not one of {}", names.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn os(text: &str) -> &OsStr {
        OsStr::new(text)
    }

    #[test]
    fn sizes_have_units_or_are_bytes() {
        let memory = |text| memory(os(text));
        assert_eq!(memory("2GiB"), Ok(2 << 30));
        assert_eq!(memory("512 MiB"), Ok(512 << 20));
        assert_eq!(memory("1.5GiB"), Ok(3 << 29));
        assert_eq!(memory("1GB"), Ok(1_000_000_000));
        assert_eq!(memory("100000000"), Ok(100_000_000));
        for bad in ["", "0", "-1GiB", "2 gigs", "GiB", "1e400", "inf", "1KiB", "NaN"] {
            memory(bad).unwrap_err();
        }
        message_bytes(os("5GiB")).unwrap_err();
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(duration(os("500ms")), Ok(Duration::from_millis(500)));
        assert_eq!(duration(os("1min 30s")), Ok(Duration::from_secs(90)));
        assert!(duration(os("30")).unwrap_err().contains("write 30s or 30ms"));
        for bad in ["", "0s", "-1s", "soon", "8days"] {
            duration(os(bad)).unwrap_err();
        }
    }

    #[test]
    fn hosts_have_no_port() {
        assert_eq!(host(os("[::1]")), Ok("::1".to_owned()));
        assert_eq!(host(os("localhost")), Ok("localhost".to_owned()));
        assert!(host(os("127.0.0.1:80")).unwrap_err().contains("--grpc-port 80"));
        for bad in ["", "1.2.3", "a b", "http://x", "300.1.1.1"] {
            host(os(bad)).unwrap_err();
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_a_parser_panic(value in "\\PC*") {
            let value = os(&value);
            let _ = (switch(value), processes(value), port(value), memory(value));
            let _ = (message_bytes(value), duration(value), host(value));
        }
    }
}
