//! [`Chain`]: transformers one after another, each feeding the next.
//!
//! Steps that work in place share one matrix; the others get theirs from the pool.

use crate::data::{Data, Form, Matrix, Pool, Real, Slot, SparseRows, Table};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::math::Scaling;

/// Steps that transform, in order.
pub(crate) struct Chain {
    steps: Vec<Box<dyn Estimator>>,
}

impl Chain {
    /// # Panics
    /// A step cannot transform.
    pub(crate) fn new(steps: Vec<Box<dyn Estimator>>) -> Self {
        assert!(steps.iter().all(|step| step.transformer().is_some()), "steps transform");
        Self { steps }
    }

    pub(crate) fn steps(&self) -> &[Box<dyn Estimator>] {
        &self.steps
    }

    pub(crate) fn steps_mut(&mut self) -> &mut [Box<dyn Estimator>] {
        &mut self.steps
    }

    fn step(&self, index: usize) -> &dyn Transformer {
        self.steps[index].transformer().expect("checked when the chain was made")
    }

    /// Columns of a transformed row; `None` without any step.
    pub(crate) fn width(&self) -> Option<usize> {
        self.steps.last().map(|_| self.step(self.steps.len() - 1).width())
    }

    /// What comes out of the last step.
    pub(crate) fn form(&self, input: Form) -> Form {
        (0..self.steps.len()).fold(input, |form, index| self.step(index).form(form))
    }

    /// [`Chain::form`] where the data is at hand.
    pub(crate) fn form_of(&self, x: &Data<'_>) -> Form {
        if self.steps.is_empty() {
            return x.form();
        }
        let first = self.step(0).form_of(x);
        (1..self.steps.len()).fold(first, |form, index| self.step(index).form(form))
    }

    /// What it does to rows of f64, where that is one scaling and nothing else.
    #[inline]
    pub(crate) fn only_scaling(&self) -> Option<&Scaling> {
        match &self.steps[..] {
            [only] => only.transformer().and_then(Transformer::scaling),
            _ => None,
        }
    }

    /// Calls `f` with the rows after all steps.
    ///
    /// # Errors
    /// A step or `f` refuses a row.
    pub(crate) fn run<R>(
        &self,
        x: &Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
    ) -> Result<R, Rejected> {
        self.run_between(0, self.steps.len(), x, pool, f)
    }

    /// [`Chain::run`] for the steps `at..end`.
    fn run_between<R>(
        &self,
        at: usize,
        end: usize,
        x: &Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
    ) -> Result<R, Rejected> {
        if at == end {
            return f(x, pool);
        }
        let step = self.step(at);
        match step.form_of(x) {
            Form::F32 => self.run_dense::<f32, R>(at, end, x, pool, f),
            Form::F64 => self.run_dense::<f64, R>(at, end, x, pool, f),
            Form::Sparse | Form::Sparse32 => {
                let rows = step.sparse(x, pool)?;
                let result = self.run_between(at + 1, end, &Data::Sparse(rows.view()), pool, f);
                pool.give_sparse(rows);
                result
            }
            Form::Columns | Form::Columns32 => {
                let table = step.table(x, pool)?;
                let result = table.with(|columns| {
                    self.run_between(at + 1, end, &Data::Columns(columns), pool, f)
                });
                pool.give_table(table);
                result
            }
        }
    }

    /// [`Chain::run_between`] where the first step makes dense rows: steps behind it that work in place do
    /// so on them.
    fn run_dense<T: Real, R>(
        &self,
        at: usize,
        end: usize,
        x: &Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
    ) -> Result<R, Rejected> {
        let step = self.step(at);
        let mut matrix = Matrix::<T>::take(pool, x.rows(), step.width());
        step.write(x, matrix.slot(), pool)?;
        let form = matrix.data().form();
        let mut next = at + 1;
        while next < end && self.step(next).in_place() && self.step(next).form(form) == form {
            self.step(next).apply(matrix.slot(), pool)?;
            next += 1;
        }
        let result = if next == end {
            f(&matrix.data(), pool)
        } else {
            self.run_between(next, end, &matrix.data(), pool, f)
        };
        matrix.give(pool);
        result
    }

    /// Writes the rows after all steps; the place is of the chain's width and form.
    ///
    /// # Errors
    /// A step refuses a row.
    pub(crate) fn write(
        &self,
        x: &Data<'_>,
        mut out: Slot<'_>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        // Steps at the end that work in place do so where the rows are wanted.
        let mut last = self.steps.len() - 1;
        while last > 0 && self.step(last).in_place() && self.dense_before(last, x) {
            last -= 1;
        }
        self.run_between(0, last, x, pool, |x, pool| {
            self.step(last).write(x, out.reborrow(), pool)
        })?;
        for index in last + 1..self.steps.len() {
            self.step(index).apply(out.reborrow(), pool)?;
        }
        Ok(())
    }

    /// Whether what goes into a step has the type of what comes out of the chain.
    fn dense_before(&self, index: usize, x: &Data<'_>) -> bool {
        let first = self.step(0).form_of(x);
        let before = (1..index).fold(first, |form, index| self.step(index).form(form));
        matches!(before, Form::F32 | Form::F64) && before == self.form_of(x)
    }

    /// The rows after all steps as sparse ones.
    ///
    /// # Errors
    /// A step refuses a row.
    pub(crate) fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let last = self.steps.len() - 1;
        self.run_between(0, last, x, pool, |x, pool| self.step(last).sparse(x, pool))
    }

    /// The rows after all steps as columns.
    ///
    /// # Errors
    /// A step refuses a row.
    pub(crate) fn table(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        let last = self.steps.len() - 1;
        self.run_between(0, last, x, pool, |x, pool| self.step(last).table(x, pool))
    }
}
