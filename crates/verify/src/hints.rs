//! What a model file tells of the values its columns have: thresholds of trees, categories, centres
//! and ranges of scalers, fill values of imputers, words of vectorisers.
//!
//! Only hints: what is missed or wrong makes rows duller, never wrong. Walks are bounded.

use pelton_pickle::{Document, Kind, Value};

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
}

/// A column of the input, and how a number of the part at hand becomes one of the input:
/// `number * scale + shift`.
#[derive(Clone, Copy)]
struct Source {
    column: usize,
    scale: f64,
    shift: f64,
}

impl Hints {
    /// Reads what documents tell of a model with these columns.
    pub fn read(documents: &[Document], names: &[String], count: usize) -> Self {
        let mut hints = Self {
            numbers: vec![Vec::new(); count],
            texts: vec![Vec::new(); count],
            words: Vec::new(),
        };
        let plain = |column| Source { column, scale: 1.0, shift: 0.0 };
        for document in documents {
            let root = document.root();
            let columns: Vec<Source> = (0..count).map(plain).collect();
            // Of a bundle any part may be meant: all are asked.
            let parts: Vec<Value<'_>> = if root.kind() == Kind::Dict {
                let entries = root.entries().into_iter().flatten();
                entries.map(|(_, value)| value).take(64).collect()
            } else {
                vec![root]
            };
            for part in parts {
                hints.walk(part, &columns, names, 0);
            }
        }
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
        self.own(part, columns);
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
            self.steps(steps.take(64), columns, names, depth);
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
            let Ok(step) = step.item(1) else { return };
            self.walk(step, &columns, names, depth + 1);
            if !passes_on(step, &mut columns) {
                return;
            }
        }
    }

    /// What a part says by itself.
    fn own(&mut self, part: Value<'_>, columns: &[Source]) {
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
        for attribute in ["categories_", "bin_edges_"] {
            let lists = part.get_attr(attribute).and_then(|list| list.items().ok());
            for (index, list) in lists.into_iter().flatten().enumerate() {
                self.categories(columns.get(index), list);
            }
        }
        if let Some(words) = part.get_attr("vocabulary_").and_then(|words| words.entries().ok()) {
            let words = words.filter_map(|(word, _)| word.as_str().map(str::to_owned));
            self.words.extend(words.take(WORDS_MAX.saturating_sub(self.words.len())));
        }
        self.trees(part, columns);
        self.lightgbm(part, columns);
    }

    fn categories(&mut self, source: Option<&Source>, list: Value<'_>) {
        let Some(source) = source else { return };
        if let Ok(texts) = list.array().and_then(pelton_pickle::Array::to_strings) {
            let known = &mut self.texts[source.column];
            known.extend(texts.into_iter().take(PER_COLUMN_MAX.saturating_sub(known.len())));
            return;
        }
        if let Ok(numbers) = list.to_f64_vec() {
            numbers.into_iter().for_each(|number| self.number(Some(source), number));
            return;
        }
        // Objects of several kinds.
        for item in list.items().into_iter().flatten().take(PER_COLUMN_MAX) {
            match (item.as_str(), item.as_f64()) {
                (Some(text), _) if self.texts[source.column].len() < PER_COLUMN_MAX => {
                    self.texts[source.column].push(text.to_owned());
                }
                (_, Some(number)) => self.number(Some(source), number),
                _ => {}
            }
        }
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

/// Whether a step keeps its columns, and if it does, how its numbers relate to the input's.
fn passes_on(step: Value<'_>, columns: &mut [Source]) -> bool {
    let Some(class) = step.class() else {
        return step.is_none() || step.as_str() == Some("passthrough");
    };
    let (centres, spreads) = match class.name {
        "StandardScaler" => (numbers(step, "mean_"), numbers(step, "scale_")),
        "RobustScaler" => (numbers(step, "center_"), numbers(step, "scale_")),
        "MaxAbsScaler" => (Vec::new(), numbers(step, "scale_")),
        "MinMaxScaler" => {
            // x * scale + min, so back: (t - min) / scale.
            let (scales, minima) = (numbers(step, "scale_"), numbers(step, "min_"));
            let centres = minima.iter().zip(&scales).map(|(min, scale)| -min / scale).collect();
            (centres, scales.iter().map(|scale| 1.0 / scale).collect())
        }
        "SimpleImputer" | "SMOTE" | "RandomOverSampler" | "RandomUnderSampler" => {
            (Vec::new(), Vec::new())
        }
        _ => return false,
    };
    for (index, source) in columns.iter_mut().enumerate() {
        let (centre, spread) = (
            centres.get(index).copied().unwrap_or(0.0),
            spreads.get(index).copied().unwrap_or(1.0),
        );
        source.shift += centre * source.scale;
        source.scale *= spread;
    }
    true
}

/// The columns that a ColumnTransformer gives to one of its parts: by name or place.
fn chosen_columns(chosen: Value<'_>, columns: &[Source], names: &[String]) -> Vec<Source> {
    let of_name = |name: &str| names.iter().position(|known| known == name);
    let of_place = |place: i64| {
        usize::try_from(place).ok().or_else(|| columns.len().checked_add_signed(place as isize))
    };
    let find = |value: Value<'_>| {
        let place = match value.as_str() {
            Some(name) => of_name(name),
            None => value.as_i64().and_then(of_place),
        };
        place.and_then(|place| columns.get(place)).copied()
    };
    if let Some([start, stop, _]) = chosen.as_slice() {
        let bound = |value: Value<'_>, none| {
            value
                .as_i64()
                .and_then(of_place)
                .or_else(|| value.as_str().and_then(of_name))
                .unwrap_or(none)
        };
        let last = bound(stop, columns.len()) + usize::from(stop.as_str().is_some());
        let first = bound(start, 0);
        return columns.get(first..last.min(columns.len())).unwrap_or_default().to_vec();
    }
    if let Some(array) = chosen.as_array() {
        if let Ok(texts) = array.to_strings() {
            return texts.iter().filter_map(|name| columns.get(of_name(name)?)).copied().collect();
        }
        if let (Ok(mask), pelton_pickle::DTypeKind::Bool) =
            (array.to_bool_vec(), array.dtype().kind())
        {
            let kept = columns.iter().zip(mask).filter(|(_, keep)| *keep);
            return kept.map(|(source, _)| *source).collect();
        }
        let places = array.to_i64_vec().unwrap_or_default().into_iter();
        return places.filter_map(|place| columns.get(of_place(place)?)).copied().collect();
    }
    match chosen.items() {
        Ok(items) => {
            let items: Vec<Value<'_>> = items.take(100_000).collect();
            if !items.is_empty() && items.iter().all(|item| item.as_bool().is_some()) {
                let kept =
                    columns.iter().zip(&items).filter(|(_, keep)| keep.as_bool() == Some(true));
                return kept.map(|(source, _)| *source).collect();
            }
            items.into_iter().filter_map(find).collect()
        }
        Err(_) => find(chosen).into_iter().collect(),
    }
}
