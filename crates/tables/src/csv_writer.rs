//! Columns as CSV: quoted where needed, a missing value empty, floats as short as they read back.

use crate::cell::{Cell, Column};
use crate::layout::Field;
use crate::numbers::{write_float, write_single};

/// The header line.
pub(crate) fn header(fields: &[Field]) -> Vec<u8> {
    let mut text = Vec::new();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            text.push(b',');
        }
        quote(field.name.as_bytes(), &mut text);
    }
    text.push(b'\n');
    text
}

/// One line a row.
pub(crate) fn lines(fields: &[Field], columns: &[Column], rows: usize) -> Vec<u8> {
    let mut text = Vec::new();
    let mut number = String::new();
    for row in 0..rows {
        let start = text.len();
        for (index, (field, column)) in fields.iter().zip(columns).enumerate() {
            if index > 0 {
                text.push(b',');
            }
            number.clear();
            match column.cell(row) {
                Cell::Missing | Cell::Other => {}
                Cell::Bool(value) => number.push_str(if value { "true" } else { "false" }),
                Cell::Int(value) => number.push_str(&value.to_string()),
                Cell::Float(value) => write_float(value, &mut number),
                Cell::Single(value) => write_single(value, &mut number),
                Cell::Str(value) => quote(value.as_bytes(), &mut text),
                Cell::Text(value) if field.json => quote(&plain(value), &mut text),
                Cell::Text(value) => quote(value, &mut text),
            }
            text.extend_from_slice(number.as_bytes());
        }
        if text.len() == start {
            // A line with nothing in it would be no row to most readers.
            text.extend_from_slice(b"\"\"");
        }
        text.push(b'\n');
    }
    text
}

/// A JSON string without its quotes; anything else as it is.
fn plain(json: &[u8]) -> Vec<u8> {
    serde_json::from_slice::<String>(json).map_or_else(|_| json.to_vec(), String::into_bytes)
}

fn quote(value: &[u8], text: &mut Vec<u8>) {
    let special = |byte: &u8| matches!(byte, b',' | b'"' | b'\n' | b'\r');
    if !value.iter().any(special) {
        text.extend_from_slice(value);
        return;
    }
    text.push(b'"');
    for byte in value {
        if *byte == b'"' {
            text.push(b'"');
        }
        text.push(*byte);
    }
    text.push(b'"');
}
