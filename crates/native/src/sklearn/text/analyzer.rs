//! [`Analyzer`]: from a text to its tokens, or n-grams of words or characters.
//!
//! Source: `sklearn.feature_extraction.text._VectorizerMixin` (0.20 to 1.9). Functions of the user's own and
//! patterns that are not understood are refused.

use pelton_pickle::Value;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::english;
use super::pattern::is_space;
use super::search::Search;
use super::tokens::{Tokens, method_of_str};
use crate::data::{Column, Data};
use crate::estimator::Rejected;
use crate::reader::{Fitted, Refusal};
use crate::sklearn::text_index::{TextIndex, UNKNOWN};

/// How texts are taken apart.
pub(super) struct Analyzer {
    unit: Unit,
    least: usize,
    most: usize,
    lowercase: bool,
    accents: Accents,
}

enum Unit {
    /// Tokens that are no stop words.
    Words {
        tokens: Tokens,
        stop: Option<TextIndex>,
    },
    Characters,
    /// Characters within words that are padded with a space on each side.
    CharactersOfWords,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accents {
    Kept,
    /// What has no ASCII form is left out.
    Ascii,
    /// Combining marks are left out.
    Unicode,
}

/// Room that is used again for every text.
#[derive(Default)]
pub(super) struct Room {
    text: String,
    joined: String,
    /// Where units start and end in `joined` or the text.
    ends: Vec<(u32, u32)>,
    search: Search,
}

impl Analyzer {
    /// Reads a vectoriser's options.
    ///
    /// # Errors
    /// One of them is not understood.
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let input = fitted.option("input").and_then(Value::as_str).unwrap_or("content");
        if input != "content" {
            return Err(fitted.refuse_option(format!("input='{input}'")));
        }
        let range = fitted.attr("ngram_range")?;
        let part = |at| {
            let count = range.item(at).ok()?.as_i64()?;
            usize::try_from(count).ok().filter(|count| *count > 0)
        };
        let (Some(least), Some(most)) = (part(0), part(1)) else {
            return Err(fitted.refuse_option("an ngram_range that is not two counts"));
        };
        let analyzer = fitted.option("analyzer");
        let unit = match analyzer.and_then(Value::as_str) {
            Some("word") => words(fitted)?,
            Some("char") => Unit::Characters,
            Some("char_wb") => Unit::CharactersOfWords,
            _ if analyzer.and_then(method_of_str) == Some("split") => return Ok(Self::split()),
            _ => return Err(fitted.refuse_option("an analyzer of its own")),
        };
        let (lowercase, accents) = preparation(fitted)?;
        Ok(Self { unit, least, most, lowercase, accents })
    }

    /// `str.split` in the analyzer's place: nothing else is done to a text.
    fn split() -> Self {
        let unit = Unit::Words { tokens: Tokens::at_spaces(), stop: None };
        Self { unit, least: 1, most: 1, lowercase: false, accents: Accents::Kept }
    }

    /// Calls `each` with every token or n-gram of a text.
    ///
    /// # Errors
    /// The text is too long for the expression that finds its tokens.
    pub(super) fn units(
        &self,
        text: &str,
        room: &mut Room,
        mut each: impl FnMut(&str),
    ) -> Result<(), Rejected> {
        let mut prepared = std::mem::take(&mut room.text);
        self.prepare(text, &mut prepared);
        let mut done = Ok(());
        match &self.unit {
            Unit::Words { tokens, stop } => {
                done = self.word_grams(&prepared, tokens, stop.as_ref(), room, &mut each);
            }
            Unit::Characters => self.character_grams(&prepared, room, &mut each),
            Unit::CharactersOfWords => self.character_grams_of_words(&prepared, room, &mut each),
        }
        room.text = prepared;
        done
    }

    /// The text in lower case and without accents, as wanted.
    fn prepare(&self, text: &str, out: &mut String) {
        out.clear();
        if text.is_ascii() {
            out.push_str(text);
            if self.lowercase {
                out.make_ascii_lowercase();
            }
            return;
        }
        let lower = if self.lowercase { Some(text.to_lowercase()) } else { None };
        let text = lower.as_deref().unwrap_or(text);
        match self.accents {
            Accents::Kept => out.push_str(text),
            Accents::Ascii => out.extend(text.nfkd().filter(char::is_ascii)),
            Accents::Unicode if text.is_ascii() => out.push_str(text),
            Accents::Unicode => out.extend(text.nfkd().filter(|one| !is_combining(*one))),
        }
    }

    fn word_grams(
        &self,
        text: &str,
        tokens: &Tokens,
        stop: Option<&TextIndex>,
        room: &mut Room,
        each: &mut impl FnMut(&str),
    ) -> Result<(), Rejected> {
        let is_kept = |token: &str| stop.is_none_or(|stop| stop.get(token.as_bytes()) == UNKNOWN);
        if self.most == 1 {
            return tokens.find(text, &mut room.search, |token| {
                if is_kept(token) {
                    each(token);
                }
            });
        }
        // With one space between all words an n-gram is a part of the whole.
        let Room { joined, ends, search, .. } = room;
        joined.clear();
        ends.clear();
        tokens.find(text, search, |token| {
            if is_kept(token) {
                // The first may be empty.
                if !ends.is_empty() {
                    joined.push(' ');
                }
                let start = joined.len() as u32;
                joined.push_str(token);
                ends.push((start, joined.len() as u32));
            }
        })?;
        for n in self.least..=self.most.min(ends.len()) {
            for gram in ends.windows(n) {
                each(&joined[gram[0].0 as usize..gram[n - 1].1 as usize]);
            }
        }
        Ok(())
    }

