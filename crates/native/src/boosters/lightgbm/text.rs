//! LightGBM's model text cut into its fields: the header, the trees, and what follows them.
//!
//! Must not know what the fields mean, but for the lists of those that are known: an unknown one
//! could change answers and is an error.

use std::collections::HashMap;
use std::str::FromStr;

use crate::boosters::Refused;
use crate::boosters::refused::refuse;

/// Lines `key=value`, each key once.
pub(super) struct Fields<'a>(HashMap<&'a str, &'a str>);

/// A model text in its parts.
pub(super) struct Text<'a> {
    pub(super) header: Fields<'a>,
    pub(super) trees: Vec<Fields<'a>>,
    /// The JSON of the pandas categories, where there are any.
    pub(super) pandas_categorical: Option<&'a str>,
}

const HEADER: [&str; 12] = [
    "tree",
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "average_output",
    "feature_names",
    "monotone_constraints",
    "feature_infos",
    "tree_sizes",
];

const TREE: [&str; 22] = [
    "num_leaves",
    "num_cat",
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "leaf_value",
    "leaf_weight",
    "leaf_count",
    "internal_value",
    "internal_weight",
    "internal_count",
    "cat_boundaries",
    "cat_threshold",
    "is_linear",
    "leaf_const",
    "num_features",
    "leaf_features",
    "leaf_coeff",
    "shrinkage",
];

impl<'a> Text<'a> {
    pub(super) fn new(text: &'a str) -> Result<Self, Refused> {
        let mut lines = text.lines().peekable();
        if lines.peek() != Some(&"tree") {
            refuse!("the file is no LightGBM model text: its first line is not 'tree'");
        }
        let mut header = Fields(HashMap::new());
        while let Some(line) = lines.next_if(|line| !line.starts_with("Tree=")) {
            // A model without trees has its end here.
            if line == "end of trees" {
                break;
            }
            if !line.is_empty() {
                header.add(line, &HEADER)?;
            }
        }
        let mut trees = Vec::new();
        while let Some(line) = lines.next_if(|line| line.starts_with("Tree=")) {
            if line["Tree=".len()..] != trees.len().to_string() {
                refuse!("'{}' where tree {} was expected", cut(line), trees.len());
            }
            let mut tree = Fields(HashMap::new());
            while let Some(line) = lines.next_if(|line| !line.is_empty()) {
                tree.add(line, &TREE)?;
            }
            trees.push(tree);
            while lines.next_if(|line| line.is_empty()).is_some() {}
        }
        let pandas_categorical =
            lines.filter_map(|line| line.strip_prefix("pandas_categorical:")).next_back();
        Ok(Self { header, trees, pandas_categorical })
    }
}

impl<'a> Fields<'a> {
    fn add(&mut self, line: &'a str, known: &[&str]) -> Result<(), Refused> {
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if !known.contains(&key) {
            refuse!("the field '{}' is not known, so what it does to answers is not", cut(key));
        }
        if self.0.insert(key, value).is_some() {
            refuse!("the field '{key}' is there twice");
        }
        Ok(())
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a str> {
        self.0.get(key).copied()
    }

    pub(super) fn text(&self, key: &str) -> Result<&'a str, Refused> {
        match self.get(key) {
            Some(text) => Ok(text),
            None => refuse!("the field '{key}' is missing"),
        }
    }

    pub(super) fn number<T: FromStr>(&self, key: &str) -> Result<T, Refused> {
        let text = self.text(key)?;
        match text.trim().parse() {
            Ok(number) => Ok(number),
            Err(_) => refuse!("the field '{key}' is '{}', a number was expected", cut(text)),
        }
    }

    /// `n` numbers parted by spaces.
    pub(super) fn numbers<T: FromStr>(&self, key: &str, n: usize) -> Result<Vec<T>, Refused> {
        let mut numbers = Vec::new();
        for text in self.text(key)?.split_ascii_whitespace() {
            match text.parse() {
                Ok(number) => numbers.push(number),
                Err(_) => refuse!("the field '{key}' has '{}' among its numbers", cut(text)),
            }
        }
        if numbers.len() != n {
            refuse!("the field '{key}' has {} numbers, {n} were expected", numbers.len());
        }
        Ok(numbers)
    }
}

/// Enough of a text to know it by.
pub(super) fn cut(text: &str) -> &str {
    let end = text.char_indices().nth(40).map_or(text.len(), |(at, _)| at);
    &text[..end]
}
