//! ONNX models: whether ONNX Runtime is there, and a model loaded into it.
//!
//! Must not decide what runs a model: [`crate::choose`] does.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pelton_core::{Code, Error, Result};
use pelton_onnx::{Library, LibrarySearch, OnnxConfig, OnnxExecutor};

use crate::executor::Description;
use crate::manifest::{Manifest, Problem};

/// How ONNX models are to run.
#[derive(Clone, Debug)]
pub struct OnnxSettings {
    /// Where ONNX Runtime may be; a model's interpreter is looked at as well.
    pub search: LibrarySearch,
    /// Batches that are run at the same time; each has a copy of the model.
    pub sessions: usize,
    /// Threads that one run uses.
    pub threads: usize,
    /// How long a run may take before it is stopped.
    pub run_timeout: Duration,
}

/// ONNX Runtime, loaded, and how a model is to run in it.
#[derive(Clone, Debug)]
pub struct OnnxRunner {
    library: Library,
    settings: OnnxSettings,
}

impl OnnxRunner {
    /// Finds and loads ONNX Runtime for a model with this interpreter.
    ///
    /// # Errors
    /// Where it was looked for, and what to do.
    pub(crate) fn find(
        settings: &OnnxSettings,
        interpreter: Option<&Path>,
        suggestion: Option<&Path>,
    ) -> std::result::Result<Self, Problem> {
        let mut search = settings.search.clone();
        search.interpreters.extend(interpreter.map(Path::to_owned));
        let library = Library::load(&search).map_err(|why| {
            let suggested = suggestion.filter(|python| LibrarySearch::has_library(python));
            Problem::new(match suggested {
                Some(python) if search.named.is_none() => {
                    format!("{why}; the Python at {} has it", python.display())
                }
                _ => why,
            })
        })?;
        Ok(Self { library, settings: settings.clone() })
    }

    /// Loads the model.
    ///
    /// # Errors
    /// Why it cannot be served.
    pub(crate) async fn open(&self, manifest: &Manifest) -> Result<Arc<OnnxExecutor>> {
        let path = &manifest.pieces[0].path;
        let config = OnnxConfig {
            name: manifest.name.clone(),
            path: std::path::absolute(path).unwrap_or_else(|_| path.clone()),
            sessions: self.settings.sessions,
            threads: self.settings.threads,
            run_timeout: self.settings.run_timeout,
        };
        OnnxExecutor::start(config, self.library.clone())
            .await
            .map_err(|why| Error::new(Code::Unsupported, format!("it {why}")))
    }

    pub(crate) fn version(&self) -> &str {
        self.library.version()
    }
}

pub(crate) fn describe(executor: &OnnxExecutor) -> Description {
    let mut how = executor.how();
    if !executor.producer().is_empty() {
        how = format!("{how}, made by {}", executor.producer());
    }
    Description {
        how,
        not_native: None,
        promise: None,
        verified: None,
        class: String::new(),
        classes: executor.classes(),
    }
}
