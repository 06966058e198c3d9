//! What each input column of a model takes: numbers, text, or unknown, judged from what its parts were
//! fitted on. The same judgement as the Python worker's (`python/pelton/worker/columns.py`), so that
//! a model has one signature whatever runs it.
//!
//! Must not guess: where the parts do not tell, or contradict each other, the column takes anything.

use pelton_core::{Accepts, DType};

/// A plausible value of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Example {
    Text(String),
    Int(i64),
    Float(f64),
    Other,
}

/// What has been seen about each of the model's columns.
#[derive(Debug)]
pub(crate) struct Evidence {
    columns: Vec<Seen>,
    /// Whether a column takes text or whole numbers, and no other numbers.
    categorical: bool,
}

#[derive(Clone, Debug, Default)]
struct Seen {
    numeric: bool,
    text: bool,
    any: bool,
    example: Option<Example>,
    /// A text put where a value is missing: the column may be of text or, beside text, of numbers.
    constant: Option<String>,
}

impl Evidence {
    pub(crate) fn new(columns: usize) -> Self {
        Self { columns: vec![Seen::default(); columns], categorical: false }
    }

    /// A value that each column is known to have held.
    pub(crate) fn into_examples(self) -> Vec<Option<Example>> {
        self.columns.into_iter().map(|seen| seen.example).collect()
    }

    fn at(&mut self, column: Option<usize>) -> Option<&mut Seen> {
        self.columns.get_mut(column?)
    }

    /// These columns go where numbers are checked for.
    pub(crate) fn add_numeric(&mut self, columns: &[Option<usize>]) {
        for column in columns {
            if let Some(seen) = self.at(*column) {
                seen.numeric = true;
            }
        }
    }

    /// A number like this one was in the column.
    pub(crate) fn add_number(&mut self, column: Option<usize>, example: Example) {
        if let Some(seen) = self.at(column) {
            seen.numeric = true;
            seen.example.get_or_insert(example);
        }
    }

    /// Text like this was in the column.
    pub(crate) fn add_text(&mut self, column: Option<usize>, example: &str) {
        if let Some(seen) = self.at(column) {
            seen.text = true;
            seen.example.get_or_insert_with(|| Example::Text(example.to_owned()));
        }
    }

    /// Text like this is put where a value is missing.
    pub(crate) fn add_constant(&mut self, column: Option<usize>, text: &str) {
        if let Some(seen) = self.at(column) {
            seen.constant.get_or_insert_with(|| text.to_owned());
        }
    }

    /// Of columns that nothing else tells of, a constant does.
    pub(crate) fn settle(&mut self) {
        for column in 0..self.columns.len() {
            if self.is_open(Some(column))
                && let Some(text) = self.columns[column].constant.take()
            {
                self.add_text(Some(column), &text);
            }
        }
    }

    /// Text and numbers were in the column, this the first of them.
    pub(crate) fn add_mixed(&mut self, column: Option<usize>, example: Option<Example>) {
        if let Some(seen) = self.at(column) {
            seen.any = true;
            if seen.example.is_none() {
                seen.example = example;
            }
        }
    }

    /// The column is one of categories, which may be text or whole numbers.
    pub(crate) fn add_category(&mut self, column: Option<usize>) {
        if let Some(seen) = self.at(column) {
            seen.any = true;
            seen.example.get_or_insert_with(|| Example::Text("a".to_owned()));
            self.categorical = true;
        }
    }

    /// The column goes where anything may.
    pub(crate) fn add_any(&mut self, columns: &[Option<usize>]) {
        for column in columns {
            if let Some(seen) = self.at(*column) {
                seen.any = true;
            }
        }
    }

    /// These columns go to the parts of an estimator: where numbers are checked for, or anywhere.
    pub(crate) fn add_parts(&mut self, columns: &[Option<usize>], numeric: bool) {
        if numeric {
            self.add_numeric(columns);
        } else {
            self.add_any(columns);
        }
    }

    /// Whether a column is known to be text.
    pub(crate) fn is_text(&self, column: Option<usize>) -> bool {
        let seen = column.and_then(|column| self.columns.get(column));
        seen.is_some_and(|seen| matches!(seen.verdict(), Accepts::Text))
    }

    /// Whether nothing is known about a column.
    pub(crate) fn is_open(&self, column: Option<usize>) -> bool {
        column
            .and_then(|column| self.columns.get(column))
            .is_none_or(|seen| !(seen.numeric || seen.text || seen.any))
    }

    /// What a named column takes, and the type it is announced with.
    pub(crate) fn column(&self, index: usize) -> (Accepts, DType) {
        let seen = &self.columns[index];
        let accepts = seen.verdict();
        let dtype = match (accepts, &seen.example) {
            (Accepts::Text, _) | (_, Some(Example::Text(_))) => DType::Bytes,
            (_, Some(Example::Int(_))) => DType::Int64,
            _ => DType::Fp64,
        };
        (accepts, dtype)
    }

    /// What a matrix of all columns takes, and the type it is announced with.
    pub(crate) fn matrix(&self) -> (Accepts, DType) {
        if self.categorical {
            return (Accepts::Any, DType::Bytes);
        }
        let accepts = self.accepted();
        (accepts, if accepts == Accepts::Text { DType::Bytes } else { DType::Fp64 })
    }

    fn accepted(&self) -> Accepts {
        let verdicts = || self.columns.iter().map(Seen::verdict);
        let all_text = !self.columns.is_empty() && verdicts().all(|one| one == Accepts::Text);
        let some_text = verdicts().any(|one| one == Accepts::Text);
        let all_same = verdicts().all(|one| Some(one) == verdicts().next());
        if verdicts().any(|one| one == Accepts::Any) {
            let text = self.columns.iter().any(|seen| seen.text);
            return if text { Accepts::Any } else { Accepts::Numeric };
        }
        match (all_text, some_text, all_same) {
            (true, ..) => Accepts::Text,
            (false, true, false) => Accepts::Any,
            _ => Accepts::Numeric,
        }
    }
}

impl Seen {
    fn verdict(&self) -> Accepts {
        match (self.numeric, self.text, self.any) {
            (true, false, false) => Accepts::Numeric,
            (false, true, false) => Accepts::Text,
            _ => Accepts::Any,
        }
    }
}
