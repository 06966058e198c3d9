//! The messages inside a graph, as far as they matter: what values are declared as, which labels nodes
//! carry, which files weights are in.

use super::Labels;
use crate::external::place;
use crate::onnx_proto::{attribute, graph, node, sparse_tensor, value_info, value_type};
use crate::protobuf::{Field, fields};

/// Graphs within graphs (the bodies of `If`, `Loop`, `Scan`) that are looked into.
const DEPTH_MAX: usize = 32;

/// Class labels of one model at most.
const LABELS_MAX: usize = 1 << 20;

/// An operator, the labels it carries, and the first value it reads and writes.
pub(super) struct Node<'a> {
    pub(super) operator: &'a str,
    pub(super) input: &'a str,
    pub(super) output: &'a str,
    pub(super) labels: Option<Labels>,
}

/// A type as far as it matters here.
pub(super) enum Declared {
    Tensor { rank: Option<usize> },
    Other,
}

/// The name and the type of a `ValueInfoProto`.
pub(super) fn read_value_info(bytes: &[u8]) -> Result<(&str, Declared), String> {
    // A type that is not told is found by ONNX Runtime, and nearly always a tensor's.
    let (mut name, mut declared) = ("", Declared::Tensor { rank: None });
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            value_info::NAME => name = field.text(),
            value_info::TYPE => {
                declared = Declared::Other;
                for kind in fields(field.bytes()) {
                    let kind = kind?;
                    if kind.number == value_type::TENSOR {
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
        if field.number == value_type::TENSOR_SHAPE {
            let dimensions = fields(field.bytes()).collect::<Result<Vec<_>, _>>()?;
            return Ok(Some(
                dimensions
                    .iter()
                    .filter(|field| field.number == value_type::SHAPE_DIMENSION)
                    .count(),
            ));
        }
    }
    Ok(None)
}

/// Reads a `NodeProto`, and collects the files that its weights are in.
pub(super) fn read_node<'a>(
    bytes: &'a [u8],
    external: &mut Vec<String>,
    depth: usize,
) -> Result<Node<'a>, String> {
    if depth > DEPTH_MAX {
        return Err(format!("nests graphs more than {DEPTH_MAX} deep"));
    }
    let mut node = Node { operator: "", input: "", output: "", labels: None };
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            node::INPUT if node.input.is_empty() => node.input = field.text(),
            node::OUTPUT if node.output.is_empty() => node.output = field.text(),
            node::OPERATOR => node.operator = field.text(),
            node::ATTRIBUTE => {
                let labels = read_attribute(field.bytes(), external, depth)?;
                node.labels = labels.or(node.labels);
            }
            _ => {}
        }
    }
    Ok(node)
}

/// Reads an `AttributeProto`: its labels if it holds some, the files of its weights.
fn read_attribute(
    bytes: &[u8],
    external: &mut Vec<String>,
    depth: usize,
) -> Result<Option<Labels>, String> {
    let mut name = "";
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            attribute::NAME => name = field.text(),
            attribute::TENSOR | attribute::TENSORS => collect_weights(&field, false, external)?,
            attribute::SPARSE_TENSOR | attribute::SPARSE_TENSORS => {
                collect_weights(&field, true, external)?;
            }
            attribute::GRAPH | attribute::GRAPHS => {
                inner_graph(field.bytes(), external, depth + 1)?;
            }
            attribute::INTS if name.starts_with("classlabels") => {
                numbers.extend(field.numbers()?.into_iter().map(|number| number as i64));
            }
            attribute::STRINGS if name.starts_with("classlabels") => {
                texts.push(field.text().to_owned());
            }
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
            graph::NODE => drop(read_node(field.bytes(), external, depth)?),
            graph::INITIALIZER => collect_weights(&field, false, external)?,
            graph::SPARSE_INITIALIZER => collect_weights(&field, true, external)?,
            _ => {}
        }
    }
    Ok(())
}

/// The file that a `TensorProto`, or the two of a `SparseTensorProto`, are kept in.
pub(super) fn collect_weights(
    field: &Field<'_>,
    sparse: bool,
    external: &mut Vec<String>,
) -> Result<(), String> {
    if !sparse {
        let place = place(field.bytes())?;
        external.extend(place.map(|place| place.location).filter(|file| !external.contains(file)));
        return Ok(());
    }
    for inner in fields(field.bytes()) {
        let inner = inner?;
        if matches!(inner.number, sparse_tensor::VALUES | sparse_tensor::INDICES) {
            collect_weights(&inner, false, external)?;
        }
    }
    Ok(())
}
