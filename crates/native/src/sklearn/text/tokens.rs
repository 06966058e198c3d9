//! [`Tokens`]: how a vectoriser cuts a text into words. Must not know vocabularies.
//!
//! Source: `_VectorizerMixin.build_tokenizer` and `build_preprocessor` (0.20 to 1.9).

use pelton_pickle::Value;

use super::pattern::Pattern;
use super::program::Program;
use super::search::Search;
use crate::estimator::Rejected;
use crate::reader::{Fitted, Refusal};

/// What finds the words of a text.
pub(super) enum Tokens {
    /// Runs of characters of one class, which nearly all models look for.
    Runs(Pattern),
    Expression(Program),
}

impl Tokens {
    /// Reads what a vectoriser of words was given: a pattern or `str.split`.
    ///
    /// # Errors
    /// The pattern or the function is not understood.
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        if let Some(function) = fitted.option("tokenizer") {
            return match method_of_str(function) {
                Some("split") => Ok(Self::at_spaces()),
                _ => Err(fitted.refuse_option(format!("tokenizer={}", function.describe()))),
            };
        }
        let given = fitted.text("token_pattern")?;
        if let Some(pattern) = Pattern::read(given) {
            return Ok(Self::Runs(pattern));
        }
        let refusal = || fitted.refuse_option(format!("token_pattern={given:?}"));
        Program::read(given).map(Self::Expression).ok_or_else(refusal)
    }

    /// `str.split`: what stands between white space.
    pub(super) fn at_spaces() -> Self {
        Self::Runs(Pattern::not_space())
    }

    /// Calls `each` with every token of a text.
    ///
    /// # Errors
    /// The text is too long for the expression.
    pub(super) fn find<'t>(
        &self,
        text: &'t str,
        search: &mut Search,
        each: impl FnMut(&'t str),
    ) -> Result<(), Rejected> {
        match self {
            Self::Runs(pattern) => {
                pattern.find(text, each);
                Ok(())
            }
            Self::Expression(program) => search.find(program, text, each),
        }
    }
}

/// The name of a method of `str`, which pickles write as `getattr(str, name)`, by Python 2's names where they are old.
pub(super) fn method_of_str(function: Value<'_>) -> Option<&str> {
    const MODULES: [&str; 2] = ["builtins", "__builtin__"];
    if !MODULES.iter().any(|module| function.is_a(module, "getattr")) {
        return None;
    }
    let mut args = function.args();
    let (of, name) = (args.next()?.as_global()?, args.next()?.as_str()?);
    let is_str = MODULES.contains(&of.module) && ["str", "unicode"].contains(&of.name);
    (is_str && args.next().is_none()).then_some(name)
}
