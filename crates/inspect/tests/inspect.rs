//! What is told of files: of honest ones what is in them, of hostile ones no more than fits.
#![allow(missing_docs)]

use std::path::Path;

use pelton_inspect::{Danger, Look, Piece, Report};
use pelton_pickle::Folder;
use proptest::prelude::*;

/// Opcodes of protocol 2 for the few values that models here are made of.
mod pickled {
    pub(crate) fn text(value: &str) -> Vec<u8> {
        let mut bytes = vec![b'X'];
        bytes.extend_from_slice(&(value.len() as u32).to_le_bytes());
        bytes.extend_from_slice(value.as_bytes());
        bytes
    }

    pub(crate) fn int(value: i32) -> Vec<u8> {
        [&b"J"[..], &value.to_le_bytes()].concat()
    }

    pub(crate) fn list(items: &[Vec<u8>]) -> Vec<u8> {
        [&b"]("[..], &items.concat(), b"e"].concat()
    }

    pub(crate) fn tuple(items: &[Vec<u8>]) -> Vec<u8> {
        [&b"("[..], &items.concat(), b"t"].concat()
    }

    pub(crate) fn dict(items: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let items: Vec<u8> =
            items.iter().flat_map(|(key, value)| [text(key), value.clone()].concat()).collect();
        [&b"}("[..], &items, b"u"].concat()
    }

    pub(crate) fn object(module: &str, name: &str, attributes: &[(&str, Vec<u8>)]) -> Vec<u8> {
        let class = format!("c{module}\n{name}\n)");
        [class.as_bytes(), b"\x81", &dict(attributes), b"b"].concat()
    }

    pub(crate) fn file(value: &[u8]) -> Vec<u8> {
        [b"\x80\x02", value, b"."].concat()
    }
}

use pickled::{dict, file, int, list, object, text, tuple};

const LOOK: Look = Look { width: 80, colours: false };

/// A folder without companions.
fn nothing() -> Folder {
    Folder::of(Path::new("no-such-folder/model.pkl"))
}

fn read(bytes: Vec<u8>) -> Piece {
    Piece::read("model.pkl".to_owned(), bytes.into(), &nothing(), None, "a pickle")
}

fn shown(piece: Piece) -> String {
    Report::new("model".to_owned(), vec![piece], None).to_text(LOOK)
}

fn pipeline(steps: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let steps: Vec<Vec<u8>> =
        steps.iter().map(|(name, step)| tuple(&[text(name), step.clone()])).collect();
    object("sklearn.pipeline", "Pipeline", &[("steps", list(&steps))])
}

#[test]
fn a_pipeline_is_a_tree() {
    let columns = list(&[text("age"), text("fare")]);
    let flag = ("with_mean", b"\x88".to_vec());
    let scaler = object("sklearn.preprocessing._data", "StandardScaler", &[flag]);
    let transformers = list(&[tuple(&[text("numbers"), scaler, columns])]);
    let prepare = object(
        "sklearn.compose._column_transformer",
        "ColumnTransformer",
        &[("transformers_", transformers), ("n_features_in_", int(2))],
    );
    let parameters = [
        ("n_estimators", int(100)),
        ("max_depth", b"N".to_vec()),
        ("_sklearn_version", text("1.5.2")),
    ];
    let forest = object("sklearn.ensemble._forest", "RandomForestClassifier", &parameters);
    let model = pipeline(&[("prepare", prepare), ("clf", forest)]);
    let text = shown(read(file(&model)));
    let bytes = file(&model).len();
    assert_eq!(
        text,
        format!(
            "model
  file       model.pkl: a pickle of protocol 2, {bytes} bytes
  written by scikit-learn 1.5.2
  columns    2, without names

  Pipeline
  ├─ prepare  ColumnTransformer
  │  └─ numbers  StandardScaler
  │        columns age, fare
  │        with_mean=True
  └─ clf  RandomForestClassifier
        n_estimators=100

  imports    loading it in Python would import 4 names: 4 usual for models
"
        )
    );
}

#[test]
fn a_stack_takes_the_columns_of_its_members() {
    let counted =
        |class, count| object("sklearn.linear_model", class, &[("n_features_in_", count)]);
    let stack = object(
        "sklearn.ensemble",
        "StackingRegressor",
        &[
            ("final_estimator_", counted("RidgeCV", int(2))),
            ("estimators_", list(&[counted("Ridge", int(4)), counted("Lasso", int(4))])),
        ],
    );
    assert_eq!(read(file(&stack)).columns.and_then(|columns| columns.count), Some(4));
}

#[test]
fn a_mask_of_columns_is_told_by_places() {
    let mask = list(&[b"\x89".to_vec(), b"\x88".to_vec(), b"\x88".to_vec()]);
    let none = list(&[b"\x89".to_vec()]);
    let columns = object(
        "sklearn.compose",
        "ColumnTransformer",
        &[(
            "transformers_",
            list(&[
                tuple(&[text("some"), object("sklearn.preprocessing", "Binarizer", &[]), mask]),
                tuple(&[text("remainder"), text("drop"), none]),
            ]),
        )],
    );
    let told = shown(read(file(&columns)));
    assert!(told.contains("columns 1, 2\n"), "{told}");
    assert!(told.contains("columns none\n"), "{told}");
}

