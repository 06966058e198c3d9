//! Reads regular expressions of Python's into a [`Program`] that finds what `re.findall` finds; what might be
//! found otherwise is not read. Must not know texts.
//!
//! Read are characters, sets, groups of which at most one is taken, alternatives, repetitions, `^`, `$`, `\b`, looks
//! ahead and behind, and the flags `(?aimsu)` at the start.
//!
//! Source: Python's `re` (3.11).

use super::character_set::{Flags, Kind, Part, Set};
use super::program::{MOST_STEPS, Place, Program};

/// Groups within groups.
const MOST_NESTED: usize = 12;

/// Characters that a look ahead sees at most, so that looking costs no more than the text.
const FARTHEST: usize = 100;

/// A part of an expression.
pub(super) enum Node {
    One(u32),
    At(Place),
    Row(Vec<Node>),
    Either(Vec<Node>),
    Repeat { of: Box<Node>, least: usize, most: Option<usize>, greedy: bool },
    Taken(Box<Node>),
    Look { of: Box<Node>, back: usize, wanted: bool },
}

struct Reader<'p> {
    rest: &'p str,
    sets: Vec<Set>,
    flags: Flags,
    lines: bool,
    dot_is_all: bool,
    groups: usize,
    nested: usize,
    /// Within a look, or something repeated, where no group is taken.
    within: usize,
}

impl Program {
    /// Reads an expression; `None` for what is not understood.
    pub(super) fn read(expression: &str) -> Option<Self> {
        let mut reader = Reader {
            rest: expression,
            sets: Vec::new(),
            flags: Flags::default(),
            lines: false,
            dot_is_all: false,
            groups: 0,
            nested: 0,
            within: 0,
        };
        reader.read_flags()?;
        let whole = reader.either()?;
        if !reader.rest.is_empty() || reader.groups > 1 || whole.width().0 == 0 {
            return None;
        }
        Self::of(&whole, reader.sets, reader.groups == 1)
    }
}

impl Node {
    /// Characters it takes, at the least and at most.
    fn width(&self) -> (usize, Option<usize>) {
        match self {
            Self::One(_) => (1, Some(1)),
            Self::At(_) | Self::Look { .. } => (0, Some(0)),
            Self::Taken(node) => node.width(),
            Self::Row(nodes) => nodes.iter().map(Self::width).fold((0, Some(0)), |all, one| {
                (all.0.saturating_add(one.0), all.1.zip(one.1).and_then(|(a, b)| a.checked_add(b)))
            }),
            Self::Either(nodes) => {
                let widths = || nodes.iter().map(Self::width);
                let least = widths().map(|width| width.0).min().unwrap_or(0);
                let most = widths().try_fold(0, |most, width| Some(most.max(width.1?)));
                (least, most)
            }
            Self::Repeat { of, least, most, .. } => {
                let width = of.width();
                let most = width.1.zip(*most).and_then(|(a, b)| a.checked_mul(b));
                (width.0.saturating_mul(*least), most)
            }
        }
    }
}

