//! TLS, client certificates and tokens, on both ports, with clients that have them and clients that
//! have not.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pelton_proto::inference::grpc_inference_service_client::GrpcInferenceServiceClient;
use pelton_proto::inference::{ModelReadyRequest, ServerReadyRequest};
use pelton_server::{ServerConfig, Tls, TlsFiles, Tokens};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Identity};
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use crate::frames::Raw;
use crate::house::{House, typed};

const TOKEN: &str = "a-token-of-the-tests";

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority(name: &str) -> Authority {
    let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, name);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate for localhost and its key.
fn issue(authority: &Authority, years: std::ops::Range<i32>) -> (String, String) {
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    params.not_before = date_time_ymd(years.start, 1, 1);
    params.not_after = date_time_ymd(years.end, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority).unwrap();
    (certificate.pem(), key.serialize_pem())
}

const NOW: std::ops::Range<i32> = 2020..2200;

struct Files {
    directory: tempfile::TempDir,
}

impl Files {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn write(&self, name: &str, content: &str) -> &Self {
        std::fs::write(self.directory.path().join(name), content).unwrap();
        self
    }

    fn server(&self, authority: &Authority) -> &Self {
        let (certificate, key) = issue(authority, NOW);
        self.write("cert.pem", &certificate).write("key.pem", &key)
    }

    fn tls(&self, client_ca: bool) -> Result<Tls, String> {
        let path = |name: &str| self.directory.path().join(name);
        let client_ca = client_ca.then(|| path("ca.pem"));
        Tls::load(TlsFiles { certificate: path("cert.pem"), key: path("key.pem"), client_ca })
            .map_err(|problem| problem.replace(&*self.directory.path().to_string_lossy(), ""))
    }

    fn tokens(&self) -> Arc<Tokens> {
        self.write("tokens", TOKEN);
        Arc::new(Tokens::load(self.directory.path().join("tokens")).unwrap())
    }
}

fn trusting(authority: &Authority) -> ClientTlsConfig {
    ClientTlsConfig::new()
        .domain_name("localhost")
        .ca_certificate(Certificate::from_pem(authority.pem()))
}

async fn connect(
    house: &House,
    tls: ClientTlsConfig,
) -> Result<GrpcInferenceServiceClient<Channel>, tonic::transport::Error> {
    let endpoint = Channel::from_shared(format!("https://{}", house.grpc)).unwrap();
    let channel = endpoint.tls_config(tls)?.connect().await?;
    Ok(GrpcInferenceServiceClient::new(channel))
}

/// What `GET path` answers on the HTTP port over TLS: the status.
async fn get(house: &House, tls: &rustls_client::Config, path: &str, headers: &str) -> u16 {
    let mut stream = tls.connect(house.http).await;
    let request = format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{headers}\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    String::from_utf8(answer).unwrap()[9..12].parse().unwrap()
}

mod rustls_client {
    use std::net::SocketAddr;
    use std::sync::Arc;

    use rustls_pki_types::pem::PemObject;
    use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    pub(super) struct Config(Arc<ClientConfig>);

    impl Config {
        pub(super) fn new(authority: &str, identity: Option<&(String, String)>) -> Self {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
            let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
            let config = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_root_certificates(roots);
            Self(Arc::new(match identity {
                None => config.with_no_client_auth(),
                Some((certificate, key)) => config
                    .with_client_auth_cert(
                        vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()],
                        PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap(),
                    )
                    .unwrap(),
            }))
        }

        pub(super) async fn connect(&self, address: SocketAddr) -> TlsStream<TcpStream> {
            let stream = TcpStream::connect(address).await.unwrap();
            let name = ServerName::try_from("localhost").unwrap();
            TlsConnector::from(self.0.clone()).connect(name, stream).await.unwrap()
        }
    }
}

