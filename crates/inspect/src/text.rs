//! The report for a person at a terminal: what is told of a file, in which order.
//!
//! Must not know how lines are broken and coloured: the page does.

use std::fmt::Write as _;

use crate::describe::list_of;
use crate::imports::Danger;
use crate::page::{Ink, Look, Page, plain, wrap};
use crate::report::{Columns, Part, Piece, Report, Run, Tensor};

/// Names of a list that are shown.
const SHOWN: usize = 12;

/// Entries of a bundle, and imports of one kind, that are shown.
const LINES: usize = 20;

/// Parameters worth the room, in this order; the JSON has all.
const TELLING: [&str; 40] = [
    "n_estimators",
    "max_depth",
    "max_iter",
    "learning_rate",
    "objective",
    "booster",
    "loss",
    "criterion",
    "kernel",
    "C",
    "gamma",
    "degree",
    "penalty",
    "alpha",
    "l1_ratio",
    "n_neighbors",
    "weights",
    "metric",
    "hidden_layer_sizes",
    "activation",
    "n_components",
    "n_clusters",
    "strategy",
    "fill_value",
    "add_indicator",
    "handle_unknown",
    "drop",
    "unknown_value",
    "with_mean",
    "with_std",
    "feature_range",
    "method",
    "norm",
    "n_bins",
    "encode",
    "voting",
    "ngram_range",
    "analyzer",
    "func",
    "max_features",
];

impl Report {
    /// The report as text.
    pub fn to_text(&self, look: Look) -> String {
        let mut page = Page { text: String::new(), look };
        page.title(&self.name);
        for piece in &self.pieces {
            page.piece(piece);
        }
        if let Some(run) = &self.run {
            page.run(run);
        }
        for piece in &self.pieces {
            page.imports(piece);
        }
        page.text
    }
}

impl Page {
    fn piece(&mut self, piece: &Piece) {
        let file = &piece.file;
        let mut what = format!("{}: {}, {} bytes", file.path, file.format, grouped(file.bytes));
        if let Some(unfolded) = file.unfolded_bytes {
            let _ = write!(what, " ({} unfolded)", grouped(unfolded));
        }
        if let Some(bytes) = file.companion_bytes {
            let _ = write!(what, " and {} beside it", grouped(bytes));
        }
        self.field("file", &what);
        if let Some(bytes) = file.trailing_bytes {
            let text = format!("{} bytes behind the end that nothing reads", grouped(bytes));
            self.inked("", &text, Some(Ink::Yellow));
        }
        if let Some(golden) = &file.golden_rows {
            self.field("golden", &format!("rows with Python's answers in {golden}"));
        }
        if let Some(problem) = &piece.problem {
            self.inked("problem", problem, Some(Ink::Red));
        }
        if !piece.libraries.is_empty() {
            let libraries: Vec<String> =
                piece.libraries.iter().map(|(name, version)| format!("{name} {version}")).collect();
            self.field("written by", &libraries.join(", "));
        }
        self.entries(piece);
        if let Some(columns) = &piece.columns {
            self.field("columns", &columns_of(columns));
        }
        if !piece.classes.is_empty() {
            self.field("classes", &list_of(&piece.classes, SHOWN));
        }
        if let Some(model) = &piece.model {
            let _ = writeln!(self.text);
            self.part(model, "", "");
            let _ = writeln!(self.text);
        }
    }

    fn entries(&mut self, piece: &Piece) {
        for (index, entry) in piece.entries.iter().take(LINES).enumerate() {
            let label = if index == 0 { "entries" } else { "" };
            self.field(label, &format!("{}: {}", entry.key, entry.what));
        }
        if let Some(more) = piece.entries.len().checked_sub(LINES + 1) {
            self.field("", &format!("and {} more", more + 1));
        }
    }

