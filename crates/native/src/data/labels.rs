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
    /// Floats, answered in this type.
    Float {
        /// The labels.
        values: Vec<f64>,
        /// `FP32` or `FP64`.
        dtype: DType,
    },
    /// Text.
    Text(Vec<String>),
}

impl Labels {
    /// 64-bit integers.
    pub(crate) fn integers(values: impl IntoIterator<Item = i64>) -> Self {
        Self::Int { values: values.into_iter().collect(), dtype: DType::Int64 }
    }

    /// 64-bit floats.
    pub(crate) fn floats(values: impl IntoIterator<Item = f64>) -> Self {
        Self::Float { values: values.into_iter().collect(), dtype: DType::Fp64 }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Int { values, .. } => values.len(),
            Self::Bool(values) => values.len(),
            Self::Float { values, .. } => values.len(),
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
            Self::Int { dtype, .. } | Self::Float { dtype, .. } => *dtype,
            Self::Bool(_) => DType::Bool,
            Self::Text(_) => DType::Bytes,
        }
    }

    /// A label as Python's `str` would show it.
    pub fn text(&self, index: usize) -> String {
        match self {
            Self::Int { values, .. } => values[index].to_string(),
            Self::Bool(values) => if values[index] { "True" } else { "False" }.to_owned(),
            Self::Float { values, .. } => float_text(values[index]),
            Self::Text(values) => values[index].clone(),
        }
    }
}

/// A float as Python's `str` shows it: Rust's shortest form but for the exponent's sign and width.
pub(crate) fn float_text(value: f64) -> String {
    let text = format!("{value:?}");
    match text.split_once('e') {
        None if value.is_nan() => "nan".to_owned(),
        None => text,
        Some((digits, exponent)) => {
            let (sign, power) =
                exponent.strip_prefix('-').map_or(('+', exponent), |power| ('-', power));
            format!("{digits}e{sign}{power:0>2}")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_shown_as_python_shows_them() {
        for (value, text) in [
            (1.0, "1.0"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e300, "1.5e+300"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (-2.5e-10, "-2.5e-10"),
            (5e-324, "5e-324"),
            (f64::INFINITY, "inf"),
            (f64::NAN, "nan"),
        ] {
            assert_eq!(float_text(value), text);
        }
    }
}
