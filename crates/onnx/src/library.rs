//! ONNX Runtime, loaded into this process. There is one of it, and once it is there it stays.

use std::panic::catch_unwind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use ort::environment::Environment;
use ort::logging::LogLevel;

use crate::library_file;
use crate::search::{LibrarySearch, version_in};

/// ONNX Runtime's version at least, whose interface this crate uses.
const OLDEST: &str = "1.17";

/// The one that was loaded.
static LOADED: Mutex<Option<Library>> = Mutex::new(None);

/// ONNX Runtime, ready to load models.
#[derive(Clone, Debug)]
pub struct Library {
    path: PathBuf,
    version: String,
    environment: Environment,
}

impl Library {
    /// Loads ONNX Runtime from the first place that has a usable one; takes up to 100 ms. If it was
    /// loaded before, that one is given.
    ///
    /// # Errors
    /// Where it was looked for, what was wrong there, and what to do. When another one was loaded
    /// before than the one named.
    pub fn load(search: &LibrarySearch) -> Result<Self, String> {
        let mut loaded = LOADED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(library) = &*loaded {
            return library.is_meant(search).map(|()| library.clone());
        }
        let mut looked = Vec::new();
        for place in search.places() {
            let mut why = place.instead.to_owned();
            for path in place.found {
                match Self::load_from(&path) {
                    Ok(library) => {
                        tracing::debug!(path = %path.display(), library.version, "ONNX Runtime loaded");
                        *loaded = Some(library.clone());
                        return Ok(library);
                    }
                    Err(reason) => why = reason,
                }
            }
            looked.push(format!("{}: {why}", place.shown));
        }
        Err(refusal(&looked, search.named.is_some()))
    }

    /// Where it was found.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Its version, such as `1.32.0`; `unknown` if its file does not tell.
    pub fn version(&self) -> &str {
        &self.version
    }

    pub(crate) const fn environment(&self) -> &Environment {
        &self.environment
    }

    fn load_from(path: &Path) -> Result<Self, String> {
        // A bare name is looked up by the system.
        if path.components().count() > 1 {
            library_file::judge(path)?;
        }
        // Anything may be in a file of that name; the binding asserts what it expects of it.
        let opened = catch_unwind(|| ort::init_from(path));
        let builder = match opened {
            Ok(Ok(builder)) => builder,
            Ok(Err(error)) => return Err(load_error(&error)),
            Err(_) => return Err("is no ONNX Runtime".to_owned()),
        };
        let environment = builder
            .with_name("pelton")
            .with_telemetry(false)
            .build()
            .map_err(|error| format!("cannot be set up: {error}"))?;
        // Errors come back as values; what is left are warnings about models, one for each run.
        environment.set_log_level(LogLevel::Fatal);
        let version = version_in(path).or_else(|| library_file::version(path));
        let version = version.unwrap_or_else(|| "unknown".to_owned());
        Ok(Self { path: path.to_owned(), version, environment })
    }

    /// Whether the one that is loaded can stand for the one looked for.
    fn is_meant(&self, search: &LibrarySearch) -> Result<(), String> {
        let Some(named) = &search.named else {
            return Ok(());
        };
        if search.places().iter().any(|place| place.found.iter().any(|path| same(path, &self.path)))
        {
            return Ok(());
        }
        Err(format!(
            "ONNX Runtime was loaded from {} before, and a process has only one; {} cannot be used \
             as well",
            self.path.display(),
            named.display()
        ))
    }
}

fn same(a: &Path, b: &Path) -> bool {
    a == b || matches!((a.canonicalize(), b.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

fn load_error(error: &ort::LoadDynamicError) -> String {
    match error {
        ort::LoadDynamicError::Dlopen { path, .. } if path.components().count() == 1 => {
            "none there".to_owned()
        }
        ort::LoadDynamicError::Dlopen { error, .. } => {
            // The system's words are behind the binding's.
            let source = std::error::Error::source(error).map(ToString::to_string);
            format!("cannot be loaded: {}", source.unwrap_or_else(|| error.to_string()))
        }
        ort::LoadDynamicError::MissingApi { path } => {
            format!("{} is no ONNX Runtime", path.display())
        }
        ort::LoadDynamicError::InvalidVersionString => "tells no version".to_owned(),
        ort::LoadDynamicError::BadVersion { version_str, path } => {
            format!("{} is version {version_str}, which is too old", path.display())
        }
    }
}

fn refusal(looked: &[String], named: bool) -> String {
    let way_out = if named {
        format!("name ONNX Runtime's library, version {OLDEST} or later, or the directory it is in")
    } else {
        format!(
            "install it (pip install onnxruntime, 1.19 or later) and name the Python that has it \
             with --python, or name the library ({OLDEST} or later) with --onnx-library"
        )
    };
    format!("ONNX Runtime is needed and was not found ({}); {way_out}", looked.join("; "))
}
