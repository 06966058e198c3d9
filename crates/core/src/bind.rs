//! A request's tensors held against what a model takes: the one place where names, types and shapes
//! of inputs are judged. What passes is in the model's order, and every executor relies on that.
//!
//! Must not look at the values, with one exception: text columns must be UTF-8.

mod check;
mod matrix;

use std::collections::HashSet;
use std::sync::Arc;

use crate::{Bound, Code, Error, Form, Inputs, MATRIX, Result, Tensor, TensorSpec, VALID_SUFFIX};

/// Names listed in one message at most; the rest is counted.
const NAMES_SHOWN: usize = 8;

/// See [`crate::Signature::bind`].
pub(crate) fn bind(takes: &Inputs, tensors: Vec<Tensor>) -> Result<Bound> {
    let rows = common_rows(&tensors)?;
    refuse_duplicates(&tensors)?;
    let (form, inputs) = match takes {
        Inputs::Matrix(spec) => (Form::Matrix, vec![matrix::of(spec, tensors)?]),
        Inputs::Columns(specs) => {
            if tensors.len() == 1
                && &**tensors[0].name() == MATRIX
                && specs.iter().all(|spec| &*spec.name != MATRIX)
            {
                (Form::Matrix, vec![matrix::of_columns(specs, tensors)?])
            } else {
                (Form::Columns, bind_columns(specs, tensors)?)
            }
        }
        Inputs::Tensors(specs) => (Form::Tensors, bind_tensors(specs, tensors)?),
        Inputs::Any => (Form::Tensors, tensors),
    };
    Ok(Bound { form, inputs, rows })
}

fn common_rows(tensors: &[Tensor]) -> Result<usize> {
    let Some(first) = tensors.first() else {
        return Err(Error::invalid("the request has no inputs"));
    };
    if let Some(other) = tensors.iter().find(|tensor| tensor.rows() != first.rows()) {
        return Err(Error::invalid(format!(
            "input '{}' has {} rows, input '{}' has {}",
            first.name(),
            first.rows(),
            other.name(),
            other.rows()
        )));
    }
    if first.rows() == 0 {
        return Err(Error::invalid(format!("input '{}' has no rows", first.name())));
    }
    Ok(first.rows())
}

fn refuse_duplicates(tensors: &[Tensor]) -> Result<()> {
    // Few inputs are the rule; a set costs more than it saves below some dozens.
    if tensors.len() <= 32 {
        for (index, tensor) in tensors.iter().enumerate() {
            if tensors[..index].iter().any(|seen| seen.name() == tensor.name()) {
                return Err(duplicate(tensor));
            }
        }
        return Ok(());
    }
    let mut seen = HashSet::with_capacity(tensors.len());
    tensors
        .iter()
        .find(|tensor| !seen.insert(&**tensor.name()))
        .map_or(Ok(()), |t| Err(duplicate(t)))
}

fn duplicate(tensor: &Tensor) -> Error {
    Error::invalid(format!("input '{}' is sent twice", tensor.name()))
}

fn bind_columns(specs: &[TensorSpec], tensors: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let mut places: Vec<Option<Tensor>> = vec![None; specs.len()];
    let mut validity: Vec<Option<Tensor>> = vec![None; specs.len()];
    let mut surplus = Vec::new();
    for (arrived, tensor) in tensors.into_iter().enumerate() {
        if let Some(place) = position(specs, tensor.name(), arrived) {
            places[place] = Some(check::column(&specs[place], tensor)?);
            continue;
        }
        let column = tensor.name().strip_suffix(VALID_SUFFIX);
        if let Some(place) = column.and_then(|column| position(specs, column, arrived)) {
            validity[place] = Some(check::validity(tensor)?);
        } else {
            surplus.push(tensor.name().clone());
        }
    }
    refuse_missing_and_surplus("column", specs, &places, &surplus)?;
    let mut inputs = Vec::with_capacity(specs.len());
    for (place, validity) in places.into_iter().zip(validity) {
        inputs.extend(place);
        inputs.extend(validity);
    }
    Ok(inputs)
}

/// Clients mostly send columns in the model's order, so the place of arrival is tried first.
fn position(specs: &[TensorSpec], name: &str, arrived: usize) -> Option<usize> {
    match specs.get(arrived) {
        Some(spec) if *spec.name == *name => Some(arrived),
        _ => specs.iter().position(|spec| *spec.name == *name),
    }
}

fn bind_tensors(specs: &[TensorSpec], tensors: Vec<Tensor>) -> Result<Vec<Tensor>> {
    let mut places: Vec<Option<Tensor>> = vec![None; specs.len()];
    let mut surplus = Vec::new();
    for (arrived, tensor) in tensors.into_iter().enumerate() {
        match position(specs, tensor.name(), arrived) {
            Some(place) => {
                check::dtype(&specs[place], &tensor)?;
                check::shape(&specs[place], &tensor)?;
                places[place] = Some(tensor);
            }
            None => surplus.push(tensor.name().clone()),
        }
    }
    refuse_missing_and_surplus("input", specs, &places, &surplus)?;
    Ok(places.into_iter().flatten().collect())
}

