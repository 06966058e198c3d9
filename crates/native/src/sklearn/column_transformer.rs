//! `ColumnTransformer` and `FeatureUnion`.
//!
//! Source: `sklearn.compose._column_transformer`, `sklearn.pipeline.FeatureUnion` (1.9).

use pelton_core::DType;
use pelton_pickle::Value;

use super::side_by_side::{Branch, SideBySide};
use super::transforms::{Fit, Transforms};
use crate::data::{Data, Form, Pool, Slot, SparseRows, Table};
use crate::estimator::{Estimator, Promise, Rejected, Transformer};
use crate::inputs::Evidence;
use crate::reader::{Fitted, Readers, Refusal};

pub(super) const READERS: Readers =
    &[("sklearn", "ColumnTransformer", read), ("sklearn", "FeatureUnion", read_union)];

/// Transformers side by side over some columns each.
struct Columns {
    features: Option<usize>,
    parts: SideBySide,
    /// Whether Python hands its rows on as sparse ones.
    sparse: Sparse,
}

/// When Python makes sparse rows of them.
enum Sparse {
    /// Decided when it was fitted, by how many values were not zero.
    Noted(bool),
    /// When a part is sparse.
    IfAny,
}

fn read(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let names = feature_names(fitted);
    let features = fitted.features().or(names.as_ref().map(Vec::len));
    let mut branches = Vec::new();
    let listed = fitted.attr("transformers_")?;
    let items = listed.items().map_err(|error| fitted.refuse(error))?;
    for item in items {
        let part = |index| item.item(index).map_err(|error| fitted.refuse(error));
        let (name, step, chosen) = (part(0)?, part(1)?, part(2)?);
        let name = name.as_str().unwrap_or_default();
        if step.as_str() == Some("drop") {
            continue;
        }
        let columns = resolve(fitted, name, chosen, names.as_deref(), features)?;
        if columns.is_empty() {
            continue;
        }
        let place = format!("transformer '{name}'");
        let step = match step.as_str() {
            Some("passthrough") => None,
            _ if is_identity(step) => None,
            _ => Some(fitted.inner_transformer_given(&place, step, Some(columns.len()))?),
        };
        let one = chosen.as_str().is_some() || chosen.as_i64().is_some();
        if step.as_ref().is_some_and(|step| step.takes_text()) && !one {
            // scikit-learn would take the names of the columns for the texts.
            return Err(
                fitted.refuse(format!("{place} takes texts and is given a list of columns"))
            );
        }
        let weight = weight(fitted, name)?;
        let branch = Branch::new(step, Some(columns), features, weight)
            .map_err(|why| fitted.refuse(format!("{place} {why}")))?;
        branches.push(branch);
    }
    let parts = SideBySide::new(branches, fitted.gives_frames());
    let sparse = Sparse::Noted(fitted.flag("sparse_output_", false)?);
    Ok(Box::new(Transforms(Columns { features, parts, sparse })))
}

fn read_union(fitted: &Fitted<'_>) -> Result<Box<dyn Estimator>, Refusal> {
    let mut branches = Vec::new();
    let listed = fitted.attr("transformer_list")?;
    for item in listed.items().map_err(|error| fitted.refuse(error))? {
        let part = |index| item.item(index).map_err(|error| fitted.refuse(error));
        let (name, step) = (part(0)?, part(1)?);
        let name = name.as_str().unwrap_or_default();
        if step.as_str() == Some("drop") || step.is_none() {
            continue;
        }
        let place = format!("transformer '{name}'");
        let step = if step.as_str() == Some("passthrough") {
            None
        } else {
            let given = fitted.features().or(fitted.given()).or_else(|| told(listed));
            Some(fitted.inner_transformer_given(&place, step, given)?)
        };
        let features = fitted.features().or_else(|| {
            branches.iter().find_map(|branch: &Branch| branch.step.as_ref()?.features())
        });
        let branch = Branch::new(step, None, features, weight(fitted, name)?)
            .map_err(|why| fitted.refuse(format!("{place} {why}")))?;
        branches.push(branch);
    }
    let features =
        branches.iter().find_map(|branch| branch.step.as_ref().and_then(|step| step.features()));
    let parts = SideBySide::new(branches, fitted.gives_frames());
    Ok(Box::new(Transforms(Columns { features, parts, sparse: Sparse::IfAny })))
}

