//! Days and times of Parquet as ISO 8601 text, for columns that are copied to the output.
//!
//! Must not know time zones: Parquet's times are UTC or local, and are written as they stand.

use std::fmt::Write as _;

/// Units of a time of day or a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Millis,
    Micros,
    Nanos,
}

impl Unit {
    pub(crate) const fn per_second(self) -> i64 {
        match self {
            Self::Millis => 1_000,
            Self::Micros => 1_000_000,
            Self::Nanos => 1_000_000_000,
        }
    }

    const fn digits(self) -> usize {
        match self {
            Self::Millis => 3,
            Self::Micros => 6,
            Self::Nanos => 9,
        }
    }
}

/// `2013-08-31`, days since 1970.
pub(crate) fn date(days: i64) -> String {
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// `2013-08-31T10:00:00`, with the fraction where there is one.
pub(crate) fn timestamp(moment: i64, unit: Unit) -> String {
    let (seconds, fraction) =
        (moment.div_euclid(unit.per_second()), moment.rem_euclid(unit.per_second()));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let mut text = date(days);
    let _ = write!(text, "T{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
    if fraction != 0 {
        let digits = format!("{fraction:0width$}", width = unit.digits());
        let _ = write!(text, ".{}", digits.trim_end_matches('0'));
    }
    text
}

/// Year, month and day of the proleptic Gregorian calendar: eras of 400 years, years from March.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_moments_are_those_of_the_calendar() {
        for (days, text) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (15_948, "2013-08-31"),
            (11_016, "2000-02-29"),
            (47_541, "2100-03-01"),
            (-719_162, "0001-01-01"),
        ] {
            assert_eq!(date(days), text);
        }
        assert_eq!(timestamp(1_377_943_200_500, Unit::Millis), "2013-08-31T10:00:00.5");
        assert_eq!(timestamp(-1, Unit::Nanos), "1969-12-31T23:59:59.999999999");
    }
}
