//! [`Search`]: runs a [`Program`] over a text and finds what `re.findall` finds, in time and memory that grow with the
//! text and are bounded. Must not know how expressions are written.
//!
//! It goes back as Python's `re` does, but never tries again what has failed at the same character before.

use super::character_set::Kind;
use super::program::{Place, Program, Step};
use crate::estimator::Rejected;

/// Forks times bytes of a text: what may be tried. Holds 32 MiB.
const MOST_TRIED: usize = 1 << 28;

/// Steps times bytes of a text, which is about what a search takes at the worst: some seconds.
const MOST_WORK: usize = 1 << 31;

/// Ways left open at a time, which is about how many characters are taken before it is known whether they belong
/// to what is found. Holds 48 MiB at the worst.
const MOST_CHOICES: usize = 1 << 20;

/// What led to a place of the text. Holds 16 MiB at the worst.
const MOST_TRAIL: usize = 4 * MOST_CHOICES;

/// Room that is used again for every text.
#[derive(Default)]
pub(super) struct Search {
    /// For every fork and byte of the text, whether going on there has failed or is being tried.
    tried: Vec<u64>,
    /// What is being tried.
    trail: Vec<u32>,
    choices: Vec<Choice>,
}

/// The second way of a fork.
#[derive(Clone, Copy)]
struct Choice {
    step: u32,
    at: usize,
    group: [usize; 2],
    trail: usize,
}

/// Where something was found.
#[derive(Clone, Copy)]
struct Hit {
    end: usize,
    group: [usize; 2],
}

/// The group before anything was found of it.
const UNSET: [usize; 2] = [usize::MAX; 2];

impl Search {
    /// Calls `each` with everything found in a text.
    ///
    /// # Errors
    /// More would have to be remembered than may be.
    pub(super) fn find<'t>(
        &mut self,
        program: &Program,
        text: &'t str,
        mut each: impl FnMut(&'t str),
    ) -> Result<(), Rejected> {
        self.tried.clear();
        self.trail.clear();
        self.choices.clear();
        let tried = program.forks.saturating_mul(text.len() + 1);
        if tried > MOST_TRIED || program.steps.len().saturating_mul(text.len()) > MOST_WORK {
            return Err(too_long());
        }
        self.tried.resize(tried.div_ceil(64), 0);
        let mut start = 0;
        while start < text.len() {
            let Some(hit) = self.run(program, text, 0, start)? else {
                start += text[start..].chars().next().map_or(1, char::len_utf8);
                continue;
            };
            let [from, to] = if program.has_group { hit.group } else { [start, hit.end] };
            each(if to == usize::MAX { "" } else { &text[from..to] });
            start = hit.end;
        }
        Ok(())
    }

    /// Runs steps from one place of a text up to what they find.
    fn run(
        &mut self,
        program: &Program,
        text: &str,
        step: u32,
        at: usize,
    ) -> Result<Option<Hit>, Rejected> {
        let (choices, trail) = (self.choices.len(), self.trail.len());
        let mut choice = Choice { step, at, group: UNSET, trail };
        loop {
            if let Some(hit) = self.follow(program, text, choice)? {
                // What led here has not failed.
                for tried in self.trail.drain(trail..) {
                    self.tried[tried as usize / 64] &= !(1 << (tried % 64));
                }
                self.choices.truncate(choices);
                return Ok(Some(hit));
            }
            if self.choices.len() == choices {
                self.trail.truncate(trail);
                return Ok(None);
            }
            choice = self.choices.pop().expect("there are more than there were");
            self.trail.truncate(choice.trail);
        }
    }

    /// Goes on to the end, or to where nothing fits; other ways are left as choices.
    fn follow(
        &mut self,
        program: &Program,
        text: &str,
        from: Choice,
    ) -> Result<Option<Hit>, Rejected> {
        let Choice { mut step, mut at, mut group, .. } = from;
        loop {
            match program.steps[step as usize] {
                Step::One(set) => {
                    match text[at..].chars().next() {
                        Some(next) if program.sets[set as usize].has(next) => at += next.len_utf8(),
                        _ => return Ok(None),
                    }
                    step += 1;
                }
                Step::Fork { number, first, second } => {
                    let tried = number as usize * (text.len() + 1) + at;
                    if self.tried[tried / 64] >> (tried % 64) & 1 == 1 {
                        return Ok(None);
                    }
                    if self.choices.len() == MOST_CHOICES || self.trail.len() == MOST_TRAIL {
                        return Err(too_long());
                    }
                    self.tried[tried / 64] |= 1 << (tried % 64);
                    // It is less than MOST_TRIED.
                    self.trail.push(tried as u32);
                    let trail = self.trail.len();
                    self.choices.push(Choice { step: second, at, group, trail });
                    step = first;
                }
                Step::Go(to) => step = to,
                Step::Mark(end) => {
                    group[usize::from(end)] = at;
                    step += 1;
                }
                Step::At(place) => {
                    if !is_at(place, text, at) {
                        return Ok(None);
                    }
                    step += 1;
                }
                Step::Look { back, wanted, behind } => {
                    let from = before(text, at, back as usize);
                    let found = match from {
                        Some(from) => self.run(program, text, step + 1, from)?,
                        None => None,
                    };
                    if found.is_some() != wanted {
                        return Ok(None);
                    }
                    step = behind;
                }
                Step::Found => return Ok(Some(Hit { end: at, group })),
            }
        }
    }
}

