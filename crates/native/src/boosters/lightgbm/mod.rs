//! LightGBM's model text (`version=v2` to `v4`: LightGBM 2.2 to 4.7), as files and pickles hold it.
//!
//! Must not know Python's classes around a booster.

mod objective;
mod text;
mod tree;

use super::refused::refuse;
use super::{Booster, Link, Refused};
use crate::trees::{CategoryCast, Ensemble, Input, Sum, Tree};
use text::Text;

/// A LightGBM model as its text describes it.
pub struct LightGBM {
    /// The version of the format: `v4`.
    pub version: String,
    /// The objective with its parameters, as written; `None` for a custom one.
    pub objective: Option<String>,
    /// Features a row has.
    pub n_features: usize,
    /// Raw scores a row gets: trees a round.
    pub n_outputs: usize,
    /// Classes; 1 where the objective tells none apart or two.
    pub n_classes: usize,
    /// Names of the features; `Column_0` and so on where the data had none.
    pub feature_names: Vec<String>,
    /// Which features are categorical.
    pub categorical: Vec<bool>,
    /// The categories of the pandas columns that had any, in the order of these columns.
    pub pandas_categorical: Vec<Vec<serde_json::Value>>,
    /// Rounds of boosting.
    pub n_iterations: usize,
    trees: Vec<Tree>,
    average: bool,
    link: Link,
}

/// Trees a round beyond this are a broken file.
const OUTPUTS_MAX: usize = 1 << 16;

impl LightGBM {
    /// Reads a model text.
    ///
    /// # Errors
    /// The bytes are no model text, or the model is one that is not supported natively.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let Ok(text) = std::str::from_utf8(bytes) else { refuse!("the model text is not UTF-8") };
        let text = Text::new(text)?;
        let header = &text.header;
        let Some(version) = header.get("version") else {
            refuse!(
                "the model text has no line 'version=', as LightGBM before 2.1 wrote it, and v2 to \
                 v4 are supported; load it in a newer LightGBM and save it anew"
            );
        };
        if !matches!(version, "v2" | "v3" | "v4") {
            refuse!(
                "the model text is of version '{}', v2 to v4 are supported",
                text::cut(version)
            );
        }
        let Some(n_features) = header.number::<usize>("max_feature_idx")?.checked_add(1) else {
            refuse!("max_feature_idx is too large")
        };
        let n_classes: usize = header.number("num_class")?;
        let n_outputs = match header.get("num_tree_per_iteration") {
            Some(_) => header.number("num_tree_per_iteration")?,
            None => n_classes,
        };
        if n_outputs == 0 || n_outputs > OUTPUTS_MAX || text.trees.len() % n_outputs != 0 {
            refuse!("{} trees, {n_outputs} a round", text.trees.len());
        }
        if text.trees.is_empty() {
            refuse!("the model has no trees: it was not fitted");
        }
        let objective = header.get("objective");
        let infos = listed(header.text("feature_infos")?, n_features, "feature_infos")?;
        Ok(Self {
            version: version.to_owned(),
            objective: objective.map(str::to_owned),
            n_features,
            n_outputs,
            n_classes,
            feature_names: listed(header.text("feature_names")?, n_features, "feature_names")?
                .into_iter()
                .map(str::to_owned)
                .collect(),
            categorical: infos
                .iter()
                .map(|info| *info != "none" && !info.starts_with('['))
                .collect(),
            pandas_categorical: pandas_categorical(text.pandas_categorical)?,
            n_iterations: text.trees.len() / n_outputs,
            trees: trees(&text, n_outputs)?,
            average: header.get("average_output").is_some(),
            link: objective.map_or(Ok(Link::Identity), |line| objective::link(line, n_outputs))?,
        })
    }

    /// The engine and the link, for the first `iterations` rounds or all of them.
    ///
    /// # Errors
    /// There are fewer rounds than asked for, or the trees are broken.
    pub fn booster(&self, iterations: Option<usize>) -> Result<Booster, Refused> {
        let iterations = iterations.unwrap_or(self.n_iterations);
        if iterations == 0 || iterations > self.n_iterations {
            refuse!("the first {iterations} rounds of {} are asked for", self.n_iterations);
        }
        let ensemble = Ensemble {
            n_features: self.n_features,
            n_outputs: self.n_outputs,
            input: Input::F64,
            sum: Sum::F64,
            initial: vec![0.0; self.n_outputs],
            divisor: None,
            category_cast: CategoryCast::LightGbm,
            trees: self.trees[..iterations * self.n_outputs].to_vec(),
        };
        let booster = Booster::trees(ensemble, self.link)?;
        Ok(if self.average { booster.averaged_over(iterations as f64) } else { booster })
    }

    /// What turns raw scores into answers.
    pub fn link(&self) -> Link {
        self.link
    }
}

fn trees(text: &Text<'_>, n_outputs: usize) -> Result<Vec<Tree>, Refused> {
    let trees = text.trees.iter().enumerate();
    let trees = trees.map(|(at, fields)| {
        tree::tree(fields, (at % n_outputs) as u32)
            .map_err(|error| Refused::new(format!("tree {at}: {error}")))
    });
    trees.collect()
}

/// Words parted by spaces, one a feature.
fn listed<'a>(line: &'a str, n_features: usize, field: &str) -> Result<Vec<&'a str>, Refused> {
    let words: Vec<_> = line.split(' ').filter(|word| !word.is_empty()).collect();
    if words.len() != n_features {
        refuse!("{} {field} for {n_features} features", words.len());
    }
    Ok(words)
}

fn pandas_categorical(json: Option<&str>) -> Result<Vec<Vec<serde_json::Value>>, Refused> {
    let Some(json) = json else { return Ok(Vec::new()) };
    match serde_json::from_str::<Option<_>>(json) {
        Ok(categories) => Ok(categories.unwrap_or_default()),
        Err(error) => refuse!("pandas_categorical is no list of lists: {error}"),
    }
}
