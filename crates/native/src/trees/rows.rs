//! [`Rows`]: the rows to answer for, as a row-major slice of f32 or f64.

/// Rows of `n_features` values each, row after row.
#[derive(Clone, Copy, Debug)]
pub struct Rows<'a> {
    values: Values<'a>,
    n_features: usize,
    len: usize,
}

/// The values of [`Rows`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Values<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
}

impl<'a> Rows<'a> {
    /// Rows of f32.
    ///
    /// # Panics
    /// `values` is not `len` rows of `n_features`.
    pub fn f32(values: &'a [f32], n_features: usize, len: usize) -> Self {
        assert_eq!(
            Some(values.len()),
            n_features.checked_mul(len),
            "values against rows x features"
        );
        Self { values: Values::F32(values), n_features, len }
    }

    /// Rows of f64.
    ///
    /// # Panics
    /// `values` is not `len` rows of `n_features`.
    pub fn f64(values: &'a [f64], n_features: usize, len: usize) -> Self {
        assert_eq!(
            Some(values.len()),
            n_features.checked_mul(len),
            "values against rows x features"
        );
        Self { values: Values::F64(values), n_features, len }
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Values a row has.
    pub fn n_features(&self) -> usize {
        self.n_features
    }

    pub(crate) fn values(&self) -> Values<'a> {
        self.values
    }

    /// The first `at` rows, and the rest.
    pub(super) fn split_at(&self, at: usize) -> (Self, Self) {
        let value = at * self.n_features;
        let part = |values, len| Self { values, n_features: self.n_features, len };
        let (first, rest) = match self.values {
            Values::F32(v) => (Values::F32(&v[..value]), Values::F32(&v[value..])),
            Values::F64(v) => (Values::F64(&v[..value]), Values::F64(&v[value..])),
        };
        (part(first, at), part(rest, self.len - at))
    }
}
