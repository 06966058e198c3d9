//! The report: what `--json` prints, field by field (docs/commands.md). Fields are added, never
//! renamed; what is not known is left out.

use bytes::Bytes;
use pelton_pickle::{Companions, Document, Format, Kind, Limits, Value};
use serde::Serialize;

use crate::boosters;
use crate::imports::{self, Import};
use crate::tree;

/// The version of the report's form.
const FORM: u32 = 1;

/// Everything that is told of a model.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The version of this form.
    pub pelton_inspect: u32,
    /// What clients would call the model.
    pub name: String,
    /// Its files, in the order they are applied.
    pub pieces: Vec<Piece>,
    /// What would run it; left out where that was not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<Run>,
}

/// A file of a model.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Piece {
    /// The file.
    pub file: File,
    /// The entry of a bundle that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Why it could not be read any further.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Versions of libraries that the file tells, by the names they are installed under.
    pub libraries: Vec<(String, String)>,
    /// What is in it; for a bundle, what the key names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Part>,
    /// The entries of a dict.
    pub entries: Vec<Entry>,
    /// Columns the model was fitted on, as far as the file tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Columns>,
    /// Class labels.
    pub classes: Vec<String>,
    /// What Python would import to load it.
    pub imports: Vec<Import>,
}

/// The file of a piece.
#[derive(Clone, Debug, Default, Serialize)]
pub struct File {
    /// Its path as it was named.
    pub path: String,
    /// What it is, in words: `a pickle of protocol 5`.
    pub format: String,
    /// Its size.
    pub bytes: u64,
    /// What it unfolds to, where it is compressed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unfolded_bytes: Option<u64>,
    /// Names of the files beside it that belong to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub companions: Vec<String>,
    /// What those have together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub companion_bytes: Option<u64>,
    /// Bytes behind its end, which nothing reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trailing_bytes: Option<u64>,
    /// Rows with Python's answers beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub golden_rows: Option<String>,
}

/// A part of a model: an estimator, with those inside it.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Part {
    /// What its container calls it: a step's name, an attribute's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Its class, with its module.
    pub class: String,
    /// The columns its container gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<String>,
    /// Its parameters with plain values.
    pub parameters: Vec<(String, String)>,
    /// What fitting left in it: shapes, counts.
    pub fitted: Vec<(String, String)>,
    /// Parts inside it.
    pub parts: Vec<Part>,
    /// Parts that are not listed.
    #[serde(skip_serializing_if = "is_zero")]
    pub parts_left_out: usize,
}

/// An entry of a bundle.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// What it holds.
    pub what: String,
}

/// The columns a model was fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Columns {
    /// How many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Their names, if they had some.
    pub names: Vec<String>,
}

/// What would run the model.
#[derive(Clone, Debug, Serialize)]
pub struct Run {
    /// `native`, `onnx`, `python`; left out if nothing can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executor: Option<String>,
    /// Why that one, or why none.
    pub reason: String,
    /// How near the answers are to Python's, where no Python runs: `bits`, or `close` for within
    /// 1e-12 and equal labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promise: Option<String>,
    /// Inputs, where the executor knows them without running code.
    pub inputs: Vec<Tensor>,
    /// Outputs, likewise.
    pub outputs: Vec<Tensor>,
    /// Class labels, likewise.
    pub classes: Vec<String>,
}

/// An input or output.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tensor {
    /// Its name.
    pub name: String,
    /// Its type, as the protocol names it.
    pub datatype: String,
    /// Its dimensions, -1 for any size.
    pub shape: Vec<i64>,
    /// For inputs: `exactly`, `numeric`, `text` or `any`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accepts: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl Report {
    /// A report of these pieces.
    pub fn new(name: String, pieces: Vec<Piece>, run: Option<Run>) -> Self {
        Self { pelton_inspect: FORM, name, pieces, run }
    }

    /// The report as JSON, indented, every field as documented.
    pub fn to_json(&self) -> String {
        serde_json::to_string_pretty(self).expect("texts, numbers and lists are JSON") + "\n"
    }
}

