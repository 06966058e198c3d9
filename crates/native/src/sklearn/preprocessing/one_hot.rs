//! `OneHotEncoder`.
//!
//! Source: `sklearn.preprocessing.OneHotEncoder.transform` (0.20 to 1.9). Dropped, infrequent and unknown
//! categories are resolved when the model is read: a value is a column of the answer, or none.

use pelton_core::DType;
use pelton_pickle::Value;

use super::categories::{Categories, for_each_column, read_all};
use super::infrequent::{Infrequent, unknown_text};
use crate::data::{Data, Form, Pool, Real, Slot, SparseRows, ViewMut};
use crate::estimator::{Estimator, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal, Version};
use crate::sklearn::transforms::{Fit, Transforms};

pub(super) const READERS: Readers = &[("sklearn", "OneHotEncoder", read)];

/// Up to this width rows are dense here even where scikit-learn makes them sparse: they are quicker so.
const DENSE: usize = 96;

/// In place of a column: the row has no one for this value.
const NOWHERE: u32 = u32::MAX;
/// In place of a column: the value is refused.
const REFUSED: u32 = u32::MAX - 1;

struct OneHotEncoder {
    columns: Vec<Encoded>,
    width: usize,
    dtype: DType,
    sparse: bool,
    sparse_in_python: bool,
}

struct Encoded {
    categories: Categories,
    /// The answer's column for each category, and last for an unknown value.
    places: Vec<u32>,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let known = read_all(fitted)?;
    let unknown = fitted.option("handle_unknown").and_then(Value::as_str).unwrap_or("error");
    if !matches!(unknown, "error" | "ignore" | "infrequent_if_exist" | "warn") {
        return Err(fitted.refuse_option(format!("handle_unknown='{unknown}'")));
    }
    // 1.6 and 1.7 take an option "warn" and then leave unknown values out all the same.
    let joins_rare =
        unknown != "ignore" && (unknown != "warn" || fitted.version() >= Version(1, 8));
    let infrequent = Infrequent::read(fitted, &known)?;
    let dropped = dropped(fitted, &known)?;
    let mut columns = Vec::with_capacity(known.len());
    let mut width = 0;
    for (at, categories) in known.into_iter().enumerate() {
        let dropped = dropped.get(at).copied().flatten();
        let of_group = infrequent.unknown(at).filter(|_| joins_rare);
        let mut places: Vec<u32> = (0..categories.len())
            .map(|category| place(infrequent.group(at, category), dropped))
            .collect();
        places.push(match (unknown, of_group) {
            ("error", _) => REFUSED,
            (_, Some(group)) => place(group, dropped),
            _ => NOWHERE,
        });
        let count =
            infrequent.groups(at, categories.len()).saturating_sub(usize::from(dropped.is_some()));
        for place in places.iter_mut().filter(|place| **place < REFUSED) {
            if *place as usize >= count {
                return Err(fitted.refuse("OneHotEncoder has fewer columns than categories"));
            }
            *place += width as u32;
        }
        width += count;
        columns.push(Encoded { categories, places });
    }
    check_width(fitted, width)?;
    let dtype = dtype(fitted)?;
    // Its name was `sparse` before 1.2, where it became the text "deprecated".
    let old = fitted.option("sparse").is_none_or(|sparse| sparse.as_bool() != Some(false));
    let sparse_in_python = fitted.flag("sparse_output", old)?;
    let sparse = sparse_in_python && width > DENSE;
    Ok(Box::new(Transforms(OneHotEncoder { columns, width, dtype, sparse, sparse_in_python })))
}

/// The column of a category once the dropped one is left out.
fn place(group: usize, dropped: Option<usize>) -> u32 {
    match dropped {
        Some(dropped) if group == dropped => NOWHERE,
        Some(dropped) if group > dropped => group as u32 - 1,
        _ => group as u32,
    }
}

/// The dropped category of every column, counted after infrequent ones were put together.
fn dropped(fitted: &Fitted<'_>, known: &[Categories]) -> Result<Vec<Option<usize>>, Refusal> {
    let listed = match fitted.value.get_attr("_drop_idx_after_grouping") {
        Some(value) => value,
        None => match fitted.value.get_attr("drop_idx_") {
            Some(value) => value,
            None => return Ok(vec![None; known.len()]),
        },
    };
    if listed.is_none() {
        return Ok(vec![None; known.len()]);
    }
    let refusal = || fitted.refuse("OneHotEncoder's dropped categories cannot be used");
    if let Ok(all) = listed.to_i64_vec() {
        let all: Option<Vec<_>> = all.into_iter().map(|one| usize::try_from(one).ok()).collect();
        return Ok(all.ok_or_else(refusal)?.into_iter().map(Some).collect());
    }
    let items = listed.items().map_err(|_| refusal())?;
    items
        .map(|item| {
            if item.is_none() {
                return Ok(None);
            }
            let index = item.as_i64().and_then(|index| usize::try_from(index).ok());
            index.map(Some).ok_or_else(refusal)
        })
        .collect()
}

