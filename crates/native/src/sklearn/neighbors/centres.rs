//! `NearestCentroid`, `MeanShift`, `AffinityPropagation` and `Birch`: the nearest of a few points.
//!
//! Source: `sklearn.metrics.pairwise_distances_argmin` (1.2 to 1.9), `neighbors._nearest_centroid`,
//! `cluster`. Squared distances are products by BLAS, so Python varies in the last bits.

use super::brute::{Brute, Rows};
use super::heap::Nearest;
use super::metric::Metric;
use crate::data::{Data, Finite, Form, Labels, Pool, Slot, View, copy_into};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
    Transformer,
};
use crate::math::{Affine, argmax, max, pairwise_sum, sum_of_squares};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::numeric::dense::wide;
use crate::sklearn::transforms::transformed;

pub(super) const READERS: Readers = &[
    ("sklearn", "NearestCentroid", read_centroids),
    ("sklearn", "MeanShift", read_clusters),
    ("sklearn", "AffinityPropagation", read_clusters),
    ("sklearn", "Birch", read_birch),
];

struct Centres {
    brute: Brute,
    width: usize,
    /// Of each centre, the label.
    numbers: Vec<u32>,
    labels: [Labels; 1],
    further: Further,
}

/// What is answered beside the label.
enum Further {
    Nothing,
    /// The distances to all centres.
    Distances(Squares),
    /// Scores of classes: squared distances of scaled rows, and the priors' logarithms, twice each.
    Scores {
        scales: Vec<f64>,
        squares: Squares,
        priors: Vec<f64>,
        decides: bool,
    },
}

/// |x|^2 - 2 x c + |c|^2.
struct Squares {
    products: Affine<f64>,
    norms: Vec<f64>,
}

fn read_centroids(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let metric = match fitted.text("metric")? {
        "euclidean" => Metric::Euclidean,
        "manhattan" => Metric::Manhattan,
        other => return Err(fitted.refuse_option(format!("metric='{other}'"))),
    };
    let labels = fitted.labels("classes_")?;
    let (centres, count, width) = fitted.matrix("centroids_")?;
    if width == 0 {
        return Err(fitted.refuse("its centroids have no columns"));
    }
    let numbers = (0..count as u32).collect();
    let further = match metric {
        _ if fitted.version() < Version(1, 6) => Further::Nothing,
        Metric::Euclidean => read_scores(fitted, &centres, width)?,
        // It then answers by squares of these distances.
        _ if !are_even(&fitted.numbers("class_prior_")?) => {
            return Err(fitted.refuse_option("metric='manhattan' and uneven priors"));
        }
        _ => Further::Nothing,
    };
    if labels.len() != count {
        return Err(fitted.refuse("its centroids and classes are of different numbers"));
    }
    read(fitted, metric, (centres, width), numbers, labels, further)
}

fn read_scores(fitted: &Fitted<'_>, centres: &[f64], width: usize) -> Result<Further, Refusal> {
    let priors = fitted.numbers("class_prior_")?;
    let mut scales = fitted.numbers("within_class_std_dev_")?;
    if scales.len() != width || priors.len() * width != centres.len() {
        return Err(fitted.refuse("its centroids, deviations and priors do not fit together"));
    }
    scales.iter_mut().filter(|scale| **scale == 0.0).for_each(|scale| *scale = 1.0);
    let moved: Vec<f64> = centres.iter().zip(scales.iter().cycle()).map(|(c, s)| c / s).collect();
    let decides = !are_even(&priors);
    let squares = Squares::new(&moved, width);
    let priors = priors.iter().map(|prior| 2.0 * prior.ln()).collect();
    Ok(Further::Scores { scales, squares, priors, decides })
}

/// Whether all are the same share, as `np.isclose` has it.
fn are_even(priors: &[f64]) -> bool {
    let even = 1.0 / priors.len() as f64;
    priors.iter().all(|prior| (prior - even).abs() <= 1e-8 + 1e-5 * even.abs())
}

