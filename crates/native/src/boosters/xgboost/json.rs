//! What XGBoost's JSON has beyond the standard: `NaN` and `Infinity`.
//!
//! Must not know the model's fields.

use std::borrow::Cow;

/// The same JSON with `NaN` as `null`, and `Infinity` as a number too large to be read: where it is
/// skipped it does no harm, and where it is needed there is an error.
pub(super) fn standard(json: &[u8]) -> Cow<'_, [u8]> {
    let mut out = Vec::new();
    let (mut copied, mut at) = (0, 0);
    while let Some(byte) = json.get(at) {
        let (word, stands_for): (&[u8], &[u8]) = match byte {
            b'"' => {
                at = end_of_text(json, at);
                continue;
            }
            b'N' => (b"NaN", b"null"),
            b'I' => (b"Infinity", b"1e999"),
            _ => {
                at += 1;
                continue;
            }
        };
        if json[at..].starts_with(word) {
            out.extend_from_slice(&json[copied..at]);
            out.extend_from_slice(stands_for);
            at += word.len();
            copied = at;
        } else {
            at += 1;
        }
    }
    if copied == 0 {
        return Cow::Borrowed(json);
    }
    out.extend_from_slice(&json[copied..]);
    Cow::Owned(out)
}

/// The position behind the text whose opening quote is at `begin`.
fn end_of_text(json: &[u8], begin: usize) -> usize {
    let mut at = begin + 1;
    while let Some(byte) = json.get(at) {
        match byte {
            b'"' => return at + 1,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
    json.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_outside_texts_are_replaced() {
        let json = br#"{"NaN \" NaN": [NaN, -Infinity, "Infinity\\", 1]}"#;
        let wanted = br#"{"NaN \" NaN": [null, -1e999, "Infinity\\", 1]}"#;
        assert_eq!(standard(json).as_ref(), wanted);
        assert_eq!(standard(b"[NaNaN, NNaN]").as_ref(), b"[nullaN, Nnull]");
        assert_eq!(standard(b"\"NaN").as_ref(), b"\"NaN");
        assert_eq!(standard(b"[1] \"a\\").as_ref(), b"[1] \"a\\");
    }
}
