//! The types that NumPy makes of several, of those that whole numbers have.
//!
//! Source: `numpy.result_type` (1.21 to 2.4). Must not know what has the types.

use pelton_core::DType;

const SIGNED: [DType; 4] = [DType::Int8, DType::Int16, DType::Int32, DType::Int64];
const UNSIGNED: [DType; 4] = [DType::Uint8, DType::Uint16, DType::Uint32, DType::Uint64];

/// Whether its numbers are so small that beside f32 they become f32.
pub(super) fn is_narrow(dtype: DType) -> bool {
    use DType::{Bool, Int8, Int16, Uint8, Uint16};
    matches!(dtype, Bool | Int8 | Int16 | Uint8 | Uint16)
}

/// What NumPy makes of two types of whole numbers; `None` where that are floats.
pub(super) fn promoted(a: DType, b: DType) -> Option<DType> {
    let rank = |kinds: [DType; 4], dtype| kinds.iter().position(|kind| *kind == dtype);
    let signed = |dtype| rank(SIGNED, dtype);
    let unsigned = |dtype| rank(UNSIGNED, dtype);
    match (a, b) {
        (DType::Bool, other) | (other, DType::Bool) => {
            let is_whole = other == DType::Bool || signed(other).or(unsigned(other)).is_some();
            is_whole.then_some(other)
        }
        _ => match (signed(a), signed(b), unsigned(a), unsigned(b)) {
            (Some(a), Some(b), ..) => Some(SIGNED[a.max(b)]),
            (_, _, Some(a), Some(b)) => Some(UNSIGNED[a.max(b)]),
            (Some(signed), _, _, Some(unsigned)) | (_, Some(signed), Some(unsigned), _) => {
                SIGNED.get(signed.max(unsigned + 1)).copied()
            }
            _ => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `numpy.result_type`.
    #[test]
    fn types_are_numpys() {
        let all = [
            (DType::Bool, DType::Bool, Some(DType::Bool)),
            (DType::Bool, DType::Uint16, Some(DType::Uint16)),
            (DType::Int8, DType::Uint8, Some(DType::Int16)),
            (DType::Int64, DType::Uint8, Some(DType::Int64)),
            (DType::Uint32, DType::Int8, Some(DType::Int64)),
            (DType::Uint64, DType::Int8, None),
            (DType::Int32, DType::Fp64, None),
            (DType::Bool, DType::Fp64, None),
        ];
        for (a, b, both) in all {
            assert_eq!(promoted(a, b), both, "{a} {b}");
            assert_eq!(promoted(b, a), both, "{b} {a}");
        }
    }
}
