//! Which columns of a table become which inputs of a model: decided once, before the first row.
//!
//! Must not look at values, but for columns of which neither the file nor the model tells the type:
//! the first rows decide then.

use std::sync::Arc;

use pelton_core::{Accepts, DType, Inputs, Signature, TensorSpec};

use crate::cell::{Cell, Kind};
use crate::convert::{Take, Want};
use crate::format::Format;
use crate::grid::Grid;
use crate::meaning::Meaning;
use crate::numbers;
use crate::problem::{Problem, list, quoted};
use crate::source::{Header, Source};

/// Rows looked at where neither the file nor the model tells what a column holds.
const GUESS_ROWS: usize = 1024;

/// Names that columns of a plain matrix go by, each followed by their number from 0.
const NUMBERED: [&str; 6] = ["f", "x", "", "feature_", "Column_", "column_"];

/// What the user said about columns.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    /// Columns to copy to the output; `*` is all.
    pub keep: Vec<String>,
    /// Columns that make the rows of a matrix, in this order.
    pub columns: Vec<String>,
    /// Texts that stand for a missing value, beside an empty one.
    pub missing: Vec<String>,
}

/// Which columns become which inputs.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(crate) wants: Vec<Want>,
    pub(crate) meaning: Meaning,
    pub(crate) header: Header,
    pub(crate) keep: Vec<usize>,
    pub(crate) json: bool,
    unused: Vec<Arc<str>>,
}

impl Plan {
    /// Finds the model's inputs among the table's columns, and leaves out what nobody needs.
    ///
    /// # Errors
    /// When columns are missing, too many or too few, or hold another type; names them all.
    pub fn new(
        signature: &Signature,
        source: &mut Source,
        selection: &Selection,
    ) -> Result<Self, Problem> {
        let meaning = Meaning::new(&selection.missing);
        let keep = kept(source, &selection.keep)?;
        let mut planner = Planner { source, selection, meaning: &meaning, keep: &keep };
        let wants = planner.wants(&signature.inputs)?;
        let mut needed: Vec<usize> = wants.iter().flat_map(|want| want.source.clone()).collect();
        needed.extend(&keep);
        let names = source.names();
        let unused = (0..names.len()).filter(|column| !needed.contains(column));
        let unused = unused.map(|column| names[column].clone()).collect();
        source.need_only(&needed);
        let json = source.format() == Format::JsonLines;
        Ok(Self { wants, meaning, header: source.header.clone(), keep, json, unused })
    }

    /// What the model's columns are called in the table, in the model's order.
    pub fn columns(&self) -> Vec<Arc<str>> {
        let names = self.wants.iter().flat_map(|want| {
            let name = |column: &usize| self.header.names[*column].clone();
            let listed = want.list.map(|length| {
                (0..length)
                    .map(|item| format!("{}[{item}]", name(&want.source[0])).into())
                    .collect()
            });
            listed.unwrap_or_else(|| want.source.iter().map(name).collect::<Vec<_>>())
        });
        names.collect()
    }

    /// Columns of the table that are neither inputs nor kept.
    pub fn unused(&self) -> &[Arc<str>] {
        &self.unused
    }
}

/// Whether a column is called as pandas calls an index that it writes, or finds in what it wrote.
pub fn is_pandas_index(name: &str) -> bool {
    matches!(name, "" | "Unnamed: 0" | "__index_level_0__")
}

fn kept(source: &Source, asked: &[String]) -> Result<Vec<usize>, Problem> {
    let names = source.names();
    if asked.iter().any(|name| name == "*") {
        return Ok((0..names.len()).collect());
    }
    let mut keep = Vec::new();
    for name in asked {
        let place = find(source, name, "--keep")?;
        if !keep.contains(&place) {
            keep.push(place);
        }
    }
    Ok(keep)
}

fn find(source: &Source, name: &str, flag: &str) -> Result<usize, Problem> {
    let names = source.names();
    names.iter().position(|known| **known == *name).ok_or_else(|| {
        Problem::new(format!(
            "{flag} names the column {}, which the input does not have; it has {}{}",
            quoted(name),
            list(names.iter().map(|name| &**name)),
            left_out(&source.header, &[name])
        ))
    })
}

/// What is said of columns that are missing because nothing reads what they hold.
fn left_out(header: &Header, missing: &[&str]) -> String {
    let known: Vec<&str> = header.left_out.iter().map(|name| &**name).collect();
    match missing.iter().find(|name| known.contains(name)) {
        Some(name) => format!(
            "; {} holds lists, structures or bytes, which are not read: write their parts as columns",
            quoted(name)
        ),
        None => String::new(),
    }
}

struct Planner<'a> {
    source: &'a mut Source,
    selection: &'a Selection,
    meaning: &'a Meaning,
    keep: &'a [usize],
}

