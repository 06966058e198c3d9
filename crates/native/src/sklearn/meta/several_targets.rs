//! `MultiOutputClassifier` and `MultiOutputRegressor`: one estimator a target.
//!
//! Source: `sklearn.multioutput` (1.2 to 1.9).

use super::inner::{ask, features, hands_on, is_single, numbers, read_list, scores, shape};
use pelton_core::DType;

use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Rejected, Shape,
};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers =
    &[("sklearn", "MultiOutputClassifier", read), ("sklearn", "MultiOutputRegressor", read)];

struct SeveralTargets {
    parts: Vec<Box<dyn Estimator>>,
    /// One set a target; none for numbers.
    labels: Vec<Labels>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let parts = read_list(fitted, "estimators_")?;
    if parts.iter().any(|part| shape(&**part, Method::Predict) != Some(Shape::Vector)) {
        return Err(fitted.refuse_option("estimators of several targets themselves"));
    }
    let labels: Vec<Labels> = parts.iter().flat_map(|part| part.labels().to_vec()).collect();
    if !labels.is_empty() && labels.len() != parts.len() {
        return Err(fitted.refuse_option("classifiers beside regressors"));
    }
    if labels.windows(2).any(|pair| pair[0].dtype() != pair[1].dtype()) {
        return Err(fitted.refuse_option("labels of several types"));
    }
    Ok(Box::new(SeveralTargets { parts, labels }))
}

impl SeveralTargets {
    fn predict(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Predicted, Rejected> {
        let count = self.parts.len();
        if self.labels.is_empty() {
            let mut out = pool.take_f64(x.rows() * count);
            let mut single = true;
            for (at, part) in self.parts.iter().enumerate() {
                let one = scores(&**part, Method::Predict, x, pool)?;
                single &= one.single;
                for (row, value) in one.values.iter().enumerate() {
                    out[row * count + at] = *value;
                }
                one.give(pool);
            }
            return Ok(Predicted::Numbers(numbers(out, single, pool)));
        }
        let mut out = pool.take_u32(x.rows() * count);
        for (at, part) in self.parts.iter().enumerate() {
            let mut answers = ask(&**part, Method::Predict, x, pool)?;
            if let Some(Predicted::Labels(labels)) = answers.predict.take() {
                for (row, label) in labels.iter().enumerate() {
                    out[row * count + at] = *label;
                }
                pool.give_u32(labels);
            }
            answers.recycle(pool);
        }
        Ok(Predicted::Labels(out))
    }

    fn dtype(&self, method: Method) -> DType {
        let single = self.parts.iter().all(|part| is_single(&**part, method));
        if single { DType::Fp32 } else { DType::Fp64 }
    }

    fn probabilities(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Block, Rejected> {
        let width: usize = self.labels.iter().map(Labels::len).sum();
        let mut out = pool.take_f64(x.rows() * width);
        let (mut start, mut single) = (0, true);
        for part in &self.parts {
            let one = scores(&**part, Method::PredictProba, x, pool)?;
            single &= one.single;
            for (row, out) in out.chunks_exact_mut(width).enumerate() {
                out[start..start + one.width].copy_from_slice(one.row(row));
            }
            start += one.width;
            one.give(pool);
        }
        Ok(numbers(out, single, pool))
    }

    fn widths(&self) -> Option<Vec<usize>> {
        let fits = |part: &dyn Estimator, labels: &Labels| {
            shape(part, Method::PredictProba) == Some(Shape::Matrix(labels.len()))
        };
        let mut all = self.parts.iter().zip(&self.labels);
        (!self.labels.is_empty() && all.all(|(part, labels)| fits(&**part, labels)))
            .then(|| self.labels.iter().map(Labels::len).collect())
    }
}

impl Estimator for SeveralTargets {
    fn outputs(&self) -> Vec<Output> {
        let predict = Shape::Matrix(self.parts.len());
        let output = |method, shape| Output { method, shape, dtype: self.dtype(method) };
        let mut outputs = vec![output(Method::Predict, predict)];
        if let Some(widths) = self.widths() {
            outputs.push(output(Method::PredictProba, Shape::Several(widths)));
        }
        outputs
    }

    fn features(&self) -> Option<usize> {
        features(&self.parts)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            answers.predict = Some(self.predict(x, pool)?);
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(self.probabilities(x, pool)?);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    hands_on!(parts);
}
