//! `TargetEncoder`.
//!
//! Source: `sklearn.preprocessing.TargetEncoder.transform` (1.3 to 1.9): the encoding learnt for a
//! category, the target's mean for an unknown one; of several classes, a column each.

use pelton_core::DType;

use super::categories::read_all;
use super::ordinal::{Replaced, Replacement};
use crate::estimator::Estimator;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::Transforms;

pub(super) const READERS: Readers = &[("sklearn", "TargetEncoder", read)];

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let known = read_all(fitted)?;
    let means = fitted.numbers("target_mean_")?;
    let classes = match fitted.text("target_type_")? {
        "multiclass" => means.len(),
        "binary" | "continuous" => 1,
        other => return Err(fitted.refuse_option(format!("target_type_='{other}'"))),
    };
    let listed = fitted.attr("encodings_")?;
    let items = listed.items().map_err(|error| fitted.refuse(error))?;
    let mut encodings = Vec::with_capacity(items.len());
    for item in items {
        encodings.push(fitted.numbers_of("encodings_", item)?);
    }
    if classes == 0 || means.len() != classes || encodings.len() != known.len() * classes {
        return Err(fitted.refuse(format!(
            "TargetEncoder has {} encodings for {} columns and {classes} classes",
            encodings.len(),
            known.len()
        )));
    }
    let labels = match fitted.option("classes_") {
        Some(_) => vec![fitted.labels("classes_")?],
        None => Vec::new(),
    };
    let mut encodings = encodings.into_iter();
    let mut columns = Vec::with_capacity(known.len());
    for categories in known {
        let mut tables = Vec::with_capacity(classes);
        for (mut table, mean) in encodings.by_ref().take(classes).zip(&means) {
            if table.len() != categories.len() {
                return Err(fitted.refuse("TargetEncoder has encodings for other categories"));
            }
            table.push(*mean);
            tables.push(table);
        }
        columns.push(Replacement { categories, tables, refuses_unknown: false });
    }
    Ok(Box::new(Transforms(Replaced { columns, dtype: DType::Fp64, labels })))
}
