//! [`Chain`]: transformers one after another, each feeding the next.
//!
//! Steps that work in place share one matrix; the others get theirs from the pool.

use crate::data::{Data, Form, Matrix, Pool, Real, Slot, SparseRows, Table};
use crate::estimator::{Estimator, Rejected, Transformer};

/// Steps that transform, in order.
pub(crate) struct Chain {
    steps: Vec<Box<dyn Estimator>>,
}

/// What a step made.
enum Held {
    F32(Matrix<f32>),
    F64(Matrix<f64>),
    Sparse(SparseRows),
    Table(Table),
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

    /// Calls `f` with the rows after all steps.
    ///
    /// # Errors
    /// A step or `f` refuses a row.
    pub(crate) fn run<R>(
        &self,
        x: Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(Data<'_>, &mut Pool) -> Result<R, Rejected>,
    ) -> Result<R, Rejected> {
        self.run_until(self.steps.len(), x, pool, f)
    }

    fn run_until<R>(
        &self,
        end: usize,
        x: Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(Data<'_>, &mut Pool) -> Result<R, Rejected>,
    ) -> Result<R, Rejected> {
        let mut held: Option<Held> = None;
        for index in 0..end {
            let step = self.step(index);
            held = Some(match held {
                None => Held::make(step, x, pool)?,
                Some(mut held) if held.takes_in_place(step) => {
                    step.apply(held.slot(), pool)?;
                    held
                }
                Some(held) => {
                    let next = held.with(pool, |x, pool| Held::make(step, x, pool))?;
                    held.give(pool);
                    next
                }
            });
        }
        match held {
            None => f(x, pool),
            Some(held) => {
                let result = held.with(pool, f)?;
                held.give(pool);
                Ok(result)
            }
        }
    }

    /// Writes the rows after all steps; the place is of the chain's width and form.
    ///
    /// # Errors
    /// A step refuses a row.
    pub(crate) fn write(
        &self,
        x: Data<'_>,
        mut out: Slot<'_>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        // Steps at the end that work in place do so where the rows are wanted.
        let mut last = self.steps.len() - 1;
        while last > 0 && self.step(last).in_place() && self.dense_before(last, &x) {
            last -= 1;
        }
        self.run_until(last, x, pool, |x, pool| self.step(last).write(x, out.reborrow(), pool))?;
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
    pub(crate) fn sparse(&self, x: Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let last = self.steps.len() - 1;
        self.run_until(last, x, pool, |x, pool| self.step(last).sparse(x, pool))
    }

    /// The rows after all steps as columns.
    ///
    /// # Errors
    /// A step refuses a row.
    pub(crate) fn table(&self, x: Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        let last = self.steps.len() - 1;
        self.run_until(last, x, pool, |x, pool| self.step(last).table(x, pool))
    }
}

impl Held {
    fn make(step: &dyn Transformer, x: Data<'_>, pool: &mut Pool) -> Result<Self, Rejected> {
        Ok(match step.form_of(&x) {
            Form::F32 => Self::F32(written(step, x, pool)?),
            Form::F64 => Self::F64(written(step, x, pool)?),
            Form::Sparse => Self::Sparse(step.sparse(x, pool)?),
            Form::Columns | Form::Columns32 => Self::Table(step.table(x, pool)?),
        })
    }

    fn form(&self) -> Form {
        match self {
            Self::F32(_) => Form::F32,
            Self::F64(_) => Form::F64,
            Self::Sparse(_) => Form::Sparse,
            Self::Table(_) => Form::Columns,
        }
    }

    fn takes_in_place(&self, step: &dyn Transformer) -> bool {
        matches!(self, Self::F32(_) | Self::F64(_))
            && step.in_place()
            && step.form(self.form()) == self.form()
    }

    /// # Panics
    /// It is not dense.
    fn slot(&mut self) -> Slot<'_> {
        match self {
            Self::F32(matrix) => matrix.slot(),
            Self::F64(matrix) => matrix.slot(),
            Self::Sparse(_) | Self::Table(_) => unreachable!("only dense rows have a slot"),
        }
    }

    fn with<R>(&self, pool: &mut Pool, f: impl FnOnce(Data<'_>, &mut Pool) -> R) -> R {
        match self {
            Self::F32(matrix) => f(matrix.data(), pool),
            Self::F64(matrix) => f(matrix.data(), pool),
            Self::Sparse(rows) => f(Data::Sparse(rows.view()), pool),
            Self::Table(table) => table.with(|columns| f(Data::Columns(columns), pool)),
        }
    }

    fn give(self, pool: &mut Pool) {
        match self {
            Self::F32(matrix) => matrix.give(pool),
            Self::F64(matrix) => matrix.give(pool),
            Self::Sparse(rows) => pool.give_sparse(rows),
            Self::Table(table) => pool.give_table(table),
        }
    }
}

fn written<T: Real>(
    step: &dyn Transformer,
    x: Data<'_>,
    pool: &mut Pool,
) -> Result<Matrix<T>, Rejected> {
    let mut matrix = Matrix::take(pool, x.rows(), step.width());
    step.write(x, matrix.slot(), pool)?;
    Ok(matrix)
}
