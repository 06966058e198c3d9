//! What CatBoost makes of categories by statistics of the target ("CTRs"): tables by the hash of a
//! combination of features, and the number that a split compares.
//!
//! Source: CatBoost 1.2, `libs/model/{ctr_provider.h,static_ctr_provider.cpp,online_ctr.h,hash.h}`. All
//! arithmetic is in f32. Must not know rows or the formats of files.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::boosters::Refused;
use crate::boosters::refused::refuse;

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// How many rows lie above a border of the target.
    Borders,
    /// How many rows lie in a bucket of the target.
    Buckets,
    /// The sum of the target, which is cut at its borders.
    BinarizedTargetMeanValue,
    /// The sum of the target.
    FloatTargetMeanValue,
    /// How many rows there are.
    Counter,
    /// The same, of a model trained on a GPU.
    FeatureFreq,
}

/// What is known of each combination of categories.
pub(super) struct Table {
    index: Index,
    counts: Counts,
}

/// A combination's statistics, by its place in the index.
pub(super) enum Counts {
    /// So many rows of each class of the target, class by class.
    Classes { width: usize, rows: Vec<i32> },
    /// The sum of the target and the rows it is of.
    Sums(Vec<(f32, i32)>),
    /// Rows, and what they are divided by.
    Rows { rows: Vec<i32>, of: i32 },
}

/// How a table's counts become the number a split compares.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ctr {
    /// Whether a class is counted, not all that lie above a border.
    pub(super) one_class: bool,
    /// The class, or the border behind it, that is counted.
    pub(super) target_border: usize,
    /// What is added to the count and to what it is divided by.
    pub(super) prior: (f32, f32),
    pub(super) shift: f32,
    pub(super) scale: f32,
}

/// Places of hashes: open addressing, found by a multiplication that no file can know.
struct Index {
    multiplier: u64,
    shift: u32,
    slots: Vec<(u64, u32)>,
}

/// A hash that stands for no combination: CatBoost's mark of a free bucket.
const FREE: u64 = u64::MAX;

/// One step of the hash of a combination.
pub(super) fn hash_with(hash: u64, value: u64) -> u64 {
    const MULTIPLIER: u64 = 0x4906_ba49_4954_cb65;
    MULTIPLIER.wrapping_mul(hash.wrapping_add(MULTIPLIER.wrapping_mul(value)))
}

impl Kind {
    /// The kind by its number in binary files.
    pub(super) fn numbered(number: u8) -> Result<Self, Refused> {
        Ok(match number {
            0 => Self::Borders,
            1 => Self::Buckets,
            2 => Self::BinarizedTargetMeanValue,
            3 => Self::FloatTargetMeanValue,
            4 => Self::Counter,
            5 => Self::FeatureFreq,
            other => refuse!("the kind {other} of CTRs is not known"),
        })
    }

    /// The kind by its name in JSON.
    pub(super) fn named(name: &str) -> Result<Self, Refused> {
        Ok(match name {
            "Borders" => Self::Borders,
            "Buckets" => Self::Buckets,
            "BinarizedTargetMeanValue" => Self::BinarizedTargetMeanValue,
            "FloatTargetMeanValue" => Self::FloatTargetMeanValue,
            "Counter" => Self::Counter,
            "FeatureFreq" => Self::FeatureFreq,
            other => refuse!("CTRs of the kind '{other}' are not known"),
        })
    }
}

impl Table {
    /// A table of hashes and their places in the counts.
    ///
    /// # Errors
    /// A place has no counts.
    pub(super) fn new(places: &[(u64, u32)], counts: Counts) -> Result<Self, Refused> {
        let len = counts.len();
        let places: HashMap<u64, u32> =
            places.iter().rev().copied().filter(|(hash, _)| *hash != FREE).collect();
        if let Some(place) = places.values().find(|place| **place as usize >= len) {
            refuse!("a CTR table has counts of {len} combinations and one at {place}");
        }
        Ok(Self { index: Index::new(&places), counts })
    }
}

impl Counts {
    /// Combinations that are counted.
    fn len(&self) -> usize {
        match self {
            Self::Classes { width, rows } => rows.len().checked_div(*width).unwrap_or(0),
            Self::Sums(sums) => sums.len(),
            Self::Rows { rows, .. } => rows.len(),
        }
    }
}

impl Ctr {
    /// Checks that a table holds what this is made of.
    ///
    /// # Errors
    /// It does not.
    pub(super) fn check(&self, kind: Kind, table: &Table) -> Result<(), Refused> {
        match (kind, &table.counts) {
            (Kind::Borders, Counts::Classes { width, .. }) if *width < 2 => {
                refuse!("a CTR of borders has {width} classes of the target")
            }
            (Kind::Borders | Kind::Buckets, Counts::Classes { width, .. }) => {
                if self.target_border >= *width {
                    refuse!("a CTR of class {} of {width}", self.target_border);
                }
                Ok(())
            }
            (Kind::BinarizedTargetMeanValue | Kind::FloatTargetMeanValue, Counts::Sums(_))
            | (Kind::Counter | Kind::FeatureFreq, Counts::Rows { .. }) => Ok(()),
            (kind, _) => refuse!("a CTR of the kind {kind:?} has a table of another kind"),
        }
    }

