//! The release of scikit-learn that saved an object: the same attributes mean other things in other
//! releases. What changed when is told where it matters.

use pelton_pickle::Value;

/// The release of scikit-learn that saved an object; 0.0 when it does not say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(pub(crate) u32, pub(crate) u32);

impl Version {
    /// The release that an object notes of itself.
    pub(crate) fn told_by(value: Value<'_>) -> Option<Self> {
        value.get_attr("_sklearn_version").and_then(Value::as_str).map(Self::parse)
    }

    pub(super) fn parse(text: &str) -> Self {
        let mut parts = text.split('.').map(|part| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().unwrap_or(0)
        });
        Self(parts.next().unwrap_or(0), parts.next().unwrap_or(0))
    }
}
