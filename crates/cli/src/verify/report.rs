//! What `pelton verify` found: as JSON (docs/commands.md), and for people.

use std::fmt::Write as _;

use pelton_inspect::plain;
use pelton_verify::{Difference, OutputComparison};
use serde::Serialize;

use crate::batches::Answers;

/// Bytes of a row that a terminal is given.
const SHOWN_BYTES_MAX: usize = 4_000;

/// All that was found.
#[derive(Serialize)]
pub(crate) struct Report {
    /// The version of this form.
    pub(crate) pelton_verify: u32,
    pub(crate) model: String,
    pub(crate) ours: String,
    pub(crate) theirs: String,
    pub(crate) rows: u64,
    pub(crate) rows_from: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) seed: Option<u64>,
    /// Columns whose generated rows have hardly anything but known categories.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) known_only: Vec<String>,
    pub(crate) promise: &'static str,
    pub(crate) outputs: Vec<OutputComparison>,
    pub(crate) only_ours: Vec<String>,
    pub(crate) only_theirs: Vec<String>,
    pub(crate) refusals: Refusals,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_differing_row: Option<Row>,
    pub(crate) speed: Vec<Speed>,
    pub(crate) within: bool,
}

/// Rows that were refused.
#[derive(Default, Serialize)]
pub(crate) struct Refusals {
    pub(crate) both: u64,
    pub(crate) only_ours: u64,
    pub(crate) only_theirs: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_both: Option<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_only_ours: Option<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_only_theirs: Option<Refusal>,
}

/// A row that was refused, and why.
#[derive(Serialize)]
pub(crate) struct Refusal {
    /// From 1.
    pub(crate) row: u64,
    pub(crate) message: String,
}

/// A row to be given again.
#[derive(Clone, Serialize)]
pub(crate) struct Row {
    /// From 1.
    #[serde(rename = "row")]
    pub(crate) number: u64,
    pub(crate) csv_header: String,
    pub(crate) csv: String,
}

/// One batch size, in microseconds a batch.
#[derive(Serialize)]
pub(crate) struct Speed {
    pub(crate) rows: usize,
    pub(crate) ours_us: f64,
    pub(crate) theirs_us: f64,
    pub(crate) ratio: f64,
}

impl Refusals {
    /// Whether the two refused the same rows.
    pub(crate) const fn agree(&self) -> bool {
        self.only_ours == 0 && self.only_theirs == 0
    }

    /// Counts a batch; returns the rows that only one of them refused.
    pub(crate) fn add(&mut self, ours: &Answers, theirs: &Answers, start: u64) -> Vec<u64> {
        let by = |answers: &Answers, row: usize| answers.refused.iter().any(|(r, _)| *r == row);
        let mut one_sided = Vec::new();
        for (row, message) in &ours.refused {
            if by(theirs, *row) {
                self.both += 1;
                self.first_both.get_or_insert_with(|| Refusal::new(start, *row, message));
                continue;
            }
            self.only_ours += 1;
            one_sided.push(start + *row as u64);
            self.first_only_ours.get_or_insert_with(|| Refusal::new(start, *row, message));
        }
        for (row, message) in theirs.refused.iter().filter(|(row, _)| !by(ours, *row)) {
            self.only_theirs += 1;
            one_sided.push(start + *row as u64);
            self.first_only_theirs.get_or_insert_with(|| Refusal::new(start, *row, message));
        }
        one_sided
    }
}

impl Refusal {
    fn new(start: u64, row: usize, message: &str) -> Self {
        Self { row: start + row as u64 + 1, message: message.to_owned() }
    }
}

impl Report {
    pub(crate) fn to_json(&self) -> String {
        // Rows count from 1 wherever people see them.
        let mut json = serde_json::to_value(self).expect("texts, numbers and lists are JSON");
        for output in json["outputs"].as_array_mut().into_iter().flatten() {
            for largest in ["largest_absolute", "largest_relative"] {
                if let Some(row) = output.pointer_mut(&format!("/{largest}/row")) {
                    *row = (row.as_u64().unwrap_or_default() + 1).into();
                }
            }
        }
        serde_json::to_string_pretty(&json).expect("a value is JSON") + "\n"
    }

