//! LightGBM's objectives: what becomes of the raw scores.
//!
//! Facts of `*_objective.hpp` (3.3 to 4.7). Must not know trees.

use crate::boosters::refused::refuse;
use crate::boosters::{Link, Refused};

/// The link of an `objective=` line for a model with `n_outputs` trees a round.
pub(super) fn link(line: &str, n_outputs: usize) -> Result<Link, Refused> {
    let mut words = line.split_ascii_whitespace();
    let name = words.next().unwrap_or_default();
    let (mut sqrt, mut sigmoid, mut classes) = (false, None, None);
    for word in words {
        match word.split_once(':') {
            None if word == "sqrt" => sqrt = true,
            Some(("sigmoid", value)) => sigmoid = Some(value),
            Some(("num_class", value)) => classes = Some(value),
            _ => refuse!("LightGBM's objective '{name}' has '{word}', which is not known"),
        }
    }
    let result = match name {
        "regression" | "regression_l1" | "fair" | "quantile" | "mape" if sqrt => Link::SignedSquare,
        // Robust losses switch the square root off.
        "regression" | "regression_l1" | "huber" | "fair" | "quantile" | "mape" | "lambdarank"
        | "rank_xendcg" | "custom" => Link::Identity,
        "poisson" | "gamma" | "tweedie" => Link::Exp,
        "binary" | "multiclassova" => Link::Sigmoid { slope: slope(sigmoid)? },
        "cross_entropy" => Link::Sigmoid { slope: 1.0 },
        "cross_entropy_lambda" => Link::Softplus,
        "multiclass" => Link::Softmax,
        other => refuse!("LightGBM's objective '{other}' is not supported natively"),
    };
    let several = matches!(name, "multiclass" | "multiclassova" | "custom");
    if !several && n_outputs != 1 {
        refuse!("LightGBM's objective '{name}' with {n_outputs} trees a round");
    }
    if name.starts_with("multiclass") && classes.and_then(|n| n.parse().ok()) != Some(n_outputs) {
        refuse!("the objective '{name}' has num_class {classes:?} for {n_outputs} trees a round");
    }
    Ok(result)
}

/// A number as LightGBM reads it here: whole part and fraction apart, which may round twice.
fn slope(text: Option<&str>) -> Result<f64, Refused> {
    let text = text.unwrap_or_default();
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.len() <= 15 && part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        refuse!("the objective's sigmoid is '{text}', a plain number was expected");
    }
    let number =
        |part: &str| part.bytes().fold(0.0, |sum, byte| sum * 10.0 + f64::from(byte - b'0'));
    let slope = number(whole) + number(fraction) / 10_f64.powi(fraction.len() as i32);
    if slope <= 0.0 {
        refuse!("the objective's sigmoid is '{text}', it must be positive");
    }
    Ok(slope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_words_are_refused_by_name() {
        for (line, word) in [
            ("binary sigmoid:1 tau:2", "tau:2"),
            ("banana", "banana"),
            ("binary sigmoid:-1", "-1"),
            ("binary sigmoid:1e3", "1e3"),
            ("multiclass num_class:4", "4"),
        ] {
            let refused = link(line, if line.starts_with("multi") { 3 } else { 1 });
            assert!(refused.expect_err(line).to_string().contains(word), "{line}");
        }
        assert!(link("regression", 2).is_err());
        assert_eq!(link("binary sigmoid:0.5", 1), Ok(Link::Sigmoid { slope: 0.5 }));
        assert_eq!(link("huber sqrt", 1), Ok(Link::Identity));
    }
}
