//! Rows for a model: most of them plausible, some with a value that is apt to be treated differently.
//!
//! Must not know how a model answers. The same seed gives the same rows.

use bytes::Bytes;
use pelton_core::{
    Accepts, DType, Error, Inputs, Result, Signature, Tensor, TensorSpec, VALID_SUFFIX,
};

use crate::hints::{Categories, Hints};
use crate::random::Random;

/// Rows in a hundred with one or two values out of the ordinary.
const ODD_ROWS: u64 = 30;

/// Rows in a hundred with a missing value, where a column is one that may have some.
const TEXT_MISSING: u64 = 4;

/// Odd cells in a hundred that are no category, where the model refuses what is none: the others would
/// only make fewer rows to compare.
const UNKNOWN: u64 = 10;

/// Texts that vectorisers and encoders may stumble over.
const ODD_TEXTS: [&str; 10] = [
    "unknown",
    " ",
    "Größe",
    "NaN",
    "None",
    "0",
    "a  b\tc",
    "ß ſ K Å",
    "x_y-z 12.5e3",
    "日本 e\u{301}",
];

/// Makes rows.
pub struct Generator {
    inputs: Vec<Input>,
    hints: Hints,
    random: Random,
}

/// A tensor to make, and the first of its columns.
struct Input {
    spec: TensorSpec,
    first: usize,
    width: usize,
    rank: usize,
    kind: What,
    validity: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    Number,
    Whole,
    Text,
    /// A text of several words.
    Prose,
}

impl Generator {
    /// Rows for models that take this.
    ///
    /// # Errors
    /// When the model does not say what it takes, so that rows must be given.
    pub fn new(signature: &Signature, hints: Hints, seed: u64) -> Result<Self> {
        let (specs, columns) = match &signature.inputs {
            Inputs::Matrix(spec) => (std::slice::from_ref(spec), false),
            Inputs::Columns(specs) => (specs.as_slice(), true),
            Inputs::Tensors(specs) => (specs.as_slice(), false),
            Inputs::Any => return Err(Error::invalid("the model does not say what it takes")),
        };
        let mut first = 0;
        let mut inputs = Vec::with_capacity(specs.len());
        for spec in specs {
            let unknown = spec.shape.iter().skip(1).any(Option::is_none);
            if spec.shape.len() > 2 || unknown {
                return Err(Error::invalid(format!(
                    "the model does not say how many features input '{}' has",
                    spec.name
                )));
            }
            let width = spec.shape.get(1).copied().flatten().unwrap_or(1);
            let kind = kind_of(spec, first, columns, &hints);
            inputs.push(Input {
                spec: spec.clone(),
                first,
                width,
                rank: spec.shape.len(),
                kind,
                validity: columns,
            });
            first += width;
        }
        Ok(Self { inputs, hints, random: Random::new(seed) })
    }

    /// The next rows, one tensor for each input, and validity where a text is missing.
    ///
    /// # Errors
    /// Never for inputs that were accepted; told rather than hidden all the same.
    pub fn rows(&mut self, rows: usize) -> Result<Vec<Tensor>> {
        let columns: usize = self.inputs.iter().map(|input| input.width).sum();
        // Which cells are odd is decided by row, or few rows would be left that nobody refuses.
        let mut odd = vec![Vec::new(); rows];
        for cells in &mut odd {
            if self.random.percent(ODD_ROWS) {
                cells.push(self.random.below(columns.max(1)));
                if self.random.percent(30) {
                    cells.push(self.random.below(columns.max(1)));
                }
            }
        }
        let inputs = std::mem::take(&mut self.inputs);
        let made = inputs.iter().map(|input| self.tensors(input, &odd)).collect::<Result<Vec<_>>>();
        self.inputs = inputs;
        Ok(made?.into_iter().flatten().collect())
    }

