//! What is wrong with a table as a whole, in words for people.

use std::fmt;

use pelton_core::system_words;

/// Why a table cannot be read, written or given to the model: lower case, no full stop, names the
/// offending thing and what to do. Rows that are wrong one by one are [`crate::BadRow`]s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    message: String,
    reader_gone: bool,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), reader_gone: false }
    }

    /// A failed write.
    pub(crate) fn of_write(error: &std::io::Error) -> Self {
        let reader_gone = error.kind() == std::io::ErrorKind::BrokenPipe;
        Self { message: format!("cannot write the output: {}", system_words(error)), reader_gone }
    }

    /// A failed read.
    pub(crate) fn of_read(error: &std::io::Error) -> Self {
        Self::new(format!("cannot read the input: {}", system_words(error)))
    }

    /// Whether whoever read the output has gone away, which is nobody's fault.
    pub const fn is_reader_gone(&self) -> bool {
        self.reader_gone
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Problem {}

/// Names for a message: quoted, the first few, the rest counted.
pub(crate) fn list<'a>(names: impl ExactSizeIterator<Item = &'a str>) -> String {
    const SHOWN: usize = 8;
    let count = names.len();
    let shown: Vec<String> = names.take(SHOWN).map(quoted).collect();
    let shown = shown.join(", ");
    if count > SHOWN { format!("{shown} and {} more", count - SHOWN) } else { shown }
}

/// A text of the file for a message: quoted, control characters escaped, cut when long.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 60;
    let mut plain: String = text.chars().take(SHOWN).flat_map(escaped).collect();
    if text.chars().nth(SHOWN).is_some() {
        plain.push_str("...");
    }
    format!("'{plain}'")
}

fn escaped(c: char) -> Vec<char> {
    if c.is_control() { c.escape_default().collect() } else { vec![c] }
}
