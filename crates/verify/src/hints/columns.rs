//! Which columns of the input the parts of a model see.
//!
//! Must not know what is in them.

use pelton_pickle::Value;

use super::{Source, numbers};

/// Whether a step keeps its columns, and if it does, how its numbers relate to the input's.
pub(super) fn passes_on(step: Value<'_>, columns: &mut [Source]) -> bool {
    let Some(class) = step.class() else {
        return step.is_none() || step.as_str() == Some("passthrough");
    };
    let (centres, spreads) = match class.name {
        "StandardScaler" => (numbers(step, "mean_"), numbers(step, "scale_")),
        "RobustScaler" => (numbers(step, "center_"), numbers(step, "scale_")),
        "MaxAbsScaler" => (Vec::new(), numbers(step, "scale_")),
        "MinMaxScaler" => {
            // x * scale + min, so back: (t - min) / scale.
            let (scales, minima) = (numbers(step, "scale_"), numbers(step, "min_"));
            let centres = minima.iter().zip(&scales).map(|(min, scale)| -min / scale).collect();
            (centres, scales.iter().map(|scale| 1.0 / scale).collect())
        }
        "SimpleImputer" | "SMOTE" | "RandomOverSampler" | "RandomUnderSampler" => {
            (Vec::new(), Vec::new())
        }
        _ => return false,
    };
    let fills = class.name == "SimpleImputer";
    for (index, source) in columns.iter_mut().enumerate() {
        source.is_filled |= fills;
        let (centre, spread) = (
            centres.get(index).copied().unwrap_or(0.0),
            spreads.get(index).copied().unwrap_or(1.0),
        );
        source.shift += centre * source.scale;
        source.scale *= spread;
    }
    true
}

/// The columns that a ColumnTransformer gives to one of its parts: by name or place.
pub(super) fn chosen_columns(
    chosen: Value<'_>,
    columns: &[Source],
    names: &[String],
) -> Vec<Source> {
    let of_name = |name: &str| names.iter().position(|known| known == name);
    let of_place = |place: i64| {
        usize::try_from(place).ok().or_else(|| columns.len().checked_add_signed(place as isize))
    };
    let find = |value: Value<'_>| {
        let place = match value.as_str() {
            Some(name) => of_name(name),
            None => value.as_i64().and_then(of_place),
        };
        place.and_then(|place| columns.get(place)).copied()
    };
    if let Some([start, stop, _]) = chosen.as_slice() {
        let bound = |value: Value<'_>, none| {
            value
                .as_i64()
                .and_then(of_place)
                .or_else(|| value.as_str().and_then(of_name))
                .unwrap_or(none)
        };
        let last = bound(stop, columns.len()) + usize::from(stop.as_str().is_some());
        let first = bound(start, 0);
        return columns.get(first..last.min(columns.len())).unwrap_or_default().to_vec();
    }
    if let Some(array) = chosen.as_array() {
        if let Ok(texts) = array.to_strings() {
            return texts.iter().filter_map(|name| columns.get(of_name(name)?)).copied().collect();
        }
        if let (Ok(mask), pelton_pickle::DTypeKind::Bool) =
            (array.to_bool_vec(), array.dtype().kind())
        {
            let kept = columns.iter().zip(mask).filter(|(_, keep)| *keep);
            return kept.map(|(source, _)| *source).collect();
        }
        let places = array.to_i64_vec().unwrap_or_default().into_iter();
        return places.filter_map(|place| columns.get(of_place(place)?)).copied().collect();
    }
    match chosen.items() {
        Ok(items) => {
            let items: Vec<Value<'_>> = items.take(100_000).collect();
            if !items.is_empty() && items.iter().all(|item| item.as_bool().is_some()) {
                let kept =
                    columns.iter().zip(&items).filter(|(_, keep)| keep.as_bool() == Some(true));
                return kept.map(|(source, _)| *source).collect();
            }
            items.into_iter().filter_map(find).collect()
        }
        Err(_) => find(chosen).into_iter().collect(),
    }
}
