//! Typed tensor contents of the protocol and the raw layout, converted into each other.
//!
//! Must not check more than that the contents are of the tensor's type and range: counts and
//! lengths are the tensor's own check.

use bytes::{BufMut, Bytes, BytesMut};
use pelton_core::{DType, Error, Result, Tensor};
use pelton_proto::inference::InferTensorContents;

/// The raw bytes of typed contents.
///
/// # Errors
/// Contents in another type's field, values out of the type's range, FP16 (which has no field).
pub(crate) fn to_raw(name: &str, dtype: DType, contents: &InferTensorContents) -> Result<Bytes> {
    refuse_other_fields(name, dtype, contents)?;
    let mut raw = BytesMut::new();
    match dtype {
        DType::Bool => contents.bool_contents.iter().for_each(|&v| raw.put_u8(u8::from(v))),
        DType::Int8 => narrow(name, dtype, &contents.int_contents, |v: i8| raw.put_i8(v))?,
        DType::Int16 => narrow(name, dtype, &contents.int_contents, |v: i16| raw.put_i16_le(v))?,
        DType::Int32 => contents.int_contents.iter().for_each(|&v| raw.put_i32_le(v)),
        DType::Int64 => contents.int64_contents.iter().for_each(|&v| raw.put_i64_le(v)),
        DType::Uint8 => narrow(name, dtype, &contents.uint_contents, |v: u8| raw.put_u8(v))?,
        DType::Uint16 => narrow(name, dtype, &contents.uint_contents, |v: u16| raw.put_u16_le(v))?,
        DType::Uint32 => contents.uint_contents.iter().for_each(|&v| raw.put_u32_le(v)),
        DType::Uint64 => contents.uint64_contents.iter().for_each(|&v| raw.put_u64_le(v)),
        DType::Fp16 => {
            return Err(Error::invalid(format!(
                "input '{name}' is FP16, which has no typed contents, send raw_input_contents"
            )));
        }
        DType::Fp32 => {
            raw.reserve(contents.fp32_contents.len() * 4);
            contents.fp32_contents.iter().for_each(|&v| raw.put_f32_le(v));
        }
        DType::Fp64 => {
            raw.reserve(contents.fp64_contents.len() * 8);
            contents.fp64_contents.iter().for_each(|&v| raw.put_f64_le(v));
        }
        DType::Bytes => {
            for value in &contents.bytes_contents {
                raw.put_u32_le(value.len() as u32);
                raw.put_slice(value);
            }
        }
    }
    Ok(raw.freeze())
}

/// The typed contents of a tensor; `None` for FP16, which has none.
pub(crate) fn from_tensor(tensor: &Tensor) -> Option<InferTensorContents> {
    let mut contents = InferTensorContents::default();
    let data = tensor.data();
    match tensor.dtype() {
        DType::Bool => contents.bool_contents = data.iter().map(|&byte| byte != 0).collect(),
        DType::Int8 => contents.int_contents = each(data, |[b]| i32::from(b as i8)),
        DType::Int16 => contents.int_contents = each(data, |b| i32::from(i16::from_le_bytes(b))),
        DType::Int32 => contents.int_contents = each(data, i32::from_le_bytes),
        DType::Int64 => contents.int64_contents = each(data, i64::from_le_bytes),
        DType::Uint8 => contents.uint_contents = each(data, |[b]| u32::from(b)),
        DType::Uint16 => contents.uint_contents = each(data, |b| u32::from(u16::from_le_bytes(b))),
        DType::Uint32 => contents.uint_contents = each(data, u32::from_le_bytes),
        DType::Uint64 => contents.uint64_contents = each(data, u64::from_le_bytes),
        DType::Fp16 => return None,
        DType::Fp32 => contents.fp32_contents = each(data, f32::from_le_bytes),
        DType::Fp64 => contents.fp64_contents = each(data, f64::from_le_bytes),
        DType::Bytes => {
            contents.bytes_contents =
                tensor.strings().map(|element| data.slice_ref(element)).collect();
        }
    }
    Some(contents)
}

/// Whether no field holds a value.
pub(crate) fn is_empty(contents: &InferTensorContents) -> bool {
    filled(contents).next().is_none()
}

