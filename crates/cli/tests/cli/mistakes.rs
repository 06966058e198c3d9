//! Each mistake has its words, and all of one run are told together. None needs an interpreter.

use crate::harness::{Place, sample};

const NEEDS_PYTHON: &str = "model 'iris' (iris.pkl) is a pickle: loading it runs code from the \
     file, which happens only in a worker process with an interpreter you name; add --python \
     /path/to/python (one that can import the model's libraries)";

#[test]
fn nobody_left_to_be_told_is_no_crash() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let place = Place::new();
    let status = place.command(&["serve", "none.pkl"]).stderr(writer).status();
    assert_eq!(status.expect("pelton starts").code(), Some(2));
}

#[test]
fn a_model_that_runs_code_needs_an_interpreter() {
    Place::of_workers().refuses(&["iris.pkl"], &format!("error: {NEEDS_PYTHON}"));
}

#[test]
fn an_interpreter_at_hand_is_suggested_and_never_used() {
    let mut place = Place::of_workers();
    place.write("venv/bin/python", "#!/bin/sh\ntouch used\n");
    let directory = place.path("venv").display().to_string();
    place.env("VIRTUAL_ENV", &directory);
    place.refuses(
        &["iris.pkl"],
        "error: model 'iris' (iris.pkl) is a pickle: loading it runs code from the file, which \
         happens only in a worker process with an interpreter you name; add --python \
         [DIR]/venv/bin/python if that one can import the model's libraries, or name another",
    );
    assert!(!place.path("used").exists());
}

#[test]
fn a_python3_on_the_path_is_suggested() {
    let mut place = Place::of_workers();
    place.write("bin/python3", "");
    let directory = place.path("bin").display().to_string();
    place.env("PATH", &directory);
    let outcome = place.run(&["serve", "iris.pkl"]);
    assert!(outcome.stderr.contains("add --python [DIR]/bin/python3 if"), "{}", outcome.stderr);
}

#[test]
fn no_model_at_all() {
    Place::new().refuses(
        &[],
        "error: no model to serve; name a file or a directory, such as: pelton serve iris.pkl",
    );
}

#[test]
fn files_that_are_no_models_are_named_as_what_they_are() {
    let place = Place::new();
    place
        .write("a.pkl", "")
        .write("b.pkl", sample("lfs.bin"))
        .write("c.pkl", sample("hdf5.bin"))
        .write("d.pkl", "age,income\n")
        .write("e.pkl", sample("pmml.bin"));
    place.refuses(
        &["a.pkl", "b.pkl", "c.pkl", "d.pkl", "e.pkl", "f.pkl"],
        "error: 6 problems\n  \
         - model a.pkl is empty: was the copy or the download cut short?\n  \
         - model b.pkl is a Git LFS pointer, not the file itself (which has 12345 bytes); fetch it \
         with `git lfs pull`\n  \
         - model c.pkl is an HDF5 file (Keras .h5), which Pelton does not serve; export it to \
         ONNX, or wrap it in a class deriving from pelton.Model\n  \
         - model d.pkl is not a model that Pelton knows: expected a pickle, a joblib, skops or ONNX file, one of XGBoost, LightGBM or CatBoost, or a Python file with a class deriving from pelton.Model\n  \
         - model e.pkl is a PMML document, which Pelton does not serve; serve the pickle it was \
         made from\n  \
         - model f.pkl does not exist; did you mean a.pkl?",
    );
}

#[test]
fn a_description_of_mlflow_names_its_directory() {
    let place = Place::new();
    let description = "flavors:\n  python_function:\n    model_path: model.pkl\n  sklearn:\n    \
                       code: null\n    pickled_model: model.pkl\n";
    place
        .write("churn/MLmodel", description)
        .write("churn/model.pkl", sample("pickle5.bin"))
        .write("cut/MLmodel", description)
        .write("net/MLmodel", "flavors:\n  keras:\n    data: data\n")
        .write("net/data/weights", "");
    place.refuses(
        &["churn/MLmodel", "cut", "net"],
        "error: 3 problems\n  \
         - model churn/MLmodel describes an MLflow model, which lies beside it; name the directory: \
         churn\n  \
         - model cut is an MLflow directory without the model that its MLmodel describes, \
         'model.pkl': was the copy or the download cut short?\n  \
         - model net is an MLflow directory whose model, 'data', is of no kind that Pelton knows; \
         export it to ONNX, or wrap it in a class deriving from pelton.Model",
    );
    let outcome = place.run(&["inspect", "churn"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
}

#[test]
fn a_lightgbm_text_without_a_version_is_lightgbms() {
    let place = Place::new();
    place.write("old.txt", "tree\nnum_class=1\nlabel_index=0\nmax_feature_idx=3\n");
    place.refuses(
        &["old.txt", "--executor", "native"],
        "error: model 'old' (old.txt) cannot run natively: old.txt: the model text has no line \
         'version=', as LightGBM before 2.1 wrote it, and v2 to v4 are supported; load it in a newer \
         LightGBM and save it anew; without --executor native it runs in a Python worker, with the \
         interpreter that --python names",
    );
}

#[test]
fn a_catboost_file_with_features_left_out_says_what_left_them_out() {
    let place = Place::new();
    // As CatBoost writes a model of four columns after drop_unused_features.
    let model = r#"{"features_info":{"float_features":[{"borders":[-0.25],"feature_id":"",
        "feature_index":2,"flat_feature_index":2,"has_nans":false,"nan_value_treatment":"AsIs"}]},
        "model_info":{},"oblivious_trees":[{"leaf_values":[-0.2,0.2],"leaf_weights":[30,30],"splits":
        [{"border":-0.25,"float_feature_index":2,"split_index":0,"split_type":"FloatFeature"}]}],
        "scale_and_bias":[1,[0.4]]}"#;
    place.write("cat.json", model);
    place.refuses(
        &["cat.json", "--executor", "native"],
        "error: model 'cat' (cat.json) cannot run natively: cat.json: the features up to number 2 are \
         not all in the file (CatBoost's drop_unused_features leaves some out); save the model without \
         calling that; without --executor native it runs in a Python worker, with the interpreter that \
         --python names",
    );
}

