//! [`Scan`]: distances that scikit-learn finds by products of whole matrices, and then sorts with NumPy:
//! sparse points, the cosine, and all of them until scikit-learn 1.0.
//!
//! Source: `sklearn.neighbors._base._kneighbors_reduce_func`, `metrics.pairwise.euclidean_distances`,
//! `cosine_distances` (0.24 to 1.9). Sparse products are summed in the order of a row's stored values, as
//! scipy's; dense ones are BLAS's.

use super::distances::Distances;
use super::heap::Nearest;
use super::metric::Metric;
use crate::data::{Data, Finite, Pool};
use crate::estimator::Rejected;
use crate::math::{Isa, Panels, Product, Rows, sum_of_squares};
use crate::reader::{Fitted, Refusal, Version};
use crate::sklearn::numeric::dense::{check_sparse, wide};
use crate::sklearn::stored::Stored;
use crate::sklearn::ties;

/// Products reckoned at load to look for points that are equally near.
const SEARCH_STEPS: usize = 20_000_000;

/// Points looked from at least and at most.
const SEARCHED: (usize, usize) = (8, 512);

pub(super) struct Scan {
    width: usize,
    count: usize,
    points: Points,
    /// The squared lengths of the points, where distances are euclidean; else they are the cosine's.
    norms: Option<Vec<f64>>,
    /// How points are chosen among those equally near.
    choice: Choice,
}

/// Of sparse points the nearest are found by a heap or by NumPy's partition, as the rows are sparse or not
/// (`ArgKmin.is_usable_for`).
#[derive(Clone, Copy, PartialEq, Eq)]
enum Choice {
    Partition,
    /// By a heap for sparse rows alone: 1.2.
    HeapOfSparse,
    Heap,
    /// By a heap until it is told that rows are sparse: from 1.4 on.
    HeapOfDense,
}

/// Points, of length 1 for the cosine.
enum Points {
    /// Of each column, where its entries start; points and values, column by column.
    Sparse {
        starts: Vec<usize>,
        entries: Vec<(u32, f64)>,
    },
    Dense(Panels<f64, Product>),
    /// Of which distances are no products.
    Apart(Distances),
}

/// The points as they are in the file.
pub(super) enum Given {
    Sparse(Stored),
    Dense(Vec<f64>, usize),
}

#[derive(Clone, Copy)]
enum Row<'a> {
    Sparse(&'a [u32], &'a [f64]),
    Dense(&'a [f64]),
}

impl Given {
    fn count(&self) -> usize {
        match self {
            Self::Sparse(rows) => rows.count(),
            Self::Dense(values, width) => values.len() / width,
        }
    }

    fn row(&self, at: usize) -> Row<'_> {
        match self {
            Self::Sparse(rows) => {
                let (columns, values) = rows.row(at);
                Row::Sparse(columns, values)
            }
            Self::Dense(values, width) => Row::Dense(&values[at * width..][..*width]),
        }
    }

    /// The products that distances to all points take.
    fn cost(&self) -> usize {
        match self {
            Self::Sparse(rows) => rows.len(),
            Self::Dense(values, _) => values.len(),
        }
    }
}

impl Scan {
    pub(super) fn new(given: &Given, metric: Metric, version: Version) -> Self {
        let by_cosine = metric == Metric::Cosine;
        let lengths: Vec<f64> =
            (0..given.count()).map(|at| sum_of_squares(given.row(at).values())).collect();
        let scaled = |at: usize, value: f64| {
            if by_cosine && lengths[at] != 0.0 { value / lengths[at].sqrt() } else { value }
        };
        let (points, width) = match given {
            Given::Sparse(rows) => (by_column(rows, scaled), rows.features),
            Given::Dense(values, width) if metric != Metric::Euclidean && !by_cosine => {
                (Points::Apart(Distances::new(metric, *width, values)), *width)
            }
            Given::Dense(values, width) => {
                let count = values.len() / width;
                let value = |i: usize, j: usize| scaled(j, values[j * width + i]);
                (Points::Dense(Panels::new(Isa::detect(), *width, count, value)), *width)
            }
        };
        let norms = (!by_cosine).then_some(lengths);
        let choice = match (given, &norms, version) {
            // Counts are whole numbers, which scikit-learn's heap does not take.
            (Given::Sparse(rows), ..) if !rows.floats => Choice::Partition,
            (Given::Dense(..), ..) | (_, None, _) => Choice::Partition,
            (.., version) if version < Version(1, 2) => Choice::Partition,
            (.., Version(1, 2)) => Choice::HeapOfSparse,
            (.., Version(1, 3)) => Choice::Heap,
            _ => Choice::HeapOfDense,
        };
        Self { width, count: given.count(), points, norms, choice }
    }