    /// The number of a combination, by its hash.
    #[inline]
    pub(super) fn value(&self, table: &Table, place: Option<usize>) -> f32 {
        let (count, of) = match &table.counts {
            Counts::Sums(sums) => place.map_or((0.0, 0.0), |at| (sums[at].0, sums[at].1 as f32)),
            Counts::Rows { rows, of } => (place.map_or(0.0, |at| rows[at] as f32), *of as f32),
            Counts::Classes { width, rows } => {
                place.map_or((0.0, 0.0), |at| self.of_classes(&rows[at * width..][..*width]))
            }
        };
        let ratio = (count + self.prior.0) / (of + self.prior.1);
        (ratio + self.shift) * self.scale
    }

    fn of_classes(&self, rows: &[i32]) -> (f32, f32) {
        let sum = |rows: &[i32]| rows.iter().fold(0_i32, |sum, rows| sum.wrapping_add(*rows));
        let count = match (self.one_class, rows) {
            (true, _) => rows[self.target_border],
            // Of two classes the second is counted, whatever the border is.
            (_, [_, second]) => *second,
            (_, rows) => sum(&rows[self.target_border + 1..]),
        };
        (count as f32, sum(rows) as f32)
    }
}

impl Table {
    /// Where a combination's counts are, if it was there in training.
    #[inline]
    pub(super) fn place(&self, hash: u64) -> Option<usize> {
        self.index.get(hash)
    }
}

impl Index {
    fn new(places: &HashMap<u64, u32>) -> Self {
        let capacity = (places.len() * 2).max(2).next_power_of_two();
        let multiplier = RandomState::new().hash_one(0x63_74_72_u64) | 1;
        let shift = 64 - capacity.trailing_zeros();
        let mut index = Self { multiplier, shift, slots: vec![(FREE, 0); capacity] };
        for (hash, place) in places {
            let mut at = index.first(*hash);
            while index.slots[at].0 != FREE {
                at = (at + 1) % capacity;
            }
            index.slots[at] = (*hash, *place);
        }
        index
    }

    #[inline]
    fn first(&self, hash: u64) -> usize {
        (hash.wrapping_mul(self.multiplier) >> self.shift) as usize
    }

    #[inline]
    fn get(&self, hash: u64) -> Option<usize> {
        let mut at = self.first(hash);
        loop {
            match self.slots[at] {
                (FREE, _) => return None,
                (found, place) if found == hash => return Some(place as usize),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ctr(kind: Kind, target_border: usize) -> Ctr {
        Ctr {
            one_class: kind == Kind::Buckets,
            target_border,
            prior: (0.5, 1.0),
            shift: 0.25,
            scale: 2.0,
        }
    }

    #[test]
    fn every_kind_counts_its_own_way() {
        let classes = |width, rows: &[i32]| {
            Table::new(&[(7, 0), (FREE, 9), (9, 1)], Counts::Classes { width, rows: rows.to_vec() })
                .expect("a table")
        };
        let three = classes(3, &[1, 2, 4, 0, 0, 0]);
        let two = classes(2, &[1, 3, 2, 2]);
        let of = |count: f32, of: f32| ((count + 0.5) / (of + 1.0) + 0.25) * 2.0;
        let value = |kind, border, table: &Table, hash| {
            let ctr = ctr(kind, border);
            ctr.check(kind, table).expect("they fit");
            ctr.value(table, table.place(hash))
        };
        assert_eq!(value(Kind::Borders, 0, &three, 7), of(6.0, 7.0));
        assert_eq!(value(Kind::Borders, 1, &three, 7), of(4.0, 7.0));
        assert_eq!(value(Kind::Borders, 0, &two, 7), of(3.0, 4.0));
        assert_eq!(value(Kind::Buckets, 1, &three, 7), of(2.0, 7.0));
        assert_eq!(value(Kind::Buckets, 1, &three, 8), of(0.0, 0.0), "never seen");
        let rows = Table::new(&[(7, 0)], Counts::Rows { rows: vec![5], of: 20 }).expect("a table");
        assert_eq!(value(Kind::Counter, 0, &rows, 7), of(5.0, 20.0));
        assert_eq!(value(Kind::Counter, 0, &rows, 8), of(0.0, 20.0));
        let sums = Table::new(&[(7, 0)], Counts::Sums(vec![(1.5, 4)])).expect("a table");
        assert_eq!(value(Kind::BinarizedTargetMeanValue, 0, &sums, 7), of(1.5, 4.0));
        assert_eq!(value(Kind::BinarizedTargetMeanValue, 0, &sums, 8), of(0.0, 0.0));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let table =
            |place| Table::new(&[(7, place)], Counts::Classes { width: 2, rows: vec![1, 2] });
        assert!(table(1).is_err());
        let table = table(0).expect("a table");
        assert!(ctr(Kind::Borders, 2).check(Kind::Borders, &table).is_err());
        assert!(ctr(Kind::Counter, 0).check(Kind::Counter, &table).is_err());
    }

    #[test]
    fn an_index_finds_all_and_no_other() {
        let places: Vec<(u64, u32)> = (0..1000).map(|n| (u64::from(n) << 32, n)).collect();
        let table = Table::new(&places, Counts::Rows { rows: vec![0; 1000], of: 1 }).expect("one");
        assert!(places.iter().all(|(hash, at)| table.place(*hash) == Some(*at as usize)));
        assert!((0..1000).all(|n| table.place((n << 32) + 1).is_none()));
        assert_eq!(table.place(FREE), None);
    }
}
