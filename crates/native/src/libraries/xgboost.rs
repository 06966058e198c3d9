//! `xgboost.sklearn` and `xgboost.Booster` (0.72 to 3.3).
//!
//! Source: `xgboost/sklearn.py`, `core.py` of 0.90, 1.2, 1.4, 1.7, 2.1 and 3.2.

use pelton_core::DType;
use pelton_pickle::Value;

use super::boosted::{Boosted, Choice, Classes, Kind};
use super::categories::Codes;
use super::rows::{Missing, Preparation};
use crate::boosters::xgboost::{Call, XGBoost};
use crate::boosters::{Link, Refused};
use crate::data::Labels;
use crate::estimator::{Estimator, Promise};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("xgboost", "XGBClassifier", read_classifier),
    ("xgboost", "XGBRFClassifier", read_classifier),
    ("xgboost", "XGBRegressor", read_numbers),
    ("xgboost", "XGBRFRegressor", read_numbers),
    ("xgboost", "XGBRanker", read_numbers),
    ("xgboost", "XGBModel", read_numbers),
    ("xgboost", "Booster", read_booster),
];

/// The objective that answers the greatest class, not probabilities.
const SOFTMAX: &str = "multi:softmax";

fn read_booster(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let model = model_of(fitted, fitted.value)?;
    boosted(&model, Call::Booster, None, None).map_err(|why| fitted.refuse(why))
}

fn read_numbers(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (model, call, rounds) = wrapped(fitted)?;
    let mut boosted = boosted_of(&model, call, rounds, None).map_err(|why| fitted.refuse(why))?;
    set_missing(fitted, &model, &mut boosted.preparation)?;
    Ok(Box::new(boosted))
}

fn read_classifier(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (model, call, rounds) = wrapped(fitted)?;
    let n_classes = match fitted.option("n_classes_") {
        Some(_) => fitted.count("n_classes_")?,
        None => model.n_classes.max(2),
    };
    if model.n_outputs > 1 && model.n_classes == 0 && n_classes == 2 {
        return several_labels(fitted, &model, call, rounds);
    }
    if model.n_outputs > 1 && model.n_outputs != n_classes {
        return Err(fitted.refuse_option(format!("{n_classes} classes in several columns")));
    }
    if model.objective == SOFTMAX {
        if fitted.option("_le").is_some() {
            return Err(fitted.refuse_option("objective='multi:softmax' before XGBoost 1.6"));
        }
        let mut boosted = best_of(&model, call, rounds).map_err(|why| fitted.refuse(why))?;
        set_missing(fitted, &model, &mut boosted.preparation)?;
        return Ok(Box::new(boosted));
    }
    // The encoder of before 1.6, whose labels may be anything.
    let labels = match fitted.option("_le") {
        Some(encoder) => fitted.with(encoder).labels("classes_")?,
        None => Labels::integers(0..n_classes.max(2) as i64),
    };
    let labels = labels_for(labels, &model).map_err(|why| fitted.refuse(why))?;
    let mut boosted =
        boosted_of(&model, call, rounds, Some(labels)).map_err(|why| fitted.refuse(why))?;
    set_missing(fitted, &model, &mut boosted.preparation)?;
    // Before 2.0 the classes as they were in training, which `predict` does not answer.
    if let (Some(classes), Kind::Classes(kind)) = (fitted.option("classes_"), &mut boosted.kind) {
        kind.named = Some(fitted.labels_of("classes_", classes)?);
    }
    Ok(Box::new(boosted))
}

fn several_labels(
    fitted: &Fitted<'_>,
    model: &XGBoost,
    call: Call,
    rounds: Option<usize>,
) -> Result<Box<dyn Estimator>, Refusal> {
    let mut boosted = boosted_of(model, call, rounds, None).map_err(|why| fitted.refuse(why))?;
    set_missing(fitted, model, &mut boosted.preparation)?;
    Ok(Box::new(Boosted { kind: Kind::Flags(Labels::integers(0..2)), ..boosted }))
}

