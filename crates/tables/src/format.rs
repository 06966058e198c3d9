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

/// What is not read, by its first bytes, and what to do about it.
pub(crate) fn other_content(head: &[u8]) -> Option<&'static str> {
    const OTHERS: [(&[u8], &str); 13] = [
        (b"PK\x03\x04", "a ZIP archive or an Excel workbook; unpack it, or save it as CSV"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook; save it as CSV"),
        (
            b"\x28\xb5\x2f\xfd",
            "compressed with zstd; unpack it: zstd -dc FILE | pelton predict ...",
        ),
        (b"BZh", "compressed with bzip2; unpack it: bzip2 -dc FILE | pelton predict ..."),
        (b"\xfd7zXZ", "compressed with xz; unpack it: xz -dc FILE | pelton predict ..."),
        (b"\xff\xfe", "text in UTF-16; save it as UTF-8"),
        (b"\xfe\xff", "text in UTF-16; save it as UTF-8"),
        (b"ARROW1", "an Arrow (Feather) file; save it as Parquet"),
        (b"ORC", "an ORC file; save it as Parquet"),
        (b"Obj\x01", "an Avro file; save it as Parquet"),
        (b"\x89HDF", "an HDF5 file; save it as Parquet"),
        (b"\x93NUMPY", "a NumPy array; save it as CSV (numpy.savetxt) or Parquet"),
        (b"SQLite format 3", "an SQLite database; save a table of it as CSV"),
    ];
    // A pickle, from protocol 2 on, tells its protocol and goes on with an opcode.
    if let [0x80, 2..=5, ..] = head {
        return Some("a pickle, not a table; in pandas: pandas.read_pickle(path).to_parquet(...)");
    }
    if head.starts_with(b"version https://git-lfs") {
        return Some("a Git LFS pointer, not the file itself; fetch it with `git lfs pull`");
    }
    let begins = |mark: &[u8]| {
        head.trim_ascii_start()
            .get(..mark.len())
            .is_some_and(|text| text.eq_ignore_ascii_case(mark))
    };
    if begins(b"<!doctype html") || begins(b"<html") {
        return Some("an HTML page; download the raw file, not the page that shows it");
    }
    // `ORC` and `BZh` may begin text too.
    let text = std::str::from_utf8(head).is_ok_and(|text| !text.contains('\0'));
    let known =
        OTHERS.iter().find(|(mark, _)| head.starts_with(mark) && !(text && mark.is_ascii()));
    known.map(|(_, words)| *words)
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
