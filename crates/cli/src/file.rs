//! `pelton.toml`: raw values with the line each stands on; unknown keys are refused by name.
//!
//! Must not know what a value means beyond its TOML type.

use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;

use pelton_core::system_words;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use crate::layers::{FileLayer, FileModel, Origin, Place, Raw, Values};
use crate::problems::Problems;
use crate::settings::{self, Kind, Scope, Setting, nearest};

/// A configuration file is a page or two; more is something else.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// The key of the models' tables, and that of a model's path.
const MODELS: &str = "models";
const PATH: &str = "path";

/// Reads the file; what is wrong with it goes to `problems`.
pub(crate) fn read(path: &Path, problems: &mut Problems) -> FileLayer {
    match contents(path) {
        Ok(text) => layer(path, &text, problems),
        Err(why) => {
            problems.push(format_args!("configuration file {} {why}", path.display()));
            FileLayer::default()
        }
    }
}

fn contents(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist".to_owned(),
        std::io::ErrorKind::InvalidData => "is not UTF-8 text".to_owned(),
        _ => format!("cannot be read: {}", system_words(&error)),
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err("is not a file".to_owned());
    }
    if metadata.len() > FILE_BYTES_MAX {
        return Err(format!("has more than {FILE_BYTES_MAX} bytes"));
    }
    std::fs::read_to_string(path).map_err(failed)
}

fn layer(path: &Path, text: &str, problems: &mut Problems) -> FileLayer {
    let reader = Reader { file: Arc::from(path), text };
    let table = match DeTable::parse(text) {
        Ok(table) => table.into_inner(),
        Err(error) => {
            let line = reader.line(error.span().map_or(0, |span| span.start));
            problems.push(format_args!(
                "{}:{line}: not valid TOML: {}",
                path.display(),
                error.message().replace('\n', ", ")
            ));
            return FileLayer::default();
        }
    };
    let mut layer = FileLayer::default();
    for (key, value) in in_order(table) {
        let place = reader.place(key.get_ref(), &key);
        if *key.get_ref() == MODELS {
            layer.models = reader.models(&place, value.into_inner(), problems);
            continue;
        }
        let names = settings::ALL
            .iter()
            .filter(|setting| setting.scope != Scope::NotInFile)
            .map(|setting| setting.key)
            .chain([MODELS]);
        match settings::by_key(key.get_ref()).filter(|s| s.scope != Scope::NotInFile) {
            Some(setting) => reader.insert(&mut layer.values, setting, place, &value, problems),
            None => problems.push(unknown(&place, key.get_ref(), names)),
        }
    }
    layer
}

struct Reader<'a> {
    file: Arc<Path>,
    text: &'a str,
}

