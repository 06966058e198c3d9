//! The categories that encoders know, by column, and whether they refuse others.
//!
//! Must not know which rows are made of them.

use pelton_pickle::{Array, Value, pandas};

use super::{Categories, PER_COLUMN_MAX, Source};

/// What an encoder knows of one column.
pub(super) struct Encoded {
    pub(super) column: Source,
    pub(super) categories: Categories,
    /// Whether it refuses all else.
    pub(super) closed: bool,
}

/// What a part knows of the columns it encodes; nothing if it is no encoder.
pub(super) fn encoded(part: Value<'_>, columns: &[Source], names: &[String]) -> Vec<Encoded> {
    let Some(class) = part.class() else { return Vec::new() };
    if class.module.starts_with("category_encoders") {
        return of_category_encoders(part, columns, names);
    }
    let closed = refuses(part, "handle_unknown");
    let of_list = |(column, list): (&Source, Value<'_>)| Encoded {
        column: *column,
        categories: Categories::read(list),
        closed,
    };
    match class.name {
        // They take one column; LabelBinarizer answers a class that it does not know.
        "LabelEncoder" | "LabelBinarizer" => {
            let categories = part.get_attr("classes_").map(Categories::read).unwrap_or_default();
            let closed = class.name == "LabelEncoder";
            let one = |column: &Source| Encoded { column: *column, categories, closed };
            columns.first().map(one).into_iter().collect()
        }
        _ => {
            let lists = part.get_attr("categories_").and_then(|list| list.items().ok());
            columns.iter().zip(lists.into_iter().flatten()).map(of_list).collect()
        }
    }
}

/// Their `mapping` has an entry for each column: of the encoder itself, or of the one that numbers the
/// categories first.
fn of_category_encoders(part: Value<'_>, columns: &[Source], names: &[String]) -> Vec<Encoded> {
    let inner = part.get_attr("ordinal_encoder").unwrap_or(part);
    let closed = refuses(part, "handle_unknown") || refuses(inner, "handle_unknown");
    let no_missing = refuses(part, "handle_missing") || refuses(inner, "handle_missing");
    let Some(mapping) = inner.get_attr("mapping") else { return Vec::new() };
    let by_name = mapping.entries().into_iter().flatten();
    let listed = mapping.items().into_iter().flatten();
    let listed = listed.filter_map(|entry| Some((entry.get("col")?, entry.get("mapping")?)));
    let of_column = |(name, known): (Value<'_>, Value<'_>)| {
        let at = names.iter().position(|column| Some(column.as_str()) == name.as_str())?;
        let column = columns.iter().find(|source| source.column == at)?;
        let index = pandas::series(known).map(|(index, _)| index);
        let index = index.or_else(|| Some(pandas::labelled_frame(known)?.0))?;
        let mut categories = Categories::read(index);
        if no_missing {
            categories.numbers.retain(|number| !number.is_nan());
            categories.missing = false;
        }
        Some(Encoded { column: *column, categories, closed })
    };
    by_name.chain(listed).take(PER_COLUMN_MAX).filter_map(of_column).collect()
}

fn refuses(part: Value<'_>, option: &str) -> bool {
    part.get_attr(option).and_then(Value::as_str) == Some("error")
}

impl Categories {
    /// The texts and numbers of a list or an array.
    pub(super) fn read(list: Value<'_>) -> Self {
        let mut read = Self::default();
        if let Ok(texts) = list.array().and_then(Array::to_strings) {
            read.texts.extend(texts.into_iter().take(PER_COLUMN_MAX));
        } else if let Ok(numbers) = list.to_f64_vec() {
            read.numbers = numbers;
            read.numbers.truncate(PER_COLUMN_MAX);
        } else {
            // Objects of several kinds.
            for item in list.items().into_iter().flatten().take(PER_COLUMN_MAX) {
                read.texts.extend(item.as_str().map(str::to_owned));
                read.numbers.extend(item.as_f64());
                read.missing |= item.is_none();
            }
        }
        read.missing |= read.numbers.iter().any(|number| number.is_nan());
        read
    }

    /// The same behind an imputer, which makes a known value of a missing one.
    pub(super) fn filled(mut self) -> Self {
        self.missing = true;
        if !self.numbers.is_empty() {
            self.numbers.push(f64::NAN);
        }
        self
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.numbers.is_empty() && self.texts.is_empty()
    }

    /// What another encoder of the column knows.
    pub(super) fn add(&mut self, other: Self) {
        let free = PER_COLUMN_MAX.saturating_sub(self.numbers.len().max(self.texts.len()));
        self.numbers.extend(other.numbers.into_iter().take(free));
        self.texts.extend(other.texts.into_iter().take(free));
        self.missing |= other.missing;
    }
}