    /// Columns that have hardly anything but known categories, because the model refuses others, called
    /// as in [`crate::csv_header`].
    pub fn closed(&self) -> Vec<String> {
        let name = |at: usize| {
            let input = self.inputs.iter().find(|input| at < input.first + input.width)?;
            let alone = input.rank == 1;
            Some(if alone { input.spec.name.to_string() } else { format!("f{}", at - input.first) })
        };
        self.hints.closed().filter_map(name).collect()
    }

    fn tensors(&mut self, input: &Input, odd: &[Vec<usize>]) -> Result<Vec<Tensor>> {
        let rows = odd.len();
        let shape = if input.rank == 1 { vec![rows] } else { vec![rows, input.width] };
        let mut data = Vec::new();
        let mut valid = vec![1_u8; rows];
        for (row, cells) in odd.iter().enumerate() {
            for column in input.first..input.first + input.width {
                let is_odd = cells.contains(&column);
                match input.kind {
                    What::Text | What::Prose => {
                        let text = if input.kind == What::Prose {
                            self.prose(is_odd)
                        } else {
                            self.text(column, is_odd)
                        };
                        if input.validity && self.is_missing(column, is_odd) {
                            valid[row] = 0;
                            data.extend_from_slice(&0_u32.to_le_bytes());
                        } else {
                            data.extend_from_slice(&(text.len() as u32).to_le_bytes());
                            data.extend_from_slice(text.as_bytes());
                        }
                    }
                    What::Number => {
                        let number = self.number(column, is_odd);
                        match input.spec.dtype {
                            DType::Fp32 if input.spec.accepts == Accepts::Exactly => {
                                data.extend_from_slice(&(number as f32).to_le_bytes());
                            }
                            _ => data.extend_from_slice(&number.to_le_bytes()),
                        }
                    }
                    What::Whole => {
                        let number = self.whole(column, is_odd);
                        data.extend_from_slice(&number.to_le_bytes());
                    }
                }
            }
        }
        let dtype = match input.kind {
            What::Text | What::Prose => DType::Bytes,
            What::Whole => DType::Int64,
            What::Number if input.spec.accepts == Accepts::Exactly => input.spec.dtype,
            What::Number => DType::Fp64,
        };
        let mut tensors =
            vec![Tensor::new(input.spec.name.clone(), dtype, shape, Bytes::from(data))?];
        if valid.contains(&0) {
            let name = format!("{}{VALID_SUFFIX}", input.spec.name);
            tensors.push(Tensor::new(name, DType::Bool, vec![rows], Bytes::from(valid))?);
        }
        Ok(tensors)
    }

    fn is_missing(&mut self, column: usize, odd: bool) -> bool {
        let only = only(&self.hints, &mut self.random, column, odd);
        only.is_none_or(|only| only.missing) && self.random.percent(TEXT_MISSING)
    }

    fn number(&mut self, column: usize, odd: bool) -> f64 {
        let random = &mut self.random;
        if let Some(only) = only(&self.hints, random, column, odd)
            && let Some(number) = random.pick(&only.numbers)
        {
            return *number;
        }
        if odd {
            // None so large that its product with a weight is finite or not by the order of adding.
            const ODD: [f64; 14] = [
                f64::NAN,
                f64::NAN,
                f64::NAN,
                -0.0,
                0.0,
                f64::INFINITY,
                f64::NEG_INFINITY,
                5e-324,
                -1e-310,
                1e-40,
                1e30,
                1e300,
                -1e39,
                -1e300,
            ];
            return ODD[random.below(ODD.len())];
        }
        let known: &[f64] = self.hints.numbers.get(column).map_or(&[], Vec::as_slice);
        let (Some(first), Some(last)) = (known.first(), known.last()) else {
            return match random.below(4) {
                0 => (random.normal() * 3.0).round(),
                1 => random.normal() * 100.0,
                _ => random.normal(),
            };
        };
        let spread = last - first;
        match random.below(10) {
            0..=2 => known[random.below(known.len())],
            3 => known[random.below(known.len())].next_up(),
            4 => known[random.below(known.len())].next_down(),
            // A tree that compares in single precision rounds these to its threshold or past it.
            5 => f64::from((known[random.below(known.len())] as f32).next_up()),
            6 => f64::from((known[random.below(known.len())] as f32).next_down()),
            7 => {
                let place = random.below(known.len());
                let next = known.get(place + 1).copied().unwrap_or(known[place] + 1.0);
                known[place] + (next - known[place]) * random.unit()
            }
            _ => {
                let spread = if spread > 0.0 && spread.is_finite() { spread } else { 1.0 };
                first + spread * (random.unit() * 1.4 - 0.2)
            }
        }
    }