impl Reader<'_> {
    fn take(&mut self, prefix: &str) -> bool {
        let behind = self.rest.strip_prefix(prefix);
        self.rest = behind.unwrap_or(self.rest);
        behind.is_some()
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next()?;
        self.rest = characters.as_str();
        Some(next)
    }

    fn read_flags(&mut self) -> Option<()> {
        let Some((flags, behind)) =
            self.rest.strip_prefix("(?").and_then(|rest| rest.split_once(')'))
        else {
            return Some(());
        };
        if flags.is_empty() || !flags.bytes().all(|flag| flag.is_ascii_lowercase()) {
            return Some(());
        }
        let mut is_unicode = false;
        for flag in flags.bytes() {
            match flag {
                b'a' => self.flags.ascii = true,
                b'i' => self.flags.ignore_case = true,
                b'm' => self.lines = true,
                b's' => self.dot_is_all = true,
                b'u' => is_unicode = true,
                _ => return None,
            }
        }
        self.rest = behind;
        (!(is_unicode && self.flags.ascii)).then_some(())
    }

    fn either(&mut self) -> Option<Node> {
        self.nested += 1;
        if self.nested > MOST_NESTED {
            return None;
        }
        let mut all = vec![self.row()?];
        while self.take("|") {
            all.push(self.row()?);
        }
        self.nested -= 1;
        if all.len() == 1 { all.pop() } else { Some(Node::Either(all)) }
    }

    fn row(&mut self) -> Option<Node> {
        let mut all = Vec::new();
        while !self.rest.is_empty() && !self.rest.starts_with(['|', ')']) {
            let groups = self.groups;
            let node = self.item()?;
            all.push(self.repeated(node, groups)?);
        }
        Some(Node::Row(all))
    }

    /// How often what was read is repeated.
    fn repeated(&mut self, node: Node, groups_before: usize) -> Option<Node> {
        let (least, most) = match self.rest.bytes().next() {
            Some(b'*') => (0, None),
            Some(b'+') => (1, None),
            Some(b'?') => (0, Some(1)),
            Some(b'{') => {
                let (counts, behind) = self.rest[1..].split_once('}')?;
                let (least, most) = counts.split_once(',').unwrap_or((counts, counts));
                let least = if least.is_empty() { 0 } else { count(least)? };
                let most = if most.is_empty() { None } else { Some(count(most)?) };
                if counts.is_empty() || counts == "," || most.is_some_and(|most| most < least) {
                    return None;
                }
                // The bracket is taken below, as the other signs are.
                self.rest = behind;
                return self.repeat(node, groups_before, least, most);
            }
            _ => return Some(node),
        };
        self.next();
        self.repeat(node, groups_before, least, most)
    }

    fn repeat(
        &mut self,
        of: Node,
        before: usize,
        least: usize,
        most: Option<usize>,
    ) -> Option<Node> {
        let greedy = !self.take("?");
        // Another sign is an error or means something of its own, and what may be empty ends in a way of its own.
        let plain = !self.rest.starts_with(['*', '+', '?', '{']);
        let understood = plain && self.groups == before && of.width().0 > 0;
        understood.then(|| Node::Repeat { of: Box::new(of), least, most, greedy })
    }

    fn item(&mut self) -> Option<Node> {
        match self.next()? {
            '[' => self.set(),
            '(' => self.group(),
            '\\' => self.escaped(),
            '.' if self.dot_is_all => self.one(Vec::new(), true),
            '.' => self.one(vec![Part::Range('\n', '\n')], true),
            '^' => Some(Node::At(if self.lines { Place::LineStart } else { Place::Start })),
            '$' => Some(Node::At(if self.lines { Place::LineEnd } else { Place::LastEnd })),
            '*' | '+' | '?' | '{' => None,
            plain => self.one(vec![Part::Range(plain, plain)], false),
        }
    }

    fn one(&mut self, parts: Vec<Part>, negated: bool) -> Option<Node> {
        if self.sets.len() > MOST_STEPS || parts.len() > MOST_STEPS {
            return None;
        }
        let set = Set::new(parts, negated, self.flags)?;
        let known = self.sets.iter().position(|other| *other == set);
        let at = known.unwrap_or_else(|| {
            self.sets.push(set);
            self.sets.len() - 1
        });
        Some(Node::One(at as u32))
    }

    fn group(&mut self) -> Option<Node> {
        let looks =
            [("?=", true, false), ("?!", false, false), ("?<=", true, true), ("?<!", false, true)];
        let look = looks.into_iter().find(|(prefix, ..)| self.take(prefix));
        let is_taken = look.is_none() && !self.take("?:");
        if is_taken {
            // Names, conditions and whatever else there is.
            if self.rest.starts_with('?') || self.within > 0 {
                return None;
            }
            self.groups += 1;
        }
        self.within += usize::from(look.is_some());
        let of = self.either()?;
        self.within -= usize::from(look.is_some());
        if !self.take(")") {
            return None;
        }
        let Some((_, wanted, is_behind)) = look else {
            return Some(if is_taken { Node::Taken(Box::new(of)) } else { of });
        };
        let (least, most) = of.width();
        let most = most.filter(|most| *most <= FARTHEST && (!is_behind || *most == least))?;
        let back = if is_behind { most } else { 0 };
        Some(Node::Look { of: Box::new(of), back, wanted })
    }

    fn escaped(&mut self) -> Option<Node> {
        let ascii = self.flags.ascii;
        let place = match self.rest.chars().next()? {
            'b' => Place::Boundary { wanted: true, ascii },
            'B' => Place::Boundary { wanted: false, ascii },
            'A' => Place::Start,
            'Z' => Place::End,
            _ => {
                let part = self.escape()?;
                return self.one(vec![part], false);
            }
        };
        self.next();
        Some(Node::At(place))
    }

    /// What a backslash stands before, in brackets or not.
    fn escape(&mut self) -> Option<Part> {
        let one = match self.next()? {
            'w' => return Some(Part::Kind(Kind::Word, true)),
            'W' => return Some(Part::Kind(Kind::Word, false)),
            'd' => return Some(Part::Kind(Kind::Digit, true)),
            'D' => return Some(Part::Kind(Kind::Digit, false)),
            's' => return Some(Part::Kind(Kind::Space, true)),
            'S' => return Some(Part::Kind(Kind::Space, false)),
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'f' => '\x0c',
            'v' => '\x0b',
            'a' => '\x07',
            'x' => self.code(2)?,
            'u' => self.code(4)?,
            'U' => self.code(8)?,
            letter if letter.is_ascii_alphanumeric() => return None,
            plain => plain,
        };
        Some(Part::Range(one, one))
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let (code, behind) = self.rest.split_at_checked(digits)?;
        let is_hex = code.bytes().all(|digit| digit.is_ascii_hexdigit());
        self.rest = behind;
        is_hex.then(|| u32::from_str_radix(code, 16).ok().and_then(char::from_u32))?
    }

    fn set(&mut self) -> Option<Node> {
        // Some doubled signs will mean something else one day.
        if self.rest.starts_with('[') {
            return None;
        }
        let negated = self.take("^");
        let mut parts = Vec::new();
        while parts.is_empty() || !self.rest.starts_with(']') {
            if ["--", "&&", "~~", "||"].iter().any(|sign| self.rest.starts_with(sign)) {
                return None;
            }
            let first = self.listed()?;
            if !self.rest.starts_with('-') || self.rest.starts_with("-]") {
                parts.push(first);
                continue;
            }
            self.next();
            let is_doubled = self.rest.starts_with('-');
            let (Part::Range(from, _), Part::Range(to, _)) = (first, self.listed()?) else {
                return None;
            };
            if is_doubled || from > to {
                return None;
            }
            parts.push(Part::Range(from, to));
        }
        self.next();
        self.one(parts, negated)
    }

    fn listed(&mut self) -> Option<Part> {
        match self.next()? {
            '\\' if self.take("b") => Some(Part::Range('\x08', '\x08')),
            '\\' => self.escape(),
            plain => Some(Part::Range(plain, plain)),
        }
    }
}

/// A number of repetitions, in digits alone.
fn count(text: &str) -> Option<usize> {
    let digits = text.bytes().all(|one| one.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}
