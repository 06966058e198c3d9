//! `PolynomialFeatures`.
//!
//! Source: `sklearn.preprocessing.PolynomialFeatures.transform` (0.24 to 1.9): a term of degree d is a term
//! of degree d - 1 times the column that comes first in it.

use super::rows::{RowMap, mapped};
use crate::data::{Data, Finite, Form, Pool, Real, Slot, View, ViewMut};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "PolynomialFeatures", read)];

/// Terms of a row at most.
const MAX_TERMS: usize = 1 << 22;

struct Polynomial {
    features: usize,
    bias: bool,
    /// Terms of degree 2 and more: the place of a term among all, and the column it is multiplied with.
    products: Vec<(u32, u32)>,
    /// Places of the terms that are given, the first of them and how many.
    first: usize,
    given: usize,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let degree = fitted.attr("degree")?;
    let whole = |value: Option<i64>| value.and_then(|value| usize::try_from(value).ok());
    let part = |at| whole(degree.item(at).ok()?.as_i64());
    let (least, most) = match (whole(degree.as_i64()), part(0), part(1)) {
        (Some(most), ..) => (0, most),
        (None, Some(least), Some(most)) => (least, most),
        _ => return Err(fitted.refuse_option("a degree that is no count")),
    };
    let bias = fitted.flag("include_bias", true)?;
    let alone = fitted.flag("interaction_only", false)?;
    // The name until 0.23.
    let older = fitted.option("n_input_features_").and_then(pelton_pickle::Value::as_i64);
    let older = older.and_then(|count| usize::try_from(count).ok());
    let Some(features) = fitted.features().or(older) else {
        return Err(fitted.refuse("PolynomialFeatures does not tell how many columns it takes"));
    };
    if features > MAX_TERMS {
        return Err(fitted.refuse(format!("PolynomialFeatures takes over {MAX_TERMS} columns")));
    }
    let too_many = || fitted.refuse(format!("PolynomialFeatures makes over {MAX_TERMS} columns"));
    let products = products(features, most, alone, bias).ok_or_else(too_many)?;
    let ones = usize::from(bias);
    let linear = if most == 0 { 0 } else { features };
    let all = ones + linear + products.len();
    // Terms below the least degree are left out; they come first.
    let skipped = match least {
        0 | 1 => 0,
        _ => linear + count_below(features, least, alone).ok_or_else(too_many)?,
    };
    let given = all - skipped.min(all);
    if let Some(told) = fitted.option("n_output_features_").and_then(pelton_pickle::Value::as_i64)
        && told != given as i64
    {
        return Err(fitted.refuse(format!("PolynomialFeatures makes {given} columns, not {told}")));
    }
    Ok(Box::new(Transforms(Polynomial { features, bias, products, first: skipped, given })))
}

/// The terms of degree 2 up to `most`, in order.
fn products(features: usize, most: usize, alone: bool, bias: bool) -> Option<Vec<(u32, u32)>> {
    let mut products: Vec<(u32, u32)> = Vec::new();
    let mut next = usize::from(bias);
    // Where the terms start whose first column is each, and where they end.
    let mut index: Vec<usize> = (next..=next + features).collect();
    next += features;
    for _ in 2..=most {
        let before = products.len();
        let mut starts = Vec::with_capacity(features + 1);
        let end = *index.last()?;
        for feature in 0..features {
            let mut start = index[feature.min(index.len() - 1)];
            starts.push(next);
            if alone {
                start += index.get(feature + 1)? - start;
            }
            if end <= start {
                break;
            }
            if products.len() + (end - start) > MAX_TERMS {
                return None;
            }
            products.extend((start..end).map(|term| (term as u32, feature as u32)));
            next += end - start;
        }
        starts.push(next);
        if starts.len() < features + 1 {
            starts.resize(features + 1, next);
        }
        index = starts;
        // No term of this degree: none of a greater one either.
        if products.len() == before {
            break;
        }
    }
    Some(products)
}

/// How many terms have a degree from 2 up to below `least`.
fn count_below(features: usize, least: usize, alone: bool) -> Option<usize> {
    products(features, least - 1, alone, false).map(|products| products.len())
}

impl RowMap for Polynomial {
    fn map<T: Real>(&self, x: View<'_, T>, mut out: ViewMut<'_, T>, pool: &mut Pool) {
        let ones = usize::from(self.bias);
        let mut all = T::take(pool, ones + self.features + self.products.len());
        out.for_each_row(|row, out| {
            let from = x.row(row);
            all[..ones].fill(T::one());
            all[ones..ones + self.features].copy_from_slice(from);
            for (at, (term, column)) in self.products.iter().enumerate() {
                all[ones + self.features + at] = all[*term as usize] * from[*column as usize];
            }
            if self.bias && self.first > 0 {
                out[0] = T::one();
                out[1..].copy_from_slice(&all[1 + self.first..][..self.given - 1]);
            } else {
                out.copy_from_slice(&all[self.first..][..self.given]);
            }
        });
        T::give(pool, all);
    }
}

impl Fit for Polynomial {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }
}

impl Transformer for Polynomial {
    fn width(&self) -> usize {
        self.given
    }

    fn form(&self, input: Form) -> Form {
        input.numeric()
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        mapped(self, x, Some(Finite::Only), out, pool)
    }
}
