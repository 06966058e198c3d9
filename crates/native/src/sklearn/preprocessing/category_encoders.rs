//! Encoders of the library `category_encoders` that make codes of a column's values: `OrdinalEncoder`, one-hot,
//! binary and base n, contrasts, and means of the target by code.
//!
//! Source: `category_encoders` 2.5 to 2.11: a column's values become codes (-1 unknown, -2 missing), and
//! a code becomes a row of numbers. Columns that are not encoded are passed on.

mod encoding;

use std::collections::HashMap;

use pelton_core::DType;
use pelton_pickle::Value;
use pelton_pickle::pandas::{frame, series};

use super::categories::Categories;
use crate::estimator::Estimator;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("category_encoders", "OrdinalEncoder", read),
    ("category_encoders", "OneHotEncoder", read),
    ("category_encoders", "BinaryEncoder", read),
    ("category_encoders", "BaseNEncoder", read),
    ("category_encoders", "GrayEncoder", read),
    ("category_encoders", "HelmertEncoder", read),
    ("category_encoders", "SumEncoder", read),
    ("category_encoders", "BackwardDifferenceEncoder", read),
    ("category_encoders", "PolynomialEncoder", read),
    ("category_encoders", "TargetEncoder", read),
    ("category_encoders", "JamesSteinEncoder", read),
    ("category_encoders", "MEstimateEncoder", read),
    ("category_encoders", "WOEEncoder", read),
    ("category_encoders", "QuantileEncoder", read),
];

/// Those that have one number for a code.
const BY_SERIES: [&str; 5] =
    ["TargetEncoder", "JamesSteinEncoder", "MEstimateEncoder", "WOEEncoder", "QuantileEncoder"];

/// Those that compare the levels of a column with each other.
const CONTRASTS: [&str; 4] =
    ["HelmertEncoder", "SumEncoder", "BackwardDifferenceEncoder", "PolynomialEncoder"];

/// Those whose numbers are integers.
const WHOLE: [&str; 5] =
    ["OrdinalEncoder", "OneHotEncoder", "BinaryEncoder", "BaseNEncoder", "GrayEncoder"];

const UNKNOWN: f64 = -1.0;
const MISSING: f64 = -2.0;

pub(super) struct Encoder {
    parts: Vec<Part>,
    /// Whether a column of ones comes first, as with contrasts before 2.7.
    intercept: bool,
    /// Whether columns are integers where all of their numbers are.
    integers: bool,
    width: usize,
    dtype: DType,
}

/// What becomes of one column.
pub(super) enum Part {
    Kept,
    Encoded(Box<Encoded>),
}

pub(super) struct Encoded {
    pub(super) categories: Categories,
    /// A row of numbers for every category, and last for an unknown value; `None` where it is refused.
    pub(super) rows: Vec<Option<Vec<f64>>>,
    /// The same for a missing value.
    pub(super) missing: Option<Vec<f64>>,
    pub(super) width: usize,
}

/// The options on values that were not seen.
struct Policy<'p> {
    unknown: &'p str,
    missing: &'p str,
}

/// The names of the columns it is given, if it has no option that changes them.
pub(super) fn columns(fitted: &Fitted<'_>) -> Result<Vec<String>, Refusal> {
    for name in ["min_group_size", "composite_cols", "hierarchy"] {
        if fitted.option(name).is_some() {
            return Err(fitted.refuse_option(name));
        }
    }
    if fitted.flag("drop_invariant", false)? {
        return Err(fitted.refuse_option("drop_invariant"));
    }
    // Before 2.6 the names of what comes out are told alone: the same where no column becomes several.
    let names = fitted.option("feature_names_in_").or(fitted.option("feature_names"));
    let names = names.map(|names| names.to_strings().map_err(|error| fitted.refuse(error)));
    let width = fitted.option("_dim").and_then(Value::as_i64);
    match names.transpose()? {
        Some(names) if width.is_none_or(|width| names.len() as i64 == width) => Ok(names),
        _ => Err(fitted.refuse(format!(
            "{} does not tell the names of its columns: category_encoders does since 2.6",
            fitted.class()
        ))),
    }
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let names = columns(fitted)?;
    let ordinal = match fitted.option("ordinal_encoder") {
        Some(inner) => fitted.with(inner),
        None => *fitted,
    };
    let listed = ordinal.attr("mapping")?;
    let mut parts: Vec<Part> = names.iter().map(|_| Part::Kept).collect();
    for switch in listed.items().map_err(|error| fitted.refuse(error))? {
        let column = switch.get("col").and_then(Value::as_str).unwrap_or_default();
        let Some(at) = names.iter().position(|name| name == column) else {
            return Err(
                fitted.refuse(format!("it encodes the column '{column}', which it is not given"))
            );
        };
        let mapping = switch.get("mapping");
        let known = mapping.and_then(series);
        let Some((index, codes)) = known else {
            return Err(fitted.refuse_option(format!("its mapping of column '{column}'")));
        };
        parts[at] = Part::Encoded(Box::new(encoded(fitted, &ordinal, column, index, &codes)?));
    }
    // pandas keeps integers where no column has gaps or fractions.
    // Codes were floats once, before unknown ones were filled in.
    let codes = fitted.class() == "OrdinalEncoder";
    let whole = WHOLE.contains(&fitted.class()) && parts.iter().all(|part| part.is_whole(codes));
    let intercept = CONTRASTS.contains(&fitted.class()) && has_intercept(fitted, &parts)?;
    Ok(Encoder {
        width: usize::from(intercept) + parts.iter().map(Part::width).sum::<usize>(),
        integers: WHOLE.contains(&fitted.class()) && !codes,
        dtype: if whole { DType::Int64 } else { DType::Fp64 },
        parts,
        intercept,
    }
    .boxed())
}

