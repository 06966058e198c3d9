//! Tree ensembles, answered bit for bit as the library that trained them answers.
//!
//! A reader fills an [`Ensemble`]; [`Forest::new`] checks it once, lays it out for every engine that
//! takes it on this CPU, and times those that are close:
//!
//! - *walk*: packed nodes, many walks in flight, on every CPU and for every ensemble;
//! - *sliced*: 64 rows by 8 trees bit by bit, for trees of depth 8 at most;
//! - *reach*: every node of a tree for 64 rows, for trees of at most 256 leaves of any depth.
//!
//! The last two need at most 255 distinct thresholds a feature, as histogram boosting has, and AVX2
//! or AVX-512. A batch of n rows equals n single rows in every bit, by every engine.
//!
//! ```
//! use pelton_native::trees::*;
//!
//! let split = NumericSplit {
//!     feature: 0, threshold: 1.5, compare: Compare::LessOrEqual, missing: Missing::NanLeft,
//!     left: 1, right: 2,
//! };
//! let forest = Forest::new(Ensemble {
//!     n_features: 1,
//!     n_outputs: 1,
//!     input: Input::F64,
//!     sum: Sum::F64,
//!     initial: vec![0.5],
//!     divisor: None,
//!     category_cast: CategoryCast::LightGbm,
//!     trees: vec![Tree {
//!         nodes: vec![Node::Numeric(split), Node::Leaf(0), Node::Leaf(1)],
//!         leaf_values: vec![-1.0, 1.0],
//!         outputs: Outputs::One(0),
//!     }],
//! })?;
//! let (mut out, mut scratch) = ([0.0; 3], Scratch::default());
//! forest.predict(Rows::f64(&[1.5, 2.0, f64::NAN], 1, 3), &mut out, &mut scratch);
//! assert_eq!(out, [-0.5, 1.5, -0.5]);
//! # Ok::<(), InvalidEnsemble>(())
//! ```

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "x86_64")]
mod avx512;
#[cfg(target_arch = "x86_64")]
mod avx512_search;
mod block;
mod check;
mod choose;
mod columns;
mod engine;
mod ensemble;
mod forest;
mod keys;
pub(crate) mod parallel;
mod plan;
mod prepare;
mod reach;
mod reference;
pub(crate) mod rows;
mod search;
mod sliced;
mod walk;
mod walk_kernel;

pub use check::InvalidEnsemble;
pub use engine::Engine;
pub use ensemble::{
    CategoryCast, CategorySplit, Compare, Ensemble, Input, Missing, Node, NumericSplit, Outputs,
    Sum, Tree,
};
pub use forest::{Choice, Forest, Scratch};
pub use rows::Rows;
