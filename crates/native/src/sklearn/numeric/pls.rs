//! `PLSRegression`, `PLSCanonical` and `CCA`: targets and scores from rows less their mean.
//!
//! Source: `sklearn.cross_decomposition._pls` (0.24 to 1.9). Since 1.5 the coefficients hold the scales,
//! before the rows are divided by them. The products are BLAS's, so Python varies in the last bits.

use super::super::transforms::transformed;
use crate::data::{
    Data, Finite, Form, Matrix, Numbers, Pool, Slot, View, check_finite, copy_into, numeric,
};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
    Transformer,
};
use crate::math::Affine;
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers = &[
    ("sklearn", "PLSRegression", read),
    ("sklearn", "PLSCanonical", read),
    ("sklearn", "CCA", read),
];

struct Pls {
    mean: Vec<f64>,
    scale: Vec<f64>,
    /// Whether rows are divided by their scale before they are multiplied with the coefficients.
    scales_first: bool,
    targets: Affine<f64>,
    rotations: Affine<f64>,
    shape: Shape,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (rotations, features, count) = fitted.matrix("x_rotations_")?;
    let (mean, scale) = (fitted.numbers("_x_mean")?, fitted.numbers("_x_std")?);
    // Called `_coef_` where it was to be transposed, and laid out by feature before.
    let name = if fitted.option("_coef_").is_some() { "_coef_" } else { "coef_" };
    let by_feature = fitted.version() < Version(1, 1);
    let (coefficients, rows, cols) = fitted.matrix(name)?;
    let (width, targets) = if by_feature { (rows, cols) } else { (cols, rows) };
    let intercepts = fitted.numbers(if by_feature { "_y_mean" } else { "intercept_" })?;
    let fits = width == features && mean.len() == features && scale.len() == features;
    if !fits || intercepts.len() != targets || features == 0 || count == 0 {
        return Err(fitted.refuse("its coefficients, means and scales do not fit together"));
    }
    if fitted.is_single("x_rotations_") {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    let coefficient =
        |i: usize, j: usize| coefficients[if by_feature { i * cols + j } else { j * cols + i }];
    let one = fitted.flag("_predict_1d", false)?;
    Ok(Box::new(Pls {
        mean,
        scale,
        scales_first: fitted.version() < Version(1, 5),
        targets: Affine::new(features, intercepts, coefficient),
        rotations: Affine::new(features, vec![0.0; count], |i, j| rotations[i * count + j]),
        shape: if one { Shape::Vector } else { Shape::Matrix(targets) },
    }))
}

impl Pls {
    /// The rows less the mean, perhaps by their scale, multiplied. As there they are changed in their own
    /// type, and multiplied in f64.
    fn products(
        &self,
        x: &Data<'_>,
        scaled: bool,
        by: &Affine<f64>,
        pool: &mut Pool,
    ) -> Result<Vec<f64>, Rejected> {
        numeric(x, pool, |numbers, pool| {
            check_finite(numbers, Finite::Only)?;
            let single = matches!(numbers, Numbers::F32(_));
            let rounded = |value: f64| if single { f64::from(value as f32) } else { value };
            let mut rows = Matrix::<f64>::take(pool, numbers.rows(), self.mean.len());
            copy_into(&numbers.data(), rows.slot())?;
            rows.view_mut().for_each_row(|_, row| {
                for ((value, mean), scale) in row.iter_mut().zip(&self.mean).zip(&self.scale) {
                    *value = rounded(*value - mean);
                    if scaled {
                        *value = rounded(*value / scale);
                    }
                }
            });
            let mut out = pool.take_f64(numbers.rows() * by.outputs());
            by.apply(rows.view().as_rows(), &mut out);
            rows.give(pool);
            Ok(out)
        })
    }
}

impl Estimator for Pls {
    fn outputs(&self) -> Vec<Output> {
        vec![
            Output::new(Method::Predict, self.shape.clone()),
            Output::new(Method::Transform, Shape::Matrix(self.width())),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.mean.len())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            let targets = self.products(x, self.scales_first, &self.targets, pool)?;
            answers.predict = Some(Predicted::Numbers(Block::F64(targets)));
        }
        if asked.has(Method::Transform) {
            answers.transform = Some(transformed(self, x, pool)?);
        }
        Ok(())
    }

    fn transformer(&self) -> Option<&dyn Transformer> {
        Some(self)
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Transformer for Pls {
    fn width(&self) -> usize {
        self.rotations.outputs()
    }

    fn form(&self, _input: Form) -> Form {
        Form::F64
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        let rows = x.rows();
        let scores = self.products(x, true, &self.rotations, pool)?;
        copy_into(&Data::F64(View::new(&scores, rows, self.width())), out)?;
        pool.give_f64(scores);
        Ok(())
    }
}
