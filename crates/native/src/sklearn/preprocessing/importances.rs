//! How important an estimator finds its columns, read from its file without running it.
//!
//! Source: `sklearn.feature_selection._base._get_feature_importances`, `_from_model._calculate_threshold`,
//! `sklearn.tree._tree.Tree.compute_feature_importances`, `ensemble._forest` and `_gb` (1.2 to 1.9).

use pelton_pickle::Value;

use crate::math::{ascending, pairwise_sum};
use crate::reader::{Fitted, Refusal, Version};

/// The columns' importances: of coefficients their size, of trees what their splits gained.
///
/// # Errors
/// The estimator has neither in a form that is understood.
pub(super) fn importances(fitted: &Fitted<'_>, inner: Value<'_>) -> Result<Vec<f64>, Refusal> {
    match fitted.option("importance_getter") {
        None => {}
        Some(getter) if matches!(getter.as_str(), Some("auto" | "coef_")) => {}
        Some(_) => return Err(fitted.refuse_option("an importance_getter of its own")),
    }
    if let Some(coefficients) = inner.get_attr("coef_") {
        let array = coefficients.as_array();
        let array = fitted.wanted("coef_", array, "an array")?;
        let values = fitted.numbers_of("coef_", coefficients)?;
        return match array.shape() {
            [_] => Ok(values.iter().map(|value| value.abs()).collect()),
            [_, columns] => norms(fitted, &values, *columns),
            _ => Err(fitted.refuse("SelectFromModel's coefficients are no matrix")),
        };
    }
    let class = inner.class().map_or("", |class| class.name);
    match class {
        "DecisionTreeClassifier"
        | "DecisionTreeRegressor"
        | "ExtraTreeClassifier"
        | "ExtraTreeRegressor" => tree(fitted, inner, true),
        "RandomForestClassifier"
        | "RandomForestRegressor"
        | "ExtraTreesClassifier"
        | "ExtraTreesRegressor" => forest(fitted, inner),
        _ => Err(fitted.refuse_option(format!("{class} as its estimator"))),
    }
}

/// The norm of each column of coefficients, of several rows.
fn norms(fitted: &Fitted<'_>, values: &[f64], columns: usize) -> Result<Vec<f64>, Refusal> {
    let order = match fitted.option("norm_order") {
        None => 1.0,
        Some(_) => fitted.number("norm_order")?,
    };
    let of = |column: usize| -> Option<f64> {
        let all = values.iter().skip(column).step_by(columns.max(1)).map(|value| value.abs());
        match order {
            1.0 => Some(all.sum()),
            2.0 => Some(all.map(|value| value * value).sum::<f64>().sqrt()),
            f64::INFINITY => Some(all.fold(0.0, f64::max)),
            _ => None,
        }
    };
    let all: Option<Vec<f64>> = (0..columns).map(of).collect();
    all.ok_or_else(|| fitted.refuse_option(format!("norm_order={order}")))
}

fn forest(fitted: &Fitted<'_>, inner: Value<'_>) -> Result<Vec<f64>, Refusal> {
    let refusal = || fitted.refuse("SelectFromModel's forest cannot be used");
    let trees = inner.get_attr("estimators_").ok_or_else(refusal)?;
    let mut all: Vec<Vec<f64>> = Vec::new();
    for member in trees.items().map_err(|_| refusal())? {
        let nodes = member.get_attr("tree_").and_then(|tree| tree.get_attr("node_count"));
        if nodes.and_then(Value::as_i64).is_some_and(|count| count > 1) {
            all.push(tree(fitted, member, true)?);
        }
    }
    let Some(first) = all.first() else { return Err(refusal()) };
    let columns = first.len();
    // The mean down the columns of a matrix is summed from its first row on.
    let mut mean = vec![0.0; columns];
    for one in &all {
        mean.iter_mut().zip(one).for_each(|(sum, value)| *sum += value);
    }
    mean.iter_mut().for_each(|sum| *sum /= all.len() as f64);
    let sum = pairwise_sum(&mean);
    mean.iter_mut().for_each(|value| *value /= sum);
    Ok(mean)
}

