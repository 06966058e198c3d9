//! The Python literals that npy headers are written in: dicts, lists, tuples, strings, integers,
//! `True`, `False`. Not a Python parser, and it must not become one.

use crate::error::Error;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Literal {
    None,
    Bool(bool),
    Int(i64),
    Text(String),
    /// A list or a tuple.
    List(Vec<Literal>),
    Dict(Vec<(Literal, Literal)>),
}

/// Headers nest a few levels: records in records.
const MAX_DEPTH: usize = 32;

impl Literal {
    /// The value under a text key of a dict.
    pub(crate) fn get(&self, key: &str) -> Option<&Literal> {
        match self {
            Self::Dict(pairs) => {
                let found =
                    pairs.iter().rev().find(|(k, _)| matches!(k, Self::Text(t) if t == key));
                found.map(|(_, value)| value)
            }
            _ => None,
        }
    }
}

/// Reads one literal; spaces may follow it.
pub(crate) fn read(bytes: &[u8]) -> Result<Literal, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| bad())?;
    let mut parser = Parser { rest: text };
    let literal = parser.value(0)?;
    if parser.rest.trim().is_empty() { Ok(literal) } else { Err(bad()) }
}

fn bad() -> Error {
    Error::malformed("an npy header is not the Python dict it should be")
}

struct Parser<'t> {
    rest: &'t str,
}

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Literal, Error> {
        if depth > MAX_DEPTH {
            return Err(bad());
        }
        self.rest = self.rest.trim_start();
        let first = self.rest.chars().next().ok_or_else(bad)?;
        match first {
            '[' => self.list(']', depth),
            '(' => self.list(')', depth),
            '{' => self.dict(depth),
            '\'' | '"' => self.text(first),
            '-' | '0'..='9' => self.int(),
            _ => self.word(),
        }
    }

    fn list(&mut self, close: char, depth: usize) -> Result<Literal, Error> {
        let mut items = Vec::new();
        self.rest = &self.rest[1..];
        while !self.skip(close) {
            items.push(self.value(depth + 1)?);
            self.comma(close)?;
        }
        Ok(Literal::List(items))
    }

    fn dict(&mut self, depth: usize) -> Result<Literal, Error> {
        let mut pairs = Vec::new();
        self.rest = &self.rest[1..];
        while !self.skip('}') {
            let key = self.value(depth + 1)?;
            if !self.skip(':') {
                return Err(bad());
            }
            pairs.push((key, self.value(depth + 1)?));
            self.comma('}')?;
        }
        Ok(Literal::Dict(pairs))
    }

    /// A comma, unless the list ends.
    fn comma(&mut self, close: char) -> Result<(), Error> {
        if self.skip(',') || self.rest.trim_start().starts_with(close) {
            Ok(())
        } else {
            Err(bad())
        }
    }

    fn skip(&mut self, c: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(c) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn text(&mut self, quote: char) -> Result<Literal, Error> {
        let inner = &self.rest[1..];
        let end = inner.find(quote).ok_or_else(bad)?;
        let text = &inner[..end];
        if text.contains('\\') {
            return Err(bad());
        }
        self.rest = &inner[end + 1..];
        Ok(Literal::Text(text.to_owned()))
    }

    /// Digits; Python 2 wrote an `L` after long ones.
    fn int(&mut self) -> Result<Literal, Error> {
        let len =
            self.rest[1..].find(|c: char| !c.is_ascii_digit()).map_or(self.rest.len(), |n| n + 1);
        let value = self.rest[..len].parse().map_err(|_| bad())?;
        self.rest = &self.rest[len..];
        self.rest = self.rest.strip_prefix('L').unwrap_or(self.rest);
        Ok(Literal::Int(value))
    }

    fn word(&mut self) -> Result<Literal, Error> {
        for (word, literal) in [
            ("True", Literal::Bool(true)),
            ("False", Literal::Bool(false)),
            ("None", Literal::None),
        ] {
            if let Some(rest) = self.rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(literal);
            }
        }
        Err(bad())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read() {
        let header =
            read(b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4L), }   \n").unwrap();
        assert_eq!(header.get("descr"), Some(&Literal::Text("<f8".into())));
        assert_eq!(
            header.get("shape"),
            Some(&Literal::List(vec![Literal::Int(3), Literal::Int(4)]))
        );
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "{",
            "{'a' 1}",
            "[1 2]",
            "'a\\x00'",
            "open('x')",
            "1+1",
            "(",
            "-",
            "99999999999999999999",
        ] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read("(".repeat(100_000).as_bytes()).is_err());
    }
}
