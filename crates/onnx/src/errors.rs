//! ONNX Runtime's errors as Pelton's. Its messages name nodes, source files and places of files,
//! which clients are not told; the log gets the whole.

use pelton_core::{Code, Error};

/// Characters of a message that a client is told.
const MESSAGE_CHARS: usize = 300;

/// What stands before the message of a failed operator.
const STATUS: &str = "Status Message: ";

/// The error of a run.
pub(crate) fn run_failed(error: &ort::Error) -> Error {
    let rejected = error.code() == ort::ErrorCode::InvalidArgument;
    of_message(rejected, error.message())
}

fn of_message(rejected: bool, message: &str) -> Error {
    let reason = told(message);
    let (code, what) = if rejected {
        (Code::ModelRejected, "the model refused its input")
    } else {
        (Code::ModelRaised, "the model failed")
    };
    let text = if reason.is_empty() { what.to_owned() } else { format!("{what}: {reason}") };
    Error::new(code, text).with_detail(message)
}

/// Any other error of ONNX Runtime's, for the operator.
pub(crate) fn plain<T>(error: &ort::Error<T>) -> String {
    without_code(&error.message().split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A message without the places of code in it: `FILE.cc:LINE FUNCTION REASON`, or `FILE.h:LINE`.
fn without_code(message: &str) -> String {
    let is_place = |at: &usize| {
        let rest = &message[*at..];
        let line = rest.strip_prefix(".cc:").or_else(|| rest.strip_prefix(".h:"));
        line.is_some_and(|line| line.starts_with(|digit: char| digit.is_ascii_digit()))
    };
    let Some(at) = message.match_indices('.').map(|(at, _)| at).find(is_place) else {
        return message.to_owned();
    };
    let file = message[..at].rfind(' ').map_or(0, |space| space + 1);
    let rest = message[at..].split_once(' ').map_or("", |(_, rest)| rest);
    let reason = without_function(rest).map_or(rest, str::trim_start);
    format!("{}{}", &message[..file], without_code(reason))
}

/// What follows `TYPE NAME(PARAMETERS) const [with T = X]`, if the text begins with such a thing.
fn without_function(text: &str) -> Option<&str> {
    let rest = after_closing(text, text.find('(')?)?;
    // `::<lambda(...)>`, or nothing.
    let rest = &rest[rest.find(' ').unwrap_or(rest.len())..];
    let rest = rest.strip_prefix(" const").unwrap_or(rest);
    match rest.strip_prefix(" [with ") {
        Some(_) => after_closing(rest, 1),
        None => Some(rest),
    }
}

/// What follows the bracket that closes the one at this place.
fn after_closing(text: &str, open: usize) -> Option<&str> {
    let mut depth = 0_usize;
    for (place, letter) in text[open..].char_indices() {
        match letter {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.checked_sub(1)?,
            _ => {}
        }
        if depth == 0 {
            return Some(&text[open + place + 1..]);
        }
    }
    None
}

/// The part of a message that says what is wrong, without paths and names of code.
fn told(message: &str) -> String {
    let message = message.rsplit_once(STATUS).map_or(message, |(_, reason)| reason);
    // `/src/op.cc:83 Status f(T) [with T = x] cond was false. Reason`: the reason is last.
    let message = message.rsplit_once(" was false. ").map_or(message, |(_, reason)| reason);
    let is_internal = |word: &&str| {
        word.contains('/') || word.contains("::") || word.contains(".cc:") || word.contains('\\')
    };
    let words: Vec<&str> = message.split_whitespace().filter(|word| !is_internal(word)).collect();
    let mut text = words.join(" ");
    if let Some((cut, _)) = text.char_indices().nth(MESSAGE_CHARS) {
        text.truncate(cut);
    }
    let text = text.trim_end_matches('.');
    let mut letters = text.chars();
    // A sentence starts small here; an abbreviation stays what it is.
    match (letters.next(), letters.clone().next()) {
        (Some(first), second)
            if first.is_ascii_uppercase() && second.is_none_or(|c| !c.is_ascii_uppercase()) =>
        {
            format!("{}{}", first.to_ascii_lowercase(), letters.as_str())
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operators_are_told_no_places_of_code() {
        let locale = "Exception during initialization: /src/core/string_normalizer.cc:235 \
                      onnxruntime::StringNormalizer::Locale::Locale(const std::string&)::<lambda()> \
                      Failed to construct locale with name:en_US.UTF-8:name not valid:Please, install";
        assert_eq!(
            without_code(locale),
            "Exception during initialization: Failed to construct locale with \
             name:en_US.UTF-8:name not valid:Please, install"
        );
        let nested = "/a/model.cc:256 ort::Model::Model(Proto&&, const std::pair<A (*)(), B>&) const \
                      [with T = V<(X)1>] Unsupported model IR version: 99 (max 13)";
        assert_eq!(without_code(nested), "Unsupported model IR version: 99 (max 13)");
        let of_header =
            "/a/load_utils.h:46 void utils::Validate(const std::map<int>&, int) Opset 99 is new";
        assert_eq!(without_code(of_header), "Opset 99 is new");
        assert_eq!(without_code("file.h: is 3.cc: a"), "file.h: is 3.cc: a");
        let glued = "Deserialize tensor w failed.tensor.cc:2201 weights are short";
        assert_eq!(without_code(glued), "Deserialize tensor w weights are short");
        assert_eq!(without_code("/a.cc:1"), "");
        assert_eq!(without_code("/a.cc:1 f(((("), "f((((");
    }

    #[test]
    fn clients_are_told_the_reason_and_no_place() {
        let error = of_message(
            true,
            "Non-zero status code returned while running Gather node. Name:'/layers/0/Gather' \
             Status Message: indices element out of data bounds, idx=9 must be within the \
             inclusive range [-4,3]",
        );
        assert_eq!(error.code(), Code::ModelRejected);
        assert_eq!(
            error.message(),
            "the model refused its input: indices element out of data bounds, idx=9 must be \
             within the inclusive range [-4,3]"
        );
        assert!(error.detail().is_some_and(|detail| detail.contains("/layers/0")));
        let error = of_message(
            false,
            "Non-zero status code returned while running OneHotEncoder node. Status Message: \
             /src/core/one_hot.cc:92 virtual Status f() num_categories_ > 0 was false. Unknown \
             Category and zeros = 0.",
        );
        assert_eq!(error.message(), "the model failed: unknown Category and zeros = 0");
        assert_eq!(of_message(false, "/a/b.cc:1").message(), "the model failed");
    }
}
