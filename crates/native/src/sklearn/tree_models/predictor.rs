//! [`Predictor`]: a tree of histogram gradient boosting, read where its records lie in the file.
//!
//! Layouts are those of scikit-learn 0.21 to 1.9, told by the names of the records' fields. Must not
//! know what the sums of trees become.

use pelton_pickle::{Array, DType, DTypeKind, Value};

use crate::reader::{Fitted, Refusal};
use crate::trees::{CategorySplit, Compare, Missing, Node, NumericSplit, Outputs, Tree};

/// The trees' records and what their categories mean.
pub(super) struct Predictors {
    /// Of each feature the categories training knew, ascending; none of numeric ones.
    known: Vec<Vec<u32>>,
}

/// Where the fields of a record start.
#[derive(Clone, Copy)]
struct Layout {
    size: usize,
    value: usize,
    feature: (usize, usize),
    threshold: usize,
    missing_left: usize,
    left: usize,
    right: usize,
    is_leaf: usize,
    /// Whether a split is one of categories, and which set it has.
    categories: Option<(usize, usize)>,
}

/// The fields a record may have. `threshold` is what `num_threshold` was called before 0.24.
const FIELDS: [&str; 14] = [
    "value",
    "count",
    "feature_idx",
    "num_threshold",
    "threshold",
    "missing_go_to_left",
    "left",
    "right",
    "gain",
    "depth",
    "is_leaf",
    "bin_threshold",
    "is_categorical",
    "bitset_idx",
];

/// 32-bit words of a set of categories.
const WORDS: usize = 8;

impl Predictors {
    /// What the binning of a fitted model tells about its categories.
    ///
    /// # Errors
    /// It is not as known versions have it.
    pub(super) fn read(fitted: &Fitted<'_>) -> Result<Self, Refusal> {
        let bins = fitted.option("_bin_mapper").or_else(|| fitted.option("bin_mapper_"));
        let Some(bins) = bins.map(|bins| fitted.with(bins)) else {
            return Ok(Self { known: Vec::new() });
        };
        let Some(flags) = bins.option("is_categorical_").and_then(Value::as_array) else {
            return Ok(Self { known: Vec::new() });
        };
        let flags = flags.to_i64_vec().map_err(|error| fitted.refuse(error))?;
        let thresholds = bins.attr("bin_thresholds_")?;
        let thresholds = thresholds.items().map_err(|error| fitted.refuse(error))?;
        let mut known = vec![Vec::new(); flags.len()];
        for ((flag, list), known) in flags.iter().zip(thresholds).zip(&mut known) {
            if *flag != 0 {
                let list = fitted.numbers_of("bin_thresholds_", list)?;
                known.extend(list.iter().map(|category| *category as u32 & 0xff));
                known.sort_unstable();
                known.dedup();
            }
        }
        Ok(Self { known })
    }

    /// A tree that speaks for one output.
    ///
    /// # Errors
    /// Its records are of a form that is not known.
    pub(super) fn tree(&self, fitted: &Fitted<'_>, output: u32) -> Result<Tree, Refusal> {
        let nodes = fitted.attr("nodes")?;
        let nodes = fitted.wanted("nodes", nodes.as_array(), "an array of records")?;
        let layout = Layout::of(nodes.dtype()).map_err(|why| fitted.refuse(why))?;
        let records = fitted.wanted("nodes", nodes.bytes(), "an array of records")?;
        let sets = fitted.option("raw_left_cat_bitsets").and_then(Value::as_array);
        let sets = sets.map_or(Ok(Vec::new()), |sets| sets_of(fitted, sets))?;
        let (mut nodes, mut leaf_values) = (Vec::with_capacity(nodes.len()), Vec::new());
        for record in records.chunks_exact(layout.size) {
            if record[layout.is_leaf] != 0 {
                nodes.push(Node::Leaf(leaf_values.len() as u32));
                leaf_values.push(f64::from_le_bytes(field(record, layout.value)));
                continue;
            }
            let (left, right) = (word(record, layout.left), word(record, layout.right));
            let feature = layout.feature(record);
            let missing_left = record[layout.missing_left] != 0;
            nodes.push(match layout.categories {
                Some((flag, set)) if record[flag] != 0 => {
                    let set = sets.get(word(record, set) as usize);
                    let set =
                        set.ok_or_else(|| fitted.refuse("has a split of unknown categories"))?;
                    let (categories, listed_left) = self.listed(feature, set, missing_left);
                    Node::Category(CategorySplit {
                        feature,
                        categories,
                        listed_left,
                        missing_left,
                        left,
                        right,
                    })
                }
                _ => Node::Numeric(NumericSplit {
                    feature,
                    threshold: f64::from_le_bytes(field(record, layout.threshold)),
                    compare: Compare::LessOrEqual,
                    missing: if missing_left { Missing::NanLeft } else { Missing::NanRight },
                    left,
                    right,
                }),
            });
        }
        Ok(Tree { nodes, leaf_values, outputs: Outputs::One(output) })
    }

