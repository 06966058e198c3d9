//! Two answers to the same rows held against each other.
//!
//! Must not know which of the two is right: `theirs` is only called the measure.

use pelton_core::Tensor;
use serde::Serialize;

use crate::element::{Element, Elements};

/// How many times as far as from itself the measure may be from the other: rounding errors of two orders
/// of adding are of one size, not the same.
const ALIKE: f64 = 8.0;

/// What the order of adding may change at most, absolute below 1 and relative above.
const ROUNDING: f64 = 1e-6;

/// How far apart two numbers may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tolerance {
    /// Not at all: every bit is the same, NaN and NaN apart.
    Bits,
    /// 1e-12, absolute below 1 and relative above; 1e-6 in single precision.
    Close,
}

/// What was found of one output.
#[derive(Clone, Debug, Serialize)]
pub struct OutputComparison {
    /// Its name.
    pub name: String,
    /// Rows that both answered.
    pub rows: u64,
    /// Values in them.
    pub values: u64,
    /// Values that are the same in every bit.
    pub equal_bits: u64,
    /// Rows with a label, or any value that is no float, that differs.
    pub labels_differ: u64,
    /// Rows beyond the tolerance, labels included.
    pub rows_beyond: u64,
    /// Of those, rows where the measure is as far from itself: see [`Comparison::asked_again`].
    pub rows_measure_varies: u64,
    /// The largest absolute difference of floats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_absolute: Option<Difference>,
    /// The largest relative difference of floats.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest_relative: Option<Difference>,
    /// Another type or shape than the measure's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form_differs: Option<String>,
}

/// Two values that differ, and where.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// How much.
    pub size: f64,
    /// The row, from 0.
    pub row: u64,
    /// What is measured.
    pub ours: String,
    /// The measure.
    pub theirs: String,
}

/// What was found of all outputs.
#[derive(Clone, Debug)]
pub struct Comparison {
    /// By output, in the order they were asked for.
    pub outputs: Vec<OutputComparison>,
    /// The first row that is beyond the tolerance in any output.
    pub first: Option<u64>,
    tolerance: Tolerance,
}

impl Comparison {
    /// Nothing compared yet.
    pub fn new(outputs: &[String], tolerance: Tolerance) -> Self {
        let empty = |name: &String| OutputComparison {
            name: name.clone(),
            rows: 0,
            values: 0,
            equal_bits: 0,
            labels_differ: 0,
            rows_beyond: 0,
            rows_measure_varies: 0,
            largest_absolute: None,
            largest_relative: None,
            form_differs: None,
        };
        Self { outputs: outputs.iter().map(empty).collect(), first: None, tolerance }
    }

    /// Compares the answers to rows that both answered. `pairs` are the places of a row in the two
    /// answers and its number. Returns the rows beyond the tolerance.
    pub fn add(
        &mut self,
        ours: &[Tensor],
        theirs: &[Tensor],
        pairs: &[(usize, usize, u64)],
    ) -> Vec<u64> {
        let mut beyond = Vec::new();
        for (output, (ours, theirs)) in self.outputs.iter_mut().zip(ours.iter().zip(theirs)) {
            if ours.dtype() != theirs.dtype() || ours.shape()[1..] != theirs.shape()[1..] {
                output.form_differs.get_or_insert_with(|| {
                    format!(
                        "{} {:?} against {} {:?}",
                        ours.dtype(),
                        &ours.shape()[1..],
                        theirs.dtype(),
                        &theirs.shape()[1..]
                    )
                });
            }
            if ours.row_elements() != theirs.row_elements() {
                output.rows_beyond += pairs.len() as u64;
                beyond.extend(pairs.iter().map(|pair| pair.2));
                continue;
            }
            let width = ours.row_elements();
            let (ours, theirs) = (Elements::new(ours), Elements::new(theirs));
            for (our_row, their_row, row) in pairs {
                let mut within = true;
                let mut labels = true;
                for column in 0..width {
                    let (a, b) =
                        (ours.at(our_row * width + column), theirs.at(their_row * width + column));
                    let judged = output.judge(a, b, *row, self.tolerance);
                    within &= judged.0;
                    labels &= judged.1;
                }
                output.rows += 1;
                output.values += width as u64;
                output.labels_differ += u64::from(!labels);
                if !within {
                    output.rows_beyond += 1;
                    beyond.push(*row);
                }
            }
        }
        beyond.sort_unstable();
        beyond.dedup();
        if let Some(first) = beyond.first() {
            self.first = Some(self.first.map_or(*first, |known| known.min(*first)));
        }
        beyond
    }

