//! [`Infrequent`]: the categories that an encoder puts together because they are rare.
//!
//! Source: `sklearn.preprocessing._encoders._BaseEncoder._map_infrequent_categories` (1.1 to 1.9).

use pelton_pickle::Value;

use super::categories::Categories;
use crate::data::{Column, float_text, number_among};
use crate::estimator::Rejected;
use crate::reader::{Fitted, Refusal};

/// By column, the group of every category; `None` where each is one of its own.
pub(super) struct Infrequent {
    columns: Vec<Option<Vec<usize>>>,
    /// By column, the group of rare categories.
    rare: Vec<Option<usize>>,
}

impl Infrequent {
    /// Reads what an encoder noted when it was fitted.
    ///
    /// # Errors
    /// It does not fit the categories.
    pub(super) fn read(fitted: &Fitted<'_>, known: &[Categories]) -> Result<Self, Refusal> {
        let enabled = fitted.flag("_infrequent_enabled", false)?;
        let Some(listed) = fitted.option("_default_to_infrequent_mappings").filter(|_| enabled)
        else {
            let none = known.iter().map(|_| None).collect();
            return Ok(Self { columns: none, rare: vec![None; known.len()] });
        };
        let refusal =
            || fitted.refuse(format!("{}'s infrequent categories cannot be used", fitted.class()));
        let rare = fitted.attr("_infrequent_indices")?;
        let items = |value: Value<'_>| value.items().map_or(0, |items| items.len());
        if items(listed) != known.len() || items(rare) != known.len() {
            return Err(refusal());
        }
        let mut all = Self { columns: Vec::new(), rare: Vec::new() };
        for (at, categories) in known.iter().enumerate() {
            let mapping = listed.item(at).map_err(|_| refusal())?;
            let groups = if mapping.is_none() {
                None
            } else {
                let groups = mapping.to_i64_vec().map_err(|_| refusal())?;
                let groups: Option<Vec<usize>> =
                    groups.into_iter().map(|group| usize::try_from(group).ok()).collect();
                // OrdinalEncoder leaves a category for missing values out.
                let fits = |groups: &Vec<usize>| {
                    groups.len() <= categories.len()
                        && groups.iter().all(|group| *group < categories.len())
                };
                Some(groups.filter(fits).ok_or_else(refusal)?)
            };
            let first = rare.item(at).ok().filter(|rare| !rare.is_none());
            let first = first.and_then(|rare| rare.to_i64_vec().ok()?.first().copied());
            let first = first.and_then(|first| usize::try_from(first).ok());
            let group = match (&groups, first) {
                (Some(groups), Some(first)) => Some(*groups.get(first).ok_or_else(refusal)?),
                _ => None,
            };
            all.columns.push(groups);
            all.rare.push(group);
        }
        Ok(all)
    }

    /// The group of a category.
    pub(super) fn group(&self, column: usize, category: usize) -> usize {
        match self.columns.get(column) {
            Some(Some(groups)) => groups.get(category).copied().unwrap_or(category),
            _ => category,
        }
    }

    /// The group that unknown values may join.
    pub(super) fn unknown(&self, column: usize) -> Option<usize> {
        self.rare.get(column).copied().flatten()
    }

    /// How many groups there are of this many categories.
    pub(super) fn groups(&self, column: usize, categories: usize) -> usize {
        (0..categories).map(|category| self.group(column, category) + 1).max().unwrap_or(0)
    }
}

/// A row refused because its value is not known.
pub(super) fn unknown_text(column: Column<'_>, row: usize, at: usize) -> Rejected {
    let value = match column {
        Column::Text(texts) => texts.get(row).map_or("nan".into(), |text| {
            let quoted = || format!("'{}'", String::from_utf8_lossy(text));
            number_among(text).map_or_else(quoted, float_text)
        }),
        Column::I64(values) => values[row].to_string(),
        Column::Bool(values) => if values[row] == 0 { "False" } else { "True" }.into(),
        Column::F64(_) | Column::F32(_) => column.number(row).map_or_else(String::new, float_text),
    };
    Rejected::new(format!("found unknown category {value} in column {at}"))
}
