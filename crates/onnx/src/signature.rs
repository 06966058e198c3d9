//! A model's inputs and outputs as ONNX declares them, put into Pelton's words.
//!
//! Names stay ONNX's. One matrix is [`Inputs::Matrix`]; one tensor per column, as converters make
//! from a data frame, is [`Inputs::Columns`]; anything else [`Inputs::Tensors`]. Where it is plain
//! which output is scikit-learn's `predict` and which its `predict_proba`, they can be asked for by
//! these names too. Must not know ONNX Runtime.

use std::sync::Arc;

use pelton_core::{Accepts, DType, Inputs, Signature, TensorSpec};

use crate::model_file::{Labels, ModelFile, OutputInfo, OutputKind};

/// Rows that a fixed batch may have at most: a model that names more is none that serves rows.
const FIXED_ROWS_MAX: usize = 1 << 16;

/// Names that skl2onnx, onnxmltools and CatBoost give a classifier's two outputs.
const LABEL_NAMES: [&str; 2] = ["output_label", "label"];
const SCORE_NAMES: [&str; 2] = ["output_probability", "probabilities"];

/// The element types of inputs and outputs that are served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    /// One of the protocol's types; text is UTF-8.
    Plain(DType),
    /// bfloat16, which is answered as FP32, exactly.
    Bfloat16,
}

/// A tensor as ONNX Runtime tells of it.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) name: String,
    /// `None` for what has no place in the protocol.
    pub(crate) element: Option<Element>,
    /// The type in ONNX Runtime's words, for messages.
    pub(crate) shown: String,
    /// `None` is any size.
    pub(crate) shape: Vec<Option<usize>>,
}

/// What a model takes and answers, and how that is found in ONNX Runtime's.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) signature: Signature,
    /// In ONNX Runtime's order, which is the signature's.
    pub(crate) inputs: Vec<Input>,
    /// In the signature's order.
    pub(crate) outputs: Vec<Output>,
    /// The rows that the model takes at a time, neither more nor less.
    pub(crate) fixed_rows: Option<usize>,
    /// Outputs that answer nothing for a row, and are not served.
    pub(crate) left_out: Vec<String>,
    /// Class labels, if they are known.
    pub(crate) labels: Option<Labels>,
}

/// How an input is given to ONNX Runtime.
#[derive(Clone, Debug)]
pub(crate) struct Input {
    pub(crate) name: Arc<str>,
    pub(crate) dtype: DType,
    pub(crate) rank: usize,
}

/// How an output is found in ONNX Runtime's answer.
#[derive(Clone, Debug)]
pub(crate) struct Output {
    pub(crate) name: Arc<str>,
    /// Its place there.
    pub(crate) place: usize,
    /// Columns that it must have.
    pub(crate) columns: Option<usize>,
    /// Whether `[rows, 1]` is to be `[rows]`.
    pub(crate) flat: bool,
}

/// Makes the plan. `inputs` and `outputs` are those of the graph without its maps.
///
/// # Errors
/// What cannot be served, in words that follow "the model".
pub(crate) fn plan(
    file: &ModelFile,
    inputs: &[Declared],
    outputs: &[Declared],
) -> Result<Plan, String> {
    let fixed_rows = fixed_rows(file, inputs)?;
    let specs = inputs.iter().map(input_spec).collect::<Result<Vec<_>, _>>()?;
    let (served, left_out): (Vec<&OutputInfo>, Vec<&OutputInfo>) = file
        .outputs
        .iter()
        .partition(|output| matches!(output.kind, OutputKind::Tensor | OutputKind::ZipMap { .. }));
    if served.len() != outputs.len() {
        return Err(format!(
            "has {} outputs in its file and {} for ONNX Runtime",
            served.len(),
            outputs.len()
        ));
    }
    let mut plan = Plan {
        inputs: specs
            .iter()
            .map(|spec| Input {
                name: spec.name.clone(),
                dtype: spec.dtype,
                rank: spec.shape.len(),
            })
            .collect(),
        signature: Signature {
            inputs: form(specs),
            outputs: Vec::new(),
            default_outputs: Arc::from([]),
        },
        outputs: Vec::new(),
        fixed_rows,
        left_out: left_out.into_iter().map(|output| output.name.clone()).collect(),
        labels: file.labels.clone(),
    };
    for (place, (info, declared)) in served.into_iter().zip(outputs).enumerate() {
        if has_rows_of_its_own(declared, fixed_rows) {
            plan.left_out.push(info.name.clone());
            continue;
        }
        let (output, spec) = output(place, info, declared)?;
        if let OutputKind::ZipMap { labels, .. } = &info.kind {
            plan.labels = Some(labels.clone());
        }
        plan.outputs.push(output);
        plan.signature.outputs.push(spec);
    }
    if plan.outputs.is_empty() {
        return Err("has no output that is a tensor with a row for each row of input".to_owned());
    }
    plan.signature.default_outputs = plan.outputs.iter().map(|out| out.name.clone()).collect();
    plan.add_aliases(file.regressor);
    Ok(plan)
}

