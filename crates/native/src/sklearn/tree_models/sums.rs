//! From rows of any form to the sums of a forest.
//!
//! Must not know what the sums mean.

use crate::data::{Data, Finite, Labels, Numbers, Pool, Real, View, check_finite, numeric};
use crate::estimator::{Block, Predicted, Rejected};
use crate::math::argmax;
use crate::trees::{Forest, Rows};

/// The values an estimator lets through, of these rows: sparse ones never have gaps.
pub(super) fn allowed_of(x: &Data<'_>, finite: Finite) -> Finite {
    match (x, finite) {
        (Data::Sparse(_), Finite::OrNanAsF32) => Finite::OnlyAsF32,
        _ => finite,
    }
}

/// The sums of a forest, row by row; `finite` says which rows are refused, if any are.
///
/// # Errors
/// A row has a value that is refused.
pub(super) fn sums(
    forest: &Forest,
    x: &Data<'_>,
    finite: Option<Finite>,
    pool: &mut Pool,
) -> Result<Vec<f64>, Rejected> {
    let mut out = pool.take_f64(x.rows() * forest.ensemble().n_outputs);
    let finite = finite.map(|finite| allowed_of(x, finite));
    numeric(x, pool, |x, pool| {
        if let Some(finite) = finite {
            check_finite(x, finite)?;
        }
        add_up(forest, x, &mut out, pool);
        Ok(())
    })?;
    Ok(out)
}

/// The sums of a forest for rows that need no check.
pub(super) fn add_up(forest: &Forest, x: Numbers<'_>, out: &mut [f64], pool: &mut Pool) {
    with_rows(x, pool, |rows, pool| forest.predict(rows, out, &mut pool.trees));
}

/// Calls `f` with the rows as the engines take them.
pub(super) fn with_rows(x: Numbers<'_>, pool: &mut Pool, f: impl FnOnce(Rows<'_>, &mut Pool)) {
    match x {
        Numbers::F32(view) => gapless(view, pool, |values, pool| {
            f(Rows::f32(values, view.cols(), view.rows()), pool);
        }),
        Numbers::F64(view) => gapless(view, pool, |values, pool| {
            f(Rows::f64(values, view.cols(), view.rows()), pool);
        }),
    }
}

fn gapless<T: Real>(view: View<'_, T>, pool: &mut Pool, f: impl FnOnce(&[T], &mut Pool)) {
    if let Some(values) = view.as_slice() {
        return f(values, pool);
    }
    let mut values = T::take(pool, view.rows() * view.cols());
    for (row, place) in view.iter().zip(values.chunks_exact_mut(view.cols().max(1))) {
        place.copy_from_slice(row);
    }
    f(&values, pool);
    T::give(pool, values);
}

/// The first greatest of every target's values, as `np.argmax` has it.
pub(super) fn greatest(values: &[f64], widths: &[usize], pool: &mut Pool) -> Predicted {
    let width: usize = widths.iter().sum();
    let rows = values.len().checked_div(width).unwrap_or(0);
    let mut labels = pool.take_u32(rows * widths.len());
    let mut places = labels.iter_mut();
    for mut row in values.chunks_exact(width.max(1)) {
        for width in widths {
            let (target, rest) = row.split_at(*width);
            if let Some(place) = places.next() {
                *place = argmax(target) as u32;
            }
            row = rest;
        }
    }
    Predicted::Labels(labels)
}

/// Numbers as what `predict` answers.
pub(super) fn numbers(values: Vec<f64>) -> Predicted {
    Predicted::Numbers(Block::F64(values))
}

/// How many labels each target has.
pub(super) fn widths(labels: &[Labels]) -> Vec<usize> {
    labels.iter().map(Labels::len).collect()
}
