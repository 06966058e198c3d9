//! numpy's dtypes: what one element of an array is, records with named fields included.
//!
//! Built from the text forms (`<f8`, `U5`) and from the pieces a pickle or an npy header gives;
//! sizes and offsets are checked here, so that readers of elements need not.

use std::fmt;
use std::sync::Arc;

/// What one element of an array is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DType {
    pub(crate) kind: DTypeKind,
    pub(crate) size: usize,
    pub(crate) big_endian: bool,
    pub(crate) fields: Vec<Field>,
    pub(crate) unit: Option<String>,
    depth: usize,
}

/// The kinds of dtype.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DTypeKind {
    /// One byte, 0 or 1.
    Bool,
    /// Signed integer of 1, 2, 4 or 8 bytes.
    Int,
    /// Unsigned integer of 1, 2, 4 or 8 bytes.
    UInt,
    /// IEEE float of 2, 4 or 8 bytes; 12 or 16 for C's `long double`.
    Float,
    /// Two floats.
    Complex,
    /// `S`: bytes, zero-padded.
    Bytes,
    /// `U`: text of 4 bytes a character, zero-padded.
    Str,
    /// `V` without fields, and fields that are arrays themselves.
    Void,
    /// Named fields.
    Record,
    /// Python objects.
    Object,
    /// `M8`: a point in time, an integer of some unit.
    DateTime,
    /// `m8`: a span of time.
    TimeDelta,
}

/// A named field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// Its first byte, counted from the start of the record.
    pub offset: usize,
    /// What it holds.
    pub dtype: Arc<DType>,
}

/// Records inside records: deeper ones are refused.
const MAX_DEPTH: usize = 8;

/// Elements larger than this are a lie or a mistake.
const MAX_SIZE: usize = 1 << 30;

impl DType {
    /// What kind it is.
    pub fn kind(&self) -> DTypeKind {
        self.kind
    }

    /// Bytes of one element.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Whether the bytes of a number run from high to low.
    pub fn is_big_endian(&self) -> bool {
        self.big_endian
    }

    /// The fields of a record, in order; empty for anything else.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// The field of this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The unit of a point or span of time (`ns`, `D`, `25s`), if the file says.
    pub fn unit(&self) -> Option<&str> {
        self.unit.as_deref()
    }

    /// Whether elements are Python objects, or records that hold some.
    pub fn has_object(&self) -> bool {
        self.kind == DTypeKind::Object || self.fields.iter().any(|f| f.dtype.has_object())
    }

    fn plain(kind: DTypeKind, size: usize, big_endian: bool) -> Self {
        Self { kind, size, big_endian, fields: Vec::new(), unit: None, depth: 0 }
    }

    /// Reads numpy's text form: `f8`, `<f8`, `|b1`, `U5`, `S3`, `O`, `O8`, `V64`, `M8[ns]`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (order, rest) = match text.as_bytes().first()? {
            b'<' | b'=' | b'|' => (false, &text[1..]),
            b'>' => (true, &text[1..]),
            _ => (false, text),
        };
        let letter = rest.chars().next()?;
        let (digits, unit) = match rest[letter.len_utf8()..].split_once('[') {
            Some((digits, unit)) => (digits, Some(unit.strip_suffix(']')?.to_owned())),
            None => (&rest[letter.len_utf8()..], None),
        };
        let size = if digits.is_empty() { None } else { Some(parse_size(digits)?) };
        let mut dtype = Self::from_letter(letter, size, order)?;
        if unit.is_some() && !matches!(dtype.kind, DTypeKind::DateTime | DTypeKind::TimeDelta) {
            return None;
        }
        dtype.unit = unit;
        Some(dtype)
    }

    fn from_letter(letter: char, size: Option<usize>, big_endian: bool) -> Option<Self> {
        use DTypeKind as K;
        let (kind, size) = match (letter, size) {
            ('b', Some(1)) | ('?', None) => (K::Bool, 1),
            ('i', Some(n @ (1 | 2 | 4 | 8))) => (K::Int, n),
            ('u', Some(n @ (1 | 2 | 4 | 8))) => (K::UInt, n),
            ('f', Some(n @ (2 | 4 | 8 | 12 | 16))) => (K::Float, n),
            ('c', Some(n @ (8 | 16 | 24 | 32))) => (K::Complex, n),
            ('S' | 'a', n) => (K::Bytes, n.unwrap_or(0)),
            ('U', n) => (K::Str, n.unwrap_or(0).checked_mul(4)?),
            ('V', n) => (K::Void, n.unwrap_or(0)),
            ('O', None | Some(4 | 8)) => (K::Object, 8),
            ('M', Some(8)) => (K::DateTime, 8),
            ('m', Some(8)) => (K::TimeDelta, 8),
            // The one-letter codes of C types.
            ('b', None) => (K::Int, 1),
            ('B', None) => (K::UInt, 1),
            ('h', None) => (K::Int, 2),
            ('H', None) => (K::UInt, 2),
            ('i', None) => (K::Int, 4),
            ('I', None) => (K::UInt, 4),
            ('l' | 'q' | 'p', None) => (K::Int, 8),
            ('L' | 'Q' | 'P', None) => (K::UInt, 8),
            ('e', None) => (K::Float, 2),
            ('f', None) => (K::Float, 4),
            ('d', None) => (K::Float, 8),
            ('g', None) => (K::Float, 16),
            ('F', None) => (K::Complex, 8),
            ('D', None) => (K::Complex, 16),
            _ => return None,
        };
        (size <= MAX_SIZE).then(|| Self::plain(kind, size, big_endian && size > 1))
    }

    /// The same dtype in the byte order `<`, `>`, `=` or `|`.
    pub(crate) fn with_order(&self, order: &str) -> Option<Self> {
        let big_endian = match order {
            "<" | "=" | "|" => false,
            ">" => self.size > 1,
            _ => return None,
        };
        Some(Self { big_endian, ..self.clone() })
    }

    pub(crate) fn with_unit(mut self, unit: Option<String>) -> Self {
        self.unit = unit;
        self
    }

    /// A record of `size` bytes; `Err` says which field is wrong.
    pub(crate) fn record(fields: Vec<Field>, size: usize) -> Result<Self, String> {
        let mut depth = 0;
        for field in &fields {
            let end = field.offset.checked_add(field.dtype.size);
            if end.is_none_or(|end| end > size) {
                return Err(format!("field '{}' lies outside its {size}-byte record", field.name));
            }
            depth = depth.max(field.dtype.depth + 1);
        }
        if depth > MAX_DEPTH || size > MAX_SIZE {
            return Err(format!("a record of {size} bytes nested {depth} deep"));
        }
        Ok(Self { fields, depth, ..Self::plain(DTypeKind::Record, size, false) })
    }

    /// A field that is an array itself: kept as bytes.
    pub(crate) fn subarray(base: &DType, shape: &[usize]) -> Option<Self> {
        let count = shape.iter().try_fold(1usize, |n, dim| n.checked_mul(*dim))?;
        let size = base.size.checked_mul(count).filter(|size| *size <= MAX_SIZE)?;
        let depth = base.depth + 1;
        let fields = if base.has_object() {
            vec![Field { name: String::new(), offset: 0, dtype: Arc::new(base.clone()) }]
        } else {
            Vec::new()
        };
        (depth <= MAX_DEPTH).then(|| Self {
            fields,
            depth,
            ..Self::plain(DTypeKind::Void, size, false)
        })
    }
}

