//! Columns as JSON lines: one object a row, outputs of several values as lists.
//!
//! JSON has neither NaN nor infinity: they are written as null.

use crate::cell::{Cell, Column};
use crate::layout::Field;
use crate::numbers::{write_float, write_single};

/// One object a row.
pub(crate) fn lines(fields: &[Field], columns: &[Column], rows: usize) -> Vec<u8> {
    let mut text = String::new();
    for row in 0..rows {
        text.push('{');
        let mut index = 0;
        while index < fields.len() {
            if index > 0 {
                text.push_str(", ");
            }
            index += entry(&fields[index..], &columns[index..], row, &mut text);
        }
        text.push_str("}\n");
    }
    text.into_bytes()
}

/// Writes a key and its value, and says how many columns that took.
fn entry(fields: &[Field], columns: &[Column], row: usize, text: &mut String) -> usize {
    let first = &fields[0];
    let name = first.group.as_ref().unwrap_or(&first.name);
    string(name, text);
    text.push_str(": ");
    let Some(group) = &first.group else {
        value(first, &columns[0], row, text);
        return 1;
    };
    let width = fields.iter().take_while(|field| field.group.as_ref() == Some(group)).count();
    if columns[..width].iter().all(|column| matches!(column.cell(row), Cell::Missing)) {
        text.push_str("null");
        return width;
    }
    text.push('[');
    for (place, column) in columns[..width].iter().enumerate() {
        if place > 0 {
            text.push_str(", ");
        }
        value(first, column, row, text);
    }
    text.push(']');
    width
}

fn value(field: &Field, column: &Column, row: usize, text: &mut String) {
    match column.cell(row) {
        Cell::Float(value) if value.is_finite() => write_float(value, text),
        Cell::Single(value) if value.is_finite() => write_single(value, text),
        Cell::Missing | Cell::Other | Cell::Float(_) | Cell::Single(_) => text.push_str("null"),
        Cell::Bool(value) => text.push_str(if value { "true" } else { "false" }),
        Cell::Int(value) => text.push_str(&value.to_string()),
        Cell::Str(value) => string(value, text),
        Cell::Text(value) if field.json => text.push_str(&String::from_utf8_lossy(value)),
        Cell::Text(value) => string(&String::from_utf8_lossy(value), text),
    }
}

fn string(value: &str, text: &mut String) {
    text.push_str(&serde_json::Value::from(value).to_string());
}
