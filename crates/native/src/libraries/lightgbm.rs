//! `lightgbm.sklearn` and `lightgbm.Booster` (2.2 to 4.7).
//!
//! Source: `lightgbm/sklearn.py`, `basic.py` of 3.3, 4.5 and 4.7.

use pelton_pickle::{Kind as ValueKind, Value};

use super::boosted::{Boosted, Choice, Classes, Kind};
use super::categories::{Category, Codes};
use super::rows::Preparation;
use crate::boosters::Refused;
use crate::boosters::lightgbm::LightGBM;
use crate::data::Labels;
use crate::estimator::{Estimator, Promise};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("lightgbm", "LGBMClassifier", read_classifier),
    ("lightgbm", "LGBMRegressor", read_numbers),
    ("lightgbm", "LGBMRanker", read_numbers),
    ("lightgbm", "LGBMModel", read_numbers),
    ("lightgbm", "Booster", read_booster),
];

/// Parameters that change what `predict` does.
const AT_PREDICTION: [&str; 4] =
    ["pred_early_stop", "num_iteration_predict", "start_iteration_predict", "predict_raw_score"];

fn read_booster(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (model, rounds) = model_of(fitted, fitted.value)?;
    boosted(&model, rounds, None).map_err(|why| fitted.refuse(why))
}

fn read_numbers(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (model, rounds) = wrapped(fitted)?;
    boosted(&model, rounds, None).map_err(|why| fitted.refuse(why))
}

fn read_classifier(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (model, rounds) = wrapped(fitted)?;
    if model.objective.is_none() {
        return Err(fitted.refuse_option("an objective of its own"));
    }
    let labels = match fitted.option("_le") {
        Some(encoder) => fitted.with(encoder).labels("classes_")?,
        None => fitted.labels("_classes")?,
    };
    if labels.len() != model.n_outputs.max(2) {
        return Err(fitted.refuse(format!(
            "{} has {} classes and {} trees a round",
            fitted.class(),
            labels.len(),
            model.n_outputs
        )));
    }
    let boosted = boosted_of(&model, rounds, Some(labels)).map_err(|why| fitted.refuse(why))?;
    // 4.7 brought decision_function, and this attribute.
    let decision = fitted.value.get_attr("_fitted_with_feature_names").is_some();
    Ok(Box::new(Boosted { decision, ..boosted }))
}

fn wrapped(fitted: &Fitted<'_>) -> Result<(LightGBM, Option<usize>), Refusal> {
    for name in AT_PREDICTION {
        if fitted.option(name).is_some() {
            return Err(fitted.refuse_option(format!("the parameter {name}")));
        }
    }
    let booster = fitted.attr("_Booster")?;
    if booster.is_none() {
        return Err(fitted.refuse(format!("{} was not fitted before it was saved", fitted.class())));
    }
    model_of(fitted, booster)
}

/// The model's text, and the rounds that early stopping found best.
fn model_of(fitted: &Fitted<'_>, booster: Value<'_>) -> Result<(LightGBM, Option<usize>), Refusal> {
    let text = ["_handle", "handle"].into_iter().find_map(|name| booster.get_attr(name)?.as_str());
    let text = fitted.wanted("_handle", text, "a model's text")?;
    let mut model = LightGBM::read(text.as_bytes()).map_err(|why| fitted.refuse(why))?;
    // The object's own categories are those that count.
    if let Some(kept) = booster.get_attr("pandas_categorical").filter(|kept| !kept.is_none()) {
        model.pandas_categorical = categories(fitted, kept)?;
    }
    let best = booster.get_attr("best_iteration").and_then(Value::as_i64).unwrap_or(0);
    let rounds = usize::try_from(best).ok().filter(|best| *best > 0);
    let rounds = rounds.map(|best| best.min(model.n_iterations));
    Ok((model, rounds))
}

/// Lists of categories as pickled, in the form the text has them.
fn categories(
    fitted: &Fitted<'_>,
    kept: Value<'_>,
) -> Result<Vec<Vec<serde_json::Value>>, Refusal> {
    let unknown = || fitted.refuse_option("categories that are neither text nor numbers");
    let category = |value: Value<'_>| match value.kind() {
        ValueKind::Str => value.as_str().map(serde_json::Value::from),
        ValueKind::Bool => value.as_bool().map(serde_json::Value::from),
        _ => match value.as_i64() {
            Some(number) => Some(number.into()),
            None => value.as_f64().map(serde_json::Value::from),
        },
    };
    let columns = kept.items().map_err(|_| unknown())?;
    let columns = columns.map(|column| {
        let items = column.items().map_err(|_| unknown())?;
        items.map(|value| category(value).ok_or_else(unknown)).collect()
    });
    columns.collect()
}

/// A model file: what `lightgbm.Booster` answers.
pub(super) fn of_file(model: &LightGBM) -> Result<Box<dyn Estimator>, Refused> {
    boosted(model, None, None)
}

fn boosted(
    model: &LightGBM,
    rounds: Option<usize>,
    labels: Option<Labels>,
) -> Result<Box<dyn Estimator>, Refused> {
    boosted_of(model, rounds, labels).map(|boosted| Box::new(boosted) as _)
}

fn boosted_of(
    model: &LightGBM,
    rounds: Option<usize>,
    labels: Option<Labels>,
) -> Result<Boosted, Refused> {
    let kind = match labels {
        None => Kind::Numbers,
        Some(labels) => Kind::Classes(Classes {
            labels: [labels],
            choice: Choice::Greatest,
            as_column: false,
            named: None,
        }),
    };
    Ok(Boosted {
        booster: model.booster(rounds)?,
        kind,
        single: false,
        decision: false,
        promise: Promise::Bits,
        names: names(model),
        preparation: Preparation { codes: codes(model)?, ..Preparation::default() },
    })
}

/// The names, unless LightGBM made them up.
fn names(model: &LightGBM) -> Option<Vec<String>> {
    let mut names = model.feature_names.iter().enumerate();
    let made_up = names.all(|(index, name)| *name == format!("Column_{index}"));
    (!made_up).then(|| model.feature_names.clone())
}

/// The categories of the columns that were pandas categories, in the order of these columns.
fn codes(model: &LightGBM) -> Result<Vec<Option<Codes>>, Refused> {
    let kept = &model.pandas_categorical;
    if kept.is_empty() {
        return Ok(Vec::new());
    }
    if model.categorical.iter().filter(|is| **is).count() != kept.len() {
        return Err(Refused::new(
            "the model does not tell which of its columns were pandas categories",
        ));
    }
    let mut kept = kept.iter();
    let codes = model.categorical.iter().map(|categorical| {
        let Some(kept) = categorical.then(|| kept.next()).flatten() else { return Ok(None) };
        let known = kept.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        Ok(Some(Codes::looked_up(&known)))
    });
    codes.collect()
}

fn known(category: &serde_json::Value) -> Result<Category, Refused> {
    match category {
        serde_json::Value::String(text) => Ok(Category::Text(text.clone())),
        serde_json::Value::Bool(flag) => Ok(Category::Number(f64::from(u8::from(*flag)))),
        number => match number.as_f64() {
            Some(number) => Ok(Category::Number(number)),
            None => Err(Refused::new("a pandas category is neither text nor a number")),
        },
    }
}
