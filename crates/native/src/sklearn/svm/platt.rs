//! Probabilities of the classes from the pairs' decisions: Platt's sigmoid, and Wu, Lin and Weng's
//! second coupling ("Probability estimates for multi-class classification by pairwise coupling", 2004).
//!
//! Source: `sigmoid_predict` and `multiclass_probability` of libsvm.

/// Probabilities are kept this far from 0 and 1.
const LEAST: f64 = 1e-7;
const MOST: f64 = 1.0 - LEAST;

/// The sigmoids of the pairs.
pub(super) struct Platt {
    pub(super) a: Vec<f64>,
    pub(super) b: Vec<f64>,
}

impl Platt {
    /// The probabilities of `out.len()` classes, given the decision of each pair (0, 1), (0, 2), ...
    /// `room` holds what is needed between.
    pub(super) fn probabilities(&self, decisions: &[f64], room: &mut Vec<f64>, out: &mut [f64]) {
        let k = out.len();
        room.clear();
        room.resize(2 * k * k + k, 0.0);
        let (pairs, room) = room.split_at_mut(k * k);
        let mut pair = 0;
        for i in 0..k {
            for j in i + 1..k {
                let p = sigmoid(decisions[pair], self.a[pair], self.b[pair]);
                // NaN becomes the least, as with C's macros.
                let p = if p > LEAST { p.min(MOST) } else { LEAST };
                pairs[i * k + j] = p;
                pairs[j * k + i] = 1.0 - p;
                pair += 1;
            }
        }
        couple(pairs, room, out);
    }
}

fn sigmoid(decision: f64, a: f64, b: f64) -> f64 {
    let x = decision * a + b;
    // 1 - p is not taken where it would cancel.
    if x >= 0.0 { (-x).exp() / (1.0 + (-x).exp()) } else { 1.0 / (1.0 + x.exp()) }
}

/// Solves for the probabilities whose pairs are nearest to the given ones, class by class in turn.
fn couple(pairs: &[f64], room: &mut [f64], p: &mut [f64]) {
    let k = p.len();
    let (q, qp) = room.split_at_mut(k * k);
    for t in 0..k {
        p[t] = 1.0 / k as f64;
        q[t * k + t] = 0.0;
        for j in 0..k {
            if j != t {
                q[t * k + t] += pairs[j * k + t] * pairs[j * k + t];
                q[t * k + j] =
                    if j < t { q[j * k + t] } else { -pairs[j * k + t] * pairs[t * k + j] };
            }
        }
    }
    let near = 0.005 / k as f64;
    for _ in 0..k.max(100) {
        let mut pqp = 0.0;
        for t in 0..k {
            qp[t] = (0..k).fold(0.0, |sum, j| sum + q[t * k + j] * p[j]);
            pqp += p[t] * qp[t];
        }
        let error = qp.iter().fold(0.0_f64, |most, value| most.max((value - pqp).abs()));
        if error < near {
            break;
        }
        for t in 0..k {
            let step = (-qp[t] + pqp) / q[t * k + t];
            p[t] += step;
            pqp = (pqp + step * (step * q[t * k + t] + 2.0 * qp[t])) / (1.0 + step) / (1.0 + step);
            for j in 0..k {
                qp[j] = (qp[j] + step * q[t * k + j]) / (1.0 + step);
                p[j] /= 1.0 + step;
            }
        }
    }
}
