//! What a run is to do: one typed structure, complete and checked, made from the layers.
//!
//! Must not open a port or load a model; it does look at the models' files and at the interpreters,
//! because they can be wrong.

mod reader;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pelton_repository::{Manifest, ModelSpec, OnnxSettings, Plan, Wish, choose};

use crate::layers::{Layers, Origin, Raw};
use crate::network::Network;
use crate::problems::Problems;
use crate::settings::{self, nearest};
use crate::{logging, parse};
pub(crate) use reader::{CheckPython, ModelSettings, Reader, existing};

/// Everything `pelton serve` needs to know.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) network: Network,
    pub(crate) keep_going: bool,
    pub(crate) logging: logging::Settings,
    pub(crate) models: Vec<ModelConfig>,
}

/// One model and how it is to run.
#[derive(Clone, Debug)]
pub(crate) struct ModelConfig {
    pub(crate) manifest: Manifest,
    pub(crate) plan: Plan,
    pub(crate) settings: ModelSettings,
}

impl Config {
    /// The configuration, or `None` with at least one problem noted.
    pub(crate) fn build(
        layers: &Layers,
        check_python: CheckPython<'_>,
        problems: &mut Problems,
    ) -> Option<Self> {
        let mut reader = Reader::new(layers, check_python, problems);
        let network = Network::read(&mut reader);
        let keep_going = reader.value(&settings::KEEP_GOING, parse::switch);
        let logging = logging::Settings {
            format: reader.value(&settings::LOG_FORMAT, logging::format),
            level: reader.value(&settings::LOG_LEVEL, logging::level),
            filter: reader.value(&settings::LOG, logging::filter),
            no_color: layers.environment.no_color,
        };
        // Also when no model needs them: a mistake is one all the same.
        reader.executor();
        reader.threads();
        reader.python();
        reader.model_settings();
        reader.onnx_library();
        let (models, names) = models(&mut reader);
        let predict_model = predict_model(&mut reader, &names);
        if !problems.is_empty() {
            return None;
        }
        let mut network = network?;
        network.server.predict_model = predict_model;
        Some(Self { network, keep_going: keep_going?, logging, models })
    }
}

/// The one model of a command that serves nothing, and how to log there: the settings are those of
/// `pelton serve`, but only failures are logged if nobody asks for more.
pub(crate) fn one_model(
    layers: &Layers,
    check_python: CheckPython<'_>,
    problems: &mut Problems,
) -> Option<(ModelConfig, logging::Settings)> {
    let mut reader = Reader::new(layers, check_python, problems);
    let level = layers.find(&settings::LOG_LEVEL, None);
    let level = level.filter(|raw| !matches!(raw.origin, Origin::Default(_)));
    let logging = logging::Settings {
        format: reader.value(&settings::LOG_FORMAT, logging::format),
        level: match level {
            Some(_) => reader.value(&settings::LOG_LEVEL, logging::level),
            None => Some(tracing::Level::ERROR),
        },
        filter: reader.value(&settings::LOG, logging::filter),
        no_color: layers.environment.no_color,
    };
    let raw = layers.flags.models.first()?;
    let spec = ModelSpec::parse(&raw.value).map_err(|why| format!("{}: {why}", raw.origin));
    let spec = reader.problems.take(spec)?.of_any_name();
    let mut model = model(&mut reader, &spec)?;
    let workers = layers.find(&settings::WORKERS, None);
    if workers.is_some_and(|raw| matches!(raw.origin, Origin::Default(_))) {
        model.settings.workers = std::thread::available_parallelism().map_or(1, usize::from);
    }
    problems.is_empty().then_some((model, logging))
}

/// The same model twice: as the native engine runs it, and as Python does; and how to log.
pub(crate) fn both(
    layers: &mut Layers,
    check_python: CheckPython<'_>,
    problems: &mut Problems,
) -> Option<(ModelConfig, ModelConfig, logging::Settings)> {
    if layers.find(&settings::PYTHON, None).is_none() {
        problems.push("no Python to verify against; name one with --python");
        return None;
    }
    let mut run_by = |executor: &str, problems: &mut Problems| {
        let origin = Origin::Default(settings::EXECUTOR.key);
        let raw = Raw { value: executor.into(), origin };
        layers.flags.values.insert(settings::EXECUTOR.key, raw);
        one_model(layers, check_python, problems)
    };
    let mut refusals = Problems::default();
    let Some((native, logging)) = run_by("native", &mut refusals) else {
        // The way out that `choose` tells is none here.
        let told = refusals.to_string();
        let told = told.trim_start_matches("error: ");
        match told.split_once("; without --executor native") {
            Some((refusal, _)) => {
                problems.push(format_args!("{refusal}, so there is nothing to verify"));
            }
            None => problems.push(told),
        }
        return None;
    };
    let (python, _) = run_by("python", problems)?;
    Some((native, python, logging))
}

/// A model and what would run it, for a command that only asks.
pub(crate) fn model_of(
    layers: &Layers,
    spec: &ModelSpec,
    check_python: CheckPython<'_>,
    problems: &mut Problems,
) -> Option<ModelConfig> {
    model(&mut Reader::new(layers, check_python, problems), spec)
}

