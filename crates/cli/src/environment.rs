//! The environment variables: the only place where they are read.
//!
//! A `PELTON_` variable that means nothing is refused, because a mistyped limit is no limit.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::layers::{EnvironmentLayer, Origin, Raw};
use crate::problems::Problems;
use crate::settings::{ALL, MODELS_VARIABLE, VARIABLE_PREFIX, nearest};

/// What the project's own tests are told by; no setting begins so.
const TEST_PREFIX: &str = "PELTON_TEST_";

/// What other programs of the project read; they may well start a server themselves.
const OTHER_PROGRAMS: [&str; 3] = ["PELTON_BIN", "PELTON_ENDPOINT", "PELTON_REGENERATE"];

/// Reads the variables of this process.
pub(crate) fn read(problems: &mut Problems) -> EnvironmentLayer {
    layer(std::env::vars_os().collect(), problems)
}

fn layer(mut variables: BTreeMap<OsString, OsString>, problems: &mut Problems) -> EnvironmentLayer {
    let path: Vec<PathBuf> = variables
        .get(OsStr::new("PATH"))
        .map(|path| std::env::split_paths(path).collect())
        .unwrap_or_default();
    let mut layer = EnvironmentLayer {
        suggested_python: suggest_python(variables.get(OsStr::new("VIRTUAL_ENV")), &path),
        path,
        // https://no-color.org: set to anything but nothing.
        no_color: variables.get(OsStr::new("NO_COLOR")).is_some_and(|value| !value.is_empty()),
        ..EnvironmentLayer::default()
    };
    variables.retain(|name, value| {
        // Compose files and charts pass on what nobody set as an empty text.
        !value.is_empty()
            && name.to_str().is_some_and(|name| {
                name.starts_with(VARIABLE_PREFIX)
                    && !name.starts_with(TEST_PREFIX)
                    && !OTHER_PROGRAMS.contains(&name)
                    && !is_kubernetes_link(name, value)
            })
    });
    for setting in ALL {
        let name = setting.variable();
        if let Some(value) = variables.remove(OsStr::new(&name)) {
            let origin = Origin::Variable(name);
            layer.values.insert(setting.key, Raw { value, origin });
        }
    }
    if let Some(value) = variables.remove(OsStr::new(MODELS_VARIABLE)) {
        layer.models = models(&value);
    }
    for name in variables.keys() {
        problems.push(unknown(&name.to_string_lossy()));
    }
    layer
}

fn models(value: &OsStr) -> Vec<Raw> {
    use std::os::unix::ffi::OsStrExt;
    value
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|spec| !spec.is_empty())
        .map(|spec| Raw {
            value: OsStr::from_bytes(spec).to_owned(),
            origin: Origin::Variable(MODELS_VARIABLE.to_owned()),
        })
        .collect()
}

fn unknown(name: &str) -> String {
    let known: Vec<String> =
        ALL.iter().map(|setting| setting.variable()).chain([MODELS_VARIABLE.to_owned()]).collect();
    let hint = nearest(name, known.iter().map(String::as_str)).map_or_else(
        || "see pelton serve --help for those there are, or unset it".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    format!("unknown environment variable {name}; {hint}")
}

/// Kubernetes describes every service of a namespace to every pod by variables; one called
/// `pelton` or `pelton-grpc` gives `PELTON_SERVICE_HOST`, `PELTON_GRPC_PORT=tcp://...` and more.
/// They were not written by anybody, so they are neither read nor refused.
fn is_kubernetes_link(name: &str, value: &OsStr) -> bool {
    if name.ends_with("_SERVICE_HOST")
        || name.ends_with("_SERVICE_PORT")
        || name.contains("_SERVICE_PORT_")
    {
        return true;
    }
    if name.ends_with("_PORT") {
        return value.to_str().is_some_and(|value| {
            ["tcp://", "udp://", "sctp://"].iter().any(|scheme| value.starts_with(scheme))
        });
    }
    let Some((_, port)) = name.rsplit_once("_PORT_") else {
        return false;
    };
    let mut parts = port.split('_');
    parts.next().is_some_and(|number| number.parse::<u16>().is_ok())
        && parts.next().is_some_and(|kind| matches!(kind, "TCP" | "UDP" | "SCTP"))
        && matches!(parts.next(), None | Some("PROTO" | "PORT" | "ADDR"))
}

/// The virtual environment that is active, or the first `python3` there is.
fn suggest_python(virtual_env: Option<&OsString>, path: &[PathBuf]) -> Option<PathBuf> {
    virtual_env
        .map(|directory| Path::new(directory).join("bin/python"))
        .into_iter()
        .chain(path.iter().map(|directory| directory.join("python3")))
        .find(|python| python.is_absolute() && python.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> (EnvironmentLayer, String) {
        let mut problems = Problems::default();
        let variables = pairs
            .iter()
            .map(|(name, value)| (OsString::from(name), OsString::from(value)))
            .collect();
        let layer = layer(variables, &mut problems);
        (layer, problems.to_string())
    }

    #[test]
    fn known_variables_are_read_and_others_left_alone() {
        let (layer, problems) = read(&[
            ("PELTON_GRPC_PORT", "9"),
            ("PELTON_MODELS", "a.pkl, b=c.pkl,"),
            ("PELTON_TEST_PYTHON", "x"),
            ("HOME", "/root"),
            ("PELTON_HOST", ""),
            ("PELTON_BIN", "target/release/pelton"),
        ]);
        assert_eq!(problems, "error: 0 problems");
        assert_eq!(layer.values["grpc_port"].value, "9");
        assert!(!layer.values.contains_key("host"), "empty is as good as not set");
        let models: Vec<_> = layer.models.iter().map(|raw| &raw.value).collect();
        assert_eq!(models, ["a.pkl", "b=c.pkl"]);
    }

    #[test]
    fn unknown_variables_are_refused_by_name() {
        let (_, problems) = read(&[("PELTON_GRPC_PROT", "9")]);
        assert_eq!(
            problems,
            "error: unknown environment variable PELTON_GRPC_PROT; did you mean PELTON_GRPC_PORT?"
        );
    }

    #[test]
    fn kubernetes_service_links_are_nobodys_settings() {
        let (layer, problems) = read(&[
            ("PELTON_SERVICE_HOST", "10.0.0.1"),
            ("PELTON_SERVICE_PORT_GRPC", "8001"),
            ("PELTON_PORT", "tcp://10.0.0.1:8001"),
            ("PELTON_PORT_8001_TCP_ADDR", "10.0.0.1"),
            ("PELTON_GRPC_PORT", "tcp://10.0.0.1:8001"),
            ("PELTON_GRPC_PORT_8001_TCP", "tcp://10.0.0.1:8001"),
        ]);
        assert_eq!(problems, "error: 0 problems");
        assert!(layer.values.is_empty());
    }
}
