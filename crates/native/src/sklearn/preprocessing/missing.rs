//! [`Missing`]: what an imputer takes for a missing value; `MissingIndicator`.
//!
//! Source: `sklearn.utils._mask._get_mask`, `sklearn.impute.MissingIndicator` (1.2 to 1.9).

use pelton_core::DType;
use pelton_pickle::Value;

use super::categories::for_each_column;
use crate::data::{Column, Data, Form, Pool, Real, Slot};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "MissingIndicator", read)];

/// A missing value.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::sklearn) enum Missing {
    /// NaN; in text, where there is none.
    Nan,
    /// Python's None: where there is no value.
    None,
    Number(f64),
    Text(String),
}

/// A missing number.
#[derive(Clone, Copy)]
pub(in crate::sklearn) enum MissingNumber<T> {
    Nan,
    Is(T),
    Never,
}

impl Missing {
    /// Reads `missing_values`.
    ///
    /// # Errors
    /// It is something else than NaN, None, a number or a text.
    pub(in crate::sklearn) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let Some(value) = fitted.value.get_attr("missing_values") else { return Ok(Self::Nan) };
        if value.is_none() {
            return Ok(Self::None);
        }
        if let Some(text) = value.as_str() {
            // Python 2's spelling.
            return Ok(if text == "NaN" { Self::Nan } else { Self::Text(text.to_owned()) });
        }
        match value.as_f64() {
            Some(number) if number.is_nan() => Ok(Self::Nan),
            Some(number) => Ok(Self::Number(number)),
            None => Err(fitted.refuse_option(format!("missing_values={}", value.describe()))),
        }
    }

    pub(in crate::sklearn) fn is_nan(&self) -> bool {
        *self == Self::Nan
    }

    /// What is missing among numbers.
    pub(in crate::sklearn) fn number<T: Real>(&self) -> MissingNumber<T> {
        match self {
            Self::Nan | Self::None => MissingNumber::Nan,
            Self::Number(number) => MissingNumber::Is(T::of(*number)),
            Self::Text(_) => MissingNumber::Never,
        }
    }

    /// Whether a text, or none, is missing.
    pub(super) fn is_text(&self, text: Option<&[u8]>) -> bool {
        match self {
            Self::Nan | Self::None => text.is_none(),
            Self::Number(_) => false,
            Self::Text(missing) => text == Some(missing.as_bytes()),
        }
    }

    /// A row that is refused: only what is called missing may be so.
    pub(super) fn refused(&self, column: Column<'_>) -> Option<usize> {
        if matches!(self, Self::Nan | Self::None) {
            return None;
        }
        (0..column.len()).find(|row| match column {
            Column::Text(texts) => texts.get(*row).is_none(),
            _ => column.number(*row).is_some_and(f64::is_nan),
        })
    }

    /// 1 where a value is missing.
    pub(super) fn flags(&self, column: Column<'_>) -> Vec<u8> {
        let number = self.number::<f64>();
        (0..column.len())
            .map(|row| match column {
                Column::Text(texts) => u8::from(self.is_text(texts.get(row))),
                _ => u8::from(column.number(row).is_some_and(|value| number.is(value))),
            })
            .collect()
    }
}

/// The columns that an imputer's indicator tells about, none where it has none.
///
/// # Errors
/// They are not columns of the `features` there are.
pub(in crate::sklearn) fn indicated(
    fitted: &Fitted<'_>,
    features: usize,
) -> Result<Vec<u32>, Refusal> {
    let Some(indicator) = fitted.option("indicator_") else { return Ok(Vec::new()) };
    let told = indicator.get_attr("features_").and_then(|all| all.to_i64_vec().ok());
    let within = |at: i64| u32::try_from(at).ok().filter(|at| (*at as usize) < features);
    let told: Option<Vec<u32>> = told.unwrap_or_default().into_iter().map(within).collect();
    let class = fitted.class();
    told.ok_or_else(|| fitted.refuse(format!("{class}'s indicator cannot be used")))
}

impl<T: Real> MissingNumber<T> {
    #[inline]
    pub(in crate::sklearn) fn is(self, value: T) -> bool {
        match self {
            Self::Nan => value.is_nan(),
            Self::Is(missing) => value == missing,
            Self::Never => false,
        }
    }
}

struct MissingIndicator {
    features: usize,
    missing: Missing,
    told: Vec<u32>,
    refuses_new: bool,
    /// Whether it gives sparse rows in Python; `None` where it does for sparse ones.
    sparse: Option<bool>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let features = match fitted.features() {
        Some(features) => features,
        None => fitted.count("_n_features")?,
    };
    let all = match fitted.option("features").and_then(Value::as_str).unwrap_or("missing-only") {
        "all" => true,
        "missing-only" => false,
        other => return Err(fitted.refuse_option(format!("features='{other}'"))),
    };
    if u32::try_from(features).is_err() || features > 1 << 24 {
        return Err(fitted.refuse(format!("MissingIndicator takes {features} columns")));
    }
    let told = if all {
        (0..features as u32).collect()
    } else {
        let told = fitted.attr("features_")?.to_i64_vec().map_err(|error| fitted.refuse(error))?;
        let within = |at: i64| u32::try_from(at).ok().filter(|at| (*at as usize) < features);
        let told: Option<Vec<u32>> = told.into_iter().map(within).collect();
        told.ok_or_else(|| fitted.refuse("MissingIndicator tells of columns that are not there"))?
    };
    let missing = Missing::read(fitted)?;
    let refuses_new = !all && fitted.flag("error_on_new", true)?;
    let sparse = fitted.option("sparse").and_then(Value::as_bool);
    Ok(Box::new(Transforms(MissingIndicator { features, missing, told, refuses_new, sparse })))
}

impl Fit for MissingIndicator {
    fn is_sparse_in_python(&self, input: bool) -> bool {
        self.sparse.unwrap_or(input)
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn dtype(&self) -> DType {
        DType::Bool
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_any(columns);
    }
}

impl Transformer for MissingIndicator {
    fn width(&self) -> usize {
        self.told.len()
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        for_each_column(x, pool, |at, column| {
            let place = self.told.iter().position(|told| *told as usize == at);
            if let Some(row) = self.missing.refused(column) {
                return Err(Rejected::new(format!("input contains NaN in row {row}")));
            }
            let infinite = |row| column.number(row).is_some_and(|number: f64| number.is_infinite());
            if (0..column.len()).any(infinite) {
                return Err(Rejected::new("input contains infinity"));
            }
            let flags = self.missing.flags(column);
            match place {
                Some(place) => {
                    for (row, flag) in flags.iter().enumerate() {
                        out.set(row, place, f64::from(*flag));
                    }
                }
                None if self.refuses_new && flags.contains(&1) => {
                    return Err(Rejected::new(format!(
                        "column {at} has missing values, which it had not when the model was trained"
                    )));
                }
                None => {}
            }
            Ok(())
        })
    }
}
