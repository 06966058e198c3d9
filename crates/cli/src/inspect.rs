//! `pelton inspect`: from its command line to a report and an exit code.
//!
//! Must not run anything of a model: executors are asked only where that needs no code of the file.

use std::io::{IsTerminal, stdout};
use std::path::Path;
use std::process::ExitCode;

use bytes::Bytes;
use clap::ArgMatches;
use pelton_core::{Accepts, TensorSpec};
use pelton_inspect::{File, Look, Piece, Report, Run, Tensor};
use pelton_pickle::Folder;
use pelton_repository::{
    Format, Golden, IN_PYTHON, LoadedModel, Manifest, ModelSpec, Promise, Runner,
};

use crate::config::{self, ModelConfig};
use crate::layers::Layers;
use crate::problems::{self, Problems};
use crate::{FAILURE, USAGE, command, environment, fail, loading};

/// Columns of a report that no terminal shows.
const WIDTH: usize = 100;

pub(crate) fn run(arguments: &mut ArgMatches) -> ExitCode {
    let mut problems = Problems::default();
    let json = arguments.get_flag("json");
    let flags = command::layer(arguments);
    let environment = environment::read(&mut problems);
    let layers = Layers { flags, environment, ..Layers::default() };
    let raw = layers.flags.models.first().expect("clap requires a model");
    let spec = ModelSpec::parse(&raw.value).map_err(|why| format!("{}: {why}", raw.origin));
    let Some(spec) = problems.take(spec) else { return fail(USAGE, &problems) };
    let spec = spec.of_any_name();
    let manifest = match Manifest::check(&spec) {
        Ok(manifest) => manifest,
        Err(problem) => {
            if let Some(report) = array(&spec.base.join(&spec.written)) {
                return print(&report, json, &layers);
            }
            problems.push(problem);
            return fail(USAGE, &problems);
        }
    };
    let mut pieces: Vec<Piece> = manifest.pieces.iter().map(piece).collect();
    let golden = Golden::path_beside(&manifest.pieces);
    if let Some(last) = pieces.last_mut().filter(|_| golden.is_file()) {
        last.file.golden_rows = Some(golden.display().to_string());
    }
    let broken = pieces.iter().any(|piece| piece.problem.is_some());
    let run = if broken { None } else { Some(running(&layers, &spec, &manifest, &mut problems)) };
    if !problems.is_empty() {
        return fail(USAGE, &problems);
    }
    let report = Report::new(manifest.name.clone(), pieces, run);
    let printed = print(&report, json, &layers);
    if broken { ExitCode::from(FAILURE) } else { printed }
}

/// An array is no model, but there is something to tell.
fn array(path: &Path) -> Option<Report> {
    let bytes = std::fs::read(path).ok()?;
    if !bytes.starts_with(b"\x93NUMPY") {
        return None;
    }
    let shown = path.display().to_string();
    let piece = Piece::read(shown.clone(), bytes.into(), &Folder::of(path), None, "a NumPy array");
    Some(Report::new(shown, vec![piece], None))
}

fn piece(piece: &pelton_repository::Piece) -> Piece {
    let path = piece.path.display().to_string();
    let format = piece.format.to_string();
    match piece.format {
        // Code, or what only its runtime reads.
        Format::PythonClass | Format::Onnx => {
            let bytes = std::fs::metadata(&piece.path).map_or(0, |metadata| metadata.len());
            Piece { file: File { path, format, bytes, ..File::default() }, ..Piece::default() }
        }
        _ => match std::fs::read(&piece.path) {
            Ok(bytes) => {
                let beside = Folder::of(&piece.path);
                Piece::read(path, Bytes::from(bytes), &beside, piece.key.as_deref(), &format)
            }
            Err(error) => Piece {
                problem: Some(format!("cannot be read: {error}")),
                file: File { path, format, ..File::default() },
                ..Piece::default()
            },
        },
    }
}

/// What would run it, asked of whoever decides that for `pelton serve`.
fn running(layers: &Layers, spec: &ModelSpec, manifest: &Manifest, problems: &mut Problems) -> Run {
    let mut check_python = crate::check_python();
    let mut wrong = Problems::default();
    let nothing = |reason: String, python: bool| Run {
        executor: python.then(|| "python".to_owned()),
        reason,
        promise: None,
        inputs: Vec::new(),
        outputs: Vec::new(),
        classes: Vec::new(),
    };
    let model = config::model_of(layers, spec, &mut check_python, &mut wrong);
    let Some(model) = model else {
        let reason = wrong.to_string();
        let reason = reason.trim_start_matches("error: ");
        // The report's title is the subject. What is not about the model is about a setting.
        let Some(reason) = reason.strip_prefix(&manifest.subject()) else {
            problems.push(reason);
            return nothing(String::new(), false);
        };
        let python = reason.contains(IN_PYTHON) || is_class(manifest);
        return nothing(reason.trim_start_matches([':', ' ']).to_owned(), python);
    };
    if matches!(model.plan.runner, Runner::Python { .. }) {
        return nothing(reason_for_python(&model), true);
    }
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let opened = match runtime {
        Ok(runtime) => runtime.block_on(loading::load_one(&model)),
        Err(error) => {
            problems.push(format_args!("cannot start threads: {error}"));
            return nothing(String::new(), false);
        }
    };
    match opened {
        Ok(loaded) => told(&loaded),
        Err(why) => nothing(why, false),
    }
}

/// Whether it is code, which nothing but Python runs.
fn is_class(manifest: &Manifest) -> bool {
    manifest.pieces.iter().any(|piece| piece.format == Format::PythonClass)
}

fn reason_for_python(model: &ModelConfig) -> String {
    let why = model.plan.not_native.as_ref();
    let why = why.map(|why| format!("not natively: {why}; ")).unwrap_or_default();
    format!("{why}a Python worker, with {}", model.plan.runner)
}

fn told(loaded: &LoadedModel) -> Run {
    let signature = loaded.executor.signature();
    let description = loaded.description();
    Run {
        executor: Some(loaded.executor.kind().to_owned()),
        reason: description.how,
        promise: description.promise.map(|promise| {
            match promise {
                Promise::Bits => "bits",
                Promise::Close => "close",
            }
            .to_owned()
        }),
        inputs: signature.input_specs().iter().map(|spec| tensor(spec, true)).collect(),
        outputs: signature.outputs.iter().map(|spec| tensor(spec, false)).collect(),
        classes: description.classes,
    }
}

fn tensor(spec: &TensorSpec, input: bool) -> Tensor {
    let accepts = match spec.accepts {
        Accepts::Exactly => "exactly",
        Accepts::Numeric => "numeric",
        Accepts::Text => "text",
        Accepts::Any => "any",
    };
    Tensor {
        name: spec.name.to_string(),
        datatype: spec.dtype.to_string(),
        shape: spec.shape.iter().map(|size| size.map_or(-1, |size| size as i64)).collect(),
        accepts: input.then(|| accepts.to_owned()),
    }
}

fn print(report: &Report, json: bool, layers: &Layers) -> ExitCode {
    let text = if json {
        report.to_json()
    } else {
        let terminal = stdout().is_terminal();
        let width = terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
        report.to_text(Look {
            width: width.filter(|_| terminal).unwrap_or(WIDTH).clamp(40, 160),
            colours: terminal && !layers.environment.no_color,
        })
    };
    match problems::print(&text) {
        Err(problem) => fail(FAILURE, &Problems::one(problem)),
        Ok(()) => ExitCode::SUCCESS,
    }
}