/// The models of the command line (or, without any there, of the variable) and those of the file,
/// and the names of all that were named, faulty ones included.
fn models(reader: &mut Reader<'_, '_>) -> (Vec<ModelConfig>, Vec<String>) {
    let layers = reader.layers;
    let given = if layers.flags.models.is_empty() {
        &layers.environment.models
    } else {
        &layers.flags.models
    };
    let mut specs = Vec::new();
    for raw in given {
        let spec = ModelSpec::parse(&raw.value).map_err(|why| format!("{}: {why}", raw.origin));
        specs.extend(reader.problems.take(spec));
    }
    let mut names: Vec<String> = specs.iter().map(likely_name).collect();
    for model in &layers.file.models {
        if names.contains(&model.name) {
            continue;
        }
        names.push(model.name.clone());
        match &model.path {
            Some(path) => specs.push(ModelSpec {
                name: Some(model.name.clone()),
                written: PathBuf::from(&path.value),
                base: path.base().unwrap_or(Path::new("")).to_owned(),
            }),
            None => reader.problems.push(format_args!(
                "{} has no path, and no MODEL of that name was given",
                model.place
            )),
        }
    }
    if names.is_empty() && reader.problems.is_empty() {
        reader
            .problems
            .push("no model to serve; name a file or a directory, such as: pelton serve iris.pkl");
    }
    refuse_duplicates(&specs, reader.problems);
    let models = specs.iter().filter_map(|spec| model(reader, spec));
    (models.collect(), names)
}

fn model(reader: &mut Reader<'_, '_>, spec: &ModelSpec) -> Option<ModelConfig> {
    let layers = reader.layers;
    let manifest = reader.problems.take(Manifest::check(spec));
    let name =
        manifest.as_ref().map_or_else(|| likely_name(spec), |manifest| manifest.name.clone());
    reader.model = layers.model(&name);
    let executor = reader.executor();
    let verify = reader.value(&settings::VERIFY, parse::switch);
    let python = reader.python();
    // An interpreter that was named but does not work is a problem already.
    let python_fails = python.is_none() && layers.find(&settings::PYTHON, reader.model).is_some();
    let settings = reader.model_settings();
    reader.model = None;
    let manifest = manifest?;
    if python_fails {
        return None;
    }
    let search = reader.onnx_library()?;
    // Settings that are wrong are a problem already; who runs the model may be another.
    let given = settings.as_ref();
    let onnx = OnnxSettings {
        search,
        sessions: given.map_or(1, |settings| settings.onnx_sessions),
        threads: given.map_or(1, |settings| settings.onnx_threads),
        run_timeout: given.map_or(Duration::MAX, |settings| settings.run_timeout),
        isolated_by: given.is_some_and(|settings| settings.onnx_isolated).then(crate::own_program),
    };
    let wish = Wish {
        executor: executor?,
        threads: reader.threads()?,
        verify: verify?,
        onnx: &onnx,
        interpreter: python.as_deref(),
        suggestion: layers.environment.suggested_python.as_deref(),
    };
    let plan = reader.problems.take(choose(&manifest, &wish))?;
    Some(ModelConfig { manifest, plan, settings: settings? })
}

/// The name a model has or would have, were its files in order; empty if it has none.
fn likely_name(spec: &ModelSpec) -> String {
    spec.likely_name().unwrap_or_default()
}

fn refuse_duplicates(specs: &[ModelSpec], problems: &mut Problems) {
    let mut seen: BTreeMap<String, PathBuf> = BTreeMap::new();
    for spec in specs {
        // Without a name there is another problem.
        let Some(name) = spec.likely_name() else { continue };
        let path = spec.base.join(&spec.written);
        if let Some(first) = seen.insert(name.clone(), path.clone()) {
            problems.push(format_args!(
                "two models have the name '{name}': {} and {}; give one another name: NAME={}",
                first.display(),
                path.display(),
                path.display()
            ));
        }
    }
}

fn predict_model(reader: &mut Reader<'_, '_>, names: &[String]) -> Option<String> {
    reader.parsed(&settings::PREDICT_MODEL, |raw| {
        let name = parse::text(&raw.value)?;
        if names.iter().any(|known| known == name) {
            return Ok(name.to_owned());
        }
        let hint = nearest(name, names.iter().map(String::as_str))
            .map(|near| format!("; did you mean {near}?"))
            .unwrap_or_default();
        Err(format!("no model '{name}' is served{hint}"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_is_valid() {
        let mut problems = Problems::default();
        let layers = Layers::default();
        let mut works = |_: &std::path::Path| Ok(());
        let mut reader = Reader::new(&layers, &mut works, &mut problems);
        let defaults = reader.model_settings().expect("defaults are valid");
        assert_eq!((defaults.workers, defaults.batching), (1, true));
        Config::build(&layers, &mut |_| Ok(()), &mut problems);
        assert_eq!(
            problems.to_string(),
            "error: no model to serve; name a file or a directory, such as: pelton serve iris.pkl"
        );
    }
}
