//! From a request's tensors to the rows of a model, as the Python worker would hand them over:
//! narrow integers widened, half floats as f64, missing values put where the validity says so.
//!
//! Numbers that lie aligned are borrowed; everything else is copied once.

use half::f16;
use pelton_core::{Batch, Code, DType, Error, Form, Result, Tensor, VALID_SUFFIX};

use crate::data::{Column, Span, TextColumn};
use crate::model::{Model, Rows};

/// A column's storage: what could not be borrowed.
enum Store<'a> {
    F64(Vec<f64>),
    F32(Vec<f32>),
    I64(Vec<i64>),
    Borrowed(Column<'a>),
    Text(&'a [u8], Vec<Span>),
}

/// Calls `f` with a batch's rows.
///
/// # Errors
/// `f` fails, or the batch has a form the model does not take.
pub(crate) fn with_rows<R>(
    model: &Model,
    batch: &Batch,
    f: impl FnOnce(Rows<'_>) -> Result<R>,
) -> Result<R> {
    let rows = batch.rows;
    match (batch.form, batch.inputs.as_slice()) {
        (Form::Matrix, [matrix]) if matrix.dtype() == DType::Bytes => {
            let width = if model.takes_text() { 1 } else { matrix.row_elements() };
            let stores: Vec<Store<'_>> =
                (0..width).map(|column| texts(matrix, None, column, width)).collect();
            with_columns(&stores, rows, f)
        }
        (Form::Matrix, [matrix]) => match store(matrix, None) {
            Store::Borrowed(Column::F64(values)) => f(Rows::F64 { values, rows }),
            Store::Borrowed(Column::F32(values)) => f(Rows::F32 { values, rows }),
            Store::F64(values) => f(Rows::F64 { values: &values, rows }),
            Store::F32(values) => f(Rows::F32 { values: &values, rows }),
            // One column of integers may be labels, which a float cannot always tell apart.
            whole @ (Store::I64(_) | Store::Borrowed(Column::I64(_)))
                if model.features() == Some(1) =>
            {
                with_columns(&[whole], rows, f)
            }
            other if model.tells_integers() => {
                let stores: Vec<Store<'_>> = other.columns(matrix.row_elements());
                with_columns(&stores, rows, f)
            }
            other => f(Rows::F64 { values: &as_f64(&other), rows }),
        },
        (Form::Columns, tensors) => {
            let mut stores = Vec::with_capacity(tensors.len());
            let mut tensors = tensors.iter().peekable();
            while let Some(tensor) = tensors.next() {
                let valid = tensors.next_if(|next| is_validity(next, tensor));
                stores.push(store(tensor, valid));
            }
            with_columns(&stores, rows, f)
        }
        _ if model.ignores_rows() => f(Rows::Columns { columns: &[], rows }),
        (form, tensors) => Err(Error::new(
            Code::Internal,
            format!("a native model was given {} tensors as {form:?}", tensors.len()),
        )),
    }
}

fn with_columns<R>(
    stores: &[Store<'_>],
    rows: usize,
    f: impl FnOnce(Rows<'_>) -> Result<R>,
) -> Result<R> {
    let columns: Vec<Column<'_>> = stores.iter().map(Store::column).collect();
    f(Rows::Columns { columns: &columns, rows })
}

fn is_validity(tensor: &Tensor, column: &Tensor) -> bool {
    tensor.name().strip_suffix(VALID_SUFFIX) == Some(column.name())
}

impl Store<'_> {
    /// The columns of a matrix of whole numbers or booleans.
    fn columns(&self, width: usize) -> Vec<Store<'static>> {
        let column = |at: usize| match self.column() {
            Column::I64(values) => values.iter().skip(at).step_by(width).copied().collect(),
            Column::Bool(values) => {
                values.iter().skip(at).step_by(width).map(|flag| i64::from(*flag)).collect()
            }
            other => unreachable!("{other:?} holds no whole numbers"),
        };
        (0..width).map(|at| Store::I64(column(at))).collect()
    }

    fn column(&self) -> Column<'_> {
        match self {
            Self::F64(values) => Column::F64(values),
            Self::F32(values) => Column::F32(values),
            Self::I64(values) => Column::I64(values),
            Self::Borrowed(column) => *column,
            Self::Text(bytes, spans) => Column::Text(TextColumn::new(bytes, spans)),
        }
    }
}

/// Integers and booleans of a matrix as floats.
fn as_f64(store: &Store<'_>) -> Vec<f64> {
    let column = store.column();
    (0..column.len()).map(|row| column.number(row).unwrap_or(f64::NAN)).collect()
}

fn store<'a>(tensor: &'a Tensor, valid: Option<&Tensor>) -> Store<'a> {
    let gaps = valid.map(|valid| &valid.data()[..]).filter(|valid| valid.contains(&0));
    let data = &tensor.data()[..];
    let mut store = match tensor.dtype() {
        DType::Bytes => return texts(tensor, gaps, 0, 1),
        DType::Fp64 => match bytemuck::try_cast_slice(data) {
            Ok(values) => Store::Borrowed(Column::F64(values)),
            Err(_) => Store::F64(each(data, f64::from_le_bytes)),
        },
        DType::Fp32 => match bytemuck::try_cast_slice(data) {
            Ok(values) => Store::Borrowed(Column::F32(values)),
            Err(_) => Store::F32(each(data, f32::from_le_bytes)),
        },
        DType::Int64 => match bytemuck::try_cast_slice(data) {
            Ok(values) => Store::Borrowed(Column::I64(values)),
            Err(_) => Store::I64(each(data, i64::from_le_bytes)),
        },
        DType::Bool => Store::Borrowed(Column::Bool(data)),
        DType::Fp16 => Store::F64(each(data, |bytes| f16::from_le_bytes(bytes).to_f64())),
        DType::Uint64 => Store::F64(each(data, |bytes| u64::from_le_bytes(bytes) as f64)),
        DType::Int32 => Store::I64(each(data, |bytes| i32::from_le_bytes(bytes).into())),
        DType::Int16 => Store::I64(each(data, |bytes| i16::from_le_bytes(bytes).into())),
        DType::Int8 => Store::I64(each(data, |bytes| i8::from_le_bytes(bytes).into())),
        DType::Uint32 => Store::I64(each(data, |bytes| u32::from_le_bytes(bytes).into())),
        DType::Uint16 => Store::I64(each(data, |bytes| u16::from_le_bytes(bytes).into())),
        DType::Uint8 => Store::I64(each(data, |bytes| u8::from_le_bytes(bytes).into())),
    };
    if let Some(gaps) = gaps {
        store = with_gaps(&store, gaps);
    }
    store
}

