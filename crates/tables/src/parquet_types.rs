//! Parquet's types to kinds of cells, and decoded values to columns.
//!
//! Must not read files. Days, times and decimals become text, exactly: models take them as numbers
//! only where they are read as such.

use half::f16;
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::data_type::{ByteArray, Int96};
use parquet::schema::types::ColumnDescriptor;

use crate::cell::{Kind, Texts, Values};
use crate::date::{Unit, date, timestamp};

/// How to read the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reading {
    Bool,
    Int,
    /// Unsigned; beyond 63 bits as text.
    UInt,
    Single,
    Float,
    Half,
    Text,
    Date,
    Timestamp(Unit),
    /// Nanoseconds and a Julian day.
    OldTimestamp,
    Decimal(i32),
}

impl Reading {
    /// How to read a column; `None` where no model and no output takes such values.
    pub(crate) fn of(column: &ColumnDescriptor) -> Option<Self> {
        let logical = column.logical_type_ref();
        let converted = column.converted_type();
        if let Some(LogicalType::Decimal(decimal)) = logical {
            return Some(Self::Decimal(decimal.scale));
        }
        if converted == ConvertedType::DECIMAL {
            return Some(Self::Decimal(column.type_scale()));
        }
        Some(match column.physical_type() {
            Physical::BOOLEAN => Self::Bool,
            Physical::FLOAT => Self::Single,
            Physical::DOUBLE => Self::Float,
            Physical::BYTE_ARRAY => Self::Text,
            Physical::INT96 => Self::OldTimestamp,
            Physical::FIXED_LEN_BYTE_ARRAY => match logical {
                Some(LogicalType::Float16) => Self::Half,
                _ => return None,
            },
            Physical::INT32 | Physical::INT64 => return Self::of_integer(logical, converted),
        })
    }

    fn of_integer(logical: Option<&LogicalType>, converted: ConvertedType) -> Option<Self> {
        use ConvertedType as C;
        Some(match (logical, converted) {
            (Some(LogicalType::Integer(int)), _) if int.is_signed => Self::Int,
            (Some(LogicalType::Date), _) | (None, C::DATE) => Self::Date,
            (Some(LogicalType::Timestamp(timestamp)), _) => Self::Timestamp(match timestamp.unit {
                TimeUnit::MILLIS => Unit::Millis,
                TimeUnit::MICROS => Unit::Micros,
                TimeUnit::NANOS => Unit::Nanos,
            }),
            (None, C::TIMESTAMP_MILLIS) => Self::Timestamp(Unit::Millis),
            (None, C::TIMESTAMP_MICROS) => Self::Timestamp(Unit::Micros),
            (Some(LogicalType::Integer(_)), _)
            | (None, C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64) => Self::UInt,
            (None, C::NONE | C::INT_8 | C::INT_16 | C::INT_32 | C::INT_64) => Self::Int,
            _ => return None,
        })
    }

    pub(crate) const fn kind(self) -> Kind {
        match self {
            Self::Bool => Kind::Bool,
            Self::Int | Self::UInt => Kind::Int,
            Self::Single => Kind::Single,
            Self::Float | Self::Half => Kind::Float,
            // A decimal is text that may be a number.
            Self::Decimal(_) => Kind::Untyped,
            Self::Text | Self::Date | Self::Timestamp(_) | Self::OldTimestamp => Kind::Text,
        }
    }

    pub(crate) fn bools(values: Vec<bool>) -> Values {
        Values::Bool(values)
    }

    pub(crate) fn singles(values: Vec<f32>) -> Values {
        Values::Single(values)
    }

    pub(crate) fn floats(values: Vec<f64>) -> Values {
        Values::Float(values)
    }

    pub(crate) fn narrow_integers(self, values: &[i32]) -> Values {
        let unsigned = self == Self::UInt;
        let wide = |value: &i32| {
            if unsigned { i64::from(value.cast_unsigned()) } else { i64::from(*value) }
        };
        self.integers(values.iter().map(wide).collect())
    }

    /// # Panics
    /// Never: unsigned numbers beyond 63 bits were refused by [`Reading::fits`].
    pub(crate) fn integers(self, values: Vec<i64>) -> Values {
        match self {
            Self::Date => texts(values.into_iter().map(date)),
            Self::Timestamp(unit) => texts(values.into_iter().map(|value| timestamp(value, unit))),
            Self::Decimal(scale) => {
                texts(values.into_iter().map(|value| decimal(i128::from(value), scale)))
            }
            _ => Values::Int(values),
        }
    }

    /// Whether 64-bit values are what they are taken for.
    pub(crate) fn fits(self, values: &[i64]) -> bool {
        self != Self::UInt || values.iter().all(|value| *value >= 0)
    }

    pub(crate) fn old_timestamps(values: &[Int96]) -> Values {
        // 2440588 is the Julian day of 1970-01-01.
        texts(values.iter().map(|value| {
            let words = value.data();
            let nanos = i64::from(words[0]) | i64::from(words[1]) << 32;
            let days = i64::from(words[2]) - 2_440_588;
            let seconds = days * 86_400 + nanos.div_euclid(1_000_000_000);
            let moment = seconds * 1_000_000 + nanos.rem_euclid(1_000_000_000) / 1000;
            timestamp(moment, Unit::Micros)
        }))
    }

    /// `None` when a value has not the bytes of its type.
    pub(crate) fn byte_arrays<'a>(
        self,
        values: impl Iterator<Item = &'a ByteArray>,
    ) -> Option<Values> {
        let mut found = Texts::default();
        let mut halves = Vec::new();
        for value in values {
            let bytes = value.data();
            match self {
                Self::Decimal(scale) => found.push(decimal(big_endian(bytes)?, scale).as_bytes()),
                Self::Half => halves.push(f16::from_le_bytes(bytes.try_into().ok()?).to_f64()),
                _ => found.push(bytes),
            }
        }
        Some(if self == Self::Half { Values::Float(halves) } else { Values::Text(found) })
    }
}

fn texts(values: impl Iterator<Item = String>) -> Values {
    let mut texts = Texts::default();
    values.for_each(|text| texts.push(text.as_bytes()));
    Values::Text(texts)
}

/// A number in two's complement, high byte first.
fn big_endian(bytes: &[u8]) -> Option<i128> {
    let first = *bytes.first()?;
    if bytes.len() > 16 {
        return None;
    }
    let mut value: i128 = if first & 0x80 == 0 { 0 } else { -1 };
    for byte in bytes {
        value = value << 8 | i128::from(*byte);
    }
    Some(value)
}

/// `-12.30` from -1230 and 2.
fn decimal(unscaled: i128, scale: i32) -> String {
    let scale = usize::try_from(scale).unwrap_or_default();
    if scale == 0 {
        return unscaled.to_string();
    }
    let sign = if unscaled < 0 { "-" } else { "" };
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_written_out() {
        assert_eq!(decimal(-1230, 2), "-12.30");
        assert_eq!(decimal(5, 3), "0.005");
        assert_eq!(decimal(7, 0), "7");
        assert_eq!(big_endian(&[0xff, 0xfe]), Some(-2));
        assert_eq!(big_endian(&[]), None);
    }
}
