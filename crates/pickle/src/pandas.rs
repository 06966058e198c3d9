//! Series and frames of pandas inside a document: their numbers, index and columns.
//!
//! Source: `pandas.core.internals` of pandas 1.5 to 3.1 (`BlockManager.__reduce__`,
//! `SingleBlockManager.__getstate__`). Must not know what the numbers mean.

use crate::Value;

/// How deep an array may lie in the objects that wrap it.
const MAX_DEPTH: usize = 6;

/// A series' index, as a value with items or elements, and its numbers; `None` if it is no series of
/// numbers.
pub fn series(value: Value<'_>) -> Option<(Value<'_>, Vec<f64>)> {
    let (axes, blocks) = manager(value)?;
    let values = inner_array(blocks.first()?.0, 0)?.to_f64_vec().ok()?;
    Some((inner_array(*axes.first()?, 0)?, values))
}

/// A frame's index as numbers, and its rows; `None` if it is no frame of numbers with such an index.
pub fn frame(value: Value<'_>) -> Option<(Vec<f64>, Vec<Vec<f64>>)> {
    let (index, rows) = labelled_frame(value)?;
    Some((index.to_f64_vec().ok()?, rows))
}

/// A frame's index, as a value with items or elements, and its rows; `None` if it is no frame of numbers.
pub fn labelled_frame(value: Value<'_>) -> Option<(Value<'_>, Vec<Vec<f64>>)> {
    let (axes, blocks) = manager(value)?;
    let columns = match inner_array(*axes.first()?, 0)?.as_array() {
        Some(array) => array.len(),
        None => axes.first()?.items().ok()?.len(),
    };
    let index = inner_array(*axes.get(1)?, 0)?;
    let n_rows = match index.as_array() {
        Some(array) => array.len(),
        None => index.items().ok()?.len(),
    };
    let held = blocks.iter().filter_map(|block| Some(inner_array(block.0, 0)?.as_array()?.len()));
    if columns.checked_mul(n_rows) != Some(held.sum()) {
        return None;
    }
    let mut rows = vec![vec![f64::NAN; columns]; n_rows];
    for (values, places) in blocks {
        let values = inner_array(values, 0)?;
        // A block has its columns as rows.
        let [count, length] = *values.as_array()?.shape() else { return None };
        let places = positions(places?, columns)?;
        if places.len() != count || length != n_rows {
            return None;
        }
        let numbers = values.to_f64_vec().ok()?;
        for (place, column) in places.iter().zip(numbers.chunks_exact(length.max(1))) {
            for (row, value) in rows.iter_mut().zip(column) {
                *row.get_mut(*place)? = *value;
            }
        }
    }
    Some((index, rows))
}

/// A block's values and the columns they are of.
type Block<'d> = (Value<'d>, Option<Value<'d>>);

/// Axes and blocks of what holds a series' or frame's data.
fn manager(value: Value<'_>) -> Option<(Vec<Value<'_>>, Vec<Block<'_>>)> {
    let manager = value.get_attr("_mgr").or_else(|| value.get_attr("_data"))?;
    let held =
        manager.state().and_then(|state| state.items().ok()?.find_map(|item| item.get("0.14.1")));
    if let Some(held) = held {
        let axes = held.get("axes")?.items().ok()?.collect();
        let blocks = held.get("blocks")?.items().ok()?;
        let blocks = blocks.map(|block| Some((block.get("values")?, block.get("mgr_locs"))));
        return Some((axes, blocks.collect::<Option<_>>()?));
    }
    let args: Vec<Value<'_>> = manager.args().collect();
    let [blocks, axes] = args.as_slice() else { return None };
    let blocks = blocks.items().ok()?.map(|block| {
        let parts: Vec<Value<'_>> = block.args().collect();
        Some((*parts.first()?, parts.get(1).copied()))
    });
    Some((axes.items().ok()?.collect(), blocks.collect::<Option<_>>()?))
}

/// The array that a value is, or that an index or an array of texts wraps.
fn inner_array(value: Value<'_>, depth: usize) -> Option<Value<'_>> {
    if value.as_array().is_some() {
        return Some(value);
    }
    if depth == MAX_DEPTH {
        return None;
    }
    let attribute = ["data", "_ndarray", "values"]
        .into_iter()
        .find_map(|name| inner_array(value.get_attr(name).or_else(|| value.get(name))?, depth + 1));
    attribute.or_else(|| value.args().find_map(|arg| inner_array(arg, depth + 1))).or_else(|| {
        let state = value.state()?;
        inner_array(state, depth + 1)
            .or_else(|| state.items().ok()?.find_map(|item| inner_array(item, depth + 1)))
    })
}

/// The columns of a slice or an array.
fn positions(value: Value<'_>, count: usize) -> Option<Vec<usize>> {
    if let Some([start, stop, step]) = value.as_slice() {
        let start = usize::try_from(start.as_i64().unwrap_or(0)).ok()?;
        let stop = usize::try_from(stop.as_i64()?).ok()?.min(count);
        let every = usize::try_from(step.as_i64().unwrap_or(1)).ok().filter(|step| *step > 0)?;
        return Some((start..stop).step_by(every).collect());
    }
    let all = value.to_i64_vec().ok()?;
    all.into_iter().map(|at| usize::try_from(at).ok()).collect()
}
