//! [`Lookup`]: from a value of a column to the row of its encoding, with what becomes of unknown and
//! missing values. Must not know which encoder asks.

use std::collections::HashMap;

use pelton_pickle::Value;

use super::pandas::{self, Label, Table};
use crate::data::Column;

/// The number category_encoders gives unknown values.
const UNKNOWN: f64 = -1.0;
/// The number it gives missing values that were not there when it was fitted.
const MISSING: f64 = -2.0;

/// A column's categories and the number of each.
pub(super) struct Numbering {
    labels: Vec<(Label, f64)>,
}

/// Finds the row of a value.
#[derive(Debug)]
pub(super) struct Lookup {
    texts: HashMap<Box<[u8]>, u32>,
    /// Ascending.
    numbers: Vec<(f64, u32)>,
    missing: Outcome,
    unknown: Outcome,
}

/// What becomes of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It has this row.
    Row(u32),
    RefuseUnknown,
    RefuseMissing,
}

/// Reads a numbering: a `Series`, or the dict a user gave.
pub(super) fn numbering(value: Value<'_>) -> Option<Numbering> {
    if let Ok(entries) = value.entries() {
        let labels = entries.map(|(key, number)| Some((pandas::label(key)?, number.as_f64()?)));
        return Some(Numbering { labels: labels.collect::<Option<_>>()? });
    }
    let table = pandas::table(value)?;
    let labels = table.index.into_iter().zip(table.values).collect();
    (table.width == 1).then_some(Numbering { labels })
}

/// The number itself is the answer. Also the rows.
pub(super) fn by_number(numbering: &Numbering, unknown: &str, missing: &str) -> (Lookup, Vec<f64>) {
    let mut builder = Builder::default();
    let mut of_missing = None;
    for (label, number) in &numbering.labels {
        let gap = *label == Label::Missing && missing == "return_nan" && *number == MISSING;
        let row = builder.row(&[if gap { f64::NAN } else { *number }]);
        match label {
            Label::Missing => of_missing = Some(Outcome::Row(row)),
            label => builder.put(label, row),
        }
    }
    let of_unknown = match unknown {
        "error" => Outcome::RefuseUnknown,
        "return_nan" => Outcome::Row(builder.row(&[f64::NAN])),
        _ => Outcome::Row(builder.row(&[UNKNOWN])),
    };
    let of_missing = match (missing, of_missing) {
        ("error", _) => Outcome::RefuseMissing,
        (_, Some(known)) => known,
        // Missing values nobody numbered are like unknown ones.
        (_, None) => of_unknown,
    };
    builder.finish(of_missing, of_unknown)
}

/// The number's row in a table is the answer.
pub(super) fn by_table(
    numbering: &Numbering,
    table: &Table,
    unknown: &str,
    missing: &str,
) -> (Lookup, Vec<f64>) {
    let mut builder = Builder::default();
    let gaps = vec![f64::NAN; table.width];
    let of_number = |number: f64| {
        let at = table.index.iter().position(|label| *label == Label::Number(number));
        at.map_or(&gaps[..], |at| &table.values[at * table.width..][..table.width])
    };
    let mut of_missing = None;
    for (label, number) in &numbering.labels {
        let row = builder.row(of_number(*number));
        match label {
            Label::Missing => of_missing = Some(Outcome::Row(row)),
            label => builder.put(label, row),
        }
    }
    let of_unknown = match unknown {
        "error" => Outcome::RefuseUnknown,
        _ => Outcome::Row(builder.row(of_number(UNKNOWN))),
    };
    let of_missing = match (missing, of_missing) {
        ("error", _) => Outcome::RefuseMissing,
        (_, Some(known)) => known,
        (_, None) => of_unknown,
    };
    builder.finish(of_missing, of_unknown)
}

#[derive(Default)]
struct Builder {
    texts: HashMap<Box<[u8]>, u32>,
    numbers: Vec<(f64, u32)>,
    rows: Vec<f64>,
    count: u32,
}

impl Builder {
    fn row(&mut self, values: &[f64]) -> u32 {
        self.rows.extend_from_slice(values);
        self.count += 1;
        self.count - 1
    }

    fn put(&mut self, label: &Label, row: u32) {
        match label {
            Label::Text(text) => _ = self.texts.insert(text.as_bytes().into(), row),
            Label::Number(number) => self.numbers.push((*number, row)),
            Label::Missing => {}
        }
    }

    fn finish(mut self, missing: Outcome, unknown: Outcome) -> (Lookup, Vec<f64>) {
        self.numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        let lookup = Lookup { texts: self.texts, numbers: self.numbers, missing, unknown };
        (lookup, self.rows)
    }
}

impl Lookup {
    pub(super) fn find(&self, column: Column<'_>, row: usize) -> Outcome {
        if let Column::Text(texts) = column {
            return match texts.get(row) {
                None => self.missing,
                Some(text) => self.texts.get(text).map_or(self.unknown, |row| Outcome::Row(*row)),
            };
        }
        let number = column.number(row).unwrap_or(f64::NAN);
        if number.is_nan() {
            return self.missing;
        }
        // Zero of either sign is zero.
        let number = number + 0.0;
        match self.numbers.binary_search_by(|known| known.0.total_cmp(&number)) {
            Ok(at) => Outcome::Row(self.numbers[at].1),
            Err(_) => self.unknown,
        }
    }
}
