//! [`LinearScores`]: rows times coefficients, plus intercepts. Must not know what scores mean.

use pelton_pickle::DTypeKind;

use crate::data::{
    Csr, Data, Matrix, Numbers, Pool, Real, View, check_finite_by, copy_into, numeric,
};
use crate::estimator::{Block, Rejected};
use crate::math::{self, Affine, Scaling};
use crate::reader::{Fitted, Refusal};

/// A score for each row of coefficients.
pub(crate) struct LinearScores {
    features: usize,
    outputs: usize,
    wide: Affine<f64>,
    /// For models fitted on f32, which answer f32 for f32.
    single: Option<Affine<f32>>,
    /// Intercepts are f64 where coefficients are f32 (stochastic gradient descent): added last, they
    /// make f64 of f32.
    lifted: bool,
    /// Features x outputs, for sparse rows.
    by_feature: Vec<f64>,
    intercepts: Vec<f64>,
}

impl LinearScores {
    /// Reads `coef_` and `intercept_`.
    ///
    /// # Errors
    /// They are missing or do not fit each other.
    pub(crate) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let (coefficients, outputs, features) = match fitted.attr("coef_")?.as_array() {
            Some(_) => fitted.matrix("coef_")?,
            None => return Err(fitted.refuse_option("sparse coefficients (call densify() first)")),
        };
        let mut intercepts = fitted.numbers("intercept_")?;
        if intercepts.len() == 1 {
            intercepts.resize(outputs, intercepts[0]);
        }
        if intercepts.len() != outputs {
            return Err(fitted.refuse(format!(
                "{} has {outputs} rows of coefficients and {} intercepts",
                fitted.class(),
                intercepts.len()
            )));
        }
        let single = fitted.is_single("coef_");
        let array = fitted.attr("intercept_")?.as_array();
        let lifted = array.is_some_and(|array| {
            !array.shape().is_empty() && array.dtype().kind() == DTypeKind::Float
        });
        if single && lifted && !fitted.is_single("intercept_") {
            let products = Self::new(features, &coefficients, vec![0.0; outputs], true).single;
            let wide = Self::new(features, &coefficients, intercepts, false);
            return Ok(Self { single: products, lifted, ..wide });
        }
        Ok(Self::new(features, &coefficients, intercepts, single))
    }

    /// One row of `features` coefficients an intercept.
    pub(crate) fn new(
        features: usize,
        coefficients: &[f64],
        intercepts: Vec<f64>,
        single: bool,
    ) -> Self {
        let outputs = intercepts.len();
        let weight = |i: usize, j: usize| coefficients[j * features + i];
        let wide = Affine::new(features, intercepts.clone(), weight);
        let narrow = || {
            let shifts = intercepts.iter().map(|value| *value as f32).collect();
            Affine::new(features, shifts, |i, j| weight(i, j) as f32)
        };
        let by_feature =
            (0..features).flat_map(|i| (0..outputs).map(move |j| weight(i, j))).collect();
        let single = single.then(narrow);
        Self { features, outputs, wide, single, lifted: false, by_feature, intercepts }
    }

    pub(crate) fn features(&self) -> usize {
        self.features
    }

    /// Scores a row has.
    pub(crate) fn outputs(&self) -> usize {
        self.outputs
    }

    /// Puts the scores, row by row, into `out`.
    ///
    /// # Errors
    /// A row has NaN or an infinity.
    pub(crate) fn answer(
        &self,
        x: &Data<'_>,
        out: &mut Block,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        match (x, &self.single) {
            (Data::F64(view), _) => {
                let scores = products(&self.wide, view, pool);
                check_finite_by(&scores, Numbers::F64(*view))?;
                *out = Block::F64(scores);
            }
            (Data::F32(view), Some(single)) => {
                let scores = products(single, view, pool);
                check_finite_by(&scores, Numbers::F32(*view))?;
                *out = if self.lifted { self.lifted(scores, pool) } else { Block::F32(scores) };
            }
            (Data::F32(view), None) => {
                let mut wide = Matrix::<f64>::take(pool, view.rows(), self.features);
                copy_into(x, wide.slot())?;
                let scores = products(&self.wide, &wide.view(), pool);
                wide.give(pool);
                check_finite_by(&scores, Numbers::F32(*view))?;
                *out = Block::F64(scores);
            }
            (Data::Sparse(csr), Some(_)) if csr.is_single() => {
                let products = self.of_sparse(*csr, !self.lifted, pool)?;
                *out = if self.lifted { self.lifted(products, pool) } else { Block::F32(products) };
            }
            (Data::Sparse(csr), _) => *out = Block::F64(self.of_sparse(*csr, true, pool)?),
            (Data::Columns(_), _) => {
                numeric(x, pool, |x, pool| self.answer(&x.data(), out, pool))?;
            }
        }
        Ok(())
    }

    /// The scores of rows that have to be scaled first; `None` where they are not to be had at once, or a
    /// row has a value that is refused. Every value is part of a score, which is finite if all of them are.
    #[inline]
    pub(crate) fn of_scaled(
        &self,
        x: &View<'_, f64>,
        scaling: &Scaling,
        pool: &mut Pool,
    ) -> Option<Vec<f64>> {
        let mut scores = pool.take_f64(x.rows() * self.outputs);
        if self.wide.apply_scaled(x.as_rows(), scaling, &mut scores)
            && scores.iter().all(|score| score.is_finite())
        {
            return Some(scores);
        }
        pool.give_f64(scores);
        None
    }

    fn lifted(&self, products: Vec<f32>, pool: &mut Pool) -> Block {
        let mut out = pool.take_f64(products.len());
        let rows = products.chunks_exact(self.outputs).zip(out.chunks_exact_mut(self.outputs));
        for (products, out) in rows {
            for ((product, shift), out) in products.iter().zip(&self.intercepts).zip(out) {
                *out = f64::from(*product) + shift;
            }
        }
        pool.give_f32(products);
        Block::F64(out)
    }

    /// Sums over the stored entries in their order, as scipy's, in the precision of `T`; without the
    /// intercepts where those are added to the products later.
    fn of_sparse<T: Real>(
        &self,
        csr: Csr<'_>,
        shifted: bool,
        pool: &mut Pool,
    ) -> Result<Vec<T>, Rejected> {
        let mut out = T::take(pool, csr.rows() * self.outputs);
        for ((columns, values), out) in csr.iter().zip(out.chunks_exact_mut(self.outputs)) {
            out.fill(T::zero());
            for (column, value) in columns.iter().zip(values) {
                if !value.is_finite() {
                    return Err(Rejected::new("input contains NaN or infinity"));
                }
                let weights = &self.by_feature[*column as usize * self.outputs..][..self.outputs];
                let value = T::of(*value);
                for (out, weight) in out.iter_mut().zip(weights) {
                    *out = *out + value * T::of(*weight);
                }
            }
            if shifted {
                for (out, shift) in out.iter_mut().zip(&self.intercepts) {
                    *out = *out + T::of(*shift);
                }
            }
        }
        Ok(out)
    }
}

#[inline]
fn products<T: math::Real + Real>(affine: &Affine<T>, x: &View<'_, T>, pool: &mut Pool) -> Vec<T> {
    let mut out = T::take(pool, x.rows() * affine.outputs());
    affine.apply(x.as_rows(), &mut out);
    out
}