impl Planner<'_> {
    fn wants(&mut self, inputs: &Inputs) -> Result<Vec<Want>, Problem> {
        match inputs {
            Inputs::Matrix(spec) => Ok(vec![self.matrix(spec)?]),
            Inputs::Tensors(specs) => match specs.as_slice() {
                [spec] if spec.shape.len() == 2 => Ok(vec![self.matrix(spec)?]),
                specs => self.columns(specs, false),
            },
            Inputs::Columns(specs) => self.columns(specs, true),
            Inputs::Any => self.everything(),
        }
    }

    /// One tensor for each named column.
    fn columns(&mut self, specs: &[TensorSpec], validity: bool) -> Result<Vec<Want>, Problem> {
        if !self.selection.columns.is_empty() {
            return Err(Problem::new(
                "--columns orders the columns of a plain matrix, and this model names its columns",
            ));
        }
        let places = self.places(specs)?;
        let mut wants = Vec::with_capacity(specs.len());
        for (spec, place) in specs.iter().zip(places) {
            let width = spec.shape.get(1).copied().flatten().unwrap_or(1);
            if spec.shape.len() > 2 || (width != 1 && !self.is_json()) {
                return Err(Problem::new(format!(
                    "the model's input {} has shape {:?}, which no column of a table has",
                    quoted(&spec.name),
                    spec.shape
                )));
            }
            let take = self.take(spec, &[place])?;
            wants.push(Want {
                tensor: spec.name.clone(),
                take,
                source: vec![place],
                list: (width != 1).then_some(width),
                rank: spec.shape.len(),
                validity,
            });
        }
        Ok(wants)
    }

    fn places(&self, specs: &[TensorSpec]) -> Result<Vec<usize>, Problem> {
        let header = &self.source.header;
        if !header.named {
            if header.names.len() == specs.len() {
                return Ok((0..specs.len()).collect());
            }
            return Err(Problem::new(format!(
                "the model takes {} columns and the input, which names none, has {}; the model's \
                 are {}",
                specs.len(),
                header.names.len(),
                list(specs.iter().map(|spec| &*spec.name))
            )));
        }
        let place = |spec: &TensorSpec| header.names.iter().position(|name| *name == spec.name);
        let places: Vec<Option<usize>> = specs.iter().map(place).collect();
        let missing: Vec<&str> = specs
            .iter()
            .zip(&places)
            .filter(|(_, place)| place.is_none())
            .map(|(spec, _)| &*spec.name)
            .collect();
        if missing.is_empty() {
            return Ok(places.into_iter().flatten().collect());
        }
        let other: Vec<&str> = (0..header.names.len())
            .filter(|column| !places.contains(&Some(*column)))
            .map(|column| &*header.names[column])
            .collect();
        // LightGBM writes a space in a name as `_`.
        let spaced = missing.iter().find_map(|name| {
            Some((*name, *other.iter().find(|other| other.replace(' ', "_") == **name)?))
        });
        let rename = spaced.map_or_else(String::new, |(name, other)| {
            format!("; rename {} to {}, as the model writes it", quoted(other), quoted(name))
        });
        let other = if other.is_empty() {
            String::new()
        } else {
            format!("; it has these that the model does not know: {}", list(other.into_iter()))
        };
        Err(Problem::new(format!(
            "the input lacks {} of the model's {} columns: {}{other}{rename}{}",
            missing.len(),
            specs.len(),
            list(missing.iter().copied()),
            left_out(header, &missing)
        )))
    }

    /// One matrix, or one value a row.
    fn matrix(&mut self, spec: &TensorSpec) -> Result<Want, Problem> {
        let width = if spec.shape.len() == 1 { Some(1) } else { spec.shape[1] };
        let (source, list) = self.matrix_columns(width)?;
        let take = self.take(spec, &source)?;
        Ok(Want {
            tensor: spec.name.clone(),
            take,
            source,
            list,
            rank: spec.shape.len().max(1),
            validity: false,
        })
    }

    /// The columns of a matrix; or one column of lists, and how long those are.
    fn matrix_columns(&self, width: Option<usize>) -> Result<(Vec<usize>, Option<usize>), Problem> {
        let names = self.source.names();
        let chosen: Vec<usize> = if self.selection.columns.is_empty() {
            if let Some(numbered) = width.and_then(|width| self.numbered(width)) {
                return Ok((numbered, None));
            }
            let not_kept: Vec<usize> =
                (0..names.len()).filter(|column| !self.keep.contains(column)).collect();
            let all_fit = Some(names.len()) == width && Some(not_kept.len()) != width;
            if all_fit || not_kept.is_empty() { (0..names.len()).collect() } else { not_kept }
        } else {
            let columns = self.selection.columns.iter();
            columns.map(|name| find(self.source, name, "--columns")).collect::<Result<_, _>>()?
        };
        match width {
            Some(width) if chosen.len() == 1 && width > 1 && self.is_json() => {
                Ok((chosen, Some(width)))
            }
            Some(width) if chosen.len() != width => Err(Problem::new(format!(
                "the model takes {}, and the input has {} column{}{}: {}; {}",
                if width == 1 {
                    "one column".to_owned()
                } else {
                    format!("{width} features in order")
                },
                chosen.len(),
                if chosen.len() == 1 { "" } else { "s" },
                if self.keep.is_empty() { "" } else { " beside those kept" },
                list(chosen.iter().map(|column| &*names[*column])),
                self.advice(&chosen, width)
            ))),
            _ => Ok((chosen, None)),
        }
    }

    /// What to do about columns that are too many or too few.
    fn advice(&self, chosen: &[usize], width: usize) -> String {
        let names = self.source.names();
        let (index, others): (Vec<usize>, Vec<usize>) =
            chosen.iter().partition(|column| is_pandas_index(&names[**column]));
        let plain = |column: &usize| !names[*column].contains([',', '\'']);
        if index.len() == 1 && others.len() == width && width <= 32 && others.iter().all(plain) {
            let others: Vec<&str> = others.iter().map(|column| &*names[*column]).collect();
            return format!(
                "{} looks like an index that pandas wrote: leave it out with --columns '{}', or of \
                 the file with index=False",
                quoted(&names[index[0]]),
                others.join(",")
            );
        }
        "name the model's with --columns, and those to copy with --keep".to_owned()
    }

    /// `f0` to `f29`, in any order, among others.
    fn numbered(&self, width: usize) -> Option<Vec<usize>> {
        let header = &self.source.header;
        if !header.named || width > header.names.len() {
            return None;
        }
        NUMBERED.iter().find_map(|prefix| {
            (0..width)
                .map(|number| {
                    let name = format!("{prefix}{number}");
                    header.names.iter().position(|known| **known == *name)
                })
                .collect()
        })
    }

    /// Each column by itself, for a model that says nothing.
    fn everything(&mut self) -> Result<Vec<Want>, Problem> {
        let (columns, _) = self.matrix_columns(None)?;
        let mut wants = Vec::with_capacity(columns.len());
        for column in columns {
            let take = self.guess(&[column])?;
            wants.push(Want {
                tensor: self.source.names()[column].clone(),
                take,
                source: vec![column],
                list: None,
                rank: 1,
                validity: true,
            });
        }
        Ok(wants)
    }

    fn take(&mut self, spec: &TensorSpec, source: &[usize]) -> Result<Take, Problem> {
        let header = &self.source.header;
        let holds = |kind| source.iter().find(|column| header.kinds[**column] == kind);
        let take = match (spec.accepts, spec.dtype) {
            (Accepts::Any, _) => return self.guess(source),
            (Accepts::Text, _) | (Accepts::Exactly, DType::Bytes) => Take::Text,
            (Accepts::Exactly, dtype) => Take::Exactly(dtype),
            (Accepts::Numeric, _) if source.iter().all(|c| header.kinds[*c] == Kind::Single) => {
                Take::Exactly(DType::Fp32)
            }
            (Accepts::Numeric, DType::Int64) if spec.shape.len() == 1 => Take::Whole,
            (Accepts::Numeric, _) => Take::Exactly(DType::Fp64),
        };
        let number = [Kind::Int, Kind::Float, Kind::Single, Kind::Bool].into_iter().find_map(holds);
        if let (Take::Text, Some(column)) = (take, number) {
            return Err(Problem::new(format!(
                "column {} holds numbers, and the model takes text there",
                quoted(&header.names[*column])
            )));
        }
        Ok(take)
    }

    /// By the file where it tells, otherwise by the first rows: text where one is no number.
    fn guess(&mut self, source: &[usize]) -> Result<Take, Problem> {
        let kinds: Vec<Kind> =
            source.iter().map(|column| self.source.header.kinds[*column]).collect();
        if kinds.contains(&Kind::Text) {
            return Ok(Take::Text);
        }
        if !kinds.contains(&Kind::Untyped) {
            return Ok(if kinds.iter().all(|kind| *kind == Kind::Single) {
                Take::Exactly(DType::Fp32)
            } else {
                Take::Exactly(DType::Fp64)
            });
        }
        let header = self.source.header.clone();
        let Some(block) = self.source.peek(GUESS_ROWS)? else {
            return Ok(Take::Exactly(DType::Fp64));
        };
        let grid = Grid::of(block, &header);
        let is_text = |row: usize| {
            source.iter().any(|column| {
                let text = match grid.cell(row, *column) {
                    Cell::Str(text) => text.as_bytes(),
                    Cell::Text(text) => text,
                    _ => return false,
                };
                !self.meaning.is_missing(text)
                    && numbers::parse_float(text).is_none()
                    && !numbers::is_missing_number(text)
            })
        };
        let text = (0..block.len()).any(is_text);
        Ok(if text { Take::Text } else { Take::Exactly(DType::Fp64) })
    }

    fn is_json(&self) -> bool {
        self.source.format() == Format::JsonLines
    }
}