#[test]
fn a_link_to_nowhere_and_a_name_that_no_terminal_should_see() {
    let place = Place::new();
    std::os::unix::fs::symlink("nowhere.pkl", place.path("link.pkl")).expect("a link");
    place.refuses(
        &["link.pkl", "red\u{1b}[31m.txt"],
        "error: 2 problems\n  \
         - model link.pkl is a link to nowhere.pkl, which does not exist\n  \
         - model red\\u{1b}[31m.txt does not exist",
    );
}

#[test]
fn a_program_that_is_no_python_is_told_in_short() {
    let place = Place::of_workers();
    let noise = "x".repeat(500);
    place.write("tool", format!("#!/bin/sh\necho {noise} >&2\nexit 1\n"));
    let tool = place.path("tool");
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&tool, mode).expect("permissions");
    let outcome = place.run(&["serve", "iris.pkl", "--python", "./tool"]);
    let words = format!("is no working Python interpreter ({}...): give the path", &noise[..120]);
    assert!(outcome.stderr.contains(&words), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(2));
}

#[test]
fn values_out_of_range_are_told_together() {
    Place::of_workers().refuses(
        &[
            "iris.pkl",
            "--host=127.0.0.1:80",
            "--grpc-port=99999",
            "--http-port=http",
            "--workers=0",
            "--max-batch-rows=-1",
            "--max-queue-rows=many",
            "--memory-limit=2 gigs",
            "--startup-timeout=60",
            "--run-timeout=0s",
            "--shutdown-grace=soon",
            "--max-message-bytes=0",
            "--threads-per-worker=100000",
            "--log-format=xml",
            "--log-level=loud",
            "--log=a=b=c",
            "--predict-model=irsi",
        ],
        &format!(
            "error: 17 problems\n  \
         - --host: '127.0.0.1:80' has a port in it; write --host 127.0.0.1 and --grpc-port 80\n  \
         - --grpc-port: '99999' is not a port, which is a number from 0 to 65535\n  \
         - --http-port: 'http' is not a port, which is a number from 0 to 65535\n  \
         - --max-message-bytes: must be more than 0\n  \
         - --shutdown-grace: 'soon' is not a time; write it like 500ms, 30s or 2min\n  \
         - --log-format: 'xml' is not one of auto, human, json\n  \
         - --log-level: 'loud' is not one of error, warn, info, debug, trace\n  \
         - --log: 'a=b=c' is not a filter; write it like info,pelton_server=debug\n  \
         - --workers: must be at least 1, not 0\n  \
         - --threads-per-worker: must be at most 1024, not 100000\n  \
         - --memory-limit: '2 gigs' is not a size; write it like 512MiB, 2GiB or 1000000\n  \
         - --startup-timeout: '60' has no unit; write 60s or 60ms\n  \
         - --run-timeout: must be more than 0\n  \
         - --max-batch-rows: '-1' is not a whole number from 1 to 4294967295\n  \
         - --max-queue-rows: 'many' is not a whole number from 1 to 4294967295\n  \
         - {NEEDS_PYTHON}\n  \
         - --predict-model: no model 'irsi' is served; did you mean iris?"
        ),
    );
}

#[test]
fn a_host_without_an_address_is_no_host() {
    // RFC 2606: no name under .invalid exists.
    Place::of_workers().refuses(
        &["iris.pkl", "--host", "pelton.invalid"],
        &format!(
            "error: 2 problems\n  - --host: 'pelton.invalid' has no address that can be found\n  \
             - {NEEDS_PYTHON}"
        ),
    );
}