impl Piece {
    /// Reads what is in a file, and in those `beside` it that belong to it. What cannot be read any
    /// further is told in [`Piece::problem`]; `format` is what to call the file then.
    pub fn read(
        path: String,
        bytes: Bytes,
        beside: &dyn Companions,
        key: Option<&str>,
        format: &str,
    ) -> Self {
        let file =
            File { path, format: format.to_owned(), bytes: bytes.len() as u64, ..File::default() };
        let mut piece = Self { file, key: key.map(str::to_owned), ..Self::default() };
        if let Some(found) = boosters::read(&bytes) {
            piece.libraries = found.libraries;
            piece.columns = found.columns;
            piece.model = Some(found.model);
            return piece;
        }
        match Document::read_beside(bytes, beside, &Limits::default()) {
            Ok(document) => piece.fill(&document),
            Err(error) => piece.problem = Some(error.to_string()),
        }
        piece
    }

    fn fill(&mut self, document: &Document) {
        let info = document.info();
        self.file.format = format_of(document);
        if info.compression.is_some() {
            self.file.unfolded_bytes = Some(info.unfolded_bytes as u64);
        }
        self.file.companions = document.companions().to_vec();
        self.file.companion_bytes =
            (!self.file.companions.is_empty()).then_some(info.companion_bytes as u64);
        self.file.trailing_bytes = (info.trailing_bytes > 0).then_some(info.trailing_bytes as u64);
        if info.format != Format::Npy {
            self.imports = imports::of(document);
        }
        let root = document.root();
        let mut model = root;
        let is_bundle = matches!(root.kind(), Kind::Dict | Kind::List | Kind::Tuple);
        if root.kind() == Kind::Dict {
            self.entries = tree::entries(root);
        }
        match self.key.as_deref().map(|key| (key, root.find(key))) {
            Some((_, Some(value))) => model = value,
            // What has no keys is told of by who would run it.
            Some(_) if !is_bundle => {}
            Some((key, None)) => {
                let near = nearest(key, &root.keyed());
                self.problem = Some(format!("there is no key '{key}' in the bundle{near}"));
                return;
            }
            None => {}
        }
        self.libraries = tree::libraries(root);
        self.columns = tree::columns(model);
        self.classes = tree::classes(model);
        if root.kind() != Kind::Dict || self.key.is_some() {
            self.model = Some(tree::part(model));
        }
    }
}

/// The key most like a mistyped one, as a question to follow what is said of it.
fn nearest(wrong: &str, held: &[(String, Value<'_>)]) -> String {
    // Of a step into an entry, the entry itself would be the nearest.
    let held = if wrong.contains('.') { &[][..] } else { held };
    let wrong = wrong.to_lowercase();
    let likeness = |key: &str| strsim::jaro_winkler(&wrong, &key.to_lowercase());
    let keys = held.iter().map(|(key, _)| (likeness(key), key)).filter(|(like, _)| *like > 0.8);
    let near = keys.max_by(|a, b| a.0.total_cmp(&b.0));
    near.map_or_else(String::new, |(_, key)| format!("; did you mean '{key}'?"))
}

fn format_of(document: &Document) -> String {
    let info = document.info();
    let root: Value<'_> = document.root();
    let protocol = info.protocol.map(|p| format!(" of protocol {p}")).unwrap_or_default();
    let container = match info.format {
        Format::Pickle => format!("a pickle{protocol}"),
        Format::Joblib => match document.companions().len() {
            0 => format!("a joblib file (a pickle{protocol} with arrays behind it)"),
            1 => format!("a joblib file (a pickle{protocol} with an array in a file beside it)"),
            count => {
                format!("a joblib file (a pickle{protocol} with arrays in {count} files beside it)")
            }
        },
        Format::Skops => format!("a skops file{protocol}"),
        Format::Npy => match root.as_array() {
            Some(array) => format!("a NumPy array {:?} of {}", array.shape(), array.dtype()),
            None => "a NumPy array".to_owned(),
        },
        _ => "a file".to_owned(),
    };
    match info.compression {
        Some(compression) => format!("{container}, compressed with {compression}"),
        None => container,
    }
}
