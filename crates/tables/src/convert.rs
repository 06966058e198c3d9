//! Rows of a table as a model's inputs, without those whose values are not what it takes.
//!
//! Must not know formats beyond the cells they have. Every row becomes the same tensors whatever
//! rows stand beside it, so the size of a block changes no answer.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use half::f16;
use pelton_core::{DType, Tensor, VALID_SUFFIX};

use crate::cell::Cell;
use crate::grid::{Grid, describe};
use crate::json_reader::{self, Json};
use crate::layout::{Kept, keep};
use crate::meaning::{Number, float_of, push_integer};
use crate::numbers;
use crate::plan::Plan;
use crate::problem::{Problem, quoted};
use crate::source::Block;

/// A row that cannot be answered, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BadRow {
    /// Its place in its block.
    pub index: usize,
    /// Its number in the table, from 1, the header not counted.
    pub row: u64,
    /// The line of the file it begins in, blank ones before it included, where the file has lines.
    pub line: Option<u64>,
    /// Why.
    pub reason: String,
}

/// A block of rows, ready for the model.
#[derive(Debug)]
pub struct Prepared {
    /// The model's inputs, the good rows only; empty if there are none.
    pub inputs: Vec<Tensor>,
    /// The places of the good rows in the block.
    pub good: Vec<usize>,
    /// The others, in order.
    pub bad: Vec<BadRow>,
    /// Columns copied to the output, all rows.
    pub kept: Vec<Kept>,
}

/// An input of the model and where its values come from.
#[derive(Clone, Debug)]
pub(crate) struct Want {
    pub(crate) tensor: Arc<str>,
    pub(crate) take: Take,
    pub(crate) source: Vec<usize>,
    /// The one column holds lists of this length.
    pub(crate) list: Option<usize>,
    /// Dimensions of the tensor: 1 or 2.
    pub(crate) rank: usize,
    /// A missing value may be told by a validity tensor.
    pub(crate) validity: bool,
}

/// What type an input takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    /// This numeric type.
    Exactly(DType),
    /// Whole numbers, or floats where one is not whole.
    Whole,
    Text,
}

impl Plan {
    /// The block's rows as the model's inputs.
    ///
    /// # Errors
    /// Only when a tensor cannot be made of them, which is a fault of this crate.
    pub fn prepare(&self, block: &Block) -> Result<Prepared, Problem> {
        let grid = Grid::of(block, &self.header);
        let faults = grid.faults(&self.header).into_iter().collect();
        let mut build = Build { plan: self, grid: &grid, rows: block.len(), faults };
        let mut inputs = Vec::with_capacity(self.wants.len());
        for want in &self.wants {
            inputs.extend(build.tensors(want)?);
        }
        let faults = build.faults;
        let is_good = |row: &usize| faults.is_empty() || !faults.contains_key(row);
        let good: Vec<usize> = (0..block.len()).filter(is_good).collect();
        let bad = faults.into_iter().map(|(index, reason)| block.bad_row(index, reason));
        let bad: Vec<BadRow> = bad.collect();
        if good.is_empty() {
            inputs.clear();
        } else if !bad.is_empty() {
            let without = |tensor: &Tensor| without_rows(tensor, &bad);
            inputs = inputs.iter().map(without).collect::<Result<_, _>>()?;
        }
        let kept = keep(self, &grid, block.len());
        Ok(Prepared { inputs, good, bad, kept })
    }
}

struct Build<'a> {
    plan: &'a Plan,
    grid: &'a Grid<'a>,
    rows: usize,
    /// The first reason against each row.
    faults: BTreeMap<usize, String>,
}

