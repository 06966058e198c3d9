//! What ONNX Runtime does not tell of a model, read from the file: class labels, which outputs are
//! maps of labels, which shapes are declared, and whether weights are kept in other files.
//!
//! The format is ONNX's `onnx.proto` (IR version 3 to 13). Must not judge the graph: ONNX Runtime
//! does. Must not open other files.

use std::collections::HashSet;
use std::fmt::Write as _;

use crate::protobuf::{Field, fields};

/// Graphs within graphs (the bodies of `If`, `Loop`, `Scan`) that are looked into.
const DEPTH_MAX: usize = 32;

/// Class labels of one model at most.
const LABELS_MAX: usize = 1 << 20;

/// Field numbers of `ModelProto`.
pub(crate) mod model {
    pub(crate) const PRODUCER: u64 = 2;
    pub(crate) const PRODUCER_VERSION: u64 = 3;
    pub(crate) const GRAPH: u64 = 7;
    pub(crate) const FUNCTIONS: u64 = 25;
}

/// Field numbers of `GraphProto`.
pub(crate) mod graph {
    pub(crate) const NODE: u64 = 1;
    pub(crate) const INITIALIZER: u64 = 5;
    pub(crate) const INPUT: u64 = 11;
    pub(crate) const OUTPUT: u64 = 12;
    pub(crate) const SPARSE_INITIALIZER: u64 = 15;
}

/// Field number of a function's nodes.
const FUNCTION_NODE: u64 = 7;

/// Operators that answer a class and its scores, and carry the labels.
const CLASSIFIERS: [&str; 3] = ["LinearClassifier", "SVMClassifier", "TreeEnsembleClassifier"];

/// Operators that answer a number a row.
const REGRESSORS: [&str; 3] = ["LinearRegressor", "SVMRegressor", "TreeEnsembleRegressor"];

/// What the file says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct ModelFile {
    /// The program that wrote it, with its version.
    pub(crate) producer: String,
    /// The graph's inputs that tell their rank.
    pub(crate) shaped_inputs: HashSet<String>,
    /// The graph's outputs, in order.
    pub(crate) outputs: Vec<OutputInfo>,
    /// The labels of the one classifier in the graph.
    pub(crate) labels: Option<Labels>,
    /// Whether the graph has a regressor and no classifier.
    pub(crate) regressor: bool,
    /// The files that weights are kept in, as the model names them.
    pub(crate) external: Vec<String>,
}

/// An output of the graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OutputInfo {
    /// Its name.
    pub(crate) name: String,
    /// What it is.
    pub(crate) kind: OutputKind,
}

/// What an output of the graph is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum OutputKind {
    /// A tensor.
    Tensor,
    /// A tensor without dimensions: one number for the whole batch.
    Scalar,
    /// What a `ZipMap` makes: a map from label to number for each row. The matrix it is made from
    /// has this name and a column for each label.
    ZipMap {
        /// The name of the matrix.
        scores: String,
        /// The labels of its columns.
        labels: Labels,
    },
    /// Anything else: optional values, sequences, other maps.
    Other,
}

/// Class labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Labels {
    Numbers(Vec<i64>),
    Texts(Vec<String>),
}

/// The labels an operator carries, and what it reads and writes.
struct Node<'a> {
    operator: &'a str,
    input: &'a str,
    output: &'a str,
    labels: Option<Labels>,
}

impl Labels {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Numbers(numbers) => numbers.len(),
            Self::Texts(texts) => texts.len(),
        }
    }

    /// As a JSON list.
    pub(crate) fn json(&self) -> String {
        let items = match self {
            Self::Numbers(_) => self.shown(),
            Self::Texts(texts) => texts.iter().map(|text| quoted(text)).collect(),
        };
        format!("[{}]", items.join(","))
    }

    /// As text, for people.
    pub(crate) fn shown(&self) -> Vec<String> {
        match self {
            Self::Numbers(numbers) => numbers.iter().map(i64::to_string).collect(),
            Self::Texts(texts) => texts.clone(),
        }
    }
}

/// A JSON string.
fn quoted(text: &str) -> String {
    let mut json = String::from("\"");
    for letter in text.chars() {
        match letter {
            '"' | '\\' => json.extend(['\\', letter]),
            '\0'..='\x1f' => {
                let _ = write!(json, "\\u{:04x}", u32::from(letter));
            }
            _ => json.push(letter),
        }
    }
    json.push('"');
    json
}

