//! Where ONNX Runtime's library may be. Files are looked for by name; nothing is started: a Python
//! environment is read, not asked. Must not load anything.

use std::fs;
use std::path::{Path, PathBuf};

/// Entries of a directory looked at.
const ENTRIES_MAX: usize = 10_000;

/// What the library is called, and what the files of its versions begin and end with.
const NAMES: (&str, &str, &str) = if cfg!(target_os = "macos") {
    ("libonnxruntime.dylib", "libonnxruntime.", ".dylib")
} else {
    ("libonnxruntime.so", "libonnxruntime.so.", "")
};

/// Where to look for ONNX Runtime, in this order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LibrarySearch {
    /// The library, or a directory that holds it. If it is given, nothing else is looked at.
    pub named: Option<PathBuf>,
    /// The directory of the program.
    pub beside: Option<PathBuf>,
    /// Python interpreters, in whose environments the `onnxruntime` package may be.
    pub interpreters: Vec<PathBuf>,
}

/// A place that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// What place, for people.
    pub(crate) shown: String,
    /// The libraries found there, the newest first. A bare name is looked up by the system.
    pub(crate) found: Vec<PathBuf>,
    /// What is there instead, if there is none.
    pub(crate) instead: &'static str,
}

/// Nothing at all.
const NOTHING: &str = "none there";

/// A package from before 1.19, which keeps the runtime inside Python's module.
const OLD_PACKAGE: &str = "its onnxruntime package is too old to have the library, 1.19 has it";

impl LibrarySearch {
    /// The places, in the order in which they are to be tried.
    pub(crate) fn places(&self) -> Vec<Place> {
        if let Some(named) = &self.named {
            let found = if named.is_dir() { libraries_in(named) } else { vec![named.clone()] };
            return vec![Place { shown: named.display().to_string(), found, instead: NOTHING }];
        }
        let mut places = Vec::new();
        if let Some(directory) = &self.beside {
            let shown = format!("beside the program ({})", directory.display());
            places.push(Place { shown, found: libraries_in(directory), instead: NOTHING });
        }
        for interpreter in &self.interpreters {
            let shown = format!("in the environment of {}", interpreter.display());
            let wheels = wheels_of(interpreter);
            let found = wheels.iter().flat_map(|path| libraries_in(path)).collect();
            let instead = if wheels.is_empty() { NOTHING } else { OLD_PACKAGE };
            places.push(Place { shown, found, instead });
        }
        let shown = "where the system keeps its libraries".to_owned();
        places.push(Place { shown, found: vec![PathBuf::from(NAMES.0)], instead: NOTHING });
        places
    }

    /// Whether the environment of an interpreter has the library.
    pub fn has_library(interpreter: &Path) -> bool {
        wheels_of(interpreter).iter().any(|path| !libraries_in(path).is_empty())
    }
}

/// The version in a library's file name, or in that of the file a link leads to.
pub(crate) fn version_in(path: &Path) -> Option<String> {
    let of = |path: &Path| {
        let name = path.file_name()?.to_str()?;
        let version = name.strip_prefix(NAMES.1)?.strip_suffix(NAMES.2)?;
        version.contains('.').then(|| version.to_owned())
    };
    of(path).or_else(|| of(&fs::canonicalize(path).ok()?))
}

/// ONNX Runtime's libraries in a directory, the plain name first, then the newest version.
fn libraries_in(directory: &Path) -> Vec<PathBuf> {
    let mut versions: Vec<(Vec<u64>, PathBuf)> = names_in(directory)
        .filter(|name| name == NAMES.0 || (name.starts_with(NAMES.1) && name.ends_with(NAMES.2)))
        .map(|name| (numbers_in(&name), directory.join(name)))
        .filter(|(_, path)| path.is_file())
        .collect();
    versions.sort_by(|(a, left), (b, right)| {
        a.is_empty()
            .cmp(&b.is_empty())
            .reverse()
            .then_with(|| b.cmp(a))
            .then_with(|| left.cmp(right))
    });
    versions.into_iter().map(|(_, path)| path).collect()
}

fn numbers_in(name: &str) -> Vec<u64> {
    name.split('.').filter_map(|part| part.parse().ok()).collect()
}

