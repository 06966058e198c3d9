//! [`Pattern`]: the regular expressions that find tokens, of those that are understood: runs of characters
//! of one class, of some least length.
//!
//! Source: Python's `re` (3.11) over text.

use super::word_characters::is_word;

/// Longest runs of one class of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    class: Class,
    /// Characters a run has at least.
    least: usize,
    /// Whether a run has to begin where a word does, and to end where one does.
    bounds: [bool; 2],
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Class {
    /// `\w`.
    Word,
    /// `\S`.
    NotSpace,
    /// Characters in brackets, `[^...]` all others.
    Set { of: Vec<Range>, negated: bool },
}

/// What brackets list.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Range {
    /// `\w`.
    Word,
    /// `\s`.
    Space,
    /// ASCII characters from the first to the last.
    Ascii(u8, u8),
}

impl Pattern {
    /// Reads a pattern such as `(?u)\b\w\w+\b`; `None` for what is not understood.
    pub(super) fn read(pattern: &str) -> Option<Self> {
        let rest = pattern.strip_prefix("(?u)").unwrap_or(pattern);
        // A group around all of it, which is then what is found.
        let whole = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
        let rest = whole.filter(|inside| !inside.contains(['(', ')', '?'])).unwrap_or(rest);
        let (rest, bound_before) = match rest.strip_prefix(r"\b") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, bound_behind) = match rest.strip_suffix(r"\b") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (class, rest) = Class::read(rest)?;
        // What is no character of words has boundaries of another kind.
        if (bound_before || bound_behind) && !class.is_of_words() {
            return None;
        }
        // A longest run of the characters of words is a word.
        let bounds = if class == Class::Word { [false; 2] } else { [bound_before, bound_behind] };
        let (mut least, mut rest) = (1, rest);
        loop {
            if rest == "+" {
                return Some(Self { class, least, bounds });
            }
            if rest == "*" && least > 1 {
                return Some(Self { class, least: least - 1, bounds });
            }
            if let Some(count) = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix(",}")) {
                let count: usize = count.parse().ok()?;
                let least = count.checked_add(least - 1)?;
                return (count > 0).then_some(Self { class, least, bounds });
            }
            let (next, behind) = Class::read(rest)?;
            if next != class {
                return None;
            }
            (least, rest) = (least + 1, behind);
        }
    }

    /// Runs of what is no white space.
    pub(super) fn not_space() -> Self {
        Self { class: Class::NotSpace, least: 1, bounds: [false; 2] }
    }

    /// Calls `each` with every token of a text.
    pub(super) fn find<'t>(&self, text: &'t str, mut each: impl FnMut(&'t str)) {
        if self.bounds == [false; 2] {
            return self.runs(text, each);
        }
        // Within a word there is no boundary: a run takes part of it from its start, or up to its end.
        let words = Self { class: Class::Word, least: 1, bounds: [false; 2] };
        words.runs(text, |word| {
            let other = |character: char| !self.class.has(character);
            let run = match self.bounds {
                [true, false] => &word[..word.find(other).unwrap_or(word.len())],
                [false, _] => {
                    let last = word.char_indices().rfind(|(_, character)| other(*character));
                    &word[last.map_or(0, |(at, character)| at + character.len_utf8())..]
                }
                [true, true] if word.contains(other) => "",
                [true, true] => word,
            };
            if run.chars().count() >= self.least {
                each(run);
            }
        });
    }

    fn runs<'t>(&self, text: &'t str, mut each: impl FnMut(&'t str)) {
        let mut start = None;
        let mut count = 0;
        for (at, character) in text.char_indices() {
            if self.class.has(character) {
                start.get_or_insert(at);
                count += 1;
            } else if let Some(start) = start.take() {
                if count >= self.least {
                    each(&text[start..at]);
                }
                count = 0;
            }
        }
        if let Some(start) = start
            && count >= self.least
        {
            each(&text[start..]);
        }
    }
}

impl Class {
    /// A class at the start of a pattern, and what is behind it.
    fn read(pattern: &str) -> Option<(Self, &str)> {
        if let Some(rest) = pattern.strip_prefix(r"\w") {
            return Some((Self::Word, rest));
        }
        if let Some(rest) = pattern.strip_prefix(r"\S") {
            return Some((Self::NotSpace, rest));
        }
        let mut rest = pattern.strip_prefix('[')?;
        let negated = rest.starts_with('^');
        rest = rest.strip_prefix('^').unwrap_or(rest);
        let mut of = Vec::new();
        while !rest.starts_with(']') {
            if let Some(behind) = rest.strip_prefix('-').filter(|behind| behind.starts_with(']')) {
                of.push(Range::Ascii(b'-', b'-'));
                rest = behind;
                break;
            }
            let (first, behind) = Range::read(rest)?;
            let to = behind.strip_prefix('-').filter(|to| !to.starts_with(']'));
            let (range, behind) = match (first, to) {
                (Range::Ascii(first, _), Some(to)) => match Range::read(to)? {
                    (Range::Ascii(last, _), behind) if first <= last => {
                        (Range::Ascii(first, last), behind)
                    }
                    _ => return None,
                },
                (first, _) => (first, behind),
            };
            of.push(range);
            rest = behind;
        }
        (!of.is_empty()).then_some((Self::Set { of, negated }, &rest[1..]))
    }