/// The booster inside a scikit-learn class, how it is called and for how many rounds.
fn wrapped(fitted: &Fitted<'_>) -> Result<(XGBoost, Call, Option<usize>), Refusal> {
    let booster = fitted.attr("_Booster")?;
    if booster.is_none() {
        return Err(fitted.refuse(format!("{} was not fitted before it was saved", fitted.class())));
    }
    let model = model_of(fitted, booster)?;
    // An attribute of the Python object before 2.0, of the booster itself since.
    let best = match booster.get_attr("best_iteration").and_then(Value::as_i64) {
        Some(best) => usize::try_from(best).ok(),
        None => model.best_iteration().map_err(|why| fitted.refuse(why))?,
    };
    let rounds = best.filter(|_| !model.is_linear()).map(|best| best.saturating_add(1));
    let rounds = rounds_of_several(fitted, &model, rounds)?;
    // From 0.80 on answers are those of the best round; 0.82 is the first that its objects tell of.
    let known = model.version[0] > 0 || fitted.value.get_attr("verbosity").is_some();
    if !known && rounds.is_some_and(|rounds| rounds != model.n_iterations) {
        return Err(fitted.refuse_option("early stopping before XGBoost 0.82"));
    }
    let predictor = fitted.option("predictor").and_then(Value::as_str);
    let in_place = model.version >= [1, 4, 0]
        && !model.is_linear()
        && matches!(predictor, None | Some("auto"));
    Ok((model, if in_place { Call::InPlace } else { Call::Booster }, rounds))
}

/// The rounds to sum up, where a round has several trees: files before 1.6 do not tell how many.
fn rounds_of_several(
    fitted: &Fitted<'_>,
    model: &XGBoost,
    rounds: Option<usize>,
) -> Result<Option<usize>, Refusal> {
    // A forest is one round of as many trees as it has estimators.
    let is_forest = fitted.value.class().is_some_and(|class| class.name.starts_with("XGBRF"));
    let option = if is_forest { "n_estimators" } else { "num_parallel_tree" };
    let parallel = fitted.option(option).and_then(Value::as_i64).unwrap_or(1);
    let parallel = usize::try_from(parallel).unwrap_or(1).max(1);
    let Some(best) = rounds.filter(|_| model.version < [1, 6, 0]) else { return Ok(rounds) };
    if best.saturating_mul(parallel) == model.n_iterations {
        return Ok(None);
    }
    if parallel > 1 {
        return Err(fitted
            .refuse_option(format!("{option}={parallel} with early stopping before XGBoost 1.6")));
    }
    Ok(rounds)
}

fn model_of(fitted: &Fitted<'_>, booster: Value<'_>) -> Result<XGBoost, Refusal> {
    let handle = booster.get_attr("handle").and_then(Value::as_bytes);
    let bytes = fitted.wanted("handle", handle, "a serialized booster")?;
    let mut model = XGBoost::read(bytes).map_err(|why| fitted.refuse(why))?;
    // Before 1.4 Python's object kept the names, and the booster did not.
    let names = booster.get_attr("feature_names").filter(|names| !names.is_none());
    if let (true, Some(names)) = (model.feature_names.is_empty(), names) {
        let names = names.to_strings().map_err(|why| fitted.refuse(why))?;
        // Those were made up where the data had none.
        let made_up = names.iter().enumerate().all(|(at, name)| *name == format!("f{at}"));
        if model.version >= [1, 4, 0] || !made_up {
            model.name_features(names).map_err(|why| fitted.refuse(why))?;
        }
    }
    Ok(model)
}

/// Reads the value that stands for a missing one, unless it is NaN. Before 1.0 `DMatrix` refuses dense rows with NaN
/// then; before 1.4 it does not look for the value in sparse ones (`XGDMatrixCreateFromCSREx`).
fn set_missing(
    fitted: &Fitted<'_>,
    model: &XGBoost,
    preparation: &mut Preparation,
) -> Result<(), Refusal> {
    if fitted.option("missing").is_none() {
        return Ok(());
    }
    let value = fitted.number("missing")? as f32;
    let version = model.version;
    let missing = Missing { value, alone: version < [1, 0, 0], of_sparse: version >= [1, 4, 0] };
    preparation.missing = (!value.is_nan()).then_some(missing);
    Ok(())
}

/// The labels, if there is one for each probability.
fn labels_for(labels: Labels, model: &XGBoost) -> Result<Labels, Refused> {
    if labels.len() != model.n_outputs.max(2) {
        return Err(Refused::new(format!(
            "{} classes and {} outputs of the booster",
            labels.len(),
            model.n_outputs
        )));
    }
    Ok(labels)
}

