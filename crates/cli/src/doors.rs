//! The two ports: taken before models load, opened when they are ready.
//!
//! A bound socket that does not listen yet refuses connections, so readiness stays true, and a port
//! that is taken is known before anyone waits for a model.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, SocketAddr};

use tokio::net::{TcpListener, TcpSocket};

use crate::network::Network;
use crate::problems::Problems;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 1024;

/// Both ports, taken.
#[derive(Debug)]
pub(crate) struct Doors {
    grpc: TcpSocket,
    http: TcpSocket,
    named: Named,
}

/// Both ports, open.
#[derive(Debug)]
pub(crate) struct OpenDoors {
    pub(crate) grpc: TcpListener,
    pub(crate) http: TcpListener,
}

/// What messages call them.
#[derive(Clone, Debug)]
struct Named {
    host: String,
    grpc_port: u16,
    http_port: u16,
}

impl Doors {
    /// Takes both ports, or says what is wrong with each.
    pub(crate) fn take(network: &Network) -> Result<Self, Problems> {
        let named = Named {
            host: network.host.name.clone(),
            grpc_port: network.grpc_port,
            http_port: network.http_port,
        };
        let mut problems = Problems::default();
        let grpc = take(&network.host.addresses, named.grpc_port);
        let grpc = problems.take(grpc.map_err(|error| named.grpc_problem(&error)));
        let http = take(&network.host.addresses, named.http_port);
        let http = problems.take(http.map_err(|error| named.http_problem(&error)));
        match (grpc, http) {
            (Some(grpc), Some(http)) => Ok(Self { grpc, http, named }),
            _ => Err(problems),
        }
    }

    /// Whether other machines can reach them.
    pub(crate) fn are_public(&self) -> bool {
        self.grpc.local_addr().is_ok_and(|address| !address.ip().is_loopback())
    }

    /// Opens both.
    pub(crate) fn open(self) -> Result<OpenDoors, String> {
        let named = self.named;
        Ok(OpenDoors {
            grpc: self.grpc.listen(BACKLOG).map_err(|error| named.grpc_problem(&error))?,
            http: self.http.listen(BACKLOG).map_err(|error| named.http_problem(&error))?,
        })
    }
}

impl Named {
    fn grpc_problem(&self, error: &io::Error) -> String {
        problem(error, &self.host, self.grpc_port, "--grpc-port")
    }

    fn http_problem(&self, error: &io::Error) -> String {
        problem(error, &self.host, self.http_port, "--http-port")
    }
}

/// The first address of the host that can be bound.
fn take(addresses: &[IpAddr], port: u16) -> io::Result<TcpSocket> {
    let mut last = ErrorKind::AddrNotAvailable.into();
    for address in addresses {
        match bind(SocketAddr::new(*address, port)) {
            Ok(socket) => return Ok(socket),
            Err(error) => last = error,
        }
    }
    Err(last)
}

fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
    // A port that a server left a moment ago is free.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket)
}

fn problem(error: &io::Error, host: &str, port: u16, flag: &str) -> String {
    match error.kind() {
        ErrorKind::AddrInUse => format!(
            "port {port} of {host} is in use by another program; choose one with {flag} (0 picks \
             a free one)"
        ),
        ErrorKind::PermissionDenied => format!(
            "port {port} of {host} needs privileges this process lacks; choose one above 1023 \
             with {flag}"
        ),
        ErrorKind::AddrNotAvailable => format!(
            "host {host} is no address of this machine; choose one with --host (0.0.0.0 is all)"
        ),
        _ => format!("port {port} of {host} cannot be opened: {error}"),
    }
}
