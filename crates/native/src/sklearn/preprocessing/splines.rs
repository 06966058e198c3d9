//! `SplineTransformer`: each column's values in a basis of splines.
//!
//! Source: `sklearn.preprocessing.SplineTransformer` (1.0 to 1.9), `scipy.interpolate.BSpline`.

use pelton_pickle::{Array, Value};

use super::basis::Basis;
use super::rows::{RowMap, mapped};
use crate::data::{
    Data, Finite, Form, Matrix, Numbers, Pool, Real, Slot, View, ViewMut, check_finite, copy_into,
    numeric, rounded,
};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "SplineTransformer", read)];

/// Columns of a row at most.
const MAX_COLUMNS: usize = 1 << 22;

struct Splines {
    columns: Vec<Column>,
    /// Splines of a column.
    width: usize,
    /// Those of them that are given.
    given: usize,
    beyond: Beyond,
    /// Whether missing values become zeros.
    zeros: bool,
    /// Whether Python answers sparse rows, which are f64 always.
    sparse: bool,
    /// Whether f32 rows are compared and moved in f32: by NumPy 1.
    in_single: bool,
}

struct Column {
    basis: Basis,
    /// Where values are beyond the knots, unless the basis goes on.
    ends: Option<[End; 2]>,
}

/// One end of the knots, and what lies beyond it.
struct End {
    at: f64,
    /// The splines that are not zero there, each with its value and slope.
    splines: Vec<(usize, f64, f64)>,
}

/// What values beyond the knots become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Beyond {
    Refused,
    Continued,
    Periodic,
    /// What the ends say.
    Constant,
    Linear,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let beyond = match fitted.text("extrapolation")? {
        "error" => Beyond::Refused,
        "continue" => Beyond::Continued,
        "periodic" => Beyond::Periodic,
        "constant" => Beyond::Constant,
        "linear" => Beyond::Linear,
        other => return Err(fitted.refuse_option(format!("extrapolation='{other}'"))),
    };
    let zeros = match fitted.option("handle_missing").and_then(Value::as_str) {
        None | Some("error") => false,
        Some("zeros") => true,
        Some(other) => return Err(fitted.refuse_option(format!("handle_missing='{other}'"))),
    };
    let list = fitted.attr("bsplines_")?;
    let list = list.items().map_err(|error| fitted.refuse(error))?;
    let mut degree = fitted.count("degree")?;
    let mut columns = Vec::with_capacity(list.len());
    for spline in list {
        let basis = read_basis(fitted, spline)?;
        let bounded = matches!(beyond, Beyond::Constant | Beyond::Linear);
        let ends = if bounded { Some(ends(fitted, &basis, beyond, &mut degree)?) } else { None };
        columns.push(Column { basis, ends });
    }
    let width = columns.first().map_or(0, |column| column.basis.width());
    let given = if fitted.flag("include_bias", true)? { width } else { width.saturating_sub(1) };
    let even = columns.iter().all(|column| column.basis.width() == width);
    if !even || given == 0 || columns.len().saturating_mul(width) > MAX_COLUMNS {
        return Err(fitted.refuse("SplineTransformer's columns have other splines each"));
    }
    let sparse = fitted.flag("sparse_output", false)?;
    if sparse && zeros && columns.iter().any(|column| column.ends.is_none()) {
        // What a missing value becomes depends on the batch, from the second column on.
        let option = "sparse_output=True and handle_missing='zeros'";
        return Err(fitted.refuse_option(option));
    }
    let in_single = fitted.is_of_numpy_1();
    Ok(Box::new(Transforms(Splines { columns, width, given, beyond, zeros, sparse, in_single })))
}

fn read_basis(fitted: &Fitted<'_>, spline: Value<'_>) -> Result<Basis, Refusal> {
    let wrong = || fitted.refuse("SplineTransformer's splines do not fit together");
    // Since scipy 1.17 these are properties.
    let part = |name: &str, other: &str| {
        spline.get_attr(name).or_else(|| spline.get_attr(other)).ok_or_else(wrong)
    };
    let knots = fitted.numbers_of("t", part("t", "_t")?)?;
    let factors = part("c", "_c")?;
    let &[splines, width] = factors.as_array().map(Array::shape).unwrap_or_default() else {
        return Err(wrong());
    };
    let factors = fitted.numbers_of("c", factors)?;
    let degree = part("k", "k")?.as_i64().and_then(|degree| usize::try_from(degree).ok());
    let goes_on = spline.get_attr("extrapolate").and_then(Value::as_bool).ok_or_else(wrong)?;
    let degree = degree.filter(|degree| *degree < 64).ok_or_else(wrong)?;
    Basis::new(knots, degree, factors, splines, width, goes_on).ok_or_else(wrong)
}

