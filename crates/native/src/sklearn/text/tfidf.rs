//! [`Weights`]: terms weighted by how rare they are; `TfidfTransformer`.
//!
//! Source: `sklearn.feature_extraction.text.TfidfTransformer.transform` and
//! `sklearn.utils.sparsefuncs_fast.inplace_csr_row_normalize_*` (0.20 to 1.9).

use crate::data::{Data, Form, Pool, SparseRows, numeric};
use crate::data::{Finite, Numbers, Real, View, check_finite};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "TfidfTransformer", read)];

/// How terms are weighted.
pub(super) struct Weights {
    idf: Option<Vec<f64>>,
    sublinear: bool,
    norm: Norm,
}

/// What a row is divided by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Norm {
    Nothing,
    /// The sum of absolute values.
    L1,
    /// The Euclidean length.
    L2,
}

struct TfidfTransformer {
    features: usize,
    weights: Weights,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let weights = Weights::read(fitted)?;
    let Some(features) = weights.width().or(fitted.features()) else {
        return Err(fitted.refuse("TfidfTransformer does not tell how many columns it takes"));
    };
    Ok(Box::new(Transforms(TfidfTransformer { features, weights })))
}

impl Norm {
    /// Reads the `norm` option.
    ///
    /// # Errors
    /// It is none of the three.
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        match fitted.option("norm").map(|norm| norm.as_str().unwrap_or("?")) {
            None => Ok(Self::Nothing),
            Some("l1") => Ok(Self::L1),
            Some("l2") => Ok(Self::L2),
            Some(other) => Err(fitted.refuse_option(format!("norm='{other}'"))),
        }
    }

    /// Divides every row.
    pub(super) fn divide(self, rows: &mut SparseRows) {
        for row in 0..rows.rows() {
            let (_, values) = rows.row_mut(row);
            let norm = match self {
                Self::Nothing => return,
                Self::L1 => values.iter().fold(0.0, |sum, value| sum + value.abs()),
                Self::L2 => values.iter().fold(0.0, |sum, value| sum + value * value).sqrt(),
            };
            if norm != 0.0 {
                values.iter_mut().for_each(|value| *value /= norm);
            }
        }
    }
}

impl Weights {
    /// Reads a `TfidfTransformer`.
    ///
    /// # Errors
    /// An option is not understood, or it was not fitted.
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let idf = if fitted.flag("use_idf", true)? { Some(idf(fitted)?) } else { None };
        let sublinear = fitted.flag("sublinear_tf", false)?;
        Ok(Self { idf, sublinear, norm: Norm::read(fitted)? })
    }

    /// Terms that are weighted.
    pub(super) fn width(&self) -> Option<usize> {
        self.idf.as_ref().map(Vec::len)
    }

    /// Weighs counts.
    pub(super) fn weigh(&self, rows: &mut SparseRows) {
        if self.sublinear {
            rows.values_mut().iter_mut().for_each(|value| *value = value.ln() + 1.0);
        }
        if let Some(idf) = &self.idf {
            for row in 0..rows.rows() {
                let (columns, values) = rows.row_mut(row);
                for (value, column) in values.iter_mut().zip(columns) {
                    *value *= idf[*column as usize];
                }
            }
        }
        self.norm.divide(rows);
    }
}

/// The weights: an array, or in older releases the diagonal of a matrix.
fn idf(fitted: &Fitted<'_>) -> Result<Vec<f64>, Refusal> {
    if fitted.option("idf_").is_some() {
        return fitted.numbers("idf_");
    }
    let diagonal = fitted.option("_idf_diag").and_then(|matrix| {
        matrix.get_attr("data").or_else(|| matrix.get_attr("_data")).map(|data| (matrix, data))
    });
    let Some((_, data)) = diagonal else { return fitted.numbers("idf_") };
    let values = fitted.numbers_of("_idf_diag", data)?;
    let wide = data.as_array().map(|array| array.shape().to_vec());
    match wide.as_deref() {
        Some([1, _] | [_]) => Ok(values),
        _ => Err(fitted.refuse("TfidfTransformer's weights are no diagonal")),
    }
}

impl TfidfTransformer {
    fn dense<T: Real>(x: View<'_, T>, out: &mut SparseRows) {
        for row in x.iter() {
            for (column, value) in row.iter().enumerate() {
                let value: f64 = (*value).into();
                if value != 0.0 {
                    out.push(column as u32, value);
                }
            }
            out.end_row();
        }
    }
}

impl Fit for TfidfTransformer {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }

    fn is_sparse_in_python(&self, _input: bool) -> bool {
        true
    }
}

impl Transformer for TfidfTransformer {
    fn width(&self) -> usize {
        self.features
    }

    fn form(&self, _input: Form) -> Form {
        Form::Sparse
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let mut out = pool.take_sparse(self.features);
        if let Data::Sparse(from) = x {
            for (columns, values) in from.iter() {
                for (column, value) in columns.iter().zip(values) {
                    if !value.is_finite() {
                        return Err(Rejected::new("input contains NaN or infinity"));
                    }
                    out.push(*column, *value);
                }
                out.end_row();
            }
        } else {
            numeric(x, pool, |x, _| {
                check_finite(x, Finite::Only)?;
                match x {
                    Numbers::F32(view) => Self::dense(view, &mut out),
                    Numbers::F64(view) => Self::dense(view, &mut out),
                }
                Ok(())
            })?;
        }
        self.weights.weigh(&mut out);
        Ok(out)
    }
}
