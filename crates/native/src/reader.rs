//! From a value of a pickle to a fitted estimator: the registry of classes, and what readers of
//! estimators are given, an object at its place in the model.
//!
//! Whatever is not understood is refused with its place in the model and the exact reason; nothing
//! is guessed. Must not know any particular estimator.

mod attributes;
mod refusal;
mod version;

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use pelton_pickle::{Class, Value};

use crate::estimator::Estimator;
pub use refusal::Refusal;
pub(crate) use version::Version;

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
    fitted.take_account()?;
    let Some(class) = fitted.value.class() else {
        return Err(fitted.refuse(format!("is {}, not an estimator", fitted.value.describe())));
    };
    let version = fitted.value.get_attr("_sklearn_version").and_then(Value::as_str);
    let fitted = Fitted { version: version.map_or(fitted.version, Version::parse), ..fitted };
    if let Some(saved_by) = version.filter(|_| fitted.version > LAST_KNOWN) {
        return Err(fitted.refuse(format!(
            "{} was saved by scikit-learn {saved_by}, and the native engine knows releases up to \
             {}.{}",
            class.name, LAST_KNOWN.0, LAST_KNOWN.1
        )));
    }
    match reader_of(class) {
        Some(read) => read(&fitted),
        None => Err(fitted.refuse(format!("{class} is not supported natively"))),
    }
}

/// Who reads a class: told by its package and name, as modules inside packages move between releases.
fn reader_of(class: Class<'_>) -> Option<Read> {
    let package = class.module.split('.').next().unwrap_or_default();
    let mut readers =
        crate::FAMILIES.iter().flat_map(|family| family.iter().flat_map(|one| one.iter()));
    let found = readers.find(|(of, name, _)| *of == package && *name == class.name);
    found.map(|(_, _, read)| *read)
}

impl<'p> Fitted<'p> {
    /// Counts what reading this object costs, before it is read: a file may use what is large in it
    /// again and again, contain itself, and claim what it does not hold.
    fn take_account(&self) -> Result<(), Refusal> {
        if self.place.depth > MAX_NESTING {
            return Err(self.refuse(format!("has estimators nested more than {MAX_NESTING} deep")));
        }
        let times = {
            let mut reads = self.reads.lock().unwrap_or_else(PoisonError::into_inner);
            let times = reads.entry(self.value.number()).or_default();
            *times += 1;
            *times
        };
        if times > MOST_READ {
            return Err(self.refuse(format!("is in the model more than {MOST_READ} times")));
        }
        let claimed = self.features().unwrap_or_default().saturating_mul(MADE_PER_COLUMN);
        self.value.copy_out(MADE + claimed).map_err(|error| self.refuse(error))
    }

    /// The class name.
    pub(crate) fn class(&self) -> &'p str {
        self.value.class().map_or("", |class| class.name)
    }

    /// The release of scikit-learn that saved it.
    pub(crate) fn version(&self) -> Version {
        self.version
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
