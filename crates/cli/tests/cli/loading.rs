//! Models that do not load, ports that are taken, and stopping before it has begun.

use std::net::TcpListener;
use std::path::Path;

use crate::harness::{Place, python, sample, wait_for};

/// A pickle whose loading imports a module that is nowhere.
const MISSING_MODULE: &[u8] = b"cnot_a_module\nModel\n(tR.";

/// A model that says it is loading, and never ends doing so.
const ENDLESS: &str = "\
import os, pathlib, time
import pelton

class Model(pelton.Model):
    def load(self, path):
        (pathlib.Path(path) / 'pid').write_text(f'{os.getpid()}\\n')
        time.sleep(3600)

    def predict(self, inputs):
        return inputs
";

const PORTS: [&str; 4] = ["--grpc-port", "0", "--http-port", "0"];

#[test]
fn a_model_that_fails_to_load_stops_the_start() {
    let place = Place::with_model();
    place.write("lost.pkl", MISSING_MODULE);
    let python = python();
    let arguments = ["serve", "iris.pkl", "lost.pkl", "--python", &python];
    let outcome = place.run(&[&arguments[..], &PORTS].concat());
    assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""));
    let last = outcome.stderr.lines().last().expect("a message");
    let words = format!("error: model 'lost' (lost.pkl) failed to load with {python}: ");
    assert!(last.starts_with(&words), "{}", outcome.stderr);
    assert!(last.contains("needs the Python module 'not_a_module'"), "{last}");
    // Where in the interpreter it was missed is of no use to anybody.
    assert!(!outcome.stderr.contains("race"), "{}", outcome.stderr);
}

#[test]
fn an_error_of_the_models_own_code_leaves_its_trace_in_the_log() {
    let place = Place::new();
    let code = "import pelton\nclass Model(pelton.Model):\n    def load(self, path):\n        \
                raise RuntimeError('no weights')\n    def predict(self, inputs):\n        return inputs\n";
    place.write("own.py", code);
    let python = python();
    let arguments = ["serve", "own.py", "--python", &python];
    let outcome = place.run(&[&arguments[..], &PORTS].concat());
    assert_eq!((outcome.code, &*outcome.stdout), (Some(1), ""));
    let last = outcome.stderr.lines().last().expect("a message");
    assert!(last.contains("RuntimeError: no weights"), "{last}");
    assert!(last.ends_with("(the whole trace is in the log above, under this model's name)"));
    assert!(outcome.stderr.contains("Traceback"), "{}", outcome.stderr);
}

#[test]
fn keep_going_serves_the_others() {
    let place = Place::with_model();
    place.write("lost.pkl", MISSING_MODULE);
    let python = python();
    let mut server = place.serve(&["iris.pkl", "lost.pkl", "--python", &python, "--keep-going"]);
    server.wait_for_log("serving without it: model 'lost'");
    assert_eq!(server.get("/v2/health/ready"), "HTTP/1.1 200 OK");
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0));
    let rest = server.rest_of_block();
    assert!(rest.contains("model iris, version 1") && !rest.contains("lost"), "{rest}");
}

#[test]
fn keep_going_needs_at_least_one_model() {
    let place = Place::new();
    place.write("lost.pkl", MISSING_MODULE);
    let python = python();
    let arguments = ["serve", "lost.pkl", "--python", &python, "--keep-going"];
    let outcome = place.run(&[&arguments[..], &PORTS].concat());
    assert_eq!(outcome.code, Some(1));
}

#[test]
fn a_port_in_use_is_named_with_its_flag_before_any_model_loads() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let place = Place::new();
    place.write("endless.py", ENDLESS);
    let python = python();
    let outcome = place.run(&[
        "serve",
        "endless.py",
        "--python",
        &python,
        "--grpc-port",
        &port,
        "--http-port",
        "0",
    ]);
    assert_eq!(
        outcome.stderr.lines().last(),
        Some(&*format!(
            "error: port {port} of 127.0.0.1 is in use by another program; choose one with \
             --grpc-port (0 picks a free one)"
        ))
    );
    assert_eq!((outcome.code, place.path("pid").exists()), (Some(1), false));
}

