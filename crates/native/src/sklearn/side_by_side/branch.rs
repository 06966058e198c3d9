//! [`Branch`]: one transformer of several side by side, with the columns it takes, and what it gives in
//! each form the whole may have: numbers, sparse rows, columns.

use pelton_core::DType;

use crate::data::{
    Column, Columns, Data, Form, Matrix, Numbers, Pool, Real, Slot, SparseRows, Table, TableColumn,
    View, copy_into, numeric, rounded,
};
use crate::estimator::{Estimator, Method, Rejected, Transformer};

/// One of the transformers.
pub(crate) struct Branch {
    /// What it does to its columns; `None` passes them through.
    pub(crate) step: Option<Box<dyn Estimator>>,
    /// The columns it takes; `None` takes them all.
    pub(crate) columns: Option<Vec<u32>>,
    /// What its numbers are multiplied with.
    pub(crate) weight: Option<f64>,
    /// Columns it gives.
    pub(super) width: usize,
    /// What its numbers are where they are no floats, told beside text.
    pub(super) dtype: DType,
}

impl Branch {
    /// A branch over these columns of `features`.
    ///
    /// # Errors
    /// The columns are not there, or the step takes another number of them.
    pub(crate) fn new(
        step: Option<Box<dyn Estimator>>,
        columns: Option<Vec<u32>>,
        features: Option<usize>,
        weight: Option<f64>,
    ) -> Result<Self, String> {
        if let (Some(columns), Some(features)) = (&columns, features)
            && let Some(beyond) = columns.iter().find(|column| **column as usize >= features)
        {
            return Err(format!("takes column {beyond} of {features}"));
        }
        let given = columns.as_ref().map(Vec::len).or(features);
        let taken = step.as_ref().and_then(|step| step.features());
        if let (Some(given), Some(taken)) = (given, taken)
            && given != taken
        {
            return Err(format!("is given {given} columns, takes {taken}"));
        }
        let width = match &step {
            Some(step) => step.transformer().ok_or("has no transform")?.width(),
            None => given.ok_or("passes through columns whose number is not known")?,
        };
        let told = step.as_ref().and_then(|step| {
            step.outputs().into_iter().find(|output| output.method == Method::Transform)
        });
        let dtype = told.map_or(DType::Fp64, |output| output.dtype);
        Ok(Self { step, columns, weight, width, dtype })
    }

    pub(super) fn transformer(&self) -> Option<&dyn Transformer> {
        self.step.as_ref().and_then(|step| step.transformer())
    }

    /// Calls `f` with the branch's columns.
    pub(super) fn with<R>(
        &self,
        x: &Data<'_>,
        pool: &mut Pool,
        f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
    ) -> Result<R, Rejected> {
        let Some(columns) = &self.columns else { return f(x, pool) };
        match x {
            Data::F32(view) => gathered(*view, columns, pool, f),
            Data::F64(view) => gathered(*view, columns, pool, f),
            Data::Columns(all) => {
                let mut room = pool.take_u32(0);
                let result = f(&Data::Columns(all.choose(columns, &mut room)), pool);
                pool.give_u32(room);
                result
            }
            Data::Sparse(_) => numeric(x, pool, |x, pool| match x {
                Numbers::F32(view) => gathered(view, columns, pool, f),
                Numbers::F64(view) => gathered(view, columns, pool, f),
            }),
        }
    }

    /// The form of what this branch gives for the model's rows.
    pub(super) fn form_of(&self, x: &Data<'_>) -> Form {
        match (self.transformer(), *x, &self.columns) {
            (Some(step), Data::Columns(all), Some(columns)) => {
                let mut room = Vec::new();
                step.form_of(&Data::Columns(all.choose(columns, &mut room)))
            }
            (Some(step), ..) => step.form_of(x),
            (None, Data::Columns(all), columns) => passed_through(all, columns.as_deref()),
            (None, x, _) => x.form(),
        }
    }

    /// The rows this branch gives, weighted, as numbers.
    pub(super) fn write(
        &self,
        x: &Data<'_>,
        mut out: Slot<'_>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        self.with(x, pool, |x, pool| self.numbers(x, out.reborrow(), pool))?;
        if let Some(weight) = self.weight {
            scale(out, weight, self.form_of(x).numeric() == Form::F32);
        }
        Ok(())
    }

    /// What the step gives for the branch's columns, as numbers.
    fn numbers(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let Some(step) = self.transformer() else { return copy_into(x, out) };
        match (step.form_of(x), &out) {
            // Numbers of another type than the whole has go through a matrix of their own.
            (Form::F32, Slot::F64(_)) => through::<f32>(step, x, out.reborrow(), pool),
            (Form::F64, Slot::F32(_)) => through::<f64>(step, x, out.reborrow(), pool),
            (Form::Sparse | Form::Sparse32, _) => {
                let rows = step.sparse(x, pool)?;
                copy_into(&Data::Sparse(rows.view()), out.reborrow())?;
                pool.give_sparse(rows);
                Ok(())
            }
            _ => step.write(x, out.reborrow(), pool),
        }
    }