impl Reader<'_> {
    fn models(&self, place: &Place, value: DeValue<'_>, problems: &mut Problems) -> Vec<FileModel> {
        let DeValue::Table(table) = value else {
            problems
                .push(format_args!("{place} must hold one table per model, such as [models.iris]"));
            return Vec::new();
        };
        in_order(table)
            .filter_map(|(name, value)| {
                let place = self.place(&format!("{MODELS}.{}", name.get_ref()), &name);
                self.model(name.get_ref(), place, value.into_inner(), problems)
            })
            .collect()
    }

    fn model(
        &self,
        name: &str,
        place: Place,
        value: DeValue<'_>,
        problems: &mut Problems,
    ) -> Option<FileModel> {
        if let Err(why) = pelton_repository::check_name(name) {
            problems.push(format_args!("{place}: model name '{name}' {why}"));
            return None;
        }
        let DeValue::Table(table) = value else {
            problems.push(format_args!(
                "{place} must be a table, such as [{}] with path = \"{name}.pkl\"",
                place.key
            ));
            return None;
        };
        let mut model =
            FileModel { name: name.to_owned(), path: None, values: Values::new(), place };
        for (key, value) in in_order(table) {
            let place = self.place(&format!("{}.{}", model.place.key, key.get_ref()), &key);
            if *key.get_ref() == PATH {
                model.path = problems.take(raw(Kind::Path, place, value.get_ref()));
                continue;
            }
            match settings::by_key(key.get_ref()) {
                Some(setting) if setting.scope == Scope::Model => {
                    self.insert(&mut model.values, setting, place, &value, problems);
                }
                Some(setting) if setting.scope == Scope::Server => problems.push(format_args!(
                    "{place} is a setting of the server, not of a model; move {} to the top",
                    setting.key
                )),
                _ => problems.push(unknown(
                    &place,
                    key.get_ref(),
                    settings::ALL
                        .iter()
                        .filter(|setting| setting.scope == Scope::Model)
                        .map(|setting| setting.key)
                        .chain([PATH]),
                )),
            }
        }
        Some(model)
    }

    #[allow(clippy::unused_self, reason = "reads beside its siblings")]
    fn insert(
        &self,
        values: &mut Values,
        setting: &'static Setting,
        place: Place,
        value: &Spanned<DeValue<'_>>,
        problems: &mut Problems,
    ) {
        if let Some(raw) = problems.take(raw(setting.kind, place, value.get_ref())) {
            values.insert(setting.key, raw);
        }
    }

    fn place<T>(&self, key: &str, spanned: &Spanned<T>) -> Place {
        Place {
            file: self.file.clone(),
            line: self.line(spanned.span().start),
            key: key.to_owned(),
        }
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.text.get(..offset).unwrap_or(self.text);
        1 + before.matches('\n').count()
    }
}

/// A table's entries as they stand in the file, so that problems are told in that order.
fn in_order(
    table: DeTable<'_>,
) -> impl Iterator<Item = (Spanned<DeString<'_>>, Spanned<DeValue<'_>>)> {
    let mut entries: Vec<_> = table.into_iter().collect();
    entries.sort_by_key(|(key, _)| key.span().start);
    entries.into_iter()
}

/// The value as text, if its TOML type suits.
fn raw(kind: Kind, place: Place, value: &DeValue<'_>) -> Result<Raw, String> {
    let text = match (kind, value) {
        (Kind::Switch(_), DeValue::Boolean(switch)) => switch.to_string(),
        (Kind::Count | Kind::Port | Kind::Size | Kind::Duration, DeValue::Integer(number)) => {
            // As it would be written on the command line: radix prefixes and underscores gone.
            i64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| format!("{place}: {number} is too large"))?
                .to_string()
        }
        (kind, DeValue::String(text)) if !kind.is_switch() => text.clone().into_owned(),
        _ => {
            return Err(format!(
                "{place} must be {}, not {}",
                match kind {
                    Kind::Switch(_) => "true or false",
                    Kind::Count | Kind::Port => "a number",
                    Kind::Size => "a size such as \"2GiB\"",
                    Kind::Duration => "a time such as \"30s\"",
                    Kind::Path | Kind::Text(_) => "a string",
                },
                match value {
                    DeValue::String(_) => "a string",
                    DeValue::Integer(_) => "a number",
                    DeValue::Float(_) => "a fraction",
                    DeValue::Boolean(_) => "true or false",
                    DeValue::Datetime(_) => "a date",
                    DeValue::Array(_) => "a list",
                    DeValue::Table(_) => "a table",
                }
            ));
        }
    };
    Ok(Raw { value: OsString::from(text), origin: Origin::File(place) })
}

fn unknown<'a>(place: &Place, key: &str, names: impl Iterator<Item = &'a str>) -> String {
    let hint = nearest(key, names).map_or_else(
        || "docs/configuration.md lists those there are".to_owned(),
        |near| format!("did you mean {near}?"),
    );
    format!("{place} is no setting; {hint}")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_file_makes_the_reader_panic(text in "\\PC*") {
            layer(Path::new("pelton.toml"), &text, &mut Problems::default());
        }

        #[test]
        fn nor_does_one_that_is_nearly_right(
            text in "((workers|models|\\[models\\.a\\]|path|host)( = )?(1|0x|\"a\"|true|\\{|\\[)?\n?){0,8}",
        ) {
            layer(Path::new("pelton.toml"), &text, &mut Problems::default());
        }
    }
}
