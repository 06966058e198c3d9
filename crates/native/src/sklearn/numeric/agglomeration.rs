//! `FeatureAgglomeration`: the means of groups of columns.
//!
//! Source: `sklearn.cluster._feature_agglomeration` (0.24 to 1.9); `np.bincount` adds in f64, from left to
//! right.

use super::super::transforms::{Fit, Transforms};
use super::dense::wide;
use crate::data::{Data, Finite, Form, Pool, Slot};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[("sklearn", "FeatureAgglomeration", read)];

struct Agglomeration {
    /// Of each column, its group.
    groups: Vec<u32>,
    sizes: Vec<f64>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let pooling = fitted.attr("pooling_func")?.as_global();
    if !pooling.is_some_and(|pooling| pooling.name == "mean" && pooling.module.starts_with("numpy"))
    {
        return Err(fitted.refuse_option("a pooling_func other than numpy's mean"));
    }
    let labels = fitted.attr("labels_")?.to_i64_vec().map_err(|error| fitted.refuse(error))?;
    let within =
        |label: &i64| u32::try_from(*label).ok().filter(|at| (*at as usize) < labels.len());
    let groups: Option<Vec<u32>> = labels.iter().map(within).collect();
    let groups = fitted.wanted("labels_", groups, "a group a column")?;
    let mut sizes = vec![0.0; groups.iter().max().map_or(0, |most| *most as usize + 1)];
    groups.iter().for_each(|group| sizes[*group as usize] += 1.0);
    Ok(Box::new(Transforms(Agglomeration { groups, sizes })))
}

impl Fit for Agglomeration {
    fn features(&self) -> Option<usize> {
        Some(self.groups.len())
    }
}

impl Transformer for Agglomeration {
    fn width(&self) -> usize {
        self.sizes.len()
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        wide(x, Finite::Only, pool, |x, pool| {
            let mut sums = pool.take_f64(self.sizes.len());
            for (at, row) in x.iter().enumerate() {
                sums.fill(0.0);
                for (value, group) in row.iter().zip(&self.groups) {
                    sums[*group as usize] += value;
                }
                for (group, (sum, size)) in sums.iter().zip(&self.sizes).enumerate() {
                    out.set(at, group, sum / size);
                }
            }
            pool.give_f64(sums);
            Ok(())
        })
    }
}
