//! `KNNImputer`: a missing value becomes the mean of the nearest training rows that have one.
//!
//! Source: `sklearn.impute.KNNImputer` (0.24 to 1.9), `metrics.pairwise.nan_euclidean_distances`. Its
//! products are BLAS's, so Python varies in the last bits.

use pelton_pickle::{Array, Value};

use super::donors::{Donors, Room};
use super::missing::{Missing, indicated};
use super::rows::{RowMap, mapped};
use crate::data::{Data, Finite, Pool, Real, Slot, View, ViewMut};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::ties;
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "KNNImputer", read)];

struct KnnImputer {
    missing: Missing,
    donors: Donors,
    /// The columns that are kept, in order: those with a value in training, or all.
    kept: Vec<u32>,
    /// The columns for which is told whether they had a value.
    indicated: Vec<u32>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if fitted.text("metric").ok() != Some("nan_euclidean") {
        return Err(fitted.refuse_option("a metric that is a function"));
    }
    let by_distance = match fitted.option("weights").map(Value::as_str) {
        None | Some(Some("uniform")) => false,
        Some(Some("distance")) => true,
        _ => return Err(fitted.refuse_option("a Python function as weights")),
    };
    if fitted.is_single("_fit_X") {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    let (values, rows, features) = fitted.matrix("_fit_X")?;
    let mask = fitted.attr("_mask_fit_X")?.as_array();
    let mask = mask.filter(|mask| mask.shape() == [rows, features]).map(Array::to_bool_vec);
    let mask = fitted.wanted("_mask_fit_X", mask.and_then(Result::ok), "a mask of its rows")?;
    let k = fitted.count("n_neighbors")?;
    if k == 0 || rows == 0 || features == 0 || u32::try_from(rows).is_err() {
        return Err(fitted.refuse_option(format!("n_neighbors={k} of {rows} rows")));
    }
    // Until 1.5 rows at no known distance counted like others.
    let counts_all = !by_distance && fitted.version() < Version(1, 6);
    let donors = Donors::new(values, mask, features, k, by_distance, counts_all);
    if ties::depends_on_cpu(fitted.version())
        && let Some((row, column)) = donors.first_tie()
    {
        return Err(fitted.refuse(format!(
            "KNNImputer's training rows are equally far from one another (for column {column} of row \
             {row}), and which of them it takes NumPy 2 leaves to the CPU"
        )));
    }
    let keeps = fitted.flag("keep_empty_features", false)?;
    let kept = (0..features as u32).filter(|at| keeps || donors.has_column(*at as usize)).collect();
    let indicated = indicated(fitted, features)?;
    if !indicated.is_empty() && fitted.version() < Version(1, 3) {
        // It leaves the indicators out where nothing is missing in a batch.
        return Err(fitted.refuse_option("add_indicator=True, before 1.3,"));
    }
    let missing = Missing::read(fitted)?;
    Ok(Box::new(Transforms(KnnImputer { missing, donors, kept, indicated })))
}

impl RowMap for KnnImputer {
    fn map<T: Real>(&self, x: View<'_, T>, mut out: ViewMut<'_, T>, pool: &mut Pool) {
        let missing = self.missing.number::<T>();
        let mut room = Room::take(pool, &self.donors);
        let mut gaps = Vec::with_capacity(x.cols());
        let mut filled = pool.take_f64(x.cols());
        out.for_each_row(|row, out| {
            let from = x.row(row);
            gaps.clear();
            gaps.extend(from.iter().map(|value| missing.is(*value)));
            for ((to, value), gap) in filled.iter_mut().zip(from).zip(&gaps) {
                *to = if *gap { 0.0 } else { (*value).into() };
            }
            let (values, flags) = out.split_at_mut(self.kept.len());
            for (out, at) in values.iter_mut().zip(&self.kept) {
                let at = *at as usize;
                *out = if self.donors.has_column(at) { from[at] } else { T::zero() };
            }
            let wanted = self
                .kept
                .iter()
                .enumerate()
                .filter(|(_, at)| gaps[**at as usize] && self.donors.has_column(**at as usize));
            let mut far = false;
            for (place, at) in wanted {
                if !far {
                    self.donors.measure(&filled, &gaps, &mut room);
                    far = true;
                }
                values[place] = T::of(self.donors.mean(*at as usize, &mut room));
            }
            for (out, at) in flags.iter_mut().zip(&self.indicated) {
                *out = if gaps[*at as usize] { T::one() } else { T::zero() };
            }
        });
        pool.give_f64(filled);
        room.give(pool);
    }
}

impl Fit for KnnImputer {
    fn features(&self) -> Option<usize> {
        Some(self.donors.features())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for KnnImputer {
    fn width(&self) -> usize {
        self.kept.len() + self.indicated.len()
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let finite = if self.missing.is_nan() { Finite::OrNan } else { Finite::Only };
        mapped(self, x, Some(finite), out, pool)
    }
}
