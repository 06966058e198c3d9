//! [`Probabilities`]: how the scores of linear classifiers become probabilities of the classes.
//!
//! Source: `sklearn.linear_model._base.LinearClassifierMixin._predict_proba_lr`, `_logistic`,
//! `_stochastic_gradient` (1.2 to 1.9).

use crate::math::{Functions, expit, expit_into, pairwise_sum, softmax, softmax_rows};

/// How scores become probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Probabilities {
    /// expit; of several classes each, divided by their sum.
    OneVsRest,
    /// The same, and equal shares where all are zero (since scikit-learn 1.9).
    OneVsRestOrUniform,
    /// Softmax over the classes.
    Softmax,
    /// Softmax of [-score, score]: two classes fitted as multinomial.
    SoftmaxOfTwo,
    /// (clip(score, -1, 1) + 1) / 2; of several classes divided by their sum.
    ModifiedHuber,
}

impl Probabilities {
    /// Probabilities of `classes` for each row of scores.
    pub(super) fn of<T: Functions>(self, scores: &[T], classes: usize, out: &mut [T]) {
        match self {
            Self::OneVsRest | Self::OneVsRestOrUniform if classes == 2 => {
                return expit_of_both(scores, out);
            }
            Self::Softmax | Self::SoftmaxOfTwo if classes > 2 => {
                out.copy_from_slice(scores);
                return softmax_rows(out, classes);
            }
            _ => {}
        }
        let width = if classes == 2 { 1 } else { classes };
        for (scores, out) in scores.chunks_exact(width).zip(out.chunks_exact_mut(classes)) {
            match (self, scores) {
                (Self::SoftmaxOfTwo | Self::Softmax, [score]) => {
                    out.copy_from_slice(&[score.neg(), *score]);
                    softmax(out);
                }
                (Self::Softmax | Self::SoftmaxOfTwo, _) => unreachable!("made at once"),
                (Self::OneVsRest | Self::OneVsRestOrUniform, scores) => {
                    out.iter_mut().zip(scores).for_each(|(out, score)| *out = expit(*score));
                    shares(out, self == Self::OneVsRestOrUniform);
                }
                (Self::ModifiedHuber, [score]) => {
                    out[1] = modified_huber(*score);
                    out[0] = T::ONE.sub(out[1]);
                }
                (Self::ModifiedHuber, scores) => {
                    out.iter_mut().zip(scores).for_each(|(out, s)| *out = modified_huber(*s));
                    shares(out, true);
                }
            }
        }
    }
}

/// [1 - expit, expit] of every score.
fn expit_of_both<T: Functions>(scores: &[T], out: &mut [T]) {
    expit_into(scores, &mut out[..scores.len()]);
    // From the last on, so that none is overwritten before it is read.
    for row in (0..scores.len()).rev() {
        let p = out[row];
        out[2 * row] = T::ONE.sub(p);
        out[2 * row + 1] = p;
    }
}

fn modified_huber<T: Functions>(score: T) -> T {
    let clipped = if score < T::ONE.neg() {
        T::ONE.neg()
    } else if score > T::ONE {
        T::ONE
    } else {
        score
    };
    clipped.add(T::ONE).div(T::ONE.add(T::ONE))
}

/// Divides by the sum, in the order of the classes.
fn shares<T: Functions>(row: &mut [T], uniform_if_zero: bool) {
    let sum = pairwise_sum(row);
    if uniform_if_zero && sum == T::ZERO {
        let count = row.iter().fold(T::ZERO, |count, _| count.add(T::ONE));
        row.fill(T::ONE.div(count));
        return;
    }
    row.iter_mut().for_each(|value| *value = value.div(sum));
}
