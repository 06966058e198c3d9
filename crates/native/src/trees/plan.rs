//! The common form the engines are built from: one test for every node, "go right iff code > cut".
//!
//! Each kind of comparison, missing rule and category set becomes a *slot*: a column prepared per
//! row by [`Prepare`](super::prepare::Prepare). A feature whose nodes send NaN both ways gets two
//! slots that differ in NaN's code only, so missing values cost a walk nothing. Must not know how
//! an engine stores nodes.

use std::collections::{BTreeMap, HashMap};

use super::ensemble::{Compare, Ensemble, Input, Node, NumericSplit, Outputs, Tree};
use super::parallel;

/// The slot leaves test: its code is 0 in every row, so that a leaf's test never succeeds.
pub(super) const LEAF_SLOT: u32 = 0;

/// What a numeric node's cut is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cuts {
    /// Its rank among its column's cuts.
    Ranks,
    /// The ordered bits of an f32, as unsigned: for f32 ensembles that no engine wants ranks of.
    Keys,
}

/// An ensemble with its nodes reduced to slots and cuts.
pub(super) struct Plan {
    pub(super) cuts: Cuts,
    pub(super) columns: Columns,
    pub(super) trees: Vec<FlatTree>,
    /// "Goes right" per category code, a run of bits per categorical node.
    pub(super) category_bits: Vec<u32>,
}

/// A tree in breadth-first order; a node's right child follows its left child.
pub(super) struct FlatTree {
    pub(super) nodes: Vec<FlatNode>,
    pub(super) depth: u32,
    pub(super) outputs: Outputs,
}

/// A node: for splits `left` is the left child, for leaves the node itself.
#[derive(Clone, Copy)]
pub(super) struct FlatNode {
    pub(super) slot: u32,
    /// The cut as [`Plan::cuts`] says; for categories the first of its bits; for leaves the number
    /// of the leaf in the tree it came from.
    pub(super) cut: u32,
    pub(super) left: u32,
}

impl FlatNode {
    pub(super) fn is_leaf(self) -> bool {
        self.slot == LEAF_SLOT
    }
}

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

/// Order-preserving key of an f32: signed comparison of keys is comparison of values, -0.0 counts as
/// 0.0, and NaN has the least key of all.
#[inline]
pub(super) fn key_f32(value: f32) -> i32 {
    let bits = (value + 0.0).to_bits() as i32;
    if value.is_nan() { i32::MIN } else { bits ^ ((bits >> 31) as u32 >> 1) as i32 }
}

/// [`key_f32`] for f64.
#[inline]
pub(super) fn key_f64(value: f64) -> i64 {
    let bits = (value + 0.0).to_bits() as i64;
    if value.is_nan() { i64::MIN } else { bits ^ ((bits >> 63) as u64 >> 1) as i64 }
}

/// The cut of a split: values with a greater key go right.
fn cut(split: &NumericSplit, input: Input) -> i64 {
    let threshold = split.threshold;
    let (nearest, key) = match input {
        Input::F32 => (f64::from(threshold as f32), i64::from(key_f32(threshold as f32))),
        Input::F64 => (threshold, key_f64(threshold)),
    };
    // The nearest representable value may lie on either side of the threshold.
    match split.compare {
        Compare::LessOrEqual => key - i64::from(nearest > threshold),
        Compare::Less => key - i64::from(nearest >= threshold),
    }
}

impl Plan {
    /// Reduces a checked ensemble; `None` if its category sets have more bits than 32-bit indices.
    pub(super) fn new(ensemble: &Ensemble) -> Option<Self> {
        let nodes = ensemble.trees.iter().map(|tree| tree.nodes.len()).sum();
        let found = parallel::map(&ensemble.trees, nodes, |_, tree| {
            let order = breadth_first(tree);
            (Found::new(ensemble, tree, &order), order)
        });
        let (mut all, mut orders) = (Found::empty(ensemble), Vec::with_capacity(found.len()));
        for (found, order) in found {
            all.add(found);
            orders.push(order);
        }
        let (columns, slots) = all.into_columns();
        let ranks = ensemble.input == Input::F64 || columns.fit_bytes();
        let cuts = if ranks { Cuts::Ranks } else { Cuts::Keys };
        let mut plan = Self { cuts, columns, trees: Vec::new(), category_bits: Vec::new() };
        let input = ensemble.input;
        if plan.columns.categories.is_empty() {
            let flat = parallel::map(&orders, nodes, |number, order| {
                plan.flatten(&ensemble.trees[number], order, &slots, input, &mut Vec::new())
            });
            plan.trees = flat.into_iter().collect::<Option<_>>()?;
            return Some(plan);
        }
        // The bits of all categorical nodes lie one behind the other.
        let mut bits = Vec::new();
        for (tree, order) in ensemble.trees.iter().zip(&orders) {
            let flat = plan.flatten(tree, order, &slots, input, &mut bits)?;
            plan.trees.push(flat);
        }
        plan.category_bits = bits;
        Some(plan)
    }

