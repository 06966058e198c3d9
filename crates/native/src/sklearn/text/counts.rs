//! `CountVectorizer` and `TfidfVectorizer`: words counted by the vocabulary, and perhaps weighted.
//!
//! Source: `sklearn.feature_extraction.text` (0.20 to 1.9).

use pelton_core::DType;

use super::analyzer::{Analyzer, Room, for_each_text};
use super::tfidf::Weights;
use crate::data::{Data, Form, Pool, SparseRows};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};
use crate::sklearn::preprocessing::dtype;
use crate::sklearn::text_index::{TextIndex, UNKNOWN};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers =
    &[("sklearn", "CountVectorizer", read_counts), ("sklearn", "TfidfVectorizer", read_tfidf)];

struct Vectorizer {
    analyzer: Analyzer,
    vocabulary: TextIndex,
    width: usize,
    binary: bool,
    weights: Option<Weights>,
    dtype: DType,
}

fn read_counts(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let dtype = match fitted.option("dtype") {
        Some(_) => dtype(fitted)?,
        None => DType::Int64,
    };
    read(fitted, None, dtype)
}

fn read_tfidf(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let inner = fitted.with(fitted.attr("_tfidf")?);
    let weights = Weights::read(&inner)?;
    let dtype = if dtype(fitted)? == DType::Fp32 { DType::Fp32 } else { DType::Fp64 };
    read(fitted, Some(weights), dtype)
}

fn read(
    fitted: &Fitted<'_>,
    weights: Option<Weights>,
    dtype: DType,
) -> Result<Box<dyn Estimator>, Refusal> {
    let listed = fitted.attr("vocabulary_")?;
    let entries = listed.entries().map_err(|error| fitted.refuse(error))?;
    let width = entries.len();
    let mut words = Vec::with_capacity(width);
    for (word, column) in entries {
        let column = column.as_i64().and_then(|column| usize::try_from(column).ok());
        let (Some(word), Some(column)) = (word.as_str(), column.filter(|at| *at < width)) else {
            return Err(fitted.refuse("its vocabulary is not of texts with their columns"));
        };
        words.push((word.as_bytes(), column as u32));
    }
    if width == 0 {
        return Err(fitted.refuse("its vocabulary is empty"));
    }
    if weights.as_ref().and_then(Weights::width).is_some_and(|known| known != width) {
        return Err(fitted.refuse("it has weights for another number of words"));
    }
    let vocabulary = TextIndex::new(words.into_iter());
    let analyzer = Analyzer::read(fitted)?;
    let binary = fitted.flag("binary", false)?;
    Ok(Box::new(Transforms(Vectorizer { analyzer, vocabulary, width, binary, weights, dtype })))
}

impl Vectorizer {
    /// The form of the counts.
    fn counted(&self) -> Form {
        if self.dtype == DType::Fp32 { Form::Sparse32 } else { Form::Sparse }
    }

    /// A count as its type holds it: small ones begin again.
    fn held(&self, count: usize) -> f64 {
        match self.dtype {
            DType::Bool => 1.0,
            DType::Int8 => f64::from(count as i8),
            DType::Uint8 => f64::from(count as u8),
            DType::Int16 => f64::from(count as i16),
            DType::Uint16 => f64::from(count as u16),
            _ => count as f64,
        }
    }

    /// Adds a row of the columns of its words, which are sorted and counted.
    fn add_row(&self, found: &mut [u32], out: &mut SparseRows) {
        found.sort_unstable();
        for run in found.chunk_by(|a, b| a == b) {
            let count = if self.binary { 1 } else { run.len() };
            out.push(run[0], self.held(count));
        }
        out.end_row();
    }
}

impl Fit for Vectorizer {
    fn features(&self) -> Option<usize> {
        None
    }

    fn promise(&self) -> Promise {
        if self.weights.is_some() { Promise::Close } else { Promise::Bits }
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

impl Transformer for Vectorizer {
    fn width(&self) -> usize {
        self.width
    }

    fn form(&self, _input: Form) -> Form {
        self.weights.as_ref().map_or(self.counted(), |weights| weights.form(self.counted()))
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let mut out = pool.take_sparse(self.width, self.counted());
        let mut found = pool.take_u32(0);
        let mut room = Room::default();
        for_each_text(x, |text| {
            found.clear();
            self.analyzer.units(text, &mut room, |unit| {
                let column = self.vocabulary.get(unit.as_bytes());
                if column != UNKNOWN {
                    found.push(column);
                }
            })?;
            self.add_row(&mut found, &mut out);
            Ok(())
        })?;
        pool.give_u32(found);
        if let Some(weights) = &self.weights {
            weights.weigh(&mut out)?;
        }
        Ok(out)
    }
}
