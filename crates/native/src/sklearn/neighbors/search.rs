//! [`Neighbours`]: the k nearest points of each row, and the weights they have.

use super::brute::{Brute, Rows};
use super::heap::Nearest;
use super::metric::Metric;
use super::scan::{Given, Scan};
use super::tree::Tree;
use crate::data::{Data, Finite, Form, Pool};
use crate::estimator::Rejected;
use crate::reader::{Fitted, Refusal, Version};
use crate::sklearn::numeric::dense::wide;
use crate::sklearn::stored::Stored;
use pelton_pickle::{DTypeKind, Value};

pub(super) struct Neighbours {
    metric: Metric,
    k: usize,
    width: usize,
    count: usize,
    weights: Weights,
    /// Whether brute force was fitted on f32 rows.
    fitted_single: bool,
    finder: Finder,
    /// The points as they were given, until it was looked whether some are equally near.
    given: Option<Given>,
    /// What scikit-learn does with f32 rows against points fitted in f32, if not the same.
    single: Option<Single>,
}

/// What is told of a near point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Weights {
    Uniform,
    /// 1 / distance.
    Inverse,
    Distance,
}

/// Distances are rounded to f32, and those other than by products found by another way.
struct Single {
    brute: Option<Brute>,
}

enum Finder {
    Brute(Brute),
    Tree(Tree),
    Scan(Scan),
}

impl Neighbours {
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let weights = match fitted.option("weights").map(Value::as_str) {
            None | Some(Some("uniform")) => Weights::Uniform,
            Some(Some("distance")) => Weights::Inverse,
            Some(Some(other)) => return Err(fitted.refuse_option(format!("weights='{other}'"))),
            Some(None) => return Err(fitted.refuse_option("a Python function as weights")),
        };
        Self::of(fitted, fitted.count("n_neighbors")?, weights)
    }

    /// Those that tell the distances in place of weights.
    pub(super) fn read_distances(fitted: &Fitted<'_>, k: usize) -> Result<Self, Refusal> {
        Self::of(fitted, k, Weights::Distance)
    }

    fn of(fitted: &Fitted<'_>, k: usize, weights: Weights) -> Result<Self, Refusal> {
        let metric = Metric::read(fitted)?;
        let (mut single, mut given) = (None, None);
        let points = fitted.attr("_fit_X")?;
        let (finder, width, count) = match fitted.text("_fit_method")? {
            "brute" if is_scanned(fitted, metric)? => {
                let points = read_scanned(fitted, metric, weights, points)?;
                let scan = Scan::new(&points, metric, fitted.version());
                given = Some(points);
                let (width, count) = (scan.width(), scan.count());
                (Finder::Scan(scan), width, count)
            }
            "brute" => {
                let (values, count, width) = fitted.matrix("_fit_X")?;
                if width == 0 {
                    return Err(fitted.refuse("its points have no features"));
                }
                if metric == Metric::Haversine && width != 2 {
                    return Err(fitted.refuse_option(format!("{width} features on a sphere")));
                }
                let is_single = fitted.is_single("_fit_X");
                let by_products = fitted.text("effective_metric_")? == "euclidean";
                let brute = Brute::new(metric, by_products, width, &values);
                if is_single && !metric.adds() {
                    return Err(fitted.refuse_option("rows of float32 to fit"));
                }
                if is_single {
                    if by_products
                        && weights != Weights::Uniform
                        && fitted.version() < Version(1, 3)
                    {
                        return Err(fitted.refuse_option("distances of float32 rows"));
                    }
                    let brute = (!by_products).then(|| Brute::single(metric, width, values));
                    single = Some(Single { brute });
                }
                (Finder::Brute(brute), width, count)
            }
            "kd_tree" | "ball_tree" => {
                let tree = Tree::read(fitted, metric)?;
                let (width, count) = (tree.width(), tree.count());
                (Finder::Tree(tree), width, count)
            }
            other => return Err(fitted.refuse_option(format!("_fit_method='{other}'"))),
        };
        if k == 0 || u32::try_from(count).is_err() {
            return Err(fitted.refuse_option(format!("n_neighbors={k} of {count} points")));
        }
        let fitted_single = single.is_some();
        Ok(Self { metric, k, width, count, weights, fitted_single, finder, given, single })
    }

    /// Refuses points that are equally near and not `alike`, where NumPy chooses among such.
    pub(super) fn refuse_ties(
        &mut self,
        fitted: &Fitted<'_>,
        alike: impl Fn(u32, u32) -> bool,
    ) -> Result<(), Refusal> {
        match (&self.finder, self.given.take()) {
            (Finder::Scan(scan), Some(given)) => scan.refuse_ties(fitted, &given, self.k, alike),
            _ => Ok(()),
        }
    }

    /// See [`crate::estimator::Estimator::fed_sparse`].
    pub(super) fn fed_sparse(&mut self) {
        if let Finder::Scan(scan) = &mut self.finder {
            scan.fed_sparse();
        }
    }

    /// Columns of a row.
    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// Points there are.
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// How many are searched for.
    pub(super) fn k(&self) -> usize {
        self.k
    }

    /// Calls `each` with the row, and the weight and the number of each of its nearest points, the
    /// nearest first.
    pub(super) fn search(
        &self,
        x: &Data<'_>,
        pool: &mut Pool,
        mut each: impl FnMut(usize, &[(f64, u32)]) -> Result<(), Rejected>,
    ) -> Result<(), Rejected> {
        if self.k > self.count {
            return Err(Rejected::new(format!(
                "Expected n_neighbors <= n_samples_fit, but n_neighbors = {}, n_samples_fit = {}",
                self.k, self.count
            )));
        }
        if let Finder::Scan(scan) = &self.finder {
            let mut result = Ok(());
            let found = |row: usize, points: &mut [(f64, u32)]| {
                if result.is_ok() {
                    self.weigh(points, false);
                    result = each(row, points);
                }
            };
            scan.search(x, self.k, pool, found)?;
            return result;
        }
        let is_single = x.form().numeric() == Form::F32;
        let single = self.single.as_ref().filter(|_| is_single);
        wide(x, Finite::Only, pool, |x, pool| {
            let mut result = Ok(());
            let mut nearest = Nearest::default();
            let mut found = |row: usize, nearest: &mut Nearest| {
                if result.is_ok() {
                    let points = nearest.sorted();
                    self.weigh(points, single.is_some());
                    result = each(row, points);
                }
            };
            let finder = (&self.finder, single.and_then(|single| single.brute.as_ref()));
            match finder {
                (Finder::Brute(brute), None) | (_, Some(brute)) => {
                    let rows = Rows { x, mixed: is_single != self.fitted_single };
                    brute.search(rows, self.k, &mut nearest, pool, found);
                }
                (Finder::Tree(tree), None) => {
                    let mut room = pool.take_f64(0);
                    for (row, values) in x.iter().enumerate() {
                        nearest.clear(self.k, f64::INFINITY);
                        tree.search(values, &mut nearest, &mut room);
                        found(row, &mut nearest);
                    }
                    pool.give_f64(room);
                }
                (Finder::Scan(_), None) => unreachable!("it has searched already"),
            }
            result
        })
    }

    /// From reduced distances to weights: 1, or 1 / distance, where points at no distance count alone.
    fn weigh(&self, points: &mut [(f64, u32)], single: bool) {
        if self.weights == Weights::Uniform {
            points.iter_mut().for_each(|(weight, _)| *weight = 1.0);
            return;
        }
        for (weight, _) in points.iter_mut() {
            *weight = if single {
                f64::from(self.metric.distance(f64::from(*weight as f32)) as f32)
            } else {
                self.metric.distance(*weight)
            };
        }
        if self.weights == Weights::Distance {
            return;
        }
        points.iter_mut().for_each(|(weight, _)| *weight = 1.0 / *weight);
        if points.iter().any(|(weight, _)| weight.is_infinite()) {
            for (weight, _) in points {
                *weight = f64::from(u8::from(weight.is_infinite()));
            }
        }
    }
}

