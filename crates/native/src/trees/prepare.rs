//! Turns rows into what the engines compare: keys per row for the walk, u8 codes per block of
//! 64 rows for the block engines.
//!
//! Must not know trees; it knows columns only.

use super::block::{BLOCK, Line};
use super::columns::{CategoryColumn, Columns, NumericColumn};
use super::ensemble::{Category, CategoryCast, Input, is_zero};
use super::keys::{key_f32, key_f64};
use super::search::{Search, Tables};

/// An input value of either width.
pub(super) trait Value: Copy {
    fn f32(self) -> f32;
    fn f64(self) -> f64;
}

impl Value for f32 {
    fn f32(self) -> f32 {
        self
    }
    fn f64(self) -> f64 {
        f64::from(self)
    }
}

impl Value for f64 {
    fn f32(self) -> f32 {
        self as f32
    }
    fn f64(self) -> f64 {
        self
    }
}

/// Prepares rows for one ensemble.
pub(super) struct Prepare {
    columns: Columns,
    input: Input,
    cast: CategoryCast,
    n_features: usize,
    /// Category code by category number where the numbers are small; else empty.
    direct: Vec<Vec<u32>>,
    tables: Vec<Tables>,
}

/// Category numbers up to this are looked up in a table.
const DIRECT: u32 = 1 << 16;

impl Prepare {
    pub(super) fn new(
        columns: Columns,
        input: Input,
        cast: CategoryCast,
        n_features: usize,
    ) -> Self {
        let direct = columns.categories.iter().map(direct_table).collect();
        let tables = columns.numeric.iter().map(|c| Tables::new(&c.cuts, input)).collect();
        Self { columns, input, cast, n_features, direct, tables }
    }

    pub(super) fn columns(&self) -> &Columns {
        &self.columns
    }

    /// One row's keys, by slot: for f32 inputs the ordered bits, for f64 inputs the rank among the
    /// feature's cuts, for categories their code. Missing values get the least or the greatest key.
    /// The key of slot `s` is written to `s * STRIDE`.
    #[inline]
    pub(super) fn keys<T: Value, const STRIDE: usize>(
        &self,
        row: &[T],
        keys: &mut [u32],
        search: Search,
    ) {
        keys[0] = 0;
        match self.input {
            Input::F32 => {
                for column in &self.columns.numeric {
                    let value = row[column.feature as usize].f32();
                    let missing = is_missing(column, f64::from(value));
                    let key = key_f32(value) as u32 ^ 0x8000_0000;
                    set::<STRIDE>(column, keys, key, missing);
                }
            }
            Input::F64 => {
                for (column, table) in self.columns.numeric.iter().zip(&self.tables) {
                    let value = row[column.feature as usize].f64();
                    let missing = is_missing(column, value);
                    let rank = table.rank_f64(&column.cuts, key_f64(value), search);
                    set::<STRIDE>(column, keys, rank, missing);
                }
            }
        }
        for (column, direct) in self.columns.categories.iter().zip(&self.direct) {
            let value = row[column.feature as usize];
            let code = self.category_code(column, direct, value);
            keys[column.slot as usize * STRIDE] = code;
        }
    }

    /// The codes of `n` rows (1 to 64), one line per slot; what stands beyond row `n` means nothing,
    /// and every engine may compute with it.
    pub(super) fn codes<T: Value>(&self, rows: &[T], n: usize, lines: &mut [Line], search: Search) {
        for (column, table) in self.columns.numeric.iter().zip(&self.tables) {
            let feature = column.feature as usize;
            let (ranks, mut missing) = match self.input {
                Input::F32 => {
                    let values = column_values(rows, feature, self.n_features, T::f32);
                    table.ranks_f32(&values, n, search)
                }
                Input::F64 => {
                    let values = column_values(rows, feature, self.n_features, T::f64);
                    table.ranks_f64(&values, n, search)
                }
            };
            if column.zero_is_missing {
                for (r, row) in rows.chunks_exact(self.n_features).enumerate() {
                    missing |= u64::from(is_zero(self.cast_input(row[feature]))) << r;
                }
            }
            let (mut left, mut right) = (ranks, ranks);
            while missing != 0 {
                let r = missing.trailing_zeros() as usize;
                left.0[r] = 0;
                right.0[r] = u8::MAX;
                missing &= missing - 1;
            }
            lines[column.left_slot as usize] = left;
            lines[column.right_slot as usize] = right;
        }
        for (column, direct) in self.columns.categories.iter().zip(&self.direct) {
            let codes = lines[column.slot as usize].0.iter_mut();
            for (code, row) in codes.zip(rows.chunks_exact(self.n_features)) {
                *code = self.category_code(column, direct, row[column.feature as usize]) as u8;
            }
        }
    }

    fn cast_input<T: Value>(&self, value: T) -> f64 {
        match self.input {
            Input::F32 => f64::from(value.f32()),
            Input::F64 => value.f64(),
        }
    }

    fn category_code<T: Value>(&self, column: &CategoryColumn, direct: &[u32], value: T) -> u32 {
        match self.cast.category(self.cast_input(value)) {
            Category::Missing => column.categories.len() as u32 + 1,
            Category::None => 0,
            Category::Number(n) if direct.is_empty() => {
                column.categories.binary_search(&n).map_or(0, |i| i as u32 + 1)
            }
            Category::Number(n) => direct.get(n as usize).copied().unwrap_or(0),
        }
    }
}

/// A column's values in the rows.
#[inline]
fn column_values<T: Value, F: Copy + Default>(
    rows: &[T],
    feature: usize,
    n_features: usize,
    cast: impl Fn(T) -> F,
) -> [F; BLOCK] {
    let mut values = [F::default(); BLOCK];
    for (to, value) in values.iter_mut().zip(rows[feature..].iter().step_by(n_features)) {
        *to = cast(*value);
    }
    values
}

#[inline]
fn is_missing(column: &NumericColumn, value: f64) -> bool {
    value.is_nan() || column.zero_is_missing && is_zero(value)
}

#[inline]
fn set<const STRIDE: usize>(column: &NumericColumn, keys: &mut [u32], key: u32, missing: bool) {
    keys[column.left_slot as usize * STRIDE] = if missing { 0 } else { key };
    keys[column.right_slot as usize * STRIDE] = if missing { u32::MAX } else { key };
}

fn direct_table(column: &CategoryColumn) -> Vec<u32> {
    match column.categories.last() {
        Some(greatest) if *greatest < DIRECT => {
            let mut table = vec![0; *greatest as usize + 1];
            for (i, category) in column.categories.iter().enumerate() {
                table[*category as usize] = i as u32 + 1;
            }
            table
        }
        _ => Vec::new(),
    }
}
