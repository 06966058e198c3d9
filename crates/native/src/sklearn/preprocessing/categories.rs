//! [`Categories`]: the values an encoder knows in a column, found by value.
//!
//! Source: `sklearn.utils._encode` and `preprocessing._encoders._BaseEncoder._transform` (1.2 to 1.9):
//! texts and objects compare as Python's `==` does (1 = 1.0 = True, '1' is another), numbers as f64.
//! Must not know what becomes of a category.

use pelton_pickle::{Array, DTypeKind, Value};

use crate::data::{Column, Data, number_among};
use crate::estimator::Rejected;
use crate::inputs::{Evidence, Example};
use crate::reader::{Fitted, Refusal};
use crate::sklearn::text_index::{TextIndex, UNKNOWN};

/// The known values of one column, numbered from 0. A value that is not known has the number
/// [`Categories::len`].
pub(super) struct Categories {
    len: u32,
    texts: TextIndex,
    /// In ascending order.
    numbers: Vec<(f64, u32)>,
    /// The same, where all are integers.
    integers: Option<Vec<(i64, u32)>>,
    /// What is missing in a column of text, or of numbers that are objects in Python.
    missing: u32,
    nan: u32,
    /// Whether Python has the values as an array of numbers, which refuses infinities.
    plain: bool,
    /// Whether None is one of them, and NaN is not.
    none: bool,
    kind: Values,
    example: Option<Example>,
}

/// What the present values are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Values {
    None,
    Text,
    Numbers,
    Mixed,
}

/// One value as the file holds it.
enum Category {
    Text(String),
    Integer(i64),
    Bool(bool),
    Float(f64),
    None,
}

impl Categories {
    /// Reads an entry of `categories_`.
    ///
    /// # Errors
    /// A value is neither text, number, bool nor missing.
    pub(super) fn read(fitted: &Fitted<'_>, value: Value<'_>) -> Result<Self, Refusal> {
        let values = values(value).ok_or_else(|| {
            let kind = value.as_array().map(|array| array.dtype().kind());
            fitted.refuse_option(match kind {
                Some(DTypeKind::DateTime | DTypeKind::TimeDelta) => {
                    "categories that are dates or times".to_owned()
                }
                Some(_) if value.as_array().is_some_and(|array| holds_times(array)) => {
                    "categories that are dates or times".to_owned()
                }
                _ => format!("categories that are {}", value.describe()),
            })
        })?;
        let plain = value.as_array().is_some_and(|array| {
            !matches!(array.dtype().kind(), DTypeKind::Object | DTypeKind::Str | DTypeKind::Bytes)
        });
        Ok(Self::new(&values, plain))
    }

