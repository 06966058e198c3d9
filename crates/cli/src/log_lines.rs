//! Log lines on their way to standard error, through a thread of their own.
//!
//! Whoever reads standard error may stop reading: a pager, a full disk, a container's log driver. A
//! request must not wait for that, so lines beyond [`WAITING_LINES`] are dropped, counted and told.
//! Must not know what is in a line.

use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait to be written.
const WAITING_LINES: usize = 8192;

/// How long the last lines may take to be written.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// Takes lines without ever waiting. Cloning shares the thread.
#[derive(Clone, Debug)]
pub(crate) struct LogLines {
    lines: SyncSender<Vec<u8>>,
    counts: Arc<Counts>,
}

#[derive(Debug, Default)]
struct Counts {
    unwritten: AtomicUsize,
    dropped: AtomicU64,
}

impl LogLines {
    /// Starts the thread that writes.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) fn start(output: impl Write + Send + 'static) -> io::Result<Self> {
        let (lines, waiting) = sync_channel(WAITING_LINES);
        let counts = Arc::new(Counts::default());
        let shared = counts.clone();
        std::thread::Builder::new()
            .name("pelton-log".to_owned())
            .spawn(move || write_all(output, &waiting, &shared))?;
        Ok(Self { lines, counts })
    }

    /// Adds a line, or counts it as dropped.
    pub(crate) fn add(&self, line: &[u8]) {
        self.counts.unwritten.fetch_add(1, Ordering::AcqRel);
        if self.lines.try_send(line.to_vec()).is_err() {
            self.counts.unwritten.fetch_sub(1, Ordering::AcqRel);
            self.counts.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until all lines are written, but not for ever.
    pub(crate) fn flush(&self) {
        let until = Instant::now() + FLUSH_LIMIT;
        while self.counts.unwritten.load(Ordering::Acquire) > 0 && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

impl Write for LogLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.add(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for LogLines {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn write_all(mut output: impl Write, waiting: &Receiver<Vec<u8>>, counts: &Counts) {
    while let Ok(line) = waiting.recv() {
        // Where nobody can be told, an error is no news.
        let _ = output.write_all(&line).and_then(|()| output.flush());
        let dropped = counts.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            tracing::warn!(dropped, "log lines were dropped: standard error is read too slowly");
        }
        counts.unwritten.fetch_sub(1, Ordering::AcqRel);
    }
}
