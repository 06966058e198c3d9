//! [`Weights`]: terms weighted by how rare they are; `TfidfTransformer`.
//!
//! Source: `sklearn.feature_extraction.text.TfidfTransformer.transform` and
//! `sklearn.utils.sparsefuncs_fast.inplace_csr_row_normalize_*` (0.20 to 1.9).

use pelton_pickle::Value;

use crate::data::{
    Data, Finite, Form, Numbers, Pool, Real, SparseRows, View, absolutes, check_finite, length,
    numeric,
};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "TfidfTransformer", read)];

/// The release from which on rows stay of the type they are.
const AS_THEY_ARE: Version = Version(1, 5);

/// How terms are weighted.
pub(super) struct Weights {
    idf: Option<Vec<f64>>,
    /// Whether rows of f32 are of f64 behind their weights.
    widened: bool,
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
    /// Whether it makes f64 of dense rows, whatever they are.
    lifts: bool,
    weights: Weights,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let weights = Weights::read(fitted)?;
    let Some(features) = weights.width().or(fitted.features()).or(fitted.given()) else {
        return Err(fitted.refuse("TfidfTransformer does not tell how many columns it takes"));
    };
    let lifts = fitted.version() < AS_THEY_ARE;
    Ok(Box::new(Transforms(TfidfTransformer { features, lifts, weights })))
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
        match self {
            Self::Nothing => {}
            Self::L1 => rows.divide_by(|row, _| absolutes(row)),
            Self::L2 => rows.divide_by(length),
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
        let widened = idf.is_some() && fitted.version() < AS_THEY_ARE && !single_diagonal(fitted);
        Ok(Self { idf, widened, sublinear, norm: Norm::read(fitted)? })
    }

    /// The form of weighed rows.
    pub(super) fn form(&self, form: Form) -> Form {
        if self.widened { Form::Sparse } else { form }
    }

    /// Terms that are weighted.
    pub(super) fn width(&self) -> Option<usize> {
        self.idf.as_ref().map(Vec::len)
    }

    /// Weighs counts.
    ///
    /// # Errors
    /// A weight is no number, and is to be divided: of words that were counted down, the logarithm.
    pub(super) fn weigh(&self, rows: &mut SparseRows) -> Result<(), Rejected> {
        if self.sublinear {
            rows.change(|_, value| value.ln());
            rows.change(|_, value| value + 1.0);
        }
        if self.widened {
            rows.widen();
        }
        if let Some(idf) = &self.idf {
            rows.change(|column, value| value * idf[column as usize]);
        }
        if self.norm != Norm::Nothing && !rows.are_finite() {
            return Err(Rejected::new("input contains NaN or infinity"));
        }
        self.norm.divide(rows);
        Ok(())
    }
}

/// The weights: an array, or in older releases the diagonal of a matrix.
fn idf(fitted: &Fitted<'_>) -> Result<Vec<f64>, Refusal> {
    if fitted.option("idf_").is_some() {
        return fitted.numbers("idf_");
    }
    let Some(data) = diagonal(fitted) else { return fitted.numbers("idf_") };
    let values = fitted.numbers_of("_idf_diag", data)?;
    let wide = data.as_array().map(|array| array.shape().to_vec());
    match wide.as_deref() {
        Some([1, _] | [_]) => Ok(values),
        _ => Err(fitted.refuse("TfidfTransformer's weights are no diagonal")),
    }
}

/// What is on the diagonal, which is of the rows' type where they were fitted on f32.
fn diagonal<'a>(fitted: &Fitted<'a>) -> Option<Value<'a>> {
    let matrix = fitted.option("_idf_diag")?;
    matrix.get_attr("data").or_else(|| matrix.get_attr("_data"))
}

fn single_diagonal(fitted: &Fitted<'_>) -> bool {
    let held = diagonal(fitted).and_then(|data| data.as_array().map(|array| array.dtype().size()));
    held == Some(size_of::<f32>())
}

impl TfidfTransformer {
    /// The form of the rows it takes before they are weighed.
    fn taken(&self, input: Form) -> Form {
        if self.lifts && !input.is_sparse() { Form::Sparse } else { input.sparse() }
    }

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

    fn form(&self, input: Form) -> Form {
        self.weights.form(self.taken(input))
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let mut out = pool.take_sparse(self.features, self.taken(x.form()));
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
        self.weights.weigh(&mut out)?;
        Ok(out)
    }
}
