//! From what was written for an interpreter to the program it means.
//!
//! Must not start it: whether it works, the workers' crate finds out.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf, absolute};

use crate::layers::Raw;

/// A path (relative to the file that names it), a name on `PATH`, or a virtual environment.
///
/// Symbolic links are not followed: a virtual environment's `python` is one, and is found by it.
pub(crate) fn resolve(raw: &Raw, search: &[PathBuf]) -> Result<PathBuf, String> {
    let written = Path::new(&raw.value);
    let shown = written.display();
    if raw.value.is_empty() {
        return Err("is empty".to_owned());
    }
    let one_word = written.components().count() == 1 && !shown.to_string().contains('/');
    let on_path = one_word
        .then(|| search.iter().map(|directory| directory.join(written)))
        .and_then(|mut places| places.find(|place| is_program(place)));
    let place = match (on_path, raw.base()) {
        (Some(place), _) => place,
        (None, Some(base)) => base.join(written),
        (None, None) => written.to_owned(),
    };
    let Ok(metadata) = std::fs::metadata(&place) else {
        let looked = if one_word { " and is not on PATH" } else { "" };
        return Err(format!("interpreter '{shown}' does not exist{looked}"));
    };
    let program = if metadata.is_dir() {
        ["bin/python", "bin/python3"]
            .iter()
            .map(|python| place.join(python))
            .find(|python| python.is_file())
            .ok_or_else(|| {
                format!("'{shown}' is a directory without bin/python, so no virtual environment")
            })?
    } else {
        place
    };
    if !is_program(&program) {
        return Err(format!("interpreter '{shown}' is not an executable file"));
    }
    absolute(&program).map_err(|error| format!("interpreter '{shown}' cannot be found: {error}"))
}

fn is_program(path: &Path) -> bool {
    path.metadata()
        .is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}
