//! What a model may be called, and what it is called when nobody says.
//!
//! Names go into URLs, metrics, log fields and file names, hence the narrow alphabet.

use std::path::Path;

/// Bytes of a model name at most.
pub const NAME_BYTES_MAX: usize = 128;

/// Suffixes that say how a file is compressed, not what it is called.
const COMPRESSION_SUFFIXES: [&str; 7] = ["gz", "bz2", "xz", "lzma", "lz4", "z", "zlib"];

/// Whether a model may have this name.
///
/// # Errors
/// What is wrong with it, to follow "model name '...'".
///
/// # Example
/// ```
/// assert!(pelton_repository::check_name("flights-2013.v2").is_ok());
/// assert!(pelton_repository::check_name("my model").is_err());
/// ```
pub fn check_name(name: &str) -> Result<(), String> {
    if name.is_empty() {
        return Err("is empty".to_owned());
    }
    if name.len() > NAME_BYTES_MAX {
        return Err(format!(
            "has {} characters, the limit is {NAME_BYTES_MAX}",
            name.chars().count()
        ));
    }
    if let Some(bad) =
        name.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')))
    {
        return Err(format!("contains {bad:?}; use letters, digits, '.', '_' and '-'"));
    }
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
        return Err("must start with a letter or a digit".to_owned());
    }
    Ok(())
}

/// The name a path gives its model: the file's without its extension (and without that of a
/// compression), a directory's whole. `None` when the path has no name that is text.
pub fn name_of(path: &Path, is_dir: bool) -> Option<String> {
    if is_dir {
        return Some(path.file_name()?.to_str()?.to_owned());
    }
    let mut stem = Path::new(path.file_stem()?);
    let suffix = path.extension().and_then(|suffix| suffix.to_str());
    if suffix.is_some_and(|suffix| COMPRESSION_SUFFIXES.contains(&suffix)) {
        stem = Path::new(stem.file_stem()?);
    }
    Some(stem.to_str()?.to_owned())
}

/// The nearest name that is permitted, if any is near.
pub(crate) fn plain(name: &str) -> Option<String> {
    let plain: String = name
        .chars()
        .map(|c| match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '.' | '_' | '-' => c,
            _ => '-',
        })
        .collect();
    let plain = plain.trim_start_matches(['.', '_', '-']);
    check_name(plain).is_ok().then(|| plain.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_gives_its_stem_and_a_directory_its_name() {
        let name = |path: &str, is_dir| name_of(Path::new(path), is_dir).unwrap();
        assert_eq!(name("a/iris.pkl", false), "iris");
        assert_eq!(name("iris", false), "iris");
        assert_eq!(name("iris.v2.pkl", false), "iris.v2");
        assert_eq!(name("iris.pkl.gz", false), "iris");
        assert_eq!(name("iris.joblib.z", false), "iris");
        assert_eq!(name("models/iris.v2/", true), "iris.v2");
        assert_eq!(name_of(Path::new(".."), true), None);
    }

    #[test]
    fn names_are_short_and_plain() {
        for good in ["iris", "7", "a.b_c-d", "Flights2013"] {
            check_name(good).unwrap();
        }
        let long = "x".repeat(NAME_BYTES_MAX + 1);
        for bad in ["", "my model", "a/b", "a=b", ".hidden", "-x", "é", &long] {
            check_name(bad).unwrap_err();
        }
    }
}
