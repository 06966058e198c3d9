//! The columns of the output: those kept of the input, then the model's answers, then the errors.
//!
//! Must not know output formats: it ends in columns of plain values.

use std::collections::HashSet;
use std::sync::Arc;

use half::f16;
use pelton_core::{DType, Tensor, TensorSpec};

use crate::cell::{Cell, Column, Kind, Texts, Values};
use crate::convert::BadRow;
use crate::grid::Grid;
use crate::json_reader::Json;
use crate::plan::Plan;
use crate::problem::{Problem, quoted};

/// The column of reasons.
const ERROR: &str = "error";

/// Columns one output may have; more are no table.
const WIDTH_MAX: usize = 10_000;

/// A column of the input, copied.
#[derive(Clone, Debug, PartialEq)]
pub struct Kept(pub(crate) Column);

/// The answers to a block of rows.
#[derive(Debug)]
pub struct Answer {
    /// Rows of the block.
    pub rows: usize,
    /// The columns copied, all rows.
    pub kept: Vec<Kept>,
    /// The model's outputs for the rows of `answered`, in that order.
    pub outputs: Vec<Tensor>,
    /// The places in the block of the rows that were answered.
    pub answered: Vec<usize>,
    /// The others.
    pub bad: Vec<BadRow>,
}

/// The columns of the output.
#[derive(Clone, Debug)]
pub struct Layout {
    pub(crate) fields: Vec<Field>,
    outputs: Vec<Output>,
    /// Rows without an answer stay in, with the reason in a column of their own.
    nulls: bool,
}

/// A column of the output.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Arc<str>,
    pub(crate) kind: Kind,
    /// Its texts are JSON values, to be copied as they are.
    pub(crate) json: bool,
    /// The output it is an element of, where that has several a row.
    pub(crate) group: Option<Arc<str>>,
}

#[derive(Clone, Debug)]
struct Output {
    name: Arc<str>,
    kind: Kind,
    width: usize,
}

impl Layout {
    /// The columns of answers like these. `classes` name the columns of outputs with one column a
    /// class; with `nulls`, rows without an answer stay in.
    ///
    /// # Errors
    /// When two columns would have the same name, or an output is no column.
    pub fn new(
        plan: &Plan,
        outputs: &[Tensor],
        classes: &[String],
        nulls: bool,
    ) -> Result<Self, Problem> {
        let outputs = outputs.iter().map(|tensor| {
            Ok((
                tensor.name().clone(),
                kind_of(tensor.dtype()),
                tensor.row_elements(),
                tensor.shape().len(),
            ))
        });
        Self::of(plan, outputs, classes, nulls)
    }

    /// The same from what the model says of its outputs, before any row was answered.
    ///
    /// # Errors
    /// As [`Layout::new`], and when the model does not say how many columns an output has.
    pub fn expected(
        plan: &Plan,
        outputs: &[TensorSpec],
        classes: &[String],
        nulls: bool,
    ) -> Result<Self, Problem> {
        let outputs = outputs.iter().map(|spec| {
            let sizes = spec.shape.iter().skip(1);
            let width = sizes.copied().try_fold(1_usize, |width, size| width.checked_mul(size?));
            let width = width.ok_or_else(|| {
                Problem::new(format!(
                    "no row was answered, so the width of {} is not known",
                    quoted(&spec.name)
                ))
            })?;
            Ok((spec.name.clone(), kind_of(spec.dtype), width, spec.shape.len()))
        });
        Self::of(plan, outputs, classes, nulls)
    }

    fn of(
        plan: &Plan,
        described: impl Iterator<Item = Result<(Arc<str>, Kind, usize, usize), Problem>>,
        classes: &[String],
        nulls: bool,
    ) -> Result<Self, Problem> {
        let mut fields: Vec<Field> = plan
            .keep
            .iter()
            .map(|column| Field {
                name: plan.header.names[*column].clone(),
                kind: plan.header.kinds[*column],
                json: plan.json,
                group: None,
            })
            .collect();
        let mut outputs = Vec::new();
        for described in described {
            let (name, kind, width, dimensions) = described?;
            if width > WIDTH_MAX {
                return Err(Problem::new(format!(
                    "output {} has {width} values a row, a table has at most {WIDTH_MAX}",
                    quoted(&name)
                )));
            }
            let single = dimensions == 1;
            for place in 0..width {
                let part = || match classes.get(place) {
                    Some(class) if classes.len() == width => class.clone(),
                    _ => place.to_string(),
                };
                fields.push(Field {
                    name: if single { name.clone() } else { format!("{name}_{}", part()).into() },
                    kind,
                    json: false,
                    group: (!single).then(|| name.clone()),
                });
            }
            outputs.push(Output { name, kind, width });
        }
        if nulls {
            fields.push(Field { name: ERROR.into(), kind: Kind::Text, json: false, group: None });
        }
        let mut seen = HashSet::new();
        if let Some(twice) = fields.iter().find(|field| !seen.insert(field.name.clone())) {
            return Err(Problem::new(format!(
                "the output would have two columns {}; keep the input's out of it, or rename it",
                quoted(&twice.name)
            )));
        }
        Ok(Self { fields, outputs, nulls })
    }

