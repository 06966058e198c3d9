//! Selectors of columns: by a mask that was stored, by scores, by the importances of an estimator.
//!
//! Source: `sklearn.feature_selection` (0.24 to 1.9), `_get_support_mask` of each class.

use pelton_pickle::Value;

use super::importances::{importances, lets_nan_through, takes_numbers, threshold};
use super::rows::{RowMap, mapped};
use crate::data::{Data, Finite, Form, Pool, Real, Slot, SparseRows, View, ViewMut};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::math::ascending;
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[
    ("sklearn", "VarianceThreshold", read_variance),
    ("sklearn", "SelectKBest", read_k_best),
    ("sklearn", "SelectPercentile", read_percentile),
    ("sklearn", "SelectFpr", read_p_values),
    ("sklearn", "SelectFdr", read_p_values),
    ("sklearn", "SelectFwe", read_p_values),
    ("sklearn", "GenericUnivariateSelect", read_generic),
    ("sklearn", "SelectFromModel", read_from_model),
    ("sklearn", "SequentialFeatureSelector", read_support),
];

/// Some of the columns.
pub(super) struct Selected {
    features: usize,
    /// Where each column that is given comes from, ascending.
    kept: Vec<u32>,
    /// The values it lets through; any, where its estimator's tags say that NaN is.
    finite: Option<Finite>,
    numbers: bool,
}

fn read_variance(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let variances = fitted.numbers("variances_")?;
    let threshold = fitted.number("threshold")?;
    let mask: Vec<bool> = variances.iter().map(|variance| *variance > threshold).collect();
    Ok(Box::new(Transforms(Selected::new(&mask, None, true))))
}

fn read_k_best(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    univariate(fitted, "k_best", "k", "scores_")
}

fn read_percentile(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    univariate(fitted, "percentile", "percentile", "scores_")
}

fn read_p_values(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mode = fitted.class().trim_start_matches("Select").to_lowercase();
    univariate(fitted, &mode, "alpha", "pvalues_")
}

fn read_generic(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mode = fitted.text("mode")?;
    let by_score = matches!(mode, "k_best" | "percentile");
    univariate(fitted, mode, "param", if by_score { "scores_" } else { "pvalues_" })
}

fn univariate(
    fitted: &Fitted<'_>,
    mode: &str,
    option: &str,
    values: &str,
) -> Result<Box<dyn Estimator>, Refusal> {
    let values = fitted.numbers(values)?;
    let given = fitted.attr(option)?;
    let mask = if given.as_str() == Some("all") {
        vec![true; values.len()]
    } else {
        let given = fitted.number(option)?;
        match mode {
            "k_best" => best(&values, given as usize),
            "percentile" => percentile(&values, given),
            "fpr" => values.iter().map(|p| *p < given).collect(),
            "fwe" => values.iter().map(|p| *p < given / values.len() as f64).collect(),
            "fdr" => false_discoveries(&values, given),
            other => return Err(fitted.refuse_option(format!("mode='{other}'"))),
        }
    };
    Ok(Box::new(Transforms(Selected::new(&mask, unless_framed(fitted, Some(Finite::Only)), true))))
}

/// The values that are let through: from 1.3 on any are, in a frame that is to become one.
fn unless_framed(fitted: &Fitted<'_>, finite: Option<Finite>) -> Option<Finite> {
    let framed = fitted.gives_frames() && fitted.option("feature_names_in_").is_some();
    finite.filter(|_| !framed || fitted.version() < Version(1, 3))
}

fn read_support(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mask = support(fitted)?;
    let finite = match fitted.option("estimator") {
        Some(inner) if lets_nan_through(inner) => None,
        _ => Some(Finite::Only),
    };
    let finite = unless_framed(fitted, finite);
    Ok(Box::new(Transforms(Selected::new(&mask, finite, false))))
}

fn read_from_model(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let template = fitted.attr("estimator")?;
    let inner = fitted.option("estimator_").unwrap_or(template);
    let scores = importances(fitted, inner)?;
    let least = threshold(fitted, inner, &scores)?;
    let mut mask = vec![true; scores.len()];
    if fitted.option("max_features").is_some() {
        let most = fitted.option("max_features_").or(fitted.option("max_features"));
        let most = most.and_then(Value::as_i64).and_then(|most| usize::try_from(most).ok());
        let most = fitted.wanted("max_features", most, "a count")?;
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|a, b| ascending(-scores[*a], -scores[*b]));
        mask.fill(false);
        order.iter().take(most).for_each(|at| mask[*at] = true);
    }
    for (kept, score) in mask.iter_mut().zip(&scores) {
        *kept &= *score >= least || score.is_nan() || least.is_nan();
    }
    let finite = unless_framed(fitted, (!lets_nan_through(template)).then_some(Finite::Only));
    // It is judged by its estimator, where it has kept one.
    let numbers = fitted.option("estimator_").is_some_and(takes_numbers);
    Ok(Box::new(Transforms(Selected::new(&mask, finite, numbers))))
}

