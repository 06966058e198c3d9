//! [`Donors`]: training rows with gaps, how far they are from a row with gaps, and what the nearest of
//! them have in a column.
//!
//! Must not know what is called missing, nor where the answer goes.

use super::row_scaling::squares;
use crate::data::Pool;
use crate::math::{Isa, Panels, Product, Rows, pairwise_sum_of};
use crate::sklearn::ties;

/// Distances' parts reckoned at load to look for rows that are equally far away.
const SEARCH_STEPS: usize = 20_000_000;

/// Places looked at least and at most.
const SEARCHED: (usize, usize) = (8, 1024);

/// Training rows that give their values.
pub(super) struct Donors {
    features: usize,
    /// Zero where there is none.
    values: Vec<f64>,
    mask: Vec<bool>,
    /// Of each row, the columns that are missing.
    missing: Vec<Vec<u32>>,
    /// |y|^2.
    norms: Vec<f64>,
    products: Panels<f64, Product>,
    /// Of each column, the rows that have a value, and their mean.
    columns: Vec<(Vec<u32>, f64)>,
    k: usize,
    by_distance: bool,
    /// Whether rows at an unknown distance count.
    counts_all: bool,
}

/// Room for the distances of one row.
pub(super) struct Room {
    far: Vec<f64>,
    nearest: Vec<(f64, u32)>,
}

impl Room {
    pub(super) fn take(pool: &mut Pool, donors: &Donors) -> Self {
        Self { far: pool.take_f64(donors.norms.len()), nearest: Vec::new() }
    }

    pub(super) fn give(self, pool: &mut Pool) {
        pool.give_f64(self.far);
    }
}

impl Donors {
    /// Rows of `features` values; where the mask says so they are missing.
    pub(super) fn new(
        mut values: Vec<f64>,
        mask: Vec<bool>,
        features: usize,
        k: usize,
        by_distance: bool,
        counts_all: bool,
    ) -> Self {
        let rows = values.len() / features;
        for (value, gap) in values.iter_mut().zip(&mask) {
            if *gap {
                *value = 0.0;
            }
        }
        let columns = (0..features)
            .map(|at| {
                let held = |row: &usize| !mask[row * features + at];
                let donors: Vec<u32> = (0..rows).filter(held).map(|row| row as u32).collect();
                let sum = pairwise_sum_of(0, rows, &|row| values[row * features + at]);
                let mean = sum / donors.len() as f64;
                (donors, mean)
            })
            .collect();
        let missing = mask
            .chunks_exact(features)
            .map(|mask| (0..features as u32).filter(|at| mask[*at as usize]).collect());
        let norms = values.chunks_exact(features).map(squares).collect();
        let weight = |i: usize, j: usize| values[j * features + i];
        let products = Panels::new(Isa::detect(), features, rows, weight);
        let missing = missing.collect();
        Self {
            features,
            values,
            mask,
            missing,
            norms,
            products,
            columns,
            k,
            by_distance,
            counts_all,
        }
    }

    pub(super) fn features(&self) -> usize {
        self.features
    }

    /// Whether a row has a value in a column.
    pub(super) fn has_column(&self, at: usize) -> bool {
        !self.columns[at].0.is_empty()
    }

    /// Finds how far all rows are from one, which is zero where it has gaps. NaN where nothing is known
    /// of both.
    pub(super) fn measure(&self, row: &[f64], gaps: &[bool], room: &mut Room) {
        self.products.apply(Rows::new(row, 1), &mut room.far);
        let own = squares(row);
        let features = self.features;
        let open: Vec<usize> = (0..features).filter(|at| gaps[*at]).collect();
        for (j, far) in room.far.iter_mut().enumerate() {
            let squared = ((-2.0 * *far + own) + self.norms[j]).max(0.0);
            let values = &self.values[j * features..][..features];
            let (mut known, mut theirs) = (features - open.len(), 0.0);
            for at in &self.missing[j] {
                let at = *at as usize;
                known -= usize::from(!gaps[at]);
                theirs += row[at] * row[at];
            }
            let ours = open.iter().fold(0.0, |sum, at| sum + values[*at] * values[*at]);
            let squared = ((squared - theirs) - ours).max(0.0);
            *far = if known == 0 {
                f64::NAN
            } else {
                (squared / known as f64 * features as f64).sqrt()
            };
        }
    }

    /// The mean of the nearest rows' values in a column, as measured before; of all rows' where no
    /// distance is known.
    pub(super) fn mean(&self, at: usize, room: &mut Room) -> f64 {
        let (donors, mean) = &self.columns[at];
        let k = self.nearest(at, u32::MAX, room);
        if room.nearest.iter().all(|(far, _)| far.is_nan()) {
            debug_assert!(k <= donors.len(), "no more than there are");
            return *mean;
        }
        self.weigh(&mut room.nearest[..k]);
        let nearest = &room.nearest[..k];
        let value = |row: u32| self.values[row as usize * self.features + at];
        let sum = pairwise_sum_of(0, k, &|i| value(nearest[i].1) * nearest[i].0);
        sum / pairwise_sum_of(0, k, &|i| nearest[i].0)
    }

    /// Puts the nearest rows with a value in a column first, all but one row, and says how many count.
    fn nearest(&self, at: usize, but: u32, room: &mut Room) -> usize {
        let Room { far, nearest } = room;
        let donors = self.columns[at].0.iter().filter(|row| **row != but);
        nearest.clear();
        nearest.extend(donors.map(|row| (far[*row as usize], *row)));
        ties::nearest(nearest, self.k)
    }

    /// From distances to weights; rows at no distance count alone.
    fn weigh(&self, nearest: &mut [(f64, u32)]) {
        if !self.by_distance {
            for (weight, _) in nearest {
                *weight = f64::from(u8::from(self.counts_all || !weight.is_nan()));
            }
            return;
        }
        let none = nearest.iter().any(|(far, _)| *far == 0.0);
        for (weight, _) in nearest {
            let far = *weight;
            *weight = match (none, far.is_nan()) {
                (_, true) => 0.0,
                (true, false) => f64::from(u8::from(far == 0.0)),
                (false, false) => 1.0 / far,
            };
        }
    }

    /// A training row and a column for which rows of different values are equally far away, so that
    /// one counts and the other does not. Looks at some places all over the rows.
    pub(super) fn first_tie(&self) -> Option<(usize, usize)> {
        let (rows, features) = (self.norms.len(), self.features);
        let steps = SEARCH_STEPS / (rows * features).max(1);
        let searched = steps.clamp(SEARCHED.0, SEARCHED.1).min(rows * features);
        let mut room = Room { far: vec![0.0; rows], nearest: Vec::new() };
        let mut places = (0..searched).map(|i| (i * rows / searched, i % features));
        places.find(|(row, at)| self.has_tie(*row, *at, &mut room))
    }

    fn has_tie(&self, row: usize, at: usize, room: &mut Room) -> bool {
        let range = row * self.features..(row + 1) * self.features;
        let (mut values, mut gaps) =
            (self.values[range.clone()].to_vec(), self.mask[range].to_vec());
        (values[at], gaps[at]) = (0.0, true);
        if gaps.iter().all(|gap| *gap) {
            return false;
        }
        self.measure(&values, &gaps, room);
        let k = self.nearest(at, row as u32, room);
        let value = |row: u32| self.values[row as usize * self.features + at];
        ties::is_tie(&room.nearest, k, |a, b| value(a) == value(b))
    }
}