    /// An answer as columns, and how many rows they have.
    ///
    /// # Errors
    /// When the model's outputs are no longer what they were in the first answer.
    pub(crate) fn columns(&self, answer: &Answer) -> Result<(Vec<Column>, usize), Problem> {
        let places: Vec<Option<usize>> = if self.nulls {
            let mut places = vec![None; answer.rows];
            answer.answered.iter().enumerate().for_each(|(place, row)| places[*row] = Some(place));
            places
        } else {
            (0..answer.answered.len()).map(Some).collect()
        };
        let mut columns: Vec<Column> = answer
            .kept
            .iter()
            .map(|kept| if self.nulls { kept.0.clone() } else { pick(&kept.0, &answer.answered) })
            .collect();
        for (index, output) in self.outputs.iter().enumerate() {
            match answer.outputs.get(index) {
                Some(tensor) => columns.extend(output.columns(tensor, &places)?),
                None => columns.extend(output.nothing(places.len())),
            }
        }
        if self.nulls {
            let mut reasons = vec![None; answer.rows];
            answer.bad.iter().for_each(|bad| reasons[bad.index] = Some(&*bad.reason));
            let mut texts = Texts::default();
            for reason in &reasons {
                texts.push(reason.unwrap_or_default().as_bytes());
            }
            let valid = Some(reasons.iter().map(Option::is_some).collect());
            columns.push(Column { values: Values::Text(texts), valid });
        }
        Ok((columns, places.len()))
    }
}

impl Output {
    fn columns(&self, tensor: &Tensor, places: &[Option<usize>]) -> Result<Vec<Column>, Problem> {
        if kind_of(tensor.dtype()) != self.kind || tensor.row_elements() != self.width {
            return Err(Problem::new(format!(
                "output {} is now {} with {} values a row, and was another before",
                quoted(&self.name),
                tensor.dtype(),
                tensor.row_elements()
            )));
        }
        let strings: Vec<&[u8]> = tensor.strings().collect();
        let gaps = places.contains(&None);
        let columns = (0..self.width).map(|part| {
            let mut values = Values::empty(self.kind);
            for place in places {
                match place {
                    Some(row) => push(&mut values, tensor, &strings, row * self.width + part),
                    None => values.push_nothing(),
                }
            }
            let valid = gaps.then(|| places.iter().map(Option::is_some).collect());
            Column { values, valid }
        });
        Ok(columns.collect())
    }

    fn nothing(&self, rows: usize) -> Vec<Column> {
        let mut values = Values::empty(self.kind);
        (0..rows).for_each(|_| values.push_nothing());
        vec![Column { values, valid: Some(vec![false; rows]) }; self.width]
    }
}

/// The kept columns of a block.
pub(crate) fn keep(plan: &Plan, grid: &Grid<'_>, rows: usize) -> Vec<Kept> {
    plan.keep.iter().map(|column| Kept(keep_one(plan, grid, rows, *column))).collect()
}

fn keep_one(plan: &Plan, grid: &Grid<'_>, rows: usize, column: usize) -> Column {
    let mut values = Values::empty(plan.header.kinds[column]);
    let mut valid = Vec::with_capacity(rows);
    for row in 0..rows {
        let there = match grid.cell(row, column) {
            Cell::Missing => false,
            Cell::Str("") | Cell::Text(b"") if matches!(grid, Grid::Csv(_)) => false,
            _ if plan.json => {
                let text = grid.json(row, column).map_or_else(String::new, Json::text);
                values.push(Cell::Str(&text));
                valid.push(true);
                continue;
            }
            cell => {
                valid.push(values.push(cell));
                continue;
            }
        };
        values.push_nothing();
        valid.push(there);
    }
    Column { values, valid: valid.contains(&false).then_some(valid) }
}

fn pick(column: &Column, rows: &[usize]) -> Column {
    let mut values = Values::empty(column.values.kind());
    let mut valid = Vec::with_capacity(rows.len());
    for row in rows {
        let cell = column.cell(*row);
        if matches!(cell, Cell::Missing) {
            values.push_nothing();
            valid.push(false);
        } else {
            valid.push(values.push(cell));
        }
    }
    Column { values, valid: valid.contains(&false).then_some(valid) }
}

fn kind_of(dtype: DType) -> Kind {
    match dtype {
        DType::Bool => Kind::Bool,
        DType::Fp32 => Kind::Single,
        DType::Fp64 | DType::Fp16 => Kind::Float,
        DType::Bytes => Kind::Text,
        _ => Kind::Int,
    }
}

/// Adds an element of a tensor. UINT64 beyond 63 bits wraps: no label is that large.
fn push(values: &mut Values, tensor: &Tensor, strings: &[&[u8]], index: usize) {
    macro_rules! element {
        ($type:ty) => {{
            const SIZE: usize = size_of::<$type>();
            let mut bytes = [0; SIZE];
            bytes.copy_from_slice(&tensor.data()[index * SIZE..(index + 1) * SIZE]);
            <$type>::from_le_bytes(bytes)
        }};
    }
    match (values, tensor.dtype()) {
        (Values::Bool(values), _) => values.push(tensor.data()[index] != 0),
        (Values::Single(values), _) => values.push(element!(f32)),
        (Values::Float(values), DType::Fp16) => values.push(element!(f16).to_f64()),
        (Values::Float(values), _) => values.push(element!(f64)),
        (Values::Text(texts), _) => texts.push(strings[index]),
        (Values::Int(values), dtype) => values.push(match dtype {
            DType::Uint8 => element!(u8).into(),
            DType::Uint16 => element!(u16).into(),
            DType::Uint32 => element!(u32).into(),
            DType::Int8 => element!(i8).into(),
            DType::Int16 => element!(i16).into(),
            DType::Int32 => element!(i32).into(),
            _ => element!(i64),
        }),
    }
}
