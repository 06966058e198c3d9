//! `PCA`, `IncrementalPCA`, `TruncatedSVD`, `FastICA` and other products: rows on a few directions.
//!
//! Source: `sklearn.decomposition._base._BasePCA`, `_truncated_svd`, `_fastica`, `neighbors._nca`,
//! `random_projection` (1.2 to 1.9): X * components^T, the
//! mean taken off before (until 1.3) or, projected, after; with `whiten` divided by the square root
//! of each variance. The products are BLAS's, so Python varies in the last bits.

use super::super::stored::Stored;
use super::super::transforms::{Fit, Transforms, transformed};
use super::dense::{Products, centred};
use super::likelihood::Likelihood;
use crate::data::{Data, Form, Pool, Real, Slot, View, ViewMut};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Promise, Rejected, Shape, Transformer,
};
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers = &[
    ("sklearn", "PCA", read_pca),
    ("sklearn", "RandomizedPCA", read_incremental),
    ("sklearn", "IncrementalPCA", read_incremental),
    ("sklearn", "TruncatedSVD", read_svd),
    ("sklearn", "FastICA", read_ica),
    ("sklearn", "NeighborhoodComponentsAnalysis", read_svd),
    ("sklearn", "GaussianRandomProjection", read_svd),
    ("sklearn", "SparseRandomProjection", read_sparse),
];

/// Weights that a sparse matrix may become when it is laid out.
const MOST_WEIGHTS: usize = 1 << 26;

struct Projection {
    /// Taken off the rows before they are projected.
    mean: Option<Vec<f64>>,
    products: Products,
    /// What each result is divided by.
    scales: Option<Vec<f64>>,
}

/// The projection, and how usual a row is.
struct Pca {
    projection: Projection,
    likelihood: Likelihood,
}

fn read_pca(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let likelihood = Likelihood::read(fitted)?;
    Ok(Box::new(Pca { projection: read_projection(fitted)?, likelihood }))
}

fn read_incremental(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Transforms(read_projection(fitted)?)))
}

fn read_projection(fitted: &Fitted<'_>) -> Result<Projection, Refusal> {
    let (components, count, features) = fitted.matrix("components_")?;
    let mean = fitted.numbers_option("mean_")?;
    if features == 0 || mean.as_ref().is_some_and(|mean| mean.len() != features) {
        return Err(fitted.refuse("the components and the mean are of different widths"));
    }
    let single = fitted.is_single("components_");
    // Those of `RandomizedPCA`, until 0.19, were made white when it was fitted.
    let is_white = fitted.class() == "RandomizedPCA";
    let scales = if fitted.flag("whiten", false)? && !is_white {
        let variances = fitted.numbers("explained_variance_")?;
        if variances.len() != count {
            return Err(
                fitted.refuse("the components and their variances are of different numbers")
            );
        }
        Some(variances.into_iter().map(|variance| scale(fitted, single, variance)).collect())
    } else {
        None
    };
    let first = fitted.version() < Version(1, 4);
    let mut shifts = vec![0.0; count];
    let mut before = None;
    match mean {
        Some(mean) if first => before = Some(mean),
        Some(mean) => {
            for (shift, component) in shifts.iter_mut().zip(components.chunks_exact(features)) {
                *shift = -mean.iter().zip(component).map(|(m, c)| m * c).sum::<f64>();
            }
        }
        None => {}
    }
    let products = Products::new(single, features, &shifts, |i, j| components[j * features + i]);
    Ok(Projection { mean: before, products, scales })
}

/// The divisor of a whitened direction; those of almost no variance are held up since 1.5.
fn scale(fitted: &Fitted<'_>, single: bool, variance: f64) -> f64 {
    let scale = variance.sqrt();
    let least = if single { f64::from(f32::EPSILON) } else { f64::EPSILON };
    if fitted.version() >= Version(1, 5) { scale.max(least) } else { scale }
}

fn read_svd(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (components, count, features) = fitted.matrix("components_")?;
    let single = fitted.is_single("components_");
    let products =
        Products::new(single, features, &vec![0.0; count], |i, j| components[j * features + i]);
    Ok(Box::new(Transforms(Projection { mean: None, products, scales: None })))
}

fn read_ica(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (components, count, features) = fitted.matrix("components_")?;
    let mean = fitted.numbers_option("mean_")?;
    if features == 0 || mean.as_ref().is_some_and(|mean| mean.len() != features) {
        return Err(fitted.refuse("the components and the mean are of different widths"));
    }
    let single = fitted.is_single("components_");
    let products =
        Products::new(single, features, &vec![0.0; count], |i, j| components[j * features + i]);
    Ok(Box::new(Transforms(Projection { mean, products, scales: None })))
}

fn read_sparse(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let components = Stored::read(fitted, "components_", fitted.attr("components_")?)?;
    let (count, features) = (components.count(), components.features);
    if count.saturating_mul(features) > MOST_WEIGHTS {
        return Err(fitted.refuse(format!("{count} components of {features} columns are too many")));
    }
    let mut dense = vec![0.0; count * features];
    for (at, row) in dense.chunks_exact_mut(features.max(1)).enumerate() {
        let (columns, values) = components.row(at);
        columns.iter().zip(values).for_each(|(column, value)| row[*column as usize] = *value);
    }
    let products =
        Products::new(false, features, &vec![0.0; count], |i, j| dense[j * features + i]);
    Ok(Box::new(Transforms(Projection { mean: None, products, scales: None })))
}

impl Projection {
    fn place<T: Real>(&self, values: &[T], mut out: ViewMut<'_, T>) {
        let from = View::new(values, out.rows(), self.products.outputs());
        out.for_each_row(|row, to| {
            to.copy_from_slice(from.row(row));
            if let Some(scales) = &self.scales {
                to.iter_mut()
                    .zip(scales)
                    .for_each(|(value, scale)| *value = *value / T::of(*scale));
            }
        });
    }
}

impl Fit for Projection {
    fn features(&self) -> Option<usize> {
        Some(self.products.inputs())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for Projection {
    fn width(&self) -> usize {
        self.products.outputs()
    }

    fn form(&self, input: Form) -> Form {
        self.products.form(input)
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let block = match &self.mean {
            None => self.products.apply(x, pool)?,
            Some(mean) => {
                let form = self.products.form(x.form());
                centred(x, form, mean, pool, |x, pool| self.products.apply(x, pool))?
            }
        };
        match (&block, out) {
            (Block::F32(values), Slot::F32(out)) => self.place(values, out),
            (Block::F64(values), Slot::F64(out)) => self.place(values, out),
            _ => unreachable!("the place has the type of the form"),
        }
        block.recycle(pool);
        Ok(())
    }
}

impl Estimator for Pca {
    fn outputs(&self) -> Vec<Output> {
        vec![
            Output::new(Method::ScoreSamples, Shape::Vector),
            Output::new(Method::Transform, Shape::Matrix(self.projection.width())),
        ]
    }

    fn features(&self) -> Option<usize> {
        Fit::features(&self.projection)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::ScoreSamples) {
            let single = self.projection.form(x.form()) == Form::F32;
            answers.score_samples = Some(self.likelihood.scores(x, single, pool)?);
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(&self.projection, x, pool)?);
        }
        Ok(())
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(&self.projection)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