/// A model file: a classifier if it says that it is one, a booster else.
pub(super) fn of_file(model: &XGBoost) -> Result<Box<dyn Estimator>, Refused> {
    if !is_classifier(model) {
        return boosted(model, Call::Booster, None, None);
    }
    let rounds = model.best_iteration()?.filter(|_| !model.is_linear());
    let call = if model.is_linear() { Call::Booster } else { Call::InPlace };
    if model.objective == SOFTMAX {
        let rounds = rounds.map(|best| best.saturating_add(1));
        return best_of(model, call, rounds).map(|boosted| Box::new(boosted) as _);
    }
    let labels = match encoded(model)? {
        Some(labels) => labels_for(labels, model)?,
        None => Labels::integers(0..model.n_outputs.max(2) as i64),
    };
    boosted(model, call, rounds.map(|best| best.saturating_add(1)), Some(labels))
}

/// Whether `XGBClassifier.save_model` wrote the file.
pub(super) fn is_classifier(model: &XGBoost) -> bool {
    model
        .scikit_learn()
        .is_some_and(|about| about.get("_estimator_type").is_some_and(|is| is == "classifier"))
}

/// The labels of the encoder that a class before 1.6 kept in its file.
fn encoded(model: &XGBoost) -> Result<Option<Labels>, Refused> {
    let about = model.scikit_learn().unwrap_or_default();
    let Some(classes) = about["_le"]["classes_"].as_array() else { return Ok(None) };
    let numbers: Option<Vec<i64>> = classes.iter().map(serde_json::Value::as_i64).collect();
    let texts: Option<Vec<String>> =
        classes.iter().map(|class| class.as_str().map(str::to_owned)).collect();
    match (numbers, texts) {
        (Some(numbers), _) => Ok(Some(Labels::integers(numbers))),
        (_, Some(texts)) => Ok(Some(Labels::Text(texts))),
        _ => Err(Refused::new(
            "the file's label encoder has classes that are neither integers nor texts",
        )),
    }
}

/// A classifier whose booster answers the class itself: of the raw scores, as the class in Python makes
/// labels and probabilities of them.
fn best_of(model: &XGBoost, call: Call, rounds: Option<usize>) -> Result<Boosted, Refused> {
    let values = (0..model.n_outputs as i64).collect();
    let labels = labels_for(Labels::Int { values, dtype: DType::Int32 }, model)?;
    let choice = Choice::ByRaw(Link::ArgMax);
    let kind = Kind::Classes(Classes { labels: [labels], choice, as_column: false, named: None });
    let boosted = boosted_of(model, call, rounds, None)?;
    let inner = boosted.booster.linked(Link::SoftmaxAllF32);
    Ok(Boosted { booster: inner, kind, promise: Promise::Close, ..boosted })
}

fn boosted(
    model: &XGBoost,
    call: Call,
    rounds: Option<usize>,
    labels: Option<Labels>,
) -> Result<Box<dyn Estimator>, Refused> {
    boosted_of(model, call, rounds, labels).map(|boosted| Box::new(boosted) as _)
}

fn boosted_of(
    model: &XGBoost,
    call: Call,
    rounds: Option<usize>,
    labels: Option<Labels>,
) -> Result<Boosted, Refused> {
    let kind = match labels {
        None => Kind::Numbers,
        Some(labels) => {
            let choice = if model.n_outputs == 1 { Choice::AboveHalf } else { Choice::Greatest };
            Kind::Classes(Classes { labels: [labels], choice, as_column: false, named: None })
        }
    };
    Ok(Boosted {
        booster: model.booster(call, rounds)?,
        kind,
        single: true,
        decision: false,
        promise: Promise::Bits,
        names: (!model.feature_names.is_empty()).then(|| model.feature_names.clone()),
        preparation: Preparation {
            missing: None,
            absent_is_missing: true,
            sparse_in_python: false,
            // DMatrix looked for what is infinite from 1.4 on.
            finite: call == Call::Booster && model.version >= [1, 4, 0],
            codes: codes(model),
            features: None,
        },
    })
}

/// The categories that the model keeps since 3.1. Before, each batch's own codes went into the
/// trees, which the file cannot tell.
fn codes(model: &XGBoost) -> Vec<Option<Codes>> {
    if model.categories.iter().all(Option::is_none) {
        return Vec::new();
    }
    model.categories.iter().map(|kept| kept.as_deref().map(Codes::sorted)).collect()
}
