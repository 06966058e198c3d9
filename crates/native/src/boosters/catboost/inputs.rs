//! [`Inputs`]: from a row of numbers and categories to the numbers that the trees compare.
//!
//! The row stays in front: where a column is a category, its value becomes the place of the category
//! among those that are compared with; behind it follow the CTRs. Must not know how rows arrive.

use std::collections::HashMap;

use super::ctr::{Ctr, Kind, Table, hash_with};
use super::features::{Feature, Is};
use crate::boosters::Refused;
use crate::boosters::refused::refuse;
use crate::trees::Missing;

/// What the trees see of a row.
#[derive(Default)]
pub struct Inputs {
    columns: usize,
    /// The column of each categorical feature.
    categorical: Vec<usize>,
    /// By categorical feature: the categories that are compared with, ascending, and their places.
    compared: Vec<Vec<(i32, f32)>>,
    combinations: Vec<Combined>,
    n_ctrs: usize,
}

/// Features that are taken together.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Combination {
    /// Categorical features by number.
    pub(super) categories: Vec<usize>,
    /// Numeric features by number, with the bits of the border.
    pub(super) above: Vec<(usize, u32)>,
    /// Categorical features with the category they are compared with.
    pub(super) is: Vec<(usize, i32)>,
}

/// A combination and what is made of its hash.
struct Combined {
    categories: Vec<usize>,
    above: Vec<Above>,
    is: Vec<(usize, i32)>,
    tables: Vec<Counted>,
}

/// A table and the CTRs that are made of it, each with its column.
struct Counted {
    table: Table,
    ctrs: Vec<(usize, Ctr)>,
}

/// A test of a number.
struct Above {
    column: usize,
    border: f32,
    missing_passes: bool,
}

/// What a table counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Base {
    pub(super) combination: Combination,
    pub(super) kind: Kind,
    /// Which of several targets.
    pub(super) target: i32,
}

/// CTRs and their tables as a file has them.
#[derive(Default)]
pub(super) struct Ctrs {
    /// In the order their splits are numbered.
    pub(super) features: Vec<(Base, Ctr)>,
    pub(super) tables: Vec<(Base, Table)>,
}

impl Inputs {
    /// Columns a row has.
    pub fn n_columns(&self) -> usize {
        self.columns
    }

    /// Numbers the trees see.
    pub fn width(&self) -> usize {
        self.columns + self.n_ctrs
    }

    /// The column of each categorical feature.
    pub fn categorical(&self) -> &[usize] {
        &self.categorical
    }

    /// Completes a row: it has [`Inputs::width`] places, of which the columns hold their numbers;
    /// the categories are given by their numbers ([`super::category`]), one for each categorical feature.
    ///
    /// # Panics
    /// The row or the categories are too few.
    pub fn complete(&self, row: &mut [f32], categories: &[i32]) {
        for combined in &self.combinations {
            combined.write(row, categories);
        }
        for ((column, compared), category) in
            self.categorical.iter().zip(&self.compared).zip(categories)
        {
            let place = compared.binary_search_by_key(category, |(known, _)| *known);
            row[*column] = place.map_or(-1.0, |at| compared[at].1);
        }
    }

    /// The inputs of a model with these features.
    ///
    /// # Errors
    /// They are not one for each column, or something refers to none of them.
    pub(super) fn new(
        floats: &[Feature],
        categorical: Vec<usize>,
        one_hot: &[Is],
        ctrs: Ctrs,
    ) -> Result<Self, Refused> {
        let columns = floats.len() + categorical.len();
        let mut compared: Vec<Vec<(i32, f32)>> = vec![Vec::new(); categorical.len()];
        for Is { feature, values } in one_hot {
            let Some(known) = compared.get_mut(*feature) else {
                refuse!("a categorical feature {feature} of {}", categorical.len());
            };
            known.extend(values.iter().copied().zip((0_u16..).map(f32::from)));
            known.sort_by_key(|(category, _)| *category);
            if known.len() != values.len() || known.windows(2).any(|pair| pair[0].0 == pair[1].0) {
                refuse!("a categorical feature is compared with a category twice");
            }
        }
        let n_ctrs = ctrs.features.len();
        let mut wanted: HashMap<Base, Vec<(usize, Ctr)>> = HashMap::new();
        for (column, (base, ctr)) in (columns..).zip(ctrs.features) {
            wanted.entry(base).or_default().push((column, ctr));
        }
        let mut combined: HashMap<Combination, Combined> = HashMap::new();
        for (base, table) in ctrs.tables {
            let Some(ctrs) = wanted.remove(&base) else { continue };
            for (_, ctr) in &ctrs {
                ctr.check(base.kind, &table)?;
            }
            let read = Combined::new(&base.combination, floats, categorical.len())?;
            combined.entry(base.combination).or_insert(read).tables.push(Counted { table, ctrs });
        }
        if let Some(Base { kind, .. }) = wanted.keys().next() {
            refuse!("a CTR of the kind {kind:?} has no table in the file");
        }
        let combinations = combined.into_values().collect();
        Ok(Self { columns, categorical, compared, combinations, n_ctrs })
    }
}

impl Combined {
    fn new(
        combination: &Combination,
        floats: &[Feature],
        n_categorical: usize,
    ) -> Result<Self, Refused> {
        let Combination { categories, above, is } = combination.clone();
        let known = categories.iter().chain(is.iter().map(|(feature, _)| feature));
        if let Some(feature) = known.into_iter().find(|feature| **feature >= n_categorical) {
            refuse!("a CTR of the categorical feature {feature} of {n_categorical}");
        }
        let above = above.into_iter().map(|(feature, border)| match floats.get(feature) {
            Some(float) => Ok(Above {
                column: float.column,
                border: f32::from_bits(border),
                missing_passes: float.missing == Missing::NanRight,
            }),
            None => refuse!("a CTR of the numeric feature {feature} of {}", floats.len()),
        });
        Ok(Self { categories, above: above.collect::<Result<_, _>>()?, is, tables: Vec::new() })
    }

    fn write(&self, row: &mut [f32], categories: &[i32]) {
        let mut hash = 0;
        for feature in &self.categories {
            hash = hash_with(hash, i64::from(categories[*feature]) as u64);
        }
        for Above { column, border, missing_passes } in &self.above {
            let value = row[*column];
            let above = value > *border || *missing_passes && value.is_nan();
            hash = hash_with(hash, u64::from(above));
        }
        for (feature, category) in &self.is {
            hash = hash_with(hash, u64::from(categories[*feature] == *category));
        }
        for Counted { table, ctrs } in &self.tables {
            let place = table.place(hash);
            for (column, ctr) in ctrs {
                row[*column] = ctr.value(table, place);
            }
        }
    }
}
