//! From texts to sparse rows: `CountVectorizer`, `TfidfVectorizer`, `TfidfTransformer`, `HashingVectorizer`.
//!
//! Must not know estimators that predict.

mod analyzer;
mod counts;
mod english;
mod hashing;
mod pattern;
mod tfidf;
mod word_characters;

use crate::reader::Readers;

/// The classes of every file here.
pub(crate) const FAMILIES: &[Readers] = &[counts::READERS, hashing::READERS, tfidf::READERS];
