//! Wrappers that answer as the one estimator inside them: searches, frozen estimators, self-training.

use super::inner::unwrap;
use crate::estimator::Estimator;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers = &[
    ("sklearn", "GridSearchCV", read_search),
    ("sklearn", "RandomizedSearchCV", read_search),
    ("sklearn", "HalvingGridSearchCV", read_search),
    ("sklearn", "HalvingRandomSearchCV", read_search),
    ("skopt", "BayesSearchCV", read_search),
    ("sklearn", "FrozenEstimator", read_frozen),
    ("sklearn", "SelfTrainingClassifier", read_self_training),
];

fn read_search(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    unwrap(fitted, &["best_estimator_"])
}

fn read_frozen(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    unwrap(fitted, &["estimator"])
}

fn read_self_training(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    unwrap(fitted, &["estimator_", "base_estimator_"])
}
