//! `HashingVectorizer`: words counted in the columns that their hashes name.
//!
//! Source: `sklearn.feature_extraction._hashing_fast` (0.20 to 1.9), MurmurHash3 for 32 bits (`x86_32`).

use pelton_core::DType;

use super::analyzer::{Analyzer, Room, for_each_text};
use super::tfidf::Norm;
use crate::data::{Data, Form, Pool, SparseRows};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::preprocessing::dtype;
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "HashingVectorizer", read)];

struct HashingVectorizer {
    analyzer: Analyzer,
    width: i64,
    signed: bool,
    binary: bool,
    norm: Norm,
    dtype: DType,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let width = fitted.count("n_features")?;
    if width == 0 || i32::try_from(width).is_err() {
        return Err(fitted.refuse_option(format!("n_features={width}")));
    }
    let dtype = match dtype(fitted)? {
        held @ (DType::Fp64 | DType::Fp32) => held,
        other => return Err(fitted.refuse_option(format!("dtype={other}"))),
    };
    Ok(Box::new(Transforms(HashingVectorizer {
        analyzer: Analyzer::read(fitted)?,
        width: width as i64,
        signed: fitted.flag("alternate_sign", true)?,
        binary: fitted.flag("binary", false)?,
        norm: Norm::read(fitted)?,
        dtype,
    })))
}

impl HashingVectorizer {
    fn form_of_rows(&self) -> Form {
        if self.dtype == DType::Fp32 { Form::Sparse32 } else { Form::Sparse }
    }

    /// A word's column, and its sign in the lowest bit of double the column.
    fn place(&self, word: &str) -> u64 {
        let hash = murmur3(word.as_bytes());
        let column = i64::from(hash).abs() % self.width;
        (column as u64) << 1 | u64::from(self.signed && hash < 0)
    }

    fn add_row(&self, found: &mut [u64], out: &mut SparseRows) {
        found.sort_unstable();
        for run in found.chunk_by(|a, b| a >> 1 == b >> 1) {
            let minus = run.iter().filter(|place| **place & 1 == 1).count() as f64;
            let sum = run.len() as f64 - 2.0 * minus;
            // Words that cancel each other are still there.
            out.push((run[0] >> 1) as u32, if self.binary { 1.0 } else { sum });
        }
        out.end_row();
    }
}

/// `MurmurHash3_x86_32` with the seed 0.
fn murmur3(bytes: &[u8]) -> i32 {
    let scramble =
        |word: u32| word.wrapping_mul(0xcc9e_2d51).rotate_left(15).wrapping_mul(0x1b87_3593);
    let (words, rest) = bytes.as_chunks::<4>();
    let mut hash = 0_u32;
    for word in words {
        hash ^= scramble(u32::from_le_bytes(*word));
        hash = hash.rotate_left(13).wrapping_mul(5).wrapping_add(0xe654_6b64);
    }
    let last = rest.iter().rev().fold(0, |word, byte| word << 8 | u32::from(*byte));
    hash ^= scramble(last);
    hash ^= bytes.len() as u32;
    hash = (hash ^ hash >> 16).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ hash >> 13).wrapping_mul(0xc2b2_ae35);
    (hash ^ hash >> 16) as i32
}

impl Fit for HashingVectorizer {
    fn features(&self) -> Option<usize> {
        None
    }

    fn promise(&self) -> Promise {
        if self.norm == Norm::Nothing { Promise::Bits } else { Promise::Close }
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        columns.iter().for_each(|column| evidence.add_text(*column, "a text"));
    }

    fn takes_text(&self) -> bool {
        true
    }

    fn is_sparse_in_python(&self, _input: bool) -> bool {
        true
    }
}

impl Transformer for HashingVectorizer {
    fn width(&self) -> usize {
        self.width as usize
    }

    fn form(&self, _input: Form) -> Form {
        self.form_of_rows()
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let mut out = pool.take_sparse(self.width as usize, self.form_of_rows());
        let (mut found, mut room) = (Vec::new(), Room::default());
        for_each_text(x, |text| {
            found.clear();
            self.analyzer.units(text, &mut room, |unit| found.push(self.place(unit)))?;
            self.add_row(&mut found, &mut out);
            Ok(())
        })?;
        self.norm.divide(&mut out);
        Ok(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `sklearn.utils.murmurhash3_32(text, seed=0)`.
    #[test]
    fn hashes_are_scikit_learns() {
        for (text, hash) in HASHES {
            assert_eq!(murmur3(text.as_bytes()), hash, "{text:?}");
        }
    }

    const HASHES: [(&str, i32); 6] = [
        ("", 0),
        ("a", 1_009_084_850),
        ("ab", -1_681_926_305),
        ("dog", -1_312_749_093),
        ("東京", -1_765_863_102),
        ("a longer text", -13_566_128),
    ];
}
