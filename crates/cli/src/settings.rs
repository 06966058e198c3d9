//! Every setting of `pelton serve`, once: its key in the file, and from it its flag and variable,
//! its default and its help. The command line, the environment, the file reader, `--help` and
//! docs/configuration.md are all made from this table, so they cannot disagree.
//!
//! Must not parse values: `parse` does, and `config` says which parser goes with which setting.

/// One setting. Its flag is `--` and the key with hyphens, its variable `PELTON_` and the key in
/// capitals.
#[derive(Debug)]
pub(crate) struct Setting {
    /// The key in `pelton.toml`.
    pub(crate) key: &'static str,
    /// What its value is.
    pub(crate) kind: Kind,
    /// The default as one would write it; `None` if there is none.
    pub(crate) default: Option<&'static str>,
    /// Where the file may have it.
    pub(crate) scope: Scope,
    /// The heading it is listed under.
    pub(crate) group: Group,
    /// What it does, in a sentence or two without a final full stop.
    pub(crate) help: &'static str,
}

/// What a value looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `true` or `false`; on the command line `--key` and `--no-key`. Holds the help of the one
    /// that changes the default, which is the only one shown.
    Switch(&'static str),
    /// A whole number from 1.
    Count,
    /// A port; 0 is any free one.
    Port,
    /// Bytes, with or without a unit.
    Size,
    /// A time with its unit.
    Duration,
    /// A file or a program.
    Path,
    /// One of some words, or free text; the placeholder of the help.
    Text(&'static str),
}

/// Where the file may have a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Nowhere: it says where the file is.
    NotInFile,
    /// At the top.
    Server,
    /// At the top, for every model, and in `[models.NAME]`, for that one.
    Model,
}

/// Headings of `--help`, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    Models,
    Onnx,
    Python,
    Network,
    Security,
    Connections,
    Batching,
    Limits,
    Configuration,
    Logging,
}

/// What all variables of Pelton's begin with.
pub(crate) const VARIABLE_PREFIX: &str = "PELTON_";

/// The variable that stands for the models of the command line, separated by commas.
pub(crate) const MODELS_VARIABLE: &str = "PELTON_MODELS";

impl Setting {
    pub(crate) fn flag(&self) -> String {
        self.key.replace('_', "-")
    }

    pub(crate) fn variable(&self) -> String {
        format!("{VARIABLE_PREFIX}{}", self.key.to_ascii_uppercase())
    }
}

impl Kind {
    pub(crate) const fn is_switch(self) -> bool {
        matches!(self, Self::Switch(_))
    }

    /// The placeholder of the value.
    pub(crate) const fn placeholder(self) -> &'static str {
        match self {
            Self::Switch(_) => "true|false",
            Self::Count => "N",
            Self::Port => "PORT",
            Self::Size => "SIZE",
            Self::Duration => "TIME",
            Self::Path => "PATH",
            Self::Text(placeholder) => placeholder,
        }
    }
}

impl Group {
    pub(crate) const ALL: [Self; 10] = [
        Self::Models,
        Self::Onnx,
        Self::Python,
        Self::Network,
        Self::Security,
        Self::Connections,
        Self::Batching,
        Self::Limits,
        Self::Configuration,
        Self::Logging,
    ];

    pub(crate) const fn heading(self) -> &'static str {
        match self {
            Self::Models => "Models",
            Self::Onnx => "ONNX models",
            Self::Python => "Python workers",
            Self::Network => "Network",
            Self::Security => "Security",
            Self::Connections => "Connections",
            Self::Batching => "Batching",
            Self::Limits => "Limits",
            Self::Configuration => "Configuration",
            Self::Logging => "Logging",
        }
    }
}

macro_rules! settings {
    ($($name:ident = $key:literal, $kind:expr, $default:expr, $scope:ident, $group:ident, $help:literal;)*) => {
        $(
            pub(crate) static $name: Setting = Setting {
                key: $key,
                kind: $kind,
                default: $default,
                scope: Scope::$scope,
                group: Group::$group,
                help: $help,
            };
        )*
        /// All of them, in the order of the help.
        pub(crate) static ALL: &[&Setting] = &[$(&$name),*];
    };
}

