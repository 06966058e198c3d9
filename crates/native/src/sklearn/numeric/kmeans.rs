//! `KMeans` and `MiniBatchKMeans`: the nearest centre, and the distances to all.
//!
//! Source: `sklearn.cluster._k_means_lloyd` (`predict`: the least of |c|^2 - 2 x c, the first of ties)
//! and `sklearn.metrics.pairwise.euclidean_distances` (`transform`). The products are BLAS's, so
//! Python varies in the last bits, and distances near zero in more.
//! Rows of another type than the centres are answered in f64, where scikit-learn's `predict` fails.

use crate::data::{Data, Finite, Form, Labels, Pool, Real, Slot, View};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
    Transformer,
};
use crate::math::{Isa, dot};
use crate::reader::{Fitted, Readers, Refusal};
use pelton_core::DType;

use super::super::transforms::transformed;
use super::dense::{Products, wide};

pub(super) const READERS: Readers =
    &[("sklearn", "KMeans", read), ("sklearn", "MiniBatchKMeans", read)];

pub(super) struct KMeans {
    /// -2 x c, and |c|^2 apart.
    products: Products,
    norms: Vec<f64>,
    labels: [Labels; 1],
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(read_clusters(fitted)?))
}

/// Reads the centres of clusters.
///
/// # Errors
/// There are none.
pub(super) fn read_clusters(fitted: &Fitted<'_>) -> Result<KMeans, Refusal> {
    let (centres, count, features) = fitted.matrix("cluster_centers_")?;
    if count == 0 || features == 0 {
        return Err(fitted.refuse("there is no cluster"));
    }
    let isa = Isa::detect();
    let norms = centres.chunks_exact(features).map(|centre| dot(isa, centre, centre)).collect();
    let single = fitted.is_single("cluster_centers_");
    let weight = |i: usize, j: usize| -2.0 * centres[j * features + i];
    let products = Products::new(single, features, &vec![0.0; count], weight);
    let values = (0..count as i64).collect();
    let labels = [Labels::Int { values, dtype: DType::Int32 }];
    Ok(KMeans { products, norms, labels })
}

impl KMeans {
    /// Columns of a row.
    pub(super) fn columns(&self) -> usize {
        self.products.inputs()
    }

    /// The nearest centre of each row. As in scikit-learn's loop, nothing is less than NaN.
    fn nearest<T: Real>(&self, products: &[T], labels: &mut [u32]) {
        for (label, products) in labels.iter_mut().zip(products.chunks_exact(self.norms.len())) {
            let mut scores =
                products.iter().zip(&self.norms).map(|(product, norm)| *product + T::of(*norm));
            let mut least = scores.next().expect("there is a centre");
            *label = 0;
            for (j, score) in scores.enumerate() {
                if score < least {
                    (*label, least) = (j as u32 + 1, score);
                }
            }
        }
    }
}

impl Estimator for KMeans {
    fn outputs(&self) -> Vec<Output> {
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::Transform, Shape::Matrix(self.norms.len())),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.products.inputs())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            let products = self.products.apply(x, pool)?;
            let mut labels = pool.take_u32(x.rows());
            match &products {
                Block::F32(products) => self.nearest(products, &mut labels),
                Block::F64(products) => self.nearest(products, &mut labels),
                _ => unreachable!("products are numbers"),
            }
            products.recycle(pool);
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(self, x, pool)?);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn classes(&self) -> Option<&Labels> {
        None
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(self)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for KMeans {
    fn width(&self) -> usize {
        self.norms.len()
    }

    fn form(&self, input: Form) -> Form {
        self.products.form(input)
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let products = self.products.apply_wide(x, pool)?;
        let view = View::new(&products, x.rows(), self.norms.len());
        wide(x, Finite::Only, pool, |rows, _| {
            let (isa, single) = (Isa::detect(), matches!(out, Slot::F32(_)));
            for row in 0..rows.rows() {
                let norm = dot(isa, rows.row(row), rows.row(row));
                for (j, (product, centre)) in view.row(row).iter().zip(&self.norms).enumerate() {
                    // Of what overflows, infinity less infinity, no distance is known.
                    let squared = (product + norm) + centre;
                    let squared = if squared < 0.0 { 0.0 } else { squared };
                    // f32 rows have their squares rounded before the root is taken.
                    let root = |squared: f32| f64::from(squared.sqrt());
                    let distance = if single { root(squared as f32) } else { squared.sqrt() };
                    out.set(row, j, distance);
                }
            }
            Ok(())
        })?;
        pool.give_f64(products);
        Ok(())
    }
}
