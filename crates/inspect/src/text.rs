//! The report for a person at a terminal.
//!
//! Every text of the file is escaped here: a name must not move the cursor or change colours.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

use crate::describe::list_of;
use crate::imports::Danger;
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

/// How to show a report.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours are wanted.
    pub colours: bool,
}

/// Text of a file made safe for a terminal: control characters and such as change the direction of
/// writing are escaped.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        let invisible = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if invisible {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

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

struct Page {
    text: String,
    look: Look,
}

#[derive(Clone, Copy)]
enum Ink {
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
}

impl Page {
    fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => 1,
            Ink::Dim => 2,
            Ink::Red => 31,
            Ink::Yellow => 33,
            Ink::Green => 32,
        };
        if self.look.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    fn title(&mut self, name: &str) {
        let name = self.ink(Ink::Bold, &plain(name));
        let _ = writeln!(self.text, "{name}");
    }

    /// `  label   text`, the text broken at spaces to the width.
    fn field(&mut self, label: &str, text: &str) {
        self.inked(label, text, None);
    }

    fn inked(&mut self, label: &str, text: &str, ink: Option<Ink>) {
        const INDENT: usize = 13;
        let room = self.look.width.saturating_sub(INDENT).max(20);
        for (index, line) in wrap(&plain(text), room).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let label = self.ink(Ink::Dim, &format!("  {label:<11}"));
            let line = ink.map_or_else(|| line.clone(), |ink| self.ink(ink, &line));
            let _ = writeln!(self.text, "{label}{line}");
        }
    }

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

/// Lines of at most so many columns, broken at spaces, or anywhere where there is none.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let width: usize = word.chars().map(|c| c.width().unwrap_or(0)).sum();
        if used > 0 && used + 1 + width > room {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("one at least");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let width = c.width().unwrap_or(0);
            if used + width > room {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("one at least").push(c);
            used += width;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(plain("a\u{1b}[31mb\n\u{202e}c"), "a\\u{1b}[31mb\\n\\u{202e}c");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(wrap("aaa bb cccccc", 4), ["aaa", "bb", "cccc", "cc"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_room(text in "\\PC{0,80}", room in 2_usize..30) {
            for line in wrap(&plain(&text), room) {
                let width: usize = line.chars().map(|c| c.width().unwrap_or(0)).sum();
                prop_assert!(width <= room);
            }
        }
    }
}