fn read_clusters(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (centres, count, width) = fitted.matrix("cluster_centers_")?;
    let numbers = (0..count as u32).collect();
    let labels = Labels::integers(0..count as i64);
    read(fitted, Metric::Euclidean, (centres, width), numbers, labels, Further::Nothing)
}

fn read_birch(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (centres, count, width) = fitted.matrix("subcluster_centers_")?;
    // Of the type that the estimator which merged them gave.
    let Labels::Int { values: given, dtype } = fitted.labels("subcluster_labels_")? else {
        return Err(fitted.refuse("its clusters are no whole numbers"));
    };
    let mut known = given.clone();
    known.sort_unstable();
    known.dedup();
    let number = |label: &i64| known.partition_point(|one| one < label) as u32;
    let numbers: Vec<u32> = given.iter().map(number).collect();
    if numbers.len() != count || width == 0 {
        return Err(fitted.refuse("its clusters and their labels are of different numbers"));
    }
    let further = Further::Distances(Squares::new(&centres, width));
    let labels = Labels::Int { values: known, dtype };
    read(fitted, Metric::Euclidean, (centres, width), numbers, labels, further)
}

fn read(
    fitted: &Fitted<'_>,
    metric: Metric,
    (centres, width): (Vec<f64>, usize),
    numbers: Vec<u32>,
    labels: Labels,
    further: Further,
) -> Result<Box<dyn Estimator>, Refusal> {
    if numbers.is_empty() || width == 0 {
        return Err(fitted.refuse(format!("{} found no cluster", fitted.class())));
    }
    let names = ["centroids_", "cluster_centers_", "subcluster_centers_"];
    if names.iter().any(|name| fitted.is_single(name)) {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    let brute = Brute::new(metric, metric == Metric::Euclidean, width, &centres);
    Ok(Box::new(Centres { brute, width, numbers, labels: [labels], further }))
}

impl Squares {
    fn new(centres: &[f64], width: usize) -> Self {
        let norms = centres.chunks_exact(width).map(sum_of_squares).collect::<Vec<_>>();
        let weight = |i: usize, j: usize| -2.0 * centres[j * width + i];
        Self { products: Affine::new(width, vec![0.0; norms.len()], weight), norms }
    }

    fn apply(&self, row: &[f64], out: &mut [f64]) {
        self.products.apply(crate::math::Rows::new(row, 1), out);
        let own = sum_of_squares(row);
        for (out, norm) in out.iter_mut().zip(&self.norms) {
            let squared = (*out + own) + norm;
            *out = if squared < 0.0 { 0.0 } else { squared };
        }
    }
}

impl Centres {
    fn nearest(&self, x: View<'_, f64>, mixed: bool, pool: &mut Pool) -> Vec<u32> {
        let mut labels = pool.take_u32(x.rows());
        let mut nearest = Nearest::default();
        self.brute.search(Rows { x, mixed }, 1, &mut nearest, pool, |row, nearest| {
            labels[row] = self.numbers[nearest.sorted()[0].1 as usize];
        });
        labels
    }

    /// Scores of the classes, row by row.
    fn scores(&self, x: View<'_, f64>, pool: &mut Pool) -> Option<Vec<f64>> {
        let Further::Scores { scales, squares, priors, .. } = &self.further else { return None };
        let mut scores = pool.take_f64(x.rows() * priors.len());
        let mut scaled = pool.take_f64(self.width);
        for (row, scores) in x.iter().zip(scores.chunks_exact_mut(priors.len())) {
            for ((to, value), scale) in scaled.iter_mut().zip(row).zip(scales) {
                *to = value / scale;
            }
            squares.apply(&scaled, scores);
            for (score, prior) in scores.iter_mut().zip(priors) {
                let distance = score.sqrt();
                *score = -(distance * distance) + prior;
            }
        }
        pool.give_f64(scaled);
        Some(scores)
    }

    fn answer_by(&self, scores: Vec<f64>, asked: Methods, answers: &mut Answers, pool: &mut Pool) {
        let classes = self.labels[0].len();
        if asked.has(Method::PredictProba) {
            let mut shares = pool.take_f64(scores.len());
            shares.copy_from_slice(&scores);
            shares.chunks_exact_mut(classes).for_each(probabilities);
            answers.predict_proba = Some(Block::F64(shares));
        }
        if asked.has(Method::Predict)
            && matches!(self.further, Further::Scores { decides: true, .. })
        {
            let mut labels = pool.take_u32(scores.len() / classes);
            for (label, scores) in labels.iter_mut().zip(scores.chunks_exact(classes)) {
                *label = argmax(scores) as u32;
            }
            answers.predict = Some(Predicted::Labels(labels));
        }
        if classes == 2 && asked.has(Method::DecisionFunction) {
            let mut decisions = pool.take_f64(scores.len() / 2);
            for (decision, scores) in decisions.iter_mut().zip(scores.chunks_exact(2)) {
                *decision = scores[1] - scores[0];
            }
            answers.decide(asked, decisions, pool);
            pool.give_f64(scores);
        } else {
            answers.decide(asked, scores, pool);
        }
    }
}

/// exp(s - max - log(sum of exp(s - max))).
fn probabilities(scores: &mut [f64]) {
    let most = max(scores).unwrap_or_default();
    scores.iter_mut().for_each(|score| *score -= most);
    let each: Vec<f64> = scores.iter().map(|score| score.exp()).collect();
    let log = pairwise_sum(&each).ln();
    scores.iter_mut().for_each(|score| *score = (*score - log).exp());
}

impl Estimator for Centres {
    fn outputs(&self) -> Vec<Output> {
        let mut outputs = vec![Output::new(Method::Predict, Shape::Vector)];
        match &self.further {
            Further::Nothing => {}
            Further::Distances(squares) => {
                let shape = Shape::Matrix(squares.norms.len());
                outputs.push(Output::new(Method::Transform, shape));
            }
            Further::Scores { priors, .. } => {
                let shape = Shape::Matrix(priors.len());
                outputs.push(Output::new(Method::PredictProba, shape.clone()));
                let shape = if priors.len() == 2 { Shape::Vector } else { shape };
                outputs.push(Output::new(Method::DecisionFunction, shape));
            }
        }
        outputs
    }

    fn features(&self) -> Option<usize> {
        Some(self.width)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let mixed = x.form().numeric() == Form::F32;
        wide(x, Finite::Only, pool, |x, pool| {
            if let Some(scores) = self.scores(x, pool) {
                self.answer_by(scores, asked, answers, pool);
            }
            if asked.has(Method::Predict) && answers.predict.is_none() {
                answers.predict = Some(Predicted::Labels(self.nearest(x, mixed, pool)));
            }
            Ok(())
        })?;
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(self, x, pool)?);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        matches!(self.further, Further::Distances(_)).then_some(self)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for Centres {
    fn width(&self) -> usize {
        match &self.further {
            Further::Distances(squares) => squares.norms.len(),
            _ => 0,
        }
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let Further::Distances(squares) = &self.further else {
            unreachable!("it is asked for rows")
        };
        wide(x, Finite::Only, pool, |x, pool| {
            let mut distances = pool.take_f64(x.rows() * squares.norms.len());
            for (row, distances) in x.iter().zip(distances.chunks_exact_mut(squares.norms.len())) {
                squares.apply(row, distances);
                distances.iter_mut().for_each(|squared| *squared = squared.sqrt());
            }
            copy_into(&Data::F64(View::new(&distances, x.rows(), squares.norms.len())), out)?;
            pool.give_f64(distances);
            Ok(())
        })
    }
}
