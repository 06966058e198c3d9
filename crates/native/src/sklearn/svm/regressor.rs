//! `SVR`, `NuSVR` and `OneClassSVM`: one weighted sum of the kernel's values.
//!
//! Source: `svm_predict_values` of libsvm; `sklearn.svm._classes`.

use pelton_core::DType;

use super::classifier::single_row;
use super::machine::Machine;
use crate::data::{Data, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("sklearn", "SVR", read_regressor),
    ("sklearn", "NuSVR", read_regressor),
    ("sklearn", "OneClassSVM", read_one_class),
];

struct Sum {
    machine: Machine,
    coefficients: Vec<f64>,
    intercept: f64,
}

struct Regressor(Sum);

struct OneClass {
    sum: Sum,
    offset: f64,
}

fn read_sum(fitted: &Fitted<'_>) -> Result<Sum, Refusal> {
    let machine = Machine::read(fitted)?;
    let coefficients = single_row(fitted, machine.count())?;
    let [intercept] = fitted.numbers("_intercept_")?[..] else {
        return Err(fitted.refuse("it has more than one intercept"));
    };
    Ok(Sum { machine, coefficients, intercept })
}

fn read_regressor(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    Ok(Box::new(Regressor(read_sum(fitted)?)))
}

fn read_one_class(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let [offset] = fitted.numbers("offset_")?[..] else {
        return Err(fitted.refuse("it has more than one offset"));
    };
    Ok(Box::new(OneClass { sum: read_sum(fitted)?, offset }))
}

impl Sum {
    fn of_rows(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<f64>, Rejected> {
        let mut out = pool.take_f64(x.rows());
        self.machine.values(x, pool, |row, values| {
            let terms = self.coefficients.iter().zip(values);
            let sum = terms.fold(0.0, |sum, (coefficient, value)| sum + coefficient * value);
            // libsvm subtracts rho, which is the intercept's negative.
            out[row] = sum - -self.intercept;
        })?;
        Ok(out)
    }
}

impl Estimator for Regressor {
    fn outputs(&self) -> Vec<Output> {
        vec![Output::new(Method::Predict, Shape::Vector)]
    }

    fn features(&self) -> Option<usize> {
        Some(self.0.machine.features())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            let values = self.0.of_rows(x, pool)?;
            answers.predict = Some(Predicted::Numbers(Block::F64(values)));
        }
        Ok(())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}

impl Estimator for OneClass {
    fn outputs(&self) -> Vec<Output> {
        let mut predict = Output::new(Method::Predict, Shape::Vector);
        predict.dtype = DType::Int64;
        vec![
            predict,
            Output::new(Method::DecisionFunction, Shape::Vector),
            Output::new(Method::ScoreSamples, Shape::Vector),
        ]
    }

    fn features(&self) -> Option<usize> {
        Some(self.sum.machine.features())
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        let decisions = self.sum.of_rows(x, pool)?;
        if asked.has(Method::Predict) {
            let sides = decisions.iter().map(|decision| if *decision > 0.0 { 1 } else { -1 });
            answers.predict = Some(Predicted::Numbers(Block::I64(sides.collect())));
        }
        if asked.has(Method::ScoreSamples) {
            let mut scores = pool.take_f64(decisions.len());
            scores.iter_mut().zip(&decisions).for_each(|(to, value)| *to = value + self.offset);
            answers.score_samples = Some(Block::F64(scores));
        }
        answers.decide(asked, decisions, pool);
        Ok(())
    }

    fn promise(&self) -> Promise {
        Promise::Close
    }
}
