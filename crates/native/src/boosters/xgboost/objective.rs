//! XGBoost's objectives: where sums start, and what becomes of them.
//!
//! Facts of `src/objective` (0.90 to 1.7, 2.1, 3.2). Must not know trees.

use crate::boosters::refused::refuse;
use crate::boosters::{Link, Refused};

/// How `base_score`, which is in the units of the answers, becomes a margin.
#[derive(Clone, Copy)]
enum Margin {
    Same,
    Logit,
    Log,
}

/// The margin of a base score and the link of an objective, in this version.
pub(super) fn objective(
    name: &str,
    version: [u32; 3],
) -> Result<(impl Fn(f32) -> f32 + use<>, Link), Refused> {
    let (margin, link) = match name {
        "binary:logitraw" if version < [1, 3, 0] => (Margin::Logit, Link::Identity),
        "reg:squarederror"
        | "reg:linear"
        | "reg:squaredlogerror"
        | "reg:pseudohubererror"
        | "reg:absoluteerror"
        | "reg:quantileerror"
        | "binary:logitraw"
        | "rank:pairwise"
        | "rank:ndcg"
        | "rank:map" => (Margin::Same, Link::Identity),
        "binary:logistic" | "reg:logistic" if version < [1, 6, 0] => {
            (Margin::Logit, Link::SigmoidUnboundedF32)
        }
        "binary:logistic" | "reg:logistic" => (Margin::Logit, Link::SigmoidF32),
        "binary:hinge" => (Margin::Same, Link::Step),
        "count:poisson" | "reg:gamma" | "reg:tweedie" | "survival:cox" => {
            (Margin::Log, Link::ExpF32)
        }
        "survival:aft" => (Margin::Log, Link::ExpRoundedF32),
        "multi:softprob" => (Margin::Same, Link::SoftmaxF32),
        "multi:softmax" => (Margin::Same, Link::ArgMax),
        other => refuse!("XGBoost's objective '{other}' is not supported natively"),
    };
    Ok((move |score: f32| margin.of(score), link))
}

impl Margin {
    fn of(self, score: f32) -> f32 {
        match self {
            Self::Same => score,
            Self::Logit => {
                // The bounds came with 3.x; before, XGBoost itself refused what they change.
                let score = score.clamp(1e-6, 1.0 - 1e-6);
                -(1.0 / score - 1.0).ln()
            }
            Self::Log => score.ln(),
        }
    }
}
