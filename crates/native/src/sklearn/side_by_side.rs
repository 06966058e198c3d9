//! [`SideBySide`]: transformers whose columns are put beside each other, each over some or all of the
//! columns that come in (`ColumnTransformer`, `FeatureUnion`).

use pelton_core::DType;

use crate::data::{
    Column, Data, Form, Matrix, Numbers, Pool, Real, Slot, SparseRows, Table, TableColumn, View,
    copy_into, numeric, rounded,
};
use crate::estimator::{Estimator, Method, Rejected, Transformer};
use crate::sklearn::promotion::{is_narrow, promoted};

/// Transformers side by side.
pub(crate) struct SideBySide {
    branches: Vec<Branch>,
    width: usize,
}

/// One of them.
pub(crate) struct Branch {
    /// What it does to its columns; `None` passes them through.
    pub(crate) step: Option<Box<dyn Estimator>>,
    /// The columns it takes; `None` takes them all.
    pub(crate) columns: Option<Vec<u32>>,
    /// What its numbers are multiplied with.
    pub(crate) weight: Option<f64>,
    /// Columns it gives.
    width: usize,
    /// What its numbers are where they are no floats, told beside text.
    dtype: DType,
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

    fn transformer(&self) -> Option<&dyn Transformer> {
        self.step.as_ref().and_then(|step| step.transformer())
    }

    /// Calls `f` with the branch's columns.
    fn with<R>(
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
    fn form_of(&self, x: &Data<'_>) -> Form {
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

    fn write(&self, x: &Data<'_>, mut out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        self.with(x, pool, |x, pool| match self.transformer() {
            None => copy_into(x, out.reborrow()),
            Some(step) => match (step.form_of(x), &out) {
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
            },
        })?;
        if let Some(weight) = self.weight {
            scale(out, weight, self.form_of(x).numeric() == Form::F32);
        }
        Ok(())
    }
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
            parts.push(branch.with(x, pool, |x, pool| sparse_part(branch, x, pool))?);
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
            branch.with(x, pool, |x, pool| table_part(branch, x, &mut whole, pool))?;
        }
        Ok(whole)
    }
}

/// Whether pandas makes floats of whole numbers among these columns, as it makes one array of them: of
/// numbers it does, and of flags or texts beside them it makes objects.
fn become_floats(columns: crate::data::Columns<'_>) -> bool {
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
fn passed_through(all: crate::data::Columns<'_>, columns: Option<&[u32]>) -> Form {
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

fn sparse_part(branch: &Branch, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
    if let Some(step) = branch.transformer()
        && step.form_of(x).is_sparse()
    {
        return step.sparse(x, pool);
    }
    let mut matrix = Matrix::<f64>::take(pool, x.rows(), branch.width);
    match branch.transformer() {
        None => copy_into(x, matrix.slot())?,
        Some(step) if step.form_of(x) == Form::F32 => {
            through::<f32>(step, x, matrix.slot(), pool)?;
        }
        Some(step) => step.write(x, matrix.slot(), pool)?,
    }
    let form = branch.transformer().map_or(x.form(), |step| step.form_of(x));
    let mut rows = pool.take_sparse(branch.width, form.sparse());
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

fn table_part(
    branch: &Branch,
    x: &Data<'_>,
    whole: &mut Table,
    pool: &mut Pool,
) -> Result<(), Rejected> {
    let (start, form) = (whole.len(), branch.transformer().map(|step| step.form_of(x)));
    match (branch.transformer(), form, x) {
        (None, _, Data::Columns(columns)) => {
            let floats = become_floats(*columns);
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
        (Some(step), Some(Form::Columns | Form::Columns32), _) => {
            let mut part = step.table(x, pool)?;
            whole.append(&mut part);
            pool.give_table(part);
        }
        _ => {
            let mut matrix = Matrix::<f64>::take(pool, x.rows(), branch.width);
            branch_numbers(branch, x, &mut matrix, pool)?;
            for column in 0..branch.width {
                let values = matrix.view().iter().map(|row| row[column]);
                whole.push(match branch.dtype {
                    DType::Fp64 | DType::Fp32 | DType::Bytes => TableColumn::F64(values.collect()),
                    DType::Bool => TableColumn::Bool(values.map(|value| value as u8).collect()),
                    _ => TableColumn::I64(values.map(|value| value as i64).collect()),
                });
            }
            matrix.give(pool);
        }
    }
    if let Some(weight) = branch.weight {
        whole.scale_from(start, weight);
    }
    Ok(())
}

fn branch_numbers(
    branch: &Branch,
    x: &Data<'_>,
    matrix: &mut Matrix<f64>,
    pool: &mut Pool,
) -> Result<(), Rejected> {
    let Some(step) = branch.transformer() else {
        return copy_into(x, matrix.slot());
    };
    match step.form_of(x) {
        Form::Sparse | Form::Sparse32 => {
            let rows = step.sparse(x, pool)?;
            copy_into(&Data::Sparse(rows.view()), matrix.slot())?;
            pool.give_sparse(rows);
            Ok(())
        }
        Form::F32 => through::<f32>(step, x, matrix.slot(), pool),
        _ => step.write(x, matrix.slot(), pool),
    }
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