impl Build<'_> {
    /// The tensor of a want, and its validity if it needs one.
    fn tensors(&mut self, want: &Want) -> Result<Vec<Tensor>, Problem> {
        let mut valid = vec![true; if want.validity { self.rows } else { 0 }];
        let mut tensors = match want.take {
            Take::Text => vec![self.text(want, &mut valid)?],
            Take::Exactly(dtype) => vec![self.numbers(want, dtype, &mut valid)?],
            Take::Whole => vec![self.whole(want, &mut valid)?],
        };
        if valid.contains(&false) {
            let name = format!("{}{VALID_SUFFIX}", want.tensor);
            let data: Vec<u8> = valid.into_iter().map(u8::from).collect();
            tensors.push(tensor(name.into(), DType::Bool, vec![self.rows], data)?);
        }
        Ok(tensors)
    }

    fn text(&mut self, want: &Want, valid: &mut [bool]) -> Result<Tensor, Problem> {
        let mut data = Vec::new();
        for row in 0..self.rows {
            for column in &want.source {
                let text = match self.grid.cell(row, *column) {
                    Cell::Str(text) if !self.plan.meaning.is_missing(text.as_bytes()) => text,
                    Cell::Text(text) if !self.plan.meaning.is_missing(text) => {
                        std::str::from_utf8(text).unwrap_or_else(|_| {
                            self.fault(row, *column, "holds text that is not UTF-8");
                            ""
                        })
                    }
                    Cell::Str(_) | Cell::Text(_) | Cell::Missing => {
                        match valid.get_mut(row) {
                            Some(valid) => *valid = false,
                            None => {
                                self.fault(row, *column, "has no value, and the model takes text");
                            }
                        }
                        ""
                    }
                    other => {
                        let what = format!("holds {}, and the model takes text", describe(other));
                        self.fault(row, *column, &what);
                        ""
                    }
                };
                data.extend_from_slice(&(text.len() as u32).to_le_bytes());
                data.extend_from_slice(text.as_bytes());
            }
        }
        tensor(want.tensor.clone(), DType::Bytes, self.shape(want), data)
    }

    /// Whole numbers while all are, else floats: equal numbers are equal in either.
    fn whole(&mut self, want: &Want, valid: &mut [bool]) -> Result<Tensor, Problem> {
        let column = want.source[0];
        let mut numbers = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            numbers.push(self.number(row, column, self.grid.cell(row, column)));
        }
        let is_whole = |number: &Number| match number {
            Number::Float(float) => numbers::whole(*float).is_some(),
            Number::Missing | Number::Int(_) => true,
        };
        let mut data = Vec::with_capacity(self.rows * 8);
        if numbers.iter().all(is_whole) {
            for (row, number) in numbers.iter().enumerate() {
                let whole = match number {
                    Number::Int(whole) => Some(*whole),
                    Number::Float(float) => numbers::whole(*float),
                    Number::Missing => None,
                };
                valid[row] = whole.is_some();
                data.extend_from_slice(&whole.unwrap_or_default().to_le_bytes());
            }
            return tensor(want.tensor.clone(), DType::Int64, self.shape(want), data);
        }
        for number in &numbers {
            data.extend_from_slice(&float_of(*number).to_le_bytes());
        }
        tensor(want.tensor.clone(), DType::Fp64, self.shape(want), data)
    }

    fn numbers(
        &mut self,
        want: &Want,
        dtype: DType,
        valid: &mut [bool],
    ) -> Result<Tensor, Problem> {
        let size = dtype.element_bytes().unwrap_or(8);
        let width = want.list.unwrap_or(want.source.len());
        let mut data = Vec::with_capacity(self.rows * width * size);
        for row in 0..self.rows {
            if let Some(length) = want.list {
                let column = want.source[0];
                let value = self.grid.json(row, column);
                if let Some(items) = value.and_then(Json::items).filter(|i| i.len() == length) {
                    for item in items.iter().map(json_reader::cell) {
                        self.push(row, column, item, dtype, valid, &mut data);
                    }
                } else {
                    let what = match value.map(|value| (value.items(), value.cell())) {
                        Some((Some(items), _)) => format!("a list of {}", items.len()),
                        Some((None, cell)) => describe(cell),
                        None => "nothing".to_owned(),
                    };
                    let why = format!("holds {what}, and the model takes {length} numbers");
                    self.fault(row, column, &why);
                    data.resize(data.len() + length * size, 0);
                }
                continue;
            }
            for column in &want.source {
                let cell = self.grid.cell(row, *column);
                self.push(row, *column, cell, dtype, valid, &mut data);
            }
        }
        tensor(want.tensor.clone(), dtype, self.shape(want), data)
    }

    fn push(
        &mut self,
        row: usize,
        column: usize,
        cell: Cell<'_>,
        dtype: DType,
        valid: &mut [bool],
        data: &mut Vec<u8>,
    ) {
        if let (Cell::Single(single), DType::Fp32) = (cell, dtype) {
            // Not through double precision: a signalling NaN would change.
            data.extend_from_slice(&single.to_le_bytes());
            return;
        }
        let number = self.number(row, column, cell);
        match (number, dtype) {
            (_, DType::Fp64) => data.extend_from_slice(&float_of(number).to_le_bytes()),
            (_, DType::Fp32) => data.extend_from_slice(&(float_of(number) as f32).to_le_bytes()),
            (_, DType::Fp16) => {
                data.extend_from_slice(&f16::from_f64(float_of(number)).to_le_bytes());
            }
            (Number::Missing, _) => {
                match valid.get_mut(row) {
                    Some(valid) => *valid = false,
                    None => {
                        self.fault(
                            row,
                            column,
                            &format!("has no value, and the model takes {dtype}"),
                        );
                    }
                }
                data.resize(data.len() + dtype.element_bytes().unwrap_or(8), 0);
            }
            (Number::Int(_) | Number::Float(_), _) => {
                let whole = match number {
                    Number::Int(whole) => Some(whole),
                    Number::Float(float) => numbers::whole(float),
                    Number::Missing => None,
                };
                let before = data.len();
                if !whole.is_some_and(|whole| push_integer(whole, dtype, data)) {
                    let what = format!("holds {}, and the model takes {dtype}", describe(cell));
                    self.fault(row, column, &what);
                    data.truncate(before);
                    data.resize(before + dtype.element_bytes().unwrap_or(8), 0);
                }
            }
        }
    }

    #[inline]
    fn number(&mut self, row: usize, column: usize, cell: Cell<'_>) -> Number {
        match cell {
            Cell::Missing => Number::Missing,
            Cell::Bool(value) => Number::Int(i64::from(value)),
            Cell::Int(value) => Number::Int(value),
            Cell::Float(value) => Number::Float(value),
            Cell::Single(value) => Number::Float(f64::from(value)),
            Cell::Str(text) => self.plan.meaning.number(text).unwrap_or_else(|| {
                self.no_number(row, column, text);
                Number::Missing
            }),
            Cell::Text(text) => {
                let number = std::str::from_utf8(text).ok();
                number.and_then(|text| self.plan.meaning.number(text)).unwrap_or_else(|| {
                    self.no_number(row, column, &String::from_utf8_lossy(text));
                    Number::Missing
                })
            }
            Cell::Other => {
                self.fault(row, column, "holds a list or an object, and the model takes numbers");
                Number::Missing
            }
        }
    }

    #[cold]
    fn no_number(&mut self, row: usize, column: usize, text: &str) {
        let comma = text.replacen(',', ".", 1);
        let hint = if text.contains(',') && numbers::parse_float_text(&comma).is_some() {
            format!("; write {comma}, with a point")
        } else {
            String::new()
        };
        let what = format!("holds {}, and the model takes numbers{hint}", quoted(text));
        self.fault(row, column, &what);
    }

    #[cold]
    fn fault(&mut self, row: usize, column: usize, what: &str) {
        let name = quoted(&self.plan.header.names[column]);
        self.faults.entry(row).or_insert_with(|| format!("column {name} {what}"));
    }

    fn shape(&self, want: &Want) -> Vec<usize> {
        let width = want.list.unwrap_or(want.source.len());
        if want.rank == 1 { vec![self.rows] } else { vec![self.rows, width] }
    }
}

fn tensor(
    name: Arc<str>,
    dtype: DType,
    shape: Vec<usize>,
    data: Vec<u8>,
) -> Result<Tensor, Problem> {
    Tensor::new(name, dtype, shape, Bytes::from(data)).map_err(|e| Problem::new(e.to_string()))
}

fn without_rows(tensor: &Tensor, bad: &[BadRow]) -> Result<Tensor, Problem> {
    let mut parts = Vec::new();
    let mut start = 0;
    for row in bad.iter().map(|bad| bad.index).chain([tensor.rows()]) {
        if row > start {
            parts.push(tensor.slice_rows(start..row));
        }
        start = row + 1;
    }
    Tensor::concat_rows(&parts.iter().collect::<Vec<_>>())
        .map_err(|error| Problem::new(error.to_string()))
}
