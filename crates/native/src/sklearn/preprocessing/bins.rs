//! `KBinsDiscretizer`.
//!
//! Source: `sklearn.preprocessing.KBinsDiscretizer.transform` (1.1 to 1.9): the bin is the number of inner
//! edges that are not above the value.

use pelton_core::DType;
use pelton_pickle::Value;

use super::one_hot::dtype;
use super::rows::{RowMap, mapped};
use crate::data::{Data, Finite, Form, Matrix, Pool, Real, Slot, SparseRows, View, ViewMut};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "KBinsDiscretizer", read)];

/// Up to this width rows are dense here even where scikit-learn makes them sparse.
const DENSE: usize = 96;

struct Bins {
    /// The inner edges of every column, ascending.
    edges: Vec<Vec<f64>>,
    /// The first column of every column's bins, and the width; `None` when bins are numbers.
    starts: Option<Vec<u32>>,
    width: usize,
    /// Whether all rows become f32 first.
    single: bool,
    double: bool,
    sparse_in_python: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if fitted.version() != Version::default() && fitted.version() < Version(1, 1) {
        return Err(fitted.refuse_option("the tolerant edges of releases before 1.1"));
    }
    let listed = fitted.attr("bin_edges_")?;
    let items = listed.items().map_err(|error| fitted.refuse(error))?;
    let mut edges = Vec::with_capacity(items.len());
    for item in items {
        let all = fitted.numbers_of("bin_edges_", item)?;
        let inner = all.get(1..all.len().saturating_sub(1)).unwrap_or_default().to_vec();
        if !inner.is_sorted() {
            return Err(fitted.refuse("KBinsDiscretizer has edges that do not ascend"));
        }
        edges.push(inner);
    }
    let encode = fitted.option("encode").and_then(Value::as_str).unwrap_or("onehot");
    let ordinal = match encode {
        "ordinal" => true,
        "onehot" | "onehot-dense" => false,
        other => return Err(fitted.refuse_option(format!("encode='{other}'"))),
    };
    let mut width = 0;
    let mut starts = Vec::with_capacity(edges.len());
    for inner in &edges {
        starts.push(width as u32);
        width += if ordinal { 1 } else { inner.len() + 1 };
    }
    let told = match fitted.option("dtype") {
        Some(_) => Some(dtype(fitted)?),
        None => None,
    };
    Ok(Box::new(Transforms(Bins {
        edges,
        starts: (!ordinal).then_some(starts),
        width,
        single: told == Some(DType::Fp32),
        double: told == Some(DType::Fp64),
        sparse_in_python: encode == "onehot",
    })))
}

impl Bins {
    fn bin<T: Real>(&self, at: usize, value: T) -> usize {
        let value: f64 = value.into();
        self.edges[at].partition_point(|edge| *edge <= value)
    }

    fn is_sparse(&self) -> bool {
        self.sparse_in_python && self.width > DENSE
    }
}

impl RowMap for Bins {
    fn map<T: Real>(&self, x: View<'_, T>, mut out: ViewMut<'_, T>, _pool: &mut Pool) {
        out.for_each_row(|row, out| {
            let from = x.row(row).iter().enumerate();
            match &self.starts {
                None => {
                    for ((at, value), out) in from.zip(out) {
                        *out = T::of(self.bin(at, *value) as f64);
                    }
                }
                Some(starts) => {
                    out.fill(T::zero());
                    for ((at, value), start) in from.zip(starts) {
                        out[*start as usize + self.bin(at, *value)] = T::one();
                    }
                }
            }
        });
    }
}

impl Fit for Bins {
    fn features(&self) -> Option<usize> {
        Some(self.edges.len())
    }

    fn is_sparse_in_python(&self, _input: bool) -> bool {
        self.sparse_in_python
    }
}

impl Transformer for Bins {
    fn width(&self) -> usize {
        self.width
    }

    fn form(&self, input: Form) -> Form {
        let numbers = match input.numeric() {
            _ if self.single => Form::F32,
            _ if self.double => Form::F64,
            other => other,
        };
        if self.is_sparse() { numbers.sparse() } else { numbers }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let finite = if self.single { Finite::OnlyAsF32 } else { Finite::Only };
        mapped(self, x, Some(finite), out, pool)
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let mut dense = Matrix::<f64>::take(pool, x.rows(), self.width);
        self.write(x, dense.slot(), pool)?;
        let mut rows = pool.take_sparse(self.width, self.form(x.form()));
        for row in dense.view().iter() {
            let ones = row.iter().enumerate().filter(|(_, value)| **value != 0.0);
            ones.for_each(|(at, value)| rows.push(at as u32, *value));
            rows.end_row();
        }
        dense.give(pool);
        Ok(rows)
    }
}
