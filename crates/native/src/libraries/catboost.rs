//! `catboost.CatBoost` and its kin (1.0 to 1.2).
//!
//! Source: `catboost/core.py` of 1.2 to 1.2.10.

use std::sync::Arc;

use pelton_pickle::Value;

use super::boosted::{Boosted, Choice, Classes, Kind};
use super::features::Features;
use super::rows::Preparation;
use crate::boosters::Refused;
use crate::boosters::catboost::{CatBoost, Label, Prediction};
use crate::data::Labels;
use crate::estimator::{Estimator, Promise};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("catboost", "CatBoostClassifier", read_classifier),
    ("catboost", "CatBoostRegressor", read_regressor),
    ("catboost", "CatBoostRanker", read_raw),
    ("catboost", "CatBoost", read_raw),
];

fn read_raw(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    numbers(&model_of(fitted)?, Prediction::Raw).map_err(|why| fitted.refuse(why))
}

fn read_regressor(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let model = model_of(fitted)?;
    let loss = ["loss_function", "objective"].into_iter().find_map(|name| fitted.option(name));
    let prediction = regression(loss.and_then(Value::as_str));
    numbers(&model, prediction).map_err(|why| fitted.refuse(why))
}

fn read_classifier(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    classifier(&model_of(fitted)?).map_err(|why| fitted.refuse(why))
}

fn model_of(fitted: &Fitted<'_>) -> Result<CatBoost, Refusal> {
    let Some(bytes) = fitted.value.get_attr("__model").and_then(Value::as_bytes) else {
        return Err(fitted.refuse(format!("{} was not fitted before it was saved", fitted.class())));
    };
    CatBoost::read(bytes).map_err(|why| fitted.refuse(why))
}

/// What a regressor's `predict` answers for its loss function.
fn regression(loss: Option<&str>) -> Prediction {
    match loss {
        Some(loss) if loss.starts_with("Poisson") || loss.starts_with("Tweedie") => {
            Prediction::Exponent
        }
        Some("RMSEWithUncertainty") => Prediction::MeanAndVariance,
        _ => Prediction::Raw,
    }
}

/// A model file: a classifier where it has class labels or was trained as one, a regressor else.
pub(super) fn of_file(model: &CatBoost) -> Result<Box<dyn Estimator>, Refused> {
    if model.classes.is_empty() && !model.is_classifier() {
        return numbers(model, regression(model.loss.as_deref()));
    }
    classifier(model)
}

fn numbers(model: &CatBoost, prediction: Prediction) -> Result<Box<dyn Estimator>, Refused> {
    boosted(model, prediction, Kind::Numbers)
}

fn classifier(model: &CatBoost) -> Result<Box<dyn Estimator>, Refused> {
    if let Some(loss @ ("MultiLogloss" | "MultiCrossEntropy")) = model.loss.as_deref() {
        return Err(Refused::new(format!(
            "{loss}, of several labels a row, is not supported natively"
        )));
    }
    // Releases before 0.24 note no labels of their own for 0 and 1.
    let plain = || (model.n_outputs == 1).then(|| Labels::integers([0, 1]));
    let noted = if model.classes.is_empty() { plain() } else { labels(&model.classes) };
    let Some(labels) = noted else {
        return Err(Refused::new("the model has no class labels, or of several types"));
    };
    let choice = Choice::ByRaw(model.link(Prediction::Class)?);
    let as_column = model.n_outputs > 1;
    let classes = Classes { labels: [labels], choice, as_column, named: None };
    boosted(model, Prediction::Probability, Kind::Classes(classes))
}

fn labels(classes: &[Label]) -> Option<Labels> {
    let all = classes.iter();
    Some(match classes.first()? {
        Label::Integer(_) => Labels::integers(all.map_while(|label| match label {
            Label::Integer(number) => Some(*number),
            _ => None,
        })),
        Label::Float(_) => Labels::floats(all.map_while(float)),
        Label::Text(_) => Labels::Text(all.map_while(text).collect()),
        Label::Boolean(_) => Labels::Bool(all.map_while(boolean).collect()),
    })
    .filter(|labels| labels.len() == classes.len())
}

fn float(label: &Label) -> Option<f64> {
    if let Label::Float(number) = label { Some(*number) } else { None }
}

fn text(label: &Label) -> Option<String> {
    if let Label::Text(text) = label { Some(text.clone()) } else { None }
}

fn boolean(label: &Label) -> Option<bool> {
    if let Label::Boolean(flag) = label { Some(*flag) } else { None }
}

fn boosted(
    model: &CatBoost,
    prediction: Prediction,
    kind: Kind,
) -> Result<Box<dyn Estimator>, Refused> {
    Ok(Box::new(Boosted {
        booster: model.booster(prediction)?,
        kind,
        single: false,
        decision: false,
        promise: Promise::Bits,
        names: names(model),
        preparation: Preparation {
            features: Some(Features::new(Arc::clone(&model.inputs))),
            ..Preparation::default()
        },
    }))
}

/// The names, unless CatBoost made them up: it counts columns without a name.
fn names(model: &CatBoost) -> Option<Vec<String>> {
    let names: Vec<String> = (0..).zip(&model.feature_names).map(named).collect();
    let made_up = names.iter().enumerate().all(|(index, name)| *name == index.to_string());
    (!made_up).then_some(names)
}

fn named((index, name): (usize, &String)) -> String {
    if name.is_empty() { index.to_string() } else { name.clone() }
}