/// Where the `onnxruntime` packages that an interpreter could import keep their library.
fn wheels_of(interpreter: &Path) -> Vec<PathBuf> {
    let mut prefixes = Vec::new();
    let own = prefix_of(interpreter);
    let settings =
        own.as_deref().and_then(|prefix| fs::read_to_string(prefix.join("pyvenv.cfg")).ok());
    prefixes.extend(own);
    if let Some(settings) = settings {
        // https://docs.python.org/3/library/site.html
        if setting(&settings, "include-system-site-packages") == Some("true") {
            let home = setting(&settings, "home").map(Path::new);
            prefixes.extend(home.and_then(Path::parent).map(Path::to_owned));
        }
    } else {
        // No virtual environment: the program may be a link into an installation.
        prefixes.extend(fs::canonicalize(interpreter).ok().and_then(|path| prefix_of(&path)));
    }
    prefixes.dedup();
    prefixes.iter().flat_map(|prefix| packages_in(prefix)).collect()
}

/// `/venv` of `/venv/bin/python`.
fn prefix_of(interpreter: &Path) -> Option<PathBuf> {
    Some(interpreter.parent()?.parent()?.to_owned())
}

fn setting<'a>(settings: &'a str, key: &str) -> Option<&'a str> {
    settings.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        name.trim().eq_ignore_ascii_case(key).then(|| value.trim())
    })
}

/// `lib/python3.X/site-packages/onnxruntime/capi`, and the places of Debian's packages.
fn packages_in(prefix: &Path) -> Vec<PathBuf> {
    let mut places = Vec::new();
    for library in ["lib", "lib64", "local/lib"] {
        let library = prefix.join(library);
        let mut versions: Vec<String> =
            names_in(&library).filter(|name| name.starts_with("python3")).collect();
        versions.sort_by_key(|name| std::cmp::Reverse(numbers_in(name)));
        for version in versions {
            for packages in ["site-packages", "dist-packages"] {
                places.push(library.join(&version).join(packages).join("onnxruntime/capi"));
            }
        }
    }
    places.retain(|place| place.is_dir());
    places
}

fn names_in(directory: &Path) -> impl Iterator<Item = String> {
    let entries = fs::read_dir(directory).into_iter().flatten().take(ENTRIES_MAX);
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn touch(path: &Path) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "").unwrap();
    }

    fn library(version: &str) -> String {
        format!("{}{version}{}", NAMES.1, NAMES.2)
    }

    #[test]
    fn a_wheel_is_found_without_asking_python() {
        let folder = tempfile::tempdir().unwrap();
        let capi = folder.path().join("venv/lib/python3.12/site-packages/onnxruntime/capi");
        touch(&capi.join(library("1.32.0")));
        let interpreter = folder.path().join("venv/bin/python");
        let search = LibrarySearch { interpreters: vec![interpreter], ..LibrarySearch::default() };
        let places = search.places();
        assert_eq!(places[0].found, [capi.join(library("1.32.0"))]);
        assert_eq!(version_in(&places[0].found[0]).as_deref(), Some("1.32.0"));
        assert_eq!(places[1].found, [PathBuf::from(NAMES.0)]);
        fs::remove_file(&places[0].found[0]).unwrap();
        assert_eq!(search.places()[0].instead, OLD_PACKAGE);
    }

    #[test]
    fn a_virtual_environment_may_see_the_packages_of_its_home() {
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("usr/bin");
        let capi = folder.path().join("usr/lib/python3/dist-packages/onnxruntime/capi");
        touch(&capi.join(library("1.20.1")));
        let interpreter = folder.path().join("venv/bin/python");
        let settings = folder.path().join("venv/pyvenv.cfg");
        touch(&settings);
        let wheels = |inherit: &str| {
            let text =
                format!("home = {}\ninclude-system-site-packages = {inherit}\n", home.display());
            fs::write(&settings, text).unwrap();
            wheels_of(&interpreter)
        };
        assert_eq!(wheels("true"), [capi]);
        assert!(wheels("false").is_empty());
    }

    #[test]
    fn the_newest_of_several_is_first_and_a_named_one_is_alone() {
        let folder = tempfile::tempdir().unwrap();
        for version in ["1.9.0", "1.20.1"] {
            touch(&folder.path().join(library(version)));
        }
        let beside = Some(folder.path().to_owned());
        let all = LibrarySearch { beside, ..LibrarySearch::default() };
        let newest_first: Vec<_> =
            ["1.20.1", "1.9.0"].map(|v| folder.path().join(library(v))).into();
        assert_eq!(all.places()[0].found, newest_first);
        let only = LibrarySearch { named: Some("x/y".into()), ..all };
        assert_eq!(
            only.places(),
            [Place { shown: "x/y".into(), found: vec!["x/y".into()], instead: NOTHING }]
        );
    }
}
