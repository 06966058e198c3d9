//! What an estimator answers: numbers or labels by method, in room of the pool.
//!
//! Must not know who answers, nor how an answer is sent.

use crate::data::{Column, Columns, Pool, float_text, number_among};
use crate::estimator::{Method, Methods};

/// Numbers of an answer, row by row without gaps.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// 32-bit floats.
    F32(Vec<f32>),
    /// 64-bit floats.
    F64(Vec<f64>),
    /// Integers.
    I64(Vec<i64>),
    /// Text columns side by side, row by row; `None` where a value is missing.
    Text(Vec<Option<Box<[u8]>>>),
}

/// What `predict` answers.
#[derive(Clone, Debug, PartialEq)]
pub enum Predicted {
    /// Indices into the estimator's labels, one a row and target.
    Labels(Vec<u32>),
    /// Numbers.
    Numbers(Block),
}

/// Answers to the methods asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answers {
    /// `predict`.
    pub predict: Option<Predicted>,
    /// `predict_proba`; several targets side by side.
    pub predict_proba: Option<Block>,
    /// `decision_function`.
    pub decision_function: Option<Block>,
    /// `score_samples`.
    pub score_samples: Option<Block>,
    /// `transform`.
    pub transform: Option<Block>,
}

impl Answers {
    /// The answer of a method that gives numbers.
    pub fn block(&self, method: Method) -> Option<&Block> {
        match method {
            Method::Predict => match &self.predict {
                Some(Predicted::Numbers(block)) => Some(block),
                _ => None,
            },
            Method::PredictProba => self.predict_proba.as_ref(),
            Method::DecisionFunction => self.decision_function.as_ref(),
            Method::ScoreSamples => self.score_samples.as_ref(),
            Method::Transform => self.transform.as_ref(),
        }
    }

    /// Answers scores as `decision_function` where that is asked for, else returns their room.
    pub(crate) fn decide(&mut self, asked: Methods, scores: Vec<f64>, pool: &mut Pool) {
        if asked.has(Method::DecisionFunction) {
            self.decision_function = Some(Block::F64(scores));
        } else {
            pool.give_f64(scores);
        }
    }

    /// Returns all room to the pool.
    pub(crate) fn recycle(&mut self, pool: &mut Pool) {
        match self.predict.take() {
            Some(Predicted::Labels(labels)) => pool.give_u32(labels),
            Some(Predicted::Numbers(block)) => block.recycle(pool),
            None => {}
        }
        let blocks = [
            &mut self.predict_proba,
            &mut self.decision_function,
            &mut self.score_samples,
            &mut self.transform,
        ];
        for block in blocks.into_iter().filter_map(Option::take) {
            block.recycle(pool);
        }
    }
}

impl Default for Block {
    /// No numbers.
    fn default() -> Self {
        Self::F64(Vec::new())
    }
}

impl Block {
    /// Columns as text, row by row: numbers in Python's shortest form.
    pub(crate) fn of_columns(columns: Columns<'_>) -> Self {
        let mut values = Vec::with_capacity(columns.rows() * columns.len());
        for row in 0..columns.rows() {
            values.extend(columns.iter().map(|column| text_at(column, row)));
        }
        Self::Text(values)
    }

    /// Zeros without a sign: sparse rows in Python do not hold theirs.
    pub(crate) fn lose_negative_zeros(&mut self) {
        match self {
            Self::F32(values) => values.iter_mut().for_each(|value| *value += 0.0),
            Self::F64(values) => values.iter_mut().for_each(|value| *value += 0.0),
            Self::I64(_) | Self::Text(_) => {}
        }
    }

    /// The numbers as f64; `None` for text.
    pub(crate) fn into_f64(self, pool: &mut Pool) -> Option<Vec<f64>> {
        match self {
            Self::F64(values) => Some(values),
            Self::F32(values) => {
                let mut wide = pool.take_f64(values.len());
                for (wide, value) in wide.iter_mut().zip(&values) {
                    *wide = f64::from(*value);
                }
                pool.give_f32(values);
                Some(wide)
            }
            Self::I64(values) => Some(values.iter().map(|value| *value as f64).collect()),
            Self::Text(_) => None,
        }
    }

    /// Returns its room to the pool.
    #[inline]
    pub(crate) fn recycle(self, pool: &mut Pool) {
        match self {
            Self::F32(values) => pool.give_f32(values),
            Self::F64(values) => pool.give_f64(values),
            Self::I64(_) | Self::Text(_) => {}
        }
    }
}

fn text_at(column: Column<'_>, row: usize) -> Option<Box<[u8]>> {
    let of_number = |number: f64| float_text(number).into_bytes().into();
    match column {
        Column::Text(texts) => {
            let text = texts.get(row)?;
            Some(number_among(text).map_or_else(|| Box::from(text), of_number))
        }
        Column::I64(values) => Some(values[row].to_string().into_bytes().into()),
        Column::Bool(values) => {
            Some(if values[row] == 0 { "False" } else { "True" }.as_bytes().into())
        }
        Column::F64(_) | Column::F32(_) => {
            column.number(row).filter(|number| !number.is_nan()).map(of_number)
        }
    }
}
