//! [`Link`]: from the trees' sums to what a library's `predict` answers.
//!
//! Each form has the precision and the order of operations of the library it is named after
//! (XGBoost 3.2 `regression_loss.h`, `math.h`; LightGBM 4.7 `*_objective.hpp`; CatBoost 1.2
//! `eval_processing`), so that answers agree in every bit. Must not know how sums are made.

use crate::boosters::exp::{exp_by_table, exp_by_table_or_zero};

/// What happens to a row's raw scores.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Link {
    /// Nothing.
    Identity,
    /// `1 / (exp(-x) + 1)` in f32, whose exponent is bounded so that no answer is 0.
    SigmoidF32,
    /// The same without the bound, as XGBoost had it before 1.6.
    SigmoidUnboundedF32,
    /// `exp(x)` in f32.
    ExpF32,
    /// `exp(x)` in f64 of an f32, rounded to f32.
    ExpRoundedF32,
    /// 1 where `x > 0`, else 0.
    Step,
    /// Softmax over the row: exponents in f32, their sum in f64, the quotients in f32.
    SoftmaxF32,
    /// Softmax over the row in f32 throughout, as SciPy's.
    SoftmaxAllF32,
    /// The position of the first greatest score: one answer a row.
    ArgMax,
    /// `1 / (1 + exp(-slope * x))`, for each score alone.
    Sigmoid {
        /// LightGBM's parameter `sigmoid`.
        slope: f64,
    },
    /// Softmax over the row.
    Softmax,
    /// `exp(x)`.
    Exp,
    /// `log1p(exp(x))`.
    Softplus,
    /// `sign(x) * x * x`.
    SignedSquare,
    /// Softmax over the row with CatBoost's own exponential.
    SoftmaxByTable,
    /// `exp(x)` by CatBoost's own exponential.
    ExpByTable,
    /// A mean as it is and `exp(2 * x)` of the second score, by CatBoost's own exponential.
    MeanAndVariance,
    /// 1 where the score is greater, else 0.
    Above {
        /// The score that is not yet enough.
        border: f64,
    },
}

impl Link {
    /// Answers a row has where it has `n_raw` raw scores.
    pub fn n_answers(self, n_raw: usize) -> usize {
        match self {
            Self::ArgMax => 1,
            _ => n_raw,
        }
    }

    /// Answers for whole rows: `n_raw` scores a row in, [`Link::n_answers`] values a row out.
    pub(crate) fn apply(self, raw: &[f64], n_raw: usize, answers: &mut [f64]) {
        match self {
            Self::Identity => answers.copy_from_slice(raw),
            Self::SigmoidF32 => each_f32(raw, answers, sigmoid),
            Self::SigmoidUnboundedF32 => each_f32(raw, answers, |x| 1.0 / (1.0 + (-x).exp())),
            Self::ExpF32 => each_f32(raw, answers, f32::exp),
            Self::ExpRoundedF32 => each_f32(raw, answers, |x| f64::from(x).exp() as f32),
            Self::Step => each_f32(raw, answers, |x| if x > 0.0 { 1.0 } else { 0.0 }),
            Self::SoftmaxF32 => {
                for (raw, answers) in raw.chunks_exact(n_raw).zip(answers.chunks_exact_mut(n_raw)) {
                    softmax_f32(raw, answers);
                }
            }
            Self::SoftmaxAllF32 => {
                for (raw, answers) in raw.chunks_exact(n_raw).zip(answers.chunks_exact_mut(n_raw)) {
                    softmax_all_f32(raw, answers);
                }
            }
            Self::Sigmoid { slope } => each(raw, answers, |x| 1.0 / (1.0 + (-slope * x).exp())),
            Self::Softmax => {
                for (raw, answers) in raw.chunks_exact(n_raw).zip(answers.chunks_exact_mut(n_raw)) {
                    softmax(raw, answers);
                }
            }
            Self::Exp => each(raw, answers, f64::exp),
            Self::Softplus => each(raw, answers, |x| x.exp().ln_1p()),
            Self::SoftmaxByTable => {
                for (raw, answers) in raw.chunks_exact(n_raw).zip(answers.chunks_exact_mut(n_raw)) {
                    softmax_by_table(raw, answers);
                }
            }
            Self::ExpByTable => each(raw, answers, exp_by_table),
            Self::MeanAndVariance => {
                for (raw, answers) in raw.chunks_exact(2).zip(answers.chunks_exact_mut(2)) {
                    answers.copy_from_slice(&[raw[0], exp_by_table(2.0 * raw[1])]);
                }
            }
            Self::Above { border } => {
                each(raw, answers, |x| if x > border { 1.0 } else { 0.0 });
            }
            Self::SignedSquare => each(raw, answers, |x| sign(x) * x * x),
            Self::ArgMax => {
                for (raw, answer) in raw.chunks_exact(n_raw).zip(answers) {
                    *answer = arg_max(raw) as f64;
                }
            }
        }
    }
}

