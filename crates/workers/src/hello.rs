//! HELLO: from JSON to a [`Signature`], refusing what the server could not keep to.

use std::collections::BTreeMap;
use std::sync::Arc;

use pelton_core::{Accepts, DType, Inputs, Signature, TensorSpec};
use serde::Deserialize;

/// What a worker says about its model once that is loaded.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Hello {
    pub(crate) python: String,
    pub(crate) platform: String,
    pub(crate) class: String,
    pub(crate) libraries: BTreeMap<String, String>,
    pub(crate) classes: Option<Vec<String>>,
    pub(crate) signature: Signature,
}

#[derive(Deserialize)]
struct Json {
    protocol: u32,
    python: String,
    platform: String,
    class: String,
    #[serde(default)]
    libraries: BTreeMap<String, String>,
    form: String,
    #[serde(default)]
    inputs: Vec<JsonTensor>,
    #[serde(default)]
    outputs: Vec<JsonTensor>,
    #[serde(default)]
    default_outputs: Vec<String>,
    #[serde(default)]
    classes: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct JsonTensor {
    name: String,
    dtype: String,
    shape: Vec<i64>,
    #[serde(default)]
    accepts: Option<String>,
}

/// A HELLO payload that says so.
pub(crate) fn encode(hello: &Hello) -> Vec<u8> {
    let tensor = |spec: &TensorSpec| {
        let sizes = spec.shape.iter().map(|size| size.map_or(-1, |size| size as i64));
        let accepts = match spec.accepts {
            Accepts::Exactly => "exactly",
            Accepts::Numeric => "numeric",
            Accepts::Text => "text",
            Accepts::Any => "any",
        };
        serde_json::json!({
            "name": &*spec.name, "dtype": spec.dtype.name(), "shape": sizes.collect::<Vec<_>>(),
            "accepts": accepts,
        })
    };
    let form = match hello.signature.inputs {
        Inputs::Matrix(_) => "matrix",
        Inputs::Columns(_) => "columns",
        Inputs::Tensors(_) => "tensors",
        Inputs::Any => "any",
    };
    let signature = &hello.signature;
    let json = serde_json::json!({
        "protocol": crate::frames::VERSION,
        "python": hello.python,
        "platform": hello.platform,
        "class": hello.class,
        "libraries": hello.libraries,
        "form": form,
        "inputs": signature.input_specs().iter().map(tensor).collect::<Vec<_>>(),
        "outputs": signature.outputs.iter().map(tensor).collect::<Vec<_>>(),
        "default_outputs": signature.default_outputs.iter().map(|name| &**name).collect::<Vec<_>>(),
        "classes": hello.classes,
    });
    json.to_string().into_bytes()
}

/// Reads and checks a HELLO payload.
///
/// # Errors
/// A sentence naming what is wrong with it.
pub(crate) fn parse(payload: &[u8]) -> Result<Hello, String> {
    let json: Json =
        serde_json::from_slice(payload).map_err(|error| format!("HELLO is not valid: {error}"))?;
    if json.protocol != u32::from(crate::frames::VERSION) {
        return Err(format!(
            "the worker speaks protocol {}, the server {}",
            json.protocol,
            crate::frames::VERSION
        ));
    }
    let signature = signature(&json)?;
    Ok(Hello {
        python: json.python,
        platform: json.platform,
        class: json.class,
        libraries: json.libraries,
        classes: json.classes,
        signature,
    })
}

fn signature(json: &Json) -> Result<Signature, String> {
    let specs = specs("input", &json.inputs)?;
    let outputs = self::specs("output", &json.outputs)?;
    let inputs = match json.form.as_str() {
        "matrix" => match <[TensorSpec; 1]>::try_from(specs) {
            Ok([spec]) => Inputs::Matrix(spec),
            Err(specs) => {
                return Err(format!("a matrix model has one input, not {}", specs.len()));
            }
        },
        "columns" if !specs.is_empty() => Inputs::Columns(specs),
        "tensors" if !specs.is_empty() => Inputs::Tensors(specs),
        "any" => Inputs::Any,
        "columns" | "tensors" => return Err(format!("form '{}' without inputs", json.form)),
        other => return Err(format!("unknown form '{other}'")),
    };
    let mut default_outputs: Vec<Arc<str>> = Vec::with_capacity(json.default_outputs.len());
    for name in &json.default_outputs {
        let Some(spec) = outputs.iter().find(|spec| *spec.name == **name) else {
            return Err(format!("default output '{name}' is not among the outputs"));
        };
        default_outputs.push(spec.name.clone());
    }
    Ok(Signature { inputs, outputs, default_outputs: default_outputs.into() })
}

fn specs(noun: &str, tensors: &[JsonTensor]) -> Result<Vec<TensorSpec>, String> {
    let mut specs: Vec<TensorSpec> = Vec::with_capacity(tensors.len());
    let mut seen = std::collections::HashSet::with_capacity(tensors.len());
    for tensor in tensors {
        let name = &tensor.name;
        if !seen.insert(name.as_str()) {
            return Err(format!("{noun} '{name}' is listed twice"));
        }
        specs.push(spec(noun, tensor)?);
    }
    Ok(specs)
}

fn spec(noun: &str, tensor: &JsonTensor) -> Result<TensorSpec, String> {
    let name = &tensor.name;
    let Some(dtype) = DType::from_name(&tensor.dtype) else {
        return Err(format!("{noun} '{name}' has the unknown dtype '{}'", tensor.dtype));
    };
    if tensor.shape.is_empty() || tensor.shape.len() > 8 {
        return Err(format!(
            "{noun} '{name}' has {} dimensions, 1 to 8 can be served",
            tensor.shape.len()
        ));
    }
    let mut shape = Vec::with_capacity(tensor.shape.len());
    for &size in &tensor.shape {
        shape.push(match size {
            -1 => None,
            _ => {
                Some(usize::try_from(size).map_err(|_| {
                    format!("{noun} '{name}' has the size {size}, -1 stands for any")
                })?)
            }
        });
    }
    let accepts = match tensor.accepts.as_deref() {
        None | Some("exactly") => Accepts::Exactly,
        Some("numeric") => Accepts::Numeric,
        Some("text") => Accepts::Text,
        Some("any") => Accepts::Any,
        Some(other) => {
            return Err(format!("{noun} '{name}' accepts '{other}', which is unknown"));
        }
    };
    Ok(TensorSpec { name: name.as_str().into(), dtype, shape, accepts })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: &str, to: &str) -> String {
        let hello = r#"{"protocol": 1, "python": "3.11.7", "platform": "sklearn", "class": "a.B",
            "libraries": {"numpy": "2.4.6"}, "form": "columns",
            "inputs": [{"name": "age", "dtype": "FP64", "shape": [-1], "accepts": "numeric"}],
            "outputs": [{"name": "predict", "dtype": "INT64", "shape": [-1, 2]}],
            "default_outputs": ["predict"], "classes": null, "later": 1}"#;
        assert!(hello.contains(change), "{change}");
        hello.replace(change, to)
    }

    #[test]
    fn a_hello_becomes_a_signature() {
        let hello = parse(with("null", r#"["no", "yes"]"#).as_bytes()).unwrap();
        assert_eq!(hello.signature.input_specs()[0].accepts, Accepts::Numeric);
        assert_eq!(hello.signature.outputs[0].shape, [None, Some(2)]);
        assert_eq!(&*hello.signature.default_outputs[0], "predict");
        assert_eq!(hello.classes.as_deref().unwrap(), ["no", "yes"]);
        assert_eq!(parse(&encode(&hello)).unwrap(), hello);
    }

    #[test]
    fn what_the_server_could_not_keep_to_is_named() {
        for (change, to, told) in [
            ("\"protocol\": 1", "\"protocol\": 2", "protocol 2"),
            ("FP64", "float64", "'age' has the unknown dtype 'float64'"),
            ("[-1]", "[-2]", "size -2"),
            ("[-1]", "[]", "0 dimensions"),
            ("numeric", "digits", "accepts 'digits'"),
            ("columns", "rows", "unknown form 'rows'"),
            ("\"default_outputs\": [\"predict\"]", "\"default_outputs\": [\"y\"]", "'y'"),
            ("\"python\"", "\"snake\"", "missing field `python`"),
        ] {
            let error = parse(with(change, to).as_bytes()).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
