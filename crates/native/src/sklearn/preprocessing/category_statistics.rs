//! Encoders of the library `category_encoders` that put a statistic of the training set in a value's place, without
//! codes: `CountEncoder`, `LeaveOneOutEncoder`, `CatBoostEncoder`.
//!
//! Source: `category_encoders` 2.5 to 2.11, `_transform` without a target. Columns that are not encoded are
//! passed on. Must not know codes.

use pelton_core::DType;
use pelton_pickle::Value;
use pelton_pickle::pandas::{labelled_frame, series};

use super::categories::Categories;
use super::category_encoders::{Encoded, Encoder, Part, columns};
use crate::estimator::Estimator;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("category_encoders", "CountEncoder", read_counts),
    ("category_encoders", "LeaveOneOutEncoder", read_means),
    ("category_encoders", "CatBoostEncoder", read_means),
];

/// What stands for a value that has no statistic.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Otherwise {
    Refused,
    Number(f64),
}

impl Otherwise {
    fn row(self) -> Option<Vec<f64>> {
        match self {
            Self::Refused => None,
            Self::Number(number) => Some(vec![number]),
        }
    }
}

/// An encoder whose `mapping` has an entry for each column that it encodes.
fn read(
    fitted: &Fitted<'_>,
    counts: bool,
    of_column: impl Fn(&str, Value<'_>) -> Result<Encoded, Refusal>,
) -> Result<Box<dyn Estimator>, Refusal> {
    let names = columns(fitted)?;
    let mapping = fitted.attr("mapping")?;
    let encoded = mapping.entries().map_err(|error| fitted.refuse(error))?;
    let mut parts: Vec<Part> = names.iter().map(|_| Part::Kept).collect();
    for (column, statistics) in encoded {
        let column = column.as_str().unwrap_or_default();
        let Some(at) = names.iter().position(|name| name == column) else {
            return Err(
                fitted.refuse(format!("it encodes the column '{column}', which it is not given"))
            );
        };
        parts[at] = Part::Encoded(Box::new(of_column(column, statistics)?));
    }
    // pandas keeps integers where nothing else ever comes out.
    let whole = parts.iter().all(|part| {
        part.is_whole(true) && matches!(part, Part::Encoded(encoded) if encoded.missing.is_none() || encoded.categories.missing_number().is_some())
    });
    Ok(Encoder::of(parts, if whole && counts { DType::Int64 } else { DType::Fp64 }))
}

/// What a value becomes that the encoder's option does not let through, or that it has a word for.
fn otherwise(fitted: &Fitted<'_>, option: &str, value: f64) -> Result<Otherwise, Refusal> {
    match fitted.option(option).map_or(Some("value"), Value::as_str) {
        Some("error") => Ok(Otherwise::Refused),
        Some("return_nan") => Ok(Otherwise::Number(f64::NAN)),
        Some("value") => Ok(Otherwise::Number(value)),
        other => Err(fitted.refuse_option(format!("{option} '{}'", other.unwrap_or("a number")))),
    }
}

/// Means of the target; what is seen once has that of all.
fn read_means(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mean = fitted.number("_mean")?;
    let prior = if fitted.class() == "CatBoostEncoder" { Some(fitted.number("a")?) } else { None };
    let unknown = otherwise(fitted, "handle_unknown", mean)?;
    let missing = otherwise(fitted, "handle_missing", mean)?;
    read(fitted, false, |column, statistics| {
        let refusal = || fitted.refuse_option(format!("its mapping of column '{column}'"));
        let (index, rows) = labelled_frame(statistics).ok_or_else(refusal)?;
        let categories = Categories::read(fitted, index)?;
        let mean_of = |row: &Vec<f64>| match (&row[..], prior) {
            ([_, count], _) if *count <= 1.0 => Some(mean),
            ([sum, count], None) => Some(sum / count),
            ([sum, count], Some(a)) => Some((sum + mean * a) / (count + a)),
            _ => None,
        };
        let known: Option<Vec<f64>> = rows.iter().map(mean_of).collect();
        let known = known.filter(|known| known.len() == categories.len()).ok_or_else(refusal)?;
        let missing = match (missing, categories.missing_number()) {
            (Otherwise::Number(number), Some(at)) if !number.is_nan() => {
                Otherwise::Number(known[at])
            }
            (missing, _) => missing,
        };
        Ok(encoded(categories, known.into_iter().map(Otherwise::Number), missing, unknown))
    })
}

/// How often a value was there.
fn read_counts(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    read(fitted, true, |column, counts| {
        let refusal = || fitted.refuse_option(format!("its mapping of column '{column}'"));
        let (index, counts) = series(counts).ok_or_else(refusal)?;
        let categories = Categories::read(fitted, index)?;
        if categories.len() != counts.len() {
            return Err(refusal());
        }
        let of_column = |name: &str, kept: &str| {
            let kept = fitted.option(kept).and_then(|kept| kept.get(column));
            kept.or_else(|| fitted.option(name)).filter(|value| !value.is_none())
        };
        let refuses_missing =
            fitted.option("handle_missing").and_then(Value::as_str) == Some("error");
        let missing_is_nan = of_column("handle_missing", "_handle_missing")
            .is_some_and(|option| option.as_str() == Some("return_nan"));
        let unknown = of_column("handle_unknown", "_handle_unknown");
        let unknown = match unknown.map(|option| (option.as_str(), option.as_i64())) {
            Some((Some("error"), _)) => Otherwise::Refused,
            Some((Some("return_nan"), _)) => Otherwise::Number(f64::NAN),
            None | Some((Some("value"), _)) if missing_is_nan => Otherwise::Number(f64::NAN),
            None | Some((Some("value"), _)) => Otherwise::Number(0.0),
            Some((None, Some(number))) => Otherwise::Number(number as f64),
            Some(_) => return Err(fitted.refuse_option("its handle_unknown")),
        };
        let of_count = |count: f64| if count.is_nan() { unknown } else { Otherwise::Number(count) };
        let missing = match categories.missing_number() {
            _ if refuses_missing => Otherwise::Refused,
            Some(at) => of_count(counts[at]),
            None => unknown,
        };
        Ok(encoded(categories, counts.into_iter().map(of_count), missing, unknown))
    })
}

fn encoded(
    categories: Categories,
    known: impl Iterator<Item = Otherwise>,
    missing: Otherwise,
    unknown: Otherwise,
) -> Encoded {
    let rows = known.chain([unknown]).map(Otherwise::row).collect();
    Encoded { categories, rows, missing: missing.row(), width: 1 }
}
