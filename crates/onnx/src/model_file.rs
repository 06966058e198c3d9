//! What ONNX Runtime does not tell of a model, read from the file: class labels, which outputs are
//! maps of labels, which shapes are declared, and whether weights are kept in other files.
//!
//! Must not judge the graph: ONNX Runtime does. Must not open other files.

mod labels;
mod messages;

use std::collections::HashSet;

use crate::onnx_proto::{function, graph, model};
use crate::protobuf::fields;
pub(crate) use labels::Labels;
use messages::{Declared, Node, collect_weights, read_node, read_value_info};

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
                    if inner.number == function::NODE {
                        read_node(inner.bytes(), &mut file.external, 0)?;
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
                let node = read_node(field.bytes(), &mut file.external, 0)?;
                if node.operator == "ZipMap"
                    || CLASSIFIERS.contains(&node.operator)
                    || REGRESSORS.contains(&node.operator)
                {
                    nodes.push(node);
                }
            }
            graph::INPUT => {
                let (name, kind) = read_value_info(field.bytes())?;
                if matches!(kind, Declared::Tensor { rank: Some(_) }) {
                    file.shaped_inputs.insert(name.to_owned());
                }
            }
            graph::OUTPUT => {
                let (name, kind) = read_value_info(field.bytes())?;
                let kind = match kind {
                    Declared::Tensor { rank: Some(0) } => OutputKind::Scalar,
                    Declared::Tensor { .. } => OutputKind::Tensor,
                    Declared::Other => OutputKind::Other,
                };
                file.outputs.push(OutputInfo { name: name.to_owned(), kind });
            }
            graph::INITIALIZER | graph::SPARSE_INITIALIZER => {
                collect_weights(
                    &field,
                    field.number == graph::SPARSE_INITIALIZER,
                    &mut file.external,
                )?;
            }
            _ => {}
        }
    }
    name_maps(file, &nodes);
    judge_kind(file, &nodes);
    Ok(())
}

/// Which outputs are maps, by the nodes that make them.
fn name_maps(file: &mut ModelFile, nodes: &[Node<'_>]) {
    for output in &mut file.outputs {
        let made_by = |node: &&Node<'_>| node.operator == "ZipMap" && node.output == output.name;
        if let Some(Node { input, labels: Some(labels), .. }) = nodes.iter().find(made_by) {
            let (scores, labels) = ((*input).to_owned(), labels.clone());
            output.kind = OutputKind::ZipMap { scores, labels };
        }
    }
}

/// Whether it is a classifier, whose labels are told where there is but one, or a regressor.
fn judge_kind(file: &mut ModelFile, nodes: &[Node<'_>]) {
    let mut classifiers = nodes.iter().filter(|node| CLASSIFIERS.contains(&node.operator));
    let (first, second) = (classifiers.next(), classifiers.next());
    file.regressor =
        first.is_none() && nodes.iter().any(|node| REGRESSORS.contains(&node.operator));
    if second.is_none() {
        file.labels = first.and_then(|node| node.labels.clone());
    }
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
