//! From a value of a pickle to a fitted estimator: the registry of classes, and what readers of
//! estimators share.
//!
//! Whatever is not understood is refused with its place in the model and the exact reason; nothing
//! is guessed. Must not know any particular estimator.

use std::collections::HashMap;
use std::fmt::{self, Display};
use std::sync::{Mutex, PoisonError};

use pelton_pickle::{DTypeKind, Kind, Value};

use crate::data::Labels;
use crate::estimator::Estimator;
use crate::stored_labels::labels;

/// Columns a file may claim; what a lie would cost has to stay small.
const COLUMNS_MAX: usize = 1 << 22;

/// Estimators within estimators; a file may contain itself.
const MAX_NESTING: usize = 24;

/// How often one object may be read as an estimator: a file tells one many times in a few bytes.
const MOST_READ: u32 = 16;

/// Bytes that an estimator takes at the least, and for each column it claims.
const MADE: usize = 512;
const MADE_PER_COLUMN: usize = 16;

/// The last release of scikit-learn whose answers were compared; a later one may mean something else
/// by the same attributes.
const LAST_KNOWN: Version = Version(1, 9);

/// Why a model cannot run natively: `step 'clf': scikit-learn's X with y is not supported natively`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    place: String,
    reason: String,
}

/// Reads one class of estimators.
pub(crate) type Read = fn(&Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal>;

/// The classes a family reads: top-level package, class name, reader.
pub(crate) type Readers = &'static [(&'static str, &'static str, Read)];

/// A fitted object of the file and its place in the model.
#[derive(Clone, Copy)]
pub(crate) struct Fitted<'p> {
    pub(crate) value: Value<'p>,
    place: Place<'p>,
    version: Version,
    /// Columns it is given, where what it is in tells.
    given: Option<usize>,
    /// How often each object of the model has been read.
    reads: &'p Mutex<HashMap<u32, u32>>,
}

/// Where an estimator is in the model, for messages.
#[derive(Clone, Copy)]
pub(crate) struct Place<'p> {
    parent: Option<&'p Place<'p>>,
    name: &'p str,
    depth: usize,
}

/// The release of scikit-learn that saved an object; 0.0 when it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

/// Reads a model from the root of a document.
///
/// # Errors
/// The class, an option or an attribute is not understood.
pub(crate) fn read_root(value: Value<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    read_piece("", value)
}

/// Reads a piece of a model, which has a name of its own in messages.
///
/// # Errors
/// As [`read_root`].
pub(crate) fn read_piece(name: &str, value: Value<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let place = Place { parent: None, name, depth: 0 };
    let reads = &Mutex::default();
    read(Fitted { value, place, version: Version::default(), given: None, reads })
}

fn read(fitted: Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    // Where nothing more may be copied out of the file, whatever came of that is no reason.
    read_anew(fitted).map_err(|refusal| match fitted.value.copy_out(0) {
        Err(limit) => fitted.refuse(limit),
        Ok(()) => refusal,
    })
}

fn read_anew(fitted: Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    if fitted.place.depth > MAX_NESTING {
        return Err(fitted.refuse(format!("has estimators nested more than {MAX_NESTING} deep")));
    }
    let times = {
        let mut reads = fitted.reads.lock().unwrap_or_else(PoisonError::into_inner);
        let times = reads.entry(fitted.value.number()).or_default();
        *times += 1;
        *times
    };
    if times > MOST_READ {
        return Err(fitted.refuse(format!("is in the model more than {MOST_READ} times")));
    }
    // A file may use what is large in it again and again, and claim what it does not hold.
    let claimed = fitted.features().unwrap_or_default().saturating_mul(MADE_PER_COLUMN);
    fitted.value.copy_out(MADE + claimed).map_err(|error| fitted.refuse(error))?;
    let Some(class) = fitted.value.class() else {
        return Err(fitted.refuse(format!("is {}, not an estimator", fitted.value.describe())));
    };
    let package = class.module.split('.').next().unwrap_or_default();
    let version = fitted.value.get_attr("_sklearn_version").and_then(Value::as_str);
    let fitted = Fitted { version: version.map_or(fitted.version, Version::parse), ..fitted };
    if let Some(saved_by) = version.filter(|_| fitted.version > LAST_KNOWN) {
        return Err(fitted.refuse(format!(
            "{} was saved by scikit-learn {saved_by}, and the native engine knows releases up to \
             {}.{}",
            class.name, LAST_KNOWN.0, LAST_KNOWN.1
        )));
    }
    let readers =
        crate::FAMILIES.iter().flat_map(|family| family.iter().flat_map(|one| one.iter()));
    for (of_package, name, read) in readers {
        if *of_package == package && *name == class.name {
            return read(&fitted);
        }
    }
    Err(fitted.refuse(format!("{class} is not supported natively")))
}