/// Python's name of it: `float64`, `<U5`, `record of 7 fields`.
impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bits = self.size * 8;
        match self.kind {
            DTypeKind::Bool => f.write_str("bool"),
            DTypeKind::Int => write!(f, "int{bits}"),
            DTypeKind::UInt => write!(f, "uint{bits}"),
            DTypeKind::Float => write!(f, "float{bits}"),
            DTypeKind::Complex => write!(f, "complex{bits}"),
            DTypeKind::Bytes => write!(f, "S{}", self.size),
            DTypeKind::Str => write!(f, "U{}", self.size / 4),
            DTypeKind::Void => write!(f, "V{}", self.size),
            DTypeKind::Record => write!(f, "record of {} fields", self.fields.len()),
            DTypeKind::Object => f.write_str("object"),
            DTypeKind::DateTime => write!(f, "datetime64[{}]", self.unit().unwrap_or("generic")),
            DTypeKind::TimeDelta => write!(f, "timedelta64[{}]", self.unit().unwrap_or("generic")),
        }
    }
}

fn parse_size(digits: &str) -> Option<usize> {
    let plain = digits.len() <= 10 && digits.bytes().all(|b| b.is_ascii_digit());
    plain.then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_forms_are_read() {
        for (text, name, size) in [
            ("<f8", "float64", 8),
            ("f4", "float32", 4),
            ("|b1", "bool", 1),
            ("?", "bool", 1),
            ("U5", "U5", 20),
            ("|S3", "S3", 3),
            ("O", "object", 8),
            ("|O8", "object", 8),
            ("V64", "V64", 64),
            ("<M8[ns]", "datetime64[ns]", 8),
            ("u1", "uint8", 1),
        ] {
            let dtype = DType::parse(text).unwrap_or_else(|| panic!("{text} is not read"));
            assert_eq!((dtype.to_string().as_str(), dtype.size()), (name, size), "{text}");
        }
        assert!(DType::parse(">i4").unwrap().is_big_endian());
        assert!(!DType::parse(">i1").unwrap().is_big_endian());
    }

    #[test]
    fn nonsense_is_not_a_dtype() {
        for text in ["", "<", "f3", "x8", "f8[ns]", "U99999999999", "S9999999999", "é8", "M8[ns"] {
            assert_eq!(DType::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_field_outside_its_record_is_refused() {
        let dtype = Arc::new(DType::parse("<f8").unwrap());
        let field = |offset| vec![Field { name: "x".into(), offset, dtype: dtype.clone() }];
        assert!(DType::record(field(8), 16).is_ok());
        assert!(DType::record(field(9), 16).is_err());
        assert!(DType::record(field(usize::MAX), 16).is_err());
    }
}
