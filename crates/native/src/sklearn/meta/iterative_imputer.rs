//! `IterativeImputer`: each column with gaps is predicted from others, in rounds.
//!
//! Source: `sklearn.impute.IterativeImputer.transform` (0.24 to 1.9). A row without any value is imputed in
//! rounds like others; Python does so unless all rows of the batch are such. Drawing from the posterior
//! is refused.

use pelton_pickle::Value;

use super::inner::{has, judge_open, scores};
use crate::data::{
    Data, Finite, Form, Matrix, Numbers, Pool, Real, Slot, View, ViewMut, check_finite, numeric,
};
use crate::estimator::{Estimator, Method, Promise, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::preprocessing::{Missing, indicated};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "IterativeImputer", read)];

struct IterativeImputer {
    features: usize,
    missing: Missing,
    initial: Box<dyn Estimator>,
    /// The columns that are kept, and whether gaps in each are imputed in rounds.
    kept: Vec<(u32, bool)>,
    rounds: Vec<Imputation>,
    /// The columns for which is told whether they had a value.
    indicated: Vec<u32>,
    promise: Promise,
}

/// One column's turn; columns are counted among those that are kept.
struct Imputation {
    column: usize,
    from: Vec<usize>,
    estimator: Box<dyn Estimator>,
    least: f64,
    most: f64,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if fitted.flag("sample_posterior", false)? {
        return Err(fitted.refuse_option("sample_posterior=True, which draws at random,"));
    }
    let first = fitted.attr("initial_imputer_")?;
    if !first.is_a("sklearn.impute._base", "SimpleImputer") {
        let found = first.describe();
        return Err(fitted.refuse_option(format!("{found} as its first imputer")));
    }
    let initial = fitted.inner_transformer("initial_imputer_ of IterativeImputer", first)?;
    let takes = initial.features();
    let wrong = |what: &str| fitted.refuse(format!("IterativeImputer's {what}"));
    let (Some(features), Some(fills)) = (takes, initial.transformer()) else {
        return Err(wrong("first imputer does not tell its columns"));
    };
    if fills.form(Form::F64) != Form::F64 {
        return Err(fitted.refuse_option("columns that are no numbers"));
    }
    let kept = kept(fitted, first, features)?;
    if fills.width() != kept.len() {
        return Err(fitted.refuse_option("columns that were empty when it was fitted"));
    }
    let rounds = read_rounds(fitted, kept.len())?;
    let parts = rounds.iter().map(|turn| turn.estimator.promise());
    let promise = parts.max().unwrap_or(Promise::Bits);
    let indicated = indicated(fitted, features)?;
    let missing = Missing::read(fitted)?;
    Ok(Box::new(Transforms(IterativeImputer {
        features,
        missing,
        initial,
        kept,
        rounds,
        indicated,
        promise,
    })))
}

fn read_rounds(fitted: &Fitted<'_>, columns: usize) -> Result<Vec<Imputation>, Refusal> {
    // Without a round nothing more was fitted than the first imputer.
    if fitted.count("n_iter_")? == 0 {
        return Ok(Vec::new());
    }
    let limits = (fitted.numbers("_min_value")?, fitted.numbers("_max_value")?);
    let sequence = fitted.attr("imputation_sequence_")?;
    let sequence = sequence.items().map_err(|error| fitted.refuse(error))?;
    let turns = sequence
        .enumerate()
        .map(|(turn, triplet)| read_turn(fitted, turn, triplet, columns, &limits));
    turns.collect()
}

/// Columns that had values in training, or all: those that had none keep what the first imputer says.
fn kept(
    fitted: &Fitted<'_>,
    first: Value<'_>,
    features: usize,
) -> Result<Vec<(u32, bool)>, Refusal> {
    let keeps = fitted.flag("keep_empty_features", false)?;
    let empty: Vec<bool> = match fitted.option("_is_empty_feature") {
        Some(mask) => {
            let mask = mask.as_array().and_then(|mask| mask.to_bool_vec().ok());
            fitted.wanted("_is_empty_feature", mask, "a mask")?
        }
        None if keeps => {
            return Err(fitted.refuse_option("keep_empty_features=True, before 1.6,"));
        }
        None => {
            let statistics = first.get_attr("statistics_");
            let statistics = fitted.wanted("initial_imputer_", statistics, "fitted")?;
            let statistics = fitted.numbers_of("statistics_", statistics)?;
            statistics.into_iter().map(f64::is_nan).collect()
        }
    };
    if empty.len() != features {
        return Err(fitted.refuse("IterativeImputer's columns are not those it was fitted on"));
    }
    let all = (0..).zip(&empty).map(|(at, empty)| (at, !empty));
    Ok(all.filter(|(_, filled)| keeps || *filled).collect())
}

