//! `BisectingKMeans`: the cluster a row comes to, going down from pair to pair of centres.
//!
//! Source: `sklearn.cluster.BisectingKMeans.predict` (1.1 to 1.9): at each pair the least of |c|^2 - 2 x c, the left one of
//! ties, as `KMeans` has it; the distances are those to the clusters' own centres. The products are BLAS's.

use pelton_pickle::Value;

use super::super::transforms::transformed;
use super::dense::Products;
use super::kmeans::{self, KMeans};
use crate::data::{Data, Labels, Pool, Real};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Transformer,
};
use crate::math::{Isa, dot};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "BisectingKMeans", read)];

struct Bisecting {
    clusters: KMeans,
    /// -2 x c of every pair's centres, and |c|^2 apart.
    products: Products,
    norms: Vec<f64>,
    /// Where each pair leads, the first pair is that of the root; none for a single cluster.
    pairs: Vec<[Next; 2]>,
}

#[derive(Clone, Copy)]
enum Next {
    Pair(u32),
    Cluster(u32),
}

/// What a tree of pairs is read into.
struct Reading<'f, 'p> {
    fitted: &'f Fitted<'p>,
    /// What was taken off the rows when it was fitted.
    mean: Vec<f64>,
    clusters: usize,
    centres: Vec<f64>,
    pairs: Vec<[Next; 2]>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let clusters = kmeans::read_clusters(fitted)?;
    let (features, count) = (clusters.columns(), clusters.width());
    let mean = fitted.numbers_option("_X_mean")?.unwrap_or_else(|| vec![0.0; features]);
    if mean.len() != features {
        return Err(fitted.refuse("the centres and the mean are of different widths"));
    }
    let mut reading =
        Reading { fitted, mean, clusters: count, centres: Vec::new(), pairs: Vec::new() };
    reading.read(fitted.attr("_bisecting_tree")?)?;
    let Reading { centres, pairs, .. } = reading;
    let isa = Isa::detect();
    let norms: Vec<_> =
        centres.chunks_exact(features).map(|centre| dot(isa, centre, centre)).collect();
    let single = fitted.is_single("cluster_centers_");
    let weight = |i: usize, j: usize| -2.0 * centres[j * features + i];
    let products = Products::new(single, features, &vec![0.0; norms.len()], weight);
    Ok(Box::new(Bisecting { clusters, products, norms, pairs }))
}

impl<'p> Reading<'_, 'p> {
    /// Reads the pairs from the root on, without a call for each: a file may hold a long chain of them.
    fn read(&mut self, root: Value<'p>) -> Result<(), Refusal> {
        let mut waiting = vec![(root, None)];
        while let Some((node, from)) = waiting.pop() {
            let next =
                if let (Some(left), Some(right)) = (child(node, "left"), child(node, "right")) {
                    // One pair fewer than there are clusters; a file that says more goes in circles.
                    if self.pairs.len() + 1 >= self.clusters {
                        return Err(self.fitted.refuse("it has more pairs than clusters"));
                    }
                    let at = self.pairs.len();
                    self.pairs.push([Next::Cluster(0); 2]);
                    self.add_centre(left)?;
                    self.add_centre(right)?;
                    waiting.extend([(left, Some((at, 0))), (right, Some((at, 1)))]);
                    Next::Pair(at as u32)
                } else {
                    Next::Cluster(self.label(node)?)
                };
            if let Some((pair, side)) = from {
                self.pairs[pair][side] = next;
            }
        }
        Ok(())
    }

    fn label(&self, leaf: Value<'p>) -> Result<u32, Refusal> {
        let label = leaf.get_attr("label").and_then(Value::as_i64);
        let label = label.and_then(|label| usize::try_from(label).ok());
        let known = label.filter(|label| *label < self.clusters).map(|label| label as u32);
        known.ok_or_else(|| self.fitted.refuse("a leaf names a cluster that is not there"))
    }

    fn add_centre(&mut self, node: Value<'p>) -> Result<(), Refusal> {
        let centre = self.fitted.with(node).numbers("center")?;
        if centre.len() != self.mean.len() {
            return Err(self.fitted.refuse("its centres are of different widths"));
        }
        self.centres.extend(centre.iter().zip(&self.mean).map(|(centre, mean)| centre + mean));
        Ok(())
    }
}

fn child<'p>(node: Value<'p>, side: &str) -> Option<Value<'p>> {
    node.get_attr(side).filter(|child| !child.is_none())
}

impl Bisecting {
    fn predict<T: Real>(&self, products: &[T], labels: &mut [u32]) {
        let width = self.norms.len();
        for (row, label) in labels.iter_mut().enumerate() {
            let products = &products[row * width..(row + 1) * width];
            let score = |at: usize| products[at] + T::of(self.norms[at]);
            let mut pair = 0;
            *label = loop {
                let Some(sides) = self.pairs.get(pair) else { break 0 };
                // Nothing is less than NaN.
                let right = score(2 * pair + 1) < score(2 * pair);
                match sides[usize::from(right)] {
                    Next::Pair(next) => pair = next as usize,
                    Next::Cluster(label) => break label,
                }
            };
        }
    }
}

impl Estimator for Bisecting {
    fn outputs(&self) -> Vec<Output> {
        self.clusters.outputs()
    }

    fn features(&self) -> Option<usize> {
        self.clusters.features()
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
                Block::F32(products) => self.predict(products, &mut labels),
                Block::F64(products) => self.predict(products, &mut labels),
                _ => unreachable!("products are numbers"),
            }
            products.recycle(pool);
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(&self.clusters, x, pool)?);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        self.clusters.labels()
    }

    fn classes(&self) -> Option<&Labels> {
        None
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(&self.clusters)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