    /// Told when the model is read: rows are sparse in Python.
    pub(super) fn fed_sparse(&mut self) {
        self.choice = match self.choice {
            Choice::HeapOfSparse | Choice::Heap => Choice::Heap,
            Choice::Partition | Choice::HeapOfDense => Choice::Partition,
        };
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Refuses points of which some are equally near to another and not `alike`, so that one of them is
    /// among its `k` nearest and the other is not. Looks from some points all over.
    pub(super) fn refuse_ties(
        &self,
        fitted: &Fitted<'_>,
        given: &Given,
        k: usize,
        alike: impl Fn(u32, u32) -> bool,
    ) -> Result<(), Refusal> {
        if !ties::depends_on_cpu(fitted.version()) {
            return Ok(());
        }
        let searched = (SEARCH_STEPS / given.cost().max(1)).clamp(SEARCHED.0, SEARCHED.1);
        let searched = searched.min(self.count);
        let (mut pool, mut near) = (Pool::default(), Vec::with_capacity(self.count));
        let mut far = vec![0.0; self.count];
        for i in 0..searched {
            let from = i * self.count / searched;
            self.distances(given.row(from), &mut far, &mut pool);
            near.clear();
            near.extend(far.iter().copied().zip(0..).filter(|(_, at)| *at as usize != from));
            let taken = ties::nearest(&mut near, k);
            if ties::is_tie(&near, taken, &alike) {
                return Err(fitted.refuse(format!(
                    "{}'s points are equally far from one another (from point {from}), and which of \
                     them it takes NumPy 2 leaves to the CPU",
                    fitted.class()
                )));
            }
        }
        Ok(())
    }

    /// Calls `each` with the nearest points of every row, in order.
    ///
    /// # Errors
    /// A row has NaN or an infinity.
    pub(super) fn search(
        &self,
        x: &Data<'_>,
        k: usize,
        pool: &mut Pool,
        mut each: impl FnMut(usize, &mut [(f64, u32)]),
    ) -> Result<(), Rejected> {
        let (mut far, mut near) = (pool.take_f64(self.count), Vec::with_capacity(self.count));
        let mut nearest = Nearest::default();
        let mut one = |at: usize, row: Row<'_>, pool: &mut Pool| {
            self.distances(row, &mut far, pool);
            if matches!(self.choice, Choice::Heap | Choice::HeapOfDense) {
                nearest.clear(k, f64::MAX);
                far.iter().zip(0..).for_each(|(distance, at)| nearest.push(*distance, at));
                return each(at, nearest.sorted());
            }
            near.clear();
            near.extend(far.iter().copied().zip(0..));
            let taken = ties::nearest(&mut near, k);
            let near = &mut near[..taken];
            near.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            each(at, near);
        };
        match (x, &self.points) {
            (Data::Sparse(rows), Points::Sparse { .. }) => {
                check_sparse(*rows)?;
                for (at, (columns, values)) in rows.iter().enumerate() {
                    one(at, Row::Sparse(columns, values), pool);
                }
            }
            _ => wide(x, Finite::Only, pool, |x, pool| {
                for (at, row) in x.iter().enumerate() {
                    one(at, Row::Dense(row), pool);
                }
                Ok(())
            })?,
        }
        pool.give_f64(far);
        Ok(())
    }

    /// The distances of a row to all points, squared if they are euclidean.
    fn distances(&self, row: Row<'_>, out: &mut [f64], pool: &mut Pool) {
        if let (Points::Apart(distances), Row::Dense(row)) = (&self.points, row) {
            return distances.apply(Rows::new(row, 1), out);
        }
        let own = sum_of_squares(row.values());
        let length = if self.norms.is_none() && own != 0.0 { own.sqrt() } else { 1.0 };
        self.products(row, length, out, pool);
        match &self.norms {
            Some(norms) => {
                for (out, norm) in out.iter_mut().zip(norms) {
                    *out = ((-2.0 * *out + own) + norm).max(0.0);
                }
            }
            None => out.iter_mut().for_each(|out| *out = (1.0 - *out).clamp(0.0, 2.0)),
        }
    }

    fn products(&self, row: Row<'_>, length: f64, out: &mut [f64], pool: &mut Pool) {
        match (&self.points, row) {
            (Points::Sparse { starts, entries }, row) => {
                out.fill(0.0);
                let mut add = |column: usize, value: f64| {
                    for (point, other) in &entries[starts[column]..starts[column + 1]] {
                        out[*point as usize] += value / length * other;
                    }
                };
                match row {
                    Row::Sparse(columns, values) => {
                        let all = columns.iter().zip(values);
                        all.for_each(|(column, value)| add(*column as usize, *value));
                    }
                    Row::Dense(values) => {
                        let held = values.iter().enumerate().filter(|(_, value)| **value != 0.0);
                        held.for_each(|(column, value)| add(column, *value));
                    }
                }
            }
            (Points::Dense(panels), Row::Dense(row)) => {
                let mut scaled = pool.take_f64(row.len());
                scaled.iter_mut().zip(row).for_each(|(to, value)| *to = value / length);
                panels.apply(Rows::new(&scaled, 1), out);
                pool.give_f64(scaled);
            }
            (Points::Dense(_) | Points::Apart(_), _) => {
                unreachable!("dense points take dense rows, and products are not always asked for")
            }
        }
    }
}

impl<'a> Row<'a> {
    fn values(self) -> &'a [f64] {
        match self {
            Self::Sparse(_, values) | Self::Dense(values) => values,
        }
    }
}

/// The rows' entries column by column, each changed by what is done to its point's.
fn by_column(rows: &Stored, scaled: impl Fn(usize, f64) -> f64) -> Points {
    let mut starts = vec![0; rows.features + 1];
    for at in 0..rows.count() {
        rows.row(at).0.iter().for_each(|column| starts[*column as usize + 1] += 1);
    }
    for column in 0..rows.features {
        starts[column + 1] += starts[column];
    }
    let mut next = starts.clone();
    let mut entries = vec![(0, 0.0); rows.len()];
    for at in 0..rows.count() {
        let (columns, values) = rows.row(at);
        for (column, value) in columns.iter().zip(values) {
            let place = &mut next[*column as usize];
            entries[*place] = (at as u32, scaled(at, *value));
            *place += 1;
        }
    }
    Points::Sparse { starts, entries }
}
