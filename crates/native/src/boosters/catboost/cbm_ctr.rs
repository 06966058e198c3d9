//! The CTRs of CatBoost's binary format: what splits compare, and the tables behind the flatbuffer.
//!
//! Facts of `ctr_data.fbs` and `features.fbs` (0.24 to 1.2). Must not know how a CTR is calculated.

use super::ctr::{Counts, Ctr, Kind, Table as CtrTable};
use super::flat::{Buffer, Table};
use super::inputs::{Base, Combination};
use crate::boosters::Refused;
use crate::boosters::refused::refuse;

/// A CTR and the borders it is compared with.
pub(super) fn ctr_feature(table: Table<'_>) -> Result<((Base, Ctr), Vec<f32>), Refused> {
    let Some(ctr) = table.table(0)? else { refuse!("a CTR feature has no CTR") };
    let base = base(ctr)?;
    let Ok(target_border) = usize::try_from(ctr.i32(1, 0)?) else {
        refuse!("a CTR is of a negative border of the target")
    };
    let read = Ctr {
        one_class: base.kind == Kind::Buckets,
        target_border,
        prior: (ctr.f32(2, 0.0)?, ctr.f32(3, 1.0)?),
        shift: ctr.f32(4, 0.0)?,
        scale: ctr.f32(5, 1.0)?,
    };
    let borders = table.numbers(1, f32::from_le_bytes)?;
    if borders.iter().any(|border| border.is_nan()) {
        refuse!("a border of a CTR is NaN");
    }
    Ok(((base, read), borders))
}

/// What is counted, and of which features: the first field of a CTR and of a table.
fn base(table: Table<'_>) -> Result<Base, Refused> {
    let Some(base) = table.table(0)? else { refuse!("a CTR does not tell what it counts") };
    let Some(combination) = base.table(0)? else { refuse!("a CTR does not tell its features") };
    let number = |number: i32| match usize::try_from(number) {
        Ok(number) => Ok(number),
        Err(_) => refuse!("a CTR is of the feature {number}"),
    };
    let pair = |bytes: [u8; 8]| {
        let word = u64::from_le_bytes(bytes);
        (word as i32, (word >> 32) as u32)
    };
    let categories = combination.numbers(0, i32::from_le_bytes)?.into_iter().map(number);
    let above = combination.numbers(1, pair)?.into_iter();
    let is = combination.numbers(2, pair)?.into_iter();
    let above = above.map(|(feature, border)| Ok::<_, Refused>((number(feature)?, border)));
    let is = is.map(|(feature, value)| Ok::<_, Refused>((number(feature)?, value.cast_signed())));
    let combination = Combination {
        categories: categories.collect::<Result<_, _>>()?,
        above: above.collect::<Result<_, _>>()?,
        is: is.collect::<Result<_, _>>()?,
    };
    let kind = Kind::numbered(base.u8(1, 0)?)?;
    Ok(Base { combination, kind, target: base.i32(2, 0)? })
}

/// The tables: their number, and each behind its length.
pub(super) fn tables(bytes: &[u8]) -> Result<Vec<(Base, CtrTable)>, Refused> {
    let mut rest = bytes;
    let n_tables = number(&mut rest)?;
    let mut tables = Vec::new();
    for _ in 0..n_tables {
        let len = number(&mut rest)? as usize;
        let Some((one, behind)) = rest.split_at_checked(len) else {
            refuse!("the tables of CTRs end early");
        };
        rest = behind;
        let buffer = Buffer::new(one);
        tables.push(table(buffer.root()?)?);
    }
    Ok(tables)
}

fn number(rest: &mut &[u8]) -> Result<u32, Refused> {
    let Some((bytes, behind)) = rest.split_first_chunk() else {
        refuse!("the tables of CTRs end early");
    };
    *rest = behind;
    Ok(u32::from_le_bytes(*bytes))
}

fn table(table: Table<'_>) -> Result<(Base, CtrTable), Refused> {
    let base = base(table)?;
    // Buckets of a hash and the place it stands for, one behind the other.
    let (buckets, rest) = table.bytes(1)?.as_chunks::<12>();
    if !rest.is_empty() {
        refuse!("a CTR table has {} bytes left over", rest.len());
    }
    let places: Vec<(u64, u32)> = buckets
        .iter()
        .map(|bucket| {
            let (hash, place) = bucket.split_first_chunk().expect("twelve bytes");
            (u64::from_le_bytes(*hash), u32::from_le_bytes(place.try_into().expect("four bytes")))
        })
        .collect();
    let blob = table.bytes(2)?;
    let (words, pairs) = (blob.as_chunks::<4>().0, blob.as_chunks::<8>().0);
    let counts = match base.kind {
        Kind::BinarizedTargetMeanValue | Kind::FloatTargetMeanValue => {
            let sums = pairs.iter().map(|pair| {
                let word = u64::from_le_bytes(*pair);
                (f32::from_bits(word as u32), (word >> 32) as i32)
            });
            Counts::Sums(sums.collect())
        }
        Kind::Borders | Kind::Buckets | Kind::Counter | Kind::FeatureFreq => {
            let rows = words.iter().map(|word| i32::from_le_bytes(*word)).collect();
            if matches!(base.kind, Kind::Counter | Kind::FeatureFreq) {
                Counts::Rows { rows, of: table.i32(3, 0)? }
            } else {
                let Ok(width) = usize::try_from(table.i32(4, 0)?) else {
                    refuse!("a CTR table has a negative number of classes of the target");
                };
                Counts::Classes { width, rows }
            }
        }
    };
    Ok((base, CtrTable::new(&places, counts)?))
}
