//! Tensors of a golden file: from JSON's values to typed bytes, nothing rounded.
//!
//! Must not trust a shape or a length.

use bytes::{Bytes, BytesMut};
use pelton_core::{DType, Tensor};
use serde::Deserialize;

/// A tensor as the file has it.
#[derive(Deserialize)]
pub(super) struct Json {
    name: String,
    datatype: String,
    shape: Vec<usize>,
    data: Vec<Element>,
}

/// A value of a tensor; floats that JSON has no words for are texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Element {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text(String),
}

impl Json {
    /// The tensor, which must have so many rows.
    pub(super) fn into_tensor(self, rows: usize) -> Result<Tensor, String> {
        let Self { name, datatype, shape, data } = self;
        let about = |what: &str| format!("has a tensor '{name}' {what}");
        let dtype = DType::from_name(&datatype).ok_or_else(|| about("of an unknown datatype"))?;
        if shape.first() != Some(&rows) {
            return Err(about(&format!("of shape {shape:?}, where {rows} rows were saved")));
        }
        let mut bytes = BytesMut::with_capacity(data.len() * dtype.element_bytes().unwrap_or(8));
        for element in &data {
            if !element.write(dtype, &mut bytes) {
                return Err(about(&format!("with a value that is no {datatype}")));
            }
        }
        let bytes: Bytes = bytes.freeze();
        let wanted = shape.iter().try_fold(1_usize, |product, size| product.checked_mul(*size));
        if wanted != Some(data.len()) {
            return Err(about(&format!("of shape {shape:?} with {} values", data.len())));
        }
        Tensor::new(name, dtype, shape, bytes).map_err(|error| error.message().to_owned())
    }
}

impl Element {
    /// Appends the value in the raw layout; says whether it is of the type.
    fn write(&self, dtype: DType, bytes: &mut BytesMut) -> bool {
        match dtype {
            DType::Bool => match self {
                Self::Bool(value) => bytes.extend_from_slice(&[u8::from(*value)]),
                _ => return false,
            },
            DType::Bytes => match self {
                Self::Text(text) => {
                    let Ok(length) = u32::try_from(text.len()) else { return false };
                    bytes.extend_from_slice(&length.to_le_bytes());
                    bytes.extend_from_slice(text.as_bytes());
                }
                _ => return false,
            },
            DType::Fp16 | DType::Fp32 | DType::Fp64 => {
                let Some(value) = self.float() else { return false };
                match dtype {
                    DType::Fp64 => bytes.extend_from_slice(&value.to_le_bytes()),
                    DType::Fp32 => {
                        let single = value as f32;
                        if f64::from(single).to_bits() != value.to_bits() && !value.is_nan() {
                            return false;
                        }
                        bytes.extend_from_slice(&single.to_le_bytes());
                    }
                    // Answers and samples of half floats are sent wider.
                    _ => return false,
                }
            }
            _ => return self.write_integer(dtype, bytes),
        }
        true
    }

    fn write_integer(&self, dtype: DType, bytes: &mut BytesMut) -> bool {
        let value = match self {
            Self::Signed(value) => i128::from(*value),
            Self::Unsigned(value) => i128::from(*value),
            _ => return false,
        };
        let size = dtype.element_bytes().unwrap_or(0);
        let bits = 8 * size as u32;
        let unsigned =
            matches!(dtype, DType::Uint8 | DType::Uint16 | DType::Uint32 | DType::Uint64);
        let (least, most) = if unsigned {
            (0, (1_i128 << bits) - 1)
        } else {
            (-(1_i128 << (bits - 1)), (1_i128 << (bits - 1)) - 1)
        };
        if !(least..=most).contains(&value) {
            return false;
        }
        bytes.extend_from_slice(&value.to_le_bytes()[..size]);
        true
    }

    fn float(&self) -> Option<f64> {
        match self {
            Self::Float(value) => Some(*value),
            Self::Signed(value) => Some(*value as f64),
            Self::Unsigned(value) => Some(*value as f64),
            Self::Text(text) => match text.as_str() {
                "NaN" => Some(f64::NAN),
                "Infinity" => Some(f64::INFINITY),
                "-Infinity" => Some(f64::NEG_INFINITY),
                _ => None,
            },
            Self::Bool(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(text: &str) -> Result<Tensor, String> {
        serde_json::from_str::<Json>(text).map_err(|error| error.to_string())?.into_tensor(2)
    }

    #[test]
    fn floats_keep_their_bits() {
        let text = r#"{"name": "x", "datatype": "FP64", "shape": [2, 3],
            "data": [-0.0, 0.1, 1e300, "NaN", "-Infinity", 2.2250738585072011e-308]}"#;
        let tensor = tensor(text).unwrap();
        let values: Vec<f64> = tensor
            .data()
            .chunks_exact(8)
            .map(|bytes| f64::from_le_bytes(bytes.try_into().unwrap()))
            .collect();
        assert!(values[3].is_nan());
        let bits = |value: f64| value.to_bits();
        assert_eq!(bits(values[0]), bits(-0.0));
        assert_eq!(bits(values[1]), bits(0.1));
        assert_eq!(bits(values[4]), bits(f64::NEG_INFINITY));
        assert_eq!(bits(values[5]), 0x000f_ffff_ffff_ffff);
    }

    #[test]
    fn values_of_other_types_are_refused_by_name() {
        for (datatype, data, words) in [
            ("INT8", "[1, 128]", "'x' with a value that is no INT8"),
            ("UINT8", "[1, -1]", "no UINT8"),
            ("INT64", "[1, 1.5]", "no INT64"),
            ("BOOL", "[true, 1]", "no BOOL"),
            ("BYTES", "[\"a\", 1]", "no BYTES"),
            ("FP32", "[0.5, 0.1]", "no FP32"),
            ("FP64", "[0.5, \"x\"]", "no FP64"),
            ("FP64", "[0.5]", "of shape [2] with 1 values"),
            ("INT7", "[1, 2]", "of an unknown datatype"),
        ] {
            let text = format!(
                r#"{{"name": "x", "datatype": "{datatype}", "shape": [2], "data": {data}}}"#
            );
            assert!(tensor(&text).unwrap_err().contains(words), "{text}");
        }
        let lying = r#"{"name": "x", "datatype": "FP64", "shape": [2, 9223372036854775807, 9],
            "data": [1, 2]}"#;
        assert!(tensor(lying).is_err());
        let rows = r#"{"name": "x", "datatype": "FP64", "shape": [3], "data": [1, 2, 3]}"#;
        assert!(tensor(rows).unwrap_err().contains("where 2 rows were saved"));
    }
}
