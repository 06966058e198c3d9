//! The support vector machines of libsvm: `SVC`, `NuSVC`, `SVR`, `NuSVR`, `OneClassSVM`.
//!
//! Source: `sklearn.svm` (1.2 to 1.9) and the libsvm 3.x inside it. Kernels that are Python functions
//! are refused. On rows fitted dense libsvm multiplies with BLAS, so Python varies in the last bits.

mod classifier;
mod machine;
mod platt;
mod regressor;

pub(crate) use classifier::SCORED;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[classifier::READERS, regressor::READERS];
