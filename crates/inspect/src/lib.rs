//! What is in a model file, for people and for programs: the parts of the model as a tree, the
//! versions that wrote it, and what Python would import to load it.
//!
//! Reads plain data only: nothing of the file is run, and nothing is decided here. Every walk is
//! bounded, and every text of the file is escaped before it meets a terminal.

mod boosters;
mod describe;
mod facts;
mod imports;
mod page;
mod report;
mod text;
mod tree;

pub use imports::{Danger, Import};
pub use page::{Look, plain};
pub use report::{Columns, Entry, File, Part, Piece, Report, Run, Tensor};
