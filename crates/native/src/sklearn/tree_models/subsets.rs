//! Estimators that were each trained on some of the columns.
//!
//! Must not know what the estimators are.

use crate::data::{Data, Finite, Matrix, Numbers, Pool, Real, View, check_finite};
use crate::estimator::Rejected;
use crate::reader::{Fitted, Refusal};

/// `estimators_features_`: the columns of each estimator; `None` where all take all of them in order.
///
/// # Errors
/// There are more or fewer lists than estimators, or one names a column that is not there.
pub(super) fn subsets(
    fitted: &Fitted<'_>,
    estimators: usize,
    features: usize,
) -> Result<Option<Vec<Vec<u32>>>, Refusal> {
    let Some(lists) = fitted.option("estimators_features_") else { return Ok(None) };
    let lists = lists.items().map_err(|error| fitted.refuse(error))?;
    let mut subsets = Vec::with_capacity(lists.len());
    for list in lists {
        let numbers = fitted.numbers_of("estimators_features_", list)?;
        if numbers.iter().any(|number| !(0.0..features as f64).contains(number)) {
            return Err(fitted.refuse(format!("{} uses columns it does not take", fitted.class())));
        }
        subsets.push(numbers.iter().map(|number| *number as u32).collect::<Vec<_>>());
    }
    if subsets.len() != estimators {
        return Err(fitted.refuse(format!(
            "{} has {estimators} estimators and columns for {}",
            fitted.class(),
            subsets.len()
        )));
    }
    let whole = |subset: &Vec<u32>| {
        subset.len() == features
            && subset.iter().enumerate().all(|(at, column)| at == *column as usize)
    };
    // An isolation forest whose trees take as many columns as there are ignores their order.
    let all = fitted.option("_max_features").and_then(pelton_pickle::Value::as_i64);
    let in_order = fitted.class() == "IsolationForest" && all == i64::try_from(features).ok();
    Ok((!in_order && !subsets.iter().all(whole)).then_some(subsets))
}

/// The columns that some estimator uses; `None` where all are used.
pub(super) fn used(subsets: &[Vec<u32>], features: usize) -> Option<Vec<u32>> {
    let mut used: Vec<u32> = subsets.iter().flatten().copied().collect();
    used.sort_unstable();
    used.dedup();
    (used.len() < features).then_some(used)
}

/// Calls `f` with some of the columns.
///
/// # Errors
/// `f` refuses a row.
pub(super) fn with_columns<R>(
    x: Numbers<'_>,
    columns: &[u32],
    pool: &mut Pool,
    f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
) -> Result<R, Rejected> {
    match x {
        Numbers::F32(view) => gathered(view, columns, pool, f),
        Numbers::F64(view) => gathered(view, columns, pool, f),
    }
}

fn gathered<T: Real, R>(
    view: View<'_, T>,
    columns: &[u32],
    pool: &mut Pool,
    f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
) -> Result<R, Rejected> {
    let mut some = Matrix::<T>::take(pool, view.rows(), columns.len());
    some.view_mut().for_each_row(|row, out| {
        let values = view.row(row);
        out.iter_mut().zip(columns).for_each(|(out, column)| *out = values[*column as usize]);
    });
    let result = f(&some.data(), pool);
    some.give(pool);
    result
}

/// Refuses rows by the columns that are used.
///
/// # Errors
/// A value in one of them is refused.
pub(super) fn check_used(
    x: Numbers<'_>,
    used: Option<&[u32]>,
    finite: Finite,
    pool: &mut Pool,
) -> Result<(), Rejected> {
    let Some(used) = used else { return check_finite(x, finite) };
    with_columns(x, used, pool, |x, _| match x {
        Data::F32(view) => check_finite(Numbers::F32(*view), finite),
        Data::F64(view) => check_finite(Numbers::F64(*view), finite),
        _ => unreachable!("gathered columns are dense"),
    })
}
