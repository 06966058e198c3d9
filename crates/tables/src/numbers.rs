//! Text to numbers and back.
//!
//! Numbers are read as correctly rounded and written as the shortest text that reads back to the
//! same bits.

use std::fmt::Write as _;

/// A number in a text field: what `float()` of Python takes, and `true` and `false`.
pub(crate) fn parse_float(text: &[u8]) -> Option<f64> {
    parse_float_text(std::str::from_utf8(text).ok()?)
}

/// The same of text that is known to be UTF-8.
#[inline]
pub(crate) fn parse_float_text(text: &str) -> Option<f64> {
    text.parse().ok().or_else(|| parse_spaced(text))
}

/// With white space around it, or a truth.
#[cold]
fn parse_spaced(text: &str) -> Option<f64> {
    let text = text.trim_ascii();
    text.parse().ok().or_else(|| parse_bool(text.as_bytes()).map(f64::from))
}

/// A whole number in a text field, also one written as `3.0`.
pub(crate) fn parse_int(text: &[u8]) -> Option<i64> {
    let trimmed = std::str::from_utf8(text.trim_ascii()).ok()?;
    trimmed.parse::<i64>().ok().or_else(|| whole(parse_float(text)?))
}

/// `true` or `false`, as Python, pandas and JSON write them.
pub(crate) fn parse_bool(text: &[u8]) -> Option<bool> {
    match text.trim_ascii() {
        b"true" | b"True" | b"TRUE" => Some(true),
        b"false" | b"False" | b"FALSE" => Some(false),
        _ => None,
    }
}

/// A float without a fraction, where it is exact.
pub(crate) fn whole(number: f64) -> Option<i64> {
    // 2^53: beyond it a float no longer tells neighbouring integers apart.
    let exact = number.abs() <= 9_007_199_254_740_992.0 && number.fract() == 0.0;
    exact.then_some(number as i64)
}

/// Whether a text stands for a missing number: nothing, or what tools write for it.
pub(crate) fn is_missing_number(text: &[u8]) -> bool {
    let text = text.trim_ascii();
    text.is_empty()
        || ["na", "n/a", "nan", "null", "none", "<na>", "#n/a", "."]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word.as_bytes()))
}

/// Shortest text that reads back to the same bits, as Python's `repr` writes it, `nan` and `inf`
/// included.
pub(crate) fn write_float(number: f64, text: &mut String) {
    // Where zmij and the standard library, which takes longer, agree on when to write an exponent.
    let size = number.abs();
    if (1e-4..1e15).contains(&size) || (f64::MIN_POSITIVE..9e-6).contains(&size) {
        text.push_str(zmij::Buffer::new().format_finite(number));
    } else if number.is_nan() {
        text.push_str("nan");
    } else {
        let _ = write!(text, "{number:?}");
    }
}

/// The same for single precision.
pub(crate) fn write_single(number: f32, text: &mut String) {
    if (1e-4..1e12).contains(&number.abs()) {
        text.push_str(zmij::Buffer::new().format_finite(number));
    } else if number.is_nan() {
        text.push_str("nan");
    } else {
        let _ = write!(text, "{number:?}");
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_numbers_or_not() {
        assert_eq!(parse_float(b" 1e3 "), Some(1000.0));
        assert_eq!(parse_float(b"-inf"), Some(f64::NEG_INFINITY));
        assert_eq!(parse_float(b"True"), Some(1.0));
        for bad in [&b"3,14"[..], b"1 000", b"0x1f", b"", b"\xff", b"one"] {
            assert_eq!(parse_float(bad), None, "{bad:?}");
        }
        assert_eq!(parse_int(b"9007199254740993"), Some(9_007_199_254_740_993));
        assert_eq!(parse_int(b"3.0"), Some(3));
        assert_eq!(parse_int(b"3.5"), None);
        assert!(is_missing_number(b" ") && is_missing_number(b"NaN") && !is_missing_number(b"0"));
    }

    proptest! {
        /// Of two shortest texts as near, Python and zmij take the even one, the standard library not.
        #[test]
        fn floats_are_as_short_as_the_standard_library_has_them(
            bits in any::<u64>(), near in -1e17..1e17,
        ) {
            for number in [f64::from_bits(bits), near, near.trunc(), near / 1e16, near / 1e21] {
                let (mut text, mut single) = (String::new(), String::new());
                write_float(number, &mut text);
                prop_assert_eq!(text.len(), format!("{number:?}").len());
                prop_assert!(number.is_nan() || parse_float(text.as_bytes()) == Some(number));
                let number = number as f32;
                write_single(number, &mut single);
                prop_assert_eq!(single.len(), format!("{number:?}").len());
                prop_assert!(number.is_nan() || single.parse() == Ok(number));
            }
        }

        #[test]
        fn written_floats_read_back_to_the_same_bits(bits in any::<u64>()) {
            let number = f64::from_bits(bits);
            let mut text = String::new();
            write_float(number, &mut text);
            let back = parse_float(text.as_bytes()).expect("a number");
            prop_assert!(back.to_bits() == bits || number.is_nan() && back.is_nan());
        }
    }
}
