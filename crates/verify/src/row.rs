//! A row of a model's inputs as CSV, so that it can be given again.

use pelton_core::{Tensor, VALID_SUFFIX};

use crate::element::{Element, Elements};

/// The header for rows of these inputs: names of columns, `f0` and so on for a matrix.
pub fn csv_header(inputs: &[Tensor]) -> String {
    let mut names = Vec::new();
    for tensor in columns(inputs) {
        match tensor.shape() {
            [_, width] if *width > 1 || inputs.len() == 1 => {
                names.extend((0..*width).map(|column| format!("f{column}")));
            }
            _ => names.push(quoted(tensor.name())),
        }
    }
    names.join(",")
}

/// A row; a value that is missing is empty.
///
/// # Panics
/// When the inputs have no such row.
pub fn csv_row(inputs: &[Tensor], row: usize) -> String {
    let mut cells = Vec::new();
    for tensor in columns(inputs) {
        let width = tensor.row_elements();
        let elements = Elements::new(tensor);
        let valid_name = format!("{}{VALID_SUFFIX}", tensor.name());
        let valid = inputs.iter().find(|other| **other.name() == *valid_name);
        let missing = valid.is_some_and(|valid| valid.data()[row] == 0);
        for column in 0..width {
            cells.push(match elements.at(row * width + column) {
                _ if missing => String::new(),
                Element::Text(text) => quoted(&String::from_utf8_lossy(text)),
                other => other.show(),
            });
        }
    }
    cells.join(",")
}

fn columns(inputs: &[Tensor]) -> impl Iterator<Item = &Tensor> {
    inputs.iter().filter(|tensor| !tensor.name().ends_with(VALID_SUFFIX))
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r', ';', '\t', '|']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}
