//! [`mapped`]: rows to rows of another width, in the rows' own type.
//!
//! Must not know what is done to a row.

use crate::data::{
    Data, Finite, Numbers, Pool, Real, Slot, View, ViewMut, check_finite, copy_into, numeric,
};
use crate::estimator::Rejected;

/// What is done to rows of either type.
pub(super) trait RowMap {
    /// Writes all rows.
    fn map<T: Real>(&self, x: View<'_, T>, out: ViewMut<'_, T>, pool: &mut Pool);
}

/// Checks the rows and maps them into their place.
///
/// # Errors
/// A row has a value that is refused, or a column is text.
pub(super) fn mapped(
    of: &impl RowMap,
    x: &Data<'_>,
    finite: Option<Finite>,
    out: Slot<'_>,
    pool: &mut Pool,
) -> Result<(), Rejected> {
    numeric(x, pool, |x, pool| {
        if let Some(finite) = finite {
            check_finite(x, finite)?;
        }
        match (x, out) {
            (Numbers::F32(x), Slot::F32(out)) => of.map(x, out, pool),
            (Numbers::F64(x), Slot::F64(out)) => of.map(x, out, pool),
            // Asked for f32 of f64 rows: Python converts first.
            (Numbers::F64(x), Slot::F32(out)) => {
                let mut narrow = crate::data::Matrix::<f32>::take(pool, x.rows(), x.cols());
                copy_into(&Data::F64(x), narrow.slot())?;
                of.map(narrow.view(), out, pool);
                narrow.give(pool);
            }
            (Numbers::F32(x), Slot::F64(out)) => {
                let mut wide = crate::data::Matrix::<f64>::take(pool, x.rows(), x.cols());
                copy_into(&Data::F32(x), wide.slot())?;
                of.map(wide.view(), out, pool);
                wide.give(pool);
            }
        }
        Ok(())
    })
}