fn too_long() -> Rejected {
    Rejected::new("a text is too long for the model's token_pattern, send it in parts")
}

/// So many characters before a place.
fn before(text: &str, at: usize, count: usize) -> Option<usize> {
    if count == 0 {
        return Some(at);
    }
    text[..at].char_indices().rev().nth(count - 1).map(|(at, _)| at)
}

fn is_at(place: Place, text: &str, at: usize) -> bool {
    match place {
        Place::Start => at == 0,
        Place::LineStart => at == 0 || text[..at].ends_with('\n'),
        Place::End => at == text.len(),
        Place::LineEnd => at == text.len() || text[at..].starts_with('\n'),
        Place::LastEnd => at == text.len() || &text[at..] == "\n",
        Place::Boundary { wanted, ascii } => {
            let is_word = |one: Option<char>| {
                one.is_some_and(|one| {
                    if ascii { Kind::Word.has_in_ascii(one) } else { Kind::Word.has(one) }
                })
            };
            let differ =
                is_word(text[..at].chars().next_back()) != is_word(text[at..].chars().next());
            differ == wanted
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(expression: &str, text: &str) -> Vec<String> {
        let program = Program::read(expression).expect("an understood expression");
        let mut all = Vec::new();
        let done = Search::default().find(&program, text, |token| all.push(token.to_owned()));
        done.expect("a text that is not too long");
        all
    }

    /// From `re.findall` of Python 3.11.
    #[test]
    fn what_is_found_is_pythons() {
        let cases: &[(&str, &str, &[&str])] = &[
            (
                "(?u)\\b\\w+(?:'\\w+)?\\b",
                "don't can't' x'y'z \u{e9}'\u{e0} 'a'",
                &["don't", "can't", "x'y", "z", "\u{e9}'\u{e0}", "a"],
            ),
            ("\\b[a-zA-Z]{3,}\\b", "abc ab1c \u{e9}abc abcd-efg ab", &["abc", "abcd", "efg"]),
            ("[#@]?\\w+", "#fail @user a#b ##x @@", &["#fail", "@user", "a", "#b", "#x"]),
            ("(?u)\\b[^\\d\\W]+\\b", "abc a1 _x \u{e9}\u{661} \u{b2}x", &["abc", "_x", "\u{b2}x"]),
            (
                "\\b\\w*[a-zA-Z]\\w*\\b",
                "123 1a2 a \u{e9}\u{661}a ___",
                &["1a2", "a", "\u{e9}\u{661}a"],
            ),
            (
                "\\w+|[^\\w\\s]+",
                "Hi, you!! ok... 3.5$",
                &["Hi", ",", "you", "!!", "ok", "...", "3", ".", "5", "$"],
            ),
            (
                "(?i)\\b[a-z]+\\b",
                "ABC Stra\u{df}e K\u{212a}\u{17f} \u{130}\u{131} a1",
                &["ABC", "K\u{212a}\u{17f}", "\u{130}\u{131}"],
            ),
            (
                "(?i)straSSe|[^a-k]x",
                "STRASSE sTRa\u{17f}\u{17f}e \u{212a}x kx lx",
                &["STRASSE", "sTRa\u{17f}\u{17f}e", "lx"],
            ),
            ("\\b(?!\\d)\\w+\\b", "1a a1 22 \u{663}a _9", &["a1", "_9"]),
            (
                "\\$?\\d+(?:\\.\\d+)?%?|\\w+",
                "$3.50 10% a5 3. .5 \u{663}.\u{664}",
                &["$3.50", "10%", "a5", "3", "5", "\u{663}.\u{664}"],
            ),
            ("(?u)\\b\\w[\\w-]*\\w\\b", "e-mail a- -b a--b x", &["e-mail", "a--b"]),
            ("^\\w+|\\w+$", "one two three\n", &["one", "three"]),
            ("(?m)^\\w+$", "one\ntwo x\nthree\n", &["one", "three"]),
            ("\\w+?\\b", "ab cd", &["ab", "cd"]),
            ("(?a)\\b\\w+\\b", "na\u{ef}ve x1 \u{663}", &["na", "ve", "x1"]),
            (
                "https?://\\S+|\\b\\w+\\b",
                "see http://t.co/a?b https:// httpx",
                &["see", "http://t.co/a?b", "https", "httpx"],
            ),
            ("(?:^|\\s)(\\S+)", "one two  three", &["one", "two", "three"]),
            ("(a)|b", "abab", &["a", "", "a", ""]),
            ("(?<=, )\\w+(?=\\.)", "Braund, Mr. Owen, Mrs x, Dr.", &["Mr", "Dr"]),
            ("(?<!\\w)[a-z]+(?!\\w)", "ab cd1 \u{e9}f gh", &["ab", "gh"]),
            ("(?:a|ab)(?:c|bcd)(?:d*)", "abcd acd abc", &["abcd", "acd", "abc"]),
            ("a{2,3}|b{,2}c|d{2}", "aaaaa bbbc c dd d", &["aaa", "aa", "bbc", "c", "dd"]),
            ("[^,]+", "a,b\n c,,d", &["a", "b\n c", "d"]),
            ("[]a-]+|[^]b]", "]a-b]x", &["]a-", "]", "x"]),
            ("\\B\\w+\\B", "abcd ab a", &["bc"]),
            (".+", "ab\ncd\r\n", &["ab", "cd\r"]),
            ("(?s)a.b", "a\nb axb", &["a\nb", "axb"]),
            ("\\S+@\\S+\\.\\w{2,}", "me@x.org @ a@b a@b.c.de", &["me@x.org", "a@b.c.de"]),
            ("(?:\\w+\\s)*end", "a b end x end", &["a b end x end"]),
            (
                "[\\u0400-\\u04ff]+|[\u{430}-\u{44f}\u{451}]{2}",
                "\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442} abc \u{451}\u{436}",
                &["\u{43f}\u{440}\u{438}\u{432}\u{435}\u{442}", "\u{451}\u{436}"],
            ),
            ("\\D+", "a1b\u{663}c\u{b2}", &["a", "b", "c\u{b2}"]),
            ("\\W+", "a, b_\u{e9}\u{301}", &[", ", "\u{301}"]),
            ("\\Ax|y\\Z|z$", "xx y z\n", &["x", "z"]),
        ];
        for (expression, text, wanted) in cases {
            assert_eq!(&found(expression, text), wanted, "{expression}");
        }
    }

    #[test]
    fn what_goes_back_without_end_ends() {
        let text = "a".repeat(100_000);
        assert_eq!(found("(?:a+)+b|c", &text), Vec::<String>::new());
        assert_eq!(found("a+b|a", &text).len(), 100_000);
        assert_eq!(found("(?:a|aa)+(?!a)(?<=aa)", &text), [text.as_str()]);
    }

    #[test]
    fn what_would_take_too_much_memory_is_refused() {
        let refused = |expression: &str, text: &str| {
            let program = Program::read(expression).expect("an understood expression");
            let mut search = Search::default();
            let refused = search.find(&program, text, |_| ()).is_err();
            assert!(search.tried.capacity() * 8 <= MOST_TRIED / 8);
            assert!(search.choices.capacity() <= MOST_CHOICES);
            assert!(search.trail.capacity() <= MOST_TRAIL);
            // The next text is another.
            assert_eq!(search.find(&program, "ab, ab", |_| ()), Ok(()));
            assert!(search.trail.is_empty() && search.choices.is_empty());
            refused
        };
        let text = "a".repeat(MOST_CHOICES + 1);
        assert!(refused("a+(?:b|c)", &text));
        assert!(!refused("a+(?:b|c)", &"a a".repeat(MOST_CHOICES)));
        assert!(refused("a{2,1000}", &text));
        assert!(!refused("a{2,50}", &text));
        assert!(refused("(?:a|b|c|d)+?!|x", &"d".repeat(MOST_CHOICES + 1)));
        assert!(refused("a{1900}!|x", &"a".repeat(2 << 20)));
    }

    #[test]
    fn other_expressions_are_not_guessed() {
        for expression in [
            "",
            "a*",
            "(a",
            "a)",
            "[a",
            "(a)(b)",
            "(?P<x>a)",
            r"(a)\1",
            "(?>a)",
            "a++",
            "a{2}{3}",
            "a{",
            "a{,}",
            "a{3,2}",
            "*a",
            "(?:a*)+",
            "(?:a|)b*",
            "(a)+",
            "(?=(a))a",
            "(?i)é",
            "(?i)[а-я]+",
            "(?x)a b",
            "(?L)a",
            "(?au)a",
            r"\q",
            r"\0",
            "[[a]",
            "[a--b]",
            "[a&&b]",
            r"[\w-z]",
            "[z-a]",
            "(?<=a+)b",
            "(?=.*b)a",
            "a(?i)b",
            "(?i:a)",
            "(?#c)a",
            "a{1000}{1000}",
            "(?:a{1000}){1000}",
            "a{99999999999999999999}",
            r"\ud800",
            r"[a-\d]",
        ] {
            assert!(Program::read(expression).is_none(), "{expression}");
        }
        let many: String = ('\u{4e00}'..).take(500_000).collect();
        assert!(Program::read(&many).is_none() && Program::read(&format!("[{many}]")).is_none());
        let deep = format!("{}a{}", "(?:".repeat(1000), ")".repeat(1000));
        assert!(Program::read(&deep).is_none());
    }
}
