//! What a fitted object holds, as the type its reader wants: an attribute that is missing or something
//! else is refused by its name. What an attribute means is its reader's business.

use pelton_pickle::{DTypeKind, Kind, Value};

use super::{Fitted, Refusal, Version};
use crate::data::Labels;
use crate::stored_labels::labels;

/// Columns a file may claim; what a lie would cost has to stay small.
const COLUMNS_MAX: usize = 1 << 22;

impl<'p> Fitted<'p> {
    /// An attribute; `None` where there is none or it is Python's `None`.
    pub(crate) fn option(&self, name: &str) -> Option<Value<'p>> {
        self.value.get_attr(name).filter(|value| !value.is_none())
    }

    /// An attribute that must be there.
    ///
    /// # Errors
    /// It is not: the estimator was not fitted, or is of a version that is not known.
    pub(crate) fn attr(&self, name: &str) -> Result<Value<'p>, Refusal> {
        self.value.get_attr(name).ok_or_else(|| {
            let class = self.class();
            self.refuse(format!(
                "{class} has no attribute '{name}': was it fitted before it was saved?"
            ))
        })
    }

    /// An attribute as text.
    ///
    /// # Errors
    /// It is missing or no text.
    pub(crate) fn text(&self, name: &str) -> Result<&'p str, Refusal> {
        self.wanted(name, self.attr(name)?.as_str(), "a text")
    }

    /// A boolean option; `default` where the version does not have it.
    ///
    /// # Errors
    /// It is something else.
    pub(crate) fn flag(&self, name: &str, default: bool) -> Result<bool, Refusal> {
        let Some(value) = self.option(name) else { return Ok(default) };
        // Some releases let numbers through.
        let flag = value.as_bool().or_else(|| value.as_i64().map(|number| number != 0));
        self.wanted(name, flag, "a bool")
    }

    /// A number.
    ///
    /// # Errors
    /// It is missing or something else.
    pub(crate) fn number(&self, name: &str) -> Result<f64, Refusal> {
        self.wanted(name, self.attr(name)?.as_f64(), "a number")
    }

    /// A count.
    ///
    /// # Errors
    /// It is missing, negative or something else.
    pub(crate) fn count(&self, name: &str) -> Result<usize, Refusal> {
        let value = self.attr(name)?.as_i64().and_then(|count| usize::try_from(count).ok());
        self.wanted(name, value, "a count")
    }

    /// `n_features_in_`, or the number that its name had before scikit-learn 0.24.
    pub(crate) fn features(&self) -> Option<usize> {
        ["n_features_in_", "n_features_"]
            .into_iter()
            .find_map(|name| self.option(name)?.as_i64())
            .and_then(|count| usize::try_from(count).ok())
            .filter(|count| *count <= COLUMNS_MAX)
    }

    /// Numbers of an array of any shape, row by row.
    ///
    /// # Errors
    /// The attribute is missing or holds anything else.
    pub(crate) fn numbers(&self, name: &str) -> Result<Vec<f64>, Refusal> {
        self.numbers_of(name, self.attr(name)?)
    }

    /// As [`Fitted::numbers`]; `None` where the attribute is Python's `None` or not there.
    ///
    /// # Errors
    /// It holds anything else than numbers.
    pub(crate) fn numbers_option(&self, name: &str) -> Result<Option<Vec<f64>>, Refusal> {
        self.option(name).map(|value| self.numbers_of(name, value)).transpose()
    }

    /// The numbers of a value that is not an attribute itself.
    ///
    /// # Errors
    /// It holds anything else.
    pub(crate) fn numbers_of(&self, name: &str, value: Value<'_>) -> Result<Vec<f64>, Refusal> {
        if (value.kind() == Kind::Scalar || value.as_array().is_none())
            && let Some(number) = value.as_f64()
        {
            return Ok(vec![number]);
        }
        let values = value.to_f64_vec();
        values.map_err(|error| self.unreadable(name, &error))
    }

    /// A matrix, row by row, with its rows and columns; a vector is one row.
    ///
    /// # Errors
    /// The attribute is missing, of more than two dimensions, or holds anything but numbers.
    pub(crate) fn matrix(&self, name: &str) -> Result<(Vec<f64>, usize, usize), Refusal> {
        let value = self.attr(name)?;
        let array = self.wanted(name, value.as_array(), "an array")?;
        let (rows, cols) = match array.shape() {
            [cols] => (1, *cols),
            [rows, cols] => (*rows, *cols),
            shape => return Err(self.refuse(format!("{name} has {} dimensions", shape.len()))),
        };
        Ok((self.numbers_of(name, value)?, rows, cols))
    }

    /// Whether an array is of 32-bit floats.
    pub(crate) fn is_single(&self, name: &str) -> bool {
        let array = self.option(name).and_then(Value::as_array);
        array.is_some_and(|array| {
            array.dtype().kind() == DTypeKind::Float && array.dtype().size() == 4
        })
    }

    /// `classes_` or another array of labels.
    ///
    /// # Errors
    /// The attribute is missing or the labels are of several types.
    pub(crate) fn labels(&self, name: &str) -> Result<Labels, Refusal> {
        self.labels_of(name, self.attr(name)?)
    }

    /// The labels of a value that is not an attribute itself.
    ///
    /// # Errors
    /// They are of several types, or of a type labels cannot have.
    pub(crate) fn labels_of(&self, name: &str, value: Value<'_>) -> Result<Labels, Refusal> {
        labels(value).ok_or_else(|| {
            self.refuse(format!("{name} holds labels that are neither all numbers nor all text"))
        })
    }

    /// The value, or a refusal that says what was wanted.
    pub(crate) fn wanted<T>(
        &self,
        name: &str,
        value: Option<T>,
        wanted: &str,
    ) -> Result<T, Refusal> {
        value.ok_or_else(|| {
            let got = self.value.get_attr(name).map_or_else(|| "nothing".into(), Value::describe);
            self.refuse(format!("{}'s {name} is {got}, not {wanted}", self.class()))
        })
    }

    fn unreadable(&self, name: &str, error: &pelton_pickle::Error) -> Refusal {
        self.refuse(format!("{}'s {name} cannot be used: {error}", self.class()))
    }

    /// Whether it was told to answer frames of pandas (`set_output`).
    pub(crate) fn gives_frames(&self) -> bool {
        let told = self.option("_sklearn_output_config").and_then(|config| config.get("transform"));
        told.and_then(Value::as_str).is_some_and(|kind| kind != "default")
    }

    /// Whether NumPy 1 saved it: its modules tell, and 1.4 is the first release to be used with NumPy 2.
    pub(crate) fn is_of_numpy_1(&self) -> bool {
        self.version() < Version(1, 4) || self.value.names("numpy.core")
    }
}
