//! The formats of tables, told by a file's content or, where that cannot be, by its name.

use std::path::Path;

/// A format of tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Lines of values with a header; the separator is found out.
    Csv,
    /// One JSON object, or array, a line.
    JsonLines,
    /// Parquet.
    Parquet,
}

impl Format {
    /// The words a flag takes, with what they mean.
    pub const WORDS: [(&'static str, Self); 5] = [
        ("csv", Self::Csv),
        ("jsonl", Self::JsonLines),
        ("parquet", Self::Parquet),
        ("tsv", Self::Csv),
        ("ndjson", Self::JsonLines),
    ];

    /// What a file is by the end of its name; `None` if that says nothing.
    pub fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "csv" | "tsv" | "txt" => Some(Self::Csv),
            "jsonl" | "ndjson" | "json" => Some(Self::JsonLines),
            "parquet" | "pq" => Some(Self::Parquet),
            _ => None,
        }
    }

    /// What a file is by its first bytes: what is neither Parquet nor JSON is CSV.
    pub fn of_content(head: &[u8]) -> Self {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        match text.first() {
            _ if head.starts_with(b"PAR1") => Self::Parquet,
            Some(b'{' | b'[') => Self::JsonLines,
            _ => Self::Csv,
        }
    }

    /// What it is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "CSV",
            Self::JsonLines => "JSON lines",
            Self::Parquet => "Parquet",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_names_tell_formats() {
        assert_eq!(Format::of_content(b"PAR1\x15"), Format::Parquet);
        assert_eq!(Format::of_content(b"\xef\xbb\xbf {\"a\": 1}"), Format::JsonLines);
        assert_eq!(Format::of_content(b"a,b\n1,2"), Format::Csv);
        assert_eq!(Format::of_content(b""), Format::Csv);
        assert_eq!(Format::of_name(Path::new("a/b.PARQUET")), Some(Format::Parquet));
        assert_eq!(Format::of_name(Path::new("rows")), None);
    }
}