fn each_f32(raw: &[f64], answers: &mut [f64], link: impl Fn(f32) -> f32) {
    for (raw, answer) in raw.iter().zip(answers) {
        *answer = f64::from(link(*raw as f32));
    }
}

fn each(raw: &[f64], answers: &mut [f64], link: impl Fn(f64) -> f64) {
    for (raw, answer) in raw.iter().zip(answers) {
        *answer = link(*raw);
    }
}

/// 1, 0 or -1.
fn sign(x: f64) -> f64 {
    f64::from(i8::from(x > 0.0) - i8::from(x < 0.0))
}

fn softmax(raw: &[f64], answers: &mut [f64]) {
    let greatest = raw.iter().fold(raw[0], |most, x| most.max(*x));
    let mut sum = 0.0;
    for (raw, answer) in raw.iter().zip(answers.iter_mut()) {
        *answer = (*raw - greatest).exp();
        sum += *answer;
    }
    for answer in answers {
        *answer /= sum;
    }
}

/// CatBoost's, which takes four classes at a time and the rest one by one.
fn softmax_by_table(raw: &[f64], answers: &mut [f64]) {
    let greatest = raw.iter().fold(raw[0], |most, x| if *x > most { *x } else { most });
    let mut sum = 0.0;
    let fours = raw.len() - raw.len() % 4;
    for (k, (raw, answer)) in raw.iter().zip(answers.iter_mut()).enumerate() {
        let x = *raw - greatest;
        *answer = if k < fours { exp_by_table(x) } else { exp_by_table_or_zero(x) };
        sum += *answer;
    }
    for answer in answers {
        *answer /= sum;
    }
}

/// XGBoost's; the clip keeps the exponent finite.
fn sigmoid(x: f32) -> f32 {
    let x = (-x).min(88.7);
    1.0 / (x.exp() + 1.0)
}

fn softmax_f32(raw: &[f64], answers: &mut [f64]) {
    let greatest = raw.iter().fold(raw[0] as f32, |most, x| most.max(*x as f32));
    let mut sum = 0.0;
    for (raw, answer) in raw.iter().zip(answers.iter_mut()) {
        *answer = f64::from((*raw as f32 - greatest).exp());
        sum += *answer;
    }
    let sum = sum as f32;
    for answer in answers {
        *answer = f64::from(*answer as f32 / sum);
    }
}

fn softmax_all_f32(raw: &[f64], answers: &mut [f64]) {
    let greatest = raw.iter().fold(raw[0] as f32, |most, x| most.max(*x as f32));
    let mut sum = 0.0_f32;
    for (raw, answer) in raw.iter().zip(answers.iter_mut()) {
        let exponential = (*raw as f32 - greatest).exp();
        *answer = f64::from(exponential);
        sum += exponential;
    }
    for answer in answers {
        *answer = f64::from(*answer as f32 / sum);
    }
}

/// The position of the first greatest value.
pub(crate) fn arg_max(values: &[f64]) -> usize {
    let mut best = 0;
    for (position, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = position;
        }
    }
    best
}