#[tokio::test]
async fn both_ports_speak_tls_and_nothing_else() {
    let (files, ours) = (Files::new(), authority("ours"));
    let tls = Some(Arc::new(files.server(&ours).tls(false).unwrap()));
    let house = House::with(ServerConfig { tls, ..ServerConfig::default() }).await;
    let mut client = connect(&house, trusting(&ours)).await.unwrap();
    client.model_infer(typed("sum", &[[1.; 3]])).await.unwrap();
    let http = rustls_client::Config::new(&ours.pem(), None);
    assert_eq!(get(&house, &http, "/v2/health/ready", "").await, 200);
    assert_eq!(get(&house, &http, "/metrics", "").await, 200);
    // Nobody is taken for the server who is not, and nothing is said in plain text.
    connect(&house, trusting(&authority("theirs"))).await.unwrap_err();
    for address in [house.grpc, house.http] {
        let mut plain = Raw::silent(address).await;
        plain.send(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let mut told = Vec::new();
        let _ = plain.socket.read_to_end(&mut told).await;
        assert!(!String::from_utf8_lossy(&told).contains("HTTP"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_tls_handshake_that_does_not_go_on_has_an_end() {
    let (files, ours) = (Files::new(), authority("ours"));
    let tls = Some(Arc::new(files.server(&ours).tls(false).unwrap()));
    let house = House::with(ServerConfig { tls, ..ServerConfig::default() }).await;
    let (mut client, opened) = (Raw::silent(house.grpc).await, tokio::time::Instant::now());
    client.send(b"\x16\x03\x01\x00\xa5\x01").await;
    client.end().await;
    assert_eq!(opened.elapsed().as_secs(), 10);
}

#[tokio::test]
async fn clients_without_a_certificate_reach_health_alone() {
    let (files, ours) = (Files::new(), authority("ours"));
    let clients = authority("clients");
    let tls = files.server(&ours).write("ca.pem", &clients.pem()).tls(true).unwrap();
    let config = ServerConfig { tls: Some(Arc::new(tls)), ..ServerConfig::default() };
    let house = House::with(config).await;
    let known = issue(&clients, NOW);
    let identity = |of: &(String, String)| Identity::from_pem(&of.0, &of.1);
    let mut client = connect(&house, trusting(&ours).identity(identity(&known))).await.unwrap();
    client.model_infer(typed("sum", &[[1.; 3]])).await.unwrap();
    // In TLS 1.3 the server's refusal comes behind the handshake.
    let strangers =
        [trusting(&ours), trusting(&ours).identity(identity(&issue(&authority("theirs"), NOW)))];
    for stranger in strangers {
        if let Ok(mut client) = connect(&house, stranger).await {
            client.model_infer(typed("sum", &[[1.; 3]])).await.unwrap_err();
        }
    }
    let nobody = rustls_client::Config::new(&ours.pem(), None);
    assert_eq!(get(&house, &nobody, "/v2/health/live", "").await, 200);
    assert_eq!(get(&house, &nobody, "/metrics", "").await, 401);
    let somebody = rustls_client::Config::new(&ours.pem(), Some(&known));
    assert_eq!(get(&house, &somebody, "/metrics", "").await, 200);
}

#[tokio::test(start_paused = true)]
async fn certificates_and_tokens_are_read_anew_when_they_change() {
    let (files, before, after) = (Files::new(), authority("before"), authority("after"));
    let tls = Arc::new(files.server(&before).tls(false).unwrap());
    let config =
        ServerConfig { tls: Some(tls), tokens: Some(files.tokens()), ..ServerConfig::default() };
    let house = House::with(config).await;
    let asked = |token: &str| {
        let mut request = Request::new(typed("sum", &[[1.; 3]]));
        let value = format!("Bearer {token}").parse().unwrap();
        request.metadata_mut().insert("authorization", value);
        request
    };
    let mut early = connect(&house, trusting(&before)).await.unwrap();
    early.model_infer(asked(TOKEN)).await.unwrap();
    // Half of a change is none.
    let (certificate, key) = issue(&after, NOW);
    files.write("cert.pem", &certificate);
    tokio::time::sleep(Duration::from_secs(11)).await;
    connect(&house, trusting(&before)).await.unwrap();
    files.write("key.pem", &key).write("tokens", "another-token-of-the-tests");
    tokio::time::sleep(Duration::from_secs(11)).await;
    connect(&house, trusting(&before)).await.unwrap_err();
    let mut late = connect(&house, trusting(&after)).await.unwrap();
    late.model_infer(asked("another-token-of-the-tests")).await.unwrap();
    let refused = early.model_infer(asked(TOKEN)).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated, "the connection lives, the token does not");
}

#[tokio::test]
async fn a_token_is_needed_for_everything_but_health() {
    let files = Files::new();
    let config = ServerConfig { tokens: Some(files.tokens()), ..ServerConfig::default() };
    let house = House::with(config).await;
    let mut client = house.client().await;
    let refused = client.model_infer(typed("sum", &[[1.; 3]])).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);
    assert!(refused.message().contains("authorization: Bearer"), "{refused}");
    assert_eq!(refused.metadata().get("pelton-code").unwrap(), "unauthenticated");
    let ready = ModelReadyRequest { name: "sum".to_owned(), version: String::new() };
    assert_eq!(client.model_ready(ready).await.unwrap_err().code(), Code::Unauthenticated);
    for (token, code) in [
        ("Bearer a-token-of-the-test", Code::Unauthenticated),
        (&format!("Bearer {TOKEN}"), Code::Ok),
    ] {
        let mut request = Request::new(typed("sum", &[[1.; 3]]));
        request.metadata_mut().insert("authorization", token.parse().unwrap());
        let got =
            client.model_infer(request).await.map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(got, code);
    }
    assert!(client.server_ready(ServerReadyRequest {}).await.unwrap().get_ref().ready);
    let mut health = HealthClient::new(house.channel().await);
    health.check(HealthCheckRequest { service: "sum".to_owned() }).await.unwrap();

    house.models.ready.store(false, std::sync::atomic::Ordering::SeqCst);
    let nobody = crate::state::get(&house, "/v2/health/ready").await;
    assert_eq!(nobody, (503, "not ready\n".to_owned()), "strangers learn no names");
    for path in ["/metrics", "/v2/models/sum/ready", "/nothing"] {
        assert_eq!(crate::state::get(&house, path).await.0, 401, "{path}");
    }
}

#[test]
fn files_that_are_no_credentials_are_named_with_what_they_are() {
    let (files, ours) = (Files::new(), authority("ours"));
    let problem = |files: &Files| files.tls(false).unwrap_err();
    assert_eq!(problem(&files), "'/cert.pem' does not exist");
    files.server(&ours);
    let (certificate, key) = issue(&ours, NOW);
    files.write("key.pem", &key);
    assert_eq!(
        problem(&files),
        "the key in '/key.pem' is not that of the certificate in '/cert.pem'"
    );
    files.write(
        "key.pem",
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n",
    );
    assert_eq!(
        problem(&files),
        "'/key.pem' has no private key in PEM that can be read; it is encrypted, decrypt it first"
    );
    files.write("cert.pem", &key);
    assert_eq!(
        problem(&files),
        "'/cert.pem' has no certificate in PEM (-----BEGIN CERTIFICATE-----)"
    );
    files.write("cert.pem", &certificate.replace('M', "*"));
    assert!(problem(&files).starts_with("'/cert.pem' is not in PEM"), "{}", problem(&files));
    let (expired, key) = issue(&ours, 2020..2021);
    files.write("cert.pem", &expired).write("key.pem", &key);
    assert_eq!(
        problem(&files),
        "the certificate in '/cert.pem' has expired: it was valid until 2021-01-01T00:00:00Z"
    );
    let (early, key) = issue(&ours, 2190..2200);
    files.write("cert.pem", &early).write("key.pem", &key);
    assert!(problem(&files).contains("is not valid before 2190-01-01T00:00:00Z"));
    assert!(Path::new(&files.directory.path().join("key.pem")).exists());
}

/// A key for P-256 as Java's keytool writes it, without its public half (PKCS#8 about RFC 5915).
const HALF_A_KEY: &str = "-----BEGIN PRIVATE KEY-----\n\
    MEECAQAwEwYHKoZIzj0CAQYIKoZIzj0DAQcEJzAlAgEBBCAHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBw==\n\
    -----END PRIVATE KEY-----\n";

#[test]
fn a_key_that_lacks_its_public_half_says_how_to_get_it() {
    let (files, ours) = (Files::new(), authority("ours"));
    files.server(&ours).write("key.pem", HALF_A_KEY);
    let problem = files.tls(false).unwrap_err();
    assert!(problem.contains("`openssl pkey -in OLD -out NEW`"), "{problem}");
}
