//! Gives a graph outputs that are tensors alone: a `ZipMap` goes and the matrix it would take
//! apart becomes the output, and outputs that a row has no part in go too.
//!
//! Maps cost more than most models: a map for each row is made, taken apart and thrown away. The
//! numbers are the same. Must not touch anything else of the file.

use crate::model_file::{ModelFile, OutputInfo, OutputKind};
use crate::onnx_proto::{graph, model, node, value_info};
use crate::protobuf::{Field, fields, push_bytes};

/// The file with such outputs only, in their order; `None` if it is so already.
///
/// # Errors
/// When the file cannot be read, in words that follow "the file".
pub(crate) fn plain_outputs(bytes: &[u8], file: &ModelFile) -> Result<Option<Vec<u8>>, String> {
    if file.outputs.iter().all(|output| output.kind == OutputKind::Tensor) {
        return Ok(None);
    }
    let mut rewritten = Vec::with_capacity(bytes.len());
    for field in fields(bytes) {
        let field = field?;
        if field.number == model::GRAPH {
            push_bytes(&mut rewritten, model::GRAPH, &plain_graph(field.bytes(), file)?);
        } else {
            rewritten.extend_from_slice(field.whole);
        }
    }
    Ok(Some(rewritten))
}

fn plain_graph(bytes: &[u8], file: &ModelFile) -> Result<Vec<u8>, String> {
    let mut rewritten = Vec::with_capacity(bytes.len());
    let mut outputs = file.outputs.iter();
    for field in fields(bytes) {
        let field = field?;
        match field.number {
            graph::NODE if is_zip_map(&field, file)? => {}
            graph::OUTPUT => match &outputs.next().ok_or("changed while it was read")?.kind {
                OutputKind::Tensor => rewritten.extend_from_slice(field.whole),
                OutputKind::ZipMap { scores, .. } => {
                    push_bytes(&mut rewritten, graph::OUTPUT, &named(scores));
                }
                OutputKind::Scalar | OutputKind::Other => {}
            },
            _ => rewritten.extend_from_slice(field.whole),
        }
    }
    Ok(rewritten)
}

/// Whether the node is the `ZipMap` of one of the outputs.
fn is_zip_map(field: &Field<'_>, file: &ModelFile) -> Result<bool, String> {
    let (mut operator, mut output) = ("", "");
    for field in fields(field.bytes()) {
        let field = field?;
        match field.number {
            node::OUTPUT if output.is_empty() => output = field.text(),
            node::OPERATOR => operator = field.text(),
            _ => {}
        }
    }
    let replaced =
        |info: &OutputInfo| info.name == output && matches!(info.kind, OutputKind::ZipMap { .. });
    Ok(operator == "ZipMap" && file.outputs.iter().any(replaced))
}

/// A `ValueInfoProto` without a type, which ONNX Runtime finds: maps are declared as made of float64
/// where the matrix is float32, and the other way round.
fn named(name: &str) -> Vec<u8> {
    let mut info = Vec::new();
    push_bytes(&mut info, value_info::NAME, name.as_bytes());
    info
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model_file::read;

    fn model(name: &str) -> Vec<u8> {
        let path = format!("{}/../../tests/conformance/onnx/{name}", env!("CARGO_MANIFEST_DIR"));
        std::fs::read(path).unwrap()
    }

    #[test]
    fn maps_become_matrices_and_the_rest_stays() {
        let bytes = model("forest_strings.onnx");
        let rewritten = plain_outputs(&bytes, &read(&bytes).unwrap()).unwrap().unwrap();
        let file = read(&rewritten).unwrap();
        assert_eq!(file.outputs[0].name, "output_label");
        assert_eq!(
            file.outputs[1],
            OutputInfo { name: "probabilities".into(), kind: OutputKind::Tensor }
        );
        assert_eq!(plain_outputs(&rewritten, &file).unwrap(), None);
        assert!(!rewritten.windows(6).any(|bytes| bytes == b"ZipMap"));
    }

    #[test]
    fn optional_outputs_go() {
        let bytes = model("optional_output.onnx");
        let rewritten = plain_outputs(&bytes, &read(&bytes).unwrap()).unwrap().unwrap();
        let names: Vec<_> = read(&rewritten).unwrap().outputs.into_iter().map(|o| o.name).collect();
        assert_eq!(names, ["y"]);
    }
}
