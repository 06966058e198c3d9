//! [`Set`]: characters that one place of a regular expression takes, as Python's `re` counts them. Must not know
//! what stands beside them.
//!
//! Source: Python's `re` over text (3.11): `\w`, `\d` and `\s` by Unicode 14 or, with `(?a)`, ASCII.

use super::pattern::is_space;
use super::word_characters::{is_digit, is_word};

/// A set of characters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Set {
    parts: Vec<Part>,
    negated: bool,
    /// Whether it has each ASCII character.
    ascii: [u64; 2],
}

/// Characters a set lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    Range(char, char),
    /// `\w`, `\d` or `\s`, or all others.
    Kind(Kind, bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Digit,
    Space,
}

/// What `(?i)` and `(?a)` say.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Flags {
    pub(super) ignore_case: bool,
    pub(super) ascii: bool,
}

/// Characters beyond ASCII that `(?i)` takes for ones of ASCII.
const FOLDED: [(char, &[char]); 3] =
    [('i', &['\u{130}', '\u{131}']), ('k', &['\u{212a}']), ('s', &['\u{17f}'])];

impl Set {
    /// A set of what is listed, or of all else; `None` where letters beyond ASCII would lose their case.
    pub(super) fn new(mut parts: Vec<Part>, negated: bool, flags: Flags) -> Option<Self> {
        if flags.ascii {
            parts = parts.into_iter().flat_map(Part::of_ascii).collect();
        }
        if flags.ignore_case {
            let beyond = |part: &Part| matches!(part, Part::Range(_, last) if !last.is_ascii());
            if parts.iter().any(beyond) && !flags.ascii {
                return None;
            }
            let listed = |one: char| parts.iter().any(|part| part.lists(one));
            let both: Vec<_> = ('a'..='z')
                .filter(|one| listed(*one) || listed(one.to_ascii_uppercase()))
                .flat_map(|one| [one, one.to_ascii_uppercase()])
                .collect();
            let folded = FOLDED.iter().filter(|(one, _)| !flags.ascii && both.contains(one));
            let beyond: Vec<_> = folded.flat_map(|(_, others)| others.iter().copied()).collect();
            parts.extend(both.into_iter().chain(beyond).map(|one| Part::Range(one, one)));
        }
        let mut set = Self { parts, negated, ascii: [0; 2] };
        for one in 0..128_u8 {
            if set.search(char::from(one)) {
                set.ascii[usize::from(one / 64)] |= 1 << (one % 64);
            }
        }
        Some(set)
    }

    #[inline]
    pub(super) fn has(&self, character: char) -> bool {
        let code = u32::from(character);
        if code < 128 {
            return self.ascii[(code / 64) as usize] >> (code % 64) & 1 == 1;
        }
        self.search(character)
    }

    fn search(&self, character: char) -> bool {
        self.negated != self.parts.iter().any(|part| part.has(character))
    }
}

impl Part {
    fn has(self, character: char) -> bool {
        match self {
            Self::Range(first, last) => (first..=last).contains(&character),
            Self::Kind(kind, wanted) => kind.has(character) == wanted,
        }
    }

    /// Whether it lists a character by itself.
    fn lists(self, character: char) -> bool {
        matches!(self, Self::Range(..)) && self.has(character)
    }

    /// The same where only ASCII's characters are words, digits and spaces.
    fn of_ascii(self) -> Vec<Self> {
        let Self::Kind(kind, wanted) = self else {
            return vec![self];
        };
        let held = |one: &u8| kind.has_in_ascii(char::from(*one)) == wanted;
        let ascii = (0..128).filter(held).map(|one| Self::Range(one.into(), one.into()));
        let others = (!wanted).then_some(Self::Range('\u{80}', char::MAX));
        ascii.chain(others).collect()
    }
}

impl Kind {
    pub(super) fn has(self, character: char) -> bool {
        match self {
            Self::Word => is_word(character),
            Self::Digit => is_digit(character),
            Self::Space => is_space(character),
        }
    }

    pub(super) fn has_in_ascii(self, character: char) -> bool {
        match self {
            Self::Word => character.is_ascii_alphanumeric() || character == '_',
            Self::Digit => character.is_ascii_digit(),
            Self::Space => matches!(character, ' ' | '\t'..='\r'),
        }
    }
}