fn refuse_missing_and_surplus(
    noun: &str,
    specs: &[TensorSpec],
    places: &[Option<Tensor>],
    surplus: &[Arc<str>],
) -> Result<()> {
    let mut parts = Vec::new();
    if places.iter().any(Option::is_none) {
        let missing = specs.iter().zip(places).filter(|(_, place)| place.is_none());
        parts.push(format!("missing {noun} {}", list(missing.map(|(spec, _)| &*spec.name))));
    }
    if !surplus.is_empty() {
        parts.push(format!("unknown {noun} {}", list(surplus.iter().map(|name| &**name))));
    }
    if parts.is_empty() { Ok(()) } else { Err(Error::new(Code::InvalidInput, parts.join("; "))) }
}

pub(crate) fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> =
        names.iter().take(NAMES_SHOWN).map(|name| format!("'{name}'")).collect();
    match names.len() {
        0 => "nothing".to_owned(),
        n if n > NAMES_SHOWN => format!("{} and {} more", shown.join(", "), n - NAMES_SHOWN),
        _ => shown.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::{Accepts, DType, Signature};

    fn column(name: &str, accepts: Accepts) -> TensorSpec {
        let dtype = if accepts == Accepts::Text { DType::Bytes } else { DType::Fp64 };
        TensorSpec { name: name.into(), dtype, shape: vec![None], accepts }
    }

    fn signature() -> Signature {
        Signature {
            inputs: Inputs::Columns(vec![
                column("age", Accepts::Numeric),
                column("city", Accepts::Text),
            ]),
            outputs: ["predict", "predict_proba"]
                .map(|name| column(name, Accepts::Exactly))
                .to_vec(),
            default_outputs: Arc::from([Arc::from("predict")]),
        }
    }

    fn age() -> Tensor {
        Tensor::new("age", DType::Fp32, vec![1, 1], Bytes::from_static(&[0; 4])).unwrap()
    }

    fn city(text: &'static [u8]) -> Tensor {
        let mut data = (text.len() as u32).to_le_bytes().to_vec();
        data.extend_from_slice(text);
        Tensor::new("city", DType::Bytes, vec![1], data.into()).unwrap()
    }

    fn refused(tensors: Vec<Tensor>) -> String {
        let error = signature().bind(tensors).unwrap_err();
        assert_eq!(error.code(), Code::InvalidInput);
        error.message().to_owned()
    }

    #[test]
    fn columns_come_out_in_the_models_order() {
        let valid = Tensor::new("city:valid", DType::Bool, vec![1], Bytes::from_static(&[0]));
        let bound = signature().bind(vec![valid.unwrap(), city(b"K\xc3\xb6ln"), age()]).unwrap();
        let names: Vec<&str> = bound.inputs.iter().map(|t| &**t.name()).collect();
        assert_eq!(names, ["age", "city", "city:valid"]);
        assert_eq!(bound.inputs[0].shape(), [1]);
    }

    #[test]
    fn each_wrong_column_is_named() {
        assert_eq!(refused(vec![age()]), "missing column 'city'");
        let other = age().renamed("agee".into());
        assert_eq!(refused(vec![other, city(b"x")]), "missing column 'age'; unknown column 'agee'");
        assert_eq!(
            refused(vec![city(b"x").renamed("age".into()), city(b"x")]),
            "column 'age' is BYTES, the model takes a number, such as FP64"
        );
        assert!(refused(vec![age(), city(b"\xff")]).contains("column 'city', row 0"));
        assert!(refused(vec![age(), age(), city(b"x")]).contains("'age' is sent twice"));
    }

    #[test]
    fn a_matrix_cannot_stand_for_text_columns() {
        let matrix = Tensor::new(MATRIX, DType::Uint8, vec![1, 2], Bytes::from_static(&[0; 2]));
        assert!(refused(vec![matrix.unwrap()]).contains("'city' holds text"));
    }

    #[test]
    fn a_matrix_must_have_the_models_width() {
        let spec = TensorSpec {
            name: MATRIX.into(),
            dtype: DType::Fp64,
            shape: vec![None, Some(3)],
            accepts: Accepts::Numeric,
        };
        let signature = Signature { inputs: Inputs::Matrix(spec), ..signature() };
        let matrix = |shape: Vec<usize>| {
            let bytes = vec![0; shape.iter().product()];
            Tensor::new(MATRIX, DType::Uint8, shape, bytes.into()).unwrap()
        };
        assert_eq!(signature.bind(vec![matrix(vec![2, 3])]).unwrap().rows, 2);
        let named = TensorSpec { name: "X".into(), ..signature.input_specs()[0].clone() };
        let named = Signature { inputs: Inputs::Matrix(named), ..signature.clone() };
        for name in [MATRIX, "X"] {
            let sent = matrix(vec![2, 3]).renamed(name.into());
            assert_eq!(named.bind(vec![sent]).unwrap().rows, 2);
        }
        assert!(named.bind(vec![matrix(vec![2, 3]).renamed("Y".into())]).is_err());
        for shape in [vec![2, 4], vec![3], vec![1, 3, 1]] {
            assert_eq!(signature.bind(vec![matrix(shape)]).unwrap_err().code(), Code::InvalidInput);
        }
    }
}
