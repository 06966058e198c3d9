//! `QuantileTransformer`.
//!
//! Source: `sklearn.preprocessing.QuantileTransformer._transform_col` (0.19 to 1.9) over `numpy.interp`
//! (1.24, 2.4) and `scipy.stats.norm.ppf`.

use pelton_pickle::Value;

use crate::data::{Data, Finite, Numbers, Pool, Real, Slot, ViewMut, check_finite, rounded};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::math::ndtri;
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "QuantileTransformer", read)];

/// How near to the ends of the quantiles a value is at the end.
const BOUNDS: f64 = 1e-7;

struct Quantiles {
    columns: Vec<Interpolation>,
    normal: bool,
    /// Whether rows of f32 are compared with the outermost quantiles in f32, as NumPy 1 does.
    in_single: bool,
    /// Whether uniform results are kept from 0 and 1 as well: before 0.21.
    bounded: bool,
}

/// From a column's quantiles to the references, from both sides.
struct Interpolation {
    quantiles: Vec<f64>,
    references: Vec<f64>,
    /// Both with the other sign, from the last to the first.
    mirrored_quantiles: Vec<f64>,
    mirrored_references: Vec<f64>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (values, rows, features) = fitted.matrix("quantiles_")?;
    let references = fitted.numbers("references_")?;
    let normal = match fitted.option("output_distribution").and_then(Value::as_str) {
        None | Some("uniform") => false,
        Some("normal") => true,
        Some(other) => {
            return Err(fitted.refuse_option(format!("output_distribution='{other}'")));
        }
    };
    if rows == 0 || references.len() != rows || values.len() != rows * features {
        return Err(fitted.refuse(format!(
            "QuantileTransformer has {rows} quantiles for {} references",
            references.len()
        )));
    }
    let mirrored = |values: &[f64]| values.iter().rev().map(|value| -value).collect::<Vec<_>>();
    let columns = (0..features)
        .map(|column| {
            let quantiles: Vec<f64> =
                values.iter().skip(column).step_by(features).copied().collect();
            Interpolation {
                mirrored_quantiles: mirrored(&quantiles),
                mirrored_references: mirrored(&references),
                quantiles,
                references: references.clone(),
            }
        })
        .collect();
    let in_single = fitted.is_of_numpy_1();
    let bounded = normal || fitted.version() < Version(0, 21);
    Ok(Box::new(Transforms(Quantiles { columns, normal, in_single, bounded })))
}

impl Quantiles {
    /// A column's share for a value, which is one of f32 where it is `single`.
    fn of(&self, column: &Interpolation, x: f64, single: bool) -> f64 {
        let (Some(low), Some(high)) = (column.quantiles.first(), column.quantiles.last()) else {
            return x;
        };
        let ends = single && self.in_single;
        let (low, high) = (rounded(*low, ends), rounded(*high, ends));
        let (at_low, at_high) = if self.bounded {
            let bounds = rounded(BOUNDS, single);
            (rounded(x - bounds, single) < low, rounded(x + bounds, single) > high)
        } else {
            (x == low, x == high)
        };
        let value = match (at_low, at_high) {
            (true, _) => 0.0,
            (_, true) => 1.0,
            _ if x.is_nan() => x,
            _ => {
                let from_left = interpolated(x, &column.quantiles, &column.references);
                let from_right =
                    interpolated(-x, &column.mirrored_quantiles, &column.mirrored_references);
                0.5 * (from_left - from_right)
            }
        };
        if !self.bounded || value.is_nan() {
            return value;
        }
        let most = 1.0 - (BOUNDS - f64::EPSILON);
        if !self.normal {
            return value.clamp(BOUNDS - f64::EPSILON, most);
        }
        ndtri(rounded(value, single)).clamp(ndtri(BOUNDS - f64::EPSILON), ndtri(most))
    }

    fn rows<T: Real>(&self, mut rows: ViewMut<'_, T>) {
        rows.for_each_row(|_, row| {
            for (value, column) in row.iter_mut().zip(&self.columns) {
                let single = size_of::<T>() == size_of::<f32>();
                *value = T::of(self.of(column, (*value).into(), single));
            }
        });
    }
}

/// `np.interp` of one number.
fn interpolated(x: f64, xs: &[f64], ys: &[f64]) -> f64 {
    let at = xs.partition_point(|known| *known <= x);
    if at == 0 {
        return ys[0];
    }
    let at = at - 1;
    if at + 1 >= xs.len() || xs[at] == x {
        return ys[at];
    }
    let slope = (ys[at + 1] - ys[at]) / (xs[at + 1] - xs[at]);
    let value = slope * (x - xs[at]) + ys[at];
    if !value.is_nan() {
        return value;
    }
    let value = slope * (x - xs[at + 1]) + ys[at + 1];
    if value.is_nan() && ys[at] == ys[at + 1] { ys[at] } else { value }
}

impl Fit for Quantiles {
    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }

    fn features(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn promise(&self) -> Promise {
        if self.normal { Promise::Close } else { Promise::Bits }
    }
}

impl Transformer for Quantiles {
    fn width(&self) -> usize {
        self.columns.len()
    }

    fn in_place(&self) -> bool {
        true
    }

    fn apply(&self, rows: Slot<'_>, _pool: &mut Pool) -> Result<(), Rejected> {
        match rows {
            Slot::F32(rows) => {
                check_finite(Numbers::F32(rows.view()), Finite::OrNan)?;
                self.rows(rows);
            }
            Slot::F64(rows) => {
                check_finite(Numbers::F64(rows.view()), Finite::OrNan)?;
                self.rows(rows);
            }
        }
        Ok(())
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        crate::data::copy_into(x, out.reborrow())?;
        self.apply(out, pool)
    }
}