/// NaN where the validity is false: integers and booleans become floats, as in pandas.
fn with_gaps(store: &Store<'_>, valid: &[u8]) -> Store<'static> {
    if let Column::F32(values) = store.column() {
        let gap = |(value, valid): (&f32, &u8)| if *valid == 0 { f32::NAN } else { *value };
        return Store::F32(values.iter().zip(valid).map(gap).collect());
    }
    let mut values = as_f64(store);
    values.iter_mut().zip(valid).filter(|(_, valid)| **valid == 0).for_each(|(v, _)| *v = f64::NAN);
    Store::F64(values)
}

/// Every `step`th text from `start` on.
fn texts<'a>(tensor: &'a Tensor, valid: Option<&[u8]>, start: usize, step: usize) -> Store<'a> {
    let data = &tensor.data()[..];
    let mut spans = Vec::with_capacity(tensor.rows());
    let mut at = 0;
    for (index, text) in tensor.strings().enumerate() {
        at += 4;
        if index % step == start {
            let row = index / step;
            let missing = valid.is_some_and(|valid| valid[row] == 0);
            let span = Span { start: at as u32, len: text.len() as u32 };
            spans.push(if missing { Span::MISSING } else { span });
        }
        at += text.len();
    }
    Store::Text(data, spans)
}

fn each<const N: usize, T>(data: &[u8], of: impl Fn([u8; N]) -> T) -> Vec<T> {
    let (chunks, _) = data.as_chunks::<N>();
    chunks.iter().map(|bytes| of(*bytes)).collect()
}
