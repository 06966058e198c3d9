//! `EllipticEnvelope` and `SGDOneClassSVM`: outliers by their distance from a middle, or a plane.
//!
//! Source: `sklearn.covariance._elliptic_envelope`, `_empirical_covariance.mahalanobis`,
//! `sklearn.linear_model._stochastic_gradient.SGDOneClassSVM` (1.2 to 1.9). The precision is applied by
//! scipy, and the plane by BLAS, so Python varies in the last bits.

use super::super::outliers::Outliers;
use super::dense::wide;
use crate::data::{Data, Finite, Labels, Pool};
use crate::estimator::{Answers, Estimator, Methods, Output, Promise, Rejected};
use crate::math::{Affine, Rows, pairwise_sum_of};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers =
    &[("sklearn", "EllipticEnvelope", read_envelope), ("sklearn", "SGDOneClassSVM", read_plane)];

struct OneClass {
    features: usize,
    scores: Scores,
    outliers: Outliers,
}

enum Scores {
    /// Less the squared distance from the middle, by the precision.
    Envelope(Vec<f64>, Affine<f64>),
    Plane(Affine<f64>),
}

fn read_envelope(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let middle = fitted.numbers("location_")?;
    if fitted.option("precision_").is_none() {
        return Err(fitted.refuse_option("store_precision=False"));
    }
    let (precision, rows, features) = fitted.matrix("precision_")?;
    if rows != features || middle.len() != features || features == 0 {
        return Err(fitted.refuse("its precision and its location do not fit together"));
    }
    let by = Affine::new(features, vec![0.0; features], |i, j| precision[j * features + i]);
    let outliers = Outliers::new(fitted.number("offset_")?, true);
    Ok(Box::new(OneClass { features, scores: Scores::Envelope(middle, by), outliers }))
}

fn read_plane(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (normal, count, features) = fitted.matrix("coef_")?;
    let offset = fitted.numbers("offset_")?;
    let (1, &[offset]) = (count, &offset[..]) else {
        return Err(fitted.refuse("its plane is not one"));
    };
    if fitted.is_single("coef_") {
        return Err(fitted.refuse_option("rows of float32 to fit"));
    }
    // Its scores are decisions with the offset added again; `predict` goes by the decisions.
    let plane = Affine::new(features, vec![0.0], |i, _| normal[i]);
    let outliers = Outliers::new(offset, true).narrow();
    Ok(Box::new(OneClass { features, scores: Scores::Plane(plane), outliers }))
}

impl Scores {
    fn of(&self, row: &[f64], centred: &mut [f64], room: &mut [f64]) -> f64 {
        match self {
            Self::Plane(plane) => {
                let mut score = [0.0];
                plane.apply(Rows::new(row, 1), &mut score);
                score[0]
            }
            Self::Envelope(middle, precision) => {
                for ((to, value), middle) in centred.iter_mut().zip(row).zip(middle) {
                    *to = value - middle;
                }
                precision.apply(Rows::new(centred, 1), room);
                let squared = pairwise_sum_of(0, room.len(), &|i| centred[i] * room[i]);
                let distance = squared.sqrt();
                -(distance * distance)
            }
        }
    }
}

impl Estimator for OneClass {
    fn outputs(&self) -> Vec<Output> {
        Outliers::outputs()
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
        let scores = wide(x, Finite::Only, pool, |x, pool| {
            let mut scores = pool.take_f64(x.rows());
            let (mut centred, mut room) =
                (pool.take_f64(self.features), pool.take_f64(self.features));
            for (score, row) in scores.iter_mut().zip(x.iter()) {
                *score = self.scores.of(row, &mut centred, &mut room);
            }
            pool.give_f64(centred);
            pool.give_f64(room);
            Ok(scores)
        })?;
        self.outliers.answer(scores, asked, answers, pool);
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        self.outliers.labels()
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