/// The columns of a `FeatureUnion`, as one of its members noted them.
fn told(members: Value<'_>) -> Option<usize> {
    let mut members = members.items().ok()?.filter_map(|item| item.item(1).ok());
    let columns = members.find_map(|member| member.get_attr("n_features_in_")?.as_i64())?;
    usize::try_from(columns).ok()
}

fn feature_names(fitted: &Fitted<'_>) -> Option<Vec<String>> {
    fitted.option("feature_names_in_")?.to_strings().ok()
}

/// `FunctionTransformer(func=None)`, which newer releases put in place of "passthrough".
fn is_identity(step: Value<'_>) -> bool {
    step.class().is_some_and(|class| class.name == "FunctionTransformer")
        && step.get_attr("func").is_none_or(Value::is_none)
}

fn weight(fitted: &Fitted<'_>, name: &str) -> Result<Option<f64>, Refusal> {
    let Some(weight) = fitted.option("transformer_weights").and_then(|all| all.get(name)) else {
        return Ok(None);
    };
    fitted.wanted("transformer_weights", weight.as_f64(), "numbers by name").map(Some)
}

/// Positions of the columns a transformer takes.
fn resolve(
    fitted: &Fitted<'_>,
    name: &str,
    columns: Value<'_>,
    names: Option<&[String]>,
    features: Option<usize>,
) -> Result<Vec<u32>, Refusal> {
    // Resolved when it was fitted, since scikit-learn 1.0.
    if let Some(known) =
        fitted.option("_transformer_to_input_indices").and_then(|all| all.get(name))
    {
        return positions(known, features).ok_or_else(|| {
            fitted.refuse(format!("transformer '{name}' takes columns that are not there"))
        });
    }
    by_kind(columns, names, features).ok_or_else(|| {
        fitted.refuse(format!("transformer '{name}' takes columns in a way that is not understood"))
    })
}

fn positions(value: Value<'_>, features: Option<usize>) -> Option<Vec<u32>> {
    let all = value.to_i64_vec().ok()?;
    all.into_iter().map(|position| at(position, features)).collect()
}

/// A position; negative ones count from the end.
fn at(position: i64, features: Option<usize>) -> Option<u32> {
    let count = i64::try_from(features?).ok()?;
    let position = if position < 0 { position + count } else { position };
    (0..count).contains(&position).then_some(position as u32)
}

/// Names, positions, a mask or a slice, as `transformers_` lists them.
fn by_kind(
    value: Value<'_>,
    names: Option<&[String]>,
    features: Option<usize>,
) -> Option<Vec<u32>> {
    let of_name =
        |name: &str| names?.iter().position(|known| known == name).map(|position| position as u32);
    if let Some(name) = value.as_str() {
        return Some(vec![of_name(name)?]);
    }
    if let Some(position) = value.as_i64() {
        return Some(vec![at(position, features)?]);
    }
    if let Some([start, stop, step]) = value.as_slice() {
        let end = |value: Value<'_>, otherwise: u32, past: u32| match value.as_str() {
            Some(name) => of_name(name).map(|position| position + past),
            None if value.is_none() => Some(otherwise),
            None => {
                let count = features? as i64;
                let position = value.as_i64()?;
                Some((if position < 0 { position + count } else { position }).clamp(0, count) as u32)
            }
        };
        let (start, stop) = (end(start, 0, 0)?, end(stop, features? as u32, 1)?);
        let every = if step.is_none() { 1 } else { usize::try_from(step.as_i64()?).ok()? };
        return (every > 0).then(|| (start..stop).step_by(every).collect());
    }
    let mask = value.as_array().and_then(|array| array.to_bool_vec().ok()).or_else(|| {
        value.items().ok()?.map(pelton_pickle::Value::as_bool).collect::<Option<Vec<_>>>()
    });
    if let Some(mask) = mask.filter(|mask| !mask.is_empty()) {
        return Some((0..).zip(mask).filter(|(_, kept)| *kept).map(|(at, _)| at).collect());
    }
    if let Ok(known) = value.to_strings() {
        return known.iter().map(|name| of_name(name)).collect();
    }
    positions(value, features)
}

