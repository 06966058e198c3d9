//! [`SideBySide`]: transformers whose columns are put beside each other, each over some or all of the
//! columns that come in (`ColumnTransformer`, `FeatureUnion`).

mod branch;

use pelton_core::DType;

use crate::data::{Data, Form, Pool, Slot, SparseRows, Table, rounded};
use crate::estimator::{Rejected, Transformer};
use crate::sklearn::promotion::{is_narrow, promoted};
pub(crate) use branch::Branch;

/// Transformers side by side.
pub(crate) struct SideBySide {
    branches: Vec<Branch>,
    width: usize,
}

impl SideBySide {
    /// `framed` where pandas puts them beside each other, which makes objects of numbers and flags.
    pub(crate) fn new(mut branches: Vec<Branch>, framed: bool) -> Self {
        if framed && branches.iter().any(|branch| branch.dtype != DType::Bool) {
            let flags = branches.iter_mut().filter(|branch| branch.dtype == DType::Bool);
            flags.for_each(|branch| branch.dtype = DType::Fp64);
        }
        let width = branches.iter().map(|branch| branch.width).sum();
        Self { branches, width }
    }

    pub(crate) fn branches(&self) -> &[Branch] {
        &self.branches
    }

    /// The type of whole numbers beside each other, where all of them are such and told.
    pub(crate) fn whole_numbers(&self) -> Option<DType> {
        let told = |branch: &Branch| match (branch.step.is_some(), branch.weight) {
            (true, None) => Some(branch.dtype),
            _ => None,
        };
        let first = told(self.branches.first()?)?;
        self.branches.iter().try_fold(first, |dtype, branch| promoted(dtype, told(branch)?))
    }

    /// Tells every branch that it is given sparse rows in Python.
    pub(crate) fn fed_sparse(&mut self) {
        let steps = self.branches.iter_mut().filter_map(|branch| branch.step.as_mut());
        steps.for_each(|step| step.fed_sparse());
    }
}

impl Transformer for SideBySide {
    fn width(&self) -> usize {
        self.width
    }

    fn form(&self, input: Form) -> Form {
        joined(self.branches.iter().map(|branch| match branch.transformer() {
            Some(step) => (step.form(input), is_narrow(branch.dtype)),
            None => (input, false),
        }))
    }

    fn form_of(&self, x: &Data<'_>) -> Form {
        joined(self.branches.iter().map(|branch| (branch.form_of(x), is_narrow(branch.dtype))))
    }

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let mut start = 0;
        for branch in &self.branches {
            branch.write(x, out.columns(start, start + branch.width), pool)?;
            start += branch.width;
        }
        Ok(())
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let mut parts = Vec::with_capacity(self.branches.len());
        for branch in &self.branches {
            parts.push(branch.with(x, pool, |x, pool| branch.sparse(x, pool))?);
        }
        let mut whole = pool.take_sparse(self.width, self.form_of(x));
        for row in 0..x.rows() {
            let mut start = 0;
            for (branch, part) in self.branches.iter().zip(&parts) {
                let (columns, values) = part.view().row(row);
                let single = part.view().is_single();
                let weight = rounded(branch.weight.unwrap_or(1.0), single);
                for (column, value) in columns.iter().zip(values) {
                    whole.push(start + column, rounded(value * weight, single));
                }
                start += branch.width as u32;
            }
            whole.end_row();
        }
        parts.into_iter().for_each(|part| pool.give_sparse(part));
        Ok(whole)
    }

    fn table(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        let mut whole = pool.take_table();
        for branch in &self.branches {
            branch.with(x, pool, |x, pool| branch.table(x, &mut whole, pool))?;
        }
        Ok(whole)
    }
}

/// The form of everything together, each with whether it takes the type of others: sparse or columns if one
/// of them is.
fn joined(forms: impl Iterator<Item = (Form, bool)>) -> Form {
    let (mut sparse, mut columns) = (false, None);
    let mut numbers: Option<Form> = None;
    for (count, (form, narrow)) in forms.enumerate() {
        columns = match form {
            Form::Columns | Form::Columns32 if count == 0 => Some(form),
            Form::Columns | Form::Columns32 => Some(Form::Columns),
            _ => columns.map(|_| Form::Columns),
        };
        sparse |= form.is_sparse();
        if !narrow {
            let form = form.numeric();
            numbers = Some(numbers.map_or(form, |before| before.beside(form)));
        }
    }
    let numbers = numbers.unwrap_or(Form::F64);
    columns.unwrap_or(if sparse { numbers.sparse() } else { numbers })
}
