//! What the doors count, and what they say about clients they turn away: a line for the first of a
//! kind, then one every [`QUIET`] with how many there were, so that no flood fills the log.
//!
//! Must not turn anybody away.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};
use tokio::time::Instant;

/// How long nothing is said about a kind after a line about it.
const QUIET: Duration = Duration::from_secs(10);

/// Which port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Port {
    Grpc,
    Http,
}

/// Why a connection was not served, or no longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    Full,
    Replaced,
    Handshake,
    Http1,
    TlsOnPlain,
    Tls,
    Unknown,
    Stalled,
    Flood,
    Accept,
    Unauthenticated,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByPort {
    port: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ByReason {
    port: &'static str,
    reason: &'static str,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Tally {
    registry: Registry,
    connections: Family<ByPort, Gauge>,
    refused: Family<ByReason, Counter>,
    bytes: Gauge,
    /// 0 without a certificate.
    expiry: Gauge,
    said: Mutex<[Said; Reason::COUNT * 2]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Said {
    last: Option<Instant>,
    since: u64,
}

impl Port {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Grpc => "grpc",
            Self::Http => "http",
        }
    }
}

impl Reason {
    const ALL: [Self; Self::COUNT] = [
        Self::Full,
        Self::Replaced,
        Self::Handshake,
        Self::Http1,
        Self::TlsOnPlain,
        Self::Tls,
        Self::Unknown,
        Self::Stalled,
        Self::Flood,
        Self::Accept,
        Self::Unauthenticated,
    ];

    const COUNT: usize = 11;

    const fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Replaced => "replaced",
            Self::Handshake => "handshake_timeout",
            Self::Http1 => "http1_on_grpc_port",
            Self::TlsOnPlain => "tls_on_plain_port",
            Self::Tls => "tls_handshake_failed",
            Self::Unknown => "unknown_protocol",
            Self::Stalled => "answer_not_taken",
            Self::Flood => "flood",
            Self::Accept => "accept_failed",
            Self::Unauthenticated => "unauthenticated",
        }
    }

    /// What happened and what may be done about it.
    const fn words(self) -> &'static str {
        match self {
            Self::Full => {
                "a connection was refused: all that the port may have are busy; raise \
                 --max-connections if these are your clients"
            }
            Self::Replaced => {
                "an idle connection was closed to make room for another; raise --max-connections if \
                 these are your clients"
            }
            Self::Handshake => {
                "a connection was closed: the client did not say in time what it wants \
                 (--handshake-timeout)"
            }
            Self::Http1 => {
                "a client speaks HTTP/1 on the gRPC port, which takes HTTP/2 alone; metrics and \
                 health are on the HTTP port"
            }
            Self::TlsOnPlain => {
                "a client speaks TLS on a port that has none; configure the client for plain text, \
                 or the server with --tls-cert and --tls-key"
            }
            Self::Tls => "a TLS handshake failed",
            Self::Unknown => "a client speaks a protocol that is not known here",
            Self::Stalled => {
                "a connection was closed: the client does not take its answers \
                 (--transfer-timeout)"
            }
            Self::Flood => {
                "a connection was closed: the client floods it with frames that are no requests"
            }
            Self::Accept => "no connection could be accepted",
            Self::Unauthenticated => "a request without valid credentials was refused",
        }
    }
}

impl Tally {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("pelton");
        let connections = Family::<ByPort, Gauge>::default();
        let refused = Family::<ByReason, Counter>::default();
        let bytes = Gauge::default();
        let expiry = Gauge::default();
        registry.register("connections", "Connections open", connections.clone());
        let help = "Connections and requests that were turned away, by reason";
        registry.register("turned_away", help, refused.clone());
        let help = "Bytes of requests and answers in memory";
        registry.register("in_flight_bytes", help, bytes.clone());
        registry.register_with_unit(
            "tls_certificate_expiry",
            "When the certificate is no longer valid, as seconds since 1970; 0 without one",
            Unit::Seconds,
            expiry.clone(),
        );
        // From the beginning, so that an alert sees the first.
        for port in [Port::Grpc, Port::Http] {
            drop(connections.get_or_create(&ByPort { port: port.name() }));
            for reason in Reason::ALL {
                let by = ByReason { port: port.name(), reason: reason.name() };
                drop(refused.get_or_create(&by));
            }
        }
        let said = Mutex::new([Said::default(); Reason::COUNT * 2]);
        Self { registry, connections, refused, bytes, expiry, said }
    }

    /// Counts connections that are open now.
    pub(crate) fn connections(&self, port: Port, open: usize) {
        self.connections.get_or_create(&ByPort { port: port.name() }).set(open as i64);
    }

    /// When the certificate ends.
    pub(crate) fn certificate_ends(&self, seconds: u64) {
        self.expiry.set(seconds as i64);
    }

    /// Counts one who was turned away, and says so now and then.
    pub(crate) fn refused(&self, port: Port, reason: Reason) {
        self.refused_because(port, reason, &"");
    }

    /// The same, with a cause for the log.
    pub(crate) fn refused_because(
        &self,
        port: Port,
        reason: Reason,
        cause: &dyn std::fmt::Display,
    ) {
        let by = ByReason { port: port.name(), reason: reason.name() };
        self.refused.get_or_create(&by).inc();
        if let Some(times) = self.may_say(port, reason) {
            let cause = cause.to_string();
            if cause.is_empty() {
                tracing::warn!(port = port.name(), times, "{}", reason.words());
            } else {
                tracing::warn!(port = port.name(), times, cause, "{}", reason.words());
            }
        }
    }

    /// How many there were since the last line, if it is time for one.
    fn may_say(&self, port: Port, reason: Reason) -> Option<u64> {
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let said = &mut all[reason as usize * 2 + port as usize];
        said.since += 1;
        if said.last.is_some_and(|last| last.elapsed() < QUIET) {
            return None;
        }
        said.last = Some(Instant::now());
        Some(std::mem::take(&mut said.since))
    }

    /// The text format, without its end.
    pub(crate) fn text(&self, bytes_held: usize) -> String {
        self.bytes.set(bytes_held as i64);
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_refusals_is_a_line_now_and_then() {
        let tally = Tally::new();
        let said = |reason| tally.may_say(Port::Grpc, reason);
        assert_eq!(said(Reason::Http1), Some(1));
        assert!((0..1000).all(|_| said(Reason::Http1).is_none()));
        assert_eq!(said(Reason::Full), Some(1), "another kind has lines of its own");
        tokio::time::advance(QUIET).await;
        assert_eq!(said(Reason::Http1), Some(1001));
        assert_eq!(tally.may_say(Port::Http, Reason::Http1), Some(1));
    }

    #[test]
    fn what_was_turned_away_is_counted() {
        let tally = Tally::new();
        tally.refused(Port::Grpc, Reason::Unauthenticated);
        let line = "pelton_turned_away_total{port=\"grpc\",reason=\"unauthenticated\"} 1\n";
        assert!(tally.text(7).contains(line));
        assert!(tally.text(7).contains("pelton_in_flight_bytes 7\n"));
    }
}