    pub(crate) fn to_text(&self) -> String {
        let mut text = String::new();
        let seed = self.seed.map(|seed| format!(", seed {seed}")).unwrap_or_default();
        let _ = writeln!(text, "{}", plain(&self.model));
        let mut field = |label: &str, value: &str| {
            let _ = writeln!(text, "  {label:<10} {}", plain(value));
        };
        field("ours", &self.ours);
        field("against", &self.theirs);
        field("rows", &format!("{} {}{seed}", self.rows, self.rows_from));
        if !self.known_only.is_empty() {
            let columns = self.known_only.join(", ");
            field("known", &format!("nearly all values of {columns}: others are refused"));
        }
        for (who, names) in [("only ours", &self.only_ours), ("only theirs", &self.only_theirs)] {
            if !names.is_empty() {
                field(who, &names.join(", "));
            }
        }
        let _ = writeln!(text);
        for output in &self.outputs {
            output_told(output, &mut text);
        }
        self.refusals_told(&mut text);
        for speed in &self.speed {
            let plural = if speed.rows == 1 { "" } else { "s" };
            let _ = writeln!(
                text,
                "  {:<11}{} against {}: {:.1} times as fast",
                format!("{} row{plural}", speed.rows),
                time(speed.ours_us),
                time(speed.theirs_us),
                speed.ratio
            );
        }
        if let Some(row) = &self.first_differing_row {
            let (header, csv) = (plain(&row.csv_header), plain(&row.csv));
            let _ = write!(text, "\n  the first row that differs, row {}", row.number);
            if header.len() + csv.len() > SHOWN_BYTES_MAX {
                let _ = writeln!(text, ", is long; --differences FILE writes it");
            } else {
                let _ = writeln!(text, ", as CSV:\n{header}\n{csv}");
            }
        }
        let promise = match self.promise {
            "bits" => "equal in every bit",
            _ => "within 1e-12, labels equal",
        };
        let verdict = if self.within { "kept" } else { "NOT kept" };
        let _ = writeln!(text, "\n  the promise, {promise}, is {verdict}");
        text
    }

    fn refusals_told(&self, text: &mut String) {
        let refusals = &self.refusals;
        for (who, count, first) in [
            ("both", refusals.both, &refusals.first_both),
            ("ours alone", refusals.only_ours, &refusals.first_only_ours),
            ("theirs alone", refusals.only_theirs, &refusals.first_only_theirs),
        ] {
            if let Some(first) = first {
                let message = plain(&first.message);
                let plural = if count == 1 { "" } else { "s" };
                let _ = writeln!(
                    text,
                    "  refused by {who}: {count} row{plural}, the first is row {}: {message}",
                    first.row
                );
            }
        }
        let _ = writeln!(text);
    }
}

fn output_told(output: &OutputComparison, text: &mut String) {
    let _ = writeln!(text, "  {}: {} rows", plain(&output.name), output.rows);
    if let Some(form) = &output.form_differs {
        let _ = writeln!(text, "    another form: {form}");
    }
    if output.equal_bits == output.values && output.values > 0 {
        let _ = writeln!(text, "    every bit is equal");
        return;
    }
    let _ = writeln!(
        text,
        "    {} of {} values are equal in every bit",
        output.equal_bits, output.values
    );
    for (what, largest) in
        [("absolute", &output.largest_absolute), ("relative", &output.largest_relative)]
    {
        if let Some(Difference { size, row, ours, theirs }) = largest {
            let (ours, theirs) = (plain(ours), plain(theirs));
            let _ = writeln!(
                text,
                "    largest {what} difference {size:.1e} in row {}: {ours} against {theirs}",
                row + 1
            );
        }
    }
    if output.labels_differ > 0 {
        let _ = writeln!(text, "    labels differ in {} rows", output.labels_differ);
    }
    if output.rows_beyond > 0 {
        let rows =
            |count: u64| format!("{count} {}", if count == 1 { "row is" } else { "rows are" });
        let told = match (output.rows_beyond, output.rows_measure_varies) {
            (beyond, 0) => format!("{} beyond the promise", rows(beyond)),
            (beyond, varies) if beyond == varies => format!(
                "{} beyond 1e-12, and there Python, asked again of a row one bit beside, is as far \
                 from itself",
                rows(beyond)
            ),
            (beyond, varies) => format!(
                "{} beyond the promise and {varies} more beyond 1e-12 where Python, asked again of a \
                 row one bit beside, is as far from itself",
                rows(beyond - varies)
            ),
        };
        let _ = writeln!(text, "    {told}");
    }
}

fn time(us: f64) -> String {
    if us < 1000.0 { format!("{us:.1} us") } else { format!("{:.2} ms", us / 1000.0) }
}
