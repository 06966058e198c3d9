//! `KernelRidge`, `KernelPCA`, `Nystroem` and `RBFSampler`: products with the kernel's values of a row and
//! the points it was fitted on, or with random waves.
//!
//! Source: `sklearn.metrics.pairwise.pairwise_kernels`, `kernel_ridge`, `decomposition._kernel_pca`,
//! `kernel_approximation` (0.24 to 1.9). The products are BLAS's, so Python varies in the last bits.

use super::super::transforms::{Fit, Transforms};
use super::dense::{Products, wide};
use super::kernel::Kernel;
use crate::data::{Data, Finite, Form, Pool, Slot, View, copy_into};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
    Transformer,
};
use crate::math::{Affine, Rows, pairwise_sum};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("sklearn", "KernelRidge", read_ridge),
    ("sklearn", "KernelPCA", read_pca),
    ("sklearn", "Nystroem", read_nystroem),
    ("sklearn", "RBFSampler", read_sampler),
];

/// Kernel values times a matrix.
struct OfKernel {
    kernel: Kernel,
    /// The means of the training set's kernel values, by point and of all, where they are centred.
    centre: Option<(Vec<f64>, f64)>,
    products: Affine<f64>,
}

struct Ridge {
    of: OfKernel,
    shape: Shape,
}

struct Sampler {
    products: Products,
    scale: f64,
}

fn read_ridge(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let gamma = fitted.option("gamma").is_some().then(|| fitted.number("gamma")).transpose()?;
    let kernel = Kernel::read(fitted, "X_fit_", gamma)?;
    let shape = fitted.wanted("dual_coef_", fitted.attr("dual_coef_")?.as_array(), "an array")?;
    let (shape, targets) = match shape.shape() {
        [_] => (Shape::Vector, 1),
        [_, targets] => (Shape::Matrix(*targets), *targets),
        _ => return Err(fitted.refuse("its coefficients are no vector and no matrix")),
    };
    let of = OfKernel::new(fitted, kernel, None, &fitted.numbers("dual_coef_")?, targets)?;
    Ok(Box::new(Ridge { of, shape }))
}

fn read_pca(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let gamma = ["gamma_", "gamma"].into_iter().find(|name| fitted.option(name).is_some());
    let gamma = gamma.map(|name| fitted.number(name)).transpose()?;
    let kernel = Kernel::read(fitted, "X_fit_", gamma)?;
    let older = fitted.option("eigenvectors_").is_none();
    let (vectors, values) =
        if older { ("alphas_", "lambdas_") } else { ("eigenvectors_", "eigenvalues_") };
    let (mut vectors, rows, count) = fitted.matrix(vectors)?;
    let values = fitted.numbers(values)?;
    let centerer = fitted.with(fitted.attr("_centerer")?);
    let centre = (centerer.numbers("K_fit_rows_")?, centerer.number("K_fit_all_")?);
    if values.len() != count || centre.0.len() != rows || count == 0 {
        return Err(fitted.refuse("its eigenvectors and eigenvalues do not fit together"));
    }
    for row in vectors.chunks_exact_mut(count) {
        for (value, scale) in row.iter_mut().zip(&values) {
            *value = if *scale == 0.0 { 0.0 } else { *value / scale.sqrt() };
        }
    }
    Ok(Box::new(Transforms(OfKernel::new(fitted, kernel, Some(centre), &vectors, count)?)))
}

fn read_nystroem(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let gamma = fitted.option("gamma").is_some().then(|| fitted.number("gamma")).transpose()?;
    let kernel = Kernel::read(fitted, "components_", gamma)?;
    let (normal, count, width) = fitted.matrix("normalization_")?;
    let turned: Vec<f64> = (0..width)
        .flat_map(|i| (0..count).map(move |j| (i, j)))
        .map(|(i, j)| normal[j * width + i])
        .collect();
    Ok(Box::new(Transforms(OfKernel::new(fitted, kernel, None, &turned, count)?)))
}

fn read_sampler(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (weights, features, count) = fitted.matrix("random_weights_")?;
    let offsets = fitted.numbers("random_offset_")?;
    if offsets.len() != count || count == 0 {
        return Err(fitted.refuse("its weights and offsets do not fit together"));
    }
    let single = fitted.is_single("random_weights_");
    let products = Products::new(single, features, &offsets, |i, j| weights[i * count + j]);
    let scale = (2.0 / count as f64).sqrt();
    Ok(Box::new(Transforms(Sampler { products, scale })))
}

impl OfKernel {
    /// One row of `outputs` factors a point.
    fn new(
        fitted: &Fitted<'_>,
        kernel: Kernel,
        centre: Option<(Vec<f64>, f64)>,
        factors: &[f64],
        outputs: usize,
    ) -> Result<Self, Refusal> {
        if factors.len() != kernel.points() * outputs || outputs == 0 {
            return Err(fitted.refuse("its points and their factors do not fit together"));
        }
        let weight = |i: usize, j: usize| factors[i * outputs + j];
        let products = Affine::new(kernel.points(), vec![0.0; outputs], weight);
        Ok(Self { kernel, centre, products })
    }

    fn apply(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        wide(x, Finite::Only, pool, |x, pool| {
            let width = self.products.outputs();
            let mut out = pool.take_f64(x.rows() * width);
            let mut values = pool.take_f64(self.kernel.points());
            for (row, out) in x.iter().zip(out.chunks_exact_mut(width)) {
                self.kernel.values(row, &mut values, pool);
                if let Some((rows, all)) = &self.centre {
                    if !values.iter().all(|value| value.is_finite()) {
                        return Err(Rejected::new("the kernel's values contain NaN or infinity"));
                    }
                    let mean = pairwise_sum(&values) / rows.len() as f64;
                    for (value, row) in values.iter_mut().zip(rows) {
                        *value = ((*value - row) - mean) + all;
                    }
                }
                self.products.apply(Rows::new(&values, 1), out);
            }
            pool.give_f64(values);
            Ok(out)
        })
    }
}

impl Estimator for Ridge {
    fn outputs(&self) -> Vec<Output> {
        vec![Output::new(Method::Predict, self.shape.clone())]
    }

    fn features(&self) -> Option<usize> {
        Some(self.of.kernel.features())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            answers.predict = Some(Predicted::Numbers(Block::F64(self.of.apply(x, pool)?)));
        }
        Ok(())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Fit for OfKernel {
    fn features(&self) -> Option<usize> {
        Some(self.kernel.features())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for OfKernel {
    fn width(&self) -> usize {
        self.products.outputs()
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let rows = x.rows();
        let values = self.apply(x, pool)?;
        copy_into(&Data::F64(View::new(&values, rows, self.width())), out)?;
        pool.give_f64(values);
        Ok(())
    }
}

impl Fit for Sampler {
    fn features(&self) -> Option<usize> {
        Some(self.products.inputs())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for Sampler {
    fn width(&self) -> usize {
        self.products.outputs()
    }

    fn form(&self, input: Form) -> Form {
        self.products.form(input)
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        self.products.write(x, out.reborrow(), pool)?;
        match out {
            Slot::F32(mut out) => out.for_each_row(|_, row| {
                row.iter_mut().for_each(|value| *value = value.cos() * self.scale as f32);
            }),
            Slot::F64(mut out) => out.for_each_row(|_, row| {
                row.iter_mut().for_each(|value| *value = value.cos() * self.scale);
            }),
        }
        Ok(())
    }
}
