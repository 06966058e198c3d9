//! What a connection may cost, in one structure. Must not act on it.

use std::time::Duration;

/// Bounds of connections; each of the two ports has them for itself, but for `max_bytes_in_flight`.
#[derive(Clone, Debug)]
pub struct ConnectionLimits {
    /// Connections a port has at a time. One more takes the place of the one that has been idle
    /// longest; where none is idle it is refused.
    pub max_connections: usize,
    /// How long a client may take to say what it wants: the TLS handshake, HTTP/2's preface, the
    /// head of an HTTP/1 request.
    pub handshake_timeout: Duration,
    /// How long a request may take to arrive, or an answer to be taken, beyond a second for each
    /// [`Self::SLOWEST_BYTES`] of it.
    pub transfer_timeout: Duration,
    /// How long a connection may be without a request before it is told to go (GOAWAY).
    pub idle_timeout: Duration,
    /// How long a connection is silent before the client is asked whether it is there.
    pub keepalive_interval: Duration,
    /// How long its answer may take.
    pub keepalive_timeout: Duration,
    /// Largest list of headers taken, in bytes as HTTP/2 counts them.
    pub max_header_bytes: u32,
    /// Requests and answers that may be in memory at a time, over both ports.
    pub max_bytes_in_flight: usize,
}

impl ConnectionLimits {
    /// Bytes a second at which nobody is too slow.
    pub const SLOWEST_BYTES: u64 = 256 << 10;

    /// How long so many bytes may take.
    pub(crate) fn transfer(&self, bytes: u64) -> Duration {
        Duration::from_millis(self.transfer_ms(bytes))
    }

    /// The same in milliseconds.
    pub(crate) const fn transfer_ms(&self, bytes: u64) -> u64 {
        self.transfer_timeout.as_millis() as u64 + bytes * 1000 / Self::SLOWEST_BYTES
    }
}

impl Default for ConnectionLimits {
    fn default() -> Self {
        Self {
            max_connections: 4096,
            handshake_timeout: Duration::from_secs(10),
            transfer_timeout: Duration::from_secs(30),
            idle_timeout: Duration::from_hours(1),
            keepalive_interval: Duration::from_mins(1),
            keepalive_timeout: Duration::from_secs(20),
            max_header_bytes: 16 << 10,
            max_bytes_in_flight: 2 << 30,
        }
    }
}
