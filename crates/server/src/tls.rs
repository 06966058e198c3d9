//! The server's certificate and key, and the authority whose clients it takes; read anew when their
//! files change.
//!
//! On the gRPC port a client certificate is asked for in the handshake, where there is an authority;
//! on the HTTP port it may be missing there, because probes of health have none, and `access` says
//! what is answered then. Must not log what is in a key.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{self, RootCertStore, ServerConfig};
use x509_cert::der::Decode;

use crate::tally::Port;

/// The files, in PEM.
#[derive(Clone, Debug)]
pub struct TlsFiles {
    /// The server's certificate, and those between it and an authority behind it.
    pub certificate: PathBuf,
    /// Its key, not encrypted.
    pub key: PathBuf,
    /// The authorities whose clients are taken; without, every client is.
    pub client_ca: Option<PathBuf>,
}

/// What the doors need for TLS. See the module.
#[derive(Debug)]
pub struct Tls {
    files: TlsFiles,
    current: RwLock<Current>,
}

#[derive(Debug)]
struct Current {
    grpc: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
    digest: Vec<u8>,
    ends: SystemTime,
}

/// The files' contents.
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
    client_ca: Option<Vec<u8>>,
}

impl Tls {
    /// Reads the files and checks that they belong together and are valid now.
    ///
    /// # Errors
    /// What is wrong with which file.
    pub fn load(files: TlsFiles) -> Result<Self, String> {
        let contents = Contents::read(&files)?;
        let current = RwLock::new(Current::build(&files, &contents)?);
        Ok(Self { files, current })
    }

    /// Whether clients need a certificate.
    pub const fn asks_for_certificates(&self) -> bool {
        self.files.client_ca.is_some()
    }

    /// Takes the files as they are now; says whether they have changed. Connections that are open
    /// keep what they have.
    ///
    /// # Errors
    /// What is wrong with which file; what was read before is kept.
    pub(crate) fn reload(&self) -> Result<bool, String> {
        let contents = Contents::read(&self.files)?;
        let before = self.current.read().unwrap_or_else(PoisonError::into_inner).digest.clone();
        if contents.digest() == before {
            return Ok(false);
        }
        let fresh = Current::build(&self.files, &contents)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(true)
    }

    /// When the certificate is no longer valid, in seconds since 1970.
    pub(crate) fn ends(&self) -> u64 {
        let ends = self.current.read().unwrap_or_else(PoisonError::into_inner).ends;
        ends.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    pub(crate) fn acceptor(&self, port: Port) -> TlsAcceptor {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        TlsAcceptor::from(match port {
            Port::Grpc => current.grpc.clone(),
            Port::Http => current.http.clone(),
        })
    }
}

impl Contents {
    fn read(files: &TlsFiles) -> Result<Self, String> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| {
                let what = match error.kind() {
                    io::ErrorKind::NotFound => "does not exist".to_owned(),
                    io::ErrorKind::PermissionDenied => "may not be read by this user".to_owned(),
                    _ => format!("cannot be read: {error}"),
                };
                format!("'{}' {what}", path.display())
            })
        };
        Ok(Self {
            certificate: read(&files.certificate)?,
            key: read(&files.key)?,
            client_ca: files.client_ca.as_deref().map(read).transpose()?,
        })
    }

    fn digest(&self) -> Vec<u8> {
        let mut digest = Sha256::new();
        let parts = [Some(&self.certificate), Some(&self.key), self.client_ca.as_ref()];
        for part in parts.into_iter().flatten() {
            digest.update((part.len() as u64).to_le_bytes());
            digest.update(part);
        }
        digest.finalize().to_vec()
    }
}

