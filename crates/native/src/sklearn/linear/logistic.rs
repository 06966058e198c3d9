//! `LogisticRegression` and `LogisticRegressionCV`: how their scores become probabilities.
//!
//! Source: `sklearn.linear_model._logistic` (1.2 to 1.9; before 0.22 the default was one against
//! the rest).

use super::classifiers::LinearClassifier;
use super::probabilities::Probabilities;
use crate::estimator::Estimator;
use crate::reader::{Fitted, Readers, Refusal, Version};

pub(super) const READERS: Readers =
    &[("sklearn", "LogisticRegression", read), ("sklearn", "LogisticRegressionCV", read)];

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let labels = fitted.labels("classes_")?;
    let probabilities = probabilities(fitted, labels.len())?;
    LinearClassifier::read(fitted, labels, Some(probabilities))
}

fn probabilities(fitted: &Fitted<'_>, classes: usize) -> Result<Probabilities, Refusal> {
    use Probabilities::{OneVsRest, OneVsRestOrUniform, Softmax, SoftmaxOfTwo};
    let scheme = fitted.option("multi_class").and_then(pelton_pickle::Value::as_str);
    let solver = fitted.option("solver").and_then(pelton_pickle::Value::as_str);
    let version = fitted.version();
    let each = if version >= Version(1, 9) { OneVsRestOrUniform } else { OneVsRest };
    Ok(match scheme {
        Some("multinomial") if classes > 2 => Softmax,
        Some("multinomial") => SoftmaxOfTwo,
        Some("ovr" | "warn") => each,
        None if version != Version::default() && version < Version(0, 20) => each,
        None | Some("auto" | "deprecated") => match solver.unwrap_or("lbfgs") {
            _ if classes <= 2 => each,
            "liblinear" => each,
            // It learnt softmax in 1.6.
            "newton-cholesky" if version < Version(1, 6) => each,
            _ => Softmax,
        },
        Some(other) => return Err(fitted.refuse_option(format!("multi_class='{other}'"))),
    })
}
