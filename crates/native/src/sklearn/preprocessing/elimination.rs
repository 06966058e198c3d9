//! `RFE` and `RFECV`: selectors that predict with the estimator that chose.
//!
//! Source: `sklearn.feature_selection.RFE` (0.24 to 1.9).

use super::importances::lets_nan_through;
use super::rows::mapped;
use super::selection::{Selected, support};
use crate::data::{Data, Finite, Form, Labels, Matrix, Pool};
use crate::estimator::{
    Answers, Estimator, Method, Methods, Output, Promise, Rejected, Shape, Transformer,
};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::transforms::transformed;

pub(super) const READERS: Readers = &[("sklearn", "RFE", read), ("sklearn", "RFECV", read)];

struct Elimination {
    features: usize,
    selected: Selected,
    /// The values it lets through; any, where its estimator's tags say that NaN is.
    finite: Option<Finite>,
    inner: Box<dyn Estimator>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mask = support(fitted)?;
    let template = fitted.attr("estimator")?;
    let finite = (!lets_nan_through(template)).then_some(Finite::Only);
    let inner = fitted.inner("its estimator", fitted.attr("estimator_")?)?;
    let selected = Selected::new(&mask, finite, true);
    if inner.features().is_some_and(|features| features != selected.width()) {
        return Err(fitted.refuse(format!("{} selects another number of columns", fitted.class())));
    }
    Ok(Box::new(Elimination { features: mask.len(), selected, finite, inner }))
}

impl Estimator for Elimination {
    fn outputs(&self) -> Vec<Output> {
        let mut outputs = self.inner.outputs();
        outputs.retain(|output| !matches!(output.method, Method::Transform | Method::ScoreSamples));
        outputs.push(Output::new(Method::Transform, Shape::Matrix(self.selected.width())));
        outputs
    }

    fn features(&self) -> Option<usize> {
        Some(self.features)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(&self.selected, x, pool)?);
        }
        let mut wanted = Methods::NONE;
        for method in Method::ALL {
            if method != Method::Transform && asked.has(method) {
                wanted = wanted.with(method);
            }
        }
        if wanted == Methods::NONE {
            return Ok(());
        }
        match self.selected.form_of(x) {
            Form::Sparse | Form::Sparse32 => {
                let rows = self.selected.sparse(x, pool)?;
                self.inner.answer(&Data::Sparse(rows.view()), wanted, answers, pool)?;
                pool.give_sparse(rows);
            }
            Form::F32 => {
                let mut rows = Matrix::<f32>::take(pool, x.rows(), self.selected.width());
                mapped(&self.selected, x, self.finite, rows.slot(), pool)?;
                self.inner.answer(&rows.data(), wanted, answers, pool)?;
                rows.give(pool);
            }
            _ => {
                let mut rows = Matrix::<f64>::take(pool, x.rows(), self.selected.width());
                mapped(&self.selected, x, self.finite, rows.slot(), pool)?;
                self.inner.answer(&rows.data(), wanted, answers, pool)?;
                rows.give(pool);
            }
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        self.inner.labels()
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(&self.selected)
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        self.inner.judge(columns, evidence);
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        input
    }

    fn fed_sparse(&mut self) {
        self.inner.fed_sparse();
    }

    fn promise(&self) -> Promise {
        self.inner.promise()
    }
}