settings! {
    EXECUTOR = "executor", Kind::Text("auto|native|onnx|python"), Some("auto"), Model, Models,
        "What runs models: native is Pelton's own engine, which runs no code of the file; onnx is ONNX Runtime; python is worker processes with the interpreter of --python; auto is onnx for ONNX models, native for others where it can, else python";
    VERIFY = "verify", Kind::Switch("Serve models without looking whether their answers are those of their golden rows"), Some("true"), Model, Models,
        "Whether a model with golden rows beside it (pelton.save writes them) is held to them before it is ready";
    NATIVE_THREADS = "native_threads", Kind::Count, None, Server, Models,
        "Threads that long batches of native models are split over, shared by all of them; short ones need none. As many as there are processors if not set";

    ONNX_LIBRARY = "onnx_library", Kind::Path, None, Server, Onnx,
        "ONNX Runtime's library (libonnxruntime), 1.17 or later, or the directory it is in. If not set, it is looked for beside the program, then in the onnxruntime package of the Python that --python names, then where the system keeps its libraries";
    ONNX_THREADS = "onnx_threads", Kind::Count, Some("1"), Model, Onnx,
        "Threads that one run of an ONNX model uses";
    ONNX_SESSIONS = "onnx_sessions", Kind::Count, Some("1"), Model, Onnx,
        "Batches of an ONNX model that are run at the same time; each takes the memory of the model once more";
    ONNX_ISOLATED = "onnx_isolated", Kind::Switch("Run ONNX models in processes of their own"), Some("false"), Model, Onnx,
        "Whether each session of an ONNX model runs in a process of its own, which is watched and replaced as a Python worker is, with the same limits. A model or a row that crashes ONNX Runtime, or takes all memory, then costs its batch and not the server; every batch passes between processes, which takes longer than a small model does";

    PYTHON = "python", Kind::Path, None, Model, Python,
        "The Python that runs models whose loading runs code (pickle, joblib, skops, classes): a program, its name on PATH, or a virtual environment. It needs numpy and what the models import; without it such models are refused";
    WORKERS = "workers", Kind::Count, Some("1"), Model, Python,
        "Worker processes per model";
    THREADS_PER_WORKER = "threads_per_worker", Kind::Count, Some("1"), Model, Python,
        "Threads that BLAS and OpenMP use in a worker";
    MEMORY_LIMIT = "memory_limit", Kind::Size, None, Model, Python,
        "Memory a worker may use, such as 2GiB; a worker that asks for more fails its batch and is restarted if that kills it. Unlimited if not set";
    STARTUP_TIMEOUT = "startup_timeout", Kind::Duration, Some("60s"), Model, Python,
        "How long a worker may take to load its model";
    RUN_TIMEOUT = "run_timeout", Kind::Duration, Some("10s"), Model, Python,
        "How long a batch may run before its worker is killed and restarted, or its run in ONNX Runtime stopped. No more than a third of the time clients have: a row that hangs costs those in its batch two such times, as its batch is lost once and run again in parts";
    HEARTBEAT_INTERVAL = "heartbeat_interval", Kind::Duration, Some("5s"), Model, Python,
        "How long a worker is idle before it is asked whether it is alive";
    HEARTBEAT_TIMEOUT = "heartbeat_timeout", Kind::Duration, Some("5s"), Model, Python,
        "How long its answer may take before it is killed and restarted";

    HOST = "host", Kind::Text("HOST"), Some("127.0.0.1"), Server, Network,
        "The address to listen on: an IP address or a host name. The default can be reached from this machine only; 0.0.0.0 from anywhere";
    GRPC_PORT = "grpc_port", Kind::Port, Some("8001"), Server, Network,
        "The port of the Open Inference Protocol and PredictionService; 0 picks a free one";
    HTTP_PORT = "http_port", Kind::Port, Some("8000"), Server, Network,
        "The port of /metrics and /v2/health; 0 picks a free one";
    MAX_MESSAGE_BYTES = "max_message_bytes", Kind::Size, Some("64MiB"), Server, Network,
        "The largest gRPC message taken; larger ones are refused";
    PREDICT_MODEL = "predict_model", Kind::Text("NAME"), None, Server, Network,
        "The model that prediction.PredictionService/Predict asks. The only one if there is one";

    TLS_CERT = "tls_cert", Kind::Path, None, Server, Security,
        "The server's certificate in PEM, and those between it and an authority behind it; both ports speak TLS then. Read anew when it changes";
    TLS_KEY = "tls_key", Kind::Path, None, Server, Security,
        "Its private key in PEM, not encrypted. Read anew when it changes";
    TLS_CLIENT_CA = "tls_client_ca", Kind::Path, None, Server, Security,
        "Certificates in PEM of the authorities whose clients are taken (mutual TLS): on the gRPC port none can connect without a certificate of theirs, on the HTTP port all but health needs one. Read anew when it changes";
    TOKEN_FILE = "token_file", Kind::Path, None, Server, Security,
        "A file of tokens, one a line, of which clients have to send one (authorization: Bearer TOKEN) for everything but health. Read anew when it changes";

    MAX_CONNECTIONS = "max_connections", Kind::Count, Some("4096"), Server, Connections,
        "Connections that each port has at a time. One more takes the place of the one that has been idle longest; it is refused where all are busy";
    MAX_CONCURRENT_STREAMS = "max_concurrent_streams", Kind::Count, Some("1024"), Server, Connections,
        "Requests that one connection may have in flight; a client waits with more";
    MAX_BYTES_IN_FLIGHT = "max_bytes_in_flight", Kind::Size, Some("2GiB"), Server, Connections,
        "Bytes of requests and answers that may be in memory, those still on their way included, and 8 KiB beside for each request; requests beyond are refused at once with RESOURCE_EXHAUSTED";
    MAX_HEADER_BYTES = "max_header_bytes", Kind::Size, Some("16KiB"), Server, Connections,
        "The largest list of headers taken, from 8KiB to 1MiB";
    HANDSHAKE_TIMEOUT = "handshake_timeout", Kind::Duration, Some("10s"), Server, Connections,
        "How long a client may take to say what it wants: the TLS handshake and HTTP/2's first bytes, or the head of an HTTP/1 request, between requests as well";
    TRANSFER_TIMEOUT = "transfer_timeout", Kind::Duration, Some("30s"), Server, Connections,
        "How long a request may take to arrive and an answer to be taken, a second for each 256 KiB beside. A request that is later fails with DEADLINE_EXCEEDED; a connection whose answers are not taken is closed";
    IDLE_TIMEOUT = "idle_timeout", Kind::Duration, Some("1h"), Server, Connections,
        "How long a gRPC connection may be without a request before it is told to go (GOAWAY); clients connect anew with their next request and lose none";
    KEEPALIVE_INTERVAL = "keepalive_interval", Kind::Duration, Some("60s"), Server, Connections,
        "How long a gRPC connection is silent before the client is asked whether it is there (PING)";
    KEEPALIVE_TIMEOUT = "keepalive_timeout", Kind::Duration, Some("20s"), Server, Connections,
        "How long its answer may take before the connection is closed";

    BATCHING = "batching", Kind::Switch("Run every request by itself, never together with others that wait"), Some("true"), Model, Batching,
        "Whether waiting requests are run together. No request ever waits for others to come";
    MAX_BATCH_ROWS = "max_batch_rows", Kind::Count, Some("1024"), Model, Batching,
        "Rows that are run at once at most; larger requests are split";
    MAX_BATCH_BYTES = "max_batch_bytes", Kind::Size, Some("64MiB"), Model, Batching,
        "Bytes of inputs that are run at once at most; a request that is larger by itself runs alone";
    MAX_QUEUE_ROWS = "max_queue_rows", Kind::Count, Some("65536"), Model, Batching,
        "Rows that may wait for a model; requests beyond are refused at once with RESOURCE_EXHAUSTED";
    MAX_QUEUE_BYTES = "max_queue_bytes", Kind::Size, Some("1GiB"), Model, Batching,
        "Bytes of inputs that may wait for a model; requests beyond are refused at once with RESOURCE_EXHAUSTED";

    SHUTDOWN_GRACE = "shutdown_grace", Kind::Duration, Some("30s"), Server, Limits,
        "How long requests in flight may take to finish after SIGTERM or Ctrl-C";
    KEEP_GOING = "keep_going", Kind::Switch("Serve the other models when one fails to load, instead of not starting"), Some("false"), Server, Limits,
        "Whether the other models are served when one fails to load. Without it the server does not start then";

    CONFIG = "config", Kind::Path, None, NotInFile, Configuration,
        "A TOML file with any of these settings, and models each with settings of its own";

    LOG_FORMAT = "log_format", Kind::Text("auto|human|json"), Some("auto"), Server, Logging,
        "How log lines look on standard error; auto is human, with colours on a terminal";
    LOG_LEVEL = "log_level", Kind::Text("LEVEL"), Some("info"), Server, Logging,
        "The least severe lines logged: error, warn, info, debug or trace";
    LOG = "log", Kind::Text("FILTER"), None, Server, Logging,
        "A filter per part of the server, such as info,pelton_server=debug; goes before log_level";
}

/// The setting of this key.
pub(crate) fn by_key(key: &str) -> Option<&'static Setting> {
    ALL.iter().copied().find(|setting| setting.key == key)
}

/// The name nearest to a mistyped one, if one is near.
pub(crate) fn nearest<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let wrong = wrong.to_ascii_lowercase().replace('-', "_");
    names
        .map(|name| {
            let plain = name.to_ascii_lowercase();
            (strsim::jaro_winkler(&wrong, &plain), name)
        })
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_unique_snake_case_and_explained() {
        for (index, setting) in ALL.iter().enumerate() {
            assert!(setting.key.chars().all(|c| c.is_ascii_lowercase() || c == '_'));
            assert!(ALL[..index].iter().all(|other| other.key != setting.key));
            assert!(!setting.help.ends_with('.') && setting.help.len() > 10);
        }
    }

    #[test]
    fn the_nearest_name_is_suggested() {
        let keys = || ALL.iter().map(|setting| setting.key);
        assert_eq!(nearest("max_batch_row", keys()), Some("max_batch_rows"));
        assert_eq!(nearest("grpc-port", keys()), Some("grpc_port"));
        assert_eq!(nearest("zzz", keys()), None);
    }
}
