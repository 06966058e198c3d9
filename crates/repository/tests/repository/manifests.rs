//! From a path as it was typed to a checked manifest, or to words that help.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pelton_repository::{
    Choice, Format, LibrarySearch, Manifest, ModelSpec, OnnxSettings, Piece, Runner, Threads, Wish,
    choose,
};
use tempfile::TempDir;

struct Place(TempDir);

impl Place {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temp directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: &[u8]) -> &Self {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("create");
        fs::write(path, content).expect("write");
        self
    }

    fn check(&self, name: &str) -> Result<Manifest, String> {
        let spec = ModelSpec { base: self.0.path().to_owned(), ..ModelSpec::at(name) };
        Manifest::check(&spec).map_err(|problem| {
            let directory = format!("{}/", self.0.path().display());
            problem.to_string().replace(&directory, "")
        })
    }
}

fn sample(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/files").join(name);
    fs::read(path).expect("a committed file")
}

fn pickle() -> Vec<u8> {
    sample("pickle5.bin")
}

#[test]
fn the_content_decides_and_the_name_is_the_stem() {
    let place = Place::new();
    place.write("iris.h5", &pickle()).write("code.py", &pickle());
    let manifest = place.check("iris.h5").unwrap();
    assert_eq!(manifest.name, "iris");
    assert_eq!(manifest.pieces[0].format, Format::Pickle { protocol: 5 });
    assert_eq!(
        place.check("code.py").unwrap_err(),
        "model code.py is a pickle, but its name ends in .py; give the file another name"
    );
    place.write("class.py", b"import pelton\n");
    assert_eq!(place.check("class.py").unwrap().pieces[0].format, Format::PythonClass);
}

#[test]
fn a_directory_is_its_model() {
    let place = Place::new();
    place
        .write("class/model.py", b"import pelton\n")
        .write("class/weights.pkl", &pickle())
        .write("one/data.csv", b"a,b\n")
        .write("one/model.pkl", &pickle())
        .write("one/.hidden.pkl", &pickle())
        .write("many/a.pkl", &pickle())
        .write("many/b.pkl", &pickle())
        .write("none/data.csv", b"a,b\n")
        .write("cut/model.pkl", b"");
    let class = place.check("class").unwrap();
    let whole = class.whole().unwrap();
    assert_eq!((&*whole.path, whole.format), (&*place.path("class"), Format::PythonClass));
    let one = place.check("one").unwrap();
    assert_eq!((&*one.pieces[0].path, &*one.name), (&*place.path("one/model.pkl"), "one"));
    assert_eq!(
        place.check("many").unwrap_err(),
        "model many holds 2 model files (a.pkl, b.pkl); name the one to serve: many=many/a.pkl"
    );
    assert!(place.check("none").unwrap_err().starts_with("model none holds no model: expected"));
    assert!(
        place.check("cut").unwrap_err().starts_with("model cut holds no model: model.pkl is empty")
    );
}

#[test]
fn what_is_wrong_with_a_path_is_said_with_the_way_out() {
    let place = Place::new();
    place.write("iris.pkl", &pickle()).write("my model.pkl", &pickle());
    assert_eq!(
        place.check("iris.pk").unwrap_err(),
        "model iris.pk does not exist; did you mean iris.pkl?"
    );
    assert_eq!(place.check("other").unwrap_err(), "model other does not exist");
    assert_eq!(
        place.check("iris.pkl/x").unwrap_err(),
        "model iris.pkl/x cannot be read: not a directory"
    );
    assert_eq!(
        place.check("my model.pkl").unwrap_err(),
        "model my model.pkl gives the name 'my model', which contains ' '; use letters, digits, \
         '.', '_' and '-'; name it: my-model=my model.pkl"
    );
    std::os::unix::fs::symlink("loop", place.path("loop")).unwrap();
    assert!(place.check("loop").unwrap_err().starts_with("model loop cannot be read: too many"));
}

/// Opening a pipe would wait for its writer for ever.
#[test]
fn a_pipe_is_refused_without_being_opened() {
    let place = Place::new();
    let made = std::process::Command::new("mkfifo").arg(place.path("pipe")).status();
    assert!(made.expect("mkfifo is there").success());
    assert_eq!(place.check("pipe").unwrap_err(), "model pipe is neither a file nor a directory");
}

#[test]
fn a_specification_may_name_its_model() {
    let parse = |text: &str| ModelSpec::parse(OsStr::new(text)).map_err(|why| why.to_string());
    let spec = parse("flights=a/b.pkl").unwrap();
    assert_eq!((spec.name.as_deref(), spec.written), (Some("flights"), PathBuf::from("a/b.pkl")));
    let spec = parse("./a=b.pkl").unwrap();
    assert_eq!((spec.name, spec.written), (None, PathBuf::from("./a=b.pkl")));
    assert_eq!(parse("flights=").unwrap_err(), "model 'flights' has no path, write flights=PATH");
    assert_eq!(parse("").unwrap_err(), "a model's path is empty");
    assert!(parse("a b=c.pkl").unwrap_err().contains("model name 'a b' contains ' '"));
}

