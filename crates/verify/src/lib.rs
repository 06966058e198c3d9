//! Rows that bring differences between two executors of one model to light, and the differences.
//!
//! Must not run a model, read tables or decide what a difference means for anybody: the command
//! does.

mod beside;
mod compare;
mod element;
mod generate;
mod hints;
mod random;
mod row;

pub use beside::beside;
pub use compare::{Comparison, Difference, OutputComparison, Tolerance};
pub use generate::Generator;
pub use hints::{Categories, Hints};
pub use row::{csv_header, csv_row};
