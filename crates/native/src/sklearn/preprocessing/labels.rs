//! `LabelEncoder` and `LabelBinarizer` as models of their own: a label a row in, its number out, or a
//! column for each class.
//!
//! Source: `sklearn.preprocessing._label` (0.24 to 1.9), `sklearn.utils._encode`. Since 1.2 `LabelEncoder`
//! casts what it is given to the type of its labels before it looks: numbers are cut to integers,
//! texts to the longest label's length.

use pelton_core::DType;
use pelton_pickle::{DTypeKind, Value};

use crate::data::{Column, Data, Labels, Pool};
use crate::estimator::{
    Answers, Block, Estimator, Method, Methods, Output, Promise, Rejected, Shape,
};
use crate::inputs::{Evidence, Example};
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::text_index::TextIndex;

use super::categories::for_each_column;
use super::label_values::{Cast, Known};

pub(super) const READERS: Readers =
    &[("sklearn", "LabelEncoder", read_encoder), ("sklearn", "LabelBinarizer", read_binarizer)];

/// One column of labels, and what becomes of each.
struct LabelModel {
    labels: [Labels; 1],
    known: Known,
    becomes: Becomes,
}

enum Becomes {
    /// Its number; an unknown one is refused.
    Number(Cast),
    /// A column for each class, one for two of them: this number where the class is it, that elsewhere.
    Columns { width: usize, positive: i64, negative: i64 },
}

fn read_encoder(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let (labels, known) = read_labels(fitted)?;
    let cast = cast(fitted, &labels)?;
    Ok(Box::new(LabelModel { labels: [labels], known, becomes: Becomes::Number(cast) }))
}

fn read_binarizer(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let kind = fitted.option("y_type_").and_then(Value::as_str).unwrap_or("multiclass");
    if !matches!(kind, "binary" | "multiclass") {
        return Err(fitted.refuse_option(format!("labels of the kind '{kind}'")));
    }
    let (labels, known) = read_labels(fitted)?;
    let whole = |name: &str| {
        let value = fitted.attr(name)?.as_i64();
        fitted.wanted(name, value, "a whole number")
    };
    let width = if labels.len() <= 2 { 1 } else { labels.len() };
    let becomes =
        Becomes::Columns { width, positive: whole("pos_label")?, negative: whole("neg_label")? };
    Ok(Box::new(LabelModel { labels: [labels], known, becomes }))
}

fn read_labels(fitted: &Fitted<'_>) -> Result<(Labels, Known), Refusal> {
    let value = fitted.attr("classes_")?;
    let (labels, known) = if let Some(read) = with_gaps(value) {
        read
    } else {
        let labels = fitted.labels_of("classes_", value)?;
        let known = Known::new(&labels);
        (labels, known)
    };
    if labels.is_empty() {
        return Err(fitted.refuse("it knows no label"));
    }
    Ok((labels, known))
}

/// Texts, and behind them None or NaN, which no text is.
fn with_gaps(value: Value<'_>) -> Option<(Labels, Known)> {
    value.as_array().filter(|array| array.dtype().kind() == DTypeKind::Object)?;
    let items: Vec<Value<'_>> = value.items().ok()?.collect();
    let mut shown = Vec::with_capacity(items.len());
    let mut texts = Vec::new();
    for (item, number) in items.iter().zip(0..) {
        if let Some(text) = item.as_str() {
            texts.push((text.as_bytes(), number));
            shown.push(text.to_owned());
        } else if item.is_none() {
            shown.push("None".to_owned());
        } else if item.as_f64().is_some_and(f64::is_nan) {
            shown.push("nan".to_owned());
        } else {
            return None;
        }
    }
    if texts.is_empty() {
        return None;
    }
    Some((Labels::Text(shown), Known::Text(TextIndex::new(texts.into_iter()))))
}

/// The cast to the type of the labels.
fn cast(fitted: &Fitted<'_>, labels: &Labels) -> Result<Cast, Refusal> {
    let array = fitted.attr("classes_")?.as_array();
    let dtype =
        array.map(pelton_pickle::Array::dtype).filter(|dtype| dtype.kind() != DTypeKind::Object);
    if fitted.version() < Version(1, 2) {
        // How NumPy's sets compared the others depends on the type of the batch.
        return match (labels, dtype) {
            (Labels::Text(_), _) | (Labels::Int { .. } | Labels::Bool(_), Some(_)) => {
                Ok(Cast::Nothing)
            }
            _ => Err(fitted.refuse_option("labels that are floats or objects, before 1.2,")),
        };
    }
    let Some(dtype) = dtype else { return Ok(Cast::Nothing) };
    Ok(match labels {
        Labels::Text(_) => Cast::Text(dtype.size() / 4),
        Labels::Bool(_) => Cast::Bool,
        Labels::Int { dtype, .. } => Cast::Integer(*dtype),
        Labels::Float { .. } if dtype.size() == 4 => Cast::Single,
        Labels::Float { .. } => Cast::Nothing,
    })
}

