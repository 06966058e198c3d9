//! The interpreter is found and tried before anything starts.

use std::process::Command;

use crate::harness::{Place, python};

#[test]
fn an_interpreter_that_is_not_there_or_does_not_work_is_refused() {
    let place = Place::with_model();
    place.write("plain", "").write("venv/lib", "").write("broken", "#!/bin/sh\nexit 3\n");
    let made = Command::new("chmod").arg("+x").arg(place.path("broken")).status();
    assert!(made.expect("chmod is there").success());
    let refuses = |python: &str, words: &str| {
        place.refuses(&["iris.pkl", "--python", python], &format!("error: --python: {words}"));
    };
    refuses("./none", "interpreter './none' does not exist");
    refuses("none", "interpreter 'none' does not exist and is not on PATH");
    refuses("./plain", "interpreter './plain' is not an executable file");
    refuses("venv", "'venv' is a directory without bin/python, so no virtual environment");
    let outcome = place.run(&["serve", "iris.pkl", "--python", "./broken"]);
    assert!(
        outcome.stderr.contains("'[DIR]/broken' is no working Python interpreter"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.code, Some(2));
}

#[test]
fn an_interpreter_without_numpy_is_refused() {
    let place = Place::with_model();
    let made = Command::new(python())
        .args(["-m", "venv", "--without-pip"])
        .arg(place.path("bare"))
        .status();
    assert!(made.expect("python is there").success());
    let outcome = place.run(&["serve", "iris.pkl", "--python", "bare"]);
    assert!(
        outcome.stderr.contains("has no usable numpy (ModuleNotFoundError"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.code, Some(2));
}

#[test]
fn each_model_may_have_its_own_and_each_is_tried() {
    let place = Place::with_model();
    place.write(
        "pelton.toml",
        "python = \"nowhere/python\"\n[models.iris]\npath = \"iris.pkl\"\npython = \"./elsewhere\"\n\
         [models.other]\npath = \"iris.pkl\"\n",
    );
    place.refuses(
        &["--config", "pelton.toml"],
        "error: 2 problems\n  \
         - pelton.toml:1: python: interpreter 'nowhere/python' does not exist\n  \
         - pelton.toml:4: models.iris.python: interpreter './elsewhere' does not exist",
    );
}