impl Plan {
    /// The output of this name.
    pub(crate) fn output(&self, name: &Arc<str>) -> Option<&Output> {
        self.outputs.iter().find(|output| Arc::ptr_eq(&output.name, name) || output.name == *name)
    }

    /// Adds `predict` and `predict_proba` where they can mean one thing only.
    fn add_aliases(&mut self, regressor: bool) {
        let names: Vec<&str> = self.outputs.iter().map(|output| &*output.name).collect();
        let aliases: &[(&str, usize)] = match names[..] {
            [label, scores] if LABEL_NAMES.contains(&label) && SCORE_NAMES.contains(&scores) => {
                &[("predict", 0), ("predict_proba", 1)]
            }
            ["variable"] if regressor => &[("predict", 0)],
            _ => &[],
        };
        for &(name, place) in aliases {
            let mut spec =
                TensorSpec { name: name.into(), ..self.signature.outputs[place].clone() };
            let flat = name == "predict" && matches!(spec.shape[..], [_] | [_, Some(1)]);
            if name == "predict" && !flat {
                continue;
            }
            if flat {
                spec.shape.truncate(1);
            }
            let output = Output { name: spec.name.clone(), flat, ..self.outputs[place].clone() };
            self.outputs.push(output);
            self.signature.outputs.push(spec);
        }
    }
}

/// The number of rows that every input insists on, if they do.
fn fixed_rows(file: &ModelFile, inputs: &[Declared]) -> Result<Option<usize>, String> {
    let mut fixed = None;
    for (index, input) in inputs.iter().enumerate() {
        let name = &input.name;
        let Some(rows) = input.shape.first() else {
            return Err(if file.shaped_inputs.contains(name) {
                format!("takes one value '{name}' for a whole batch, not one for each row")
            } else {
                format!(
                    "does not tell the shape of its input '{name}'; declare it when exporting, \
                     with a first dimension of any size"
                )
            });
        };
        if index > 0 && *rows != fixed {
            return Err(format!(
                "takes {} rows of '{}' together with {} of '{name}': no common number of rows",
                shown_rows(fixed),
                inputs[0].name,
                shown_rows(*rows),
            ));
        }
        fixed = *rows;
    }
    match fixed {
        Some(rows) if !(1..=FIXED_ROWS_MAX).contains(&rows) => Err(format!(
            "takes {rows} rows at a time, 1 to {FIXED_ROWS_MAX} are served; export it with a \
             first dimension of any size"
        )),
        fixed => Ok(fixed),
    }
}

fn shown_rows(rows: Option<usize>) -> String {
    rows.map_or_else(|| "any number of".to_owned(), |rows| rows.to_string())
}

fn input_spec(input: &Declared) -> Result<TensorSpec, String> {
    let Some(Element::Plain(dtype)) = input.element else {
        return Err(format!(
            "takes input '{}' as {}, which the protocol has no type for",
            input.name, input.shown
        ));
    };
    let mut shape = input.shape.clone();
    shape[0] = None;
    let accepts = if dtype == DType::Bytes { Accepts::Text } else { Accepts::Numeric };
    Ok(TensorSpec { name: input.name.as_str().into(), dtype, shape, accepts })
}

fn form(specs: Vec<TensorSpec>) -> Inputs {
    let is_column = |spec: &TensorSpec| matches!(spec.shape[..], [_] | [_, Some(1)]);
    match &specs[..] {
        [only] if only.shape.len() == 2 && only.accepts == Accepts::Numeric => {
            Inputs::Matrix(specs.into_iter().next().expect("there is one"))
        }
        _ if specs.iter().all(is_column) => Inputs::Columns(
            specs.into_iter().map(|spec| TensorSpec { shape: vec![None], ..spec }).collect(),
        ),
        _ => Inputs::Tensors(specs),
    }
}

/// Whether an output has the same number of rows whatever the question has, as skl2onnx declares the
/// probabilities of several targets: `[targets, any, classes]`. One row says nothing: converters
/// declare it where there are many (LightGBM, CatBoost).
fn has_rows_of_its_own(output: &Declared, fixed_rows: Option<usize>) -> bool {
    matches!(output.shape.first(), Some(&Some(rows)) if rows != 1 && Some(rows) != fixed_rows)
}

