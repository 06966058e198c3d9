//! [`Transforms`]: an estimator whose only output is `transform`.

use pelton_core::DType;

use crate::data::{Csr, Data, Form, Labels, Matrix, Pool, Real, copy_into};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Promise, Rejected, Shape, Transformer,
};
use crate::inputs::Evidence;

/// What a pure transformer tells beside being one.
pub(crate) trait Fit: Transformer {
    /// Columns of the rows it takes; `None` when it takes any.
    fn features(&self) -> Option<usize>;

    /// How near its rows are to Python's.
    fn promise(&self) -> Promise {
        Promise::Bits
    }

    /// The type of the transformed numbers for 64-bit input, as Python tells it.
    fn dtype(&self) -> DType {
        match self.form(Form::F64) {
            Form::F32 | Form::Columns32 | Form::Sparse32 => DType::Fp32,
            Form::F64 | Form::Sparse => DType::Fp64,
            Form::Columns => DType::Bytes,
        }
    }

    /// The classes of the target it was fitted on, if that is told of it.
    fn labels(&self) -> &[Labels] {
        &[]
    }

    /// See [`Estimator::judge`].
    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        evidence.add_numeric(columns);
    }

    /// Columns of the widest rows its parts make.
    fn widest_part(&self) -> usize {
        0
    }

    /// See [`Estimator::judge_passed`].
    fn judge_passed(&self, _columns: &[Option<usize>], _evidence: &mut Evidence) {}

    /// See [`Estimator::passes_text`].
    fn passes_text(&self, _columns: &[Option<usize>], _evidence: &Evidence) -> bool {
        false
    }

    /// See [`Estimator::takes_text`].
    fn takes_text(&self) -> bool {
        false
    }

    /// See [`Estimator::fed_sparse`].
    fn fed_sparse(&mut self) {}

    /// See [`Estimator::knows_none`].
    fn knows_none(&self, _column: usize) -> bool {
        false
    }

    /// See [`Estimator::fed_none`].
    fn fed_none(&mut self, _column: usize) {}

    /// See [`Estimator::is_sparse_in_python`].
    fn is_sparse_in_python(&self, _input: bool) -> bool {
        false
    }
}

/// An estimator that transforms and nothing else.
pub(crate) struct Transforms<T>(pub(crate) T);

impl<T: Fit> Estimator for Transforms<T> {
    fn outputs(&self) -> Vec<Output> {
        let shape = Shape::Matrix(self.0.width());
        vec![Output { method: Method::Transform, shape, dtype: self.0.dtype() }]
    }

    fn features(&self) -> Option<usize> {
        self.0.features()
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Transform) {
            let mut rows = transformed(&self.0, x, pool)?;
            if self.0.is_sparse_in_python(false) {
                rows.lose_negative_zeros();
            }
            answers.transform = Some(rows);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        self.0.labels()
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(&self.0)
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.0.judge(columns, evidence);
    }

    fn judge_passed(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.0.judge_passed(columns, evidence);
    }

    fn passes_text(&self, columns: &[Option<usize>], evidence: &Evidence) -> bool {
        self.0.passes_text(columns, evidence)
    }

    fn promise(&self) -> Promise {
        self.0.promise()
    }

    fn widest(&self) -> usize {
        self.0.width().max(self.0.features().unwrap_or(0)).max(self.0.widest_part())
    }

    fn takes_text(&self) -> bool {
        self.0.takes_text()
    }

    fn fed_sparse(&mut self) {
        self.0.fed_sparse();
    }

    fn knows_none(&self, column: usize) -> bool {
        self.0.knows_none(column)
    }

    fn fed_none(&mut self, column: usize) {
        self.0.fed_none(column);
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        self.0.is_sparse_in_python(input)
    }
}

/// The transformed rows as an answer.
///
/// # Errors
/// A row has a value the estimator refuses.
pub(crate) fn transformed(
    step: &dyn Transformer,
    x: &Data<'_>,
    pool: &mut Pool,
) -> Result<Block, Rejected> {
    match step.form_of(x) {
        Form::F32 => Ok(Block::F32(dense::<f32>(step, x, pool)?)),
        Form::F64 => Ok(Block::F64(dense::<f64>(step, x, pool)?)),
        Form::Sparse | Form::Sparse32 => {
            let sparse = step.sparse(x, pool)?;
            let laid_out = if sparse.view().is_single() {
                Block::F32(laid_out(sparse.view(), pool)?)
            } else {
                Block::F64(laid_out(sparse.view(), pool)?)
            };
            pool.give_sparse(sparse);
            Ok(laid_out)
        }
        Form::Columns | Form::Columns32 => {
            let table = step.table(x, pool)?;
            let block = table.with(Block::of_columns);
            pool.give_table(table);
            Ok(block)
        }
    }
}

fn laid_out<T: Real>(rows: Csr<'_>, pool: &mut Pool) -> Result<Vec<T>, Rejected> {
    let mut matrix = Matrix::<T>::take(pool, rows.rows(), rows.cols());
    copy_into(&Data::Sparse(rows), matrix.slot())?;
    Ok(matrix.values)
}

fn dense<T: Real>(
    step: &dyn Transformer,
    x: &Data<'_>,
    pool: &mut Pool,
) -> Result<Vec<T>, Rejected> {
    let mut matrix = Matrix::<T>::take(pool, x.rows(), step.width());
    step.write(x, matrix.slot(), pool)?;
    Ok(matrix.values)
}