/// The mask that some selectors keep.
pub(super) fn support(fitted: &Fitted<'_>) -> Result<Vec<bool>, Refusal> {
    let mask = fitted.attr("support_")?.as_array().and_then(|array| array.to_bool_vec().ok());
    fitted.wanted("support_", mask, "a mask")
}

/// The k with the greatest scores; of equal ones the later.
fn best(scores: &[f64], k: usize) -> Vec<bool> {
    let scores: Vec<f64> =
        scores.iter().map(|score| if score.is_nan() { f64::MIN } else { *score }).collect();
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|a, b| ascending(scores[*a], scores[*b]));
    let mut mask = vec![false; scores.len()];
    order.iter().rev().take(k).for_each(|at| mask[*at] = true);
    mask
}

fn percentile(scores: &[f64], percent: f64) -> Vec<bool> {
    if percent >= 100.0 || percent <= 0.0 || scores.is_empty() {
        return vec![percent >= 100.0; scores.len()];
    }
    let scores: Vec<f64> =
        scores.iter().map(|score| if score.is_nan() { f64::MIN } else { *score }).collect();
    let mut sorted = scores.clone();
    sorted.sort_by(|a, b| ascending(*a, *b));
    // numpy's linear interpolation.
    let place = (100.0 - percent) / 100.0 * (sorted.len() as f64 - 1.0);
    let below = (place.floor() as usize).min(sorted.len() - 1);
    let above = (below + 1).min(sorted.len() - 1);
    let (low, high, part) = (sorted[below], sorted[above], place - place.floor());
    let step = high - low;
    let least = if part >= 0.5 { high - step * (1.0 - part) } else { low + step * part };
    let mut mask: Vec<bool> = scores.iter().map(|score| *score > least).collect();
    let most = (scores.len() as f64 * percent / 100.0) as usize;
    let mut room = most.saturating_sub(mask.iter().filter(|kept| **kept).count());
    for (kept, score) in mask.iter_mut().zip(&scores) {
        if room > 0 && ascending(*score, least).is_eq() {
            *kept = true;
            room -= 1;
        }
    }
    mask
}

fn false_discoveries(p_values: &[f64], alpha: f64) -> Vec<bool> {
    let count = p_values.len() as f64;
    let mut sorted = p_values.to_vec();
    sorted.sort_by(|a, b| ascending(*a, *b));
    let held = sorted.iter().enumerate().filter(|(at, p)| **p <= alpha / count * (at + 1) as f64);
    let most = held.map(|(_, p)| *p).fold(f64::NEG_INFINITY, f64::max);
    p_values.iter().map(|p| *p <= most).collect()
}

impl Selected {
    pub(super) fn new(mask: &[bool], finite: Option<Finite>, numbers: bool) -> Self {
        let kept = (0..).zip(mask).filter(|(_, kept)| **kept).map(|(at, _)| at).collect();
        Self { features: mask.len(), kept, finite, numbers }
    }
}

impl RowMap for Selected {
    fn map<T: Real>(&self, x: View<'_, T>, mut out: ViewMut<'_, T>, _pool: &mut Pool) {
        out.for_each_row(|row, out| {
            let from = x.row(row);
            for (out, at) in out.iter_mut().zip(&self.kept) {
                *out = from[*at as usize];
            }
        });
    }
}

impl Fit for Selected {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        if self.numbers {
            evidence.add_numeric(columns);
        } else {
            evidence.add_any(columns);
        }
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }
}

impl Transformer for Selected {
    fn width(&self) -> usize {
        self.kept.len()
    }

    fn keeps_type(&self) -> bool {
        true
    }

    fn form(&self, input: Form) -> Form {
        if input.is_sparse() { input } else { input.numeric() }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        mapped(self, x, self.finite, out, pool)
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let Data::Sparse(from) = x else { unreachable!("sparse rows alone stay sparse") };
        let mut rows = pool.take_sparse(self.kept.len(), x.form());
        for (columns, values) in from.iter() {
            let mut place = 0;
            for (column, value) in columns.iter().zip(values) {
                if self.finite.is_some() && !value.is_finite() {
                    return Err(Rejected::new("input contains NaN or infinity"));
                }
                // Both ascend.
                place += self.kept[place..].partition_point(|kept| kept < column);
                if self.kept.get(place) == Some(column) {
                    rows.push(place as u32, *value);
                }
            }
            rows.end_row();
        }
        Ok(rows)
    }
}