impl Columns {
    /// What comes next may refuse sparse rows, or take what is not in them for missing.
    fn as_in_python(&self, form: Form) -> Form {
        match (form, &self.sparse) {
            (form, Sparse::Noted(false)) if form.is_sparse() => form.numeric(),
            (form, _) => form,
        }
    }
}

impl Fit for Columns {
    fn features(&self) -> Option<usize> {
        self.features
    }

    fn dtype(&self) -> DType {
        match self.form(Form::F64) {
            Form::F32 | Form::Columns32 | Form::Sparse32 => DType::Fp32,
            Form::Columns => DType::Bytes,
            Form::F64 | Form::Sparse => self.parts.whole_numbers().unwrap_or(DType::Fp64),
        }
    }

    fn promise(&self) -> Promise {
        let steps = self.parts.branches().iter().filter_map(|branch| branch.step.as_ref());
        steps.map(|step| step.promise()).max().unwrap_or(Promise::Bits)
    }

    fn widest_part(&self) -> usize {
        let steps = self.parts.branches().iter().filter_map(|branch| branch.step.as_ref());
        steps.map(|step| step.widest()).max().unwrap_or(0)
    }

    fn judge(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        for branch in self.parts.branches() {
            let Some(step) = &branch.step else { continue };
            match &branch.columns {
                None => step.judge(columns, evidence),
                Some(chosen) => step.judge(&picked(columns, chosen), evidence),
            }
        }
    }

    fn judge_passed(&self, columns: &[Option<usize>], evidence: &mut Evidence) {
        for branch in self.parts.branches().iter().filter(|branch| branch.step.is_none()) {
            for column in picked(columns, branch.columns.as_deref().unwrap_or_default()) {
                if evidence.is_open(column) {
                    evidence.add_numeric(&[column]);
                }
            }
        }
    }

    fn fed_sparse(&mut self) {
        self.parts.fed_sparse();
    }

    fn passes_text(&self, columns: &[Option<usize>], evidence: &Evidence) -> bool {
        self.parts.branches().iter().any(|branch| {
            let columns = match &branch.columns {
                Some(chosen) => picked(columns, chosen),
                None => columns.to_vec(),
            };
            match &branch.step {
                Some(step) => step.passes_text(&columns, evidence),
                None => columns.iter().any(|column| evidence.is_text(*column)),
            }
        })
    }

    fn is_sparse_in_python(&self, input: bool) -> bool {
        match self.sparse {
            Sparse::Noted(sparse) => sparse,
            Sparse::IfAny => self.parts.branches().iter().any(|branch| {
                branch.step.as_ref().map_or(input, |step| step.is_sparse_in_python(input))
            }),
        }
    }

    fn takes_text(&self) -> bool {
        let all = self.parts.branches();
        !all.is_empty()
            && all.iter().all(|branch| {
                branch.columns.is_none()
                    && branch.step.as_ref().is_some_and(|step| step.takes_text())
            })
    }
}

fn picked(columns: &[Option<usize>], chosen: &[u32]) -> Vec<Option<usize>> {
    chosen.iter().map(|column| columns.get(*column as usize).copied().flatten()).collect()
}

impl Transformer for Columns {
    fn width(&self) -> usize {
        self.parts.width()
    }

    fn form(&self, input: Form) -> Form {
        self.as_in_python(self.parts.form(input))
    }

    fn form_of(&self, x: &Data<'_>) -> Form {
        self.as_in_python(self.parts.form_of(x))
    }

    fn write(&self, x: &Data<'_>, out: Slot<'_>, pool: &mut Pool) -> Result<(), Rejected> {
        self.parts.write(x, out, pool)
    }

    fn sparse(&self, x: &Data<'_>, pool: &mut Pool) -> Result<SparseRows, Rejected> {
        self.parts.sparse(x, pool)
    }

    fn table(&self, x: &Data<'_>, pool: &mut Pool) -> Result<Table, Rejected> {
        self.parts.table(x, pool)
    }
}
