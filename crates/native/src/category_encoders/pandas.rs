//! Fitted `Series` and `DataFrame`s as plain tables: an index and numbers.
//!
//! Source: the state of `pandas.core.internals` block managers (pandas 1.3 to 3.1). Must not know what
//! the tables are for.

use pelton_pickle::{DTypeKind, Value};

/// A label of an index.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Label {
    Text(String),
    Number(f64),
    Missing,
}

/// A `Series` of numbers, or a `DataFrame` of them.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) index: Vec<Label>,
    /// A row an index label, `width` values each.
    pub(super) values: Vec<f64>,
    pub(super) width: usize,
    /// Whether every value is an integer in Python.
    pub(super) integers: bool,
}

/// Reads either; `None` if it is neither, or not of numbers.
pub(super) fn table(value: Value<'_>) -> Option<Table> {
    let manager = value.get_attr("_mgr").or_else(|| value.get_attr("_data"))?;
    match value.class()?.name {
        "Series" => series(manager),
        "DataFrame" => frame(manager),
        _ => None,
    }
}

/// A manager's blocks and axes: pandas passes them as arguments or in the state.
fn parts(manager: Value<'_>) -> Option<(Vec<Value<'_>>, Vec<Value<'_>>)> {
    let args: Vec<Value<'_>> = manager.args().collect();
    if let [blocks, axes, ..] = args[..] {
        return Some((list(blocks)?, list(axes)?));
    }
    let state = manager.state()?;
    Some((list(state.item(1).ok()?)?, list(state.item(0).ok()?)?))
}

fn list(value: Value<'_>) -> Option<Vec<Value<'_>>> {
    Some(value.items().ok()?.collect())
}

fn series(manager: Value<'_>) -> Option<Table> {
    let (blocks, axes) = parts(manager)?;
    let (block, index) = (*blocks.first()?, labels(*axes.first()?)?);
    let array = block_values(block)?;
    let (values, integers) = numbers(array)?;
    (values.len() == index.len()).then_some(Table { index, values, width: 1, integers })
}

fn frame(manager: Value<'_>) -> Option<Table> {
    let (blocks, axes) = parts(manager)?;
    let [columns, index] = axes[..] else { return None };
    let (width, index) = (labels(columns)?.len(), labels(index)?);
    let rows = index.len();
    let mut values = vec![f64::NAN; rows.checked_mul(width).filter(|size| *size < 1 << 26)?];
    let (mut integers, mut filled) = (true, 0);
    for block in blocks {
        let array = block_values(block)?;
        let (numbers, whole) = numbers(array)?;
        integers &= whole;
        let places = places(block.args().nth(1)?, width)?;
        if numbers.len() != places.len() * rows {
            return None;
        }
        // A block holds its columns one after another.
        for (column, place) in numbers.chunks_exact(rows.max(1)).zip(&places) {
            for (row, value) in column.iter().enumerate() {
                values[row * width + place] = *value;
            }
        }
        filled += places.len();
    }
    (filled == width).then_some(Table { index, values, width, integers })
}

/// The array of a block, or the block itself where that is one.
fn block_values(block: Value<'_>) -> Option<Value<'_>> {
    if block.as_array().is_some() { Some(block) } else { block.args().next() }
}

fn numbers(array: Value<'_>) -> Option<(Vec<f64>, bool)> {
    let kind = array.as_array()?.dtype().kind();
    let integers = matches!(kind, DTypeKind::Int | DTypeKind::UInt);
    Some((array.to_f64_vec().ok()?, integers))
}

/// The columns of a block: a slice or positions.
fn places(value: Value<'_>, width: usize) -> Option<Vec<usize>> {
    let places: Vec<usize> = match value.as_slice() {
        Some([start, end, step]) => {
            let number = |value: Value<'_>| usize::try_from(value.as_i64()?).ok();
            let every = if step.is_none() { 1 } else { number(step)? };
            (number(start)?..number(end)?.min(width)).step_by(every.max(1)).collect()
        }
        None => value
            .to_i64_vec()
            .ok()?
            .into_iter()
            .map(|place| usize::try_from(place).ok())
            .collect::<Option<_>>()?,
    };
    places.iter().all(|place| *place < width).then_some(places)
}

/// The labels of an index.
pub(super) fn labels(index: Value<'_>) -> Option<Vec<Label>> {
    let range = |value: Value<'_>| -> Option<Vec<Label>> {
        let bound = |name: &str| value.get_attr(name).or_else(|| value.get(name))?.as_i64();
        let (start, end, step) = (bound("start")?, bound("stop")?, bound("step")?);
        let fits = step > 0 && end.checked_sub(start)? < 1 << 26;
        fits.then(|| (start..end).step_by(step as usize).map(|n| Label::Number(n as f64)).collect())
    };
    // `_new_Index(cls, {"data": ..., "name": ...})`, as the reader of pickles has it.
    let held = index.state().or_else(|| index.args().nth(1))?;
    let Some(data) = held.get("data") else { return range(held) };
    let data = match data.as_array() {
        Some(_) => data,
        // An extension array: the values behind its dtype.
        None => data.state()?.item(1).ok()?,
    };
    let array = data.as_array()?;
    if array.dtype().kind() == DTypeKind::Object {
        return data.items().ok()?.map(label).collect();
    }
    if let Ok(numbers) = array.to_f64_vec() {
        return Some(numbers.into_iter().map(number).collect());
    }
    if let Ok(flags) = array.to_bool_vec() {
        return Some(
            flags.into_iter().map(|flag| Label::Number(f64::from(u8::from(flag)))).collect(),
        );
    }
    Some(array.to_strings().ok()?.into_iter().map(Label::Text).collect())
}

/// A plain value as a label.
pub(super) fn label(value: Value<'_>) -> Option<Label> {
    if value.is_none() || value.class().is_some_and(|class| class.name == "NAType") {
        return Some(Label::Missing);
    }
    if let Some(text) = value.as_str() {
        return Some(Label::Text(text.to_owned()));
    }
    if let Some(flag) = value.as_bool() {
        return Some(Label::Number(f64::from(u8::from(flag))));
    }
    value.as_f64().map(number)
}

fn number(value: f64) -> Label {
    if value.is_nan() { Label::Missing } else { Label::Number(value) }
}