    /// A part and those inside it; `lead` stands before its first line, `rest` before the others.
    fn part(&mut self, part: &Part, lead: &str, rest: &str) {
        let short = part.class.rsplit('.').next().unwrap_or_default();
        let mut head = String::new();
        if let Some(label) = &part.label {
            let _ = write!(head, "{}  ", plain(label));
        }
        let head = format!("{head}{}", self.ink(Ink::Bold, &plain(short)));
        let _ = writeln!(self.text, "  {}{head}", self.ink(Ink::Dim, lead));
        let has_parts = !part.parts.is_empty();
        let below = format!("{rest}{}", if has_parts { "│  " } else { "   " });
        let room = self.look.width.saturating_sub(below.chars().count() + 3).max(20);
        let facts = [
            part.columns.as_ref().map(|columns| format!("columns {columns}")),
            telling(&part.parameters),
            shapes(&part.fitted),
        ];
        for fact in facts.into_iter().flatten() {
            for line in wrap(&plain(&fact), room) {
                let line = self.ink(Ink::Dim, &format!("{below}{line}"));
                let _ = writeln!(self.text, "  {line}");
            }
        }
        for (index, inner) in part.parts.iter().enumerate() {
            let is_last = index + 1 == part.parts.len() && part.parts_left_out == 0;
            let (lead, next) = if is_last { ("└─ ", "   ") } else { ("├─ ", "│  ") };
            self.part(inner, &format!("{rest}{lead}"), &format!("{rest}{next}"));
        }
        if part.parts_left_out > 0 {
            let _ = writeln!(self.text, "  {rest}└─ and {} more", part.parts_left_out);
        }
    }

    fn run(&mut self, run: &Run) {
        match run.executor.as_deref() {
            Some(executor) => {
                let ink = if executor == "python" { Ink::Yellow } else { Ink::Green };
                if run.reason.starts_with(executor) {
                    // It says so itself.
                    self.inked("runs", &run.reason, Some(ink));
                } else {
                    self.inked("runs", executor, Some(ink));
                    self.field("", &run.reason);
                }
            }
            None => self.inked("runs", &run.reason, Some(Ink::Red)),
        }
        if !run.inputs.is_empty() {
            self.field("inputs", &tensors(&run.inputs));
        }
        if !run.outputs.is_empty() {
            self.field("outputs", &tensors(&run.outputs));
        }
        if !run.classes.is_empty() && self.look.width > 0 {
            let known = self.text.contains("  classes");
            if !known {
                self.field("classes", &list_of(&run.classes, SHOWN));
            }
        }
    }

    fn imports(&mut self, piece: &Piece) {
        if piece.imports.is_empty() {
            return;
        }
        if !self.text.ends_with("\n\n") {
            let _ = writeln!(self.text);
        }
        let count = |danger| piece.imports.iter().filter(|import| import.danger == danger).count();
        let (usual, unusual, dangerous) =
            (count(Danger::Usual), count(Danger::Unusual), count(Danger::Dangerous));
        let mut text = format!(
            "loading it in Python would import {} {}: {usual} usual for models",
            piece.imports.len(),
            if piece.imports.len() == 1 { "name" } else { "names" }
        );
        if unusual > 0 {
            let _ = write!(text, ", {unusual} unusual");
        }
        if dangerous > 0 {
            let _ = write!(text, ", {dangerous} dangerous");
        }
        self.field("imports", &text);
        for (danger, ink, word) in
            [(Danger::Dangerous, Ink::Red, "dangerous"), (Danger::Unusual, Ink::Yellow, "unusual")]
        {
            let imports: Vec<_> =
                piece.imports.iter().filter(|import| import.danger == danger).collect();
            for import in imports.iter().take(LINES) {
                let why = import.why.unwrap_or_default();
                self.inked(word, &format!("{}: {why}", import.name), Some(ink));
            }
            if imports.len() > LINES {
                self.inked(word, &format!("and {} more", imports.len() - LINES), Some(ink));
            }
        }
    }
}

fn columns_of(columns: &Columns) -> String {
    let count = columns.count.map(|count| count.to_string()).unwrap_or_default();
    if columns.names.is_empty() {
        format!("{count}, without names")
    } else {
        format!("{count}: {}", list_of(&columns.names, SHOWN))
    }
}

/// The parameters that tell most, those that are None left out.
fn telling(parameters: &[(String, String)]) -> Option<String> {
    let told: Vec<String> = TELLING
        .iter()
        .filter_map(|name| parameters.iter().find(|(known, _)| known == name))
        .filter(|(_, value)| !matches!(value.as_str(), "None" | "'deprecated'" | "'warn'"))
        .take(6)
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn shapes(fitted: &[(String, String)]) -> Option<String> {
    let told: Vec<String> = fitted.iter().map(|(name, value)| format!("{name} {value}")).collect();
    (!told.is_empty()).then(|| told.join(", "))
}

fn tensors(tensors: &[Tensor]) -> String {
    let told: Vec<String> = tensors
        .iter()
        .map(|tensor| {
            let shape: Vec<String> = tensor.shape.iter().map(i64::to_string).collect();
            format!("{} {} [{}]", tensor.name, tensor.datatype, shape.join(", "))
        })
        .collect();
    list_of(&told, SHOWN)
}

/// `35,123,456`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_parted() {
        assert_eq!(grouped(1_234_567), "1,234,567");
    }
}
