//! `OneVsRestClassifier`: one classifier a class, or a label when a row may have several.
//!
//! Source: `sklearn.multiclass` (1.2 to 1.9).

use pelton_core::DType;

use super::inner::{
    binary_method, binary_scores, features, hands_on, has, is_single, numbers, read_list, scores,
};
use crate::data::{Data, Labels, Pool, rounded};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Predicted, Promise, Rejected, Shape,
};
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers =
    &[("sklearn", "OneVsRestClassifier", read), ("sklearn", "_ConstantPredictor", read_constant)];

struct OneVsRest {
    parts: Vec<Box<dyn Estimator>>,
    labels: Vec<Labels>,
    /// A row has any number of labels.
    multilabel: bool,
    /// Rows whose probabilities are all zero stay so, where older releases divide zero by zero.
    keeps_zeros: bool,
    threshold: f64,
    /// Of equal scores the first class wins, not the last as before scikit-learn 1.8.
    first_wins: bool,
    classes: Labels,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let parts = read_list(fitted, "estimators_")?;
    if let Some(index) = parts.iter().position(|part| binary_method(&**part).is_none()) {
        return Err(
            fitted.refuse(format!("estimator {index} of OneVsRestClassifier has no scores"))
        );
    }
    let binarizer = fitted.with(fitted.attr("label_binarizer_")?);
    let labels = binarizer.labels("classes_")?;
    let multilabel = binarizer.text("y_type_")?.starts_with("multilabel");
    let wanted = if !multilabel && labels.len() == 2 { 1 } else { labels.len() };
    if parts.len() != wanted {
        let (parts, classes) = (parts.len(), labels.len());
        return Err(
            fitted.refuse(format!("OneVsRestClassifier has {parts} parts for {classes} classes"))
        );
    }
    let by_score = has(&*parts[0], Method::DecisionFunction) && !parts[0].labels().is_empty();
    let classes = labels.clone();
    let labels =
        if multilabel { vec![Labels::integers([0, 1]); parts.len()] } else { vec![labels] };
    Ok(Box::new(OneVsRest {
        threshold: if by_score { 0.0 } else { 0.5 },
        keeps_zeros: fitted.version() >= Version(1, 7),
        first_wins: fitted.version() >= Version(1, 8),
        parts,
        labels,
        multilabel,
        classes,
    }))
}

impl OneVsRest {
    fn single(&self) -> bool {
        self.parts.len() == 1 && !self.multilabel
    }

