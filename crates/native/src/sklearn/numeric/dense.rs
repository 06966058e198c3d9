//! What the estimators here share: rows in the type they reckon in, products of rows in either type,
//! and the class with the best score.

use crate::data::{
    Csr, Data, Finite, Form, Matrix, Numbers, Pool, Real, Slot, View, check_finite, copy_into,
    numeric,
};
use crate::estimator::{Block, Predicted, Rejected};
use crate::math::{self, Affine, argmax};

/// Calls `f` with the rows as dense f64, after refusing what `finite` refuses.
pub(crate) fn wide<R>(
    x: &Data<'_>,
    finite: Finite,
    pool: &mut Pool,
    f: impl FnOnce(View<'_, f64>, &mut Pool) -> Result<R, Rejected>,
) -> Result<R, Rejected> {
    numeric(x, pool, |numbers, pool| {
        check_finite(numbers, finite)?;
        match numbers {
            Numbers::F64(view) => f(view, pool),
            Numbers::F32(view) => {
                let mut matrix = Matrix::<f64>::take(pool, view.rows(), view.cols());
                copy_into(&Data::F32(view), matrix.slot())?;
                let result = f(matrix.view(), pool);
                matrix.give(pool);
                result
            }
        }
    })
}

/// Refuses sparse rows with a stored value that is not finite.
pub(crate) fn check_sparse(x: Csr<'_>) -> Result<(), Rejected> {
    for (_, values) in x.iter() {
        for value in values {
            if value.is_nan() {
                return Err(Rejected::new("input contains NaN"));
            }
            if value.is_infinite() {
                let why = "input contains infinity or a value too large for dtype('float64')";
                return Err(Rejected::new(why));
            }
        }
    }
    Ok(())
}

/// X * W + b in the type NumPy reckons in: f32 where both the rows and the weights are, else f64.
pub(crate) struct Products {
    wide: Affine<f64>,
    single: Option<Affine<f32>>,
}

impl Products {
    /// As [`Affine::new`]; `single` when the model was fitted in f32.
    pub(crate) fn new(
        single: bool,
        inputs: usize,
        shifts: &[f64],
        weight: impl Fn(usize, usize) -> f64,
    ) -> Self {
        let narrow = || {
            let shifts = shifts.iter().map(|shift| *shift as f32).collect();
            Affine::new(inputs, shifts, |i, j| weight(i, j) as f32)
        };
        Self { single: single.then(narrow), wide: Affine::new(inputs, shifts.to_vec(), &weight) }
    }

    pub(crate) fn inputs(&self) -> usize {
        self.wide.inputs()
    }

    pub(crate) fn outputs(&self) -> usize {
        self.wide.outputs()
    }

    /// The form of the results for rows of a form.
    pub(crate) fn form(&self, input: Form) -> Form {
        if self.single.is_some() { input.numeric() } else { Form::F64 }
    }

    /// The results in f64 whatever the types.
    pub(crate) fn apply_wide(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        if let Data::Sparse(rows) = x {
            check_sparse(*rows)?;
            let mut out = pool.take_f64(rows.rows() * self.outputs());
            for ((columns, values), out) in
                rows.iter().zip(out.chunks_exact_mut(self.outputs().max(1)))
            {
                self.wide.apply_sparse(columns, values, out);
            }
            return Ok(out);
        }
        wide(x, Finite::Only, pool, |view, pool| Ok(product(&self.wide, view, pool)))
    }

    /// The results, row by row, of rows that are finite.
    pub(crate) fn apply(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Block, Rejected> {
        if let (Some(single), Form::F32) = (&self.single, x.form().numeric()) {
            return numeric(x, pool, |numbers, pool| {
                check_finite(numbers, Finite::Only)?;
                let Numbers::F32(view) = numbers else { unreachable!("f32 rows stay f32") };
                Ok(Block::F32(product(single, view, pool)))
            });
        }
        self.apply_wide(x, pool).map(Block::F64)
    }
}

impl Products {
    /// As [`Products::apply`], into a place of the form's type.
    pub(crate) fn write(
        &self,
        x: &Data<'_>,
        out: Slot<'_>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let block = self.apply(x, pool)?;
        let (rows, width) = (out.rows(), out.cols());
        match &block {
            Block::F32(values) => copy_into(&Data::F32(View::new(values, rows, width)), out)?,
            Block::F64(values) => copy_into(&Data::F64(View::new(values, rows, width)), out)?,
            _ => unreachable!("products are numbers"),
        }
        block.recycle(pool);
        Ok(())
    }
}

fn product<T: math::Real + Real>(affine: &Affine<T>, x: View<'_, T>, pool: &mut Pool) -> Vec<T> {
    let mut out = T::take(pool, x.rows() * affine.outputs());
    affine.apply(x.as_rows(), &mut out);
    out
}

/// Calls `f` with the rows less the mean, both in the type of `form`.
pub(crate) fn centred<R>(
    x: &Data<'_>,
    form: Form,
    mean: &[f64],
    pool: &mut Pool,
    f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
) -> Result<R, Rejected> {
    match form {
        Form::F32 => centred_in::<f32, R>(x, mean, pool, f),
        _ => centred_in::<f64, R>(x, mean, pool, f),
    }
}

fn centred_in<T: Real, R>(
    x: &Data<'_>,
    mean: &[f64],
    pool: &mut Pool,
    f: impl FnOnce(&Data<'_>, &mut Pool) -> Result<R, Rejected>,
) -> Result<R, Rejected> {
    let mut matrix = Matrix::<T>::take(pool, x.rows(), x.width());
    copy_into(x, matrix.slot())?;
    matrix.view_mut().for_each_row(|_, row| {
        row.iter_mut().zip(mean).for_each(|(value, mean)| *value = *value - T::of(*mean));
    });
    let result = f(&matrix.data(), pool);
    matrix.give(pool);
    result
}

/// The labels of the rows: the first of the best scores.
pub(crate) fn best<T: math::Real>(scores: &[T], classes: usize, pool: &mut Pool) -> Predicted {
    let classes = classes.max(1);
    let mut labels = pool.take_u32(scores.len() / classes);
    for (label, scores) in labels.iter_mut().zip(scores.chunks_exact(classes)) {
        *label = argmax(scores) as u32;
    }
    Predicted::Labels(labels)
}

/// The labels of rows with one score each: the second of two classes where `positive` says so.
pub(crate) fn second_where<T: Copy>(
    scores: &[T],
    positive: impl Fn(T) -> bool,
    pool: &mut Pool,
) -> Predicted {
    let mut labels = pool.take_u32(scores.len());
    for (label, score) in labels.iter_mut().zip(scores) {
        *label = u32::from(positive(*score));
    }
    Predicted::Labels(labels)
}

/// [1 - p, p] for each p.
pub(crate) fn both_classes<T: math::Real + Real>(
    positive: impl ExactSizeIterator<Item = T>,
    pool: &mut Pool,
) -> Vec<T> {
    let mut out = T::take(pool, positive.len() * 2);
    for (pair, p) in out.chunks_exact_mut(2).zip(positive) {
        pair[0] = T::one() - p;
        pair[1] = p;
    }
    out
}