/// What the splits of a tree gained, by column, as shares of their sum.
fn tree(fitted: &Fitted<'_>, inner: Value<'_>, shares: bool) -> Result<Vec<f64>, Refusal> {
    let refusal = || fitted.refuse("SelectFromModel's tree cannot be used");
    let tree = inner.get_attr("tree_").ok_or_else(refusal)?;
    let columns = tree.args().next().and_then(Value::as_i64);
    let columns = columns.and_then(|count| usize::try_from(count).ok()).ok_or_else(refusal)?;
    let nodes = tree.get_attr("nodes").and_then(Value::as_array).ok_or_else(refusal)?;
    let integers = |name: &str| {
        nodes.field(name).and_then(pelton_pickle::Array::to_i64_vec).map_err(|_| refusal())
    };
    let numbers = |name: &str| {
        nodes.field(name).and_then(pelton_pickle::Array::to_f64_vec).map_err(|_| refusal())
    };
    let (left, right) = (integers("left_child")?, integers("right_child")?);
    let (feature, impurity) = (integers("feature")?, numbers("impurity")?);
    let weights = numbers("weighted_n_node_samples")?;
    let mut gained = vec![0.0; columns.min(1 << 24)];
    for at in 0..left.len() {
        if left[at] < 0 {
            continue;
        }
        let child = |child: i64| usize::try_from(child).ok().filter(|child| *child < left.len());
        let (Some(left), Some(right)) = (child(left[at]), child(right[at])) else {
            return Err(refusal());
        };
        let place = usize::try_from(feature[at]).ok().and_then(|at| gained.get_mut(at));
        *place.ok_or_else(refusal)? += weights[at] * impurity[at]
            - weights[left] * impurity[left]
            - weights[right] * impurity[right];
    }
    if let Some(root) = weights.first() {
        gained.iter_mut().for_each(|value| *value /= root);
    }
    if shares {
        let sum = pairwise_sum(&gained);
        if sum > 0.0 {
            gained.iter_mut().for_each(|value| *value /= sum);
        }
    }
    Ok(gained)
}

/// Importances below this are left out.
///
/// # Errors
/// The option is neither a number nor a multiple of the mean or median.
pub(super) fn threshold(
    fitted: &Fitted<'_>,
    inner: Value<'_>,
    scores: &[f64],
) -> Result<f64, Refusal> {
    let given = match fitted.option("threshold") {
        None if is_l1(inner) => return Ok(1e-5),
        None => "mean",
        Some(value) => match value.as_str() {
            Some(text) => text,
            None => return fitted.number("threshold"),
        },
    };
    let (scale, reference) = match given.split_once('*') {
        None => (None, given),
        Some((scale, reference)) => (scale.trim().parse::<f64>().ok(), reference.trim()),
    };
    let value = match reference {
        "mean" => pairwise_sum(scores) / scores.len() as f64,
        "median" => median(scores),
        _ => return Err(fitted.refuse_option(format!("threshold='{given}'"))),
    };
    match (given.contains('*'), scale) {
        (false, _) => Ok(value),
        (true, Some(scale)) => Ok(scale * value),
        (true, None) => Err(fitted.refuse_option(format!("threshold='{given}'"))),
    }
}

fn median(scores: &[f64]) -> f64 {
    let mut sorted = scores.to_vec();
    sorted.sort_by(|a, b| ascending(*a, *b));
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

/// Whether a penalty makes unimportant coefficients zero.
fn is_l1(inner: Value<'_>) -> bool {
    let class = inner.class().map_or("", |class| class.name);
    let near_one = |name: &str| {
        inner
            .get_attr(name)
            .and_then(Value::as_f64)
            .is_some_and(|ratio| (ratio - 1.0).abs() <= 1e-5)
    };
    inner.get_attr("penalty").and_then(Value::as_str) == Some("l1")
        || class.contains("Lasso")
        || matches!(class, "ElasticNet" | "LogisticRegression") && near_one("l1_ratio")
        || class == "ElasticNetCV" && near_one("l1_ratio_")
}

/// Whether an estimator takes NaN, as its tags in scikit-learn say.
pub(super) fn lets_nan_through(inner: Value<'_>) -> bool {
    let Some(class) = inner.class() else { return false };
    let version = Version::told_by(inner).unwrap_or_default();
    let at_least = |minor: u32| version >= Version(1, minor);
    match class.name {
        name if name.starts_with("HistGradientBoosting") => true,
        name if name.starts_with("XGB") || name.starts_with("LGBM") => true,
        name if name.starts_with("DecisionTree") => at_least(3),
        name if name.starts_with("RandomForest") => at_least(4),
        name if name.starts_with("ExtraTree") => at_least(6),
        _ => false,
    }
}

/// Whether an estimator that is not read here checks its input for numbers.
pub(super) fn takes_numbers(inner: Value<'_>) -> bool {
    const BY_TREES: [&str; 5] =
        ["RandomForest", "ExtraTrees", "GradientBoosting", "HistGradient", "Isolation"];
    const NESTED: [&str; 5] =
        ["estimators_", "estimators", "estimator", "base_estimator", "transformer_list"];
    let Some(class) = inner.class() else { return false };
    if class.module.split('.').next() != Some("sklearn") {
        return false;
    }
    BY_TREES.iter().any(|start| class.name.starts_with(start))
        || NESTED.iter().all(|name| inner.get_attr(name).is_none())
}
