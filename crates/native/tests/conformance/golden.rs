//! Cases as the generators wrote them: a model file, inputs as tensors, and Python's answers.
//!
//! Must not know how the native engine reads or runs a model.

use std::path::{Path, PathBuf};

use bytes::{BufMut, Bytes, BytesMut};
use pelton_core::{Accepts, DType, MATRIX, Tensor, TensorSpec, VALID_SUFFIX};
use pelton_pickle::{Array, DTypeKind, Document, Kind, Order, Value};

pub(crate) type Result<T> = std::result::Result<T, String>;

/// One case.
pub(crate) struct Golden {
    /// `stack/name`.
    pub(crate) name: String,
    pub(crate) model: PathBuf,
    /// Every estimator class in the model, such as `sklearn.Pipeline`, its own first.
    pub(crate) covers: Vec<String>,
    /// The class whose outputs these are, behind pipelines and searches.
    pub(crate) last: String,
    pub(crate) libraries: Vec<(String, String)>,
    pub(crate) inputs: Vec<Tensor>,
    pub(crate) outputs: Vec<Expected>,
    /// How near this case must be, where that is not what is promised of its classes.
    pub(crate) tolerance: Option<f64>,
    /// What some last bits in the inputs make of the answers; 0 where that was not measured.
    pub(crate) sensitivity: f64,
    pub(crate) hello: Hello,
}

impl Golden {
    /// Whether rows are in single precision.
    pub(crate) fn is_single(&self) -> bool {
        self.inputs.iter().any(|tensor| tensor.dtype() == DType::Fp32)
    }
}

/// What one output is to be.
pub(crate) struct Expected {
    pub(crate) name: String,
    /// `None` when every row is refused.
    pub(crate) answer: Option<Tensor>,
    /// By row; a refused row's answer means nothing.
    pub(crate) refused: Vec<bool>,
    /// How far Python is from itself, a batch against its rows alone.
    pub(crate) self_difference: f64,
}

/// What the Python worker says of the model.
pub(crate) struct Hello {
    pub(crate) form: String,
    pub(crate) inputs: Vec<TensorSpec>,
    pub(crate) outputs: Vec<TensorSpec>,
    pub(crate) default_outputs: Vec<String>,
    pub(crate) classes: Option<Vec<String>>,
}

/// The paths of the goldens of a folder of stacks, or of one folder, in order.
pub(crate) fn found_in(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let Ok(entries) = std::fs::read_dir(folder) else { return found };
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(found_in(&path));
        } else if path.extension().is_some_and(|extension| extension == "golden") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// `stack/name` of a golden's path.
pub(crate) fn name_of(path: &Path) -> String {
    let stack = path.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
    format!("{stack}/{}", path.file_stem().unwrap_or_default().to_string_lossy())
}

/// Reads one case.
pub(crate) fn read(path: &Path) -> Result<Golden> {
    let bytes = std::fs::read(path).map_err(told)?;
    let document = Document::read(bytes).map_err(told)?;
    let root = document.root();
    let (form, inputs) = (root.key("form").map_err(told)?, root.key("inputs").map_err(told)?);
    let covers = root.key("covers").and_then(Value::to_strings).map_err(told)?;
    Ok(Golden {
        name: name_of(path),
        model: path.with_extension("model"),
        covers: covers.iter().map(|class| short(class)).collect(),
        last: short(root.key("final").and_then(Value::str).map_err(told)?),
        libraries: pairs(root.key("libraries").map_err(told)?)?,
        inputs: read_inputs(form.str().map_err(told)?, inputs)?,
        outputs: read_outputs(root)?,
        tolerance: root.get("tolerance").and_then(Value::as_f64),
        sensitivity: root.get("sensitivity").and_then(Value::as_f64).unwrap_or_default(),
        hello: read_hello(root.key("hello").map_err(told)?)?,
    })
}

/// `sklearn.linear_model._logistic.LogisticRegression` as `sklearn.LogisticRegression`.
fn short(class: &str) -> String {
    match (class.split_once('.'), class.rsplit_once('.')) {
        (Some((library, _)), Some((_, name))) => format!("{library}.{name}"),
        _ => class.to_owned(),
    }
}

fn pairs(value: Value<'_>) -> Result<Vec<(String, String)>> {
    let entries = value.entries().map_err(told)?;
    entries
        .map(|(key, value)| {
            Ok((key.str().map_err(told)?.to_owned(), value.str().map_err(told)?.to_owned()))
        })
        .collect()
}

fn read_inputs(form: &str, inputs: Value<'_>) -> Result<Vec<Tensor>> {
    if form != "columns" {
        return Ok(vec![tensor(MATRIX, inputs.array().map_err(told)?)?.0]);
    }
    let mut tensors = Vec::new();
    for (name, column) in inputs.entries().map_err(told)? {
        let name = name.str().map_err(told)?;
        let (column, validity) = tensor(name, column.array().map_err(told)?)?;
        tensors.push(column);
        tensors.extend(validity);
    }
    Ok(tensors)
}