    fn predict(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Vec<u32>, Rejected> {
        let (rows, count) = (x.rows(), self.parts.len());
        if self.multilabel || count == 1 {
            let mut out = pool.take_u32(rows * count);
            for (at, part) in self.parts.iter().enumerate() {
                let scores = binary_scores(&**part, x, pool)?;
                for (row, score) in scores.iter().enumerate() {
                    out[row * count + at] = u32::from(*score > self.threshold);
                }
                pool.give_f64(scores);
            }
            return Ok(out);
        }
        let mut greatest = pool.take_f64(rows);
        greatest.fill(f64::NEG_INFINITY);
        let mut out = pool.take_u32(rows);
        out.fill(0);
        for (at, part) in self.parts.iter().enumerate() {
            let scores = binary_scores(&**part, x, pool)?;
            for (row, score) in scores.iter().enumerate() {
                if *score > greatest[row] || *score == greatest[row] && !self.first_wins {
                    (greatest[row], out[row]) = (*score, at as u32);
                }
            }
            pool.give_f64(scores);
        }
        pool.give_f64(greatest);
        Ok(out)
    }

    fn probabilities(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Block, Rejected> {
        let (rows, count) = (x.rows(), self.parts.len());
        let width = if self.single() { 2 } else { count };
        let mut out = pool.take_f64(rows * width);
        let mut in_single = true;
        for (at, part) in self.parts.iter().enumerate() {
            let proba = scores(&**part, Method::PredictProba, x, pool)?;
            in_single &= proba.single;
            for (row, out) in out.chunks_exact_mut(width).enumerate() {
                let positive = proba.row(row)[1];
                if self.single() {
                    (out[0], out[1]) = (rounded(1.0 - positive, proba.single), positive);
                } else {
                    out[at] = positive;
                }
            }
            proba.give(pool);
        }
        if !self.multilabel {
            for row in out.chunks_exact_mut(width) {
                let sum = row.iter().fold(0.0, |sum, value| rounded(sum + value, in_single));
                if sum != 0.0 || !self.keeps_zeros {
                    row.iter_mut().for_each(|value| *value /= sum);
                }
            }
        }
        Ok(numbers(out, in_single, pool))
    }

    fn scores(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Block, Rejected> {
        let count = self.parts.len();
        let mut out = pool.take_f64(x.rows() * count);
        let mut in_single = true;
        for (at, part) in self.parts.iter().enumerate() {
            let one = scores(&**part, Method::DecisionFunction, x, pool)?;
            in_single &= one.single;
            for (row, out) in out.chunks_exact_mut(count).enumerate() {
                out[at] = one.row(row)[0];
            }
            one.give(pool);
        }
        Ok(numbers(out, in_single, pool))
    }

    /// The type of a method's numbers, as the parts tell it.
    fn told(&self, method: Method) -> DType {
        let single = self.parts.iter().all(|part| is_single(&**part, method));
        if single { DType::Fp32 } else { DType::Fp64 }
    }
}

impl Estimator for OneVsRest {
    fn outputs(&self) -> Vec<Output> {
        let count = self.parts.len();
        let predict = if self.multilabel { Shape::Matrix(count) } else { Shape::Vector };
        let mut outputs = vec![Output::new(Method::Predict, predict)];
        let all_have = |method| self.parts.iter().all(|part| has(&**part, method));
        if all_have(Method::PredictProba) {
            let width = if self.single() { 2 } else { count };
            let (method, dtype) = (Method::PredictProba, self.told(Method::PredictProba));
            outputs.push(Output { method, shape: Shape::Matrix(width), dtype });
        }
        if all_have(Method::DecisionFunction) {
            let shape = if count == 1 { Shape::Vector } else { Shape::Matrix(count) };
            let (method, dtype) = (Method::DecisionFunction, self.told(Method::DecisionFunction));
            outputs.push(Output { method, shape, dtype });
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
            answers.predict = Some(Predicted::Labels(self.predict(x, pool)?));
        }
        if asked.has(Method::PredictProba) {
            answers.predict_proba = Some(self.probabilities(x, pool)?);
        }
        if asked.has(Method::DecisionFunction) {
            answers.decision_function = Some(self.scores(x, pool)?);
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn classes(&self) -> Option<&Labels> {
        Some(&self.classes)
    }

    hands_on!(parts);
}

/// Stands for a classifier whose rows were all of one class.
struct Constant {
    value: f64,
    labels: [Labels; 1],
}

fn read_constant(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let values = fitted.numbers("y_")?;
    // -1 is the other digit of an output code.
    let [value @ (-1.0 | 0.0 | 1.0)] = values[..] else {
        return Err(fitted.refuse("a constant predictor answers neither 0 nor 1"));
    };
    let other = if value < 0.0 { -1 } else { 0 };
    Ok(Box::new(Constant { value, labels: [Labels::integers([other, 1])] }))
}

impl Estimator for Constant {
    fn outputs(&self) -> Vec<Output> {
        vec![
            Output::new(Method::Predict, Shape::Vector),
            Output::new(Method::PredictProba, Shape::Matrix(2)),
            Output::new(Method::DecisionFunction, Shape::Vector),
        ]
    }

    fn features(&self) -> Option<usize> {
        None
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if asked.has(Method::Predict) {
            let mut labels = pool.take_u32(x.rows());
            labels.fill(u32::from(self.value > 0.5));
            answers.predict = Some(Predicted::Labels(labels));
        }
        if asked.has(Method::PredictProba) {
            let mut out = pool.take_f64(x.rows() * 2);
            out.chunks_exact_mut(2)
                .for_each(|row| row.copy_from_slice(&[1.0 - self.value, self.value]));
            answers.predict_proba = Some(Block::F64(out));
        }
        if asked.has(Method::DecisionFunction) {
            let mut out = pool.take_f64(x.rows());
            out.fill(self.value);
            answers.decision_function = Some(Block::F64(out));
        }
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn promise(&self) -> Promise {
        Promise::Bits
    }
}
