//! One value of a table, and a column of values of one type.
//!
//! Must not know what a model wants of it.

/// A value as the file has it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Missing,
    Bool(bool),
    Int(i64),
    Float(f64),
    /// Kept apart from `Float`: a model sees single precision as such.
    Single(f32),
    /// Text.
    Str(&'a str),
    /// Text, not checked for being UTF-8.
    Text(&'a [u8]),
    /// Something no column of a model takes: a JSON object, a list.
    Other,
}

/// What a column holds, where the file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Bool,
    Int,
    Float,
    Single,
    Text,
    /// The file does not say: its text may be a number.
    Untyped,
}

/// Texts one after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Texts {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn get(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.bytes[start..self.ends[index]]
    }

    pub(crate) const fn len(&self) -> usize {
        self.ends.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).map(|index| self.get(index))
    }
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Values {
    Bool(Vec<bool>),
    Int(Vec<i64>),
    Float(Vec<f64>),
    Single(Vec<f32>),
    Text(Texts),
}

/// A column: values, and which of them are there.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Column {
    pub(crate) values: Values,
    /// One for each row; `None` is all of them. A missing row has some value all the same.
    pub(crate) valid: Option<Vec<bool>>,
}

impl Values {
    /// No values of this kind; what has no type is text.
    pub(crate) fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Bool => Self::Bool(Vec::new()),
            Kind::Int => Self::Int(Vec::new()),
            Kind::Float => Self::Float(Vec::new()),
            Kind::Single => Self::Single(Vec::new()),
            Kind::Text | Kind::Untyped => Self::Text(Texts::default()),
        }
    }

    pub(crate) const fn kind(&self) -> Kind {
        match self {
            Self::Bool(_) => Kind::Bool,
            Self::Int(_) => Kind::Int,
            Self::Float(_) => Kind::Float,
            Self::Single(_) => Kind::Single,
            Self::Text(_) => Kind::Text,
        }
    }

    /// Adds what a cell holds, as far as these values can; `false` where they cannot.
    pub(crate) fn push(&mut self, cell: Cell<'_>) -> bool {
        match (self, cell) {
            (Self::Bool(values), Cell::Bool(value)) => values.push(value),
            (Self::Int(values), Cell::Int(value)) => values.push(value),
            (Self::Float(values), Cell::Float(value)) => values.push(value),
            (Self::Float(values), Cell::Int(value)) => values.push(value as f64),
            (Self::Single(values), Cell::Single(value)) => values.push(value),
            (Self::Text(texts), Cell::Str(value)) => texts.push(value.as_bytes()),
            (Self::Text(texts), Cell::Text(value)) => texts.push(value),
            (this, _) => {
                this.push_nothing();
                return false;
            }
        }
        true
    }

    /// Adds the place of a missing value.
    pub(crate) fn push_nothing(&mut self) {
        match self {
            Self::Bool(values) => values.push(false),
            Self::Int(values) => values.push(0),
            Self::Float(values) => values.push(f64::NAN),
            Self::Single(values) => values.push(f32::NAN),
            Self::Text(texts) => texts.push(b""),
        }
    }
}

impl Column {
    pub(crate) fn cell(&self, row: usize) -> Cell<'_> {
        if self.valid.as_ref().is_some_and(|valid| !valid[row]) {
            return Cell::Missing;
        }
        match &self.values {
            Values::Bool(values) => Cell::Bool(values[row]),
            Values::Int(values) => Cell::Int(values[row]),
            Values::Float(values) => Cell::Float(values[row]),
            Values::Single(values) => Cell::Single(values[row]),
            Values::Text(texts) => Cell::Text(texts.get(row)),
        }
    }
}
