//! The columns that have to be prepared for each row: one for every distinct kind of test an ensemble makes.
//! Must not know how nodes are stored.

use std::collections::{BTreeMap, HashMap};

use super::ensemble::{Ensemble, Input, Node, NumericSplit, Tree};
use super::keys::cut;

/// The slot leaves test: its code is 0 in every row, so that a leaf's test never succeeds.
pub(super) const LEAF_SLOT: u32 = 0;

/// What has to be prepared per row.
pub(super) struct Columns {
    pub(super) numeric: Vec<NumericColumn>,
    pub(super) categories: Vec<CategoryColumn>,
    /// Slots in all, with the leaf slot and one that is written and never read.
    pub(super) n_slots: u32,
    /// Slots from here on hold category codes.
    pub(super) first_category_slot: u32,
    /// Whether some column has more cuts than a byte tells apart, and none lists them.
    crowded: bool,
}

/// A numeric feature's slots; the unused one of the two is the junk slot.
pub(super) struct NumericColumn {
    pub(super) feature: u32,
    pub(super) zero_is_missing: bool,
    pub(super) left_slot: u32,
    pub(super) right_slot: u32,
    /// Distinct cuts as ordered keys, ascending; a value's rank is the number of cuts below it.
    pub(super) cuts: Vec<i64>,
}

/// A categorical feature's slot. Codes: 0 for no listed category, `1 + i` for category `i` of the
/// list, `len + 1` for missing.
pub(super) struct CategoryColumn {
    pub(super) feature: u32,
    pub(super) slot: u32,
    pub(super) categories: Vec<u32>,
}

impl Columns {
    /// Whether every code fits a byte: at most 255 cuts a feature, at most 254 listed categories.
    pub(super) fn fit_bytes(&self) -> bool {
        !self.crowded
            && self.numeric.iter().all(|c| c.cuts.len() <= MOST_CUTS)
            && self.categories.iter().all(|c| c.categories.len() <= 254)
    }
}

/// Where a split's column is.
pub(super) struct Slots {
    /// By [`numeric_index`].
    pub(super) numeric: Vec<u32>,
    pub(super) categories: HashMap<u32, usize>,
}

/// A number for the pair of feature and zero rule.
pub(super) fn numeric_index(split: &NumericSplit) -> usize {
    2 * split.feature as usize + usize::from(split.zero_is_missing())
}

/// Cuts of a column that a byte tells apart.
const MOST_CUTS: usize = 255;

/// The distinct tests of an ensemble.
pub(super) struct Found {
    /// By [`numeric_index`].
    numeric: Vec<FoundNumeric>,
    categories: BTreeMap<u32, Vec<u32>>,
    /// For f32 inputs: a column has more than [`MOST_CUTS`], so that no engine wants ranks and no cuts
    /// are collected. Forests have thousands; sorting them took a third of the time to lay one out.
    crowded: bool,
    /// Cuts a column may have unsorted before they are counted.
    limit: usize,
}

/// What a column's splits are; neither flag is set where there are none.
#[derive(Clone, Default)]
struct FoundNumeric {
    cuts: Vec<i64>,
    missing_left: bool,
    missing_right: bool,
}

impl FoundNumeric {
    /// Whether there are too many cuts; counts them when there are more than `limit` with repeats.
    fn is_crowded(&mut self, limit: usize) -> bool {
        if self.cuts.len() <= limit {
            return false;
        }
        self.cuts.sort_unstable();
        self.cuts.dedup();
        self.cuts.len() > MOST_CUTS
    }
}

impl Found {
    pub(super) fn empty(ensemble: &Ensemble) -> Self {
        let numeric = vec![FoundNumeric::default(); 2 * ensemble.n_features];
        let limit = if ensemble.input == Input::F32 { 4 * MOST_CUTS } else { usize::MAX };
        Self { numeric, categories: BTreeMap::new(), crowded: false, limit }
    }

    pub(super) fn new(ensemble: &Ensemble, tree: &Tree, order: &[u32]) -> Self {
        let mut found = Self::empty(ensemble);
        // In the order they are stored where all of them count: that is the fastest to read.
        let all = order.len() == tree.nodes.len();
        for (at, number) in order.iter().enumerate() {
            match &tree.nodes[if all { at } else { *number as usize }] {
                Node::Leaf(_) => {}
                Node::Numeric(split) => {
                    let column = &mut found.numeric[numeric_index(split)];
                    let left = split.missing_left();
                    column.missing_left |= left;
                    column.missing_right |= !left;
                    if !found.crowded {
                        column.cuts.push(cut(split, ensemble.input));
                        found.crowded = column.is_crowded(found.limit);
                    }
                }
                Node::Category(split) => {
                    let column = found.categories.entry(split.feature).or_default();
                    column.extend(&split.categories);
                }
            }
        }
        found
    }

    /// Takes over what was found in another tree.
    pub(super) fn add(&mut self, other: Self) {
        self.crowded |= other.crowded;
        for (column, other) in self.numeric.iter_mut().zip(other.numeric) {
            column.missing_left |= other.missing_left;
            column.missing_right |= other.missing_right;
            if !self.crowded {
                column.cuts.extend(other.cuts);
                self.crowded = column.is_crowded(self.limit);
            }
        }
        for (feature, list) in other.categories {
            self.categories.entry(feature).or_default().extend(list);
        }
    }

    pub(super) fn into_columns(self) -> (Columns, Slots) {
        let numeric_slots: usize = self
            .numeric
            .iter()
            .map(|c| usize::from(c.missing_left) + usize::from(c.missing_right))
            .sum();
        let first_category_slot = LEAF_SLOT + 1 + numeric_slots as u32;
        let junk = first_category_slot + self.categories.len() as u32;
        let mut slots = Slots { numeric: vec![0; self.numeric.len()], categories: HashMap::new() };
        let numeric = numeric_columns(self.numeric, self.crowded, junk, &mut slots);
        let mut categories = Vec::new();
        for (feature, mut list) in self.categories {
            list.sort_unstable();
            list.dedup();
            slots.categories.insert(feature, categories.len());
            let slot = first_category_slot + categories.len() as u32;
            categories.push(CategoryColumn { feature, slot, categories: list });
        }
        let (n_slots, crowded) = (junk + 1, self.crowded);
        (Columns { numeric, categories, n_slots, first_category_slot, crowded }, slots)
    }
}

/// The columns of numbers, each with a slot for every side that its missing values go to.
fn numeric_columns(
    all: Vec<FoundNumeric>,
    crowded: bool,
    junk: u32,
    slots: &mut Slots,
) -> Vec<NumericColumn> {
    let mut next = LEAF_SLOT + 1;
    let mut columns = Vec::new();
    for (index, mut found) in all.into_iter().enumerate() {
        if !found.missing_left && !found.missing_right {
            continue;
        }
        if crowded {
            found.cuts.clear();
        }
        let (feature, zero_is_missing) = (index as u32 / 2, index % 2 == 1);
        let mut slot_if = |wanted: bool| {
            let slot = if wanted { next } else { junk };
            next += u32::from(wanted);
            slot
        };
        let (left_slot, right_slot) = (slot_if(found.missing_left), slot_if(found.missing_right));
        found.cuts.sort_unstable();
        found.cuts.dedup();
        found.cuts.shrink_to_fit();
        slots.numeric[index] = columns.len() as u32;
        let cuts = found.cuts;
        columns.push(NumericColumn { feature, zero_is_missing, left_slot, right_slot, cuts });
    }
    columns
}
