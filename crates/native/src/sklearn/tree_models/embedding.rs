//! `RandomTreesEmbedding`: the leaf of every tree that a row ends in, each leaf a column.
//!
//! Source: `sklearn.ensemble.RandomTreesEmbedding.transform` (1.0 to 1.9): a `OneHotEncoder` over the leaves' numbers.

use super::forest::{features, forest};
use super::nodes::{FittedTree, allowed};
use super::sums::{add_up, allowed_of};
use crate::data::{Data, Finite, Form, Numbers, Pool, Slot, SparseRows, check_finite, numeric};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::{Fit, Transforms};
use crate::trees::{CategoryCast, Ensemble, Forest, Input, Outputs, Sum};

pub(super) const READERS: Readers = &[("sklearn", "RandomTreesEmbedding", read)];

struct Embedding {
    /// One tree each, whose leaves hold their columns.
    trees: Vec<Forest>,
    features: usize,
    width: usize,
    finite: Finite,
    sparse: bool,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let features = features(fitted)?;
    let encoder = fitted.with(fitted.attr("one_hot_encoder_")?);
    if encoder.option("drop").is_some() || encoder.option("max_categories").is_some() {
        return Err(fitted.refuse("its encoder leaves out leaves"));
    }
    let known = encoder.attr("categories_")?;
    let known: Vec<_> = known.items().map_err(|error| fitted.refuse(error))?.collect();
    let members = fitted.attr("estimators_")?;
    let members: Vec<_> = members.items().map_err(|error| fitted.refuse(error))?.collect();
    if members.is_empty() || members.len() != known.len() {
        return Err(fitted.refuse("its trees and the leaves that are known do not fit together"));
    }
    let (mut width, mut finite) = (0, Finite::OnlyAsF32);
    let mut trees = Vec::with_capacity(members.len());
    for (number, (value, known)) in members.into_iter().zip(known).enumerate() {
        let member = fitted.member(value);
        if number == 0 {
            finite = allowed(&member, true);
        }
        let leaves = encoder.numbers_of("categories_", known)?;
        if !leaves.is_sorted_by(|a, b| a < b) {
            return Err(fitted.refuse("the leaves of its encoder are out of order"));
        }
        trees.push(read_tree(fitted, &member, &leaves, width, features)?);
        width += leaves.len();
    }
    let sparse = fitted.flag("sparse_output", true)?;
    Ok(Box::new(Transforms(Embedding { trees, features, width, finite, sparse })))
}

/// A tree whose leaves hold their columns, the first of which is `from`.
fn read_tree(
    fitted: &Fitted<'_>,
    member: &Fitted<'_>,
    leaves: &[f64],
    from: usize,
    n_features: usize,
) -> Result<Forest, Refusal> {
    let mut unknown = false;
    let tree = FittedTree::read(member)?.tree(Outputs::All, None, |node, values| {
        let at = leaves.binary_search_by(|leaf| leaf.total_cmp(&(node as f64)));
        unknown |= at.is_err();
        values.push((from + at.unwrap_or_default()) as f64);
    });
    if unknown {
        return Err(fitted.refuse("it has a leaf that no row of those it was fitted on ended in"));
    }
    forest(
        fitted,
        Ensemble {
            n_features,
            n_outputs: 1,
            input: Input::F32,
            sum: Sum::F64,
            initial: vec![0.0],
            divisor: None,
            category_cast: CategoryCast::HistGradientBoosting,
            trees: vec![tree],
        },
    )
}

impl Embedding {
    /// The columns of each row's leaves, all rows of a tree before those of the next.
    fn columns(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let finite = allowed_of(x, self.finite);
        numeric(x, pool, |x: Numbers<'_>, pool| {
            check_finite(x, finite)?;
            let mut columns = pool.take_f64(x.rows() * self.trees.len());
            for (tree, columns) in self.trees.iter().zip(columns.chunks_exact_mut(x.rows().max(1)))
            {
                add_up(tree, x, columns, pool);
            }
            Ok(columns)
        })
    }
}

impl Fit for Embedding {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn promise(&self) -> Promise {
        Promise::Bits
    }

    fn is_sparse_in_python(&self, _input: bool) -> bool {
        self.sparse
    }
}

impl Transformer for Embedding {
    fn width(&self) -> usize {
        self.width
    }

    fn form(&self, _input: Form) -> Form {
        if self.sparse { Form::Sparse } else { Form::F64 }
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let (columns, rows) = (self.columns(x, pool)?, x.rows());
        for row in 0..rows {
            (0..self.width).for_each(|column| out.set(row, column, 0.0));
            let own = columns.iter().skip(row).step_by(rows);
            own.for_each(|column| out.set(row, *column as usize, 1.0));
        }
        pool.give_f64(columns);
        Ok(())
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let (columns, rows) = (self.columns(x, pool)?, x.rows());
        let mut out = pool.take_sparse(self.width, Form::Sparse);
        for row in 0..rows {
            let own = columns.iter().skip(row).step_by(rows);
            own.for_each(|column| out.push(*column as u32, 1.0));
            out.end_row();
        }
        pool.give_f64(columns);
        Ok(out)
    }
}