#[test]
fn a_model_may_be_in_pieces_and_a_piece_in_a_bundle() {
    let place = Place::new();
    place
        .write("scaler.pkl", &pickle())
        .write("bundle.pkl", &pickle())
        .write("dir/model.pkl", &pickle())
        .write("class.py", b"import pelton\n");
    let spec = |text| ModelSpec {
        base: place.0.path().to_owned(),
        ..ModelSpec::parse(OsStr::new(text)).unwrap()
    };
    let check = |text| {
        Manifest::check(&spec(text)).map_err(|problem| {
            problem.to_string().replace(&format!("{}/", place.0.path().display()), "")
        })
    };
    let manifest = check("churn=scaler.pkl+bundle.pkl#model+dir").unwrap();
    let pieces: Vec<_> = manifest.pieces.iter().map(Piece::shown).collect();
    assert_eq!(pieces, ["scaler.pkl", "bundle.pkl#model", "model.pkl"]);
    assert_eq!((&*manifest.name, manifest.whole()), ("churn", None));
    let one = check("bundle.pkl#scaler+bundle.pkl#model").unwrap();
    assert_eq!((&*one.name, one.pieces.len()), ("bundle", 2));
    for (text, words) in [
        (
            "scaler.pkl+bundle.pkl",
            "model scaler.pkl+bundle.pkl is made of several files and has no name of its own; name \
             it: NAME=scaler.pkl+bundle.pkl",
        ),
        (
            "a=scaler.pkl+modle.pkl#m",
            "model 'a' (scaler.pkl+modle.pkl#m): modle.pkl does not exist",
        ),
        (
            "a=scaler.pkl+class.py",
            "model 'a' (scaler.pkl+class.py): class.py is a Python class, which cannot be a piece of \
             a model; serve it alone",
        ),
        (
            "class.py#model",
            "model class.py#model is a Python class, which has no keys; leave the # and the key away",
        ),
        (
            "a=scaler.pkl+",
            "model 'a' (scaler.pkl+): a path before or behind '+' or '#' is empty; write FIRST+SECOND, each a \
             file, perhaps with #KEY",
        ),
    ] {
        assert_eq!(check(text).unwrap_err(), words);
    }
}

#[test]
fn code_runs_only_with_an_interpreter_that_is_named() {
    let place = Place::new();
    place.write("iris.pkl", &pickle());
    let mut manifest = place.check("iris.pkl").unwrap();
    manifest.named_path = PathBuf::from("iris.pkl");
    let python = Path::new("/usr/bin/python3");
    let named = |interpreter, suggestion| {
        let threads = Threads::new(1).expect("a thread");
        let onnx = onnx();
        move |manifest: &Manifest| {
            let (executor, threads) = (Choice::Python, threads.clone());
            let (onnx, verify) = (&onnx, true);
            let wish = Wish { executor, interpreter, suggestion, threads, onnx, verify };
            choose(manifest, &wish).map_err(|problem| problem.to_string())
        }
    };
    let Runner::Python { interpreter } = named(Some(python), None)(&manifest).unwrap().runner
    else {
        panic!("it was named");
    };
    assert_eq!(interpreter, python);
    assert_eq!(
        named(None, None)(&manifest).unwrap_err(),
        "model 'iris' (iris.pkl) is a pickle: loading it runs code from the file, which happens \
         only in a worker process with an interpreter you name; add --python /path/to/python (one \
         that can import the model's libraries)"
    );
    let suggested = named(None, Some(python))(&manifest).unwrap_err();
    assert!(suggested.contains("add --python /usr/bin/python3 if that one"), "{suggested}");
}

fn onnx() -> OnnxSettings {
    OnnxSettings {
        isolated_by: None,
        search: LibrarySearch { named: Some("nowhere".into()), ..LibrarySearch::default() },
        sessions: 1,
        threads: 1,
        run_timeout: Duration::from_secs(1),
    }
}

/// Which executor is refused which file; that ONNX Runtime is missing is told by name.
#[test]
fn onnx_models_run_in_onnx_runtime_alone() {
    let place = Place::new();
    place.write("m.onnx", &sample("onnx.bin"));
    place.write("iris.pkl", &pickle());
    let refused = |name: &str, executor| {
        let mut manifest = place.check(name).unwrap();
        manifest.named_path = PathBuf::from(name);
        let (onnx, threads) = (onnx(), Threads::new(1).expect("a thread"));
        let (interpreter, suggestion, onnx, verify) = (None, None, &onnx, true);
        let wish = Wish { executor, interpreter, suggestion, threads, onnx, verify };
        choose(&manifest, &wish).unwrap_err().to_string()
    };
    for executor in [Choice::Auto, Choice::Onnx] {
        let why = refused("m.onnx", executor);
        let start = "model 'm' (m.onnx) is an ONNX model: ONNX Runtime is needed and was not found \
                     (nowhere: ";
        assert!(why.starts_with(start), "{why}");
    }
    for executor in [Choice::Native, Choice::Python] {
        assert_eq!(
            refused("m.onnx", executor),
            "model 'm' (m.onnx) is an ONNX model, which ONNX Runtime runs and nothing else; leave \
             out --executor"
        );
    }
    assert_eq!(
        refused("iris.pkl", Choice::Onnx),
        "model 'iris' (iris.pkl) is no ONNX model, and --executor onnx runs nothing else; leave it \
         out"
    );
}