#[test]
fn a_bundle_lists_its_entries_and_a_key_picks_one() {
    let bytes = file(&dict(&[("model", pipeline(&[])), ("features", list(&[text("a")]))]));
    let whole = read(bytes.clone());
    let entries: Vec<(&str, &str)> =
        whole.entries.iter().map(|entry| (&*entry.key, &*entry.what)).collect();
    assert_eq!(entries, [("model", "sklearn.pipeline.Pipeline"), ("features", "['a']")]);
    assert!(whole.model.is_none());
    let picked = |key| {
        Piece::read("b.pkl".to_owned(), bytes.clone().into(), &nothing(), Some(key), "a pickle")
    };
    assert_eq!(picked("model").model.expect("it is there").class, "sklearn.pipeline.Pipeline");
    let problem = picked("nothing").problem.expect("it is not there");
    assert_eq!(problem, "there is no key 'nothing' in the bundle");
}

#[test]
fn what_a_pickle_would_run_is_told_and_not_run() {
    let marker = std::env::temp_dir().join("pelton-inspect-was-here");
    let argument = text(&format!("touch {}", marker.display()));
    let call = [b"cposix\nsystem\n(".to_vec(), argument, b"tR".to_vec()];
    let piece = read(file(&call.concat()));
    assert_eq!(piece.imports[0].name, "posix.system");
    assert_eq!(piece.imports[0].danger, Danger::Dangerous);
    assert!(shown(piece).contains("dangerous  posix.system: can start programs"));
    assert!(!marker.exists());
}

#[test]
fn names_cannot_write_on_the_terminal() {
    let model = pipeline(&[("a\u{1b}[2J\r\n\u{202e}b", object("x\u{7}", "Y\u{1b}", &[]))]);
    let text = shown(read(file(&model)));
    let harmful = |c: &char| c.is_control() && *c != '\n' || *c == '\u{202e}';
    assert!(!text.chars().any(|c| harmful(&c)), "{text:?}");
    assert!(text.contains("a\\u{1b}[2J\\r\\n\\u{202e}b"), "{text}");
}

#[test]
fn a_million_steps_and_a_list_in_itself_are_bounded() {
    let step = tuple(&[text("s"), b"N".to_vec()]);
    let steps = [&b"]("[..], &step.repeat(1_000_000), b"e"].concat();
    let text = shown(read(file(&object("sklearn.pipeline", "Pipeline", &[("steps", steps)]))));
    assert!(text.lines().count() < 100, "{} lines", text.lines().count());
    assert!(text.contains("and 999936 more"), "{text}");
    // A pipeline whose every step is the pipeline.
    let own = tuple(&[pickled::text("s"), b"h\0".to_vec()]);
    let steps = [&b"]("[..], &own.repeat(100), b"e"].concat();
    let state = dict(&[("steps", steps)]);
    let endless = [&b"csklearn.pipeline\nPipeline\n)\x81q\0"[..], &state, b"b"].concat();
    let text = shown(read(file(&endless)));
    assert!(text.lines().count() < 10_000, "{} lines", text.lines().count());
    let list = read(file(b"]q\0h\0a"));
    assert_eq!(list.model.expect("a list").class, "a list of 1");
}

#[test]
fn damage_is_told_with_what_is_known() {
    let mut bytes = file(&pipeline(&[]));
    bytes.truncate(12);
    let piece = read(bytes);
    assert!(piece.problem.is_some());
    assert_eq!((piece.file.bytes, piece.model), (12, None));
    let empty = read(Vec::new());
    assert_eq!(empty.problem.as_deref(), Some("the file is empty; copy or download it again"));
}

#[test]
fn the_json_has_a_form_that_stays() {
    let piece = read(file(&pipeline(&[("s", b"N".to_vec())])));
    let json = Report::new("model".to_owned(), vec![piece], None).to_json();
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json["pelton_inspect"], 1);
    assert_eq!(json["pieces"][0]["model"]["parts"][0]["label"], "s");
    assert_eq!(json["pieces"][0]["imports"][0]["danger"], "usual");
    assert_eq!(json["pieces"][0]["imports"][0]["name"], "sklearn.pipeline.Pipeline");
    assert!(json.get("run").is_none());
}

proptest! {
    #[test]
    fn any_damage_to_a_file_is_survived(at in 0_usize..400, byte in any::<u8>()) {
        let means = ("mean_", list(&[int(1)]));
        let scaler = object("sklearn.preprocessing._data", "StandardScaler", &[means]);
        let inner = pipeline(&[("c", scaler.clone())]);
        let mut bytes = file(&pipeline(&[("a", scaler), ("b", inner)]));
        let at = at % bytes.len();
        bytes[at] = byte;
        let text = shown(read(bytes));
        prop_assert!(text.starts_with("model\n"));
    }
}

#[test]
fn names_that_a_library_keeps_in_a_list_are_told() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/conformance/native/cases/sk19");
    let path = format!("{cases}/ce_ordinal_error.model");
    let bytes = std::fs::read(&path).expect("a golden model");
    let folder = Folder::of(Path::new(&path));
    let piece = Piece::read(path, bytes.into(), &folder, None, "a joblib file");
    assert_eq!(piece.columns.expect("columns").names, ["city", "plan"]);
}