/// Releases from 1.1 on tell the number of columns.
fn check_width(fitted: &Fitted<'_>, width: usize) -> Result<(), Refusal> {
    let Some(counts) = fitted.option("_n_features_outs") else { return Ok(()) };
    let told = counts.to_i64_vec().map(|counts| counts.iter().sum::<i64>());
    if told.is_ok_and(|told| told == width as i64) {
        return Ok(());
    }
    Err(fitted.refuse("OneHotEncoder's columns do not follow from its categories"))
}

/// The `dtype` option: the type of the answer.
pub(in crate::sklearn) fn dtype(fitted: &Fitted<'_>) -> Result<DType, Refusal> {
    let Some(dtype) = fitted.option("dtype") else { return Ok(DType::Fp64) };
    let name = dtype
        .as_global()
        .map(|class| class.name.to_owned())
        .or_else(|| dtype.as_dtype().map(ToString::to_string))
        .or_else(|| dtype.as_str().map(str::to_owned));
    Ok(match name.as_deref() {
        Some("float64" | "float" | "double") => DType::Fp64,
        Some("float32") => DType::Fp32,
        // Protocols before 3 write int as Python 2 would call it.
        Some("int64" | "int" | "long") => DType::Int64,
        Some("int32") => DType::Int32,
        Some("int16") => DType::Int16,
        Some("int8") => DType::Int8,
        Some("uint64") => DType::Uint64,
        Some("uint32") => DType::Uint32,
        Some("uint16") => DType::Uint16,
        Some("uint8") => DType::Uint8,
        Some("bool") => DType::Bool,
        _ => {
            let name = name.unwrap_or_else(|| dtype.describe());
            return Err(fitted.refuse_option(format!("dtype={name}")));
        }
    })
}

impl OneHotEncoder {
    fn fill<T: Real>(
        &self,
        x: &Data<'_>,
        mut out: ViewMut<'_, T>,
        pool: &mut Pool,
    ) -> Result<(), Rejected> {
        out.for_each_row(|_, row| row.fill(T::zero()));
        for_each_column(x, pool, |at, column| {
            let Encoded { categories, places } = &self.columns[at];
            categories.find(column, |row, number| {
                let place = places[number as usize];
                if place < REFUSED {
                    out.set(row, place as usize, T::one());
                } else if place == REFUSED {
                    return Err(unknown_text(column, row, at));
                }
                Ok(())
            })
        })
    }
}

impl Fit for OneHotEncoder {
    fn features(&self) -> Option<usize> {
        Some(self.columns.len())
    }

    fn knows_none(&self, column: usize) -> bool {
        self.columns[column].categories.knows_none()
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        for (column, encoded) in columns.iter().zip(&self.columns) {
            encoded.categories.judge(*column, evidence);
        }
    }

    fn dtype(&self) -> DType {
        self.dtype
    }

    fn is_sparse_in_python(&self, _input: bool) -> bool {
        self.sparse_in_python
    }
}

impl Transformer for OneHotEncoder {
    fn width(&self) -> usize {
        self.width
    }

    fn form(&self, _input: Form) -> Form {
        match (self.sparse, self.dtype) {
            (true, DType::Fp32) => Form::Sparse32,
            (true, _) => Form::Sparse,
            (false, DType::Fp32) => Form::F32,
            (false, _) => Form::F64,
        }
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        match out {
            Slot::F32(out) => self.fill(x, out, pool),
            Slot::F64(out) => self.fill(x, out, pool),
        }
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        let (rows, wide) = (x.rows(), self.columns.len());
        let mut places = pool.take_u32(rows * wide);
        for_each_column(x, pool, |at, column| {
            let encoded = &self.columns[at];
            encoded.categories.find(column, |row, number| {
                let place = encoded.places[number as usize];
                if place == REFUSED {
                    return Err(unknown_text(column, row, at));
                }
                places[row * wide + at] = place;
                Ok(())
            })
        })?;
        let mut out = pool.take_sparse(self.width, self.form(x.form()));
        for row in places.chunks_exact(wide.max(1)).take(rows) {
            for place in row.iter().filter(|place| **place != NOWHERE) {
                out.push(*place, 1.0);
            }
            out.end_row();
        }
        pool.give_u32(places);
        Ok(out)
    }
}
