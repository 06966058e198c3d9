//! [`Labels`]: what a classifier calls its classes, in the type Python answers.

use pelton_core::DType;

/// Class labels in the order of the probabilities' columns.
#[derive(Clone, Debug, PartialEq)]
pub enum Labels {
    /// Integers, answered in this type.
    Int {
        /// The labels.
        values: Vec<i64>,
        /// An integer type.
        dtype: DType,
    },
    /// Booleans.
    Bool(Vec<bool>),
    /// Floats.
    Float(Vec<f64>),
    /// Text.
    Text(Vec<String>),
}

impl Labels {
    /// 64-bit integers.
    pub(crate) fn integers(values: impl IntoIterator<Item = i64>) -> Self {
        Self::Int { values: values.into_iter().collect(), dtype: DType::Int64 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Int { values, .. } => values.len(),
            Self::Bool(values) => values.len(),
            Self::Float(values) => values.len(),
            Self::Text(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The type labels are answered in.
    pub fn dtype(&self) -> DType {
        match self {
            Self::Int { dtype, .. } => *dtype,
            Self::Bool(_) => DType::Bool,
            Self::Float(_) => DType::Fp64,
            Self::Text(_) => DType::Bytes,
        }
    }

    /// A label as Python's `str` would show it.
    pub fn text(&self, index: usize) -> String {
        match self {
            Self::Int { values, .. } => values[index].to_string(),
            Self::Bool(values) => if values[index] { "True" } else { "False" }.to_owned(),
            // Rust's shortest form of a float is Python's but for the exponent's sign and width.
            Self::Float(values) if values[index].is_nan() => "nan".to_owned(),
            Self::Float(values) => format!("{:?}", values[index]),
            Self::Text(values) => values[index].clone(),
        }
    }
}