#[test]
fn a_host_that_is_not_ours_is_named() {
    let place = Place::with_model();
    let python = python();
    // 192.0.2.0/24 is kept for documentation: no machine has such an address.
    let outcome = place.run(&["serve", "iris.pkl", "--python", &python, "--host", "192.0.2.1"]);
    assert!(
        outcome.stderr.contains("host 192.0.2.1 is no address of this machine"),
        "{}",
        outcome.stderr
    );
    assert_eq!(outcome.code, Some(1));
}

#[test]
fn stopping_while_a_model_loads_leaves_no_process() {
    for signal in ["INT", "TERM"] {
        let place = Place::new();
        place.write("endless.py", ENDLESS);
        let python = python();
        let mut server = place.start(&[&["endless.py", "--python", &python][..], &PORTS].concat());
        let pid = wait_for("the model to load", || {
            let text = std::fs::read_to_string(place.path("pid")).ok()?;
            text.ends_with('\n').then(|| text.trim().to_owned())
        });
        server.signal(signal);
        assert_eq!(server.wait().code(), Some(0), "{}", server.log());
        assert_eq!(server.rest_of_block(), "");
        wait_for("the worker to end", || (!Path::new("/proc").join(&pid).exists()).then_some(()));
    }
}

#[test]
fn a_model_that_takes_too_long_is_given_up() {
    let place = Place::new();
    place.write("endless.py", ENDLESS);
    let python = python();
    let arguments = ["serve", "endless.py", "--python", &python, "--startup-timeout", "3s"];
    let outcome = place.run(&[&arguments[..], &PORTS].concat());
    let last = outcome.stderr.lines().last().expect("a message");
    assert!(last.starts_with("error: model 'endless' (endless.py) failed to load with "), "{last}");
    assert_eq!(outcome.code, Some(1));
}

/// `pickle.dumps({"model": 1, "names": ["a", "b"]}, protocol=4)`
const BUNDLE: &[u8] =
    b"\x80\x04\x95#\0\0\0\0\0\0\0}\x94(\x8c\x05model\x94K\x01\x8c\x05names\x94]\x94(\x8c\x01a\x94\x8c\x01b\x94eu.";

#[test]
fn a_model_in_pieces_is_served_under_its_name() {
    let place = Place::with_model();
    place.write("bundle+1.pkl", sample("pickle-dict-0.bin"));
    let python = python();
    let mut server = place.serve(&["a=bundle+1.pkl#model", "iris.pkl", "--python", &python]);
    server.signal("TERM");
    assert_eq!(server.wait().code(), Some(0), "{}", server.log());
    let block = server.block.clone() + &server.rest_of_block();
    assert!(block.contains("model a, version 1\n") && block.contains("iris"), "{block}");
}

#[test]
fn the_keys_of_a_bundle_are_told() {
    let place = Place::new();
    place.write("bundle.pkl", BUNDLE);
    let python = python();
    let words = "'bundle.pkl' has no 'modle'; did you mean 'model'? it holds 'model' (an int), 'names' (a list of 2)";
    // The native engine and the worker have the same words; one looks before a port opens.
    for (executor, code) in [("auto", 2), ("python", 1)] {
        let arguments = ["serve", "bundle.pkl#modle", "--python", &python, "--executor", executor];
        let outcome = place.run(&[&arguments[..], &PORTS].concat());
        assert!(outcome.stderr.contains(words), "{}", outcome.stderr);
        assert_eq!(outcome.code, Some(code));
    }
    place.refuses(
        &["bundle.pkl"],
        "error: model 'bundle' (bundle.pkl): 'bundle.pkl' holds a dict of 2 without a model: 'model' \
         (an int), 'names' (a list of 2)",
    );
    place.refuses(
        &["bundle.pkl#model"],
        "error: model 'bundle' (bundle.pkl#model): 'bundle.pkl#model' holds an int, not a model",
    );
}
