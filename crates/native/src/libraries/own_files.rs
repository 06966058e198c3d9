//! The libraries' own model files: told apart by their content, read as estimators.
//!
//! Must not know paths or names of files.

use pelton_pickle::Content;

use super::{catboost, lightgbm, xgboost};
use crate::about::About;
use crate::boosters::Refused;
use crate::boosters::catboost::CatBoost;
use crate::boosters::lightgbm::LightGBM;
use crate::boosters::xgboost::XGBoost;
use crate::estimator::Estimator;

/// An estimator and what it is.
type Read = (Box<dyn Estimator>, About);

/// The library a file is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Library {
    XGBoost,
    LightGBM,
    CatBoost,
}

/// Reads a file, if it is of one of the libraries.
///
/// # Errors
/// It is, and is not supported natively.
pub(crate) fn read_own_file(bytes: &[u8]) -> Result<Option<Read>, Refused> {
    let Some(library) = library(bytes) else { return Ok(None) };
    let (estimator, class, version) = match library {
        Library::XGBoost => {
            let model = XGBoost::read(bytes)?;
            let [major, minor, patch] = model.version;
            let classifier = xgboost::is_classifier(&model);
            let class =
                if classifier { "xgboost.sklearn.XGBClassifier" } else { "xgboost.core.Booster" };
            // The old binary form has no patch, and before 1.0 no version.
            let version = match (major, is_old(bytes)) {
                (0, _) => None,
                (_, true) => Some(format!("{major}.{minor}")),
                (_, false) => Some(format!("{major}.{minor}.{patch}")),
            };
            (xgboost::of_file(&model)?, class, version)
        }
        Library::LightGBM => {
            (lightgbm::of_file(&LightGBM::read(bytes)?)?, "lightgbm.basic.Booster", None)
        }
        Library::CatBoost => {
            let model = CatBoost::read(bytes)?;
            let class = if model.classes.is_empty() {
                "catboost.core.CatBoostRegressor"
            } else {
                "catboost.core.CatBoostClassifier"
            };
            (catboost::of_file(&model)?, class, None)
        }
    };
    let platform = library.name();
    let about = About {
        class: class.to_owned(),
        platform: platform.to_owned(),
        libraries: version.map(|version| (platform.to_owned(), version)).into_iter().collect(),
        classes: Vec::new(),
    };
    Ok(Some((estimator, about)))
}

impl Library {
    fn name(self) -> &'static str {
        match self {
            Self::XGBoost => "xgboost",
            Self::LightGBM => "lightgbm",
            Self::CatBoost => "catboost",
        }
    }
}

/// How far into a JSON the telling key is looked for.
const LOOKED_AT: usize = 1 << 16;

/// Whether it is XGBoost's old binary form.
fn is_old(bytes: &[u8]) -> bool {
    Content::of(bytes) == Content::XgboostBinary
}

fn library(bytes: &[u8]) -> Option<Library> {
    if bytes.starts_with(b"CBM1") {
        return Some(Library::CatBoost);
    }
    if bytes.starts_with(b"tree\n") || bytes.starts_with(b"tree\r\n") {
        return Some(Library::LightGBM);
    }
    // Universal binary JSON: lengths of keys before keys. The old form has no mark.
    if bytes.starts_with(b"{L\0\0\0\0\0\0\0") || is_old(bytes) {
        return Some(Library::XGBoost);
    }
    let json = bytes.trim_ascii_start();
    if !json.starts_with(b"{") {
        return None;
    }
    let (head, tail) = (&json[..json.len().min(LOOKED_AT)], json.len().saturating_sub(LOOKED_AT));
    let has = |key: &[u8]| {
        [head, &json[tail..]].iter().any(|part| part.windows(key.len()).any(|at| at == key))
    };
    if has(b"\"oblivious_trees\"") || has(b"\"features_info\"") {
        return Some(Library::CatBoost);
    }
    has(b"\"learner\"").then_some(Library::XGBoost)
}
