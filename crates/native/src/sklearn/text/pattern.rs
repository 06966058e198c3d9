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
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Class {
    /// `\w`.
    Word,
    /// `\S`.
    NotSpace,
    /// ASCII characters in brackets.
    Ascii(Vec<u8>),
}

impl Pattern {
    /// Reads a pattern such as `(?u)\b\w\w+\b`; `None` for what is not understood.
    pub(super) fn read(pattern: &str) -> Option<Self> {
        let rest = pattern.strip_prefix("(?u)").unwrap_or(pattern);
        let (rest, bound_before) = match rest.strip_prefix(r"\b") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (rest, bound_behind) = match rest.strip_suffix(r"\b") {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        let (class, rest) = Class::read(rest)?;
        // Boundaries of words are those of runs of their characters, and of no other class.
        if (bound_before || bound_behind) && class != Class::Word {
            return None;
        }
        let (mut least, mut rest) = (1, rest);
        loop {
            if rest == "+" {
                return Some(Self { class, least });
            }
            if rest == "*" && least > 1 {
                return Some(Self { class, least: least - 1 });
            }
            if let Some(count) = rest.strip_prefix('{').and_then(|rest| rest.strip_suffix(",}")) {
                let count: usize = count.parse().ok()?;
                let least = count.checked_add(least - 1)?;
                return (count > 0).then_some(Self { class, least });
            }
            let (next, behind) = Class::read(rest)?;
            if next != class {
                return None;
            }
            (least, rest) = (least + 1, behind);
        }
    }

    /// Calls `each` with every token of a text.
    pub(super) fn find<'t>(&self, text: &'t str, mut each: impl FnMut(&'t str)) {
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
        let (inside, rest) = pattern.strip_prefix('[')?.split_once(']')?;
        let mut bytes = inside.bytes().peekable();
        let mut all = Vec::new();
        while let Some(first) = bytes.next() {
            if !first.is_ascii_alphanumeric() && first != b'_' {
                return None;
            }
            if bytes.next_if_eq(&b'-').is_some() {
                let last = bytes.next().filter(u8::is_ascii_alphanumeric)?;
                all.extend(first..=last);
            } else {
                all.push(first);
            }
        }
        (!all.is_empty()).then_some((Self::Ascii(all), rest))
    }

    #[inline]
    fn has(&self, character: char) -> bool {
        match self {
            Self::Word => is_word(character),
            Self::NotSpace => !is_space(character),
            Self::Ascii(all) => u8::try_from(character).is_ok_and(|byte| all.contains(&byte)),
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
    }

    #[test]
    fn other_patterns_are_not_guessed() {
        for pattern in [r"\b[a-z]+\b", r"\w+-\w+", r"(\w+)", "", r"\w", r"[^a]+", r"\w*", "a+"] {
            assert_eq!(Pattern::read(pattern), None, "{pattern}");
        }
    }
}
