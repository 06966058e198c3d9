//! From what a worker raised, or how it was lost, to the error a client gets.
//!
//! Messages lose whatever looks like a path; the detail keeps everything for the log.

use std::process::ExitStatus;

use pelton_core::{Code, Error};

use crate::frames::{Fault, Raised};

/// Longest message a client gets, in characters.
const MAX_MESSAGE_CHARS: usize = 1_000;

/// The error for an ERROR frame.
pub(crate) fn of_raised(raised: Raised) -> Error {
    let code = match raised.fault {
        Fault::Input => Code::ModelRejected,
        Fault::Model => Code::ModelRaised,
        Fault::Answer => Code::BadReply,
    };
    let message = told(&raised);
    Error::new(code, message).with_detail(raised.trace)
}

/// Type and message of what was raised, fit for a client.
pub(crate) fn told(raised: &Raised) -> String {
    let whole = match (raised.kind.is_empty(), raised.message.is_empty()) {
        (true, _) => raised.message.clone(),
        (false, true) => raised.kind.clone(),
        (false, false) => format!("{}: {}", raised.kind, raised.message),
    };
    let mut message = without_paths(&whole);
    if let Some((end, _)) = message.char_indices().nth(MAX_MESSAGE_CHARS) {
        message.truncate(end);
        message.push_str(" ...");
    }
    message
}

/// The text with every absolute path cut down to its last component.
pub(crate) fn without_paths(text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('/') {
        let (before, path) = rest.split_at(start);
        kept.push_str(before);
        let opening = kept.chars().next_back();
        let end = path_end(path, opening);
        if begins_path(opening, path) {
            let name = path[..end].trim_end_matches('/').rsplit('/').next();
            kept.push_str(name.unwrap_or_default());
            rest = &path[end..];
        } else {
            kept.push('/');
            rest = &path[1..];
        }
    }
    kept.push_str(rest);
    kept
}

/// A slash within a word (`km/h`, `a//b`, `http://`) begins no path.
fn begins_path(before: Option<char>, path: &str) -> bool {
    let free = before.is_none_or(|c| !(c.is_alphanumeric() || "/._-~)]".contains(c)));
    let url = before == Some(':') && path.starts_with("//");
    let named = path[1..].starts_with(|c: char| c.is_alphanumeric() || "._-~".contains(c));
    free && named && !url
}

/// A quoted path ends at its quote, any other at a blank or a bracket.
fn path_end(path: &str, before: Option<char>) -> usize {
    let quoted = before.filter(|quote| "'\"`".contains(*quote));
    let closing = quoted.and_then(|quote| path.find(quote));
    closing.unwrap_or_else(|| {
        path.find(|c: char| c.is_whitespace() || "'\"`,;:()[]{}<>".contains(c))
            .unwrap_or(path.len())
    })
}

/// How a process ended, in words.
pub(crate) fn exit_words(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match (status.code(), status.signal()) {
        (Some(code), _) => format!("it exited with code {code}"),
        (None, Some(signal)) => match signal_name(signal) {
            Some(name) => format!("it was killed by signal {signal} ({name})"),
            None => format!("it was killed by signal {signal}"),
        },
        (None, None) => "it ended".to_owned(),
    }
}

fn signal_name(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP",
        2 => "SIGINT",
        4 => "SIGILL, an instruction this processor lacks",
        6 => "SIGABRT",
        7 => "SIGBUS",
        8 => "SIGFPE",
        9 => "SIGKILL, by hand or for want of memory",
        11 => "SIGSEGV, a fault in native code",
        15 => "SIGTERM",
        24 => "SIGXCPU",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_cut_to_their_last_component() {
        for (text, told) in [
            ("no such file: '/srv/models/a b.pkl'", "no such file: 'a b.pkl'"),
            ("/etc/passwd", "passwd"),
            ("in /opt/x/y.py, line 3", "in y.py, line 3"),
            ("(/a/b/) and \"/c/d\"", "(b) and \"d\""),
            ("120 km/h, http://host/path, 1 / 2, a//b", "120 km/h, http://host/path, 1 / 2, a//b"),
            ("at /usr/lib:/usr/share", "at lib:share"),
            ("unclosed '/a/b c", "unclosed 'b c"),
            ("/", "/"),
            ("é/ü", "é/ü"),
        ] {
            assert_eq!(without_paths(text), told, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_without_panic(text in "[/'\"a: é(]{0,40}") {
            proptest::prop_assert!(without_paths(&text).len() <= text.len());
        }
    }

    #[test]
    fn messages_are_bounded_and_keep_their_type() {
        let raised = Raised {
            fault: Fault::Input,
            kind: "ValueError".to_owned(),
            message: "ü".repeat(5_000),
            trace: "trace of /srv/x.py".to_owned(),
        };
        let error = of_raised(raised);
        assert_eq!(error.code(), Code::ModelRejected);
        assert!(error.message().starts_with("ValueError: üü"));
        assert_eq!(error.message().chars().count(), MAX_MESSAGE_CHARS + 4);
        assert_eq!(error.detail(), Some("trace of /srv/x.py"));
    }
}