    /// The categories to list so that unknown ones go where missing values go, and whether listed
    /// ones go left: the left ones where missing goes right, else the known ones that are not left.
    fn listed(&self, feature: u32, left: &[u32; WORDS], missing_left: bool) -> (Vec<u32>, bool) {
        let is_left = |category: &u32| left[*category as usize / 32] >> (category % 32) & 1 == 1;
        if !missing_left {
            return ((0..32 * WORDS as u32).filter(is_left).collect(), true);
        }
        let known = self.known.get(feature as usize).map_or(&[][..], Vec::as_slice);
        (known.iter().copied().filter(|category| !is_left(category)).collect(), false)
    }
}

impl Layout {
    fn of(dtype: &DType) -> Result<Self, String> {
        if let Some(field) = dtype.fields().iter().find(|f| !FIELDS.contains(&f.name.as_str())) {
            return Err(format!(
                "has tree nodes with a field '{}', of a scikit-learn that is too new",
                field.name
            ));
        }
        let find = |name: &str, kinds: &[(DTypeKind, usize)]| {
            let field =
                dtype.field(name).ok_or_else(|| format!("has tree nodes without '{name}'"))?;
            let known = kinds.contains(&(field.dtype.kind(), field.dtype.size()));
            if !known || field.dtype.is_big_endian() {
                return Err(format!("has tree nodes whose '{name}' is {}", field.dtype));
            }
            Ok((field.offset, field.dtype.size()))
        };
        let float = |name| find(name, &[(DTypeKind::Float, 8)]).map(|(at, _)| at);
        let word = |name| find(name, &[(DTypeKind::UInt, 4)]).map(|(at, _)| at);
        let flag =
            |name| find(name, &[(DTypeKind::UInt, 1), (DTypeKind::Bool, 1)]).map(|(at, _)| at);
        let threshold =
            if dtype.field("num_threshold").is_some() { "num_threshold" } else { "threshold" };
        let categories = if dtype.field("is_categorical").is_some() {
            Some((flag("is_categorical")?, word("bitset_idx")?))
        } else {
            None
        };
        Ok(Self {
            size: dtype.size(),
            value: float("value")?,
            feature: find("feature_idx", &[(DTypeKind::UInt, 4), (DTypeKind::Int, 8)])?,
            threshold: float(threshold)?,
            missing_left: flag("missing_go_to_left")?,
            left: word("left")?,
            right: word("right")?,
            is_leaf: flag("is_leaf")?,
            categories,
        })
    }

    fn feature(&self, record: &[u8]) -> u32 {
        match self.feature {
            (at, 8) => u32::try_from(i64::from_le_bytes(field(record, at))).unwrap_or(u32::MAX),
            (at, _) => word(record, at),
        }
    }
}

fn sets_of(fitted: &Fitted<'_>, array: Array<'_>) -> Result<Vec<[u32; WORDS]>, Refusal> {
    let words = array.to_i64_vec().map_err(|error| fitted.refuse(error))?;
    if !words.is_empty() && !matches!(*array.shape(), [_, WORDS]) {
        return Err(fitted.refuse("has sets of categories of another form"));
    }
    Ok(words.as_chunks::<WORDS>().0.iter().map(|set| set.map(|word| word as u32)).collect())
}

fn word(record: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(field(record, at))
}

fn field<const N: usize>(record: &[u8], at: usize) -> [u8; N] {
    let mut bytes = [0; N];
    bytes.copy_from_slice(&record[at..at + N]);
    bytes
}