fn output(
    place: usize,
    info: &OutputInfo,
    declared: &Declared,
) -> Result<(Output, TensorSpec), String> {
    let dtype = match declared.element {
        Some(Element::Plain(dtype)) => dtype,
        Some(Element::Bfloat16) => DType::Fp32,
        None => {
            return Err(format!(
                "answers '{}' as {}, which the protocol has no type for",
                info.name, declared.shown
            ));
        }
    };
    let columns = match &info.kind {
        OutputKind::ZipMap { labels, .. } => Some(labels.len()),
        _ => None,
    };
    // The answer has as many rows as the question, which is checked, whatever is declared.
    let shape = match columns {
        Some(_) => vec![None, columns],
        None => std::iter::once(None).chain(declared.shape.iter().skip(1).copied()).collect(),
    };
    let name: Arc<str> = info.name.as_str().into();
    let spec = TensorSpec { name: name.clone(), dtype, shape, accepts: Accepts::Exactly };
    Ok((Output { name, place, columns, flat: false }, spec))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn declared(name: &str, dtype: DType, shape: &[i64]) -> Declared {
        Declared {
            name: name.to_owned(),
            element: Some(Element::Plain(dtype)),
            shown: dtype.to_string(),
            shape: shape.iter().map(|&size| usize::try_from(size).ok()).collect(),
        }
    }

    fn file(outputs: &[&str]) -> ModelFile {
        let info = |name: &&str| OutputInfo { name: (*name).into(), kind: OutputKind::Tensor };
        ModelFile { outputs: outputs.iter().map(info).collect(), ..ModelFile::default() }
    }

    fn refused(inputs: &[Declared]) -> String {
        plan(&file(&["y"]), inputs, &[declared("y", DType::Fp32, &[-1])]).unwrap_err()
    }

    #[test]
    fn inputs_take_the_simplest_form_that_fits() {
        let form = |inputs: &[Declared]| {
            let outputs = [declared("y", DType::Fp32, &[-1])];
            plan(&file(&["y"]), inputs, &outputs).unwrap().signature.inputs
        };
        let (number, text) = (DType::Fp32, DType::Bytes);
        assert!(matches!(form(&[declared("x", number, &[-1, 4])]), Inputs::Matrix(_)));
        assert!(matches!(form(&[declared("x", number, &[-1, -1])]), Inputs::Matrix(_)));
        assert!(matches!(form(&[declared("x", text, &[-1, 1])]), Inputs::Columns(_)));
        let columns = [declared("a", number, &[-1, 1]), declared("b", text, &[-1])];
        assert!(matches!(form(&columns), Inputs::Columns(specs) if specs[0].shape == [None]));
        let mixed = [declared("a", number, &[-1, 3]), declared("b", text, &[-1, 1])];
        assert!(matches!(form(&mixed), Inputs::Tensors(_)));
        assert!(matches!(form(&[declared("x", number, &[-1, 2, 3])]), Inputs::Tensors(_)));
        assert!(matches!(form(&[declared("x", text, &[-1, 3])]), Inputs::Tensors(_)));
    }

    #[test]
    fn what_has_no_rows_is_refused() {
        assert!(refused(&[declared("x", DType::Fp32, &[])]).contains("shape of its input 'x'"));
        let apart = [declared("x", DType::Fp32, &[-1, 2]), declared("k", DType::Int64, &[1])];
        assert_eq!(
            refused(&apart),
            "takes any number of rows of 'x' together with 1 of 'k': no common number of rows"
        );
        assert!(refused(&[declared("x", DType::Fp32, &[1 << 40, 2])]).contains("1 to 65536"));
        let odd = Declared { element: None, ..declared("x", DType::Fp32, &[-1, 2]) };
        assert!(refused(&[odd]).contains("no type for"));
    }

    #[test]
    fn scikit_learns_names_are_added_where_they_are_plain() {
        let names = |names: &[&str], regressor: bool, scores: &[i64]| {
            let input = [declared("x", DType::Fp32, &[-1, 2])];
            let mut outputs = vec![declared(names[0], DType::Fp32, scores)];
            outputs.extend(names[1..].iter().map(|name| declared(name, DType::Fp32, &[-1, 2])));
            let file = ModelFile { regressor, ..file(names) };
            let plan = plan(&file, &input, &outputs).unwrap();
            let asked = plan.signature.default_outputs.len();
            let all: Vec<_> = plan.outputs.iter().map(|out| out.name.to_string()).collect();
            all[asked..].to_vec()
        };
        let classifier = ["output_label", "output_probability"];
        assert_eq!(names(&classifier, false, &[-1]), ["predict", "predict_proba"]);
        assert_eq!(names(&["variable"], true, &[-1, 1]), ["predict"]);
        assert!(names(&["variable"], false, &[-1, 1]).is_empty(), "a scaler is no regressor");
        assert!(names(&["variable"], true, &[-1, 3]).is_empty());
        assert!(names(&["label", "other"], false, &[-1]).is_empty());
    }
}