    /// Takes in what the measure answers to a row that was beyond the tolerance when it is asked again,
    /// in a smaller batch and of rows one bit beside it ([`crate::beside`]): sums that cancel each other
    /// have no more digits than that. `places` are the row's in the first two. Whether that explains
    /// all of the difference.
    pub fn asked_again(
        &mut self,
        ours: &[Tensor],
        theirs: &[Tensor],
        places: (usize, usize),
        again: &[Tensor],
    ) -> bool {
        let mut explained = true;
        let answers = ours.iter().zip(theirs).zip(again);
        for (output, ((ours, theirs), again)) in self.outputs.iter_mut().zip(answers) {
            let (width, rows) = (ours.row_elements(), again.rows());
            if theirs.row_elements() != width || again.row_elements() != width {
                return false;
            }
            let (ours, theirs, again) =
                (Elements::new(ours), Elements::new(theirs), Elements::new(again));
            let (mut beyond, mut varies) = (false, true);
            for column in 0..width {
                let ours = ours.at(places.0 * width + column);
                let theirs = theirs.at(places.1 * width + column);
                if !is_close(ours, theirs) {
                    beyond = true;
                    let mut others = (0..rows).map(|row| again.at(row * width + column));
                    varies &= others.any(|other| is_as_far(ours, theirs, other));
                }
            }
            if beyond {
                output.rows_measure_varies += u64::from(varies);
                explained &= varies;
            }
        }
        explained
    }

    /// Whether everything is within the tolerance, or as near as the measure is to itself.
    pub fn is_within(&self) -> bool {
        let is_within = |output: &OutputComparison| {
            output.rows_beyond == output.rows_measure_varies && output.form_differs.is_none()
        };
        self.outputs.iter().all(is_within)
    }
}

impl OutputComparison {
    /// Whether two values are within the tolerance, and whether they are equal if they are labels.
    fn judge(
        &mut self,
        ours: Element<'_>,
        theirs: Element<'_>,
        row: u64,
        tolerance: Tolerance,
    ) -> (bool, bool) {
        let (Some(a), Some(b)) = (ours.float(), theirs.float()) else {
            let equal = labels_equal(ours, theirs);
            self.equal_bits += u64::from(equal);
            return (equal, equal);
        };
        if a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()) {
            self.equal_bits += 1;
            return (true, true);
        }
        let size = (a - b).abs();
        // One is NaN, or an infinity of another sign.
        let size = if size.is_nan() { f64::INFINITY } else { size };
        let relative = if a.is_infinite() || b.is_infinite() {
            f64::INFINITY
        } else {
            size / a.abs().max(b.abs())
        };
        let relative = if relative.is_nan() { f64::INFINITY } else { relative };
        let difference = |size| Difference { size, row, ours: ours.show(), theirs: theirs.show() };
        if self.largest_absolute.as_ref().is_none_or(|known| size > known.size) {
            self.largest_absolute = Some(difference(size));
        }
        if self.largest_relative.as_ref().is_none_or(|known| relative > known.size) {
            self.largest_relative = Some(difference(relative));
        }
        (tolerance == Tolerance::Close && is_close(ours, theirs), true)
    }
}

/// Whether two values are as near as [`Tolerance::Close`] asks, or the same.
fn is_close(ours: Element<'_>, theirs: Element<'_>) -> bool {
    let (Some(a), Some(b)) = (ours.float(), theirs.float()) else {
        return labels_equal(ours, theirs);
    };
    let single = matches!(ours, Element::Single(_)) || matches!(theirs, Element::Single(_));
    let limit = if single { 1e-6 } else { 1e-12 };
    a.to_bits() == b.to_bits()
        || (a.is_nan() && b.is_nan())
        || (a - b).abs() <= limit * b.abs().max(1.0)
}

/// Whether the measure, asked again, is about as far from its own first answer as ours is, and neither
/// is far: a tree that another bit sends elsewhere explains nothing.
fn is_as_far(ours: Element<'_>, theirs: Element<'_>, again: Element<'_>) -> bool {
    let (Some(a), Some(b), Some(c)) = (ours.float(), theirs.float(), again.float()) else {
        return false;
    };
    let (difference, own) = ((a - b).abs(), (c - b).abs());
    let few = ROUNDING * b.abs().max(1.0);
    difference <= few && own <= few && difference <= ALIKE * own
}

/// Labels are equal by value: an integer is one in whatever width.
fn labels_equal(ours: Element<'_>, theirs: Element<'_>) -> bool {
    let whole = |element| match element {
        Element::Int(value) => Some(i128::from(value)),
        Element::UInt(value) => Some(i128::from(value)),
        _ => None,
    };
    match (whole(ours), whole(theirs)) {
        (Some(a), Some(b)) => a == b,
        _ => ours == theirs,
    }
}