    fn whole(&mut self, column: usize, odd: bool) -> i64 {
        let random = &mut self.random;
        let only = only(&self.hints, random, column, odd);
        let closed = only.is_some();
        let known = only.map_or_else(
            || self.hints.numbers.get(column).map_or(&[][..], Vec::as_slice),
            |only| &only.numbers,
        );
        if odd && !closed {
            const ODD: [i64; 6] = [-1, 0, i64::MAX, i64::MIN, 1 << 53, 999_999];
            return ODD[random.below(ODD.len())];
        }
        match random.pick(known) {
            Some(number) if number.fract() == 0.0 => *number as i64,
            _ => random.below(20) as i64 - 5,
        }
    }

    fn text(&mut self, column: usize, odd: bool) -> String {
        let only = only(&self.hints, &mut self.random, column, odd);
        if let Some(text) = only.and_then(|only| self.random.pick(&only.texts)) {
            return text.clone();
        }
        let known: &[String] = self.hints.texts.get(column).map_or(&[], Vec::as_slice);
        match self.random.pick(known) {
            Some(text) if !odd && !text.is_empty() => text.clone(),
            _ => ODD_TEXTS[self.random.below(ODD_TEXTS.len())].to_owned(),
        }
    }

    fn prose(&mut self, odd: bool) -> String {
        let mut words = Vec::new();
        for _ in 0..=self.random.below(12) {
            let strange = odd || self.random.percent(20);
            words.push(match self.random.pick(&self.hints.words) {
                Some(word) if !strange => {
                    if self.random.percent(20) {
                        word.to_uppercase()
                    } else {
                        word.clone()
                    }
                }
                _ => ODD_TEXTS[self.random.below(ODD_TEXTS.len())].to_owned(),
            });
        }
        let mark = *self.random.pick(&[" ", " ", ", ", ". ", "  ", "-"]).unwrap_or(&" ");
        words.join(mark)
    }
}

/// The categories that a cell must have one of, or its row would be refused; `None` where there are no
/// such, and for the few cells that are to be refused.
fn only<'h>(
    hints: &'h Hints,
    random: &mut Random,
    column: usize,
    odd: bool,
) -> Option<&'h Categories> {
    let only = hints.only.get(column).filter(|only| !only.is_empty())?;
    let unknown = odd && random.percent(UNKNOWN);
    (!unknown).then_some(only)
}

fn kind_of(spec: &TensorSpec, column: usize, named: bool, hints: &Hints) -> What {
    let texts = hints.texts.get(column).is_some_and(|texts| !texts.is_empty());
    let numbers = hints.numbers.get(column).is_some_and(|numbers| !numbers.is_empty());
    match (spec.accepts, spec.dtype) {
        (Accepts::Text, _) | (Accepts::Exactly, DType::Bytes) => {
            if texts || named {
                What::Text
            } else {
                What::Prose
            }
        }
        // CatBoost keeps hashes of its categories, so that nothing is known of them but that they are.
        (Accepts::Any, dtype) if !numbers && (texts || dtype == DType::Bytes) => What::Text,
        (Accepts::Numeric | Accepts::Exactly, DType::Int64) => What::Whole,
        _ => What::Number,
    }
}