impl Current {
    fn build(files: &TlsFiles, contents: &Contents) -> Result<Self, String> {
        let provider = Arc::new(ring::default_provider());
        let chain = certificates(&contents.certificate, &files.certificate)?;
        let ends = validity(&chain[0], &files.certificate)?;
        let key = key(&contents.key, &files.key)?;
        let authorities = match (&contents.client_ca, &files.client_ca) {
            (Some(bytes), Some(path)) => Some(authorities(bytes, path)?),
            _ => None,
        };
        let build = |port| {
            let protocols: &[&[u8]] = match port {
                Port::Grpc => &[b"h2"],
                Port::Http => &[b"h2", b"http/1.1"],
            };
            let key = key.clone_key();
            config(&provider, chain.clone(), key, authorities.clone(), port).map(|mut config| {
                config.alpn_protocols = protocols.iter().map(|name| name.to_vec()).collect();
                Arc::new(config)
            })
        };
        let wrong = |error| match error {
            rustls::Error::InconsistentKeys(_) => format!(
                "the key in '{}' is not that of the certificate in '{}'",
                files.key.display(),
                files.certificate.display()
            ),
            rustls::Error::General(told) if told.contains("private key") => format!(
                "the key in '{}' cannot be used: {told}; one on an elliptic curve has to have its \
                 public key beside it, which Java's keytool leaves out and `openssl pkey -in OLD \
                 -out NEW` adds",
                files.key.display()
            ),
            error => format!(
                "'{}' and '{}' cannot be used: {error}",
                files.certificate.display(),
                files.key.display()
            ),
        };
        Ok(Self {
            grpc: build(Port::Grpc).map_err(wrong)?,
            http: build(Port::Http).map_err(wrong)?,
            digest: contents.digest(),
            ends,
        })
    }
}

fn config(
    provider: &Arc<CryptoProvider>,
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    authorities: Option<Arc<RootCertStore>>,
    port: Port,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()?;
    let Some(authorities) = authorities else {
        return builder.with_no_client_auth().with_single_cert(chain, key);
    };
    let verifier = WebPkiClientVerifier::builder_with_provider(authorities, provider.clone());
    let verifier = if port == Port::Http { verifier.allow_unauthenticated() } else { verifier };
    let verifier = verifier.build().map_err(|error| rustls::Error::General(error.to_string()))?;
    builder.with_client_cert_verifier(verifier).with_single_cert(chain, key)
}

fn certificates(bytes: &[u8], path: &Path) -> Result<Vec<CertificateDer<'static>>, String> {
    let read: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(bytes).collect();
    let chain = read.map_err(|error| {
        format!("'{}' is not in PEM, which a certificate has to be: {error}", path.display())
    })?;
    if chain.is_empty() {
        return Err(format!(
            "'{}' has no certificate in PEM (-----BEGIN CERTIFICATE-----)",
            path.display()
        ));
    }
    Ok(chain)
}

fn key(bytes: &[u8], path: &Path) -> Result<PrivateKeyDer<'static>, String> {
    PrivateKeyDer::from_pem_slice(bytes).map_err(|_| {
        let encrypted = bytes.windows(9).any(|word| word == b"ENCRYPTED");
        let hint = if encrypted { "; it is encrypted, decrypt it first" } else { "" };
        format!("'{}' has no private key in PEM that can be read{hint}", path.display())
    })
}

fn authorities(bytes: &[u8], path: &Path) -> Result<Arc<RootCertStore>, String> {
    let mut store = RootCertStore::empty();
    for certificate in certificates(bytes, path)? {
        store.add(certificate).map_err(|error| {
            format!("'{}' has a certificate that is no authority: {error}", path.display())
        })?;
    }
    Ok(Arc::new(store))
}

/// When it ends; that is not past, and it has begun.
fn validity(certificate: &CertificateDer<'_>, path: &Path) -> Result<SystemTime, String> {
    let path = path.display();
    let read = x509_cert::Certificate::from_der(certificate)
        .map_err(|error| format!("the certificate in '{path}' cannot be read: {error}"))?;
    let validity = read.tbs_certificate.validity;
    let (begins, ends) = (validity.not_before, validity.not_after);
    let now = SystemTime::now();
    if ends.to_system_time() < now {
        return Err(format!("the certificate in '{path}' has expired: it was valid until {ends}"));
    }
    // Clocks differ by a little.
    if begins.to_system_time() > now + Duration::from_mins(5) {
        return Err(format!("the certificate in '{path}' is not valid before {begins}"));
    }
    Ok(ends.to_system_time())
}
