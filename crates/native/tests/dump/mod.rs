//! Reads what `tests/goldens/dump.py` writes: an ensemble, rows, and the library's own raw answers.

// A dump that is not as written fails the test that reads it.
#![allow(clippy::unwrap_used)]

use std::collections::HashMap;
use std::path::Path;

use pelton_native::trees::{
    CategoryCast, CategorySplit, Compare, Ensemble, Input, Missing, Node, NumericSplit, Outputs,
    Rows, Sum, Tree,
};

/// A dump's content.
pub(crate) struct Dump {
    pub(crate) ensemble: Ensemble,
    pub(crate) rows: Owned,
    pub(crate) expected: Vec<f64>,
}

/// The rows in the type the library was given.
pub(crate) enum Owned {
    F32(Vec<f32>),
    F64(Vec<f64>),
}

impl Dump {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let header_len = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
        let header = serde_json::from_slice(&bytes[8..8 + header_len]).unwrap();
        let file = File { header, data: &bytes[8 + header_len..] };
        let rows = match file.dtype("x") {
            "F32" => Owned::F32(file.array("x", f32::from_le_bytes)),
            _ => Owned::F64(file.array("x", f64::from_le_bytes)),
        };
        let expected = file.array("expected", f64::from_le_bytes);
        Self { ensemble: file.ensemble(), rows, expected }
    }

    pub(crate) fn len(&self) -> usize {
        let values = match &self.rows {
            Owned::F32(v) => v.len(),
            Owned::F64(v) => v.len(),
        };
        values / self.ensemble.n_features
    }

    pub(crate) fn rows(&self, first: usize, n: usize) -> Rows<'_> {
        let width = self.ensemble.n_features;
        match &self.rows {
            Owned::F32(v) => Rows::f32(&v[first * width..][..n * width], width, n),
            Owned::F64(v) => Rows::f64(&v[first * width..][..n * width], width, n),
        }
    }
}

struct File<'a> {
    header: HashMap<String, serde_json::Value>,
    data: &'a [u8],
}

impl File<'_> {
    fn dtype(&self, name: &str) -> &str {
        self.header[name]["dtype"].as_str().unwrap()
    }

    fn array<T, const N: usize>(&self, name: &str, read: fn([u8; N]) -> T) -> Vec<T> {
        let offset = |i: usize| self.header[name]["data_offsets"][i].as_u64().unwrap() as usize;
        self.data[offset(0)..offset(1)].as_chunks().0.iter().map(|b| read(*b)).collect()
    }

    fn meta(&self, name: &str) -> &str {
        self.header["__metadata__"][name].as_str().unwrap()
    }

    fn ensemble(&self) -> Ensemble {
        let i32s = |name| self.array(name, i32::from_le_bytes);
        let u8s = |name| self.array(name, u8::from_le_bytes);
        let (kind, missing, listed_left) = (u8s("kind"), u8s("missing"), u8s("listed_left"));
        let (feature, left, right) = (i32s("feature"), i32s("left"), i32s("right"));
        let threshold = self.array("threshold", f64::from_le_bytes);
        let (cat_begin, cats) = (i32s("cat_begin"), self.array("cats", u32::from_le_bytes));
        let (tree_begin, tree_output) = (i32s("tree_begin"), i32s("tree_output"));
        let (leaf_begin, leaves) = (i32s("leaf_begin"), self.array("leaves", f64::from_le_bytes));
        let compare = match self.meta("compare") {
            "lt" => Compare::Less,
            _ => Compare::LessOrEqual,
        };
        let node = |at: usize| {
            let (feature, to_left, to_right) =
                (feature[at] as u32, left[at] as u32, right[at] as u32);
            let missing = [
                Missing::NanRight,
                Missing::NanLeft,
                Missing::ZeroRight,
                Missing::ZeroLeft,
                Missing::NanAsZero,
            ][missing[at] as usize];
            match kind[at] {
                0 => Node::Leaf(to_left),
                1 => Node::Numeric(NumericSplit {
                    feature,
                    threshold: threshold[at],
                    compare,
                    missing,
                    left: to_left,
                    right: to_right,
                }),
                _ => Node::Category(CategorySplit {
                    feature,
                    categories: cats[cat_begin[at] as usize..cat_begin[at + 1] as usize].to_vec(),
                    listed_left: listed_left[at] == 1,
                    missing_left: missing == Missing::NanLeft,
                    left: to_left,
                    right: to_right,
                }),
            }
        };
        let tree = |t: usize| Tree {
            nodes: (tree_begin[t] as usize..tree_begin[t + 1] as usize).map(node).collect(),
            leaf_values: leaves[leaf_begin[t] as usize..leaf_begin[t + 1] as usize].to_vec(),
            outputs: match tree_output[t] {
                -1 => Outputs::All,
                output => Outputs::One(output as u32),
            },
        };
        let divisor: f64 = self.meta("divisor").parse().unwrap();
        Ensemble {
            n_features: self.meta("n_features").parse().unwrap(),
            n_outputs: self.meta("n_outputs").parse().unwrap(),
            input: if self.meta("input") == "f32" { Input::F32 } else { Input::F64 },
            sum: if self.meta("sum") == "f32" { Sum::F32 } else { Sum::F64 },
            initial: self.array("initial", f64::from_le_bytes),
            divisor: (divisor != 0.0).then_some(divisor),
            category_cast: match self.meta("cast") {
                "xgboost" => CategoryCast::XGBoost,
                "lightgbm" => CategoryCast::LightGbm,
                _ => CategoryCast::HistGradientBoosting,
            },
            trees: (0..tree_output.len()).map(tree).collect(),
        }
    }
}