fn filled(contents: &InferTensorContents) -> impl Iterator<Item = &'static str> {
    [
        ("bool_contents", contents.bool_contents.is_empty()),
        ("int_contents", contents.int_contents.is_empty()),
        ("int64_contents", contents.int64_contents.is_empty()),
        ("uint_contents", contents.uint_contents.is_empty()),
        ("uint64_contents", contents.uint64_contents.is_empty()),
        ("fp32_contents", contents.fp32_contents.is_empty()),
        ("fp64_contents", contents.fp64_contents.is_empty()),
        ("bytes_contents", contents.bytes_contents.is_empty()),
    ]
    .into_iter()
    .filter_map(|(field, empty)| (!empty).then_some(field))
}

const fn field(dtype: DType) -> &'static str {
    match dtype {
        DType::Bool => "bool_contents",
        DType::Int8 | DType::Int16 | DType::Int32 => "int_contents",
        DType::Int64 => "int64_contents",
        DType::Uint8 | DType::Uint16 | DType::Uint32 => "uint_contents",
        DType::Uint64 => "uint64_contents",
        DType::Fp16 => "raw_input_contents",
        DType::Fp32 => "fp32_contents",
        DType::Fp64 => "fp64_contents",
        DType::Bytes => "bytes_contents",
    }
}

fn refuse_other_fields(name: &str, dtype: DType, contents: &InferTensorContents) -> Result<()> {
    match filled(contents).find(|&filled| filled != field(dtype)) {
        None => Ok(()),
        Some(other) => Err(Error::invalid(format!(
            "input '{name}' is {dtype} but its values are in {other}, put them in {}",
            field(dtype)
        ))),
    }
}

fn narrow<Wide, Narrow>(
    name: &str,
    dtype: DType,
    values: &[Wide],
    mut put: impl FnMut(Narrow),
) -> Result<()>
where
    Wide: Copy + std::fmt::Display + TryInto<Narrow>,
{
    for &value in values {
        put(value.try_into().map_err(|_| {
            Error::invalid(format!("input '{name}': {value} is out of the range of {dtype}"))
        })?);
    }
    Ok(())
}

fn each<const N: usize, T>(data: &[u8], read: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (elements, _) = data.as_chunks::<N>();
    elements.iter().map(|&element| read(element)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contents(set: impl FnOnce(&mut InferTensorContents)) -> InferTensorContents {
        let mut contents = InferTensorContents::default();
        set(&mut contents);
        contents
    }

    #[test]
    fn every_type_with_a_field_round_trips() {
        let cases = [
            (DType::Bool, contents(|c| c.bool_contents = vec![true, false])),
            (DType::Int8, contents(|c| c.int_contents = vec![-128, 127])),
            (DType::Int16, contents(|c| c.int_contents = vec![-32768, 32767])),
            (DType::Int32, contents(|c| c.int_contents = vec![i32::MIN, i32::MAX])),
            (DType::Int64, contents(|c| c.int64_contents = vec![i64::MIN, i64::MAX])),
            (DType::Uint8, contents(|c| c.uint_contents = vec![0, 255])),
            (DType::Uint16, contents(|c| c.uint_contents = vec![0, 65535])),
            (DType::Uint32, contents(|c| c.uint_contents = vec![0, u32::MAX])),
            (DType::Uint64, contents(|c| c.uint64_contents = vec![0, u64::MAX])),
            (DType::Fp32, contents(|c| c.fp32_contents = vec![-0.0, f32::INFINITY])),
            (DType::Fp64, contents(|c| c.fp64_contents = vec![5e-324, f64::MIN])),
            (DType::Bytes, contents(|c| c.bytes_contents = vec!["".into(), "Köln".into()])),
        ];
        for (dtype, typed) in cases {
            let raw = to_raw("x", dtype, &typed).unwrap();
            let tensor = Tensor::new("x", dtype, vec![2], raw).unwrap();
            assert_eq!(from_tensor(&tensor), Some(typed), "{dtype}");
        }
    }

    #[test]
    fn values_in_the_wrong_field_or_out_of_range_are_named() {
        let wrong = to_raw("x", DType::Fp32, &contents(|c| c.fp64_contents = vec![1.0]));
        assert_eq!(
            wrong.unwrap_err().message(),
            "input 'x' is FP32 but its values are in fp64_contents, put them in fp32_contents"
        );
        let range = to_raw("x", DType::Int8, &contents(|c| c.int_contents = vec![300]));
        assert_eq!(range.unwrap_err().message(), "input 'x': 300 is out of the range of INT8");
        assert!(to_raw("x", DType::Fp16, &InferTensorContents::default()).is_err());
    }
}