impl LabelModel {
    /// Calls `each` with every row and the number of its label, if it is known.
    fn find(
        &self,
        x: &Data<'_>,
        pool: &mut Pool,
        mut each: impl FnMut(usize, Option<u32>),
    ) -> Result<(), Rejected> {
        for_each_column(x, pool, |_, column| {
            for row in 0..column.len() {
                let number = match self.becomes {
                    Becomes::Number(cast) => {
                        let number = self.number(column, row, cast);
                        Some(number.ok_or_else(|| unseen(column, row))?)
                    }
                    Becomes::Columns { .. } => {
                        check_whole(column, row)?;
                        self.number(column, row, Cast::Nothing)
                    }
                };
                each(row, number);
            }
            Ok(())
        })
    }

    fn number(&self, column: Column<'_>, row: usize, cast: Cast) -> Option<u32> {
        match column {
            Column::Text(texts) => self.known.text(cast.text(texts.get(row)?)),
            Column::I64(values) => cast.integer(&self.known, values[row]),
            Column::Bool(values) => cast.integer(&self.known, i64::from(values[row])),
            Column::F64(values) => cast.float(&self.known, values[row]),
            Column::F32(values) => cast.float(&self.known, f64::from(values[row])),
        }
    }
}

/// `type_of_target` takes floats that are not whole for measurements, not for labels.
fn check_whole(column: Column<'_>, row: usize) -> Result<(), Rejected> {
    let value = match column {
        Column::F64(values) => values[row],
        Column::F32(values) => f64::from(values[row]),
        _ => return Ok(()),
    };
    if !value.is_finite() {
        return Err(Rejected::new("input contains NaN or infinity"));
    }
    if value.fract() != 0.0 || value.abs() >= 9_223_372_036_854_775_808.0 {
        let why = "continuous target data is not supported with label binarization";
        return Err(Rejected::new(why));
    }
    Ok(())
}

fn unseen(column: Column<'_>, row: usize) -> Rejected {
    let label = match column {
        Column::Text(texts) => {
            format!("'{}'", String::from_utf8_lossy(texts.get(row).unwrap_or_default()))
        }
        Column::I64(values) => values[row].to_string(),
        _ => format!("{:?}", column.number(row).unwrap_or(f64::NAN)),
    };
    Rejected::new(format!("y contains previously unseen labels: {label}"))
}

impl Estimator for LabelModel {
    fn outputs(&self) -> Vec<Output> {
        let shape = match self.becomes {
            Becomes::Number(_) => Shape::Vector,
            Becomes::Columns { width, .. } => Shape::Matrix(width),
        };
        vec![Output { method: Method::Transform, shape, dtype: DType::Int64 }]
    }

    fn features(&self) -> Option<usize> {
        Some(1)
    }

    fn answer(
        &self,
        x: &Data<'_>,
        asked: Methods,
        answers: &mut Answers,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        if !asked.has(Method::Transform) {
            return Ok(());
        }
        let rows = x.rows();
        let numbers = match self.becomes {
            Becomes::Number(_) => {
                let mut numbers = vec![0; rows];
                let found = |row, number: Option<u32>| {
                    numbers[row] = i64::from(number.unwrap_or_default());
                };
                self.find(x, pool, found)?;
                numbers
            }
            Becomes::Columns { width, positive, negative } => {
                let mut numbers = vec![negative; rows * width];
                let classes = self.labels[0].len();
                self.find(x, pool, |row, number| match number {
                    Some(number) if classes > 2 => {
                        numbers[row * width + number as usize] = positive;
                    }
                    // Of two classes the second is told, of one none.
                    Some(1) => numbers[row] = positive,
                    _ => {}
                })?;
                numbers
            }
        };
        answers.transform = Some(Block::I64(numbers));
        Ok(())
    }

    fn labels(&self) -> &[Labels] {
        &self.labels
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        let Some(column) = columns.first() else { return };
        match &self.labels[0] {
            Labels::Text(texts) => evidence.add_text(*column, &texts[0]),
            Labels::Int { values, .. } => evidence.add_number(*column, Example::Int(values[0])),
            Labels::Bool(_) | Labels::Float { .. } => evidence.add_number(*column, Example::Other),
        }
    }

    fn takes_numbers(&self) -> bool {
        false
    }

    fn promise(&self) -> Promise {
        Promise::Bits
    }
}
