//! Lines for a terminal: labels, colours, broken at its width.
//!
//! Every text of a file is escaped here: a name must not move the cursor or change colours.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar;

/// How to show a report.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours are wanted.
    pub colours: bool,
}

/// Text of a file made safe for a terminal: control characters and such as change the direction of
/// writing are escaped.
pub fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        let invisible = c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if invisible {
            plain.extend(c.escape_default());
        } else {
            plain.push(c);
        }
    }
    plain
}

/// A report being written.
pub(crate) struct Page {
    pub(crate) text: String,
    pub(crate) look: Look,
}

/// What stands out.
#[derive(Clone, Copy)]
pub(crate) enum Ink {
    Bold,
    Dim,
    Red,
    Yellow,
    Green,
}

impl Page {
    pub(crate) fn ink(&self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Bold => 1,
            Ink::Dim => 2,
            Ink::Red => 31,
            Ink::Yellow => 33,
            Ink::Green => 32,
        };
        if self.look.colours { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }

    pub(crate) fn title(&mut self, name: &str) {
        let name = self.ink(Ink::Bold, &plain(name));
        let _ = writeln!(self.text, "{name}");
    }

    /// `  label   text`, the text broken at spaces to the width.
    pub(crate) fn field(&mut self, label: &str, text: &str) {
        self.inked(label, text, None);
    }

    pub(crate) fn inked(&mut self, label: &str, text: &str, ink: Option<Ink>) {
        const INDENT: usize = 13;
        let room = self.look.width.saturating_sub(INDENT).max(20);
        for (index, line) in wrap(&plain(text), room).into_iter().enumerate() {
            let label = if index == 0 { label } else { "" };
            let label = self.ink(Ink::Dim, &format!("  {label:<11}"));
            let line = ink.map_or_else(|| line.clone(), |ink| self.ink(ink, &line));
            let _ = writeln!(self.text, "{label}{line}");
        }
    }
}

/// Lines of at most so many columns, broken at spaces, or anywhere where there is none.
pub(crate) fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ') {
        let width: usize = word.chars().map(|c| c.width().unwrap_or(0)).sum();
        if used > 0 && used + 1 + width > room {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("one at least");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let width = c.width().unwrap_or(0);
            if used + width > room {
                lines.push(String::new());
                used = 0;
            }
            lines.last_mut().expect("one at least").push(c);
            used += width;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(plain("a\u{1b}[31mb\n\u{202e}c"), "a\\u{1b}[31mb\\n\\u{202e}c");
        assert_eq!(wrap("aaa bb cccccc", 4), ["aaa", "bb", "cccc", "cc"]);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_room(text in "\\PC{0,80}", room in 2_usize..30) {
            for line in wrap(&plain(&text), room) {
                let width: usize = line.chars().map(|c| c.width().unwrap_or(0)).sum();
                prop_assert!(width <= room);
            }
        }
    }
}
