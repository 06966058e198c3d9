//! [`Stored`]: a `scipy.sparse` CSR matrix of a file, checked. Must not know what its rows are.

use pelton_pickle::{DTypeKind, Value};

use crate::reader::{Fitted, Refusal};

/// Columns a file may claim; what a lie would cost has to stay small.
const COLUMNS_MAX: usize = 1 << 22;

/// Rows of which only what is not zero is kept.
pub(super) struct Stored {
    starts: Vec<usize>,
    columns: Vec<u32>,
    values: Vec<f64>,
    pub(super) features: usize,
    /// Whether the values are floats in the file.
    pub(super) floats: bool,
}

impl Stored {
    /// Reads the matrix that an attribute is.
    ///
    /// # Errors
    /// It is none, or its parts do not fit together.
    pub(super) fn read(
        fitted: &Fitted<'_>,
        name: &str,
        matrix: Value<'_>,
    ) -> Result<Self, Refusal> {
        let wrong = |why: &str| fitted.refuse(format!("the sparse {name} {why}"));
        let class = matrix.class().map(|class| class.name).unwrap_or_default();
        if !class.starts_with("csr_") {
            return Err(wrong(&format!("is {}, not a CSR matrix", matrix.describe())));
        }
        let part =
            |name: &str| matrix.get_attr(name).ok_or_else(|| wrong(&format!("has no {name}")));
        let counts = |name: &str| -> Result<Vec<usize>, Refusal> {
            let all = part(name)?.to_i64_vec().map_err(|error| fitted.refuse(error))?;
            let all: Result<Vec<usize>, _> = all.into_iter().map(usize::try_from).collect();
            all.map_err(|_| wrong("has a negative index"))
        };
        let shape = counts("_shape")?;
        let (starts, columns) = (counts("indptr")?, counts("indices")?);
        let values = part("data")?;
        let floats = values.as_array().is_some_and(|all| all.dtype().kind() == DTypeKind::Float);
        let values = fitted.numbers_of(name, values)?;
        let &[count, features] = &shape[..] else { return Err(wrong("is no matrix")) };
        let rising = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        if starts.len() != count.saturating_add(1)
            || starts[0] != 0
            || !rising
            || starts[count] != columns.len()
            || columns.len() != values.len()
            || columns.iter().any(|column| *column >= features)
            || features > COLUMNS_MAX
        {
            return Err(wrong("does not fit together"));
        }
        let columns = columns.into_iter().map(|column| column as u32).collect();
        Ok(Self { starts, columns, values, features, floats })
    }

    /// How many rows there are.
    pub(super) fn count(&self) -> usize {
        self.starts.len() - 1
    }

    /// The columns and values of a row, as they are stored.
    pub(super) fn row(&self, at: usize) -> (&[u32], &[f64]) {
        let range = self.starts[at]..self.starts[at + 1];
        (&self.columns[range.clone()], &self.values[range])
    }

    /// How many values are stored.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }
}