/// Whether the columns that come out begin with one of ones.
fn has_intercept(fitted: &Fitted<'_>, parts: &[Part]) -> Result<bool, Refusal> {
    let names = fitted.option("feature_names_out_").or(fitted.option("feature_names"));
    let names = names.and_then(|names| names.to_strings().ok());
    let Some(names) = names else {
        return Err(fitted.refuse("it does not tell the names of the columns it gives"));
    };
    let width = parts.iter().map(Part::width).sum::<usize>();
    match names.len().checked_sub(width) {
        Some(0) => Ok(false),
        Some(1) if names[0] == "intercept" => Ok(true),
        _ => Err(fitted.refuse(format!("it gives {} columns, {width} were expected", names.len()))),
    }
}

fn encoded(
    fitted: &Fitted<'_>,
    ordinal: &Fitted<'_>,
    column: &str,
    index: Value<'_>,
    codes: &[f64],
) -> Result<Encoded, Refusal> {
    let categories = Categories::read(fitted, index)?;
    if categories.len() != codes.len() {
        return Err(fitted.refuse(format!("column '{column}' has other codes than categories")));
    }
    let (outer, inner) = (policy(fitted)?, policy(ordinal)?);
    let rows_of = rows(fitted, column)?;
    let row = |code: f64| match &rows_of {
        None => Some(vec![code]),
        Some((index, rows, width)) => {
            // Frames have no row for NaN: it is looked up as what is missing.
            let code = if code.is_nan() { MISSING } else { code };
            let at = index.get(&code.to_bits());
            Some(at.map_or_else(|| vec![f64::NAN; *width], |at| rows[*at].clone()))
        }
    };
    let of_code = |code: f64| {
        let gap = code.total_cmp(&MISSING).is_eq();
        row(if gap && inner.missing == "return_nan" { f64::NAN } else { code })
    };
    let unknown = match (outer.unknown, inner.unknown) {
        ("error", _) | (_, "error") => None,
        (_, "return_nan") => row(f64::NAN),
        _ => row(UNKNOWN),
    };
    let mut rows: Vec<Option<Vec<f64>>> = codes.iter().map(|code| of_code(*code)).collect();
    let missing = match categories.missing_number() {
        _ if outer.missing == "error" => None,
        Some(at) => rows[at].clone(),
        None => unknown.clone(),
    };
    rows.push(unknown);
    let width = rows_of.as_ref().map_or(1, |(_, _, width)| *width);
    Ok(Encoded { categories, rows, missing, width })
}

fn policy<'p>(fitted: &Fitted<'p>) -> Result<Policy<'p>, Refusal> {
    let read = |name: &str| {
        let text = fitted.option(name).map_or(Some("value"), Value::as_str);
        fitted.wanted(name, text, "a text")
    };
    let (unknown, missing) = (read("handle_unknown")?, read("handle_missing")?);
    for option in [unknown, missing] {
        if !matches!(option, "value" | "error" | "return_nan" | "indicator") {
            return Err(
                fitted.refuse_option(format!("handle_unknown or handle_missing '{option}'"))
            );
        }
    }
    Ok(Policy { unknown, missing })
}

/// The places of codes by their bits, a row of numbers at each, and their length.
type Rows = (HashMap<u64, usize>, Vec<Vec<f64>>, usize);

/// The rows that codes of a column become; `None` where codes are the answer.
fn rows(fitted: &Fitted<'_>, column: &str) -> Result<Option<Rows>, Refusal> {
    let refusal = || fitted.refuse_option(format!("its mapping of column '{column}'"));
    let mapping = fitted.attr("mapping")?;
    match fitted.class() {
        "OrdinalEncoder" => Ok(None),
        class if BY_SERIES.contains(&class) => {
            let (index, values) = mapping.get(column).and_then(series).ok_or_else(refusal)?;
            let index = index.to_f64_vec().map_err(|_| refusal())?;
            if index.len() != values.len() {
                return Err(refusal());
            }
            Ok(Some((places(&index), values.into_iter().map(|value| vec![value]).collect(), 1)))
        }
        _ => {
            let items = mapping.items().map_err(|_| refusal())?;
            let is_column =
                |switch: &Value<'_>| switch.get("col").and_then(Value::as_str) == Some(column);
            let switch = items.into_iter().find(is_column).and_then(|one| one.get("mapping"));
            let (index, rows) = switch.and_then(frame).ok_or_else(refusal)?;
            let width = rows.first().map_or(0, Vec::len);
            Ok(Some((places(&index), rows, width)))
        }
    }
}

fn places(index: &[f64]) -> HashMap<u64, usize> {
    index.iter().enumerate().map(|(at, code)| (code.to_bits(), at)).collect()
}