    /// Whether all of it are characters of words.
    fn is_of_words(&self) -> bool {
        match self {
            Self::Word => true,
            Self::NotSpace | Self::Set { negated: true, .. } => false,
            Self::Set { of, .. } => of.iter().all(|range| match range {
                Range::Word => true,
                Range::Space => false,
                Range::Ascii(first, last) => (*first..=*last).all(|one| is_word(char::from(one))),
            }),
        }
    }

    #[inline]
    fn has(&self, character: char) -> bool {
        match self {
            Self::Word => is_word(character),
            Self::NotSpace => !is_space(character),
            Self::Set { of, negated } => *negated != of.iter().any(|one| one.has(character)),
        }
    }
}

impl Range {
    /// One of a list in brackets, and what is behind it.
    fn read(list: &str) -> Option<(Self, &str)> {
        let (first, rest) = (*list.as_bytes().first()?, list.get(1..)?);
        if first != b'\\' {
            // Two of the same of these will mean something else one day.
            let is_plain = first.is_ascii() && !matches!(first, b'[' | b'&' | b'|' | b'~' | b'-');
            return is_plain.then_some((Self::Ascii(first, first), rest));
        }
        let (escaped, rest) = (*rest.as_bytes().first()?, rest.get(1..)?);
        match escaped {
            b'w' => Some((Self::Word, rest)),
            b's' => Some((Self::Space, rest)),
            _ if escaped.is_ascii_punctuation() => Some((Self::Ascii(escaped, escaped), rest)),
            _ => None,
        }
    }

    #[inline]
    fn has(&self, character: char) -> bool {
        match self {
            Self::Word => is_word(character),
            Self::Space => is_space(character),
            Self::Ascii(first, last) => {
                (char::from(*first)..=char::from(*last)).contains(&character)
            }
        }
    }
}

/// What Python's `str.split` and `\s` take for white space.
pub(super) fn is_space(character: char) -> bool {
    character.is_whitespace() || ('\x1c'..='\x1f').contains(&character)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(pattern: &str, text: &str) -> Vec<String> {
        let pattern = Pattern::read(pattern).expect("an understood pattern");
        let mut all = Vec::new();
        pattern.find(text, |token| all.push(token.to_owned()));
        all
    }

    #[test]
    fn tokens_are_pythons() {
        let text = "it's a dog_1 e\u{301}t \u{20bf}x ab";
        assert_eq!(tokens(r"(?u)\b\w\w+\b", text), ["it", "dog_1", "ab"]);
        assert_eq!(tokens(r"\b\w+\b", text), ["it", "s", "a", "dog_1", "e", "t", "x", "ab"]);
        assert_eq!(tokens(r"\w{3,}", text), ["dog_1"]);
        assert_eq!(tokens("[a-z]+", "abC1d"), ["ab", "d"]);
        assert_eq!(tokens(r"\S+", "a\x1fb\u{3000}c"), ["a", "b", "c"]);
        assert_eq!(tokens(r"[^\s]+", "a\x1fb\u{3000}c"), ["a", "b", "c"]);
        assert_eq!(tokens(r"(\w+)", "it's"), ["it", "s"]);
        assert_eq!(tokens(r"[\w'-]+", "it's x-y z"), ["it's", "x-y", "z"]);
        assert_eq!(tokens(r"[^ ,]+", "a,b\nc d"), ["a", "b\nc", "d"]);
    }

    /// From `re.findall`.
    #[test]
    fn boundaries_are_those_of_words() {
        let text = "ab1 ab cde_ éab fg é h9ij";
        assert_eq!(tokens(r"\b[a-z]{2,}\b", text), ["ab", "fg"]);
        assert_eq!(tokens(r"\b[a-z]+", text), ["ab", "ab", "cde", "fg", "h"]);
        assert_eq!(tokens(r"[a-z]+\b", text), ["ab", "ab", "fg", "ij"]);
    }

    #[test]
    fn other_patterns_are_not_guessed() {
        for pattern in [
            r"\w+-\w+",
            r"(\w+)|x",
            "",
            r"\w",
            r"\w*",
            "a+",
            r"[^\W\d_]+",
            r"(\w)+",
            r"\b[a-z']+\b",
            "[a-z+",
            r"[z-a]+",
            "[--a]+",
            "[é]+",
            r"[\w-z]+",
            r"(?i)[a-z]+",
            "[]+",
        ] {
            assert_eq!(Pattern::read(pattern), None, "{pattern}");
        }
    }
}