/// Reads what there is to know.
///
/// # Errors
/// When the bytes are no `ModelProto`, in words that follow "the file".
pub(crate) fn read(bytes: &[u8]) -> Result<ModelFile, String> {
    let mut file = ModelFile::default();
    let mut version = "";
    let mut graphs = 0;
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            model::PRODUCER => field.text().clone_into(&mut file.producer),
            model::PRODUCER_VERSION => version = field.text(),
            model::GRAPH => {
                graphs += 1;
                read_graph(field.bytes(), &mut file)?;
            }
            model::FUNCTIONS => {
                for inner in fields(field.bytes()) {
                    let inner = inner?;
                    if inner.number == FUNCTION_NODE {
                        node(inner.bytes(), &mut file.external, 0)?;
                    }
                }
            }
            _ => {}
        }
    }
    if graphs != 1 {
        return Err(format!("has {graphs} graphs where a model has one"));
    }
    if !file.producer.is_empty() && !version.is_empty() {
        file.producer = format!("{} {version}", file.producer);
    }
    Ok(file)
}

fn read_graph(bytes: &[u8], file: &mut ModelFile) -> Result<(), String> {
    let mut nodes = Vec::new();
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            graph::NODE => {
                let node = node(field.bytes(), &mut file.external, 0)?;
                if node.operator == "ZipMap"
                    || CLASSIFIERS.contains(&node.operator)
                    || REGRESSORS.contains(&node.operator)
                {
                    nodes.push(node);
                }
            }
            graph::INPUT => {
                let (name, kind) = value_info(field.bytes())?;
                if matches!(kind, Declared::Tensor { rank: Some(_) }) {
                    file.shaped_inputs.insert(name.to_owned());
                }
            }
            graph::OUTPUT => {
                let (name, kind) = value_info(field.bytes())?;
                let kind = match kind {
                    Declared::Tensor { rank: Some(0) } => OutputKind::Scalar,
                    Declared::Tensor { .. } => OutputKind::Tensor,
                    Declared::Other => OutputKind::Other,
                };
                file.outputs.push(OutputInfo { name: name.to_owned(), kind });
            }
            graph::INITIALIZER | graph::SPARSE_INITIALIZER => {
                weights(&field, field.number == graph::SPARSE_INITIALIZER, &mut file.external)?;
            }
            _ => {}
        }
    }
    for output in &mut file.outputs {
        let made_by = |node: &&Node<'_>| node.operator == "ZipMap" && node.output == output.name;
        if let Some(Node { input, labels: Some(labels), .. }) = nodes.iter().find(made_by) {
            let (scores, labels) = ((*input).to_owned(), labels.clone());
            output.kind = OutputKind::ZipMap { scores, labels };
        }
    }
    let mut classifiers = nodes.iter().filter(|node| CLASSIFIERS.contains(&node.operator));
    let (first, second) = (classifiers.next(), classifiers.next());
    file.regressor =
        first.is_none() && nodes.iter().any(|node| REGRESSORS.contains(&node.operator));
    if second.is_none() {
        file.labels = first.and_then(|node| node.labels.clone());
    }
    Ok(())
}

/// A type as far as it matters here.
enum Declared {
    Tensor { rank: Option<usize> },
    Other,
}

/// The name and the type of a `ValueInfoProto`.
fn value_info(bytes: &[u8]) -> Result<(&str, Declared), String> {
    // A type that is not told is found by ONNX Runtime, and nearly always a tensor's.
    let (mut name, mut declared) = ("", Declared::Tensor { rank: None });
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            1 => name = field.text(),
            2 => {
                declared = Declared::Other;
                for kind in fields(field.bytes()) {
                    let kind = kind?;
                    if kind.number == 1 {
                        declared = Declared::Tensor { rank: rank(kind.bytes())? };
                    }
                }
            }
            _ => {}
        }
    }
    Ok((name, declared))
}

/// The dimensions that a `TypeProto.Tensor` declares.
fn rank(tensor_type: &[u8]) -> Result<Option<usize>, String> {
    for field in fields(tensor_type) {
        let field = field?;
        if field.number == 2 {
            let dimensions = fields(field.bytes()).collect::<Result<Vec<_>, _>>()?;
            return Ok(Some(dimensions.iter().filter(|field| field.number == 1).count()));
        }
    }
    Ok(None)
}

/// Reads a `NodeProto`, and collects the files that its weights are in.
fn node<'a>(bytes: &'a [u8], external: &mut Vec<String>, depth: usize) -> Result<Node<'a>, String> {
    if depth > DEPTH_MAX {
        return Err(format!("nests graphs more than {DEPTH_MAX} deep"));
    }
    let mut node = Node { operator: "", input: "", output: "", labels: None };
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            1 if node.input.is_empty() => node.input = field.text(),
            2 if node.output.is_empty() => node.output = field.text(),
            4 => node.operator = field.text(),
            5 => {
                let labels = attribute(field.bytes(), external, depth)?;
                node.labels = labels.or(node.labels);
            }
            _ => {}
        }
    }
    Ok(node)
}

