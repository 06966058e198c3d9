//! `DummyClassifier` and `DummyRegressor`: the same answer for every row.
//!
//! Source: `sklearn.dummy` (1.2 to 1.9). Strategies that draw at random are refused.

use crate::data::{Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::math::argmax;
use crate::reader::{Fitted, Readers, Refusal};

use super::inner::position;

pub(super) const READERS: Readers =
    &[("sklearn", "DummyClassifier", read), ("sklearn", "DummyRegressor", read_regressor)];

struct Dummy {
    features: Option<usize>,
    labels: Vec<Labels>,
    /// The class, for a classifier.
    class: u32,
    /// Probabilities of a classifier, answers of a regressor.
    values: Vec<f64>,
    shape: Shape,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    let prior = fitted.numbers("class_prior_")?;
    if prior.len() != labels.len() || prior.is_empty() {
        return Err(fitted.refuse_option("several targets"));
    }
    let likeliest = argmax(&prior);
    let only = |class: usize| {
        (0..labels.len()).map(|at| if at == class { 1.0 } else { 0.0 }).collect::<Vec<f64>>()
    };
    let (class, values) = match fitted.text("strategy")? {
        "prior" => (likeliest, prior),
        "most_frequent" => (likeliest, only(likeliest)),
        "constant" => {
            let constant = fitted.attr("constant")?;
            let known = match (constant.as_str(), constant.as_f64()) {
                (Some(text), _) => position(&labels, &Labels::Text(vec![text.to_owned()]), 0),
                (_, Some(number)) => position(&labels, &Labels::floats([number]), 0),
                _ => None,
            };
            let class = known.ok_or_else(|| fitted.refuse_option("a constant of its own"))?;
            (class, only(class))
        }
        other => return Err(fitted.refuse_option(format!("strategy='{other}', which is random"))),
    };
    Ok(Box::new(Dummy {
        features: fitted.features(),
        labels: vec![labels],
        class: class as u32,
        values,
        shape: Shape::Vector,
    }))
}

fn read_regressor(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let values = fitted.numbers("constant_")?;
    if values.is_empty() {
        return Err(fitted.refuse("it has no target"));
    }
    let shape = if values.len() == 1 { Shape::Vector } else { Shape::Matrix(values.len()) };
    let features = fitted.features();
    Ok(Box::new(Dummy { features, labels: Vec::new(), class: 0, values, shape }))
}

impl Dummy {
    fn repeated(&self, rows: usize, pool: &mut Pool) -> Block {
        let mut out = pool.take_f64(rows * self.values.len());
        out.chunks_exact_mut(self.values.len()).for_each(|row| row.copy_from_slice(&self.values));
        Block::F64(out)
    }
}

impl Estimator for Dummy {
    fn outputs(&self) -> Vec<Output> {
        let mut outputs = vec![Output::new(Method::Predict, self.shape.clone())];
        if !self.labels.is_empty() {
            outputs.push(Output::new(Method::PredictProba, Shape::Matrix(self.values.len())));
        }
        outputs
    }

    fn features(&self) -> Option<usize> {
        self.features
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            answers.predict = Some(if self.labels.is_empty() {
                Predicted::Numbers(self.repeated(x.rows(), pool))
            } else {
                let mut labels = pool.take_u32(x.rows());
                labels.fill(self.class);
                Predicted::Labels(labels)
            });
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(self.repeated(x.rows(), pool));
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn ignores_rows(&self) -> bool {
        true
    }

    fn promise(&self) -> Promise {
        Promise::Bits
    }
}
