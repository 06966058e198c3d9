//! What a model file tells of the values its columns have: thresholds of trees, categories, centres
//! and ranges of scalers, fill values of imputers, words of vectorisers.
//!
//! Only hints: what is missed or wrong makes rows duller, never wrong. Walks are bounded.

mod columns;
mod encoders;

use pelton_pickle::{Kind, Value};

use columns::{chosen_columns, passes_on};
use encoders::Encoded;

/// Numbers and texts kept for one column.
const PER_COLUMN_MAX: usize = 20_000;

/// Nesting followed.
const DEPTH_MAX: usize = 16;

/// Trees looked at, and words.
const TREES_MAX: usize = 2000;
const WORDS_MAX: usize = 5000;

/// Attributes that hold the estimator that does the work.
const INNER: [&str; 6] = [
    "best_estimator_",
    "estimator_",
    "regressor_",
    "classifier_",
    "final_estimator_",
    "base_estimator_",
];

/// Attributes that hold several, each given the same columns.
const MEMBERS: [&str; 3] = ["estimators_", "calibrated_classifiers_", "transformer_list"];

/// Values that a model tells apart, by column.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// Numbers: each may be a border between two answers.
    pub numbers: Vec<Vec<f64>>,
    /// Texts: categories.
    pub texts: Vec<Vec<String>>,
    /// Words of a text model.
    pub words: Vec<String>,
    /// What the encoder of a column knows, where it refuses all else; empty for other columns.
    pub only: Vec<Categories>,
}

/// Categories of a column.
#[derive(Clone, Debug, Default)]
pub struct Categories {
    /// Those that are numbers; NaN if a missing value is one.
    pub numbers: Vec<f64>,
    /// Those that are texts.
    pub texts: Vec<String>,
    /// Whether a missing value is one.
    pub missing: bool,
}

/// A column of the input, and how a number of the part at hand becomes one of the input:
/// `number * scale + shift`.
#[derive(Clone, Copy)]
struct Source {
    column: usize,
    scale: f64,
    shift: f64,
    /// Whether missing values were filled on the way.
    is_filled: bool,
}

impl Hints {
    /// Reads what the parts of a model with these columns tell, in the order they are applied.
    pub fn read(parts: &[Value<'_>], names: &[String], count: usize) -> Self {
        let mut hints = Self {
            numbers: vec![Vec::new(); count],
            texts: vec![Vec::new(); count],
            words: Vec::new(),
            only: vec![Categories::default(); count],
        };
        let plain = |column| Source { column, scale: 1.0, shift: 0.0, is_filled: false };
        let columns: Vec<Source> = (0..count).map(plain).collect();
        hints.steps(parts.iter().copied(), &columns, names, 0);
        for column in &mut hints.numbers {
            column.sort_by(f64::total_cmp);
            column.dedup_by(|a, b| a.to_bits() == b.to_bits());
        }
        for column in &mut hints.texts {
            column.sort();
            column.dedup();
        }
        hints
    }

    /// Columns whose encoder refuses what it does not know.
    pub(crate) fn closed(&self) -> impl Iterator<Item = usize> {
        self.only.iter().enumerate().filter(|(_, only)| !only.is_empty()).map(|(at, _)| at)
    }

    fn number(&mut self, source: Option<&Source>, number: f64) {
        let Some(source) = source else { return };
        let known = &mut self.numbers[source.column];
        let number = number * source.scale + source.shift;
        if number.is_finite() && known.len() < PER_COLUMN_MAX {
            known.push(number);
        }
    }

    fn walk(&mut self, part: Value<'_>, columns: &[Source], names: &[String], depth: usize) {
        if depth > DEPTH_MAX || part.kind() != Kind::Object {
            return;
        }
        self.own(part, columns, names);
        for attribute in INNER {
            if let Some(inner) = part.get_attr(attribute) {
                self.walk(inner, columns, names, depth + 1);
            }
        }
        for attribute in MEMBERS {
            let members = part.get_attr(attribute).and_then(|list| list.items().ok());
            for member in members.into_iter().flatten().take(TREES_MAX) {
                let inner = member.item(1).unwrap_or(member);
                let inner = inner.get_attr("estimator").unwrap_or(inner);
                self.walk(inner, columns, names, depth + 1);
            }
        }
        if let Some(steps) = part.get_attr("steps").and_then(|list| list.items().ok()) {
            // What is no pair is no step, and nothing behind it is understood.
            self.steps(steps.take(64).map_while(|step| step.item(1).ok()), columns, names, depth);
        }
        let transformers = part.get_attr("transformers_").and_then(|list| list.items().ok());
        for entry in transformers.into_iter().flatten().take(1000) {
            let (Ok(inner), Ok(chosen)) = (entry.item(1), entry.item(2)) else { continue };
            let chosen = chosen_columns(chosen, columns, names);
            self.walk(inner, &chosen, names, depth + 1);
        }
    }

    /// A step sees the columns as long as those before it keep them in their places.
    fn steps<'d>(
        &mut self,
        steps: impl Iterator<Item = Value<'d>>,
        columns: &[Source],
        names: &[String],
        depth: usize,
    ) {
        let mut columns = columns.to_vec();
        for step in steps {
            self.walk(step, &columns, names, depth + 1);
            if !passes_on(step, &mut columns) {
                return;
            }
        }
    }