impl<'p> Fitted<'p> {
    /// The class name.
    pub(crate) fn class(&self) -> &'p str {
        self.value.class().map_or("", |class| class.name)
    }

    /// The release of scikit-learn that saved it.
    pub(crate) fn version(&self) -> Version {
        self.version
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

    /// The same place with another value: an attribute that is no estimator itself.
    pub(crate) fn with(&self, value: Value<'p>) -> Self {
        Self { value, ..*self }
    }

    /// The same place with an estimator that is a part of this one, and the release that it tells.
    pub(crate) fn member(&self, value: Value<'p>) -> Self {
        Self { value, version: Version::told_by(value).unwrap_or(self.version), ..*self }
    }

    /// Columns it is given, where what it is in tells: some releases do not note them everywhere.
    pub(crate) fn given(&self) -> Option<usize> {
        self.given
    }

    /// Reads an estimator inside this one; `name` says which, such as `step 'clf'`.
    ///
    /// # Errors
    /// It is not understood.
    pub(crate) fn inner(
        &self,
        name: &str,
        value: Value<'_>,
    ) -> Result<Box<dyn Estimator>, Refusal> {
        self.inner_given(name, value, None)
    }

    /// [`Fitted::inner`] of something that is given so many columns; errors as there.
    pub(crate) fn inner_given(
        &self,
        name: &str,
        value: Value<'_>,
        given: Option<usize>,
    ) -> Result<Box<dyn Estimator>, Refusal> {
        let place = Place { parent: Some(&self.place), name, depth: self.place.depth + 1 };
        read(Fitted { value, place, version: self.version, given, reads: self.reads })
    }

    /// As [`Fitted::inner`], and it must be able to transform.
    ///
    /// # Errors
    /// It is not understood, or has no `transform`.
    pub(crate) fn inner_transformer(
        &self,
        name: &str,
        value: Value<'_>,
    ) -> Result<Box<dyn Estimator>, Refusal> {
        self.inner_transformer_given(name, value, None)
    }

    /// As [`Fitted::inner_transformer`], of something that is given so many columns.
    ///
    /// # Errors
    /// As there.
    pub(crate) fn inner_transformer_given(
        &self,
        name: &str,
        value: Value<'_>,
        given: Option<usize>,
    ) -> Result<Box<dyn Estimator>, Refusal> {
        let estimator = self.inner_given(name, value, given)?;
        if estimator.transformer().is_none() {
            let class = value.class().map_or_else(String::new, |class| class.to_string());
            return Err(self.refuse(format!("{name}: {class} has no transform")));
        }
        Ok(estimator)
    }

    /// The refusal of this object: `what` follows its place, which is left out at the root.
    pub(crate) fn refuse(&self, what: impl Display) -> Refusal {
        Refusal { place: self.place.path(), reason: what.to_string() }
    }

    /// The refusal of an option: "scikit-learn's `X` with `option` is not supported natively".
    pub(crate) fn refuse_option(&self, option: impl Display) -> Refusal {
        self.refuse(format!("{} with {option} is not supported natively", self.class()))
    }

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
}

impl Place<'_> {
    fn path(&self) -> String {
        let mut names = Vec::new();
        let mut place = Some(self);
        while let Some(one) = place {
            if !one.name.is_empty() {
                names.push(one.name);
            }
            place = one.parent;
        }
        names.reverse();
        names.join(", ")
    }
}

impl Version {
    /// The release that an object notes of itself.
    pub(crate) fn told_by(value: Value<'_>) -> Option<Self> {
        value.get_attr("_sklearn_version").and_then(Value::as_str).map(Self::parse)
    }

    fn parse(text: &str) -> Self {
        let mut parts = text.split('.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0)
        });
        Self(parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }
}

impl Refusal {
    /// A refusal of the model as a whole.
    pub(crate) fn whole(reason: impl Into<String>) -> Self {
        Self { place: String::new(), reason: reason.into() }
    }

    /// A refusal of a piece of the model.
    pub(crate) fn at(piece: &str, reason: impl Into<String>) -> Self {
        Self { place: piece.to_owned(), reason: reason.into() }
    }

    /// The part of the model it is about, such as `step 'clf'`; empty for the whole.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The reason alone.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Refusal {}