    fn new(values: &[Category], plain: bool) -> Self {
        let len = values.len() as u32;
        let (mut numbers, mut integers, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        let (mut nan, mut none) = (len, None);
        for (value, number) in values.iter().zip(0..) {
            match value {
                Category::Text(text) => texts.push((text.as_bytes(), number)),
                Category::Integer(value) => {
                    integers.push((*value, number));
                    numbers.push((*value as f64, number));
                }
                Category::Bool(value) => {
                    integers.push((i64::from(*value), number));
                    numbers.push((f64::from(u8::from(*value)), number));
                }
                Category::Float(value) if value.is_nan() => nan = number,
                Category::Float(value) => numbers.push((*value, number)),
                Category::None => none = Some(number),
            }
        }
        let all_integers = integers.len() == numbers.len();
        // Of equal values the last one counts, as in a dict.
        numbers.sort_by(|a, b| a.0.total_cmp(&b.0));
        numbers.reverse();
        numbers.dedup_by(|later, kept| later.0 == kept.0);
        numbers.reverse();
        integers.sort_unstable();
        let kind = match (texts.is_empty(), numbers.is_empty()) {
            (true, true) => Values::None,
            (false, true) => Values::Text,
            (true, false) => Values::Numbers,
            (false, false) => Values::Mixed,
        };
        Self {
            len,
            texts: TextIndex::new(texts.into_iter()),
            numbers,
            integers: all_integers.then_some(integers),
            missing: if nan == len { none.unwrap_or(len) } else { nan },
            nan: if plain || nan != len { nan } else { none.unwrap_or(len) },
            plain,
            none: none.is_some() && nan == len,
            kind,
            example: values.iter().find_map(Category::example),
        }
    }

    /// How many there are, and the number of an unknown value.
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether None is one of them, told apart from NaN.
    pub(super) fn knows_none(&self) -> bool {
        self.none
    }

    /// The category that missing values are of.
    pub(super) fn missing_number(&self) -> Option<usize> {
        (self.missing != self.len).then_some(self.missing as usize)
    }

    /// Calls `each` with every row of a column and the number of its value.
    ///
    /// # Errors
    /// `each` fails, or a value is infinite where numbers are expected.
    pub(super) fn find(
        &self,
        column: Column<'_>,
        mut each: impl FnMut(usize, u32) -> Result<(), Rejected>,
    ) -> Result<(), Rejected> {
        match column {
            Column::Text(texts) => {
                for (row, text) in texts.iter().enumerate() {
                    match text.and_then(number_among) {
                        Some(number) => each(row, self.of_number(number)?)?,
                        None => each(row, self.of_text(text))?,
                    }
                }
            }
            Column::F64(values) => {
                for (row, value) in values.iter().enumerate() {
                    each(row, self.of_number(*value)?)?;
                }
            }
            Column::F32(values) => {
                for (row, value) in values.iter().enumerate() {
                    each(row, self.of_number(f64::from(*value))?)?;
                }
            }
            Column::I64(values) => {
                for (row, value) in values.iter().enumerate() {
                    each(row, self.of_integer(*value))?;
                }
            }
            Column::Bool(values) => {
                for (row, value) in values.iter().enumerate() {
                    each(row, self.of_integer(i64::from(*value)))?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn of_text(&self, text: Option<&[u8]>) -> u32 {
        let Some(text) = text else { return self.missing };
        self.texts.get(text).min(self.len)
    }

    /// # Errors
    /// The number is infinite and known ones are plain numbers.
    #[inline]
    fn of_number(&self, value: f64) -> Result<u32, Rejected> {
        if !value.is_finite() {
            if value.is_nan() {
                return Ok(self.nan);
            }
            if self.plain {
                return Err(Rejected::new("input contains infinity"));
            }
        }
        let at = self.numbers.partition_point(|known| known.0 < value);
        Ok(self.numbers.get(at).filter(|known| known.0 == value).map_or(self.len, |known| known.1))
    }

    #[inline]
    fn of_integer(&self, value: i64) -> u32 {
        let Some(known) = &self.integers else {
            return self.of_number(value as f64).expect("integers are finite");
        };
        // The last of equal ones.
        let end = known.partition_point(|known| known.0 <= value);
        known[..end].last().filter(|known| known.0 == value).map_or(self.len, |known| known.1)
    }

    /// Notes what its column takes.
    pub(super) fn judge(&self, column: Option<usize>, evidence: &mut Evidence) {
        match (self.kind, &self.example) {
            (Values::Text, Some(Example::Text(text))) => evidence.add_text(column, text),
            (Values::Numbers, Some(example)) => evidence.add_number(column, example.clone()),
            (Values::Mixed, example) => evidence.add_mixed(column, example.clone()),
            _ => {}
        }
    }
}

impl Category {
    fn example(&self) -> Option<Example> {
        match self {
            Self::Text(text) => Some(Example::Text(text.clone())),
            Self::Integer(value) => Some(Example::Int(*value)),
            Self::Float(value) if value.is_nan() => None,
            Self::Float(value) => Some(Example::Float(*value)),
            Self::Bool(_) => Some(Example::Other),
            Self::None => None,
        }
    }
}

/// Calls `each` with every column of the rows, whatever their form.
///
/// # Errors
/// `each` fails.
pub(super) fn for_each_column(
    x: &Data<'_>,
    pool: &mut crate::data::Pool,
    mut each: impl FnMut(usize, Column<'_>) -> Result<(), Rejected>,
) -> Result<(), Rejected> {
    if let Data::Columns(columns) = x {
        return columns.iter().enumerate().try_for_each(|(at, column)| each(at, column));
    }
    let (rows, width) = (x.rows(), x.width());
    crate::data::numeric(x, pool, |numbers, pool| {
        let mut room = pool.take_f64(rows);
        for at in 0..width {
            match numbers {
                crate::data::Numbers::F32(view) => {
                    room.iter_mut().zip(view.iter()).for_each(|(out, row)| *out = row[at].into());
                }
                crate::data::Numbers::F64(view) => {
                    room.iter_mut().zip(view.iter()).for_each(|(out, row)| *out = row[at]);
                }
            }
            each(at, Column::F64(&room))?;
        }
        pool.give_f64(room);
        Ok(())
    })
}

/// Reads every entry of `categories_`.
///
/// # Errors
/// As [`Categories::read`].
pub(super) fn read_all(fitted: &Fitted<'_>) -> Result<Vec<Categories>, Refusal> {
    let listed = fitted.attr("categories_")?;
    let items = listed.items().map_err(|error| fitted.refuse(error))?;
    items.map(|item| Categories::read(fitted, item)).collect()
}

fn values(value: Value<'_>) -> Option<Vec<Category>> {
    let Some(array) = value.as_array() else {
        return value.items().ok()?.map(of_object).collect();
    };
    if array.dtype().kind() == DTypeKind::Object {
        return array.items().ok()?.map(of_object).collect();
    }
    of_array(array)
}

/// Whether one of an array's objects is a date or a time.
fn holds_times(array: Array<'_>) -> bool {
    let is_time = |value: Value<'_>| {
        value.class().is_some_and(|class| {
            class.module == "datetime" || matches!(class.name, "Timestamp" | "_unpickle_timestamp")
        })
    };
    array.items().is_ok_and(|mut items| items.any(is_time))
}

fn of_array(array: Array<'_>) -> Option<Vec<Category>> {
    Some(match array.dtype().kind() {
        DTypeKind::Bool => array.to_bool_vec().ok()?.into_iter().map(Category::Bool).collect(),
        DTypeKind::Int | DTypeKind::UInt => {
            array.to_i64_vec().ok()?.into_iter().map(Category::Integer).collect()
        }
        DTypeKind::Float => array.to_f64_vec().ok()?.into_iter().map(Category::Float).collect(),
        DTypeKind::Str => array.to_strings().ok()?.into_iter().map(Category::Text).collect(),
        _ => return None,
    })
}

fn of_object(value: Value<'_>) -> Option<Category> {
    if value.is_none() {
        return Some(Category::None);
    }
    if let Some(text) = value.as_str() {
        return Some(Category::Text(text.to_owned()));
    }
    if let Some(value) = value.as_bool() {
        return Some(Category::Bool(value));
    }
    if let Some(array) = value.as_array() {
        return of_array(array)?.into_iter().next();
    }
    let integer = value.as_i64().map(Category::Integer);
    integer.or_else(|| value.as_f64().map(Category::Float))
}

const _: () = assert!(UNKNOWN == u32::MAX, "an unknown text's number is beyond every category's");

#[cfg(test)]
mod tests {
    use super::*;

    fn found(categories: &Categories, column: Column<'_>) -> Vec<u32> {
        let mut all = Vec::new();
        categories
            .find(column, |_, number| {
                all.push(number);
                Ok(())
            })
            .expect("finite values");
        all
    }

    #[test]
    fn objects_compare_as_in_python() {
        let text = |text: &str| Category::Text(text.to_owned());
        let values =
            [text("1"), Category::Integer(1), Category::Float(2.5), Category::None, text("")];
        let mixed = Categories::new(&values, false);
        assert_eq!(found(&mixed, Column::F64(&[1.0, 2.5, -0.0, f64::NAN])), [1, 2, 5, 3]);
        assert_eq!(found(&mixed, Column::Bool(&[0, 1])), [5, 1]);
        assert_eq!(found(&mixed, Column::I64(&[1, 2])), [1, 5]);
        let zeros = Categories::new(&[Category::Float(0.0), Category::Float(f64::NAN)], true);
        assert_eq!(found(&zeros, Column::F64(&[-0.0, f64::NAN, 1.0])), [0, 1, 2]);
        assert!(zeros.find(Column::F64(&[f64::INFINITY]), |_, _| Ok(())).is_err());
    }

    #[test]
    fn integers_beyond_a_floats_precision_are_told_apart() {
        let large = 1_i64 << 53;
        let known = [Category::Integer(large), Category::Integer(large + 1)];
        assert_eq!(found(&Categories::new(&known, true), Column::I64(&[large + 1, large])), [1, 0]);
    }
}
