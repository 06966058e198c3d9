//! From texts to sparse rows: `CountVectorizer`, `TfidfVectorizer`, `TfidfTransformer`, `HashingVectorizer`.
//!
//! Must not know estimators that predict.

mod analyzer;
mod character_set;
mod counts;
mod english;
mod expression;
mod hashing;
mod pattern;
mod program;
mod search;
mod tfidf;
mod tokens;
mod word_characters;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[counts::READERS, hashing::READERS, tfidf::READERS];