fn read_turn(
    fitted: &Fitted<'_>,
    turn: usize,
    triplet: Value<'_>,
    columns: usize,
    (least, most): &(Vec<f64>, Vec<f64>),
) -> Result<Imputation, Refusal> {
    let parts: Vec<Value<'_>> = match triplet.items() {
        Ok(items) => items.collect(),
        Err(_) => triplet.args().collect(),
    };
    let &[column, from, estimator] = &parts[..] else {
        return Err(fitted.refuse("IterativeImputer's sequence is none of its own"));
    };
    let within = |at: i64| usize::try_from(at).ok().filter(|at| *at < columns);
    let from = from.to_i64_vec().map_err(|error| fitted.refuse(error))?;
    let from: Option<Vec<usize>> = from.into_iter().map(within).collect();
    let (Some(column), Some(from)) = (column.as_i64().and_then(within), from) else {
        return Err(fitted.refuse("IterativeImputer imputes columns that are not there"));
    };
    let name = format!("estimator {turn} of IterativeImputer");
    let estimator = fitted.inner(&name, estimator)?;
    if !has(&*estimator, Method::Predict) || estimator.features() != Some(from.len()) {
        return Err(fitted.refuse(format!("{name} does not predict from the columns it is given")));
    }
    let limit = |all: &Vec<f64>| match all[..] {
        [one] => Some(one),
        _ => all.get(column).copied(),
    };
    let (Some(least), Some(most)) = (limit(least), limit(most)) else {
        return Err(fitted.refuse("IterativeImputer has not a limit a column"));
    };
    Ok(Imputation { column, from, estimator, least, most })
}

impl IterativeImputer {
    fn impute<T: Real>(
        &self,
        x: View<'_, T>,
        mut out: ViewMut<'_, T>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let missing = self.missing.number::<T>();
        let Some(initial) = self.initial.transformer() else {
            unreachable!("it was one when read")
        };
        let mut filled = Matrix::<T>::take(pool, x.rows(), self.kept.len());
        initial.write(&T::data(x), filled.slot(), pool)?;
        let gaps: Vec<Vec<usize>> = self
            .kept
            .iter()
            .map(|(at, imputed)| {
                let is_gap = |row: &usize| *imputed && missing.is(x.row(*row)[*at as usize]);
                (0..x.rows()).filter(is_gap).collect()
            })
            .collect();
        for turn in &self.rounds {
            turn.run(&mut filled, &gaps[turn.column], pool)?;
        }
        out.for_each_row(|row, out| {
            let (values, flags) = out.split_at_mut(self.kept.len());
            values.copy_from_slice(filled.view().row(row));
            for (flag, at) in flags.iter_mut().zip(&self.indicated) {
                let gap = missing.is(x.row(row)[*at as usize]);
                *flag = if gap { T::one() } else { T::zero() };
            }
        });
        filled.give(pool);
        Ok(())
    }
}

impl Imputation {
    /// Predicts the column in the rows that have a gap there.
    fn run<T: Real>(
        &self,
        filled: &mut Matrix<T>,
        rows: &[usize],
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if rows.is_empty() {
            return Ok(());
        }
        let mut given = Matrix::<T>::take(pool, rows.len(), self.from.len());
        given.view_mut().for_each_row(|at, to| {
            let from = filled.view();
            let from = from.row(rows[at]);
            to.iter_mut().zip(&self.from).for_each(|(to, column)| *to = from[*column]);
        });
        let predicted = scores(&*self.estimator, Method::Predict, &given.data(), pool)?;
        for (at, row) in rows.iter().enumerate() {
            // As `np.clip`: NaN stays, and where the limits cross the greater one counts.
            let value = predicted.row(at)[0];
            let value = if value < self.least { self.least } else { value };
            let value = if value > self.most { self.most } else { value };
            filled.view_mut().set(*row, self.column, T::of(value));
        }
        predicted.give(pool);
        given.give(pool);
        Ok(())
    }
}

impl Fit for IterativeImputer {
    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn promise(&self) -> Promise {
        self.promise
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        judge_open(columns, evidence);
    }
}

impl Transformer for IterativeImputer {
    fn width(&self) -> usize {
        self.kept.len() + self.indicated.len()
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        numeric(x, pool, |x, pool| {
            let finite = if self.missing.is_nan() { Finite::OrNan } else { Finite::Only };
            check_finite(x, finite)?;
            match (x, out) {
                (Numbers::F32(x), Slot::F32(out)) => self.impute(x, out, pool),
                (Numbers::F64(x), Slot::F64(out)) => self.impute(x, out, pool),
                _ => unreachable!("rows of the form that was asked for"),
            }
        })
    }
}