    fn flatten(
        &self,
        tree: &Tree,
        order: &[u32],
        slots: &Slots,
        input: Input,
        category_bits: &mut Vec<u32>,
    ) -> Option<FlatTree> {
        let mut next = 1;
        let mut depth = vec![0_u32; order.len()];
        let mut nodes = Vec::with_capacity(order.len());
        for (at, number) in order.iter().enumerate() {
            let node = match &tree.nodes[*number as usize] {
                Node::Leaf(leaf) => FlatNode { slot: LEAF_SLOT, cut: *leaf, left: at as u32 },
                Node::Numeric(split) => {
                    let index = slots.numeric[numeric_index(split)];
                    let column = &self.columns.numeric[index as usize];
                    let cut = cut(split, input);
                    let cut = match self.cuts {
                        Cuts::Keys => cut as i32 as u32 ^ 0x8000_0000,
                        Cuts::Ranks => column.cuts.partition_point(|c| *c < cut) as u32,
                    };
                    let left = split.missing_left();
                    let slot = if left { column.left_slot } else { column.right_slot };
                    FlatNode { slot, cut, left: next }
                }
                Node::Category(split) => {
                    let index = slots.categories[&split.feature];
                    let column = &self.columns.categories[index];
                    let right = |listed: bool| listed != split.listed_left;
                    let listed = |c: &u32| right(split.categories.binary_search(c).is_ok());
                    let codes = std::iter::once(right(false))
                        .chain(column.categories.iter().map(listed))
                        .chain([!split.missing_left]);
                    let cut = push_bits(category_bits, codes)?;
                    FlatNode { slot: column.slot, cut, left: next }
                }
            };
            if !node.is_leaf() {
                depth[next as usize] = depth[at] + 1;
                depth[next as usize + 1] = depth[at] + 1;
                next += 2;
            }
            nodes.push(node);
        }
        let depth = depth.into_iter().max().unwrap_or(0);
        Some(FlatTree { nodes, depth, outputs: tree.outputs })
    }
}

/// Appends a run of bits that starts at a whole 256-bit table, and returns the number of its first.
fn push_bits(words: &mut Vec<u32>, bits: impl Iterator<Item = bool>) -> Option<u32> {
    let first = words.len();
    for (i, bit) in bits.enumerate() {
        if i % 256 == 0 {
            words.extend([0; 8]);
        }
        words[first + i / 32] |= u32::from(bit) << (i % 32);
    }
    u32::try_from(words.len() * 32).ok().map(|_| first as u32 * 32)
}

fn breadth_first(tree: &Tree) -> Vec<u32> {
    let mut order = vec![0];
    let mut at = 0;
    while let Some(number) = order.get(at) {
        match &tree.nodes[*number as usize] {
            Node::Leaf(_) => {}
            Node::Numeric(split) => order.extend([split.left, split.right]),
            Node::Category(split) => order.extend([split.left, split.right]),
        }
        at += 1;
    }
    order
}

/// Where a split's column is.
struct Slots {
    /// By [`numeric_index`].
    numeric: Vec<u32>,
    categories: HashMap<u32, usize>,
}

/// A number for the pair of feature and zero rule.
fn numeric_index(split: &NumericSplit) -> usize {
    2 * split.feature as usize + usize::from(split.zero_is_missing())
}

/// Cuts of a column that a byte tells apart.
const MOST_CUTS: usize = 255;

/// The distinct tests of an ensemble.
struct Found {
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
    fn empty(ensemble: &Ensemble) -> Self {
        let numeric = vec![FoundNumeric::default(); 2 * ensemble.n_features];
        let limit = if ensemble.input == Input::F32 { 4 * MOST_CUTS } else { usize::MAX };
        Self { numeric, categories: BTreeMap::new(), crowded: false, limit }
    }

    fn new(ensemble: &Ensemble, tree: &Tree, order: &[u32]) -> Self {
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
    fn add(&mut self, other: Self) {
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

    fn into_columns(self) -> (Columns, Slots) {
        let mut next = LEAF_SLOT + 1;
        let mut slots = Slots { numeric: vec![0; self.numeric.len()], categories: HashMap::new() };
        let numeric_slots: usize = self
            .numeric
            .iter()
            .map(|c| usize::from(c.missing_left) + usize::from(c.missing_right))
            .sum();
        let first_category_slot = next + numeric_slots as u32;
        let junk = first_category_slot + self.categories.len() as u32;
        let mut numeric = Vec::new();
        for (index, mut found) in self.numeric.into_iter().enumerate() {
            if !found.missing_left && !found.missing_right {
                continue;
            }
            if self.crowded {
                found.cuts.clear();
            }
            let (feature, zero_is_missing) = (index as u32 / 2, index % 2 == 1);
            let mut slot_if = |wanted: bool| {
                let slot = if wanted { next } else { junk };
                next += u32::from(wanted);
                slot
            };
            let (left_slot, right_slot) =
                (slot_if(found.missing_left), slot_if(found.missing_right));
            found.cuts.sort_unstable();
            found.cuts.dedup();
            found.cuts.shrink_to_fit();
            slots.numeric[index] = numeric.len() as u32;
            let cuts = found.cuts;
            numeric.push(NumericColumn { feature, zero_is_missing, left_slot, right_slot, cuts });
        }
        let mut categories = Vec::new();
        for (feature, mut list) in self.categories {
            list.sort_unstable();
            list.dedup();
            slots.categories.insert(feature, categories.len());
            let slot = first_category_slot + categories.len() as u32;
            categories.push(CategoryColumn { feature, slot, categories: list });
        }
        (
            Columns {
                numeric,
                categories,
                n_slots: junk + 1,
                first_category_slot,
                crowded: self.crowded,
            },
            slots,
        )
    }
}