    /// The rows this branch gives for its columns as sparse rows, not weighted.
    pub(super) fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        if let Some(step) = self.transformer()
            && step.form_of(x).is_sparse()
        {
            return step.sparse(x, pool);
        }
        let mut matrix = Matrix::<f64>::take(pool, x.rows(), self.width);
        self.numbers(x, matrix.slot(), pool)?;
        let form = self.transformer().map_or(x.form(), |step| step.form_of(x));
        let mut rows = pool.take_sparse(self.width, form.sparse());
        for row in matrix.view().iter() {
            for (column, value) in row.iter().enumerate() {
                // A zero's sign is kept: whether Python loses it is known to the whole alone.
                if value.to_bits() != 0 {
                    rows.push(column as u32, *value);
                }
            }
            rows.end_row();
        }
        matrix.give(pool);
        Ok(rows)
    }

    /// Adds what this branch gives for its columns to `whole`, weighted, each column of its own type.
    pub(super) fn table(
        &self,
        x: &Data<'_>,
        whole: &mut Table,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let (start, form) = (whole.len(), self.transformer().map(|step| step.form_of(x)));
        match (self.transformer(), form, x) {
            (None, _, Data::Columns(columns)) => pass_through(*columns, whole),
            (Some(step), Some(Form::Columns | Form::Columns32), _) => {
                let mut part = step.table(x, pool)?;
                whole.append(&mut part);
                pool.give_table(part);
            }
            _ => {
                let mut matrix = Matrix::<f64>::take(pool, x.rows(), self.width);
                self.numbers(x, matrix.slot(), pool)?;
                for column in 0..self.width {
                    whole.push(self.column_of(matrix.view().iter().map(|row| row[column])));
                }
                matrix.give(pool);
            }
        }
        if let Some(weight) = self.weight {
            whole.scale_from(start, weight);
        }
        Ok(())
    }

    /// Numbers as a column of the branch's type.
    fn column_of(&self, values: impl Iterator<Item = f64>) -> TableColumn {
        match self.dtype {
            DType::Fp64 | DType::Fp32 | DType::Bytes => TableColumn::F64(values.collect()),
            DType::Bool => TableColumn::Bool(values.map(|value| value as u8).collect()),
            _ => TableColumn::I64(values.map(|value| value as i64).collect()),
        }
    }
}

/// Columns as they are, but for whole numbers that pandas makes floats of.
fn pass_through(columns: Columns<'_>, whole: &mut Table) {
    let floats = become_floats(columns);
    for one in columns.iter() {
        match one {
            Column::I64(values) if floats => {
                let values = values.iter().map(|value| *value as f64);
                whole.push(TableColumn::F64(values.collect()));
            }
            one => whole.push_copy(one),
        }
    }
}

/// Whether pandas makes floats of whole numbers among these columns, as it makes one array of them: of
/// numbers it does, and of flags or texts beside them it makes objects.
fn become_floats(columns: Columns<'_>) -> bool {
    let mut floats = false;
    for column in columns.iter() {
        match column {
            Column::F64(_) | Column::F32(_) => floats = true,
            Column::I64(_) => {}
            Column::Bool(_) | Column::Text(_) => return false,
        }
    }
    floats
}

/// The form of columns that are passed through: numbers unless there is text among them.
fn passed_through(all: Columns<'_>, columns: Option<&[u32]>) -> Form {
    let is_text = |column: Column<'_>| matches!(column, Column::Text(_));
    let (text, single) = match columns {
        None => (all.iter().any(is_text), all.all_f32()),
        Some(columns) => {
            let chosen = || columns.iter().map(|column| all.get(*column as usize));
            (chosen().any(is_text), chosen().all(|column| matches!(column, Column::F32(_))))
        }
    };
    match (text, single) {
        (true, _) => Form::Columns,
        (false, true) => Form::F32,
        (false, false) => Form::F64,
    }
}

/// A step's rows through a matrix of its own type.
fn through<T: Real>(
    step: &dyn Transformer,
    x: &Data<'_>,
    out: Slot<'_>,
    pool: &mut Pool,
) -> Result<(), Rejected> {
    let mut matrix = Matrix::<T>::take(pool, x.rows(), step.width());
    step.write(x, matrix.slot(), pool)?;
    copy_into(&matrix.data(), out)?;
    matrix.give(pool);
    Ok(())
}

/// Calls `f` with some columns of a matrix: as a view where they adjoin, else gathered.
fn gathered<T: Real, R>(
    view: View<'_, T>,
    columns: &[u32],
    pool: &mut Pool,
    f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
) -> Result<R, Rejected> {
    if let Some(first) = columns.first()
        && columns.iter().zip(*first..).all(|(column, wanted)| *column == wanted)
    {
        let first = *first as usize;
        return f(&T::data(view.columns(first, first + columns.len())), pool);
    }
    let mut matrix = Matrix::<T>::take(pool, view.rows(), columns.len());
    matrix.view_mut().for_each_row(|row, out| {
        let from = view.row(row);
        for (out, column) in out.iter_mut().zip(columns) {
            *out = from[*column as usize];
        }
    });
    let result = f(&matrix.data(), pool);
    matrix.give(pool);
    result
}

/// Multiplies numbers in their own type, whatever place they are in.
fn scale(out: Slot<'_>, weight: f64, single: bool) {
    let of_single = rounded(weight, true);
    match out {
        Slot::F32(mut view) => {
            view.for_each_row(|_, row| row.iter_mut().for_each(|v| *v *= weight as f32));
        }
        Slot::F64(mut view) if single => view.for_each_row(|_, row| {
            row.iter_mut().for_each(|value| *value = rounded(*value * of_single, true));
        }),
        Slot::F64(mut view) => {
            view.for_each_row(|_, row| row.iter_mut().for_each(|v| *v *= weight));
        }
    }
}
