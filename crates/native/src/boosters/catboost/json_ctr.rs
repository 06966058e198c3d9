//! The CTRs of CatBoost's JSON: what splits compare, and the tables.
//!
//! Must not know how a CTR is calculated.

// The fields are called what CatBoost calls them.
#![allow(clippy::struct_field_names)]

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;

use super::ctr::{Counts, Ctr as Calculated, Kind, Table as CtrTable};
use super::inputs::{Base, Combination};
use crate::boosters::Refused;
use crate::boosters::refused::refuse;

/// A CTR and the borders it is compared with.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ctr {
    borders: Option<Vec<f64>>,
    ctr_type: String,
    elements: Vec<Element>,
    #[serde(rename = "identifier")]
    _identifier: Option<IgnoredAny>,
    prior_numerator: f64,
    prior_denomerator: f64,
    shift: f64,
    scale: f64,
    target_border_idx: usize,
}

/// A part of a combination of features.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Element {
    combination_element: String,
    cat_feature_index: Option<usize>,
    float_feature_index: Option<usize>,
    border: Option<f64>,
    value: Option<i32>,
}

/// The tables by what is counted, which is a JSON of its own.
pub(super) type Tables = BTreeMap<String, Table>;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    identifier: Vec<Element>,
    r#type: String,
}

/// The counts of one table: each hash as a text, and behind it its numbers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Table {
    counter_denominator: Option<i32>,
    #[serde(default)]
    hash_map: Vec<Value>,
    hash_stride: usize,
}

impl Ctr {
    pub(super) fn read(self) -> Result<((Base, Calculated), Vec<f32>), Refused> {
        let base = base(&self.ctr_type, self.elements)?;
        let calculated = Calculated {
            one_class: base.kind == Kind::Buckets,
            target_border: self.target_border_idx,
            prior: (self.prior_numerator as f32, self.prior_denomerator as f32),
            shift: self.shift as f32,
            scale: self.scale as f32,
        };
        let borders = self.borders.unwrap_or_default();
        let borders = borders.into_iter().map(|border| border as f32).collect();
        Ok(((base, calculated), borders))
    }
}

/// The format does not tell which of several targets a table counts: CatBoost reads it as the first.
fn base(kind: &str, elements: Vec<Element>) -> Result<Base, Refused> {
    Ok(Base { combination: combination(elements)?, kind: Kind::named(kind)?, target: 0 })
}

fn combination(elements: Vec<Element>) -> Result<Combination, Refused> {
    let mut read = Combination::default();
    for element in elements {
        let Element { combination_element, cat_feature_index, float_feature_index, border, value } =
            element;
        match (&*combination_element, cat_feature_index, float_feature_index, border, value) {
            ("cat_feature_value", Some(feature), None, None, None) => read.categories.push(feature),
            ("float_feature", None, Some(feature), Some(border), None) => {
                read.above.push((feature, (border as f32).to_bits()));
            }
            ("cat_feature_exact_value", Some(feature), None, None, Some(value)) => {
                read.is.push((feature, value));
            }
            (other, ..) => refuse!("a CTR of a '{other}' that is not as CatBoost writes it"),
        }
    }
    Ok(read)
}

/// The tables with what they count.
pub(super) fn tables(tables: Tables) -> Result<Vec<(Base, CtrTable)>, Refused> {
    let read = tables.into_iter().map(|(key, table)| {
        let key: Key = serde_json::from_str(&key)
            .map_err(|error| Refused::new(format!("a CTR table's key is no JSON: {error}")))?;
        let base = base(&key.r#type, key.identifier)?;
        let table = table.read(base.kind)?;
        Ok((base, table))
    });
    read.collect()
}

impl Table {
    fn read(&self, kind: Kind) -> Result<CtrTable, Refused> {
        let stride = self.hash_stride;
        if stride < 2 || !self.hash_map.len().is_multiple_of(stride) {
            refuse!("a CTR table of {} values with a stride of {stride}", self.hash_map.len());
        }
        let entries = self.hash_map.chunks_exact(stride);
        let places = entries.clone().map(|entry| entry[0].as_str()?.parse().ok()).zip(0..);
        let places: Option<Vec<(u64, u32)>> =
            places.map(|(hash, place)| Some((hash?, place))).collect();
        let counts = match kind {
            Kind::BinarizedTargetMeanValue | Kind::FloatTargetMeanValue if stride == 3 => {
                let sum = |entry: &[Value]| Some((whole(&entry[1])?, integer(&entry[2])?));
                entries.map(sum).collect::<Option<_>>().map(Counts::Sums)
            }
            Kind::Counter | Kind::FeatureFreq if stride == 2 => {
                let rows = entries.map(|entry| integer(&entry[1])).collect::<Option<_>>();
                rows.zip(self.counter_denominator).map(|(rows, of)| Counts::Rows { rows, of })
            }
            Kind::Borders | Kind::Buckets => {
                let rows = entries.flat_map(|entry| entry[1..].iter().map(integer));
                let rows = rows.collect::<Option<_>>();
                rows.map(|rows| Counts::Classes { width: stride - 1, rows })
            }
            _ => None,
        };
        match places.zip(counts) {
            Some((places, counts)) => CtrTable::new(&places, counts),
            None => refuse!("a CTR table is not as CatBoost writes it"),
        }
    }
}

/// A sum as CatBoost reads it from JSON: 0 where it has a fraction.
fn whole(value: &Value) -> Option<f32> {
    let sum = value.as_f64()?;
    Some(if sum.fract() == 0.0 { sum as f32 } else { 0.0 })
}

fn integer(value: &Value) -> Option<i32> {
    i32::try_from(value.as_i64()?).ok()
}
