//! A worker's standard output and error become log lines. The pipes are always read, so that a model
//! that prints is never blocked.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of a line that are kept.
const MAX_LINE_BYTES: usize = 4096;

/// The last line a worker wrote to its standard error that was not blank.
#[derive(Clone, Debug, Default)]
pub(crate) struct LastLine(Arc<Mutex<String>>);

impl LastLine {
    pub(crate) fn get(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, line: &str) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.clear();
        last.push_str(line);
    }
}

/// Which pipe a line came from.
#[derive(Clone, Debug)]
pub(crate) enum Stream {
    Output,
    Error(LastLine),
}

/// Logs a pipe's lines until it ends.
pub(crate) async fn pump(pipe: impl AsyncRead + Unpin, stream: Stream, model: String, pid: u32) {
    let mut lines = Lines::default();
    let mut pipe = pipe;
    let mut chunk = vec![0; 16 * 1024];
    while let Ok(count) = pipe.read(&mut chunk).await {
        if count == 0 {
            break;
        }
        lines.feed(&chunk[..count], |line| log(line, &stream, &model, pid));
    }
    lines.finish(|line| log(line, &stream, &model, pid));
}

fn log(line: &str, stream: &Stream, model: &str, pid: u32) {
    if line.trim().is_empty() {
        return;
    }
    match stream {
        Stream::Output => {
            tracing::info!(target: "pelton::worker", model, pid, stream = "stdout", "{line}");
        }
        Stream::Error(last) => {
            last.set(line);
            tracing::warn!(target: "pelton::worker", model, pid, stream = "stderr", "{line}");
        }
    }
}

/// Cuts chunks into lines of bounded length.
#[derive(Default)]
struct Lines {
    line: Vec<u8>,
    dropped_bytes: usize,
}

impl Lines {
    fn feed(&mut self, chunk: &[u8], mut emit: impl FnMut(&str)) {
        let mut parts = chunk.split(|&byte| byte == b'\n');
        // The last part has no line end yet.
        let last = parts.next_back().unwrap_or_default();
        for part in parts {
            self.add(part);
            self.finish(&mut emit);
        }
        self.add(last);
    }

    fn add(&mut self, part: &[u8]) {
        let kept = part.len().min(MAX_LINE_BYTES - self.line.len());
        self.line.extend_from_slice(&part[..kept]);
        self.dropped_bytes += part.len() - kept;
    }

    fn finish(&mut self, mut emit: impl FnMut(&str)) {
        if self.line.is_empty() {
            return;
        }
        let line = String::from_utf8_lossy(&self.line);
        if self.dropped_bytes > 0 {
            emit(&format!("{line} ... ({} more bytes)", self.dropped_bytes));
        } else {
            emit(line.trim_end_matches('\r'));
        }
        self.line.clear();
        self.dropped_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_become_lines_of_bounded_length() {
        let mut lines = Lines::default();
        let mut seen = Vec::new();
        for chunk in ["one\ntw", "o\r\n\n", &"x".repeat(5_000), "y\nlast"] {
            lines.feed(chunk.as_bytes(), |line| seen.push(line.to_owned()));
        }
        lines.finish(|line| seen.push(line.to_owned()));
        assert_eq!(seen.len(), 4);
        assert_eq!(&seen[..2], ["one", "two"]);
        assert!(seen[2].ends_with("x ... (905 more bytes)"), "{}", seen[2]);
        assert_eq!(seen[3], "last");
    }
}
