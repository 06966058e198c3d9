//! What to tell of MLflow's directories: a file `MLmodel` describes the model that lies beside it.
//!
//! Must not decide what a model is; no more of the description is understood than where the model is.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The name of the description.
pub(crate) const DESCRIPTION: &str = "MLmodel";

/// Bytes of a description that are looked at.
const DESCRIPTION_BYTES_MAX: u64 = 1 << 16;

/// Keys of the description whose values are files or directories of the model, by flavour.
const PLACES: [&str; 4] = ["pickled_model", "model_path", "data", "model_data"];

/// What a description is, to follow its path.
pub(crate) fn instead_of(description: &Path) -> String {
    let directory = description.parent().filter(|parent| !parent.as_os_str().is_empty());
    let directory = directory.unwrap_or(Path::new("."));
    format!(
        "describes an MLflow model, which lies beside it; name the directory: {}",
        directory.display()
    )
}

/// What a directory with a description and no model is, to follow its path.
pub(crate) fn without(directory: &Path) -> String {
    let described = places(&directory.join(DESCRIPTION));
    let (there, missing): (Vec<&String>, Vec<&String>) =
        described.iter().partition(|place| directory.join(place).exists());
    let quoted = |places: &[&String]| {
        places.iter().map(|place| format!("'{place}'")).collect::<Vec<_>>().join(", ")
    };
    match (missing.is_empty(), there.is_empty()) {
        (false, _) => format!(
            "is an MLflow directory without the model that its MLmodel describes, {}: was the copy or \
             the download cut short?",
            quoted(&missing)
        ),
        (true, false) => format!(
            "is an MLflow directory whose model, {}, is of no kind that Pelton knows; export it to \
             ONNX, or wrap it in a class deriving from pelton.Model",
            quoted(&there)
        ),
        (true, true) => {
            "is an MLflow directory without a model that Pelton knows; export the model \
                         to ONNX, or wrap it in a class deriving from pelton.Model"
                .to_owned()
        }
    }
}

/// What a description says lies beside it, as far as it can be read; each once.
fn places(description: &Path) -> Vec<String> {
    let mut text = Vec::new();
    let file = File::open(description).map(|file| file.take(DESCRIPTION_BYTES_MAX));
    if file.and_then(|mut file| file.read_to_end(&mut text)).is_err() {
        return Vec::new();
    }
    let mut places = Vec::new();
    for line in String::from_utf8_lossy(&text).lines() {
        let Some((key, value)) = line.trim().split_once(": ") else { continue };
        let value = value.trim_matches(['\'', '"', ' ']).to_owned();
        if PLACES.contains(&key) && value != "null" && !places.contains(&value) {
            places.push(value);
        }
    }
    places
}