/// Whether scikit-learn sorts the distances with NumPy: of sparse rows, of points that are whole numbers (rows
/// are of another type then), by the cosine, and until 1.0 (of f32 points until 1.1) always.
fn is_scanned(fitted: &Fitted<'_>, metric: Metric) -> Result<bool, Refusal> {
    let points = fitted.attr("_fit_X")?.as_array().map(|array| array.dtype().kind());
    let first = if fitted.is_single("_fit_X") { Version(1, 2) } else { Version(1, 1) };
    let odd = matches!(metric, Metric::Cosine | Metric::Hamming);
    Ok(odd || points != Some(DTypeKind::Float) || fitted.version() < first)
}

/// The points of a scan.
fn read_scanned(
    fitted: &Fitted<'_>,
    metric: Metric,
    weights: Weights,
    points: Value<'_>,
) -> Result<Given, Refusal> {
    if weights == Weights::Distance {
        return Err(fitted.refuse_option("sparse rows, or the cosine,"));
    }
    let sparse = points.as_array().is_none();
    let plain = !sparse && matches!(metric, Metric::Manhattan | Metric::Chebyshev);
    if !plain && !matches!(metric, Metric::Euclidean | Metric::Cosine) {
        let name = fitted.text("effective_metric_")?;
        let kind = if sparse { "sparse rows to fit" } else { "algorithm='brute'" };
        return Err(fitted.refuse_option(format!("{kind} and metric='{name}'")));
    }
    if !sparse {
        if fitted.is_single("_fit_X") {
            return Err(fitted.refuse_option("rows of float32 to fit"));
        }
        let (values, _, width) = fitted.matrix("_fit_X")?;
        if width == 0 {
            return Err(fitted.refuse("its points have no features"));
        }
        return Ok(Given::Dense(values, width));
    }
    let kept = fitted.with(points);
    if kept.is_single("data") {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    Ok(Given::Sparse(Stored::read(fitted, "_fit_X", points)?))
}
