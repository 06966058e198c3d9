//! [`About`]: what a model is, for people. Must not decide anything.

use pelton_pickle::Value;

/// What a model is, for people.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    /// The class with its module.
    pub class: String,
    /// The library in a word: `sklearn`, `xgboost`, `lightgbm`, `catboost`.
    pub platform: String,
    /// Versions of libraries that the file tells, by the names they are installed under.
    pub libraries: Vec<(String, String)>,
    /// Class labels as text, in the order of the probabilities.
    pub classes: Vec<String>,
}

impl About {
    /// What a pickled estimator tells of itself; the labels are its reader's to add.
    pub(crate) fn of(value: Value<'_>) -> Self {
        let class = value.class();
        let package = class.map_or("", |class| class.module.split('.').next().unwrap_or_default());
        let version = value.get_attr("_sklearn_version").and_then(Value::as_str);
        let platform = if package == "imblearn" { "sklearn" } else { package };
        Self {
            class: class.map_or_else(String::new, |class| class.to_string()),
            platform: platform.to_owned(),
            libraries: version
                .map(|version| ("scikit-learn".to_owned(), version.to_owned()))
                .into_iter()
                .collect(),
            classes: Vec::new(),
        }
    }
}