    /// What a part says by itself.
    fn own(&mut self, part: Value<'_>, columns: &[Source], names: &[String]) {
        for attribute in ["statistics_", "data_min_", "data_max_"] {
            for (index, number) in numbers(part, attribute).into_iter().enumerate() {
                self.number(columns.get(index), number);
            }
        }
        for (centre, spread) in [("mean_", "scale_"), ("center_", "scale_")] {
            let spreads = numbers(part, spread);
            for (index, number) in numbers(part, centre).into_iter().enumerate() {
                let spread = spreads.get(index).copied().unwrap_or(1.0);
                for step in [-2.0, -1.0, 0.0, 1.0, 2.0] {
                    self.number(columns.get(index), number + step * spread);
                }
            }
        }
        let edges = part.get_attr("bin_edges_").and_then(|list| list.items().ok());
        for (source, list) in columns.iter().zip(edges.into_iter().flatten()) {
            self.categories(*source, &Categories::read(list));
        }
        for Encoded { column, categories, closed } in encoders::encoded(part, columns, names) {
            self.categories(column, &categories);
            if closed {
                let filled = column.is_filled;
                self.only[column.column].add(if filled { categories.filled() } else { categories });
            }
        }
        if let Some(words) = part.get_attr("vocabulary_").and_then(|words| words.entries().ok()) {
            let words = words.filter_map(|(word, _)| word.as_str().map(str::to_owned));
            self.words.extend(words.take(WORDS_MAX.saturating_sub(self.words.len())));
        }
        self.trees(part, columns);
        self.lightgbm(part, columns);
    }

    fn categories(&mut self, source: Source, categories: &Categories) {
        let known = &mut self.texts[source.column];
        let free = PER_COLUMN_MAX.saturating_sub(known.len());
        known.extend(categories.texts.iter().take(free).cloned());
        categories.numbers.iter().for_each(|number| self.number(Some(&source), *number));
    }

    /// Thresholds of scikit-learn's trees.
    fn trees(&mut self, part: Value<'_>, columns: &[Source]) {
        let nodes = part.get_attr("tree_").and_then(|tree| tree.get_attr("nodes"));
        self.nodes(nodes, "feature", "threshold", columns);
        let stages = part.get_attr("_predictors").and_then(|list| list.items().ok());
        for stage in stages.into_iter().flatten().take(TREES_MAX) {
            for tree in stage.items().into_iter().flatten().take(64) {
                self.nodes(tree.get_attr("nodes"), "feature_idx", "num_threshold", columns);
            }
        }
    }

    fn nodes(
        &mut self,
        nodes: Option<Value<'_>>,
        feature: &str,
        threshold: &str,
        columns: &[Source],
    ) {
        let Some(nodes) = nodes.and_then(Value::as_array) else { return };
        let features = nodes.field(feature).and_then(pelton_pickle::Array::to_i64_vec);
        let thresholds = nodes.field(threshold).and_then(pelton_pickle::Array::to_f64_vec);
        let (Ok(features), Ok(thresholds)) = (features, thresholds) else { return };
        for (feature, threshold) in features.into_iter().zip(thresholds) {
            if let Ok(feature) = usize::try_from(feature) {
                self.number(columns.get(feature), threshold);
            }
        }
    }

    /// Thresholds of LightGBM's text, which its pickles hold.
    fn lightgbm(&mut self, part: Value<'_>, columns: &[Source]) {
        let booster = part.get_attr("_Booster").and_then(|booster| booster.get_attr("_handle"));
        let Some(text) = booster.and_then(Value::as_str) else { return };
        let mut features: Vec<usize> = Vec::new();
        for line in text.lines() {
            if let Some(list) = line.strip_prefix("split_feature=") {
                features = list.split(' ').filter_map(|number| number.parse().ok()).collect();
            } else if let Some(list) = line.strip_prefix("threshold=") {
                for (feature, number) in features.iter().zip(list.split(' ')) {
                    if let Ok(number) = number.parse() {
                        self.number(columns.get(*feature), number);
                    }
                }
            }
        }
    }
}

fn numbers(part: Value<'_>, attribute: &str) -> Vec<f64> {
    let Some(value) = part.get_attr(attribute).filter(|value| value.kind() == Kind::Array) else {
        return Vec::new();
    };
    value.to_f64_vec().unwrap_or_default()
}