/// Reads an `AttributeProto`: its labels if it holds some, the files of its weights.
fn attribute(
    bytes: &[u8],
    external: &mut Vec<String>,
    depth: usize,
) -> Result<Option<Labels>, String> {
    let mut name = "";
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            1 => name = field.text(),
            5 | 10 => weights(&field, false, external)?,
            22 | 23 => weights(&field, true, external)?,
            6 | 11 => inner_graph(field.bytes(), external, depth + 1)?,
            8 if name.starts_with("classlabels") => {
                numbers.extend(field.numbers()?.into_iter().map(|number| number as i64));
            }
            9 if name.starts_with("classlabels") => texts.push(field.text().to_owned()),
            _ => {}
        }
        if numbers.len().max(texts.len()) > LABELS_MAX {
            return Err(format!("has more than {LABELS_MAX} class labels"));
        }
    }
    Ok(match (numbers.is_empty(), texts.is_empty()) {
        (false, _) => Some(Labels::Numbers(numbers)),
        (_, false) => Some(Labels::Texts(texts)),
        _ => None,
    })
}

fn inner_graph(bytes: &[u8], external: &mut Vec<String>, depth: usize) -> Result<(), String> {
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            graph::NODE => drop(node(field.bytes(), external, depth)?),
            graph::INITIALIZER => weights(&field, false, external)?,
            graph::SPARSE_INITIALIZER => weights(&field, true, external)?,
            _ => {}
        }
    }
    Ok(())
}

/// The file that a `TensorProto`, or the two of a `SparseTensorProto`, are kept in.
fn weights(field: &Field<'_>, sparse: bool, external: &mut Vec<String>) -> Result<(), String> {
    for inner in fields(field.bytes()) {
        let inner = inner?;
        if sparse {
            if matches!(inner.number, 1 | 2) {
                weights(&inner, false, external)?;
            }
        } else if inner.number == 13 {
            let entry = fields(inner.bytes()).collect::<Result<Vec<_>, _>>()?;
            let text = |number| entry.iter().find(|e| e.number == number).map(Field::text);
            let location = text(2).unwrap_or_default().to_owned();
            if text(1) == Some("location") && !external.contains(&location) {
                external.push(location);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::rewrite;

    fn model(name: &str) -> Vec<u8> {
        let path = format!("{}/../../tests/conformance/onnx/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    }

    #[test]
    fn a_zip_map_tells_its_labels_and_the_matrix_behind_it() {
        let file = read(&model("iris_zipmap.onnx")).unwrap();
        assert!(file.producer.starts_with("skl2onnx "), "{}", file.producer);
        assert_eq!(file.outputs[0].kind, OutputKind::Tensor);
        let labels = Labels::Numbers(vec![0, 1, 2]);
        let scores = "probabilities".to_owned();
        assert_eq!(file.outputs[1].kind, OutputKind::ZipMap { scores, labels: labels.clone() });
        assert_eq!(file.labels, Some(labels));
        let file = read(&model("forest_strings.onnx")).unwrap();
        assert_eq!(file.labels.unwrap().shown(), ["setosa", "versicolor", "virginica"]);
    }

    #[test]
    fn weights_elsewhere_and_shapes_are_told() {
        assert_eq!(read(&model("external.onnx")).unwrap().external, ["external.weights"]);
        assert_eq!(read(&model("scalar_output.onnx")).unwrap().outputs[0].kind, OutputKind::Scalar);
        assert!(read(&model("no_shape.onnx")).unwrap().shaped_inputs.is_empty());
        assert!(read(&model("lookup.onnx")).unwrap().shaped_inputs.contains("x"));
        assert!(read(&model("regressor.onnx")).unwrap().regressor);
    }

    #[test]
    fn deep_graphs_are_refused() {
        let mut node = Vec::new();
        for _ in 0..100 {
            let mut graph = Vec::new();
            crate::protobuf::push_bytes(&mut graph, graph::NODE, &node);
            let mut attribute = Vec::new();
            crate::protobuf::push_bytes(&mut attribute, 6, &graph);
            node.clear();
            crate::protobuf::push_bytes(&mut node, 5, &attribute);
        }
        let (mut graph, mut file) = (Vec::new(), Vec::new());
        crate::protobuf::push_bytes(&mut graph, graph::NODE, &node);
        crate::protobuf::push_bytes(&mut file, model::GRAPH, &graph);
        assert_eq!(read(&file).unwrap_err(), "nests graphs more than 32 deep");
    }

    proptest! {
        #[test]
        fn damaged_files_are_read_or_refused(at in 0_usize..20_000, byte: u8, cut in 0_usize..40_000) {
            let mut bytes = model("forest_strings.onnx");
            bytes.truncate(cut.max(1));
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(file) = read(&bytes) {
                // What was understood can be written again.
                let _ = rewrite::plain_outputs(&bytes, &file);
            }
        }
    }
}