fn read_outputs(root: Value<'_>) -> Result<Vec<Expected>> {
    let answers = root.key("outputs").map_err(told)?;
    let apart = root.key("self_difference").map_err(told)?;
    let refused = root.key("refused").map_err(told)?;
    let mut outputs = Vec::new();
    for (name, refused) in refused.entries().map_err(told)? {
        let name = name.str().map_err(told)?;
        let answer = match answers.get(name) {
            Some(array) => Some(tensor(name, array.array().map_err(told)?)?.0),
            None => None,
        };
        outputs.push(Expected {
            name: name.to_owned(),
            answer,
            refused: refused.array().and_then(Array::to_bool_vec).map_err(told)?,
            self_difference: apart.get(name).and_then(Value::as_f64).unwrap_or(0.0),
        });
    }
    Ok(outputs)
}

fn read_hello(hello: Value<'_>) -> Result<Hello> {
    let classes = hello.key("classes").map_err(told)?;
    Ok(Hello {
        form: hello.key("form").and_then(Value::str).map_err(told)?.to_owned(),
        inputs: specs(hello.key("inputs").map_err(told)?)?,
        outputs: specs(hello.key("outputs").map_err(told)?)?,
        default_outputs: hello.key("default_outputs").and_then(Value::to_strings).map_err(told)?,
        classes: if classes.is_none() { None } else { Some(classes.to_strings().map_err(told)?) },
    })
}

fn specs(list: Value<'_>) -> Result<Vec<TensorSpec>> {
    list.items().map_err(told)?.map(spec).collect()
}

fn spec(value: Value<'_>) -> Result<TensorSpec> {
    let dtype = value.key("dtype").and_then(Value::str).map_err(told)?;
    let shape = value.key("shape").and_then(Value::to_i64_vec).map_err(told)?;
    let accepts = match value.get("accepts").and_then(Value::as_str) {
        Some("numeric") => Accepts::Numeric,
        Some("text") => Accepts::Text,
        Some("any") => Accepts::Any,
        _ => Accepts::Exactly,
    };
    Ok(TensorSpec {
        name: value.key("name").and_then(Value::str).map_err(told)?.into(),
        dtype: DType::from_name(dtype).ok_or_else(|| format!("unknown dtype {dtype}"))?,
        shape: shape.into_iter().map(|size| usize::try_from(size).ok()).collect(),
        accepts,
    })
}

/// An array as a tensor; for objects with `None` among them, which rows are present.
fn tensor(name: &str, array: Array<'_>) -> Result<(Tensor, Option<Tensor>)> {
    if array.order() == Order::Fortran {
        return Err(format!("{name}: in Fortran order"));
    }
    let shape = array.shape().to_vec();
    if array.dtype().kind() == DTypeKind::Object {
        return objects(name, array, shape);
    }
    let dtype = match (array.dtype().kind(), array.dtype().size()) {
        (DTypeKind::Bool, _) => DType::Bool,
        (DTypeKind::UInt, 1) => DType::Uint8,
        (DTypeKind::UInt, 2) => DType::Uint16,
        (DTypeKind::UInt, 4) => DType::Uint32,
        (DTypeKind::UInt, 8) => DType::Uint64,
        (DTypeKind::Int, 1) => DType::Int8,
        (DTypeKind::Int, 2) => DType::Int16,
        (DTypeKind::Int, 4) => DType::Int32,
        (DTypeKind::Int, 8) => DType::Int64,
        (DTypeKind::Float, 4) => DType::Fp32,
        (DTypeKind::Float, 8) => DType::Fp64,
        (kind, size) => return Err(format!("{name}: elements of kind {kind:?} and size {size}")),
    };
    let data = Bytes::copy_from_slice(array.bytes().ok_or("an array without bytes")?);
    Ok((Tensor::new(name, dtype, shape, data).map_err(told)?, None))
}

fn objects(name: &str, array: Array<'_>, shape: Vec<usize>) -> Result<(Tensor, Option<Tensor>)> {
    let items: Vec<Value<'_>> = array.items().map_err(told)?.collect();
    let present: Vec<u8> = items.iter().map(|item| u8::from(!item.is_none())).collect();
    let kind = items.iter().map(|item| item.kind()).find(|kind| *kind != Kind::None);
    let mut data = BytesMut::new();
    let dtype = match kind {
        Some(Kind::Int) => {
            items.iter().for_each(|item| data.put_i64_le(item.as_i64().unwrap_or(0)));
            DType::Int64
        }
        Some(Kind::Bool) => {
            items.iter().for_each(|item| data.put_u8(u8::from(item.as_bool() == Some(true))));
            DType::Bool
        }
        Some(Kind::Str) | None => {
            for item in &items {
                let text = item.as_str().unwrap_or("");
                data.put_u32_le(text.len() as u32);
                data.put_slice(text.as_bytes());
            }
            DType::Bytes
        }
        Some(kind) => return Err(format!("{name}: objects of kind {kind:?}")),
    };
    let validity = if present.contains(&0) {
        let shape = vec![items.len()];
        let name = format!("{name}{VALID_SUFFIX}");
        Some(Tensor::new(name, DType::Bool, shape, Bytes::from(present)).map_err(told)?)
    } else {
        None
    };
    Ok((Tensor::new(name, dtype, shape, data.freeze()).map_err(told)?, validity))
}

fn told(error: impl std::fmt::Display) -> String {
    error.to_string()
}
