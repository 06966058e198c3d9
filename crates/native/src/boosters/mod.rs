//! Readers of the model files that XGBoost, LightGBM and CatBoost write, and the boosters they hold.
//!
//! A reader takes bytes and gives a checked [`Booster`]: an engine over the trees, and the [`Link`]
//! that turns their sums into what the library's own `predict` answers, in its precision and order
//! of operations. Must not know pickles, files or requests.
//!
//! Whatever a reader does not know for certain (a version, an objective, a field that may change
//! answers) is [`Refused`] by name. Bytes are hostile: reading never panics and costs no more memory
//! than a small multiple of the file.

mod booster;
pub mod catboost;
mod exp;
pub mod lightgbm;
mod link;
mod refused;
pub mod xgboost;

pub use booster::{Booster, Linear, Scores};
pub use link::Link;
pub(crate) use link::arg_max;
pub use refused::Refused;
