//! Where to listen, to whom, and what a connection may cost: that part of the configuration, checked
//! whole, files of certificates and tokens included. Must not open a port.

use std::net::{IpAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use pelton_server::{ConnectionLimits, ServerConfig, Tls, TlsFiles, Tokens};

use crate::config::{Reader, existing};
use crate::parse;
use crate::settings::{self, Setting};

/// Everything about the two ports.
#[derive(Debug)]
pub(crate) struct Network {
    pub(crate) host: Host,
    pub(crate) grpc_port: u16,
    pub(crate) http_port: u16,
    pub(crate) server: ServerConfig,
}

/// Where to listen.
#[derive(Clone, Debug)]
pub(crate) struct Host {
    /// As it was written.
    pub(crate) name: String,
    /// The addresses it stands for; at least one.
    pub(crate) addresses: Vec<IpAddr>,
}

impl Network {
    /// The network's settings but for the model that `Predict` asks; `None` with at least one
    /// problem noted.
    pub(crate) fn read(reader: &mut Reader<'_, '_>) -> Option<Self> {
        let host = reader.value(&settings::HOST, |value| parse::host(value).and_then(resolve));
        let grpc_port = reader.value(&settings::GRPC_PORT, parse::port);
        let http_port = reader.value(&settings::HTTP_PORT, parse::port);
        let max_message_bytes = reader.value(&settings::MAX_MESSAGE_BYTES, parse::message_bytes);
        let streams = reader.value(&settings::MAX_CONCURRENT_STREAMS, parse::count);
        let shutdown_grace = reader.value(&settings::SHUTDOWN_GRACE, parse::duration);
        if grpc_port == http_port && grpc_port.is_some_and(|port| port != 0) {
            let message = format!(
                "{} and {} are both {}, and each needs a port of its own",
                origin(reader, &settings::GRPC_PORT),
                origin(reader, &settings::HTTP_PORT),
                grpc_port.unwrap_or_default()
            );
            reader.problems.push(message);
        }
        let connections = connections(reader, max_message_bytes);
        let (tls, tokens) = (tls(reader), tokens(reader));
        Some(Self {
            host: host?,
            grpc_port: grpc_port?,
            http_port: http_port?,
            server: ServerConfig {
                predict_model: None,
                max_message_bytes: max_message_bytes?,
                max_concurrent_streams: u32::try_from(streams?).expect("a count fits into 32 bits"),
                shutdown_grace: shutdown_grace?,
                connections: connections?,
                tls: tls?,
                tokens: tokens?,
            },
        })
    }
}

fn origin(reader: &Reader<'_, '_>, setting: &'static Setting) -> String {
    reader.layers.find(setting, None).map(|raw| raw.origin.to_string()).unwrap_or_default()
}

fn connections(
    reader: &mut Reader<'_, '_>,
    max_message_bytes: Option<usize>,
) -> Option<ConnectionLimits> {
    let max_connections = reader.value(&settings::MAX_CONNECTIONS, parse::count);
    let mut time = |setting| reader.value(setting, parse::duration);
    let handshake_timeout = time(&settings::HANDSHAKE_TIMEOUT);
    let transfer_timeout = time(&settings::TRANSFER_TIMEOUT);
    let idle_timeout = time(&settings::IDLE_TIMEOUT);
    let keepalive_interval = time(&settings::KEEPALIVE_INTERVAL);
    let keepalive_timeout = time(&settings::KEEPALIVE_TIMEOUT);
    let max_header_bytes = reader.value(&settings::MAX_HEADER_BYTES, parse::header_bytes);
    let max_bytes_in_flight = reader.value(&settings::MAX_BYTES_IN_FLIGHT, parse::bytes);
    if let (Some(all), Some(one)) = (max_bytes_in_flight, max_message_bytes)
        && all < one
    {
        let message = format!(
            "{} is less than the {one} bytes of one message ({}), so that it could never be taken",
            origin(reader, &settings::MAX_BYTES_IN_FLIGHT),
            origin(reader, &settings::MAX_MESSAGE_BYTES)
        );
        reader.problems.push(message);
    }
    Some(ConnectionLimits {
        max_connections: max_connections?,
        handshake_timeout: handshake_timeout?,
        transfer_timeout: transfer_timeout?.max(Duration::from_millis(10)),
        idle_timeout: idle_timeout?,
        keepalive_interval: keepalive_interval?,
        keepalive_timeout: keepalive_timeout?,
        max_header_bytes: max_header_bytes?,
        max_bytes_in_flight: max_bytes_in_flight?,
    })
}

/// Whether and how TLS is spoken; `None` where that is wrong.
#[expect(clippy::option_option, reason = "no TLS is no mistake")]
fn tls(reader: &mut Reader<'_, '_>) -> Option<Option<Arc<Tls>>> {
    let is_given = |setting| reader.layers.find(setting, None).is_some();
    let (has_certificate, has_key, has_ca) = (
        is_given(&settings::TLS_CERT),
        is_given(&settings::TLS_KEY),
        is_given(&settings::TLS_CLIENT_CA),
    );
    if !has_certificate && !has_key && !has_ca {
        return Some(None);
    }
    if !has_certificate || !has_key {
        let given = if has_certificate {
            &settings::TLS_CERT
        } else if has_key {
            &settings::TLS_KEY
        } else {
            &settings::TLS_CLIENT_CA
        };
        let missing: Vec<String> =
            [(has_certificate, &settings::TLS_CERT), (has_key, &settings::TLS_KEY)]
                .iter()
                .filter(|(is_there, _)| !is_there)
                .map(|(_, setting)| format!("--{}", setting.flag()))
                .collect();
        let given = origin(reader, given);
        reader
            .problems
            .push(format_args!("{given} is of no use without {}", missing.join(" and ")));
        return None;
    }
    let certificate = reader.parsed(&settings::TLS_CERT, existing);
    let key = reader.parsed(&settings::TLS_KEY, existing);
    let client_ca =
        if has_ca { Some(reader.parsed(&settings::TLS_CLIENT_CA, existing)?) } else { None };
    let files = TlsFiles { certificate: certificate?, key: key?, client_ca };
    let tls = Tls::load(files).map_err(|problem| format!("TLS: {problem}"));
    reader.problems.take(tls).map(|tls| Some(Arc::new(tls)))
}

/// The tokens clients need; `None` where their file is wrong.
#[expect(clippy::option_option, reason = "no tokens are no mistake")]
fn tokens(reader: &mut Reader<'_, '_>) -> Option<Option<Arc<Tokens>>> {
    if reader.layers.find(&settings::TOKEN_FILE, None).is_none() {
        return Some(None);
    }
    let tokens = reader.parsed(&settings::TOKEN_FILE, |raw| Tokens::load(existing(raw)?));
    tokens.map(|tokens| Some(Arc::new(tokens)))
}

fn resolve(name: String) -> Result<Host, String> {
    let found = (name.as_str(), 0).to_socket_addrs();
    let addresses: Vec<IpAddr> = found.into_iter().flatten().map(|found| found.ip()).collect();
    if addresses.is_empty() {
        return Err(format!("'{name}' has no address that can be found"));
    }
    Ok(Host { name, addresses })
}