    fn character_grams(&self, text: &str, room: &mut Room, each: &mut impl FnMut(&str)) {
        let Room { joined, ends, .. } = room;
        joined.clear();
        // Two spaces and more become one; a single one stays what it is.
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let spaces = rest.find(|character| !is_space(character)).unwrap_or(rest.len());
            if spaces > first.len_utf8() {
                joined.push(' ');
                rest = &rest[spaces..];
            } else {
                joined.push(first);
                rest = &rest[first.len_utf8()..];
            }
        }
        grams(joined, ends, self.least, self.most, each);
    }

    fn character_grams_of_words(&self, text: &str, room: &mut Room, each: &mut impl FnMut(&str)) {
        let Room { joined, ends, .. } = room;
        for word in text.split(is_space).filter(|word| !word.is_empty()) {
            joined.clear();
            joined.push(' ');
            joined.push_str(word);
            joined.push(' ');
            let length = joined.chars().count();
            grams(joined, ends, self.least, self.most.min(length), each);
            // A word shorter than its grams is one itself, once.
            if length < self.least {
                each(joined);
            }
        }
    }
}

/// The n-grams of a text's characters, the shortest first.
fn grams(
    text: &str,
    ends: &mut Vec<(u32, u32)>,
    least: usize,
    most: usize,
    each: &mut impl FnMut(&str),
) {
    ends.clear();
    ends.extend(text.char_indices().map(|(at, one)| (at as u32, (at + one.len_utf8()) as u32)));
    for n in least..=most.min(ends.len()) {
        for gram in ends.windows(n) {
            each(&text[gram[0].0 as usize..gram[n - 1].1 as usize]);
        }
    }
}

/// Whether texts are put in lower case, and what becomes of their accents.
fn preparation(fitted: &Fitted<'_>) -> Result<(bool, Accents), Refusal> {
    if let Some(function) = fitted.option("preprocessor") {
        // It stands in the place of both.
        return match method_of_str(function) {
            Some("lower") => Ok((true, Accents::Kept)),
            _ => Err(fitted.refuse_option(format!("preprocessor={}", function.describe()))),
        };
    }
    let accents = match fitted.option("strip_accents").map(|value| (value, value.as_str())) {
        None => Accents::Kept,
        Some((_, Some("ascii"))) => Accents::Ascii,
        Some((_, Some("unicode"))) => Accents::Unicode,
        Some((value, _)) if value.as_bool() == Some(false) => Accents::Kept,
        Some((value, _)) => {
            return Err(fitted.refuse_option(format!("strip_accents={}", value.describe())));
        }
    };
    Ok((fitted.flag("lowercase", true)?, accents))
}

fn words(fitted: &Fitted<'_>) -> Result<Unit, Refusal> {
    let tokens = Tokens::read(fitted)?;
    let stop = match fitted.option("stop_words") {
        None => None,
        Some(value) if value.as_str() == Some("english") => {
            let all: Vec<_> = english::WORDS.split(' ').collect();
            Some(TextIndex::new(all.iter().map(|word| (word.as_bytes(), 0))))
        }
        Some(value) => {
            let items = value.items().map_err(|_| fitted.refuse_option("its stop_words"))?;
            let all: Option<Vec<&str>> = items.map(Value::as_str).collect();
            let all = all.ok_or_else(|| fitted.refuse_option("stop_words that are no texts"))?;
            Some(TextIndex::new(all.iter().map(|word| (word.as_bytes(), 0))))
        }
    };
    Ok(Unit::Words { tokens, stop })
}

/// Whether a character's canonical combining class is not 0: fewer than all marks.
fn is_combining(character: char) -> bool {
    is_combining_mark(character)
        && unicode_normalization::char::canonical_combining_class(character) != 0
}

/// Calls `each` with every text.
///
/// # Errors
/// The rows are no texts, one is missing, or `each` refuses one.
pub(super) fn for_each_text(
    x: &Data<'_>,
    mut each: impl FnMut(&str) -> Result<(), Rejected>,
) -> Result<(), Rejected> {
    let column = match x {
        Data::Columns(columns) if columns.len() == 1 => columns.get(0),
        _ => return Err(Rejected::new("a text vectoriser takes one text a row")),
    };
    let Column::Text(texts) = column else {
        return Err(Rejected::new("a text vectoriser takes text, not numbers"));
    };
    for text in texts.iter() {
        let Some(text) = text else {
            return Err(Rejected::new("a missing value is no text"));
        };
        match std::str::from_utf8(text) {
            Ok(text) => each(text)?,
            Err(_) => return Err(Rejected::new("a text is not valid UTF-8")),
        }
    }
    Ok(())
}
