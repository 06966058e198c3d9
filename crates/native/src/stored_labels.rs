//! Labels as a file stores them. Must not know estimators.

use pelton_core::DType;
use pelton_pickle::{DTypeKind, Value};

use crate::data::Labels;

/// Labels of one type, from an array or a list.
pub(crate) fn labels(value: Value<'_>) -> Option<Labels> {
    let array = value.as_array();
    if let Some(array) = array.filter(|array| array.dtype().kind() != DTypeKind::Object) {
        return match array.dtype().kind() {
            DTypeKind::Bool => Some(Labels::Bool(array.to_bool_vec().ok()?)),
            DTypeKind::Float => {
                let dtype = if array.dtype().size() == 4 { DType::Fp32 } else { DType::Fp64 };
                Some(Labels::Float { values: array.to_f64_vec().ok()?, dtype })
            }
            DTypeKind::Int | DTypeKind::UInt => {
                let dtype = integer(array.dtype().kind(), array.dtype().size())?;
                Some(Labels::Int { values: array.to_i64_vec().ok()?, dtype })
            }
            _ => Some(Labels::Text(array.to_strings().ok()?)),
        };
    }
    let items: Vec<Value<'_>> = value.items().ok()?.collect();
    if let Some(texts) = items.iter().map(|item| item.as_str().map(str::to_owned)).collect() {
        return Some(Labels::Text(texts));
    }
    if let Some(flags) = items.iter().map(|item| item.as_bool()).collect() {
        return Some(Labels::Bool(flags));
    }
    let integers: Option<Vec<i64>> = items.iter().map(|item| item.as_i64()).collect();
    if let Some(values) = integers {
        return Some(Labels::Int { values, dtype: DType::Int64 });
    }
    let floats: Option<Vec<f64>> = items.iter().map(|item| item.as_f64()).collect();
    floats.map(Labels::floats)
}

fn integer(kind: DTypeKind, size: usize) -> Option<DType> {
    Some(match (kind, size) {
        (DTypeKind::Int, 1) => DType::Int8,
        (DTypeKind::Int, 2) => DType::Int16,
        (DTypeKind::Int, 4) => DType::Int32,
        (DTypeKind::Int, 8) => DType::Int64,
        (DTypeKind::UInt, 1) => DType::Uint8,
        (DTypeKind::UInt, 2) => DType::Uint16,
        (DTypeKind::UInt, 4) => DType::Uint32,
        (DTypeKind::UInt, 8) => DType::Uint64,
        _ => return None,
    })
}