#[test]
fn one_port_cannot_be_both() {
    Place::of_workers().refuses(
        &["iris.pkl", "--grpc-port", "8000"],
        &format!(
            "error: 2 problems\n  \
             - --grpc-port and default of http_port are both 8000, and each needs a port of its \
             own\n  - {NEEDS_PYTHON}"
        ),
    );
}

#[test]
fn names_are_unique_and_plain() {
    let place = Place::of_workers();
    place.write("old/iris.pkl", sample("pickle4.bin")).write("my model.pkl", sample("pickle4.bin"));
    let outcome = place.run(&["serve", "iris.pkl", "old/iris.pkl"]);
    let words = "- two models have the name 'iris': iris.pkl and old/iris.pkl; give one another \
                 name: NAME=old/iris.pkl\n";
    assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
    assert_eq!(outcome.code, Some(2));
    place.refuses(
        &["my model.pkl", "a b=iris.pkl", "x="],
        "error: 3 problems\n  \
         - MODEL: 'a b=iris.pkl': model name 'a b' contains ' '; use letters, digits, '.', '_' and \
         '-' (a path with '=' in it can be written as ./a b=iris.pkl)\n  \
         - MODEL: model 'x' has no path, write x=PATH\n  \
         - model my model.pkl gives the name 'my model', which contains ' '; use letters, digits, \
         '.', '_' and '-'; name it: my-model=my model.pkl",
    );
}

#[test]
fn unknown_keys_of_the_file_are_refused_by_name_and_line() {
    let place = Place::of_workers();
    place.write(
        "pelton.toml",
        "max_batch_row = 5\nzzz = 1\nconfig = \"a\"\n\n[models.iris]\npath = \"iris.pkl\"\n\
         memory = \"1GiB\"\ngrpc_port = 1\n\n[models.\"a b\"]\npath = \"x\"\n\n[models.none]\n\
         workers = 1\n",
    );
    place.refuses(
        &["--config", "pelton.toml"],
        &format!(
            "error: 8 problems\n  \
             - pelton.toml:1: max_batch_row is no setting; did you mean max_batch_rows?\n  \
             - pelton.toml:2: zzz is no setting; docs/configuration.md lists those there are\n  \
             - pelton.toml:3: config is no setting; docs/configuration.md lists those there are\n  \
             - pelton.toml:7: models.iris.memory is no setting; did you mean memory_limit?\n  \
             - pelton.toml:8: models.iris.grpc_port is a setting of the server, not of a model; \
             move grpc_port to the top\n  \
             - pelton.toml:10: models.a b: model name 'a b' contains ' '; use letters, digits, \
             '.', '_' and '-'\n  \
             - pelton.toml:13: models.none has no path, and no MODEL of that name was given\n  \
             - {NEEDS_PYTHON}"
        ),
    );
}

#[test]
fn values_of_the_file_have_types() {
    let place = Place::of_workers();
    place.write(
        "pelton.toml",
        "grpc_port = 0x1F41\nhttp_port = true\nbatching = \"no\"\npython = 3\nrun_timeout = 30\n\
         workers = 99999999999999999999\n[models]\niris = \"iris.pkl\"\n",
    );
    place.refuses(
        &["--config", "pelton.toml"],
        "error: 6 problems\n  \
         - pelton.toml:2: http_port must be a number, not true or false\n  \
         - pelton.toml:3: batching must be true or false, not a string\n  \
         - pelton.toml:4: python must be a string, not a number\n  \
         - pelton.toml:6: workers: 99999999999999999999 is too large\n  \
         - pelton.toml:8: models.iris must be a table, such as [models.iris] with path = \
         \"iris.pkl\"\n  \
         - pelton.toml:5: run_timeout: '30' has no unit; write 30s or 30ms",
    );
}

#[test]
fn the_file_itself_may_be_wrong() {
    let place = Place::of_workers();
    place.write("pelton.toml", "workers = 1\nworkers = = 2\n");
    let outcome = place.run(&["serve", "iris.pkl", "--config", "pelton.toml"]);
    assert!(outcome.stderr.contains("- pelton.toml:2: not valid TOML: "), "{}", outcome.stderr);
    let outcome = place.run(&["serve", "iris.pkl", "--config", "none.toml"]);
    assert!(
        outcome.stderr.contains("- configuration file none.toml does not exist\n"),
        "{}",
        outcome.stderr
    );
    let outcome = place.run(&["serve", "iris.pkl", "--config", "."]);
    assert!(outcome.stderr.contains("- configuration file . is not a file\n"));
}

#[test]
fn unknown_variables_are_refused_by_name() {
    let mut place = Place::of_workers();
    place.env("PELTON_WORKER", "2");
    place.refuses(
        &["iris.pkl"],
        &format!(
            "error: 2 problems\n  - unknown environment variable PELTON_WORKER; did you mean \
             PELTON_WORKERS?\n  - {NEEDS_PYTHON}"
        ),
    );
}