/// The ends of a column's knots. A degree of 0 or 1 that is continued by lines grows with each column, as
/// there.
fn ends(
    fitted: &Fitted<'_>,
    basis: &Basis,
    beyond: Beyond,
    degree: &mut usize,
) -> Result<[End; 2], Refusal> {
    let width = basis.width();
    let knots = basis.knots();
    let (Some(first), Some(last)) =
        (knots.get(*degree), knots.len().checked_sub(*degree + 1).map(|at| &knots[at]))
    else {
        return Err(fitted.refuse("SplineTransformer has fewer knots than its degree needs"));
    };
    if beyond == Beyond::Constant && *degree == 0 {
        return Err(fitted.refuse_option("degree=0 and extrapolation='constant'"));
    }
    if beyond == Beyond::Linear && *degree <= 1 {
        *degree += 1;
    }
    let count = (*degree).min(width);
    let end = |at: f64, splines: &mut dyn Iterator<Item = usize>| {
        let (mut values, mut slopes) = (vec![0.0; width], vec![0.0; width]);
        basis.values(at, &mut values);
        basis.slopes(at, &mut slopes);
        End { at, splines: splines.map(|j| (j, values[j], slopes[j])).collect() }
    };
    let high = (0..count).map(|j| width - 1 - j);
    Ok([end(*first, &mut (0..count)), end(*last, &mut { high })])
}

impl Column {
    /// Whether `x` is between the ends, or one of them; the last one that is not else.
    fn beyond(&self, x: f64, single: bool) -> Option<&End> {
        let [first, last] = self.ends.as_ref()?;
        let (low, high) = (x < rounded(first.at, single), x > rounded(last.at, single));
        if low { Some(first) } else { high.then_some(last) }
    }
}

impl Splines {
    /// The values of all splines of a column at `x`; of `single` rows as NumPy 1 finds them.
    fn values(&self, column: &Column, x: f64, single: bool, out: &mut [f64]) {
        if self.beyond == Beyond::Periodic {
            return column.basis.values(column.basis.wrapped(x, |x| rounded(x, single)), out);
        }
        let Some(end) = column.beyond(x, single) else { return column.basis.values(x, out) };
        out.fill(0.0);
        let round = |value: f64| rounded(value, single);
        for (spline, value, slope) in &end.splines {
            out[*spline] = match self.beyond {
                Beyond::Linear => {
                    let further = round(round(x - round(end.at)) * round(*slope));
                    round(round(*value) + further)
                }
                _ => *value,
            };
        }
    }

    /// The row that is refused because a value is beyond the knots.
    fn check<T: Real>(&self, x: View<'_, T>) -> Result<(), Rejected> {
        if self.beyond != Beyond::Refused {
            return Ok(());
        }
        for row in x.iter() {
            for (value, column) in row.iter().zip(&self.columns) {
                if !value.is_nan() && !column.basis.has((*value).into()) {
                    return Err(Rejected::new(
                        "`X` contains values beyond the limits of the knots.",
                    ));
                }
            }
        }
        Ok(())
    }

    /// The row of f32 that is refused because the knots' end, which stands for what is beyond it until
    /// that is replaced, is beyond itself in f32.
    fn check_single(&self, x: View<'_, f32>) -> Result<(), Rejected> {
        for row in x.iter() {
            for (value, column) in row.iter().map(|value| f64::from(*value)).zip(&self.columns) {
                let Some([first, last]) = &column.ends else { continue };
                let beyond = value.is_nan() || column.beyond(value, self.in_single).is_some();
                let held = if beyond { rounded(first.at, true) } else { value };
                if held < first.at || held > last.at {
                    return Err(Rejected::new(format!("Out of bounds w/ x = {held:?}.")));
                }
            }
        }
        Ok(())
    }

    fn rows<T: Real>(
        &self,
        x: View<'_, T>,
        single: bool,
        mut out: ViewMut<'_, T>,
        pool: &mut Pool,
    ) {
        let mut values = pool.take_f64(self.width);
        out.for_each_row(|row, out| {
            let columns = x.row(row).iter().zip(&self.columns);
            for ((value, column), out) in columns.zip(out.chunks_exact_mut(self.given)) {
                if self.zeros && value.is_nan() {
                    out.fill(T::zero());
                    continue;
                }
                self.values(column, (*value).into(), single, &mut values);
                out.iter_mut().zip(&values).for_each(|(out, value)| *out = T::of(*value));
            }
        });
        pool.give_f64(values);
    }
}

impl RowMap for Splines {
    fn map<T: Real>(&self, x: View<'_, T>, out: ViewMut<'_, T>, pool: &mut Pool) {
        self.rows(x, self.in_single && size_of::<T>() == size_of::<f32>(), out, pool);
    }
}

impl Fit for Splines {
    fn features(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }

    fn is_sparse_in_python(&self, _input: bool) -> bool {
        self.sparse
    }
}

impl Transformer for Splines {
    fn width(&self) -> usize {
        self.columns.len() * self.given
    }

    fn form(&self, input: Form) -> Form {
        if self.sparse { Form::F64 } else { input.numeric() }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let finite = (!self.zeros).then_some(Finite::Only);
        numeric(x, pool, |numbers, pool| {
            match numbers {
                Numbers::F32(x) => self.check(x)?,
                Numbers::F64(x) => self.check(x)?,
            }
            let (true, Numbers::F32(x), Slot::F64(_)) = (self.sparse, numbers, &out) else {
                return mapped(self, &numbers.data(), finite, out, pool);
            };
            if let Some(finite) = finite {
                check_finite(numbers, finite)?;
            }
            self.check_single(x)?;
            let mut wide = Matrix::<f64>::take(pool, x.rows(), x.cols());
            copy_into(&Data::F32(x), wide.slot())?;
            if let Slot::F64(out) = out {
                self.rows(wide.view(), self.in_single, out, pool);
            }
            wide.give(pool);
            Ok(())
        })
    }
}
